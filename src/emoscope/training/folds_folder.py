"""The folder of a cross-validation: which it is, what is in it, and what it says of its folds."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.experiments.log import LOCK, list_numbered_folders
from emoscope.experiments.naming import make_folder_name
from emoscope.files import locked, make_partial_path, read_json, write_json
from emoscope.recipes.folder_names import choose_naming_values
from emoscope.recipes.schema import Recipe
from emoscope.training.assign_folds import Places, hash_ids
from emoscope.training.logs import is_same_configuration, make_group_name, to_params
from emoscope.training.results import RunOptions
from emoscope.training.train import check_free

FOLDS, HELD_OUT, FIGURES, WHOLE = "folds.json", "held_out.parquet", "held_out.json", "whole"


def find_folds_folder(root: Path, recipe: Recipe, folds: int) -> Path:
    """The folder of a cross-validation among all logs: one that holds it, or the next free one.

    It is called as that of a training is, and then by the number of folds. One that was called
    otherwise, by an earlier version or other naming parameters, is found all the same.

    Args:
        root: folder of all logs.
        recipe: what to train.
        folds: how many.
    """
    place = root / make_group_name(recipe)
    place.mkdir(parents=True, exist_ok=True)
    named = choose_naming_values(recipe)
    stem = f"{make_folder_name(named, tuple(named))}-{folds}-folds"
    *numbered, free = list_numbered_folders(place, stem)
    # One without folds is new: its maker has not written them yet, or was killed before.
    free = next((folder for folder in numbered if not (folder / FOLDS).is_file()), free)
    others = sorted(path.parent for path in place.glob(f"*/{FOLDS}"))
    for folder in dict.fromkeys([*numbered, *others]):
        path = folder / FOLDS
        if path.is_file() and not find_other_settings(read_json(path), recipe, folds):
            return folder
    return free


def describe_folds(
    recipe: Recipe, train: Sequence[Corpus], assigned: Sequence[Places], folds: int
) -> dict[str, Any]:
    """What `folds.json` says: the recipe, its data and which examples are in which fold."""
    held_out = []
    for fold in range(1, folds + 1):
        ids = [
            part.ids[place]
            for part, places in zip(train, assigned, strict=True)
            for place in np.flatnonzero(places == fold)
        ]
        held_out.append({"fold": fold, "examples": len(ids), "ids_sha256": hash_ids(ids)})
    return {
        "recipe": to_params(recipe),
        "corpus": [section.name for section in recipe.corpora],
        "split": [section.train for section in recipe.corpora],
        "seed": recipe.seed,
        "folds": folds,
        "held_out": held_out,
    }


def make_folder(output: Path, described: dict[str, Any], options: RunOptions) -> None:
    """Make the folder of a cross-validation, or check that it holds the same one.

    Raises:
        InputError: it holds something else.
    """
    path = output / FOLDS
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file; expected a folder. Choose another --output.")
    # What is left of one that was ended before it had written its folds.
    begun = {LOCK, make_partial_path(path).name}
    if not path.is_file() and output.is_dir() and {each.name for each in output.iterdir()} - begun:
        raise InputError(f"{output} is not empty and holds no folds. Choose another --output.")
    output.mkdir(parents=True, exist_ok=True)
    with locked(output / LOCK):
        if path.is_file():
            found = find_difference(read_json(path), described)
            if found and not options.restart:
                raise InputError(
                    f"{output} holds folds of {found}, see {path}. Choose another --output, or "
                    "give --restart to delete them."
                )
            if options.restart:
                delete_runs(output)
        write_json(path, described)


def find_difference(known: dict[str, Any], wanted: dict[str, Any]) -> str:
    """What a folder holds folds of, if not of what is wanted; empty if it does."""
    recipe = Recipe.model_validate(wanted["recipe"])
    found = find_other_settings(known, recipe, wanted["folds"])
    if not found and known.get("held_out") != wanted["held_out"]:
        found.append("other examples")
    return " and ".join(found)


def find_other_settings(known: Any, recipe: Recipe, folds: int) -> list[str]:
    """In what a `folds.json` differs from a recipe with its seed, and a number of folds."""
    known = known if isinstance(known, dict) else {}
    settings = known.get("recipe")
    same = isinstance(settings, dict) and is_same_configuration(settings, recipe)
    found = [] if same else ["another recipe"]
    if known.get("seed") != recipe.seed:
        found.append("another seed")
    if known.get("folds") != folds:
        found.append("another number of folds")
    return found


def delete_runs(output: Path) -> None:
    """Delete the runs of a folder, waiting for none: who trains there now is not disturbed.

    Raises:
        InputError: another process trains in it.
    """
    runs = [run for run in (*output.glob("fold-*"), output / WHOLE) if run.is_dir()]
    check_free(runs)
    for run in runs:
        shutil.rmtree(run)
    for name in (HELD_OUT, FIGURES):
        (output / name).unlink(missing_ok=True)
