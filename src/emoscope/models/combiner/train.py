"""Grow the trees of one run, and weigh them against the parts."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import log_softmax
from emoscope.charts.suffix import make_picture_path
from emoscope.errors import InputError, require
from emoscope.files import write_json, write_text
from emoscope.folder import CONFIG
from emoscope.metrics.metric import name_metrics
from emoscope.models.combiner.averaging import Averaged, fit_weights
from emoscope.models.combiner.backend import PARTS, WEIGHTS, AllFeatures
from emoscope.models.combiner.family import CombinerEncoder, CombinerFamily
from emoscope.models.combiner.held_out import check_not_better
from emoscope.models.combiner.plots import draw_features
from emoscope.models.combiner.section import LEXICAL, CombinerSection, TreesSection
from emoscope.models.combiner.trees import EXTRA, Trees
from emoscope.recipes.schema import Recipe
from emoscope.training.data import Part
from emoscope.training.logs import HISTORY
from emoscope.training.prepare import Prepared
from emoscope.training.prior import PriorCorrection
from emoscope.training.results import RunOptions, Trained
from emoscope.training.validation import validate_dev

Floats = NDArray[np.float32]
SHOWN_TEXTS = 500
"""Texts of dev whose SHAP values are in the picture."""


@dataclass(frozen=True)
class Examples:
    """What trees are grown on and stopped by.

    Attributes:
        train: features of the N training texts, (N, F).
        train_labels: (N, K).
        dev: features of the dev texts, (M, F).
        dev_labels: (M, K).
    """

    train: Floats
    train_labels: Floats
    dev: Floats
    dev_labels: Floats


def train_trees(
    recipe: Recipe, prepared: Prepared, folder: Path, seed: int, options: RunOptions
) -> Trained:
    """Grow the trees of one run, and weigh them against the parts; see `train_run`."""
    section = cast(CombinerSection, recipe.model)
    family = cast(CombinerFamily, prepared.family)
    features = cast(CombinerEncoder, family.encoder).features
    labels = np.concatenate([corpus.labels for corpus in prepared.train])
    dev_labels = prepared.of_model([part.labels for part in prepared.dev_set])
    correction = PriorCorrection(recipe, prepared.taxonomy, labels, dev_labels)
    dev = np.concatenate([compute_features(part) for part in prepared.dev_set])
    averaged = section.ensemble == "averaging"
    if not averaged:
        check_parts(section, family.train_features, labels, dev, dev_labels)
    started = time.monotonic()
    width = family.train_features.shape[1]
    examples = Examples(family.train_features, labels, dev[:, :width], dev_labels)
    exclusive = prepared.taxonomy.exclusive
    trees, curve = (
        grow(section.trees, examples, correction, exclusive, seed) if width else (None, [])
    )
    scorer = weigh(trees, features, dev, dev_labels, correction) if averaged else cast(Trees, trees)
    seconds = time.monotonic() - started

    def score(parts: Sequence[Part]) -> list[Floats]:
        return [scorer.logits(compute_features(part)) for part in parts]

    def save(partial: Path) -> None:
        partial.mkdir(parents=True, exist_ok=True)
        config: dict[str, Any] = {
            "model_type": recipe.model.type,
            # A list, as their scores are columns in this order.
            PARTS: [{"name": part.name, "models": len(part.annotators)} for part in features.parts],
        }
        if trees is not None:
            trees.save(partial)
        if isinstance(scorer, Averaged):
            config[WEIGHTS] = dict(scorer.weights)
        write_json(partial / CONFIG, config)

    best = 0 if trees is None else max(each.current_iteration() for each in trees.boosters)
    metrics = name_metrics(validate_dev(prepared, correction, score(prepared.dev_set)).metrics())
    history = {"eval_loss": curve} | {
        f"eval_{name}": [(float(best), value)] for name, value in metrics.items()
    }
    write_text(folder / HISTORY, json.dumps(history, indent=1))
    if trees is not None:
        draw_features(
            make_picture_path(folder / "plots", "features", options.picture_format),
            [column.name for column in features.columns[:width]],
            prepared.taxonomy.names,
            trees.importance(),
            trees.contributions(examples.dev[:SHOWN_TEXTS]),
        )
    return Trained(
        score=score,
        correction=correction,
        save=save,
        epochs=float(len(curve)),
        best_epoch=float(best),
        seconds=seconds,
    )


def weigh(
    trees: Trees | None,
    features: AllFeatures,
    dev: Floats,
    labels: Floats,
    correction: PriorCorrection,
) -> Averaged:
    """Fit the weights of the trees and the parts to dev, the prior corrected as it will be.

    Args:
        trees: on the lexical features, if there are any.
        features: with the parts.
        dev: all features of the dev texts, (M, F).
        labels: (M, K).
        correction: of the prior.
    """
    names = [LEXICAL] * (trees is not None) + [part.name for part in features.parts]
    plain = Averaged(
        trees, dict.fromkeys(names, 1 / len(names)), labels.shape[1], correction.exclusive
    )
    shift = np.asarray(correction.calibrate(plain.logits(dev)).prior_shift or 0.0)
    weights = fit_weights(plain.each(dev), labels, correction.exclusive, shift)
    return replace(plain, weights=dict(zip(names, weights, strict=True)))


def check_parts(
    section: CombinerSection, train: Floats, labels: Floats, dev: Floats, dev_labels: Floats
) -> None:
    """Check that no part scores training texts better than dev; see `check_not_better`."""
    width, count = train.shape[1], labels.shape[1]
    for number, part in enumerate(section.parts):
        start = width - (len(section.parts) - number) * count
        own = slice(start, start + count)
        check_not_better(
            part.name, (labels, train[:, own]), (dev_labels, dev[:, own]), section.leak_margin
        )


def compute_features(part: Part) -> Floats:
    """The features of the texts of a part."""
    return cast(Floats, part.encoded)


Curve = list[tuple[float, float]]


def grow(
    section: TreesSection,
    examples: Examples,
    correction: PriorCorrection,
    exclusive: bool,
    seed: int,
) -> tuple[Trees, Curve]:
    """Grow trees until the loss on dev, under the corrected prior, falls no more.

    Returns:
        The trees up to the best round, and the loss on dev after each round.
    """
    shared = make_parameters(section, seed)
    if exclusive:
        gold = examples.train_labels.argmax(axis=1)
        weights = correction.class_weights
        outputs = examples.train_labels.shape[1]
        booster, curve = grow_one(
            {**shared, "objective": "multiclass", "num_class": outputs},
            section,
            (examples.train, gold, None if weights is None else weights[gold]),
            (examples.dev, examples.dev_labels.argmax(axis=1)),
            make_corrected_loss(correction, examples.dev_labels),
        )
        return Trees((booster,), exclusive=True, threads=section.threads), curve
    if correction.class_weights is not None:
        raise InputError(
            "objective.class_weights: no effect on trees of labels that do not exclude each other, "
            "as each label has its own. Set it to none."
        )
    grown = []
    for label in range(examples.train_labels.shape[1]):
        known = ~np.isnan(examples.dev_labels[:, label])
        grown.append(
            grow_one(
                {**shared, "objective": "binary", "metric": "binary_logloss"},
                section,
                (examples.train, examples.train_labels[:, label] >= 0.5, None),
                (examples.dev[known], examples.dev_labels[known, label] >= 0.5),
                None,
            )
        )
    longest = max(len(curve) for _, curve in grown)
    # Of trees that were stopped before, the last loss.
    losses = [[curve[min(at, len(curve) - 1)][1] for _, curve in grown] for at in range(longest)]
    curve = [(float(at + 1), float(np.mean(each))) for at, each in enumerate(losses)]
    boosters = tuple(booster for booster, _ in grown)
    return Trees(boosters, exclusive=False, threads=section.threads), curve


def make_parameters(section: TreesSection, seed: int) -> dict[str, Any]:
    """What LightGBM is told of any tree."""
    return {
        "learning_rate": section.learning_rate,
        "num_leaves": section.leaves,
        "min_data_in_leaf": section.min_leaf,
        "feature_fraction": section.feature_share,
        "bagging_fraction": section.text_share,
        "bagging_freq": 1,
        "lambda_l2": section.l2,
        "num_threads": section.threads,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "metric": "None",
        "verbose": -1,
    }


def grow_one(
    parameters: dict[str, Any],
    section: TreesSection,
    train: tuple[Floats, NDArray[Any], NDArray[Any] | None],
    dev: tuple[Floats, NDArray[Any]],
    loss: Any,
) -> tuple[Any, Curve]:
    """Grow one booster, with early stopping, and keep its best round."""
    lightgbm = require("lightgbm", EXTRA)
    features, gold, weights = train
    data = lightgbm.Dataset(features, gold, weight=weights, params=parameters)
    held_out = lightgbm.Dataset(dev[0], dev[1], reference=data, params=parameters)
    curves: dict[str, dict[str, list[float]]] = {}
    booster = lightgbm.train(
        parameters,
        data,
        section.rounds,
        valid_sets=[held_out],
        valid_names=["dev"],
        feval=loss,
        callbacks=[
            lightgbm.early_stopping(section.patience, verbose=False),
            lightgbm.record_evaluation(curves),
        ],
    )
    (values,) = curves["dev"].values()
    # Written and read back, so that rounds after the best one are gone.
    best = booster.best_iteration or booster.current_iteration()
    kept = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=best))
    return kept, [(float(at), value) for at, value in enumerate(values, start=1)]


def make_corrected_loss(correction: PriorCorrection, labels: Floats) -> Any:
    """LightGBM's function of the loss on dev, the prior corrected as it will be."""

    def loss(probabilities: NDArray[np.float64], data: Any) -> tuple[str, float, bool]:
        del data
        logits = np.log(np.maximum(probabilities.reshape(labels.shape), 1e-15))
        shifted = correction.calibrate(logits).scale(logits)
        return "loss", float(-(log_softmax(shifted) * labels).sum(axis=1).mean()), False

    return loss
