"""A text pipeline: a list of named steps, saved with the model.

A step is one function, registered by name with one decorator. There are three kinds, so that a
pipeline can run fast without the steps knowing of each other: on the text of a turn, on one
whitespace-separated token, and on the list of turns. Neighbouring token steps are chained, and what
a token becomes is remembered in a bounded cache.
"""

import enum
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self, TypeVar

from emoscope.errors import InputError
from emoscope.plugins import MODULE_PREFIX, Plugged, get_part
from emoscope.registry import STEPS, resolve

Option = str | int | float | bool
TextFunction = Callable[[str], str]
TurnsFunction = Callable[[list[str]], list[str]]

_Factory = TypeVar("_Factory", bound=Callable[..., Any])

# Some 2 MB. Four times as many save a ninth of the time of cleaning, and let a long job grow.
_CACHE_ENTRIES = 16_384
_CACHE_CHARACTERS = 32


class StepKind(enum.Enum):
    """What the function of a step acts on."""

    TEXT = "the text of one turn"
    WORD = "one token: text without white space; the result may be none, one or several tokens"
    TURNS = "the list of turns of one conversation"


@dataclass(frozen=True)
class StepSpec:
    """A step by its name, with the options that differ from the defaults.

    Attributes:
        name: one of the names in `available_steps()`.
        options: value by option name; strings, numbers and booleans, so that JSON can hold them.
    """

    name: str
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True)
class _Step:
    kind: StepKind
    factory: Callable[..., Any]
    description: str
    defaults: Mapping[str, Option]


_REGISTRY: dict[str, _Step] = {}


def register_step(name: str, kind: StepKind) -> Callable[[_Factory], _Factory]:
    """Register a step: decorate a factory that takes the options and returns the function.

    The factory's parameters are the options, each with a default; its docstring's first line is the
    description that users see. The function it returns must take time linear in its text.

    Args:
        name: the name of the step in a pipeline.
        kind: what the returned function acts on.
    """

    def register(factory: _Factory) -> _Factory:
        module = factory.__module__
        if module.startswith(MODULE_PREFIX):
            plugin = module.removeprefix(MODULE_PREFIX) + ".py"
            STEPS.plug(name, Plugged(plugin, partial(get_part, factory)))
        elif module.partition(".")[0] == "emoscope":
            STEPS.reserve(name)
        # A plug-in file may be run again after it has been mended.
        again = name in _REGISTRY and _REGISTRY[name].factory.__module__ == module
        if name in _REGISTRY and not (again and module.startswith(MODULE_PREFIX)):
            raise ValueError(f"a step named {name!r} is registered already")
        parameters = inspect.signature(factory).parameters.values()
        description = (inspect.getdoc(factory) or "").partition("\n")[0]
        defaults = {parameter.name: parameter.default for parameter in parameters}
        _REGISTRY[name] = _Step(kind, factory, description, defaults)
        return factory

    return register


def available_steps() -> dict[str, str]:
    """Every step by name, in the order of registration, with a description of one line."""
    for name in STEPS:
        _find_plugged_step(name)
    return {name: step.description for name, step in _REGISTRY.items()}


class TextPipeline:
    """Cleans conversations with a list of named steps.

    After a pipeline the tokens of a text are `text.split()`.

    Args:
        steps: names of steps, or `StepSpec` for a step with options, in the order of application.

    Raises:
        InputError: for an unknown step or option, or a value that does not fit; the message lists
            what exists.
    """

    def __init__(self, steps: Sequence[StepSpec | str]) -> None:
        if isinstance(steps, str):
            raise InputError(
                f"Expected a list of steps, got the string {steps!r}: write [{steps!r}]."
            )
        self.steps = tuple(StepSpec(step) if isinstance(step, str) else step for step in steps)
        self._functions = [_build(step) for step in self.steps]
        self._stages = _make_stages(self._functions)

    def __call__(self, turns: Sequence[str]) -> list[str]:
        """Clean the turns of one conversation.

        Args:
            turns: the texts, in order; a text that is not a conversation is one turn.

        Returns:
            The cleaned turns; one string in all where the pipeline has `turn_boundaries`.
        """
        current = _to_turn_list(turns)
        for stage in self._stages:
            current = stage(current)
        return current

    def trace(self, turns: Sequence[str]) -> list[tuple[str, list[str]]]:
        """Clean a conversation and keep what it looks like after each step.

        Args:
            turns: as for calling the pipeline.

        Returns:
            One pair for each step: its name, and the turns after it.
        """
        current = _to_turn_list(turns)
        traced = []
        for step, function in zip(self.steps, self._functions, strict=True):
            for stage in _make_stages([function]):
                current = stage(current)
            traced.append((step.name, current))
        return traced

    @classmethod
    def from_config(cls, config: Sequence[str | Mapping[str, Any]]) -> Self:
        """Build the pipeline that `to_config` described.

        Args:
            config: for each step its name, or a mapping with `name` and the step's options.

        Raises:
            InputError: if the list cannot be used as it is.
        """
        if isinstance(config, str) or not isinstance(config, Sequence):
            raise InputError(
                f"Expected a list of steps, got {type(config).__name__}: "
                'write for example ["unicode", {"name": "elongations", "keep": 2}].'
            )
        return cls([_parse_spec(entry, position) for position, entry in enumerate(config, start=1)])

    def to_config(self) -> list[str | dict[str, Any]]:
        """Describe the pipeline in what JSON can hold; `from_config` reads it back."""
        return [
            {"name": step.name, **step.options} if step.options else step.name
            for step in self.steps
        ]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextPipeline) and self.to_config() == other.to_config()

    def __hash__(self) -> int:
        return hash(tuple(step.name for step in self.steps))

    def __repr__(self) -> str:
        return f"TextPipeline.from_config({self.to_config()!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Workers in other processes get the names, not the functions and the cache.
        return type(self).from_config, (self.to_config(),)


class _WordStage:
    """Runs chained word functions over the tokens of turns, with a bounded memory of tokens."""

    def __init__(self, functions: Sequence[TextFunction]) -> None:
        self._functions = tuple(functions)
        self._cache: dict[str, str] = {}

    def __call__(self, turns: list[str]) -> list[str]:
        cached = self._cache.get
        cleaned = []
        for turn in turns:
            words = []
            for token in turn.split():
                word = cached(token)
                if word is None:
                    word = self._clean(token)
                if word:
                    words.append(word)
            cleaned.append(" ".join(words))
        return cleaned

    def _clean(self, token: str) -> str:
        words = [token]
        for function in self._functions:
            changed = []
            for word in words:
                result = function(word)
                if result == word:
                    changed.append(word)
                else:
                    changed.extend(result.split())
            words = changed
        cleaned = " ".join(words)
        if len(token) <= _CACHE_CHARACTERS:
            if len(self._cache) >= _CACHE_ENTRIES:
                self._cache.clear()
            self._cache[token] = cleaned
        return cleaned


def _make_text_stage(function: TextFunction) -> TurnsFunction:
    return lambda turns: [function(turn) for turn in turns]


def _make_stages(functions: Sequence[tuple[StepKind, Any]]) -> list[TurnsFunction]:
    stages: list[TurnsFunction] = []
    words: list[TextFunction] = []
    for kind, function in functions:
        if kind is StepKind.WORD:
            words.append(function)
            continue
        if words:
            stages.append(_WordStage(words))
            words = []
        stages.append(_make_text_stage(function) if kind is StepKind.TEXT else function)
    if words:
        stages.append(_WordStage(words))
    return stages


def _to_turn_list(turns: Sequence[str]) -> list[str]:
    if isinstance(turns, str):
        raise InputError("Expected a list of turns, got one string: put it in a list.")
    checked = list(turns)
    for position, turn in enumerate(checked, start=1):
        if not isinstance(turn, str):
            raise InputError(
                f"Expected every turn to be a string, but turn {position} is "
                f"{type(turn).__name__}: convert it, or leave the turn out."
            )
    return checked


def _parse_spec(entry: str | Mapping[str, Any], position: int) -> StepSpec:
    if isinstance(entry, str):
        return StepSpec(entry)
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise InputError(
            f"Step {position} of the pipeline: expected a name or a mapping with a 'name', "
            f"got {entry!r}."
        )
    return StepSpec(entry["name"], {key: entry[key] for key in entry if key != "name"})


def _find_plugged_step(name: str) -> _Step | None:
    """The step that a plug-in brings, if one does."""
    if name not in STEPS:
        return None
    factory = resolve(STEPS[name])
    if name not in _REGISTRY:
        raise InputError(
            f"The plug-in {STEPS.get_plugin(name)} has {factory!r} as the step {name!r}: expected "
            f"a function under @register_step({name!r}, …). Correct it there, or remove the "
            "plug-in."
        )
    return _REGISTRY[name]


def _build(spec: StepSpec) -> tuple[StepKind, Any]:
    if not isinstance(spec, StepSpec):
        raise InputError(f"Expected the name of a step or a StepSpec, got {spec!r}.")
    step = _REGISTRY.get(spec.name) or _find_plugged_step(spec.name)
    if step is None:
        raise InputError(f"Unknown step {spec.name!r}; the steps are: {', '.join(_REGISTRY)}.")
    for name, value in spec.options.items():
        if name not in step.defaults:
            known = ", ".join(step.defaults) or "none"
            raise InputError(
                f"Unknown option {name!r} of step {spec.name!r}; its options are: {known}."
            )
        expected = type(step.defaults[name])
        if type(value) is not expected:
            raise InputError(
                f"Option {name!r} of step {spec.name!r}: expected {expected.__name__} such as "
                f"{step.defaults[name]!r}, got {value!r}."
            )
    return step.kind, step.factory(**spec.options)
