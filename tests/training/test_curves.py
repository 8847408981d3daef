"""What is told of a training while it runs: train beside dev, lines, curves in a notebook."""

import json
import logging
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from emoscope.errors import MissingExtraError
from emoscope.experiments.bands import list_curve_groups
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.plots import draw_overview
from emoscope.experiments.runs import Run
from emoscope.metrics.classification import report
from emoscope.metrics.metric import name_metrics
from emoscope.taxonomy import Label, Taxonomy
from emoscope.training.callbacks import TellEpochs
from emoscope.training.notebook import NotebookCurves, is_notebook
from emoscope.training.validation import measure_training

HISTORY = [
    {"loss": 1.2, "epoch": 1.0, "step": 4},
    {"eval_loss": 0.9, "eval_micro_f1": 0.5, "eval_accuracy": 0.8, "epoch": 1.0, "step": 4}
    | {"train_micro_f1": 0.4, "train_accuracy": 0.6},
    {"loss": 0.7, "epoch": 2.0, "step": 8},
    {"eval_loss": 0.8, "eval_micro_f1": 0.6, "eval_accuracy": 0.9, "epoch": 2.0, "step": 8}
    | {"train_micro_f1": 0.7, "train_accuracy": 0.75},
]
STATE = SimpleNamespace(
    log_history=HISTORY, epoch=2.0, num_train_epochs=3, best_global_step=None, global_step=8
)
ARGUMENTS = SimpleNamespace(load_best_model_at_end=False)


def make_part(labels, exclusive=True):
    names = [f"l{k}" for k in range(labels.shape[1])]
    taxonomy = Taxonomy(
        "mine", tuple(Label(n, (n,)) for n in names), "en", exclusive=exclusive, ignored=("l0",)
    )
    return SimpleNamespace(labels=labels, corpus=SimpleNamespace(taxonomy=taxonomy))


def test_training_figures_are_those_of_the_texts_seen():
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 1, 2]]
    logits = np.eye(3, dtype=np.float32)[[0, 1, 1, 2, 2]]
    logits[4] = np.nan
    part = make_part(labels)
    found = name_metrics(measure_training([part], [logits]))
    expected = report(labels[:4], logits[:4].astype(bool), part.corpus.taxonomy)
    assert found["micro_f1"] == pytest.approx(expected.micro.f1)
    assert found["macro_f1"] == pytest.approx(expected.macro.f1)
    assert found["accuracy"] == 0.5
    assert measure_training([part], [np.full_like(logits, np.nan)]) == {}


def test_labels_that_do_not_exclude_each_other_are_cut_at_a_half():
    labels = np.array([[0, 1, 1], [0, 0, 1]], dtype=np.float32)
    logits = np.array([[-1, 2, -0.1], [-3, np.nan, 0.1]], dtype=np.float32)
    part = make_part(labels, exclusive=False)
    found = name_metrics(measure_training([part], [logits]))
    # One label of three is missed, and the one that was left out does not count.
    assert found["half_micro_f1"] == pytest.approx(2 * 2 / (2 + 3))


@pytest.mark.usefixtures("no_plots")
def test_a_run_logs_curves_of_training_and_dev(trained):
    history = json.loads((trained.folder / "seed-0" / "history.json").read_text())
    epochs = [epoch for epoch, _ in history["eval_micro_f1"]]
    for name in ("loss", "train_micro_f1", "train_accuracy", "train_macro_f1"):
        assert [epoch for epoch, _ in history[name]] == epochs
    assert all(0 <= value <= 1 for _, value in history["train_accuracy"])
    groups = {one.key: one for one in list_curve_groups(ExperimentLog.load(trained.folder))}
    for key in ("micro_f1", "accuracy", "loss"):
        assert "training" in groups[key].lines
        assert len(groups[key].lines) == 2
    assert not [key for key in groups if key.startswith("train_")]


def test_a_line_for_each_epoch(caplog):
    caplog.set_level(logging.INFO, "emoscope")
    TellEpochs("mine, seed-0", "micro_f1").on_evaluate(ARGUMENTS, STATE, None)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == (
        "mine, seed-0: epoch 2 of 3: train loss 0.700, micro_f1 0.700, accuracy 0.750; "
        "dev loss 0.800, micro_f1 0.600, accuracy 0.900"
    )


def test_the_overview_has_loss_f1_and_accuracy_of_both():
    curves = {
        name: tuple((e["epoch"], e[name]) for e in HISTORY if name in e)
        for name in {name for entry in HISTORY for name in entry} - {"epoch", "step"}
    }
    figure = draw_overview(Run("seed-0", 2.0, curves))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "micro-F1", "accuracy"]
    for axes in figure.axes:
        assert axes.get_legend_handles_labels()[1] == ["training", "dev"]


def test_the_overview_has_training_where_labels_do_not_exclude_each_other():
    labels = np.array([[0, 1, 1], [0, 0, 1]], dtype=np.float32)
    logits = np.array([[-1, 2, -0.1], [-3, 1, 0.1]], dtype=np.float32)
    trained_on = name_metrics(measure_training([make_part(labels, exclusive=False)], [logits]))
    curves = {f"train_{name}": ((1.0, value),) for name, value in trained_on.items()}
    curves |= {"eval_micro_f1": ((1.0, 0.5),), "eval_accuracy": ((1.0, 0.4),)}
    _, f1, accuracy = draw_overview(Run("seed-0", 1.0, curves)).axes
    for axes, name in ((f1, "half_micro_f1"), (accuracy, "half_accuracy")):
        assert axes.get_legend_handles_labels()[1] == ["training, at ½", "dev"]
        assert axes.lines[0].get_ydata() == [trained_on[name]]


@pytest.fixture
def notebook(monkeypatch):
    """A stand-in for IPython in a notebook's kernel; what it has shown."""
    shown = []

    class Handle:
        def update(self, image):
            shown.append(("update", image))

    def display(image, display_id):
        assert display_id is True
        shown.append(("display", image))
        return Handle()

    module = ModuleType("IPython.display")
    module.Image = lambda data, format: data  # noqa: A006
    module.display = display
    shell = ModuleType("IPython")
    shell.display = module
    shell.get_ipython = type("ZMQInteractiveShell", (), {})
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def test_curves_are_redrawn_in_their_place(notebook):
    assert is_notebook()
    curves = NotebookCurves()
    curves.on_evaluate(ARGUMENTS, STATE, None)
    curves.on_evaluate(ARGUMENTS, STATE, None)
    curves.on_train_end(ARGUMENTS, STATE, None)
    assert [how for how, _ in notebook] == ["display", "update", "update"]
    assert all(image.startswith(b"\x89PNG") for _, image in notebook)


def test_without_ipython_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    assert not is_notebook()
    with pytest.raises(MissingExtraError, match="pip install ipython"):
        NotebookCurves()
