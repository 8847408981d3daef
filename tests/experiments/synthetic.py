"""Logs as trainings would have written them, made up: curves, scored texts, a model's config."""

import json
from pathlib import Path

import numpy as np

from emoscope.calibration import decide, sigmoid, softmax
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import Run, to_yaml
from emoscope.experiments.scored import ScoredTexts
from emoscope.metrics.classification import report
from emoscope.metrics.metric import name_metrics
from emoscope.taxonomy import Label, Taxonomy

WORDS = [
    "today",
    "it",
    "rained",
    "and",
    "I",
    "missed",
    "the",
    "last",
    "bus",
    "again",
    "but",
    "the",
    "driver",
    "waited",
    "for",
    "me",
    "so",
    "well",
    "what",
    "can",
    "one",
    "say",
    "about",
    "people",
    "who",
    "do",
    "that",
    "on",
    "a",
    "cold",
    "night",
    "in",
    "november",
    "without",
    "being",
    "asked",
    "to",
]
PARAMS = {
    "name": "made-up",
    "corpus": {"name": "sample", "test": "test"},
    "training": {"epochs": 8, "learning_rate": 0.005, "schedule": {"kind": "cosine"}},
}


def taxonomy_of(names, exclusive=False, ignored=()):
    labels = tuple(Label(name, ("word",)) for name in names)
    return Taxonomy("made-up", labels, exclusive=exclusive, ignored=tuple(ignored))


def make_texts(taxonomy, size, rng, parts=("sample",), missing=0.0):
    """Ids, parts, turns and gold labels of some texts."""
    count = len(taxonomy)
    if taxonomy.exclusive:
        shares = np.linspace(4, 1, count)
        gold = np.eye(count)[rng.choice(count, size, p=shares / shares.sum())]
    else:
        gold = (rng.random((size, count)) < np.linspace(0.3, 0.03, count)).astype(float)
    gold[rng.random(gold.shape) < missing] = np.nan
    turns = [[" ".join(rng.choice(WORDS, rng.integers(4, 30)))] for _ in range(size)]
    return [f"t{n}" for n in range(size)], list(rng.choice(parts, size)), turns, gold


def score(taxonomy, texts, rng, skill=2.0):
    """What a run that knows something says of the texts, with noise of all runs and its own."""
    ids, parts, turns, gold = texts
    common = np.random.default_rng(7).normal(size=gold.shape)
    noise = 1.2 * common + 0.7 * rng.normal(size=gold.shape)
    logits = skill * (2 * np.nan_to_num(gold) - 1) + noise - (0 if taxonomy.exclusive else 0.6)
    probabilities = softmax(logits) if taxonomy.exclusive else sigmoid(logits)
    cuts = np.linspace(0.35, 0.55, len(taxonomy))
    predictions = decide(probabilities, taxonomy.exclusive, cuts) & ~np.isnan(gold)
    return ScoredTexts(taxonomy.names, ids, parts, turns, gold, probabilities, predictions)


def figures_of(scored, taxonomy):
    gold = np.nan_to_num(scored.gold)
    return report(gold, scored.predictions, taxonomy)


def make_curves(final, rng, epochs, terms=(), parts=(), half=True):
    """Curves that rise to the final figures of dev, and losses that fall."""

    def rising(value):
        return tuple(
            (float(step), float(np.clip(value * (1 - np.exp(-step / 2.2)), 0, 1)))
            for step in range(1, epochs + 1)
            if (value := value + rng.normal() * 0.01) is not None
        )

    def falling(high, low, rebound=0.0):
        return tuple(
            (
                float(step),
                low + (high - low) * np.exp(-step / 2) + rebound * step + rng.normal() / 99,
            )
            for step in range(1, epochs + 1)
        )

    curves = {"loss": falling(0.7, 0.2), "eval_loss": falling(0.6, 0.25, 0.004)}
    curves |= {name: falling(0.9, 0.3) for name in terms}
    rates = tuple((float(s), 1e-3 * (1 - s / (epochs + 1))) for s in range(1, epochs + 1))
    curves["learning_rate"] = rates
    curves["grad_norm"] = falling(3, 1)
    for name, value in final.items():
        curves[f"eval_{name}"] = rising(value)
        if half:
            curves[f"eval_half_{name}"] = rising(value * 0.94)
    for part in parts:
        curves[f"eval_{part}_micro_f1"] = rising(0.6)
        curves[f"eval_{part}_macro_f1"] = rising(0.5)
    return curves


def make_log(
    folder,
    taxonomy,
    runs=3,
    size=200,
    *,
    splits=("dev", "test"),
    params=PARAMS,
    parts=("sample",),
    missing=0.0,
    terms=(),
    texts=None,
    skill=2.0,
    epochs=None,
):
    """A configuration's folder, with everything that a report reads.

    Args:
        texts: ids, parts, turns and gold instead of made-up ones.
        epochs: of each run.
    """
    folder = Path(folder)
    folder.mkdir(parents=True)
    (folder / "params.yml").write_text(to_yaml(params), encoding="utf-8")
    (folder / "environment.json").write_text(json.dumps({"python": "3.11.7", "threads": 2}))
    log = ExperimentLog.load(folder)
    finished = []
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        place = folder / f"seed-{seed}"
        (place / "model").mkdir(parents=True)
        config = {"taxonomy": taxonomy.to_dict()}
        (place / "model" / "config.json").write_text(json.dumps(config), encoding="utf-8")
        final = {"seconds": 61.5 + seed, "epochs": 8.0}
        for number, split in enumerate(splits):
            of_split = texts or make_texts(
                taxonomy, size, np.random.default_rng(100 + number), parts, missing
            )
            scored = score(taxonomy, of_split, rng, skill)
            scored.write(place / f"{split}.parquet")
            flat = name_metrics(figures_of(scored, taxonomy).metrics())
            if split == "test":
                final |= {f"test_{name}": value for name, value in flat.items()}
        last = (epochs or [8] * runs)[seed]
        curves = make_curves(
            flat, rng, last, terms, parts if len(parts) > 1 else (), not taxonomy.exclusive
        )
        finished.append(Run(f"seed-{seed}", float(max(1, last - 2)), curves, final, seed))
    return log.add(*finished)
