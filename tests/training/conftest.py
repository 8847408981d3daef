"""Trainings without pictures."""

import gc

import pytest

from emoscope.recipes.load import to_yaml

# Too small a rate to move a decision: the dev figure of the first epoch stays the best.
STUCK = ["training.learning_rate=1e-9", "training.epochs=9", "training.patience=2"]


@pytest.fixture
def no_plots(monkeypatch):
    """Leave out what takes most of a tiny training's time."""
    import emoscope.training.callbacks as callbacks
    import emoscope.training.run as run

    monkeypatch.setattr(run, "draw_network", lambda model, path: None)
    monkeypatch.setattr(callbacks, "draw_curves", lambda history, folder: None)
    # Each training collects garbage; what torch and its friends made at import never is any.
    gc.freeze()


@pytest.fixture(scope="package")
def whole(tmp_path_factory, emocontext):
    """The folder of an uninterrupted training, made once for each recipe and number of runs."""
    made = {}

    def folder(recipe, runs=1):
        key = (to_yaml(recipe), runs)
        if key not in made:
            from emoscope.training.train import train

            made[key] = tmp_path_factory.mktemp("whole") / "training"
            train(recipe, emocontext, made[key], runs)
        return made[key]

    return folder
