"""Recipes and data to train on in a second."""

import csv

import numpy as np
import pytest

from emoscope.recipes.load import load_recipe, recipe_to_yaml
from tests import tiny

# Too small a rate to move a decision: the dev figure of the first epoch stays the best.
STUCK = ["training.learning_rate=1e-9", "training.epochs=9", "training.patience=2"]


MIXED = """
name: mixed
corpus: {name: tabular, train: posts/train.csv, dev: posts/posts.csv, labels: [joy, fear, anger]}
mix: {corpora: [{name: tabular, folder: news, train: train.csv, dev: news.csv, labels: [awe, joy]}]}
text: {steps: [], max_length: 24}
model: {type: demux}
training: {epochs: 3, batch_size: 16, learning_rate: 0.01, metric: half_macro_f1}
"""


@pytest.fixture(scope="session")
def tables(tmp_path_factory):
    """Two corpora of 40 and 24 texts a split, each with labels of its own, several a text."""
    root = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    for name, labels, size in (
        ("posts", ("joy", "fear", "anger"), 40),
        ("news", ("awe", "joy"), 24),
    ):
        (root / name).mkdir()
        for split in ("train", name):
            with (root / name / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["text", *labels])
                for marks in rng.integers(0, 2, (size, len(labels))):
                    given = [label for label, mark in zip(labels, marks, strict=True) if mark]
                    words = rng.choice(tiny.SENTENCES).split()[: rng.integers(1, 9)]
                    writer.writerow([" ".join([*words, *given]), *marks])
    return root


@pytest.fixture(scope="session")
def mixed_recipe(tmp_path_factory):
    """Makes a recipe of a tiny Demux on the two corpora of `tables`, from overrides."""
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "mixed.yaml").write_text(MIXED, encoding="utf-8")
    backbone = tiny.save("bert", folder / "backbone")
    return lambda *overrides: load_recipe(
        str(folder / "mixed.yaml"), [f"model.backbone={backbone}", *overrides]
    )


@pytest.fixture(scope="package")
def whole(tmp_path_factory, emocontext):
    """The folder of an uninterrupted training, made once for each recipe and number of runs."""
    made = {}

    def folder(recipe, runs=1, root=emocontext):
        key = (recipe_to_yaml(recipe), runs)
        if key not in made:
            from emoscope.training.train import train

            made[key] = tmp_path_factory.mktemp("whole") / "training"
            train(recipe, root, made[key], runs)
        return made[key]

    return folder
