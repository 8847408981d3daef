"""How well NELEC does on EmoContext (SemEval-2019 Task 3), and what each decision gives.

    python benchmarks/nelec_quality.py --data-dir DIR [--part main report ablation]
        [--work FOLDER] [--quick] [--json FILE]

DIR holds the organisers' train.txt, dev.txt and test.txt. Three parts:

- main: the recipe nelec-emocontext, five seeds, trained on the official train split alone; every
  choice was made on dev; test is measured once, with the five finished models.
- report: the settings of the 2020 report (its 80/20 split, its two forms with their faults mended,
  its schedule), dev figures in the layout of its Table 2. It had 300-dimensional GloVe; this has
  the 50-dimensional one that installs from PyPI.
- ablation: the main recipe with one decision changed at a time, three seeds each, on dev.

--work keeps the runs, so that an interrupted benchmark goes on where it was.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from common import finish, machine, options, shown, working
from emoscope.calibration import Calibration, decide, estimate_prior, label_prior
from emoscope.corpora import emocontext
from emoscope.encoding.batching import Ragged
from emoscope.evaluation.evaluate import evaluate
from emoscope.inference.annotator import load
from emoscope.metrics.classification import report
from emoscope.models.nelec.encoder import PlainEncoder
from emoscope.recipes.load import load_recipe
from emoscope.recipes.schema import Recipe
from emoscope.taxonomy import Taxonomy
from emoscope.training.prepare import Prepared, prepare
from emoscope.training.results import RunResult
from emoscope.training.run import train_run

MAIN = "nelec-emocontext"
QUICK = ["training.epochs=1", "training.batch_size=8", "vectors.extension=0"]
BARS = {"dev": 0.74, "test": 0.73}
PUBLISHED = {
    "report, Keras form, retrained": {"micro": 0.648, "happy": 0.610, "sad": 0.685, "angry": 0.655},
    "report, PyTorch form": {"micro": 0.634, "happy": 0.574, "sad": 0.645, "angry": 0.686},
    "NELEC's published code": {"micro": 0.612, "happy": 0.586, "sad": 0.598, "angry": 0.649},
}
ABLATIONS: Mapping[str, Sequence[str]] = {
    "importance weights in the loss instead": ["objective.class_weights=prior"],
    "no emoji vectors": ["vectors.emoji=none"],
    "no cleaning but lower-casing": ["text.steps=[lower, turn_boundaries]"],
    "padding not masked": [],
    "both directions": ["model.bidirectional=true"],
    "frozen word vectors": ["model.train_embeddings=false"],
    "no pooling of single turns": ["model.pooled_turns=0"],
    "last turn only": [],
}


@dataclass(frozen=True)
class Unmasked(PlainEncoder):
    """Pads every text to the full length and calls the padding real: fault (b) of the report."""

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Word ids, every row `max_length` long."""
        ids = super().encode(conversations)
        rows = np.arange(len(ids))
        values, _ = ids.padded(rows)
        full = np.zeros((len(ids), self.max_length), dtype=np.int32)
        full[:, : values.shape[1]] = values
        return Ragged.from_sequences(full.tolist())


@dataclass(frozen=True)
class LastTurn(PlainEncoder):
    """Reads the last turn only: what the conversation adds is what this loses."""

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Word ids of the last turn."""
        return super().encode([turns[-1:] for turns in conversations])


ENCODERS = {"padding not masked": Unmasked, "last turn only": LastTurn}


def run_series(
    recipe: Recipe, prepared: Prepared, folder: Path, runs: int
) -> list[tuple[Path, RunResult]]:
    """Train with several seeds; finished runs are read back."""
    results = []
    for number in range(1, runs + 1):
        run = folder / f"seed-{recipe.seed + number - 1}"
        result = train_run(recipe, prepared, run, recipe.seed + number - 1)
        print(
            f"    seed {result.seed}: dev {result.dev['micro']['f1']:.4f}, {result.seconds:.0f} s"
        )
        results.append((run, result))
    return results


def micro(results: Sequence[tuple[Path, RunResult]]) -> list[float]:
    """Micro-F1 on dev of each run."""
    return [result.dev["micro"]["f1"] for _, result in results]


def last_logits(run: Path, taxonomy: Taxonomy) -> tuple[np.ndarray, np.ndarray]:
    """Labels and logits, both (N, K), of the dev texts in a run's last epoch."""
    path = max((run / "predictions").glob("epoch-*-dev.parquet"))
    table = pq.read_table(path).to_pydict()
    gold = np.array([table[f"gold_{name}"] for name in taxonomy.names]).T
    return gold, np.array([table[f"logit_{name}"] for name in taxonomy.names]).T


def part_main(recipe: Recipe, root: Path, work: Path, runs: int) -> dict[str, Any]:
    """The recipe itself: dev by each run's own figures, test by its saved model."""
    print(f"main: {recipe.name}, {runs} seeds")
    prepared = prepare(recipe, root)
    for line in prepared.family.notes:
        print(f"    {line}")
    results = run_series(recipe, prepared, work / "main", runs)
    test = emocontext.load(root, "test")
    on_test = [evaluate(load(run / "model"), test) for run, _ in results]
    for (_, result), evaluation in zip(results, on_test, strict=True):
        low, high = evaluation.interval
        print(
            f"    seed {result.seed}: test {evaluation.report.micro.f1:.4f} ({low:.3f}-{high:.3f})"
        )
    rows = [result.dev for _, result in results], [one.to_dict() for one in on_test]
    for split, reports in zip(("dev", "test"), rows, strict=True):
        print_table(f"{split}, mean of {runs} seeds", reports)
    return {
        "recipe": recipe.model_dump(mode="json"),
        "dev": rows[0],
        "test": rows[1],
        "seconds": [result.seconds for _, result in results],
        "prior": prior_effects(prepared.train[0].labels, prepared.taxonomy, results),
    }


def prior_effects(
    train: np.ndarray, taxonomy: Taxonomy, results: Sequence[tuple[Path, RunResult]]
) -> dict[str, list[float]]:
    """Dev micro-F1 of the same trained models under three priors."""
    source = label_prior(train)
    effects: dict[str, list[float]] = {"none": [], "estimated from text": [], "dev shares": []}
    for run, _ in results:
        gold, logits = last_logits(run, taxonomy)
        posterior = Calibration().probabilities(logits, exclusive=True)
        targets = {
            "none": source,
            "estimated from text": estimate_prior(posterior, source),
            "dev shares": label_prior(gold),
        }
        for name, target in targets.items():
            shifted = Calibration.of_shift(source, target).probabilities(logits, exclusive=True)
            figures = report(gold, decide(shifted, exclusive=True), taxonomy)
            effects[name].append(figures.micro.f1)
    return effects


def part_report(root: Path, work: Path, runs: int, quick: Sequence[str]) -> dict[str, Any]:
    """The report's two forms at its settings, and its Table 2 beside them."""
    figures = {}
    for form in ("keras", "pytorch"):
        recipe = load_recipe(f"nelec-report-{form}", ["training.predictions=false", *quick])
        print(f"report: {recipe.name}, {recipe.training.epochs} epochs, {runs} seeds")
        results = run_series(recipe, prepare(recipe, root), work / recipe.name, runs)
        reports = [result.dev for _, result in results]
        print_table(f"{recipe.name}, dev", reports)
        figures[recipe.name] = reports
    print("published on dev:")
    for name, row in PUBLISHED.items():
        print(f"    {name:32} " + "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
    return figures


def part_ablation(root: Path, work: Path, runs: int, quick: Sequence[str]) -> dict[str, Any]:
    """The main recipe with one decision changed at a time."""
    figures = {}
    for name, overrides in ABLATIONS.items():
        print(f"ablation: {name}")
        changed = load_recipe(MAIN, [*quick, *overrides])
        prepared = prepare(changed, root)
        if name in ENCODERS:
            encoder = ENCODERS[name](**vars(prepared.family.encoder))
            prepared = replace(prepared, family=replace(prepared.family, encoder=encoder))
        folder = work / "ablation" / name.replace(" ", "-")
        figures[name] = micro(run_series(changed, prepared, folder, runs))
    return figures


def print_table(title: str, reports: Sequence[Mapping[str, Any]]) -> None:
    """Precision, recall, F1 of each emotion, micro and macro: the layout of the report."""
    print(f"  {title}")
    rows = [name for name in reports[0]["labels"] if name != "others"]
    for name in [*rows, "macro", "micro"]:
        one = [r[name] if name in ("macro", "micro") else r["labels"][name] for r in reports]
        cells = [f"{key} {shown([r[key] for r in one])}" for key in ("precision", "recall", "f1")]
        print(f"    {name:8} " + "   ".join(cells))


def print_effects(shipped: Mapping[str, Any], ablation: Mapping[str, Sequence[float]]) -> None:
    """What each decision changes, against the shipped recipe with the same seeds."""
    print("  effects on dev micro-F1")
    whole = [one["micro"]["f1"] for one in shipped["dev"]]
    rows = {"as shipped": whole, **ablation}
    rows |= {f"prior: {name}": values for name, values in shipped["prior"].items()}
    for name, values in rows.items():
        change = fmean(values) - fmean(whole[: len(values)])
        print(f"    {name:40} {shown(values)}  {change:+.3f}  ({len(values)} seeds)")


@contextmanager
def data(root: Path, quick: bool) -> Iterator[Path]:
    """The corpus' folder, or in a quick run a smaller copy that is gone afterwards."""
    if not quick:
        yield root
        return
    with tempfile.TemporaryDirectory() as name:
        for split, rows in (("train", 1200), ("dev", 500), ("test", 500)):
            lines = (root / f"{split}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
            (Path(name) / f"{split}.txt").write_text("".join(lines[: rows + 1]), encoding="utf-8")
        yield Path(name)


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--part", nargs="+", default=["main", "report", "ablation"])
    parser.add_argument("--runs", type=int, default=5, help="seeds of the main part")
    parser.add_argument("--work", type=Path, help="keep the runs here")
    arguments = parser.parse_args()
    quick = QUICK if arguments.quick else []
    runs = 1 if arguments.quick else arguments.runs
    recipe = load_recipe(MAIN, quick)
    figures: dict[str, Any] = {}
    verdicts: dict[str, bool] = {}
    print(machine())
    with working(arguments.work) as work, data(arguments.data_dir, arguments.quick) as root:
        if "main" in arguments.part:
            figures["main"] = part_main(recipe, root, work, runs)
        if "report" in arguments.part:
            figures["report"] = part_report(root, work, min(runs, 1), quick[:1])
        if "ablation" in arguments.part:
            figures["ablation"] = part_ablation(root, work, min(runs, 3), quick)
    if "ablation" in figures and "main" in figures:
        print_effects(figures["main"], figures["ablation"])
    if "main" in figures:
        for split, bar in BARS.items():
            values = [r["micro"]["f1"] for r in figures["main"][split]]
            sentence = f"{split} micro-F1 {shown(values)} of {len(values)} seeds, bar {bar}"
            if arguments.quick:
                print(f"quick, no verdict: {sentence}")
            else:
                verdicts[sentence] = fmean(values) >= bar
    finish(figures, verdicts, arguments.json)


if __name__ == "__main__":
    main()
