"""`emoscope table`: every row of a published table, run, gone on with, and shown."""

import json
from types import SimpleNamespace

import pytest

from emoscope.errors import InputError
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import Run
from emoscope.experiments.table_progress import (
    TableRow,
    estimate_seconds,
    format_duration,
    read_duration,
    sum_remaining,
)
from emoscope.recipes.load import load_recipe
from emoscope.recipes.tables import find_table_recipes, list_table_keys
from emoscope.training.logs import open_log

RESULT = {"micro": {"f1": 0.5}}


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def trained(monkeypatch):
    """Stands in for trainings: logs a run at once; the tests can make one fail."""
    made = SimpleNamespace(order=[], fails={}, seconds=60.0, formats=set())

    def train(recipe, root, output, runs, options):
        key = (recipe.name, recipe.seed)
        if key in made.fails:
            raise made.fails[key]
        made.order.append(key)
        made.formats.add(options.picture_format)
        final = {"seconds": made.seconds, "test_half_macro_f1": 0.5 + 0.1 * recipe.seed}
        final |= {"eval_micro_f1": 0.6, "test_micro_f1": 0.6}
        run = Run(f"seed-{recipe.seed}", 1.0, {}, final, recipe.seed)
        ExperimentLog.load(output).add(run)
        result = SimpleNamespace(
            seed=recipe.seed, best_epoch=1, epochs=1, seconds=1.0, dev=RESULT, test=None
        )
        options.after_run(output / run.name, result)

    monkeypatch.setattr("emoscope.training.train.train", train)
    return made


GOEMOTIONS = ("goemotions", "--data-dir", ".", "--only", "demux-goemotions-bert-intra*")


def read(ended):
    assert ended.code == 0, ended.err
    return {row["recipe"]: row for row in json.loads(ended.out)["rows"]}


def test_the_list_says_what_each_table_needs(emoscope):
    ended = emoscope("table", "--list", "--runs", "1")
    assert (ended.code, ended.err) == (0, "")
    for key in list_table_keys():
        assert key in ended.out
    words = " ".join(ended.out.split())
    assert "of 1 runs of every row on two CPU cores" in words
    assert "42 rows, up to" in words
    assert "and 1 row whose time is not known" in words
    assert "bertweet-base" in words
    assert words.count("2018-E-c-En-{train,dev,test-gold}.txt") == 1, "data are told once"


def test_a_row_takes_one_line_of_a_terminal_of_80_columns(emoscope, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for key in ("goemotions-losses", "ec-losses", "emocontext"):
        lines = emoscope("table", key, "--show").out.splitlines()
        assert max(map(len, lines)) <= 80
        for name in find_table_recipes(key).recipes:
            [line] = [line for line in lines if line.startswith(f"{name} ")]
            assert "0/10" in line


def test_a_table_before_anything_has_run(emoscope, tmp_path):
    ended = emoscope("table", "goemotions-losses", "--show")
    assert (ended.code, ended.err) == (0, "")
    assert not list(tmp_path.iterdir()), "to look makes nothing"
    assert "published: Demux, intra 1 e^y" in ended.out
    assert "0.523 ± 0.006" in ended.out
    words = " ".join(ended.out.split())
    assert "Still to run: 140 runs of 14 rows, about" in words
    changed = emoscope("table", "goemotions-losses", "--show", "--set", "training.epochs=1")
    told = "without what is changed here"
    assert [told in " ".join(out.split()) for out in (words, changed.out)] == [False, True]
    rows = read(emoscope("table", "goemotions-losses", "--show", "--format", "json"))
    intra = rows["demux-goemotions-bert-intra"]
    assert intra["published"]["macro_f1"] == {"mean": 0.523, "sd": 0.006}
    assert (intra["runs"], intra["wanted"], intra["folder"]) == (0, 10, None)


def test_every_row_gets_a_run_before_any_gets_a_second(emoscope, trained):
    ended = emoscope("table", *GOEMOTIONS, "--runs", "2", "--format", "json")
    names = ("demux-goemotions-bert-intra", "demux-goemotions-bert-intra-data")
    assert trained.order == [(name, seed) for seed in (0, 1) for name in names]
    rows = json.loads(ended.out[ended.out.index("\n{") :])["rows"]
    assert [row["figures"]["half_macro_f1"]["mean"] for row in rows] == [0.55, 0.55]
    assert [row["runs"] for row in rows] == [2, 2]
    assert "Still to run: 3 runs of 2 rows" in " ".join(ended.err.split())
    assert trained.formats == {"png"}
    more = ("--runs", "3", "--format", "json", "--picture-format", "pdf")
    again = emoscope("table", *GOEMOTIONS, *more)
    assert trained.order[4:] == [(name, 2) for name in names]
    assert trained.formats == {"png", "pdf"}
    assert again.code == 0


def test_it_goes_on_after_an_interruption(emoscope, trained):
    name = "demux-goemotions-bert-intra-data"
    trained.fails[name, 0] = KeyboardInterrupt()
    ended = emoscope("table", *GOEMOTIONS, "--runs", "1")
    assert ended.code == 130
    assert "goes on" in ended.err
    trained.fails.clear()
    ended = emoscope("table", *GOEMOTIONS, "--runs", "1")
    assert trained.order == [("demux-goemotions-bert-intra", 0), (name, 0)]
    assert "All runs are finished." in ended.out


def test_a_row_that_fails_leaves_the_others_alone(emoscope, trained):
    trained.fails["demux-goemotions-bert-intra", 0] = InputError("no such encoder")
    ended = emoscope("table", *GOEMOTIONS, "--runs", "2")
    assert ended.code == 2
    assert [name for name, _ in trained.order] == ["demux-goemotions-bert-intra-data"] * 2
    assert ended.err.count("no such encoder") == 2
    assert "0/2" in ended.out
    assert "2/2" in ended.out


def test_figures_of_other_data_have_none_published_beside(emoscope):
    """The generated sample is in EmoContext's table, and its figures are not."""
    rows = read(emoscope("table", "emocontext", "--show", "--format", "json"))
    assert rows["nelec-sample"]["published"] == {}
    assert rows["nelec-report-keras"]["published"]["micro_f1"]["mean"] == 0.6483
    changed = ("--set", "corpus.dev=train")
    rows = read(emoscope("table", "emocontext", "--show", "--format", "json", *changed))
    assert rows["nelec-report-keras"]["published"] == {}
    assert "its dev split is train" in rows["nelec-report-keras"]["not_comparable"]
    said = " ".join(emoscope("table", "emocontext", "--show").out.split())
    assert "beside nelec-sample, trees-sample: it was measured on sample, the publication" in said


def test_published_figures_of_each_language_are_shown(emoscope):
    ended = emoscope("table", "semeval2025", "--show")
    [line] = [one for one in ended.out.splitlines() if "LaBSE" in one and "(hin)" in one]
    assert "0.698" in line
    assert "(esp)" not in ended.out  # No row of ours is Spanish.


@pytest.mark.parametrize("name", ["markdown", "latex"])
def test_formats(emoscope, name):
    ended = emoscope("table", "goemotions-losses", "--show", "--format", name)
    assert ended.code == 0
    assert ("| recipe |" if name == "markdown" else "\\begin{tabular}") in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "No table 'nowhere'"),
        (["ec-loss"], "did you mean ec-losses"),
        (["ec-losses"], "needs --data-dir"),
        (["ec-losses", "--show", "--only", "nelec*"], "no recipe of ec-losses has such a name"),
        (["ec-losses", "--list"], "--list tells about all tables"),
        (["ec-losses", "--show", "--set", "training.epoch=1"], "training.epochs"),
    ],
)
def test_wrong_input(emoscope, arguments, message):
    ended = emoscope("table", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in " ".join(ended.err.split())


def test_every_table_has_its_recipes():
    assert len(find_table_recipes("ec-losses").recipes) == 42
    assert "demux-ec-en-bertweet" not in find_table_recipes("ec-losses").recipes
    assert len(find_table_recipes("ec-en").recipes) == 46
    assert find_table_recipes("ec-en", ["memo-*-inter"]).recipes == ("memo-ec-en-inter",)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("up to 4 h", 14400), ("10–15 min", 900), ("20 to 50 min", 3000), ("16 min", 960), ("", None)],
)
def test_times_that_recipes_say_are_read(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (150, "2.5 min"), (7200, "2 h"), (86400, "24 h"), (1e6, "12 d")],
)
def test_durations_as_people_say_them(seconds, text):
    assert format_duration(seconds) == text


def test_rows_without_runs_take_as_long_as_the_others_suggest(tmp_path):
    """A recipe said 22 h and took one minute: another that says the same will, too."""
    done, other, short = (
        load_recipe(name)
        for name in ("demux-goemotions-bert", "memo-goemotions-bert", "demux-goemotions")
    )
    log = open_log(tmp_path, done).add(Run("seed-0", 1.0, {}, {"seconds": 60.0}, 0))
    wanted = ("seed-0", "seed-1", "seed-2")
    rows = [TableRow(done, log, wanted), *(TableRow(one, None, wanted) for one in (other, short))]
    estimates = estimate_seconds(rows)
    assert estimates[other.name] == pytest.approx(60)
    assert estimates[short.name] == pytest.approx(60 * read_duration(short.time) / (22 * 3600))
    seconds, unknown = sum_remaining(rows[:2], estimates, jobs=2)
    assert (seconds, unknown) == (pytest.approx(2.5 * 60), 0)
