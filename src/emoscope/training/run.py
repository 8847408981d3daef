"""One run: train with one seed, keep what a reader of the results will ask for, save the model."""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers.utils import logging as transformers_logging

from emoscope.calibration import Calibration
from emoscope.evaluation.metrics import Report, decide, report
from emoscope.folder import complete, read_json, write_text
from emoscope.losses.objective import likelihood
from emoscope.models.nelec import Nelec
from emoscope.recipes.schema import Recipe
from emoscope.training.callbacks import AfterEpoch, LiveCurves, ShowProgress, write_predictions
from emoscope.training.card import model_card
from emoscope.training.diagram import draw_network
from emoscope.training.prepare import Prepared, make_model
from emoscope.training.prior import PriorCorrection
from emoscope.training.trainer import EmotionTrainer

Floats = NDArray[np.floating[Any]]

STATE = "trainer_state.json"
CHECKPOINT_FILES = ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", STATE)


@dataclass(frozen=True)
class RunResult:
    """A finished run, as `result.json` keeps it.

    Attributes:
        seed: of the run.
        epochs: trained.
        best_epoch: whose weights were kept.
        seconds: of training, since the last resumption.
        dev: `Report.to_dict()` on dev.
    """

    seed: int
    epochs: float
    best_epoch: float
    seconds: float
    dev: dict[str, Any]


def train_run(recipe: Recipe, prepared: Prepared, folder: Path, seed: int) -> RunResult:
    """Train with one seed, from the last checkpoint if there is one; a finished run is read back.

    Args:
        recipe: what to train.
        prepared: its examples, from `prepare`.
        folder: gets `model/`, `plots/`, `predictions/`, `history.json` and `result.json`.
        seed: of the weights, the dropout and the order of the examples.
    """
    finished = folder / "result.json"
    if finished.is_file():
        return RunResult(**read_json(finished))
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    set_seed(seed)
    model = make_model(recipe, prepared)
    draw_network(model, folder / "plots" / "network.png")
    trainer, correction = make_trainer(recipe, prepared, model, folder, seed)

    started = time.monotonic()
    trainer.train(resume_from_checkpoint=last_checkpoint(folder / "checkpoints"))
    seconds = time.monotonic() - started

    logits, labels = trainer.score_dev(), trainer.dev_examples.labels
    calibration = correction.fit(logits, labels)
    figures = judge(prepared, calibration, logits, labels)
    result = RunResult(
        seed=seed,
        epochs=round(trainer.state.epoch or 0, 3),
        best_epoch=kept_epoch(trainer),
        seconds=round(seconds, 2),
        dev=figures.to_dict(),
    )
    save_model(folder / "model", model, prepared, calibration, model_card(recipe, prepared, result))
    write_text(finished, json.dumps(vars(result), indent=1))
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return result


def make_trainer(
    recipe: Recipe, prepared: Prepared, model: Nelec, folder: Path, seed: int
) -> tuple[EmotionTrainer, PriorCorrection]:
    """The trainer of one run, and the prior correction that it judges with."""
    section, taxonomy = recipe.training, prepared.taxonomy
    train, dev = prepared.train_set, prepared.dev_set
    correction = PriorCorrection(recipe, taxonomy, train.labels, dev.labels)
    weights = correction.class_weights

    def follow(logits: NDArray[np.float32], labels: NDArray[np.float32]) -> dict[str, float]:
        return judge(prepared, correction.calibrate(logits), logits, labels).flat()

    def keep_predictions(epoch: int) -> None:
        names = taxonomy.names
        splits = [(prepared.train, trainer.train_logits), (prepared.dev, trainer.dev_logits)]
        for split, (corpus, logits) in zip(("train", "dev"), splits, strict=True):
            path = folder / "predictions" / f"epoch-{epoch:03}-{split}.parquet"
            if logits is not None:
                write_predictions(path, corpus.ids, corpus.labels, logits, names)

    callbacks: list[TrainerCallback] = [LiveCurves(folder)]
    callbacks.append(ShowProgress(f"{recipe.name}, {folder.name}", section.metric))
    if section.predictions:
        callbacks.append(AfterEpoch(keep_predictions))
    if section.patience is not None:
        callbacks.append(EarlyStoppingCallback(section.patience))
    trainer = EmotionTrainer(
        model=model,
        arguments=trainer_arguments(recipe, folder / "checkpoints", seed),
        section=section,
        objective=likelihood(
            taxonomy.exclusive,
            None if weights is None else torch.from_numpy(weights),
            recipe.objective.label_smoothing,
        ),
        train=train,
        dev=dev,
        judge=follow,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer, correction


def judge(prepared: Prepared, calibration: Calibration, logits: Floats, labels: Floats) -> Report:
    """Figures of calibrated logits (N, K) against labels (N, K)."""
    exclusive = prepared.taxonomy.exclusive
    decisions = decide(calibration.probabilities(logits, exclusive), exclusive)
    return report(labels, decisions, prepared.taxonomy)


def trainer_arguments(recipe: Recipe, checkpoints: Path, seed: int) -> TrainingArguments:
    """The arguments of transformers' Trainer for a recipe."""
    section = recipe.training
    # Choosing the best epoch, or going on after a kill, needs the epochs on disk.
    save = "epoch" if section.checkpoints or section.keep_best else "no"
    return TrainingArguments(
        # Whole, because the state of a checkpoint names the best one by its path.
        output_dir=str(checkpoints.resolve()),
        num_train_epochs=section.epochs,
        per_device_train_batch_size=section.batch_size,
        per_device_eval_batch_size=max(section.batch_size, 512),
        learning_rate=section.learning_rate,
        weight_decay=section.weight_decay,
        max_grad_norm=section.max_grad_norm,
        eval_strategy="epoch",
        logging_strategy="epoch",
        save_strategy=save,
        save_total_limit=1,
        # Else early stopping would count its patience anew.
        restore_callback_states_from_checkpoint=True,
        load_best_model_at_end=section.keep_best,
        metric_for_best_model=section.metric,
        greater_is_better=not section.metric.endswith("loss"),
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        bf16=section.bfloat16,
        disable_tqdm=True,
        report_to="none",
        seed=seed,
    )


def last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint that a training can go on from; newer ones are deleted.

    One of an epoch after which training stopped early is not such a one, as the trainer would
    train another epoch: the training is repeated from the best epoch, with the same end.
    """
    for path in sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True):
        if is_whole(path) and not stopped_early(path):
            return str(path)
        shutil.rmtree(path)
    return None


def is_whole(checkpoint: Path) -> bool:
    """Whether neither the writing nor the deletion of a checkpoint was interrupted.

    The trainer's state is its last file, so a kill while it is written leaves that out or
    unreadable.
    """
    if not all((checkpoint / name).is_file() for name in CHECKPOINT_FILES):
        return False
    try:
        json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def stopped_early(checkpoint: Path) -> bool:
    """Whether training ended at a whole checkpoint though there were steps left."""
    state = json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
    control = state.get("stateful_callbacks", {}).get("TrainerControl", {}).get("args", {})
    return bool(control.get("should_training_stop")) and state["global_step"] < state["max_steps"]


def step_of(checkpoint: Path) -> int:
    """Number of the step at which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])


def kept_epoch(trainer: EmotionTrainer) -> float:
    """The epoch whose weights the model has: the best one if the recipe asks so, else the last."""
    if not trainer.section.keep_best:
        return float(trainer.state.epoch or 0)
    name = f"eval_{trainer.section.metric}"
    scored = [entry for entry in trainer.state.log_history if name in entry]
    best = min if name.endswith("loss") else max
    return float(best(scored, key=lambda entry: entry[name])["epoch"])


def save_model(
    folder: Path, model: Nelec, prepared: Prepared, calibration: Calibration, card: str
) -> None:
    """Write a model folder, whole or not at all."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial)
    prepared.encoder.vocabulary.save(partial / "vocabulary.json")
    complete(partial, prepared.taxonomy, calibration, prepared.encoder.to_config(), card)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
