"""The trainer of one run, put together from a recipe: arguments, losses, callbacks."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import (
    EarlyStoppingCallback,
    PreTrainedModel,
    PrinterCallback,
    TrainerCallback,
    TrainingArguments,
)

from emoscope.calibration import label_prior
from emoscope.losses.objective import Objective, make_objective
from emoscope.metrics.metric import name_metrics
from emoscope.recipes.schema import Recipe
from emoscope.training.callbacks import (
    AfterEvaluation,
    LiveCurves,
    ShowProgress,
    write_predictions,
)
from emoscope.training.data import Part
from emoscope.training.prepare import Prepared, part_names
from emoscope.training.prior import PriorCorrection, class_weights
from emoscope.training.processes import is_main, native_bfloat16, on_cpu
from emoscope.training.trainer import EmotionTrainer
from emoscope.training.validation import validate


def make_trainer(
    recipe: Recipe,
    prepared: Prepared,
    model: PreTrainedModel,
    folder: Path,
    seed: int,
    *,
    show: bool = True,
    track: Sequence[str] = (),
) -> tuple[EmotionTrainer, PriorCorrection]:
    """The trainer of one run, and the prior correction that it judges with."""
    section = recipe.training
    train, dev = prepared.train_set, prepared.dev_set
    names = prepared.taxonomy.names
    alike = [part.labels for part in train.parts if part.corpus.taxonomy.names == names]
    correction = PriorCorrection(
        recipe,
        prepared.taxonomy,
        np.concatenate(alike),
        prepared.of_model([part.labels for part in dev]),
    )
    callbacks: list[TrainerCallback] = []
    if "tensorboard" in track:
        # The one way that transformers has to say where; beside the run, so that it has its name.
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "tensorboard")
    if is_main():
        callbacks.append(LiveCurves(folder))
        if show:
            callbacks.append(ShowProgress(f"{recipe.name}, {folder.name}", section.metric))
        if section.predictions:
            callbacks.append(AfterEvaluation(lambda stem: keep_predictions(trainer, folder, stem)))
    if section.patience is not None:
        callbacks.append(EarlyStoppingCallback(section.patience))
    hold, section_of_anchor = prepared.family.hold_words, recipe.objective.anchor
    anchor = None
    if hold is not None and section_of_anchor is not None:
        anchor = (hold(model), section_of_anchor.coefficient)
    trainer = EmotionTrainer(
        model=model,
        arguments=trainer_arguments(recipe, folder, seed, track),
        section=section,
        objectives=objectives(recipe, train.parts, prepared, correction),
        train=train,
        dev=dev,
        dev_objectives=objectives(recipe, dev, prepared, correction),
        validate=lambda logits: name_metrics(validate(prepared, correction, logits).metrics()),
        alpha=shares_of(prepared, recipe.mix.alpha),
        distillation=recipe.objective.self_distillation,
        anchor=anchor,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer, correction


def shares_of(prepared: Prepared, alpha: float) -> float | list[float]:
    """The share of each training part in an epoch's texts, or the exponent that gives it.

    Args:
        prepared: with a section of the recipe for each part.
        alpha: where no corpus has a share of its own.
    """
    sections, sizes = prepared.sections, list(map(len, prepared.train))
    if any(section.share is None for section in sections):
        return alpha
    of_corpus = [
        sum(size for size, other in zip(sizes, sections, strict=True) if other is section)
        for section in sections
    ]
    return [
        (section.share or 0.0) * size / total
        for section, size, total in zip(sections, sizes, of_corpus, strict=True)
    ]


def objectives(
    recipe: Recipe, parts: tuple[Part, ...], prepared: Prepared, correction: PriorCorrection
) -> list[Objective]:
    """The loss of each part, its correlations and weights from the training part of its labels.

    Args:
        recipe: its objective.
        parts: of the training data or of dev.
        prepared: the training data.
        correction: of the prior, with the class weights of the first part.
    """
    made: dict[tuple[str, ...], Objective] = {}
    train = prepared.train_set.parts
    for part, section in zip(train, prepared.sections, strict=True):
        names = part.corpus.taxonomy.names
        if names in made:
            continue
        alike = [item.labels for item in train if item.corpus.taxonomy.names == names]
        labels = np.concatenate(alike)
        weights = correction.class_weights
        if part is not train[0]:
            scheme = recipe.objective.class_weights
            weights = class_weights(scheme, label_prior(labels), None)
        made[names] = make_objective(
            recipe.objective, part.corpus.taxonomy, labels, weights, section.listwise
        )
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
        "train": (trainer.train_examples.parts, trainer.previous_logits.latest),
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


def trainer_arguments(
    recipe: Recipe, folder: Path, seed: int, track: Sequence[str] = ()
) -> TrainingArguments:
    """The arguments of transformers' Trainer for a run of a recipe."""
    section = recipe.training
    when = "epoch" if section.evaluation_steps is None else "steps"
    # Choosing the best weights, or going on after a kill, needs the weights on disk.
    save = when if section.checkpoints or section.keep_best else "no"
    return TrainingArguments(
        # Whole, because the state of a checkpoint names the best one by its path.
        output_dir=str((folder / "checkpoints").resolve()),
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
        # Else a loss that is no number would be left out of the mean that is logged.
        logging_nan_inf_filter=False,
        logging_steps=section.evaluation_steps or 500,
        save_strategy=save,
        save_steps=section.evaluation_steps or 500,
        save_total_limit=1,
        # Else early stopping would count its patience anew.
        restore_callback_states_from_checkpoint=True,
        load_best_model_at_end=section.keep_best,
        # With its prefix: transformers would take that of a label called `eval_joy` for it.
        metric_for_best_model=f"eval_{section.metric}",
        greater_is_better=not section.metric.endswith("loss"),
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        bf16=bool(native_bfloat16()) if section.bfloat16 == "auto" else section.bfloat16,
        use_cpu=on_cpu(),
        ddp_find_unused_parameters=False,
        disable_tqdm=True,
        report_to=list(track) or "none",
        run_name=f"{recipe.name}, {folder.name}",
        seed=seed,
    )
