import csv

import pytest

ROWS = "text\nso happy\nI am furious\n"


@pytest.fixture
def dumps(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dumps").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "dumps" / name).write_text(ROWS)
    (tmp_path / "dumps" / "c.txt").write_text("thank you\n")
    return tmp_path / "dumps"


@pytest.mark.parametrize("named", [["dumps/*.csv"], ["dumps/a.csv", "dumps/b.csv"]])
def test_a_pattern_quoted_or_not(emoscope, folder, dumps, named):
    ended = emoscope("annotate", *named, "-m", folder, "-o", "out/")
    assert (ended.code, ended.out) == (0, "")
    files, rows, labels = ended.err.splitlines()
    assert files.startswith("2 files read")
    assert rows == "Wrote 4 rows to out."
    assert labels.startswith("Labels: ")
    for name in ("a.csv", "b.csv"):
        with (dumps.parent / "out" / name).open(newline="") as file:
            assert [row["text"] for row in csv.DictReader(file)] == ["so happy", "I am furious"]
    again = emoscope("annotate", *named, "-m", folder, "-o", "out/")
    assert "out is finished: nothing was left to do. It holds 4 rows." in again.err


def test_a_folder(emoscope, folder, dumps):
    (dumps / "notes.md").write_text("no input")
    ended = emoscope("annotate", "dumps", "-m", folder, "-o", "out", "--output-format", "jsonl")
    assert (ended.code, "3 files read" in ended.err) == (0, True)
    assert (dumps.parent / "out" / "c.txt.jsonl").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dumps/*.csv"], "--output out/"),
        (["dumps/*.csv", "-o", "-"], "--output out/"),
        (["dumps", "-o", "scores.csv"], "--output scores/"),
        (["dumps/a.csv", "dumps/b.csv", "-o", "dumps/c.txt"], "--output c/"),
        (["dumps/*.tsv", "-o", "out"], "expected files to annotate"),
        (["dumps", "-", "-o", "out"], "stdin"),
        (["dumps", "-o", "out", "--plot", "a.html"], "--plot"),
        (["dumps", "-o", "out", "--skip-bad-rows", "bad.jsonl"], "--bad-rows keep"),
        (["dumps", "dumps", "-o", "out", "--cluster", "ray"], "Quote it"),
    ],
)
def test_several_files_that_are_refused(emoscope, folder, dumps, arguments, message):
    ended = emoscope("annotate", *arguments, "-m", folder)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert sorted(path.name for path in dumps.parent.iterdir()) == ["dumps"]


def test_advice_that_is_followed_works(emoscope, folder, dumps):
    """Also where the folder that comes to mind is a file."""
    (dumps.parent / "out").write_text("precious")
    ended = emoscope("annotate", "dumps", "-m", folder)
    assert "--output out1/" in ended.err
    assert emoscope("annotate", "dumps", "-m", folder, "--output", "out1/").code == 0
    assert (dumps.parent / "out").read_text() == "precious"
