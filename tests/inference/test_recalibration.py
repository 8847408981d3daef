"""Calibrations by coded texts as files, and which labels they are for."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.inference.recalibration import Recalibrated, Recalibration

JOY = Recalibrated(("joy",), -0.5, 0.3, 0.1, 12)
WARM = Recalibrated(("caring", "love"), 1.0, 0.4, 0.2, 30)
KNOWN = Recalibration(1.2, (JOY, WARM), 150, model="abc")
shares = st.floats(0, 1)
labels = st.builds(
    Recalibrated,
    st.lists(st.sampled_from("abcdé|, '"), min_size=1, max_size=3, unique=True).map(
        lambda words: tuple(sorted(f"x{word}x" for word in words))
    ),
    st.floats(-50, 50),
    shares,
    shares,
    st.integers(0, 10**6),
)
calibrations = st.builds(
    Recalibration,
    st.floats(0.05, 20),
    st.lists(labels, max_size=4, unique_by=lambda label: label.key).map(tuple),
    st.integers(0, 10**6),
    st.none() | st.just((("joy",), ("caring", "love"))),
    st.none() | st.just("abc"),
)


@given(calibrations)
def test_files_round_trip(tmp_path_factory, calibration):
    path = tmp_path_factory.getbasetemp() / "calibration.json"
    calibration.save(path)
    assert Recalibration.load(path) == calibration
    assert Recalibration.load(str(path)).fingerprint() == calibration.fingerprint()
    assert pickle.loads(pickle.dumps(calibration)) == calibration


def test_what_bears_on_scores_is_in_the_fingerprint():
    def of(**changes):
        label = Recalibrated(("joy",), changes.pop("shift", -0.5), changes.pop("cut", 0.3), 0.1, 12)
        return Recalibration(changes.pop("temperature", 1.2), (label, WARM), 150).fingerprint()

    assert of() == KNOWN.fingerprint()
    assert len({of(), of(shift=0.0), of(cut=0.2), of(temperature=1.0)}) == 4


def test_another_file_is_not_replaced(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"joy": "joy"}')
    with pytest.raises(InputError, match=r"mine\.json is there and is no calibration"):
        KNOWN.save(path)
    assert path.read_text() == '{"joy": "joy"}'
    path.unlink()
    KNOWN.save(path)
    Recalibration(1.0, (), 3).save(path)
    assert Recalibration.load(path).texts == 3
    with pytest.raises(
        InputError, match=r"Cannot write the calibration to .*missing.*No such file"
    ):
        KNOWN.save(tmp_path / "missing" / "a.json")


def edited(**changes):
    values = json.loads(json.dumps(KNOWN.to_dict())) | changes
    return {name: value for name, value in values.items() if value is not ...}


LABEL = {"key": ["joy"], "shift": 0, "threshold": 0.5, "share": 0.1, "cases": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": 0}, "'temperature' must be a number from 0.001 to 1000, got 0"),
        ({"temperature": True}, "got True"),
        ({"temperature": float("nan")}, "got nan"),
        ({"temperature": ...}, "a calibration lacks temperature"),
        ({"kind": "other"}, "expected the kind 'emoscope calibration', got 'other'"),
        ({"more": 1}, "unknown key 'more'"),
        ({"labels": {"joy": 1}}, "'labels' must be a list"),
        ({"labels": [{"key": ["joy"]}]}, "a label lacks shift, threshold, share, cases"),
        ({"labels": [LABEL | {"key": "joy"}]}, "a label must be a list"),
        ({"labels": [LABEL | {"key": [3]}]}, "a word of a label must be text"),
        (
            {"labels": [LABEL | {"threshold": 2}]},
            "the threshold of joy must be a number from 0 to 1",
        ),
        ({"labels": [LABEL | {"shift": "x"}]}, "the shift of joy must be a number"),
        ({"labels": [LABEL, LABEL]}, "more than once"),
        ({"together": 3}, "'together' must be a list"),
    ],
)
def test_an_edited_file_is_refused(tmp_path, changes, message):
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(edited(**changes)))
    with pytest.raises(InputError, match=message) as caught:
        Recalibration.load(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("content", [None, "[1]", "{", '{"joy": "joy"}'])
def test_what_is_no_calibration_is_refused(tmp_path, content):
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=r"other\.json"):
        Recalibration.load(path)


def test_it_is_for_some_of_the_labels_asked_for():
    KNOWN.check([("joy",), ("hope",)], independent=True)
    with pytest.raises(InputError, match=r"about none of the labels .* has joy; caring, love"):
        KNOWN.check([("hope",)], independent=True)
    with pytest.raises(InputError, match="has no label"):
        Recalibration(1.0, (), 10).check([("hope",)], independent=True)


def test_where_labels_see_each_other_it_is_for_those_it_was_made_for():
    together = Recalibration(1.2, (JOY,), 150, (("joy",), ("hope",)))
    together.check([("joy",), ("hope",)], independent=False)
    for asked in ([("joy",)], [("hope",), ("joy",)], [("joy",), ("hope",), ("awe",)]):
        with pytest.raises(InputError, match=r"was made for the labels joy; hope. Ask for these"):
            together.check(asked, independent=False)
    with pytest.raises(InputError, match="was made for the labels joy; caring, love"):
        KNOWN.check([("joy",)], independent=False)


def test_it_is_for_the_model_it_was_made_with():
    KNOWN.check_model("abc")
    Recalibration(1.0, (), 10).check_model("any")
    with pytest.raises(InputError, match="made with another model"):
        KNOWN.check_model("other")
