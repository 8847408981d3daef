"""Labels and parts that are called as metrics are: no figure is taken for another one."""

import csv
import json
from statistics import fmean

import numpy as np
import pytest

from emoscope.experiments.bands import list_curve_groups, list_label_groups, list_part_groups
from emoscope.experiments.compare.comparison import compare
from emoscope.experiments.configurations import gather_configurations
from emoscope.experiments.log import ExperimentLog
from emoscope.recipes.load import load_recipe
from emoscope.training.train import train
from tests import tiny

pytestmark = pytest.mark.usefixtures("no_plots")

LABELS = ("micro", "macro_f1", "half_joy", "joy", "loss", "es_joy", "eval_joy")
RECIPE = """
name: names
corpus: {name: tabular, train: train.csv, dev: dev.csv, test: dev.csv, LANGUAGE, labels: [LABELS]}
text: {steps: [], max_length: 24}
model: {type: demux}
training: {epochs: 3, batch_size: 16, learning_rate: 0.05, metric: METRIC, predictions: false}
"""


@pytest.fixture(scope="module")
def names_recipe(tmp_path_factory):
    """Makes a recipe whose dev is one part, or has the parts `half` and `es`."""
    root = tmp_path_factory.mktemp("names")
    rng = np.random.default_rng(0)
    for split, size in (("train", 60), ("dev", 40)):
        with (root / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "code", *LABELS])
            for n, marks in enumerate((rng.random((size, len(LABELS))) < 0.4).astype(int)):
                given = [label for label, mark in zip(LABELS, marks, strict=True) if mark]
                words = rng.choice(tiny.SENTENCES).split()[:3]
                writer.writerow([" ".join([*words, *given]), ("half", "es")[n % 2], *marks])
    backbone = tiny.save("bert", root / "backbone")

    def make(metric, parts):
        text = RECIPE.replace("LABELS", ", ".join(LABELS)).replace("METRIC", f"'{metric}'")
        text = text.replace("LANGUAGE, ", "language: code, " if parts else "")
        (root / "names.yaml").write_text(text, encoding="utf-8")
        return load_recipe(str(root / "names.yaml"), [f"model.backbone={backbone}"]), root

    return make


@pytest.mark.parametrize("metric", ["[micro]_f1", "[half_joy]_f1", "es_joy_f1", "eval_joy_f1"])
def test_the_epoch_is_chosen_by_the_metric_that_was_named(names_recipe, tmp_path, metric):
    recipe, root = names_recipe(metric, parts=False)
    (result,) = train(recipe, root, tmp_path)
    label = metric.removesuffix("_f1").strip("[]")
    history = json.loads((tmp_path / "seed-0" / "history.json").read_text())
    scores = dict(map(tuple, history[f"eval_{metric}"]))
    assert result.best_epoch == max(scores, key=scores.__getitem__)
    assert scores[result.best_epoch] == pytest.approx(result.dev["labels"][label]["f1"])


def test_every_figure_of_a_log_is_the_right_one(names_recipe, tmp_path):
    recipe, root = names_recipe("macro_f1", parts=False)
    (result,) = train(recipe, root, tmp_path)
    log = ExperimentLog.load(tmp_path)
    logged = log.runs[0].at_final_step()
    for split, fitted, halved in (
        ("eval", result.dev, result.half),
        ("test", result.test, result.test_half),
    ):
        for half, report in (("", fitted), ("half_", halved)):
            expected = {"micro_f1": report["micro"]["f1"], "macro_f1": report["macro"]["f1"]}
            for label in LABELS:
                plain = label not in ("micro", "half_joy")
                name = f"{label}_f1" if plain or (half and label == "half_joy") else f"[{label}]_f1"
                expected[name] = report["labels"][label]["f1"]
            found = {name: logged[f"{split}_{half}{name}"] for name in expected}
            assert found == pytest.approx(expected), (split, half)
    assert [picture.title for picture in list_label_groups(log)] == list(LABELS), (
        "the taxonomy's order"
    )
    assert all(len(picture.lines) == 2 for picture in list_label_groups(log))
    assert not list_part_groups(log)
    others = {picture.key: picture for picture in list_curve_groups(log)}
    assert others["micro_f1"].lines["dev, at the fitted thresholds"].ends[0][1] == pytest.approx(
        result.dev["micro"]["f1"]
    )


def test_parts_are_told_from_labels_and_thresholds(names_recipe, tmp_path):
    recipe, root = names_recipe("(half)_macro_f1", parts=True)
    (result,) = train(recipe, root, tmp_path)
    log = ExperimentLog.load(tmp_path)
    logged = log.runs[0].at_final_step()
    half, es = result.parts["half"], result.parts["es"]
    assert logged["eval_(half)_micro_f1"] == pytest.approx(half["micro"]["f1"])
    assert logged["eval_es_micro_f1"] == pytest.approx(es["micro"]["f1"])
    assert logged["eval_micro_f1"] == pytest.approx(fmean([half["micro"]["f1"], es["micro"]["f1"]]))
    for label, name in (("es_joy", "es_joy_f1"), ("joy", "joy_f1"), ("micro", "[micro]_f1")):
        values = [part["labels"][label]["f1"] for part in (half, es)]
        assert logged[f"eval_{name}"] == pytest.approx(fmean(values))
    test = result.test_parts["es"]["labels"]
    assert logged["test_(es)_joy_f1"] == pytest.approx(test["joy"]["f1"])
    assert logged["test_(es)_es_joy_f1"] == pytest.approx(test["es_joy"]["f1"])
    assert [picture.title for picture in list_part_groups(log)] == ["half", "es"]
    assert sorted(picture.title for picture in list_label_groups(log)) == sorted(LABELS)
    names = ["micro_f1", "[micro]_f1", "(half)_micro_f1", "es_micro_f1", "es_joy_f1"]
    (row,) = compare(gather_configurations([tmp_path]), names, resamples=50).rows
    expected = [logged[f"test_{name}"] for name in names]
    assert [result.mean for result in row.results.values()] == pytest.approx(expected)
