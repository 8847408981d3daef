"""One run: train with one seed, keep what a reader of the results will ask for, save the model."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers import set_seed
from transformers.utils import logging as transformers_logging

from emoscope.calibration import Calibration
from emoscope.charts.suffix import make_picture_path
from emoscope.files import read_json, sync_folder, sync_tree, write_text, written_aside
from emoscope.folder import complete_folder
from emoscope.recipes.schema import Recipe
from emoscope.registry import MODELS, resolve
from emoscope.training.builder import make_trainer
from emoscope.training.card import make_model_card
from emoscope.training.checkpoints import find_last_checkpoint
from emoscope.training.logs import HISTORY, RESULT
from emoscope.training.prepare import Prepared
from emoscope.training.processes import is_main, wait
from emoscope.training.results import RunOptions, RunResult, Trained
from emoscope.training.trainer import EmotionTrainer
from emoscope.training.validation import Validation, make_scored_texts, measure_parts, validate_dev

DEV = ("dev", "half", "parts", "half_parts")
TEST = ("test", "test_half", "test_parts", "test_half_parts")
"""Fields of `RunResult`, in the order of `DEV`."""


def train_run(
    recipe: Recipe,
    prepared: Prepared,
    folder: Path,
    seed: int,
    options: RunOptions = RunOptions(),  # noqa: B008 - it cannot change
) -> RunResult:
    """Train with one seed, from the last checkpoint if there is one; a finished run is read back.

    Args:
        recipe: what to train.
        prepared: its examples, from `prepare`.
        folder: gets `model/`, `plots/`, `predictions/`, `history.json`, the scored texts of dev
            and test, and `result.json`.
        seed: the random seed of the weights, the dropout and the order of the examples.
        options: how it is watched.
    """
    finished = folder / RESULT
    if finished.is_file():
        result = RunResult(**read_json(finished))
        delete_checkpoints(folder)
        return result
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    train = resolve(MODELS[recipe.model.type].train)
    trained: Trained = train(recipe, prepared, folder, seed, options)

    dev_logits = trained.score(prepared.dev_set)
    # Without dev nothing is fitted: labels are cut at a threshold of ½. A known prior needs none.
    on_dev = validate_dev(prepared, trained.correction, dev_logits) if prepared.dev else None
    nothing = np.empty((0, len(prepared.taxonomy)))
    calibration = trained.correction.calibrate(nothing) if on_dev is None else on_dev.calibration
    on_test = None
    if prepared.test:
        test_logits = trained.score(prepared.test_set)
        on_test = measure_parts(prepared, prepared.test_set, test_logits, calibration)
    result = make_result(trained, on_dev, on_test, seed)
    if is_main():
        splits = [("dev", prepared.dev_set, dev_logits)] if prepared.dev else []
        if prepared.test:
            splits.append(("test", prepared.test_set, test_logits))
        for split, parts, logits in splits:
            scored = make_scored_texts(prepared, parts, logits, calibration)
            scored.write(folder / f"{split}.parquet")
        card = make_model_card(recipe, prepared, result)
        languages = recipe.text.languages
        save_model(folder / "model", trained, prepared, calibration, card, languages)
        # Until the model stays after a power cut, the run is not finished and can be resumed.
        sync_tree(folder / "model")
        write_text(finished, json.dumps(vars(result), indent=1))
        sync_tree(finished)
        sync_folder(folder)
    delete_checkpoints(folder)
    wait()
    return result


def delete_checkpoints(folder: Path) -> None:
    """Delete the checkpoints of a finished run; a kill may have left some."""
    if is_main():
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)


def train_network(
    recipe: Recipe, prepared: Prepared, folder: Path, seed: int, options: RunOptions
) -> Trained:
    """Train a new network, from the last checkpoint if there is one; see `train_run`."""
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    set_seed(seed)
    model = prepared.family.make_model()
    if prepared.family.draw is not None and is_main():
        picture = make_picture_path(folder / "plots", "network", options.picture_format)
        prepared.family.draw(model, picture)
    trainer, correction = make_trainer(recipe, prepared, model, folder, seed, options)

    if recipe.training.epochs:
        trainer.train(resume_from_checkpoint=find_last_checkpoint(folder / "checkpoints"))
    else:
        trainer.state.epoch = 0.0
        if is_main():
            write_text(folder / HISTORY, "{}")
        if prepared.dev:
            trainer.evaluate()

    def save(partial: Path) -> None:
        prepared.family.finish(model)
        model.save_pretrained(partial)

    return Trained(
        score=lambda parts: trainer.score(parts)[0],
        correction=correction,
        save=save,
        epochs=trainer.state.epoch or 0.0,
        best_epoch=find_kept_epoch(trainer),
        seconds=trainer.seconds,
    )


def make_result(
    trained: Trained, dev: Validation | None, test: Validation | None, seed: int
) -> RunResult:
    """What is kept of a run in one file."""
    measured: dict[str, Any] = {"dev": {}}
    for checked, names in ((dev, DEV), (test, TEST)):
        if checked is None:
            continue
        # A part may have labels that the model has not learnt; pooled metrics leave them out.
        apart = len(checked.parts) > 1 or any(
            part.labels.keys() != checked.pooled.labels.keys() for part in checked.parts.values()
        )
        of_parts, fixed_parts = (
            {name: part.to_dict() for name, part in parts.items()} if apart else None
            for parts in (checked.parts, checked.parts_at_fixed)
        )
        fixed = None if checked.at_fixed is None else checked.at_fixed.to_dict()
        values = (checked.pooled.to_dict(), fixed, of_parts, fixed and fixed_parts)
        measured |= dict(zip(names, values, strict=True))
    return RunResult(
        seed=seed,
        epochs=round(trained.epochs, 3),
        best_epoch=trained.best_epoch,
        seconds=round(trained.seconds, 2),
        **measured,
    )


def find_kept_epoch(trainer: EmotionTrainer) -> float:
    """The epoch whose weights the model has: the best one if the recipe asks so, else the last."""
    if not trainer.section.keep_best or not trainer.section.epochs:
        return float(trainer.state.epoch or 0)
    name = f"eval_{trainer.section.metric}"
    scored = [entry for entry in trainer.state.log_history if name in entry]
    best = min if name.endswith("loss") else max
    return float(best(scored, key=lambda entry: entry[name])["epoch"])


def save_model(
    folder: Path,
    trained: Trained,
    prepared: Prepared,
    calibration: Calibration,
    card: str,
    languages: Sequence[str] = (),
) -> None:
    """Write a model folder, whole or not at all; arguments as of `complete_folder`."""
    with written_aside(folder) as partial:
        trained.save(partial)
        encoder = prepared.family.encoder
        encoder.save(partial)
        complete_folder(
            partial, prepared.taxonomy, calibration, encoder.to_config(), card, languages
        )
