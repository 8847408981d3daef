"""`annotate --calibrate` and `--expect`: coded rows, files of calibrations, what is told."""

import csv
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import emoscope.inference.annotator as annotator
from emoscope.calibration import log_odds, share_shift
from emoscope.cli._calibration import parse_expected_shares
from emoscope.errors import InputError
from emoscope.inference.model_info import ModelSpec
from emoscope.inference.recalibration import Recalibration
from tests.inference.independent import Independent

LABELS = "joy, anger|rage, hope"
HEADER = ["text", "joy", "anger", "hope"]
ROWS = [[f"row {n}", int(n % 3 == 0), int(n % 4 == 0), 0] for n in range(24)]


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def write_csv(path: Path, rows, header=HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.txt").write_text("we won\nthe bus is late\n")
    write_csv(tmp_path / "coded.csv", ROWS)
    return tmp_path


@pytest.fixture
def annotate(emoscope, folder, work):
    """Runs `annotate in.txt` with some labels, of a model whose labels see each other."""

    def run(*options, labels=LABELS):
        return emoscope("annotate", "in.txt", "-m", folder, "--labels", labels, *options)

    return run


def test_coded_rows_move_the_labels_that_they_have(annotate, work):
    plain = lines(annotate().out)
    ended = annotate("--calibrate", "coded.csv", "--save-calibration", "mine.json")
    assert ended.code == 0, ended.err
    told, worse, lacking, _, _, guess = ended.err.splitlines()
    assert told.startswith("Calibrated by 24 coded rows of coded.csv: macro-F1 0.")
    assert "over the 2 labels that have a case (5-fold cross-validation)." in told
    # Nothing is learnt of labels that have nothing to do with the texts.
    assert (
        worse == "These rows do not make the labels better: code more of them, or leave them out."
    )
    assert lacking == "No coded row has hope: what the model says of it stays as it is."
    assert guess.startswith("The model has no threshold of its own for hope: ")
    for before, after in zip(plain, lines(ended.out), strict=True):
        assert before["emotions"]["hope"] == after["emotions"]["hope"]
        assert before["emotions"]["joy"] != after["emotions"]["joy"]
    again = annotate("--calibrate", "mine.json")
    assert (again.code, again.out) == (0, ended.out)
    assert again.err.splitlines()[2:] == [guess]
    found = Recalibration.load(work / "mine.json")
    assert [(label.key, label.cases) for label in found.labels] == [
        (("joy",), 8),
        (("anger", "rage"), 6),
    ]


NAMED = [[name for name, one in zip(HEADER[1:], row[1:], strict=True) if one] for row in ROWS]


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv"])
def test_coded_rows_come_in_any_table(annotate, work, suffix):
    """A column of names is as good as one for each label."""
    expected = annotate("--calibrate", "coded.csv").out
    path = work / f"other.{suffix}"
    objects = [{"text": row[0], "labels": found} for row, found in zip(ROWS, NAMED, strict=True)]
    if suffix == "jsonl":
        path.write_text("".join(json.dumps(each) + "\n" for each in objects))
    elif suffix == "json":
        path.write_text(json.dumps(objects))
    else:
        rows = [[each["text"], ", ".join(each["labels"]) or "none"] for each in objects]
        write_csv(path, rows, ["text", "label"])
    ended = annotate("--calibrate", path)
    assert (ended.code, ended.out) == (0, expected), ended.err
    # The word says that no label applies.
    assert "none" not in ended.err


def test_columns_are_named_as_those_of_the_file(emoscope, folder, work):
    write_csv(work / "in.csv", [["we won", "yes"], ["oh no", "no"]], ["q", "a"])
    rows = [[row[0], "well", " / ".join(found)] for row, found in zip(ROWS, NAMED, strict=True)]
    write_csv(work / "other.csv", [row for row in rows if "/" not in row[2]], ["q", "a", "mood"])
    options = ["--labels", "joy, anger", "--turns", "q,a", "--calibrate", "other.csv"]
    ended = emoscope("annotate", "in.csv", "-m", folder, *options, "--label", "mood")
    assert ended.code == 0, ended.err
    # Rows whose column is blank are not coded.
    coded = sum(bool(found) for found in NAMED) - sum(len(found) > 1 for found in NAMED)
    assert f"Calibrated by {coded} coded rows" in ended.err
    ended = emoscope("annotate", "in.csv", "-m", folder, *options)
    assert ended.code == 2
    assert "other.csv: expected labelled rows" in ended.err


def test_a_table_may_lack_labels(annotate, work):
    write_csv(work / "few.csv", [row[:2] for row in ROWS], HEADER[:2])
    ended = annotate("--calibrate", "few.csv")
    assert ended.code == 0, ended.err
    assert "No coded row has anger, hope: what the model says of these stays as it is." in ended.err


def test_a_job_is_of_one_calibration(annotate, work):
    first = annotate("--calibrate", "coded.csv", "-o", "out.csv", "--save-calibration", "a.json")
    assert first.code == 0, first.err
    for options in (["--calibrate", "coded.csv"], ["--calibrate", "a.json"]):
        ended = annotate(*options, "-o", "out.csv")
        assert "out.csv is finished: nothing was left to do." in ended.err
    write_csv(work / "coded.csv", ROWS[::-1][:15])
    for options in (
        [],
        ["--calibrate", "coded.csv"],
        ["--calibrate", "a.json", "--expect", "joy=0.3"],
    ):
        ended = annotate(*options, "-o", "out.csv")
        assert ended.code == 2
        name = "expected shares" if "--expect" in options else "calibration"
        assert f"{name}: " in ended.err
        assert " then, " in ended.err


def test_a_cache_keeps_scores_of_each_calibration_apart(annotate, work):
    plain = annotate("--cache", "scores.db").out
    calibrated = annotate("--cache", "scores.db", "--calibrate", "coded.csv").out
    assert calibrated != plain
    assert annotate("--cache", "scores.db").out == plain
    assert annotate("--cache", "scores.db", "--calibrate", "coded.csv").out == calibrated


def test_other_processes_load_the_same_calibration(annotate, folder, work):
    annotate("--calibrate", "coded.csv", "--save-calibration", "a.json")
    own = Recalibration.load(work / "a.json")
    taxonomy = annotator.load(folder, LABELS).taxonomy
    spec = ModelSpec(Path(folder), taxonomy, own=own, expected=(("hope", 0.2),))
    sent = pickle.loads(pickle.dumps(spec))
    assert sent == spec
    loaded = sent.load()
    assert loaded.scoring.own == own
    assert loaded.scoring.expected == (("hope", 0.2),)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--calibrate", "none.csv"], "none.csv: expected a file, got no such file"),
        (["--calibrate", "none.json"], "none.json: expected a file, got no such file"),
        (["--calibrate", "few.csv"], "few.csv: Expected at least 10 coded texts"),
        (["--calibrate", "bad.csv"], "bad.csv, line 3, column 'joy': expected 0 or 1"),
        (["--calibrate", "half.csv"], "line 2, column 'anger': expected 0 or 1, got nothing"),
        (["--calibrate", "blank.csv"], "Expected at least 10 coded texts to calibrate by"),
        (["--calibrate", "coded.csv", "--text", "q"], "coded.csv: expected a column 'q'"),
        (["--calibrate", "other.json"], "other.json: a calibration lacks kind"),
        (["--calibrate", "coded.csv", "--save-calibration", "coded.csv"], "named twice"),
        (["--save-calibration", "a.json"], "need --calibrate"),
        (["--label", "mood"], "need --calibrate"),
    ],
)
def test_what_cannot_be_calibrated_by(annotate, work, options, message):
    write_csv(work / "few.csv", ROWS[:5])
    write_csv(work / "bad.csv", [ROWS[0], ["b", "some", 0, 0], *ROWS])
    write_csv(work / "half.csv", [["b", 1, "", 0], *ROWS])
    write_csv(work / "blank.csv", [[row[0], "", "", ""] for row in ROWS])
    (work / "other.json").write_text('{"joy": "joy"}')
    before = (work / "coded.csv").read_bytes()
    ended = annotate(*options)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert (work / "coded.csv").read_bytes() == before


def test_a_calibration_is_of_a_model_and_its_labels(annotate, emoscope, folder, work):
    annotate("--calibrate", "coded.csv", "--save-calibration", "a.json")
    ended = annotate("--calibrate", "a.json", labels="joy, hope")
    assert ended.code == 2
    assert (
        "was made for the labels joy; anger, rage; hope. Ask for these, in this order" in ended.err
    )
    ended = annotate("--calibrate", "a.json", "--save-calibration", "b.json")
    assert ended.code == 2
    assert "a.json is such a file already" in ended.err
    values = json.loads((work / "a.json").read_text())
    (work / "a.json").write_text(json.dumps(values | {"model": "0" * 64}))
    ended = annotate("--calibrate", "a.json")
    assert ended.code == 2
    assert "made with another model" in ended.err


def test_labels_that_exclude_each_other_are_refused(emoscope, trained, work):
    for options in (["--calibrate", "coded.csv"], ["--expect", "sad=0.1"]):
        ended = emoscope("annotate", "in.txt", "-m", trained.folder, *options)
        assert (ended.code, ended.out) == (2, "")
        assert "a text has exactly one of others, happy, sad, angry" in ended.err


def test_an_expected_share_moves_a_label(annotate):
    before, after = (lines(annotate(*o).out) for o in ((), ("--expect", "hope=0.3")))
    for one, other in zip(before, after, strict=True):
        moved = {
            name: log_odds(np.array(other["emotions"][name])) - log_odds(np.array(score))
            for name, score in one["emotions"].items()
        }
        assert moved["hope"] == pytest.approx(share_shift(0.05, 0.3), abs=1e-3)
        assert moved["joy"] == moved["anger"] == 0
    ended = annotate("--expect", "hop=0.3")
    assert ended.code == 2
    assert "No label 'hop' to expect a share of; did you mean hope?" in ended.err
    ended = annotate("--expect", "joy=0.3")
    assert ended.code == 2
    assert "does not say how many of the texts that it was trained on have 'joy'" in ended.err


def test_expected_shares_are_read():
    assert parse_expected_shares(None) == ()
    found = parse_expected_shares("nostalgia = 0.05,hope=.1, a=b=0.5")
    assert found == (("nostalgia", 0.05), ("hope", 0.1), ("a=b", 0.5))
    for text in ("", "joy", "joy=", "=0.1", "joy=5%", "joy=5", "joy=0", "joy=nan", "joy=.1,joy=.2"):
        with pytest.raises(InputError, match=r"--expect .*'nostalgia=0\.05, hope=0\.1'"):
            parse_expected_shares(text)


def test_groups_that_the_model_could_make_are_told(emoscope, folder, work, monkeypatch):
    monkeypatch.setattr(annotator, "load_backend", lambda *how: Independent())
    monkeypatch.setattr(annotator, "LongTextBackend", lambda backend, how: backend)
    ended = emoscope("annotate", "in.txt", "--labels", "positive, negative, hope, joy")
    assert ended.code == 0, ended.err
    _, _, guess, hint = ended.err.splitlines()
    assert guess.startswith("The model has no threshold of its own for positive, negative, hope: ")
    assert "--calibrate" in guess
    assert hint.startswith("positive, negative: --taxonomy sentiment makes this of labels that")
    ended = emoscope("annotate", "in.txt", "--taxonomy", "sentiment")
    assert (ended.code, "not trained" in ended.err) == (0, False)
    many = ", ".join(f"unknown {number}" for number in range(30))
    ended = emoscope("annotate", "in.txt", "--labels", many)
    assert "unknown 8, unknown 9 and 20 more: it goes by the words" in ended.err


def test_coded_rows_in_another_encoding_than_the_file(annotate, work):
    (work / "coded.csv").write_bytes("text,joy\ncafé,1\n".encode("latin-1"))
    ended = annotate("--calibrate", "coded.csv")
    assert ended.code == 2
    # Were the advice --encoding alone, the file that is annotated would be read wrongly.
    assert "save coded.csv in utf-8 instead" in ended.err


def test_a_column_of_a_label_that_is_not_asked_for_is_named(annotate):
    ended = annotate("--calibrate", "coded.csv", labels="joy, hope")
    assert ended.code == 0, ended.err
    assert "passed over in the coded rows: anger." in ended.err
