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
    PreTrainedModel,
    PrinterCallback,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers.utils import logging as transformers_logging

from emoscope.calibration import Calibration, label_prior
from emoscope.folder import complete, read_json, write_text
from emoscope.losses.objective import Objective, make_objective
from emoscope.recipes.schema import Recipe
from emoscope.training.callbacks import (
    AfterEvaluation,
    LiveCurves,
    ShowProgress,
    write_predictions,
)
from emoscope.training.card import model_card
from emoscope.training.checkpoints import last_checkpoint
from emoscope.training.data import Part
from emoscope.training.judging import Judgement, judge, part_names
from emoscope.training.prepare import Prepared
from emoscope.training.prior import PriorCorrection, class_weights
from emoscope.training.processes import is_main, native_bfloat16, on_cpu, wait
from emoscope.training.trainer import EmotionTrainer

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class RunResult:
    """A finished run, as `result.json` keeps it.

    Attributes:
        seed: of the run.
        epochs: trained.
        best_epoch: whose weights were kept.
        seconds: of training, since the last resumption.
        dev: `Report.to_dict()` on dev, at the fitted thresholds.
        half: the same at a threshold of ½; None of exclusive labels.
        parts: by language or corpus, where dev has several: figures at the fitted thresholds.
    """

    seed: int
    epochs: float
    best_epoch: float
    seconds: float
    dev: dict[str, Any]
    half: dict[str, Any] | None = None
    parts: dict[str, Any] | None = None


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
    model = prepared.family.make_model()
    if prepared.family.draw is not None and is_main():
        prepared.family.draw(model, folder / "plots" / "network.png")
    trainer, correction = make_trainer(recipe, prepared, model, folder, seed)

    started = time.monotonic()
    trainer.train(resume_from_checkpoint=last_checkpoint(folder / "checkpoints"))
    seconds = time.monotonic() - started

    judgement = judge(prepared, correction, trainer.score_dev()[0])
    result = result_of(trainer, judgement, seed, seconds)
    if is_main():
        prepared.family.finish(model)
        card = model_card(recipe, prepared, result)
        save_model(folder / "model", model, prepared, judgement.calibration, card)
        write_text(finished, json.dumps(vars(result), indent=1))
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    wait()
    return result


def result_of(
    trainer: EmotionTrainer, judgement: Judgement, seed: int, seconds: float
) -> RunResult:
    """What is kept of a run in one file."""
    several = len(judgement.parts) > 1
    return RunResult(
        seed=seed,
        epochs=round(trainer.state.epoch or 0, 3),
        best_epoch=kept_epoch(trainer),
        seconds=round(seconds, 2),
        dev=judgement.pooled.to_dict(),
        half=None if judgement.half is None else judgement.half.to_dict(),
        parts={n: one.to_dict() for n, one in judgement.parts.items()} if several else None,
    )


def make_trainer(
    recipe: Recipe, prepared: Prepared, model: PreTrainedModel, folder: Path, seed: int
) -> tuple[EmotionTrainer, PriorCorrection]:
    """The trainer of one run, and the prior correction that it judges with."""
    section = recipe.training
    train, dev = prepared.train_set, prepared.dev_set
    names = prepared.taxonomy.names
    alike = [one.labels for one in train.parts if one.corpus.taxonomy.names == names]
    correction = PriorCorrection(
        recipe,
        prepared.taxonomy,
        np.concatenate(alike),
        prepared.of_model([part.labels for part in dev]),
    )
    callbacks: list[TrainerCallback] = []
    if is_main():
        callbacks.append(LiveCurves(folder))
        callbacks.append(ShowProgress(f"{recipe.name}, {folder.name}", section.metric))
        if section.predictions:
            callbacks.append(AfterEvaluation(lambda stem: keep_predictions(trainer, folder, stem)))
    if section.patience is not None:
        callbacks.append(EarlyStoppingCallback(section.patience))
    trainer = EmotionTrainer(
        model=model,
        arguments=trainer_arguments(recipe, folder / "checkpoints", seed),
        section=section,
        objectives=objectives(recipe, train.parts, train.parts, correction),
        train=train,
        dev=dev,
        dev_objectives=objectives(recipe, dev, train.parts, correction),
        judge=lambda logits: judge(prepared, correction, logits).flat(),
        alpha=recipe.mix.alpha,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer, correction


def objectives(
    recipe: Recipe, parts: tuple[Part, ...], train: tuple[Part, ...], correction: PriorCorrection
) -> list[Objective]:
    """The loss of each part, its correlations and weights from the training part of its labels.

    Args:
        recipe: its objective.
        parts: of the training data or of dev.
        train: parts of the training data.
        correction: of the prior, with the class weights of the first part.
    """
    made: dict[tuple[str, ...], Objective] = {}
    for part in train:
        names = part.corpus.taxonomy.names
        if names in made:
            continue
        alike = [one.labels for one in train if one.corpus.taxonomy.names == names]
        labels = np.concatenate(alike)
        weights = correction.class_weights
        if part is not train[0]:
            scheme = recipe.objective.class_weights
            weights = class_weights(scheme, label_prior(labels), None)
        made[names] = make_objective(recipe.objective, part.corpus.taxonomy, labels, weights)
    # Dev of labels that nothing is trained on is judged with the first part's kind of loss.
    return [
        made.get(part.corpus.taxonomy.names)
        or make_objective(recipe.objective, part.corpus.taxonomy, part.labels)
        for part in parts
    ]


def keep_predictions(trainer: EmotionTrainer, folder: Path, stem: str) -> None:
    """Write the raw scores of every part of one evaluation.

    Args:
        trainer: with the scores.
        folder: of the run.
        stem: what the files' names begin with.
    """
    splits = {
        "train": (trainer.train_examples.parts, trainer.train_logits),
        "dev": (trainer.dev_parts, trainer.dev_logits),
    }
    for split, (parts, logits) in splits.items():
        corpora = [part.corpus for part in parts]
        for name, corpus, scores in zip(part_names(corpora), corpora, logits, strict=True):
            suffix = f"-{name}" if len(corpora) > 1 else ""
            write_predictions(
                folder / "predictions" / f"{stem}-{split}{suffix}.parquet",
                corpus.ids,
                corpus.labels,
                scores,
                corpus.taxonomy.names,
            )


def trainer_arguments(recipe: Recipe, checkpoints: Path, seed: int) -> TrainingArguments:
    """The arguments of transformers' Trainer for a recipe."""
    section = recipe.training
    when = "epoch" if section.evaluation_steps is None else "steps"
    # Choosing the best weights, or going on after a kill, needs the weights on disk.
    save = when if section.checkpoints or section.keep_best else "no"
    return TrainingArguments(
        # Whole, because the state of a checkpoint names the best one by its path.
        output_dir=str(checkpoints.resolve()),
        num_train_epochs=section.epochs,
        per_device_train_batch_size=section.batch_size,
        per_device_eval_batch_size=256,
        gradient_accumulation_steps=section.accumulation,
        learning_rate=section.learning_rate,
        weight_decay=section.weight_decay,
        max_grad_norm=section.max_grad_norm,
        eval_strategy=when,
        eval_steps=section.evaluation_steps,
        logging_strategy=when,
        logging_steps=section.evaluation_steps or 500,
        save_strategy=save,
        save_steps=section.evaluation_steps or 500,
        save_total_limit=1,
        # Else early stopping would count its patience anew.
        restore_callback_states_from_checkpoint=True,
        load_best_model_at_end=section.keep_best,
        metric_for_best_model=section.metric,
        greater_is_better=not section.metric.endswith("loss"),
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        bf16=bool(native_bfloat16()) if section.bfloat16 == "auto" else section.bfloat16,
        use_cpu=on_cpu(),
        ddp_find_unused_parameters=False,
        disable_tqdm=True,
        report_to="none",
        seed=seed,
    )


def kept_epoch(trainer: EmotionTrainer) -> float:
    """The epoch whose weights the model has: the best one if the recipe asks so, else the last."""
    if not trainer.section.keep_best:
        return float(trainer.state.epoch or 0)
    name = f"eval_{trainer.section.metric}"
    scored = [entry for entry in trainer.state.log_history if name in entry]
    best = min if name.endswith("loss") else max
    return float(best(scored, key=lambda entry: entry[name])["epoch"])


def save_model(
    folder: Path,
    model: PreTrainedModel,
    prepared: Prepared,
    calibration: Calibration,
    card: str,
) -> None:
    """Write a model folder, whole or not at all."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial)
    encoder = prepared.family.encoder
    encoder.save(partial)
    complete(partial, prepared.taxonomy, calibration, encoder.to_config(), card)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
