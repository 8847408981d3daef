"""Trainings without pictures."""

import gc

import pytest


@pytest.fixture
def no_plots(monkeypatch):
    """Leave out what takes most of a tiny training's time."""
    import emoscope.training.callbacks as callbacks
    import emoscope.training.run as run

    monkeypatch.setattr(run, "draw_network", lambda model, path: None)
    monkeypatch.setattr(callbacks, "draw_curves", lambda history, folder: None)
    # Each training collects garbage; what torch and its friends made at import never is any.
    gc.freeze()
