"""Train one network with transformers' Trainer: what most kinds of model take."""

import time
from pathlib import Path

from transformers import set_seed
from transformers.utils import logging as transformers_logging

from emoscope.recipes.schema import Recipe
from emoscope.training.builder import make_trainer
from emoscope.training.checkpoints import find_last_checkpoint
from emoscope.training.prepare import Prepared
from emoscope.training.processes import is_main
from emoscope.training.results import RunOptions, Trained
from emoscope.training.trainer import EmotionTrainer


def train_network(
    recipe: Recipe, prepared: Prepared, folder: Path, seed: int, options: RunOptions
) -> Trained:
    """Train a new network, from the last checkpoint if there is one; see `train_run`."""
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    set_seed(seed)
    model = prepared.family.make_model()
    if prepared.family.draw is not None and is_main():
        prepared.family.draw(model, folder / "plots" / "network.png")
    trainer, correction = make_trainer(recipe, prepared, model, folder, seed, options)

    started = time.monotonic()
    if recipe.training.epochs:
        trainer.train(resume_from_checkpoint=find_last_checkpoint(folder / "checkpoints"))
    else:
        trainer.state.epoch = 0.0
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
        seconds=time.monotonic() - started,
    )


def find_kept_epoch(trainer: EmotionTrainer) -> float:
    """The epoch whose weights the model has: the best one if the recipe asks so, else the last."""
    if not trainer.section.keep_best or not trainer.section.epochs:
        return float(trainer.state.epoch or 0)
    name = f"eval_{trainer.section.metric}"
    scored = [entry for entry in trainer.state.log_history if name in entry]
    best = min if name.endswith("loss") else max
    return float(best(scored, key=lambda entry: entry[name])["epoch"])
