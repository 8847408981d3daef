"""`emoscope compare`, on logs that are made up."""

import csv
import json
import shutil

import pytest

from emoscope.recipes.load import load_recipe
from emoscope.taxonomy import Taxonomy
from tests.experiments.conftest import EMOCONTEXT, logs, params  # noqa: F401 (a fixture)
from tests.experiments.synthetic import make_log

FEW = ["--resamples", "200"]


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path, logs):  # noqa: F811 (the fixture)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(logs.exclusive, "exclusive")
    shutil.copytree(logs.several, "several")


def test_tables_on_the_terminal(emoscope):
    ended = emoscope("compare", "exclusive")
    assert (ended.code, ended.err) == (0, "")
    words = " ".join(ended.out.split())
    assert "Figures on test, 200 texts" in words
    assert "Differences to hidden_size=16 on test" in words
    assert "* in bold: the best" in words
    assert ended.out.count("*") == 4


def test_narrow_terminals_cut_no_name(emoscope, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    ended = emoscope("compare", "exclusive")
    assert "…" not in ended.out.partition("Differences")[0]


def test_the_same_bytes_twice(emoscope):
    first, second = (emoscope("compare", "exclusive", *FEW) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("terminal", "Figures on test"),
        ("markdown", "**Figures on test"),
        ("latex", "% \\usepackage{booktabs}"),
        ("csv", "configuration,recipe,"),
        ("json", "{\n"),
    ],
)
def test_formats_to_stdout_and_to_a_file(emoscope, tmp_path, name, start):
    ended = emoscope("compare", "exclusive", "--format", name, *FEW)
    assert ended.code == 0
    assert ended.out.startswith(start)
    written = emoscope("compare", "exclusive", "--format", name, "-o", "table.txt", *FEW)
    assert (written.code, written.out) == (0, "")
    text = (tmp_path / "table.txt").read_text(encoding="utf-8")
    if name == "terminal":
        assert "\x1b" not in text
        assert text.startswith(start)
    else:
        assert text == ended.out


def test_options(emoscope):
    arguments = ["exclusive/size16", "exclusive/size32", "--baseline", "exclusive/size32"]
    arguments += ["--metric", "sad_f1", "--metric", "accuracy", "--split", "dev", "--seed", "3"]
    ended = emoscope("compare", *arguments, "-f", "json", *FEW)
    values = json.loads(ended.out)
    assert values["figures"] == ["sad_f1", "accuracy"]
    assert (values["split"], values["seed"], values["resamples"]) == ("dev", 3, 200)
    assert values["baseline"] == "hidden_size=32"


def test_published_figures(emoscope):
    recipe = load_recipe("nelec-report-keras").model_dump(mode="json")
    make_log("keras", EMOCONTEXT, runs=2, size=2755, splits=("dev",), params=recipe)
    ended = emoscope("compare", "keras", "--reference", "published", *FEW)
    assert "NELEC, Keras form [1]" in ended.out
    assert "0.648" in ended.out
    assert "[1] Published: " in ended.out


def test_published_precision_and_recall(emoscope):
    recipe = load_recipe("nelec-report-keras").model_dump(mode="json")
    make_log("keras", EMOCONTEXT, runs=2, size=2755, splits=("dev",), params=recipe)
    wanted = ("happy_precision", "happy_recall", "macro_recall", "harmonic_macro_f1")
    options = [part for name in wanted for part in ("--metric", name)]
    ended = emoscope("compare", "keras", "--reference", "published", *options, *FEW)
    assert ended.code == 0, ended.err
    line = next(one for one in ended.out.splitlines() if "NELEC, Keras form [1]" in one)
    for printed in ("0.512", "0.754", "0.816", "0.652"):
        assert printed in line
    assert {"precision", "recall"} <= set(ended.out.split())


def test_published_figures_of_the_language_that_was_measured(emoscope):
    """Beside German alone those trained on German, not those that had never seen it."""
    labels = Taxonomy.load("semeval2025")
    for name, shown in (
        ("demux-semeval2025-deu", "RemBERT"),
        ("demux-semeval2025-to-deu", "LaBSE"),
    ):
        recipe = load_recipe(name).model_dump(mode="json")
        make_log(name, labels, runs=1, size=2604, splits=("dev", "test"), params=recipe)
        ended = emoscope("compare", name, "--reference", "published", *FEW)
        assert ended.code == 0, ended.err
        rows = [one for one in ended.out.splitlines() if "(deu) [" in one]
        assert {one.split(",")[0] for one in rows} == (
            {"RemBERT", "XLM-R", "mBERT"} if shown == "RemBERT" else {"LaBSE"}
        )
        [line] = [one for one in rows if shown in one]
        assert ("0.642" if shown == "RemBERT" else "0.425") in line
        assert "trained" in ended.out.partition("not of the same data")[2]
        assert "hin" not in ended.out


def test_published_figures_of_another_corpus_are_left_out(emoscope):
    recipe = load_recipe("nelec-sample").model_dump(mode="json")
    make_log("generated", EMOCONTEXT, runs=2, splits=("dev",), params=recipe)
    ended = emoscope("compare", "generated", "--reference", "published", *FEW)
    words = " ".join(ended.out.split())
    assert ended.code == 0
    assert "0.648" not in words
    assert "measured on sample, the publication on emocontext" in words


@pytest.mark.parametrize("name", ["terminal", "markdown", "latex", "csv", "json"])
def test_other_labels_are_another_group(emoscope, name):
    ended = emoscope("compare", "exclusive", "several", "--format", name, *FEW)
    assert (ended.code, ended.err) == (0, "")
    if name == "json":
        assert [one["labels"][0] for one in json.loads(ended.out)["groups"]] == ["others", "joy"]
    elif name == "csv":
        rows = list(csv.DictReader(ended.out.splitlines()))
        assert {row["group"] for row in rows} == {"1", "2"}
    else:
        assert "Group 1 of 2: test of sample, 200 texts, 4 labels" in ended.out
        assert "Group 2 of 2" in ended.out


@pytest.mark.parametrize(("more", "suffix"), [([], "png"), (["--picture-format", "svg"], "svg")])
def test_plots(emoscope, tmp_path, more, suffix):
    ended = emoscope("compare", "several", "--plots", "plots", *FEW, *more)
    assert ended.code == 0
    names = {path.stem for path in (tmp_path / "plots").iterdir()}
    assert {"curves", "labels", "decided-local_loss=intra"} <= names
    assert {path.suffix for path in (tmp_path / "plots").iterdir()} == {f".{suffix}"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: expected the folder of a configuration"),
        (["exclusive", "--metric", "f2"], "No figure 'f2'"),
        (["exclusive", "--baseline", "exclusive"], "The baseline exclusive: expected"),
        (["exclusive", "--reference", "published"], "these configurations are of made-up"),
        (["exclusive", "-o", "nowhere/table.md"], "expected a file in a folder that is there"),
        (["exclusive", "-o", "several"], "expected a file in a folder that is there"),
        (["exclusive", "--picture-format", "svg"], "give --plots FOLDER"),
        (["exclusive", "--plots", "several/None_0/params.yml"], "expected a folder, found a file"),
    ],
)
def test_wrong_input(emoscope, arguments, message):
    ended = emoscope("compare", *arguments, *FEW)
    assert (ended.code, ended.out) == (2, "")
    assert message in " ".join(ended.err.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["exclusive", "--split", "train"],
        ["exclusive", "--format", "html"],
        ["exclusive", "--reference", "mine"],
        ["exclusive", "--resamples", "10"],
    ],
)
def test_wrong_usage(emoscope, arguments):
    ended = emoscope("compare", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Usage:" in ended.err
