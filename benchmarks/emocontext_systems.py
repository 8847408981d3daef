"""How well do trained systems do on EmoContext (SemEval-2019 Task 3), beside the published ones?

    python benchmarks/emocontext_systems.py --data-dir DIR --row "NAME=FOLDER[,FOLDER ...]" ...
        [--split dev] [--json FILE]

A row is a system, its folders are of trainings of it: all seeds of each are measured, and the mean
and standard deviation are printed. Train as docs/figures.md says. Choose on dev; measure test once,
with --split test. The bars are about test, for the rows `combiner` and `NELEC`.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from common import finish, options, shown

PUBLISHED = {
    "organisers' baseline": 0.587,
    "NELEC with LightGBM, third (arXiv 1904.03223)": 0.7765,
    "winner": 0.7959,
}
BARS = {"combiner": 0.7765, "NELEC": 0.755}


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="a folder with EmoContext")
    parser.add_argument("--row", action="append", required=True, metavar="NAME=FOLDER[,FOLDER]")
    parser.add_argument("--split", default="dev", choices=("dev", "test"))
    arguments = parser.parse_args()
    from emoscope.corpora.registry import load_corpus
    from emoscope.models.combiner.held_out import find_models
    from emoscope.recipes.schema import CorpusSection

    corpus = load_corpus(CorpusSection(name="emocontext"), arguments.data_dir, arguments.split)
    if arguments.quick:
        corpus = corpus.select(range(200))
    rows: dict[str, Any] = {}
    for row in arguments.row:
        name, _, folders = row.partition("=")
        runs = [run for folder in folders.split(",") for run in find_models(Path(folder))]
        rows[name] = measure(runs, corpus)
        cells = "  ".join(f"{key} {shown(values)}" for key, values in rows[name].items())
        print(f"{name:32} {cells}", flush=True)
    for name, value in PUBLISHED.items():
        print(f"{name:46} micro_f1 {value} on test")
    verdicts = {}
    for name, bar in BARS.items():
        if name in rows and arguments.split == "test":
            found = fmean(rows[name]["micro_f1"])
            verdicts[f"{name}: micro-F1 {found:.4f} on test (bar {bar})"] = found >= bar
    figures = {"split": arguments.split, "rows": rows, "published": PUBLISHED}
    finish(figures, verdicts, arguments.json, arguments.quick)


def measure(runs: Sequence[Path], corpus: Any) -> dict[str, list[float]]:
    """Micro-F1, its precision and recall, and the F1 of each label that counts; a value a run."""
    from emoscope.evaluation.evaluate import evaluate
    from emoscope.inference.annotator import load

    found: dict[str, list[float]] = {}
    for folder in runs:
        report = evaluate(load(folder), corpus).report.to_dict()
        values = {f"micro_{key}": report["micro"][key] for key in ("f1", "precision", "recall")}
        values |= {
            name: scores["f1"]
            for name, scores in report["labels"].items()
            if name not in corpus.taxonomy.ignored
        }
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    return found


if __name__ == "__main__":
    main()
