"""Pipelines as data: configuration, errors, traces, the memory of tokens."""

import json
import pickle

import pytest

from emoscope.errors import InputError
from emoscope.text import CHAT_STEPS, TextPipeline, available_steps
from emoscope.text import pipeline as pipeline_module
from emoscope.text.pipeline import StepKind, StepSpec, TextFunction, register_step

TURNS = ["Hiii :) dont u knw??", "no...", "OK 😂"]


@pytest.mark.parametrize(
    "config",
    [
        list(CHAT_STEPS),
        ["unicode", {"name": "elongations", "keep": 1}],
        [{"name": "turn_boundaries", "token": "<next>"}],
        [],
    ],
)
def test_configuration_round_trip(config: list):
    pipeline = TextPipeline.from_config(config)
    assert pipeline.to_config() == config
    again = TextPipeline.from_config(json.loads(json.dumps(pipeline.to_config())))
    assert again == pipeline
    assert hash(again) == hash(pipeline)
    assert again(TURNS) == pipeline(TURNS)
    assert repr(config) in repr(pipeline)


def test_different_options_are_different_pipelines():
    keep_one = TextPipeline([StepSpec("elongations", {"keep": 1})])
    assert keep_one != TextPipeline(["elongations"])
    assert keep_one != "elongations"


def test_copies_for_other_processes_clean_alike():
    pipeline = TextPipeline([*CHAT_STEPS[:-1], StepSpec("turn_boundaries", {"token": "<t>"})])
    copy = pickle.loads(pickle.dumps(pipeline))
    assert copy == pipeline
    assert copy(TURNS) == pipeline(TURNS)


def test_an_empty_pipeline_changes_nothing():
    assert TextPipeline([])(TURNS) == TURNS
    assert TextPipeline([]).trace(TURNS) == []


def test_trace_shows_each_step_and_ends_with_the_result():
    pipeline = TextPipeline(CHAT_STEPS)
    trace = pipeline.trace(TURNS)
    assert [name for name, _ in trace] == list(CHAT_STEPS)
    assert trace[1] == ("lower", ["hiii :) dont u knw??", "no...", "ok 😂"])
    assert trace[3] == ("emoticons", ["hiii 🙂 dont u knw??", "no...", "ok 😂"])
    assert trace[-2][1] == ["hi 🙂 do not you know ?", "no .", "ok 😂"]
    assert trace[-1][1] == pipeline(TURNS) == ["hi 🙂 do not you know ? <eos> no . <eos> ok 😂"]


def test_available_steps_are_described():
    steps = available_steps()
    assert set(CHAT_STEPS) <= set(steps)
    assert all(text.endswith(".") and "\n" not in text for text in steps.values())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (["unicode", "spelling"], r"Unknown step 'spelling'; the steps are: .*elongations"),
        ([{"name": "lower", "keep": 2}], r"'keep' of step 'lower'; its options are: none"),
        ([{"name": "elongations", "kept": 2}], r"'kept' of step 'elongations'.*: keep\."),
        ([{"name": "elongations", "keep": "2"}], r"expected int such as 2, got '2'"),
        ([{"name": "elongations", "keep": True}], r"expected int such as 2, got True"),
        ([{"keep": 2}], r"Step 1 of the pipeline: expected a name or a mapping"),
        (["lower", 3], r"Step 2 of the pipeline: .*got 3"),
        ("lower", r"Expected a list of steps, got str"),
        (None, r"Expected a list of steps, got NoneType"),
    ],
)
def test_bad_configurations(config: object, message: str):
    with pytest.raises(InputError, match=message):
        TextPipeline.from_config(config)


def test_bad_steps_and_turns():
    with pytest.raises(InputError, match="Expected a list of steps, got the string 'lower'"):
        TextPipeline("lower")
    with pytest.raises(InputError, match="name of a step or a StepSpec, got 3"):
        TextPipeline([3])
    pipeline = TextPipeline(["lower"])
    with pytest.raises(InputError, match="Expected a list of turns, got one string"):
        pipeline("hello")
    with pytest.raises(InputError, match="turn 2 is NoneType"):
        pipeline.trace(["hello", None])


def test_a_new_step_is_one_decorated_function(monkeypatch):
    monkeypatch.setattr(pipeline_module, "_REGISTRY", dict(pipeline_module._REGISTRY))

    @register_step("mirror", StepKind.WORD)
    def mirror(times: int = 1) -> TextFunction:
        """Write words backwards.

        More text.
        """
        return lambda token: token[:: (-1) ** times]

    assert available_steps()["mirror"] == "Write words backwards."
    assert TextPipeline(["lower", "mirror"])(["AB cd"]) == ["ba dc"]
    assert TextPipeline([StepSpec("mirror", {"times": 2})])(["ab"]) == ["ab"]
    with pytest.raises(ValueError, match="'mirror' is registered already"):
        register_step("mirror", StepKind.WORD)(mirror)


def test_the_memory_of_tokens_is_bounded_and_harmless(monkeypatch):
    monkeypatch.setattr(pipeline_module, "_CACHE_ENTRIES", 4)
    pipeline = TextPipeline(["elongations", "abbreviations"])
    (stage,) = pipeline._stages
    for _ in range(2):
        for number in range(10):
            assert pipeline([f"u v{number} sooo"]) == [f"you v{number} so"]
            assert len(stage._cache) <= 4
    pipeline(["x" * 10_000])
    assert all(len(token) < 100 for token in stage._cache)
