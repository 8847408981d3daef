"""A combiner trained on a few texts, once."""

from contextlib import contextmanager

import numpy as np
import pytest

import emoscope.corpora.sample as sample
import emoscope.models.combiner.train as training
from emoscope.recipes.load import load_recipe
from emoscope.training.prepare import prepare
from emoscope.training.run import train_run

SMALL = (
    "model.trees.rounds=15",
    "model.trees.min_leaf=5",
    "model.grams.min_count=2",
    "model.grams.folds=2",
)


@contextmanager
def few_texts():
    """A sample corpus of few texts, and no pictures of features."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sample.SIZES, "train", 300)
        patch.setitem(sample.SIZES, "dev", 120)
        patch.setattr(training, "draw_features", lambda *_: None)
        yield


@pytest.fixture(scope="module", autouse=True)
def few():
    with few_texts():
        yield


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Trains the small recipe, changed by overrides, and returns the folder of its run."""

    def train(*changes, name="trees-sample"):
        folder = tmp_path_factory.mktemp("trees")
        recipe = load_recipe(name, [*SMALL, *changes])
        with few_texts():
            train_run(recipe, prepare(recipe, folder), folder, recipe.seed)
        return folder

    return train


@pytest.fixture(scope="session")
def trained(small):
    """The folder of a run with every group of features but vectors."""
    return small()


@pytest.fixture(scope="session")
def texts():
    rng = np.random.default_rng(0)
    words = "I am so sad happy !!! 😢 😂 never NOT good what? soooo love hate :( you a"
    return [
        [" ".join(rng.choice(words.split(), rng.integers(0, 8))) for _ in range(rng.integers(1, 6))]
        for _ in range(40)
    ]
