"""What an interruption of a training must not change: nothing."""

import json
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

import emoscope.training.run as run
from emoscope.experiments.runs import format_run
from emoscope.recipes.load import recipe_to_yaml
from emoscope.training.checkpoints import SCORES, delete_older, find_last_checkpoint
from emoscope.training.logs import read_run
from emoscope.training.timed_checkpoints import SaveByTime
from emoscope.training.train import train
from tests.training.conftest import STUCK

pytestmark = pytest.mark.usefixtures("no_plots")


class Interrupt(TrainerCallback):
    """Stops a training as Ctrl-C does, at a step or once a checkpoint is written."""

    def __init__(self, step=None, checkpoint=None):
        self.step, self.checkpoint = step, checkpoint

    def on_step_end(self, args, state, control, **_):
        if state.global_step == self.step:
            raise KeyboardInterrupt

    def on_save(self, args, state, control, **_):
        if state.global_step == self.checkpoint:
            raise KeyboardInterrupt


@contextmanager
def interrupted_by(monkeypatch, run_name=None, **when):
    """Stop a training that is begun inside, in any run or in that of a name."""
    make = run.make_trainer

    def make_interrupted(recipe, prepared, model, folder, *arguments):
        trainer, correction = make(recipe, prepared, model, folder, *arguments)
        if run_name in (None, folder.name):
            trainer.add_callback(Interrupt(**when))
        return trainer, correction

    with monkeypatch.context() as patch:
        patch.setattr(run, "make_trainer", make_interrupted)
        with pytest.raises(KeyboardInterrupt):
            yield


def interrupted(monkeypatch, recipe, root, folder, runs=1, **when):
    """Begin a training and stop it."""
    with interrupted_by(monkeypatch, **when):
        train(recipe, root, folder, runs)


def assert_same_training(one, other):
    """Weights, figures, raw predictions and history of two runs are equal, bit for bit."""
    first, second = (load_file(folder / "model" / "model.safetensors") for folder in (one, other))
    assert first.keys() == second.keys()
    for name, values in first.items():
        assert torch.equal(values, second[name]), name
    names = [{path.name for path in (folder / "model").iterdir()} for folder in (one, other)]
    assert names[0] == names[1]
    for name in names[0]:
        assert (one / "model" / name).read_bytes() == (other / "model" / name).read_bytes(), name
    figures = [json.loads((folder / "result.json").read_text()) for folder in (one, other)]
    for each in figures:
        del each["seconds"]
    assert figures[0] == figures[1]
    histories = [(folder / "history.json").read_bytes() for folder in (one, other)]
    assert histories[0] == histories[1]
    logged = [replace(read_run(folder), name="", final={}) for folder in (one, other)]
    assert format_run(logged[0]) == format_run(logged[1])
    names = [{path.name for path in (folder / "predictions").iterdir()} for folder in (one, other)]
    assert names[0] == names[1]
    for name in names[0]:
        tables = [pq.read_table(folder / "predictions" / name) for folder in (one, other)]
        assert tables[0].schema == tables[1].schema
        for column in tables[0].column_names:
            values = [table[column].to_numpy() for table in tables]
            # Labels that were dropped from a prompt have no score in either.
            np.testing.assert_array_equal(*values, err_msg=f"{name} {column}")


# 60 texts in batches of 16: four steps an epoch.
@pytest.mark.parametrize(
    "overrides",
    [
        ["training.keep_best=false"],
        [
            "training.schedule={kind: cyclical, maximum: 0.05, half_cycle: 3}",
            "model.dropout=0.5",
            "objective.class_weights=balanced",
        ],
    ],
    ids=["last", "best"],
)
@pytest.mark.parametrize(
    "when", [{"step": 2}, {"step": 6}, {"checkpoint": 8}], ids=["epoch 1", "epoch 2", "checkpoint"]
)
def test_an_interruption_changes_nothing(
    monkeypatch, tmp_path, emocontext, tiny_recipe, whole, overrides, when
):
    recipe = tiny_recipe(*overrides)
    interrupted(monkeypatch, recipe, emocontext, tmp_path / "parts", **when)
    assert not (tmp_path / "parts" / "seed-0" / "result.json").exists()
    train(recipe, emocontext, tmp_path / "parts")
    assert_same_training(whole(recipe) / "seed-0", tmp_path / "parts" / "seed-0")
    assert not (tmp_path / "parts" / "seed-0" / "checkpoints").exists()


# Four steps an epoch and an evaluation after three: checkpoints 3, 6 and 9 are within an epoch.
@pytest.mark.parametrize(
    "overrides",
    [["training.keep_best=false"], ["model.dropout=0.5", "training.bucket_by_length=false"]],
    ids=["last", "best"],
)
@pytest.mark.parametrize(
    "when", [{"step": 5}, {"step": 11}, {"checkpoint": 6}], ids=["epoch 1", "epoch 3", "checkpoint"]
)
def test_an_interruption_within_an_epoch_changes_nothing(
    monkeypatch, tmp_path, emocontext, tiny_recipe, whole, overrides, when
):
    recipe = tiny_recipe("training.evaluation_steps=3", *overrides)
    run_folder = tmp_path / "parts" / "seed-0"
    interrupted(monkeypatch, recipe, emocontext, tmp_path / "parts", **when)
    last = when.get("checkpoint") or when["step"] // 3 * 3
    assert find_last_checkpoint(run_folder / "checkpoints").endswith(f"checkpoint-{last}")
    train(recipe, emocontext, tmp_path / "parts")
    assert_same_training(whole(recipe) / "seed-0", run_folder)
    stems = {path.name.rpartition("-")[0] for path in (run_folder / "predictions").iterdir()}
    assert stems == {f"step-{step:06}" for step in (3, 6, 9, 12)}


def test_seconds_before_an_interruption_count(monkeypatch, tmp_path, emocontext, tiny_recipe):
    recipe = tiny_recipe()
    interrupted(monkeypatch, recipe, emocontext, tmp_path, checkpoint=4)
    file = tmp_path / "seed-0" / "checkpoints" / "checkpoint-4" / SCORES
    arrays = load_file(file)
    [before] = arrays["since_log.seconds"]
    assert 0 < before < 1000
    save_file({**arrays, "since_log.seconds": arrays["since_log.seconds"] + 1000}, file)
    [result] = train(recipe, emocontext, tmp_path)
    assert 1000 + before < result.seconds < 2000


OFTEN = "training.checkpoint_minutes=1e-9"


@pytest.mark.parametrize("when", [{"step": 3}, {"checkpoint": 6}], ids=["epoch 1", "epoch 2"])
def test_a_kill_costs_minutes_and_not_an_epoch(
    monkeypatch, tmp_path, emocontext, tiny_recipe, whole, when
):
    """Four steps an epoch, an evaluation after each epoch, a checkpoint after every step."""
    overrides = ["model.dropout=0.5", "objective.class_weights=balanced"]
    run_folder = tmp_path / "parts" / "seed-0"
    recipe = tiny_recipe(*overrides, OFTEN)
    interrupted(monkeypatch, recipe, emocontext, tmp_path / "parts", **when)
    last = when.get("checkpoint") or when["step"] - 1
    assert find_last_checkpoint(run_folder / "checkpoints").endswith(f"checkpoint-{last}")
    train(recipe, emocontext, tmp_path / "parts")
    assert_same_training(whole(tiny_recipe(*overrides)) / "seed-0", run_folder)


def test_no_checkpoint_stands_between_an_epoch_and_its_evaluation():
    """A kill in between would lose the evaluation."""
    callback, arguments = SaveByTime(1e-9), TrainingArguments(use_cpu=True)
    for epoch, asked in ((0.75, True), (1.0, False), (1.25, True), (2.0, False)):
        control, state = TrainerControl(), TrainerState(epoch=epoch)
        callback.on_step_end(arguments, state, control)
        assert control.should_save == asked


def test_a_checkpoint_by_time_keeps_the_terms_of_the_loss(
    monkeypatch, tmp_path, tables, mixed_recipe, whole
):
    """Their means since the last evaluation are logged, from before the kill and after it."""
    overrides = ["objective.local_loss=intra", "mix.alpha=0.3", "training.predictions=true"]
    recipe = mixed_recipe(*overrides, OFTEN)
    interrupted(monkeypatch, recipe, tables, tmp_path / "parts", step=7)
    train(recipe, tables, tmp_path / "parts")
    whole_folder = whole(mixed_recipe(*overrides), root=tables)
    history = json.loads((whole_folder / "seed-0" / "history.json").read_text())
    for name in ("intra_loss", "regularization_loss"):
        # c = 0.2 of the local loss is what regularisation adds.
        assert len(history[name]) == len(history[f"eval_{name}"]) == 3
    for prefix in ("", "eval_"):
        pairs = zip(
            history[f"{prefix}regularization_loss"], history[f"{prefix}intra_loss"], strict=True
        )
        assert all(one[1] == pytest.approx(0.2 * other[1], rel=1e-4) for one, other in pairs)
    assert len(history["train_half_micro_f1"]) == 3
    assert_same_training(whole_folder / "seed-0", tmp_path / "parts" / "seed-0")


def test_an_interruption_within_an_epoch_does_not_delay_early_stopping(
    monkeypatch, tmp_path, emocontext, tiny_recipe, whole
):
    """Patience counts evaluations: the first figure stays the best, and the third is the last."""
    recipe = tiny_recipe(*STUCK, "training.evaluation_steps=3")
    interrupted(monkeypatch, recipe, emocontext, tmp_path / "parts", step=7)
    (result,) = train(recipe, emocontext, tmp_path / "parts")
    assert (result.epochs, result.best_epoch) == (9 / 4, 3 / 4)
    assert_same_training(whole(recipe) / "seed-0", tmp_path / "parts" / "seed-0")


# 40 and 24 texts in batches of 16: five steps an epoch, four where both are drawn alike.
@pytest.mark.parametrize(
    ("when", "overrides"),
    [
        ({"step": 4}, ["training.evaluation_steps=3", "mix.alpha=0.3"]),
        ({"step": 7}, ["training.evaluation_steps=3", "mix.alpha=0.3"]),
        ({"checkpoint": 9}, ["training.evaluation_steps=3", "mix.alpha=0.3"]),
        ({"step": 6}, ["training.keep_best=false", "mix.alpha=0"]),
        ({"checkpoint": 8}, ["training.keep_best=false", "mix.alpha=0"]),
        ({"step": 7}, ["training.evaluation_steps=3", "objective.self_distillation=0.9"]),
        ({"checkpoint": 10}, ["training.keep_best=false", "objective.self_distillation=0.9"]),
    ],
)
def test_an_interruption_changes_no_augmentation(
    monkeypatch, tmp_path, tables, mixed_recipe, whole, overrides, when
):
    """Labels shuffled and left out, corpora mixed, targets of the last epoch: as without it."""
    recipe = mixed_recipe("model.shuffle_labels=true", "model.drop_labels=0.4", *overrides)
    interrupted(monkeypatch, recipe, tables, tmp_path / "parts", **when)
    train(recipe, tables, tmp_path / "parts")
    assert_same_training(whole(recipe, root=tables) / "seed-0", tmp_path / "parts" / "seed-0")


KILL = """
import os, signal
import emoscope.training.callbacks as callbacks, emoscope.training.run as run
import emoscope.models.nelec.family as nelec
from transformers import TrainerCallback
from emoscope.cli import app

class Kill(TrainerCallback):
    def on_step_end(self, args, state, control, **_):
        if state.global_step == 6:
            os.kill(os.getpid(), signal.SIGKILL)

make = run.make_trainer
def make_killed(*arguments, **options):
    trainer, correction = make(*arguments, **options)
    trainer.add_callback(Kill())
    return trainer, correction

run.make_trainer = make_killed
nelec.draw_network = lambda model, path: None
callbacks.draw_log = lambda *_: None
app()
"""


def test_a_kill_changes_nothing(tmp_path, emocontext, tiny_recipe, whole):
    recipe = tiny_recipe("training.keep_best=false")
    (tmp_path / "recipe.yaml").write_text(recipe_to_yaml(recipe), encoding="utf-8")
    places = ["--data-dir", str(emocontext), "--output", str(tmp_path / "parts")]
    command = [sys.executable, "-c", KILL, "train", str(tmp_path / "recipe.yaml"), *places]
    assert subprocess.run(command, timeout=120, check=False).returncode == -signal.SIGKILL
    assert find_last_checkpoint(tmp_path / "parts" / "seed-0" / "checkpoints").endswith(
        "checkpoint-4"
    )
    train(recipe, emocontext, tmp_path / "parts")
    assert_same_training(whole(recipe) / "seed-0", tmp_path / "parts" / "seed-0")


@pytest.mark.parametrize("keep_best", ["true", "false"])
@pytest.mark.parametrize(
    "when", [{"step": 10}, {"checkpoint": 12}], ids=["before the last epoch", "after it"]
)
def test_an_interruption_does_not_delay_early_stopping(
    monkeypatch, tmp_path, emocontext, tiny_recipe, whole, when, keep_best
):
    recipe = tiny_recipe(*STUCK, f"training.keep_best={keep_best}")
    interrupted(monkeypatch, recipe, emocontext, tmp_path / "parts", **when)
    train(recipe, emocontext, tmp_path / "parts")
    assert_same_training(whole(recipe) / "seed-0", tmp_path / "parts" / "seed-0")


TENSORS = ("model.safetensors", "train_scores.safetensors")
PICKLES = ("optimizer.pt", "scheduler.pt", "rng_state.pth")


def make_checkpoints(tmp_path):
    """Two checkpoints, of steps 4 and 12."""
    for step in (4, 12):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        for name in TENSORS:
            save_file({"values": torch.zeros(50)}, folder / name)
        for name in PICKLES:
            torch.save({"values": torch.zeros(50)}, folder / name)
        (folder / "trainer_state.json").write_text('{"global_step": 4, "max_steps": 20}')
    assert find_last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-12")


@pytest.mark.parametrize("name", [*TENSORS, *PICKLES])
@pytest.mark.parametrize("left", [0.0, 0.5, 0.99])
def test_a_checkpoint_that_a_power_cut_has_cut_is_passed_over(tmp_path, caplog, name, left):
    make_checkpoints(tmp_path)
    path = tmp_path / "checkpoint-12" / name
    path.write_bytes(path.read_bytes()[: int(left * path.stat().st_size)])
    assert find_last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-4")
    assert "checkpoint-12" in caplog.text
    assert not (tmp_path / "checkpoint-12").exists()


def test_older_checkpoints_stay_until_the_new_one_is_sure_to(monkeypatch, tmp_path):
    for step in (4, 8, 12):
        (tmp_path / f"checkpoint-{step}").mkdir()
    synced = []

    def sync(path):
        synced.append((path.name, len(list(tmp_path.iterdir()))))

    monkeypatch.setattr("emoscope.training.checkpoints.sync_tree", sync)
    delete_older(tmp_path, "checkpoint-12", best=str(tmp_path / "checkpoint-4"))
    assert synced == [("checkpoint-12", 3)]
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint-4", "checkpoint-12"}


@pytest.mark.parametrize("damage", ["missing", "truncated", "empty", "weights", "scores"])
def test_a_torn_checkpoint_is_discarded(tmp_path, damage):
    make_checkpoints(tmp_path)
    state = tmp_path / "checkpoint-12" / "trainer_state.json"
    if damage == "missing":
        state.unlink()
    elif damage == "weights":
        # What is left where the deletion of a checkpoint was interrupted.
        (tmp_path / "checkpoint-12" / "optimizer.pt").unlink()
    elif damage == "scores":
        (tmp_path / "checkpoint-12" / "train_scores.safetensors").unlink()
    else:
        state.write_text('{"global_step"' if damage == "truncated" else "")
    assert find_last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-4")
    assert not (tmp_path / "checkpoint-12").exists()
    (tmp_path / "checkpoint-4" / "trainer_state.json").unlink()
    assert find_last_checkpoint(tmp_path) is None
    assert find_last_checkpoint(tmp_path / "nowhere") is None


def test_a_training_goes_on_from_before_a_torn_checkpoint(
    monkeypatch, tmp_path, emocontext, tiny_recipe, whole
):
    recipe = tiny_recipe("training.keep_best=false")
    interrupted(monkeypatch, recipe, emocontext, tmp_path / "parts", step=6)
    torn = tmp_path / "parts" / "seed-0" / "checkpoints" / "checkpoint-8"
    torn.mkdir()
    (torn / "model.safetensors").write_bytes(b"half of")
    train(recipe, emocontext, tmp_path / "parts")
    assert_same_training(whole(recipe) / "seed-0", tmp_path / "parts" / "seed-0")


def test_without_checkpoints_a_training_begins_anew(
    monkeypatch, tmp_path, emocontext, tiny_recipe, whole
):
    recipe = tiny_recipe("training.keep_best=false", "training.checkpoints=false")
    interrupted(monkeypatch, recipe, emocontext, tmp_path / "parts", step=6)
    assert find_last_checkpoint(tmp_path / "parts" / "seed-0" / "checkpoints") is None
    train(recipe, emocontext, tmp_path / "parts")
    assert_same_training(whole(recipe) / "seed-0", tmp_path / "parts" / "seed-0")


def test_an_interrupted_second_run_leaves_the_first(
    monkeypatch, tmp_path, emocontext, tiny_recipe, whole
):
    recipe = tiny_recipe("seed=5", "training.epochs=2")
    train(recipe, emocontext, tmp_path / "parts")
    interrupted(monkeypatch, recipe, emocontext, tmp_path / "parts", runs=2, step=6)
    parts = train(recipe, emocontext, tmp_path / "parts", runs=2)
    assert [one.seed for one in parts] == [5, 6]
    for name in ("seed-5", "seed-6"):
        assert_same_training(whole(recipe, runs=3) / name, tmp_path / "parts" / name)


def test_checkpoints_that_a_kill_left_beside_a_finished_run_go(tmp_path, trained):
    folder = shutil.copytree(trained.folder / "seed-0", tmp_path / "seed-0")
    (folder / "checkpoints" / "checkpoint-1").mkdir(parents=True)
    found = run.train_run(trained.recipe, None, folder, 0)
    assert found.seed == 0
    assert not (folder / "checkpoints").exists()
