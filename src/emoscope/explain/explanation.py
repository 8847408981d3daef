"""Which words of a text made a model give its labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.explain.shapley import Coalitions, Floats, Method, occlusion, shapley
from emoscope.explain.spans import Span, group_words, keep_words
from emoscope.inference.backend import Attention, Attentive, Reasoned, Reasons
from emoscope.strict import suggestion

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from emoscope.inference.annotator import Annotator

MAX_CHARACTERS = 10_000
MAX_SPANS = 64
EVALUATIONS = range(256, 65_537)
TYPING_ERROR = 0.75
"""How alike a mistyped name and its label are (`difflib`); happiness and sadness are less."""
EDGE = 1e-9
"""Probabilities are clipped to this distance from 0 and 1, so that log-odds are finite."""


@dataclass(frozen=True)
class Explanation:
    """How much each word of a text speaks for or against each label.

    The unit of `base`, `attributions` and `errors` is a label's log-odds ln p/(1 − p): +0.69
    doubles the odds, −0.69 halves them.

    Attributes:
        turns: the text as it was written, one string a turn.
        spans: its M words; in a long text each is several neighbouring words.
        labels: names of the K labels explained.
        probabilities: the probabilities of the labels, (K,).
        given: whether each is given, (K,).
        method: `"shapley"`, or `"occlusion"`.
        base: log-odds of each label for the same turns without any word, (K,).
        attributions: (K, M). Shapley values sum over the words to the log-odds less the base;
            those of occlusion are what each word's absence alone takes away.
        errors: standard errors of the attributions, (K, M); zero where these are exact.
        evaluations: how many texts the model scored.
        attention: the weights of a model that attends to words, if it has any.
        reasons: what the features of a model that names them speak for and against.
    """

    turns: tuple[str, ...]
    spans: tuple[Span, ...]
    labels: tuple[str, ...]
    probabilities: Floats
    given: NDArray[np.bool_]
    method: Method
    base: Floats
    attributions: Floats
    errors: Floats
    evaluations: int
    attention: Attention | None = None
    reasons: Reasons | None = None

    def only(self, labels: Sequence[str]) -> "Explanation":
        """The explanation of some of the labels, in the order named.

        Raises:
            InputError: a label that is not explained, or a string instead of a list.
        """
        chosen = _find_places(labels, self.labels)
        return replace(
            self,
            labels=tuple(labels),
            probabilities=self.probabilities[chosen],
            given=self.given[chosen],
            base=self.base[chosen],
            attributions=self.attributions[chosen],
            errors=self.errors[chosen],
            reasons=None if self.reasons is None else self.reasons.only(labels),
        )

    def leading(self) -> "Explanation":
        """The explanation of the labels given, of the most probable one if none is."""
        chosen = self.given if self.given.any() else self.probabilities == self.probabilities.max()
        return self.only([name for name, mask in zip(self.labels, chosen, strict=True) if mask])

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON, numbers rounded to six decimals."""
        return {
            "turns": list(self.turns),
            "method": self.method,
            "unit": "log-odds",
            "evaluations": self.evaluations,
            "spans": [
                {"turn": span.turn, "start": span.start, "end": span.end, "text": span.text}
                for span in self.spans
            ],
            "labels": {
                name: {
                    "probability": round(float(self.probabilities[k]), 6),
                    "given": bool(self.given[k]),
                    "base": round(float(self.base[k]), 6),
                    "attributions": self.attributions[k].round(6).tolist(),
                    "errors": self.errors[k].round(6).tolist(),
                }
                for k, name in enumerate(self.labels)
            },
            "attention": None if self.attention is None else self.attention.to_dict(),
            "reasons": None if self.reasons is None else self.reasons.to_dict(),
        }

    def to_html(self) -> str:
        """A page that needs nothing but itself: no script, no font, nothing loaded."""
        from emoscope.explain.html import make_explanation_page

        return make_explanation_page(self)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from emoscope.explain.html import make_explanation_fragment

        return make_explanation_fragment(self)

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """What `rich.print` shows in a terminal."""
        from emoscope.explain.terminal import make_renderables

        yield from make_renderables(self)


def explain(
    annotator: "Annotator",
    text: str | Sequence[str],
    labels: Sequence[str] | None = None,
    *,
    method: Method = "shapley",
    evaluations: int = 512,
    seed: int = 0,
) -> Explanation:
    """How much each word of one text speaks for or against each label.

    The text is scored again and again with some of its words left out, all at once; nothing else is
    asked of the model, so that any engine will do. See `emoscope.explain.shapley`.

    Args:
        annotator: the annotator of the model.
        text: a string, or the turns of a conversation.
        labels: names of those to explain; all if None.
        method: Shapley values, or `"occlusion"`: what is lost without one word alone, which takes
            one text a word, and sees nothing where two words say the same.
        evaluations: how many texts to score for Shapley values, at most.
        seed: the random seed of their estimate, which texts of more than log₂ `evaluations` words
            need.

    Raises:
        InputError: a text too long or no text at all, an unknown label or method, a number of
            evaluations out of bounds.
    """
    turns = _check_text(text)
    if method not in get_args(Method):
        raise InputError(f"Expected as method shapley or occlusion, got {method!r}.")
    if evaluations not in EVALUATIONS:
        raise InputError(
            f"Expected {EVALUATIONS.start} to {EVALUATIONS.stop - 1:,} evaluations, "
            f"got {evaluations!r}."
        )
    names = annotator.taxonomy.names
    # Before the model runs.
    _check_labels(names if labels is None else labels, annotator)
    spans = group_words(turns, MAX_SPANS)

    def values(sets: Coalitions) -> Floats:
        return to_log_odds(
            annotator.probabilities([keep_words(turns, spans, kept) for kept in sets])
        )

    parts = len(spans)
    added = (
        shapley(values, parts, evaluations, seed)
        if method == "shapley"
        else occlusion(values, parts)
    )
    probabilities = annotator.probabilities([turns])
    engine = annotator.with_truncation().backend
    found = Explanation(
        turns=tuple(turns),
        spans=tuple(spans),
        labels=names,
        probabilities=probabilities[0],
        given=annotator.decide(probabilities)[0],
        method=method,
        base=added.nothing,
        attributions=added.values,
        errors=added.errors,
        evaluations=added.evaluations,
        attention=engine.attention(turns) if isinstance(engine, Attentive) else None,
        reasons=engine.reasons(turns) if isinstance(engine, Reasoned) else None,
    )
    return found if labels is None else found.only(labels)


def to_log_odds(probabilities: Floats) -> Floats:
    """The log-odds ln p/(1 − p) of probabilities, any shape."""
    inside = np.clip(probabilities, EDGE, 1 - EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _check_labels(labels: Sequence[str], annotator: "Annotator") -> None:
    """Check that labels are the annotator's; of one that is not, the model says what is near it.

    Raises:
        InputError: one of them is not.
    """
    known = annotator.taxonomy.names
    unlike = [
        x
        for x in labels
        if x not in known and not get_close_matches(str(x), known, n=1, cutoff=TYPING_ERROR)
    ]
    if isinstance(labels, str) or not unlike:
        _find_places(labels, known)
        return
    # Letters say nothing of meaning, and a text that is the name alone is one of the label meant.
    near = known[int(annotator.probabilities([[str(unlike[0])]])[0].argmax())]
    raise InputError(
        f"no label {unlike[0]!r} to explain; did you mean {near}? known: {', '.join(known)}. "
        "A model that reads its labels can be asked for others with --labels."
    )


def _find_places(labels: Sequence[str], known: tuple[str, ...]) -> list[int]:
    """Where labels stand among the known ones."""
    if isinstance(labels, str):
        raise InputError(f"Expected a list of labels; for one pass [{labels!r}].")
    for name in labels:
        if name not in known:
            raise InputError(f"no label {name!r} to explain; {suggestion(str(name), known)}")
    return [known.index(name) for name in labels]


def _check_text(text: str | Sequence[str]) -> list[str]:
    """The turns of a text that is not too long to be scored hundreds of times."""
    turns = [text] if isinstance(text, str) else list(text)
    for place, turn in enumerate(turns, start=1):
        if not isinstance(turn, str):
            raise InputError(f"Expected text, but turn {place} is {type(turn).__name__}.")
    size = sum(map(len, turns)) + len(turns)
    if size > MAX_CHARACTERS:
        raise InputError(
            f"Expected at most {MAX_CHARACTERS:,} characters to explain, got {size:,}: pass the "
            "passage that matters."
        )
    return turns
