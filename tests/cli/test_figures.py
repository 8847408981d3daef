"""Commands that print figures: train, evaluate, describe, taxonomies."""

import json

import pytest

from emoscope.experiments.log import ExperimentLog
from emoscope.recipes.load import recipe_to_yaml
from emoscope.taxonomy import builtin_taxonomies


def test_json_alone_on_stdout(emoscope, trained, tmp_path):
    data = ["emocontext", "--data-dir", trained.root]
    plot = tmp_path / "confusion.png"
    ended = emoscope("evaluate", *data, "-m", trained.folder, "--json", "-", "--plot", plot)
    assert (ended.code, ended.err) == (0, "")
    figures = json.loads(ended.out)
    assert figures["texts"] == 60
    low, high = figures["micro_f1_interval_95"]
    assert low <= figures["micro"]["f1"] <= high
    assert plot.read_bytes().startswith(b"\x89PNG")
    ended = emoscope("describe", *data, "--splits", "train,dev", "--json", "-")
    assert (ended.code, ended.err) == (0, "")
    assert list(json.loads(ended.out)) == ["train", "dev"]


def test_evaluate_prints_what_training_measured(emoscope, trained, tmp_path):
    arguments = ["emocontext", "--data-dir", trained.root, "--split", "dev"]
    path = tmp_path / "dev.json"
    ended = emoscope("evaluate", *arguments, "-m", trained.folder, "--json", path)
    assert (ended.code, ended.err) == (0, "")
    figures = json.loads(path.read_text())
    (result,) = trained.results
    assert {name: figures[name] for name in result.dev} == result.dev
    assert set(figures) - set(result.dev) == {
        "micro_f1_interval_95", "macro_f1_interval_95", "kappa", "label_kappas", "confusions",
    }  # fmt: skip
    accuracy, jaccard = result.dev["accuracy"], result.dev["jaccard"]
    assert f"accuracy {accuracy:.3f}, Jaccard {jaccard:.3f} of 60 texts" in ended.out
    for name, row in result.dev["labels"].items():
        cells = next(line for line in ended.out.splitlines() if f" {name} " in line).split("│")
        assert [cell.strip() for cell in cells[2:6]] == [
            *(f"{row[figure]:.3f}" for figure in ("precision", "recall", "f1")),
            str(row["support"]),
        ]


def test_evaluate_a_table_that_lacks_labels(emoscope, trained, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("q,a,mood\nhi,good day,happy\nhi,bad day,sad\n")
    columns = ["--turns", "q,a", "--label", "mood"]
    ended = emoscope("evaluate", path, "-m", trained.folder, *columns, "--json", "-")
    assert ended.code == 0, ended.err
    figures = json.loads(ended.out)
    assert list(figures["labels"]) == ["others", "happy", "sad", "angry"]
    assert [row["support"] for row in figures["labels"].values()] == [0, 1, 1, 0]
    path.write_text("q,a,mood\nhi,good day,afraid\n")
    ended = emoscope("evaluate", path, "-m", trained.folder, *columns)
    assert (ended.code, ended.out) == (2, "")
    assert "afraid" in ended.err


def test_a_model_of_fixed_labels_is_asked_for_no_others(emoscope, trained):
    arguments = ["evaluate", "emocontext", "--data-dir", trained.root, "-m", trained.folder]
    ended = emoscope(*arguments, "--taxonomy", "ekman")
    assert (ended.code, ended.out) == (2, "")
    assert "learnt a fixed set of labels" in ended.err


def test_describe_parts_the_training_split_as_a_recipe_does(emoscope, trained):
    data = ["emocontext", "--data-dir", trained.root, "--splits", "train,dev", "--json", "-"]
    ended = emoscope("describe", *data, "--recipe", "nelec-report-keras")
    assert (ended.code, ended.err) == (0, "")
    parts = {name: each["conversations"] for name, each in json.loads(ended.out).items()}
    assert parts == {"train": 48, "train, held out": 12, "dev": 60}
    for recipe, said in (("nelec-emocontext", "holds nothing out"), ("nelec-sample", "sample")):
        refused = emoscope("describe", *data, "--recipe", recipe)
        assert refused.code == 2
        assert said in refused.err


def test_describe_shows_texts_before_and_after_cleaning(emoscope, trained):
    data = ["emocontext", "--data-dir", trained.root, "--splits", "dev"]
    ended = emoscope("describe", *data, "--show-cleaned", "2")
    assert (ended.code, ended.err) == (0, "")
    assert "<eos>" in ended.out
    assert "60" in ended.out


@pytest.mark.usefixtures("no_plots")
def test_train_says_where_it_stands(emoscope, trained, tiny_recipe, tmp_path):
    path, folder = tmp_path / "mine.yaml", tmp_path / "out"
    path.write_text(recipe_to_yaml(tiny_recipe("training.epochs=1")), encoding="utf-8")
    arguments = ["train", path, "--data-dir", trained.root, "-o", folder]
    ended = emoscope(*arguments, "--runs", "2")
    assert ended.code == 0, ended.err
    assert "Traceback" not in ended.err
    assert f"{folder}/seed-0: seed 0, epoch 1 of 1" in ended.out
    assert f"{folder}/seed-1: seed 1, epoch 1 of 1" in ended.out
    figures = ExperimentLog.load(folder).aggregated()["eval_micro_f1"]
    assert f"{figures.mean:.3f} ± {figures.sd:.3f}" in ended.out
    assert f"Model: {folder}/seed-0/model" in ended.out
    ended = emoscope(*arguments, "--set", "training.epochs=2")
    assert (ended.code, ended.out) == (2, "")
    assert "another configuration" in ended.err
    ended = emoscope("evaluate", "emocontext", "--data-dir", trained.root, "-m", folder)
    assert ended.code == 2
    assert "several runs" in ended.err


def test_taxonomies(emoscope):
    listed = emoscope("taxonomies").out
    assert all(name in listed for name in builtin_taxonomies())
    assert "ira" in emoscope("taxonomies", "semeval2018:es").out
    assert "no" in emoscope("taxonomies", "emocontext").out
    assert "made of" not in emoscope("taxonomies", "emocontext").out
    shown = emoscope("taxonomies", "ekman").out
    assert "made of" in shown
    assert "anger, annoyance, disapproval" in shown


def test_info_of_a_model(emoscope, trained):
    ended = emoscope("info", trained.folder)
    assert (ended.code, ended.err) == (0, "")
    assert "labels, one a text: others, happy, sad, angry" in ended.out
    assert "lstm" not in ended.out
    layers = emoscope("info", trained.folder, "--layers")
    assert "lstm.forwards" in layers.out
    assert "B × T × 16" in layers.out
    refused = emoscope("info", "--layers")
    assert refused.code == 2
    assert "name its folder" in refused.err


@pytest.mark.parametrize("name", ["figure.jpg", "figure"])
def test_pictures_of_no_known_format_are_refused_before_work(emoscope, trained, tmp_path, name):
    data = ["emocontext", "--data-dir", trained.root, "--splits", "dev"]
    for option in ("--plot", "--correlations"):
        ended = emoscope("describe", *data, option, tmp_path / name)
        assert (ended.code, ended.out) == (2, "")
        assert ".png, .svg, .pdf" in ended.err
    ended = emoscope("evaluate", *data[:3], "-m", trained.folder, "--plot", tmp_path / name)
    assert (ended.code, ended.out) == (2, "")


def test_info(emoscope):
    ended = emoscope("info")
    assert ended.code == 0
    assert all(f"\n{name} " in ended.out for name in ("emoscope", "numpy", "torch"))
