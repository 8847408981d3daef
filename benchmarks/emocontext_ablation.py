"""What each idea of the NELEC report and of the shared task gives on EmoContext, one at a time.

    python benchmarks/emocontext_ablation.py [--data DIR] [--recipe NAME] [--rows NAME ...]
        [--runs N] [--work FOLDER] [--quick] [--json FILE]

Without --data it runs on the generated corpus that ships, which shows that every row works and
says nothing about EmoContext; DIR holds the organisers' train.txt and dev.txt. Figures are on dev,
where these choices are made; test is left alone. Rows that a model has no option for are left out,
so that --recipe demux-emocontext shows the losses, weights and priors alone. --work keeps the runs,
so that an interrupted benchmark goes on where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from common import finish, machine, options, shown, working
from emoscope.corpora import sample
from emoscope.errors import InputError
from emoscope.recipes.load import load_recipe
from emoscope.training import callbacks
from emoscope.training.prepare import prepare
from emoscope.training.results import RunResult
from emoscope.training.run import train_run

QUICK = [
    "training.epochs=5",
    "training.batch_size=16",
    "training.learning_rate=0.02",
    "training.checkpoints=false",
    "training.keep_best=false",
    "training.predictions=false",
]
QUICK_SIZE = 400
"""Generated conversations of a split in a quick run."""
NO_PRIOR = "prior.target=none"
ROWS: Mapping[str, Sequence[str]] = {
    "as the recipe is": [],
    "nothing against the shift": [NO_PRIOR],
    "prior estimated from dev texts": ["prior.target=estimate"],
    "class weights, balanced": [NO_PRIOR, "objective.class_weights=balanced"],
    "class weights of the target prior": ["objective.class_weights=prior"],
    "oversampling": [NO_PRIOR, "training.sampling=balanced"],
    "oversampling, prior corrected": ["training.sampling=balanced"],
    "thresholds fitted on dev": [NO_PRIOR, "decision.rule=micro_f1"],
    "thresholds, prior corrected": ["decision.rule=micro_f1"],
    "two-stage loss": ["objective.exclusive=two_stage"],
    "two-stage head": ["objective.exclusive=two_stage", "model.head=two_stage"],
    "a binary decision for each label": ["objective.exclusive=binary"],
    "hierarchical: a head for each label": ["objective.exclusive=binary", "model.head=per_label"],
    "multitask, one head": ["objective.stage=0.5"],
    "multitask, two heads": ["objective.stage=0.5", "model.head=multitask"],
    "recurrent dropout 0.2": ["model.recurrent_dropout=0.2"],
}


def run_row(
    base: str, changes: Sequence[str], root: Path, folder: Path, seeds: Sequence[int]
) -> list[RunResult]:
    """Train a row with several seeds; finished runs are read back."""
    recipe = load_recipe(base, changes)
    prepared = prepare(recipe, root)
    # Pictures would take longer than a quick training.
    prepared = replace(prepared, family=replace(prepared.family, draw=None))
    callbacks.draw_log = lambda *_: None
    return [train_run(recipe, prepared, folder / f"seed-{seed}", seed) for seed in seeds]


def measure(results: Sequence[RunResult]) -> dict[str, Any]:
    """Figures of a row on dev, a value a seed."""
    found: dict[str, Any] = {
        "micro_f1": [result.dev["micro"]["f1"] for result in results],
        "micro_precision": [result.dev["micro"]["precision"] for result in results],
        "micro_recall": [result.dev["micro"]["recall"] for result in results],
        "macro_f1": [result.dev["macro"]["f1"] for result in results],
        "seconds": [result.seconds for result in results],
    }
    for name in results[0].dev["labels"]:
        found[f"{name}_f1"] = [result.dev["labels"][name]["f1"] for result in results]
    return found


def has_options(base: str, changes: Sequence[str]) -> bool:
    """Whether the model of a recipe has the options of a row."""
    try:
        load_recipe(base, changes)
    except InputError as error:
        if "no such field" not in str(error):
            raise
        return False
    return True


def main() -> None:
    """Measure, print."""
    parser = options(__doc__)
    parser.add_argument("--data", type=Path, help="folder of EmoContext; the sample without it")
    parser.add_argument("--recipe", help="to change; default nelec-emocontext, or nelec-sample")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--runs", type=int, default=3, help="seeds of each row")
    parser.add_argument("--work", type=Path, help="keep the runs here")
    arguments = parser.parse_args()
    base = arguments.recipe or ("nelec-sample" if arguments.data is None else "nelec-emocontext")
    quick = QUICK if arguments.quick else []
    if arguments.quick:
        sample.SIZES.update(train=QUICK_SIZE, dev=QUICK_SIZE)
        if base.startswith("nelec"):
            quick = [*quick, "vectors.emoji=none", "vectors.extension=0", "model.hidden_size=16"]
    seeds = range(1 if arguments.quick else arguments.runs)
    print(machine())
    figures: dict[str, Any] = {}
    with working(arguments.work) as work:
        for name in arguments.rows:
            changes = [*quick, *ROWS[name]]
            if not has_options(base, changes):
                print(f"{name:40} left out: {base} has no such option")
                continue
            folder = work / base / name.replace(" ", "-").replace(":", "").replace(",", "")
            results = run_row(base, changes, arguments.data or Path(), folder, seeds)
            row = figures[name] = measure(results)
            first = next(iter(figures.values()))
            change = fmean(row["micro_f1"]) - fmean(first["micro_f1"])
            print(
                f"{name:40} micro-F1 {shown(row['micro_f1'])} ({change:+.3f})  "
                f"macro-F1 {shown(row['macro_f1'])}  {fmean(row['seconds']):.0f} s"
            )
    finish({"recipe": base, "rows": figures}, {}, arguments.json)


if __name__ == "__main__":
    main()
