"""Build the trainer of one run from a recipe: arguments, losses, callbacks."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from transformers import (
    EarlyStoppingCallback,
    PreTrainedModel,
    PrinterCallback,
    TrainerCallback,
    TrainingArguments,
)

from emoscope.calibration import label_prior
from emoscope.errors import InputError
from emoscope.losses.objective import Objective, make_objective
from emoscope.metrics.metric import name_metrics
from emoscope.recipes.schema import Recipe
from emoscope.registry import TRAINERS, find, resolve
from emoscope.training.callbacks import (
    AfterEvaluation,
    LiveCurves,
    ShowProgress,
    TellEpochs,
    write_predictions,
)
from emoscope.training.data import count_draws_by_part
from emoscope.training.notebook import NotebookCurves, is_notebook
from emoscope.training.prepare import Prepared, name_parts
from emoscope.training.prior import PriorCorrection, compute_class_weights
from emoscope.training.processes import find_native_bfloat16, is_alone, is_main, on_cpu
from emoscope.training.results import RunOptions
from emoscope.training.timed_checkpoints import SaveByTime
from emoscope.training.trainer import EmotionTrainer, TrainerSetup
from emoscope.training.validation import measure_training, validate_dev

Floats = NDArray[np.floating[Any]]


def make_trainer(
    recipe: Recipe,
    prepared: Prepared,
    model: PreTrainedModel,
    folder: Path,
    seed: int,
    options: RunOptions = RunOptions(),  # noqa: B008 - it cannot change
) -> tuple[EmotionTrainer, PriorCorrection]:
    """Make the trainer of one run, and the prior correction that it validates with."""
    section = recipe.training
    train, dev = prepared.train_set, prepared.dev_set
    names = prepared.taxonomy.names
    labels, drawn = join_alike(recipe, prepared, names)
    correction = PriorCorrection(
        recipe, prepared.taxonomy, labels, prepared.of_model([part.labels for part in dev]), drawn
    )
    callbacks: list[TrainerCallback] = []
    if "tensorboard" in options.track:
        # transformers reads this folder from here only. In TensorBoard it names the run.
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "tensorboard")
    if is_main():
        callbacks.append(LiveCurves(folder, names, picture_format=options.picture_format))
        if options.show:
            title = f"{recipe.name}, {folder.name}"
            if is_notebook():
                callbacks.append(NotebookCurves(title))
            elif Console(stderr=True).is_terminal:
                callbacks.append(ShowProgress(title, section.metric))
            else:
                callbacks.append(TellEpochs(title, section.metric))
        if section.predictions:
            callbacks.append(AfterEvaluation(lambda stem: keep_predictions(trainer, folder, stem)))
    # Several processes would have to agree on the moment; they save at evaluations alone.
    if section.checkpoints and section.checkpoint_minutes and is_alone():
        callbacks.append(SaveByTime(section.checkpoint_minutes))
    if section.patience is not None:
        callbacks.append(EarlyStoppingCallback(section.patience))
    hold, section_of_anchor = prepared.family.hold_words, recipe.objective.anchor
    anchor = None
    if hold is not None and section_of_anchor is not None:
        anchor = (hold(model), section_of_anchor.coefficient)
    objectives = make_objectives(recipe, prepared, correction)
    trainer = find_trainer(section.trainer)(
        model,
        make_trainer_arguments(recipe, folder, seed, options.track),
        TrainerSetup(
            section=section,
            train=train,
            objectives=objectives,
            dev=dev,
            dev_objectives=make_dev_objectives(recipe, prepared, objectives),
            validate=lambda logits: name_metrics(
                validate_dev(prepared, correction, logits).metrics()
            ),
            measure_training=lambda logits: name_metrics(measure_training(train.parts, logits)),
            alpha=find_shares(prepared, recipe.mix.alpha),
            distillation=recipe.objective.self_distillation,
            anchor=anchor,
        ),
        callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer, correction


def find_trainer(name: str) -> type[EmotionTrainer]:
    """The class of a trainer by its name.

    Raises:
        InputError: a plug-in's class that is not derived from `EmotionTrainer`.
    """
    found = resolve(find(TRAINERS, name, "trainer"))
    if not issubclass(found, EmotionTrainer):
        raise InputError(
            f"training.trainer: the plug-in {TRAINERS.get_plugin(name)} has {found.__qualname__} "
            f"as {name!r}: expected a class derived from emoscope.training.trainer.EmotionTrainer."
        )
    return cast(type[EmotionTrainer], found)


def find_shares(prepared: Prepared, alpha: float | None) -> float | list[float]:
    """Find the share of each training part in an epoch's texts, or the exponent that sets it.

    Args:
        prepared: the training data, with a recipe section for each part.
        alpha: the exponent to use where no corpus sets its own share; None is as 1.
    """
    sections, sizes = prepared.sections, list(map(len, prepared.train))
    if any(section.share is None for section in sections):
        return 1.0 if alpha is None else alpha
    of_corpus = [
        sum(size for size, other in zip(sizes, sections, strict=True) if other is section)
        for section in sections
    ]
    return [
        (section.share or 0.0) * size / total
        for section, size, total in zip(sections, sizes, of_corpus, strict=True)
    ]


def join_alike(recipe: Recipe, prepared: Prepared, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Join the training parts that have these labels.

    Returns:
        Their labels (N, K), and how often an epoch has each of the texts, (N,).
    """
    sizes = list(map(len, prepared.train))
    draws = count_draws_by_part(sizes, find_shares(prepared, recipe.mix.alpha))
    alike = [
        (part.labels, np.full(len(part), count / max(len(part), 1)))
        for part, count in zip(prepared.train_set.parts, draws, strict=True)
        if part.corpus.taxonomy.names == names
    ]
    labels, drawn = zip(*alike, strict=True)
    return np.concatenate(labels), np.concatenate(drawn)


def make_objectives(
    recipe: Recipe, prepared: Prepared, correction: PriorCorrection
) -> list[Objective]:
    """Make the objective of each training part; parts of the same labels and section share one.

    Its correlations and weights are those of all training parts with the same labels.

    Args:
        recipe: the recipe whose objective is made.
        prepared: the training data.
        correction: the prior correction, with the class weights of the model's labels.
    """
    made: dict[tuple[tuple[str, ...], float], Objective] = {}
    objectives = []
    train = prepared.train_set.parts
    for part, section in zip(train, prepared.sections, strict=True):
        names = part.corpus.taxonomy.names
        if (names, section.listwise) not in made:
            labels, drawn = join_alike(recipe, prepared, names)
            weights = correction.class_weights
            if names != prepared.taxonomy.names:
                scheme = recipe.objective.class_weights
                weights = compute_class_weights(scheme, label_prior(labels, drawn), None)
            made[names, section.listwise] = make_objective(
                recipe.objective, part.corpus.taxonomy, labels, weights, section.listwise
            )
        objectives.append(made[names, section.listwise])
    return objectives


def make_dev_objectives(
    recipe: Recipe, prepared: Prepared, objectives: Sequence[Objective]
) -> list[Objective]:
    """Find the objective of each dev part: that of the first training part with its labels.

    A dev part whose labels no training part has gets an objective from its own labels.

    Args:
        recipe: the recipe whose objective is made.
        prepared: the training data and dev.
        objectives: those of the training parts.
    """
    found: dict[tuple[str, ...], Objective] = {}
    for part, objective in zip(prepared.train, objectives, strict=True):
        found.setdefault(part.taxonomy.names, objective)
    return [
        found.get(part.corpus.taxonomy.names)
        or make_objective(recipe.objective, part.corpus.taxonomy, part.labels)
        for part in prepared.dev_set
    ]


def keep_predictions(trainer: EmotionTrainer, folder: Path, stem: str) -> None:
    """Write the logits of every part at one evaluation.

    Args:
        trainer: the trainer that holds the logits.
        folder: the folder of the run.
        stem: the beginning of the file names.
    """
    splits = {
        "train": (trainer.train_examples.parts, trainer.previous_logits.latest),
        "dev": (trainer.dev_parts, trainer.dev_logits),
    }
    for split, (parts, logits) in splits.items():
        corpora = [part.corpus for part in parts]
        for name, corpus, scores in zip(name_parts(corpora), corpora, logits, strict=True):
            suffix = f"-{name}" if len(corpora) > 1 else ""
            write_predictions(
                folder / "predictions" / f"{stem}-{split}{suffix}.parquet",
                corpus.ids,
                corpus.labels,
                scores,
                corpus.taxonomy.names,
            )


def make_trainer_arguments(
    recipe: Recipe, folder: Path, seed: int, track: Sequence[str] = ()
) -> TrainingArguments:
    """The arguments of transformers' Trainer for a run of a recipe."""
    section = recipe.training
    when = "epoch" if section.evaluation_steps is None else "steps"
    evaluate = when if recipe.dev_split is not None else "no"
    # To choose the best weights or to resume a run, the weights must be on disk.
    save = when if section.checkpoints or section.keep_best else "no"
    return TrainingArguments(
        # An absolute path, because a checkpoint's state names the best checkpoint by its path.
        output_dir=str((folder / "checkpoints").resolve()),
        num_train_epochs=section.epochs,
        per_device_train_batch_size=section.batch_size,
        per_device_eval_batch_size=256,
        gradient_accumulation_steps=section.accumulation,
        learning_rate=section.learning_rate,
        weight_decay=section.weight_decay,
        max_grad_norm=section.max_grad_norm,
        eval_strategy=evaluate,
        eval_steps=section.evaluation_steps,
        logging_strategy=when,
        # Otherwise NaN losses would be left out of the logged mean.
        logging_nan_inf_filter=False,
        logging_steps=section.evaluation_steps or 500,
        save_strategy=save,
        save_steps=section.evaluation_steps or 500,
        save_total_limit=1,
        # Otherwise early stopping would count its patience from zero after a restart.
        restore_callback_states_from_checkpoint=True,
        load_best_model_at_end=section.keep_best,
        # With the prefix `eval_`: a label may itself be called `eval_joy`.
        metric_for_best_model=f"eval_{section.metric}",
        greater_is_better=not section.metric.endswith("loss"),
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        bf16=bool(find_native_bfloat16()) if section.bfloat16 == "auto" else section.bfloat16,
        use_cpu=on_cpu(),
        ddp_find_unused_parameters=False,
        disable_tqdm=True,
        report_to=list(track) or "none",
        run_name=f"{recipe.name}, {folder.name}",
        seed=seed,
    )
