"""Out-of-fold scores: each fold of the training split scored by a model that has not seen it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.experiments.runs import MeanStd
from emoscope.experiments.scored import ScoredTexts
from emoscope.files import write_json, written_aside
from emoscope.metrics.classification import metrics_of, report
from emoscope.metrics.metric import name_metrics
from emoscope.recipes.schema import Recipe
from emoscope.training.assign_folds import Places, assign_folds, check_apart
from emoscope.training.folds_folder import FIGURES, HELD_OUT, WHOLE, describe_folds, make_folder
from emoscope.training.logs import RESULT
from emoscope.training.prepare import Prepared, make_family, name_parts, prepare
from emoscope.training.processes import is_main, wait
from emoscope.training.results import RunOptions, RunResult
from emoscope.training.run import train_run
from emoscope.training.train import describe_environment, hold_run

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoldResults:
    """A finished cross-validation.

    Attributes:
        folds: the run of each fold; its `test` is what it held out.
        whole: the run trained on everything.
        pooled: `Report.to_dict()` of all held-out examples together.
    """

    folds: list[RunResult]
    whole: RunResult
    pooled: dict[str, Any]


def train_folds(
    recipe: Recipe,
    root: Path,
    output: Path,
    folds: int,
    options: RunOptions = RunOptions(),  # noqa: B008 - it cannot change
) -> FoldResults:
    """Train a model for each fold of the training split and one on all of it.

    What is finished is not run again, and a run that was killed goes on from its last checkpoint.
    Several processes may do this in the same folder: each takes the runs that no other holds.

    Args:
        recipe: what to train; its seed draws the folds too.
        root: folder of the corpora's files.
        output: gets `folds.json`, `fold-1/` and so on, `whole/`, `held_out.parquet` (id, fold, then
            a calibrated score and the gold label for each label), and `held_out.json` (figures).
        folds: how many, at least 2.
        options: how progress is shown, and whether previous runs are deleted.

    Raises:
        InputError: fewer examples than folds, or the folder holds something else.
    """
    if folds < 2:
        raise InputError(f"Expected 2 folds or more, got {folds}. A usual number is 5.")
    if (reason := recipe.model.explain_no_folds()) is not None:
        raise InputError(reason)
    prepared = prepare(recipe, root)
    assigned = [assign_folds(part, folds, recipe.seed) for part in prepared.train]
    check_every_label_stays(recipe, prepared.train, assigned)
    if is_main():
        make_folder(output, describe_folds(recipe, prepared.train, assigned, folds), options)
        facts = {**describe_environment(), **prepared.family.facts}
        write_json(output / "environment.json", facts)
        for line in prepared.family.notes:
            logger.info("%s", line)
    wait()
    names = [*(f"fold-{number}" for number in range(1, folds + 1)), WHOLE]
    results: dict[str, RunResult] = {}
    for blocking in (False, True):
        for number, name in enumerate(names, start=1):
            if name in results:
                continue
            with hold_run(output / name, blocking) as mine:
                if not mine:
                    continue
                results[name] = train_part(
                    (recipe, prepared), assigned, None if name == WHOLE else number, output, options
                )
            if is_main() and options.after_run is not None:
                options.after_run(output / name, results[name])
    fold_results = [results[name] for name in names[:-1]]
    pooled: dict[str, Any] = {}
    if is_main():
        pooled = write_held_out(output, prepared, assigned, fold_results)
    wait()
    return FoldResults(fold_results, results[WHOLE], pooled)


def train_part(
    plan: tuple[Recipe, Prepared],
    assigned: Sequence[Places],
    fold: int | None,
    output: Path,
    options: RunOptions,
) -> RunResult:
    """Train the model of one fold, or of everything if `fold` is None."""
    recipe, prepared = plan
    folder = output / (WHOLE if fold is None else f"fold-{fold}")
    if fold is None or (folder / RESULT).is_file():
        return train_run(recipe, prepared, folder, recipe.seed, options)
    named = recipe.model_copy(
        update={"name": f"{recipe.name}, fold {fold} of {max(map(np.max, assigned))}"}
    )
    return train_run(
        named, hold_out(recipe, prepared, assigned, fold), folder, recipe.seed, options
    )


def hold_out(recipe: Recipe, prepared: Prepared, assigned: Sequence[Places], fold: int) -> Prepared:
    """A training without one fold, which takes the place of the test split.

    Whatever is fitted to texts, such as a vocabulary, is fitted again to the rest.

    Raises:
        EmoscopeError: an example is in both.
    """
    train, held_out = (
        tuple(
            part.select(np.flatnonzero((places == fold) == out))
            for part, places in zip(prepared.train, assigned, strict=True)
        )
        for out in (False, True)
    )
    check_apart(train, held_out)
    family = make_family(recipe, list(train))
    return replace(prepared, train=train, test=held_out, family=family)


def check_every_label_stays(
    recipe: Recipe, train: Sequence[Corpus], assigned: Sequence[Places]
) -> None:
    """Check, before hours of training, that a corrected prior has every label in each fold.

    The prior is that of all parts with the labels of the model together.
    """
    if recipe.prior.target == "none":
        return
    names = train[0].taxonomy.names
    alike = [
        (part, places)
        for part, places in zip(train, assigned, strict=True)
        if part.taxonomy.names == names
    ]
    has = np.concatenate([part.labels for part, _ in alike]) >= 0.5
    folds = np.concatenate([places for _, places in alike])
    title = ", ".join(dict.fromkeys(part.name for part, _ in alike))
    for name, of_label in zip(names, has.T, strict=True):
        count = int(of_label.sum())
        if len(set(folds[of_label].tolist())) < 2:
            raise InputError(
                f"{title}: {name} has {count} {'example' if count == 1 else 'examples'}, so that "
                "one fold's model would train without it, and prior.target cannot be corrected. "
                "Leave the label out of the taxonomy, or set prior.target=none."
            )


def write_held_out(
    output: Path, prepared: Prepared, assigned: Sequence[Places], results: Sequence[RunResult]
) -> dict[str, Any]:
    """Put the scores of all folds into one table, in the order of the training split.

    Returns:
        `Report.to_dict()` of all held-out examples together.
    """
    fold_of = np.concatenate(list(assigned))
    parts = np.repeat(name_parts(prepared.train), list(map(len, prepared.train)))
    scored = [
        ScoredTexts.read(output / f"fold-{number + 1}" / "test.parquet")
        for number in range(len(results))
    ]
    names = scored[0].labels
    shape = (len(fold_of), len(names))
    scores, gold = (np.full(shape, np.nan, dtype=np.float32) for _ in range(2))
    predictions = np.zeros(shape, dtype=bool)
    ids = np.concatenate([np.array(part.ids, dtype=object) for part in prepared.train])
    for number, texts in enumerate(scored, start=1):
        rows = np.flatnonzero(fold_of == number)
        if list(texts.ids) != ids[rows].tolist():
            raise InputError(
                f"{output / f'fold-{number}'} holds scores of other texts. Give --restart."
            )
        scores[rows], gold[rows] = texts.probabilities, texts.gold
        predictions[rows] = texts.predictions
    columns: dict[str, Any] = {"id": ids.tolist(), "fold": fold_of.astype(np.int32)}
    if len(prepared.train) > 1:
        columns["part"] = parts.tolist()
    for kind, values in (("score", scores), ("label", gold)):
        columns |= {f"{kind}_{name}": values[:, k] for k, name in enumerate(names)}
    with written_aside(output / HELD_OUT) as partial:
        pq.write_table(pa.table(columns), partial, compression="zstd")
    own = [names.index(name) for name in prepared.taxonomy.names]
    pooled = report(
        np.nan_to_num(gold[:, own], nan=0.0), predictions[:, own], prepared.taxonomy
    ).to_dict()
    over_folds = summarise(results)
    figures = {
        "mean": {name: each.mean for name, each in over_folds.items()},
        "sd": {name: each.sd for name, each in over_folds.items()},
        "pooled": pooled,
        "folds": [result.test for result in results],
    }
    write_json(output / FIGURES, figures)
    return pooled


def summarise(results: Sequence[RunResult]) -> dict[str, MeanStd]:
    """Mean and standard deviation over the folds of each metric of the held-out examples."""
    rows = [name_metrics(metrics_of(result.test)) for result in results if result.test]
    return {name: MeanStd.of([row[name] for row in rows]) for name in rows[0]}
