import shutil
from dataclasses import replace

import pytest

import emoscope.inference.annotator as annotator
from emoscope.cli import _annotate_options as annotating
from emoscope.files import read_json, write_json
from emoscope.folder import CONFIG, ModelFolder
from emoscope.jobs.annotate import Summary
from emoscope.jobs.cluster import ray_data as ray
from emoscope.jobs.scores import Labels
from tests.inference.fakes import in_process


def test_a_picture_of_what_was_written(emoscope, model, tmp_path):
    """Rows that could not be annotated are not counted, dates that cannot be read are told."""
    source, page = tmp_path / "in.csv", tmp_path / "page.html"
    rows = ["2024-01-02,good day", "2024-01-03,", "3/4/2024,what a day", "2024-01-05,no"]
    source.write_text("day,text\n" + "".join(f"{row}\n" for row in rows))
    arguments = ["annotate", source, "-m", model, "-o", tmp_path / "out.csv", "--plot", page]
    ended = emoscope(*arguments, "--bad-rows", "keep", "--date", "day")
    assert ended.code == 0, ended.err
    assert "3 texts, 4 labels (as annotated)" in page.read_text(encoding="utf-8")
    assert "1 text has a date that was not read" in ended.err
    # A finished job is drawn again, here with another column.
    ended = emoscope(*arguments, "--bad-rows", "keep", "--date", "when")
    assert (ended.code, "expected a column 'when'" in ended.err) == (2, True)
    assert emoscope(*arguments, "--bad-rows", "keep", "--date", "text").code == 0


def test_a_column_of_dates_that_is_not_there(emoscope, model, tmp_path):
    """A table says so before hours of work; JSONL, where a later row may have it, at the end."""
    table, rows = tmp_path / "in.csv", tmp_path / "in.jsonl"
    table.write_text("day,text\n2024-01-02,good day\n")
    rows.write_text('{"text": "good day"}\n{"text": "no", "day": "2024-01-02"}\n')

    def annotated(source, date):
        output, page = tmp_path / "out.jsonl", tmp_path / "page.html"
        output.unlink(missing_ok=True)
        options = ["-o", output, "--restart", "--plot", page, "--date", date]
        ended = emoscope("annotate", source, "-m", model, *options)
        return ended, output.exists()

    ended, written = annotated(table, "dya")
    assert (ended.code, written) == (2, False)
    assert "expected a column 'dya', got the columns 'day', 'text'. Is it 'day'?" in ended.err
    ended, written = annotated(rows, "dya")
    assert (ended.code, written) == (2, True)
    assert "--date dya: no such column; found id, turns" in ended.err
    assert annotated(rows, "day")[0].code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "name an --output"),
        (("-o", "out.jsonl", "--output-format", "doccano"), "JSONL, CSV or Parquet"),
        (("-o", "out.jsonl", "--top-k", "2"), "leave out --top-k"),
    ],
)
def test_what_cannot_be_drawn_is_said_first(
    emoscope, model, tmp_path, monkeypatch, options, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.txt").write_text("hello\n")
    ended = emoscope("annotate", "in.txt", "-m", model, "--plot", "page.svg", *options)
    assert ended.code == 2
    assert message in ended.err
    assert [each.name for each in tmp_path.iterdir()] == ["in.txt"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--date", "when"), "name a --plot"),
        (("--plot", "page.svg", "--date-format", "%d"), "--date-format needs --date"),
        (("--threshold", "0,3"), "--threshold 0,3: expected fitted, a number from 0 to 1"),
    ],
)
def test_options_that_would_do_nothing(emoscope, folder, tmp_path, options, message):
    (tmp_path / "in.txt").write_text("hello\n")
    output = tmp_path / "out.jsonl"
    ended = emoscope("annotate", tmp_path / "in.txt", "-m", folder, "-o", output, *options)
    assert (ended.code, message in ended.err, output.exists()) == (2, True, False)


def test_labels_without_a_threshold_of_their_own_are_told(emoscope, folder, tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("hello\n")

    def err(labels, *options):
        ended = emoscope("annotate", path, "-m", folder, "--labels", labels, *options)
        assert ended.code == 0, ended.err
        return ended.err

    assert "no threshold of its own for hope, awe:" in err("joy|glee, hope, awe")
    assert "not trained" not in err("joy|glee, pride")
    assert "not trained" not in err("joy, hope", "--threshold", "0.4")


def test_rows_in_another_language_are_told(emoscope, folder, tmp_path):
    copy, path, output = tmp_path / "model", tmp_path / "in.txt", tmp_path / "out.jsonl"
    shutil.copytree(folder, copy)
    write_json(copy / CONFIG, read_json(copy / CONFIG) | {"languages": ["en"]})
    path.write_text("so happy\nje suis vraiment très heureux\nthank you\n", encoding="utf-8")
    told = (
        "1 of 3 rows (33 %) looks like another language than English, which this model reads, e.g. "
        "row 2: such scores mean nothing, so leave these rows out or take a model of their "
        "language.\n"
    )
    assert emoscope("annotate", path, "-m", copy).err.endswith(told)
    for _ in range(2):
        assert emoscope("annotate", path, "-m", copy, "-o", output).err.endswith(told)
    assert emoscope("annotate", path, "-m", copy, "--quiet").err == ""
    assert "another language" not in emoscope("annotate", path, "-m", folder).err
    files = ["annotate", path, "-m", copy, "--cluster", "ray", "-o"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ray, "annotate_on_ray", in_process)
        assert emoscope(*files, tmp_path / "parts").err.endswith(told.replace(", e.g. row 2", ""))


@pytest.mark.parametrize(
    ("unread", "rows", "share"),
    [(412, 1000, "412 of 1,000 rows (41 %) look"), (2, 3000, "2 of 3,000 rows (under 1 %) look")],
)
def test_the_share_of_rows_in_another_language(unread, rows, share):
    labels = Labels(("joy",), False, (0.5,))
    summary = Summary(rows, 0, 0, labels, "csv", unread, 1007, ("en",))
    (line,) = annotating.describe_unread(summary)
    assert line.startswith(share)
    assert "e.g. row 1,007:" in line
    assert list(annotating.describe_unread(replace(summary, unread=0))) == []


def test_the_model_that_ships_says_that_it_reads_english():
    assert ModelFolder.open(annotator.PRETRAINED).languages == ("en",)
