"""What Demux carries over: to languages and to emotions that it was not trained on.

    python benchmarks/transfer_quality.py --semeval2025 DIR --encoder FOLDER
        [--goemotions DIR] [--part languages emotions] [--runs N] [--work FOLDER] [--quick]
        [--json FILE]

- languages: the recipe demux-semeval2025 (English, German and Hindi), tested on Spanish and on
  Algerian and Moroccan Arabic. Nothing of the target language is used: epoch, thresholds and
  temperature come from the dev texts of the source languages. FOLDER is a multilingual encoder as
  transformers saves one, such as multilingual-e5-small. The published figures are those of LaBSE
  trained without the target language (Muhammad et al. 2025, arXiv 2502.11926).
- emotions: on a quarter of GoEmotions, one model that never saw five of the emotions and one that
  saw them all. The unseen ones are asked for afterwards: ROC-AUC, which needs no threshold, and F1
  at the median of the thresholds that were fitted for the seen ones.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from common import data_sample, finish, machine, options, shown, working
from emoscope.corpora import goemotions, semeval2025
from emoscope.evaluation.evaluate import Evaluation, evaluate
from emoscope.inference.annotator import load
from emoscope.recipes.load import load_recipe
from emoscope.training.train import train

TARGETS = {"esp": 0.546, "arq": 0.359, "ary": 0.428}
"""Macro-F1 published for LaBSE trained on other languages."""
UNSEEN = ("anger", "fear", "gratitude", "joy", "sadness", "surprise")
"""Held out together, so that none of them leaks in through another."""
QUARTER = ["corpus.holdout={share: 0.75, seed: 42}"]
QUICK = ["training.epochs=1", "model.frozen_layers=5"]


def languages(
    root: Path, encoder: str, work: Path, runs: int, quick: Sequence[str]
) -> dict[str, Any]:
    """Train on three languages, test on three others."""
    recipe = load_recipe("demux-semeval2025", [f"model.backbone={encoder}", *quick])
    results = train(recipe, root, work / "languages", runs)
    models = [load(work / "languages" / f"seed-{seed}") for seed in range(runs)]
    figures: dict[str, Any] = {
        "recipe": recipe.model_dump(mode="json", exclude={"model": {"backbone"}}),
        "seconds": [result.seconds for result in results],
        "dev": [result.dev["macro"]["f1"] for result in results],
        "targets": {},
    }
    print(
        f"  trained on {', '.join(sources(recipe))}; macro-F1 on their dev {shown(figures['dev'])}"
    )
    print(f"    {'target':8} {'fitted':>15} {'at ½':>15} {'published':>10}", flush=True)
    for target, published in TARGETS.items():
        test = semeval2025.load(root, "test", languages=(target,))
        done = [evaluate(model, test) for model in models]
        fitted = [one.report.macro.f1 for one in done]
        half = [one.at_fixed.macro.f1 for one in done if one.at_fixed]
        figures["targets"][target] = {
            "macro_f1": fitted,
            "half_macro_f1": half,
            "micro_f1": [one.report.micro.f1 for one in done],
            "published_macro_f1": published,
        }
        print(
            f"    {target:8} {shown(fitted):>15} {shown(half):>15} {published:>10.3f}", flush=True
        )
    return figures


def sources(recipe: Any) -> list[str]:
    """The languages that a recipe trains on."""
    sections = (recipe.corpus, *recipe.mix.corpora)
    return [language for one in sections for language in one.languages or ()]


def emotions(root: Path, work: Path, quick: Sequence[str]) -> dict[str, Any]:
    """Ask one model for emotions that it never saw, and another that did."""
    excluded = ["neutral", *UNSEEN]
    without = [f"corpus.exclude=[{', '.join(excluded)}]", "model.freeze=labels"]
    blind = load_recipe("demux-goemotions", [*QUARTER, *quick, *without])
    sighted = load_recipe("demux-goemotions", [*QUARTER, *quick])
    train(blind, root, work / "emotions-unseen")
    train(sighted, root, work / "emotions-seen")
    test = goemotions.load(root, "test").without("neutral")
    done = {
        "unseen": evaluate(load(work / "emotions-unseen", test.taxonomy), test),
        "seen": evaluate(load(work / "emotions-seen"), test),
    }
    figures = {name: {kind: of_label(one, name) for kind, one in done.items()} for name in UNSEEN}
    print(
        f"  emotions never trained on ({', '.join(UNSEEN)}), test; beside the model that saw them"
    )
    columns = ("AUC unseen", "AUC seen", "F1 unseen", "F1 seen", "share")
    print(f"    {'':12} " + "  ".join(f"{name:>10}" for name in columns))
    for name, row in figures.items():
        values = [row[kind][key] for key in ("auc", "f1") for kind in ("unseen", "seen")]
        cells = [*values, row["seen"]["share"]]
        print(f"    {name:12} " + "  ".join(f"{value:10.3f}" for value in cells), flush=True)
    return {
        "labels": figures,
        "macro_f1_of_the_others": {
            kind: float(
                np.mean([s.f1 for name, s in one.report.labels.items() if name not in UNSEEN])
            )
            for kind, one in done.items()
        },
    }


def of_label(evaluation: Evaluation, name: str) -> Mapping[str, float]:
    """ROC-AUC and F1 of one label, and the share of texts that have it."""
    place = evaluation.taxonomy.index(name)
    truth = evaluation.labels[:, place] >= 0.5
    return {
        "auc": float(roc_auc_score(truth, evaluation.probabilities[:, place])),
        "f1": evaluation.report.labels[name].f1,
        "share": float(truth.mean()),
    }


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--semeval2025", type=Path)
    parser.add_argument("--goemotions", type=Path)
    parser.add_argument("--encoder", type=Path, help="folder of a multilingual encoder")
    parser.add_argument("--part", nargs="+", default=["languages", "emotions"])
    parser.add_argument("--runs", type=int, default=1, help="seeds of the languages part")
    parser.add_argument("--work", type=Path, help="keep the runs here")
    arguments = parser.parse_args()
    quick = QUICK if arguments.quick else []
    lines = 150 if arguments.quick else None
    figures: dict[str, Any] = {}
    met: dict[str, bool] = {}
    print(machine(), flush=True)
    with working(arguments.work) as work:
        if "languages" in arguments.part:
            if arguments.semeval2025 is None or arguments.encoder is None:
                parser.error("the part languages needs --semeval2025 and --encoder")
            with data_sample(arguments.semeval2025, lines) as root:
                encoder = str(arguments.encoder)
                figures["languages"] = languages(root, encoder, work, arguments.runs, quick)
            for target, one in figures["languages"]["targets"].items():
                bar = one["published_macro_f1"]
                sentence = f"{target} macro-F1 {shown(one['macro_f1'])}, published {bar}"
                met[sentence] = float(np.mean(one["macro_f1"])) >= bar
        if "emotions" in arguments.part:
            if arguments.goemotions is None:
                parser.error("the part emotions needs --goemotions")
            with data_sample(arguments.goemotions, lines) as root:
                figures["emotions"] = emotions(root, work, quick)
            aucs = [row["unseen"]["auc"] for row in figures["emotions"]["labels"].values()]
            met[f"ROC-AUC of {len(aucs)} unseen emotions {shown(aucs)}, chance 0.5"] = (
                min(aucs) > 0.5
            )
    finish(figures, met, arguments.json, arguments.quick)


if __name__ == "__main__":
    main()
