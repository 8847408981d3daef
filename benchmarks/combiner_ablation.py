"""What does each group of features add to boosted trees, and which way meets a shifted prior?

Each row is the recipe with one thing changed: a group of features left out, a group alone, or
another way to meet a corpus whose labels are rarer in use than in training. Measured on dev, which
stops the trees and corrects the prior too; the mean over seeds.

The sample corpus needs nothing: --quick. EmoContext is read from --data-dir. Folders of
`emoscope train PART --folds 5` are parts: --part NAME=FOLDER, repeatable.
"""

import tempfile
from pathlib import Path
from statistics import fmean

from common import finish, options, shown

PRIORS = {
    "no correction": ["prior.target=none"],
    "class weights": ["prior.target=none", "objective.class_weights=balanced"],
    "class weights of dev": ["objective.class_weights=prior"],
    "decision rule alone": ["prior.target=none", "decision.rule=micro_f1"],
    "correction and decision rule": ["decision.rule=micro_f1"],
}


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__ or "")
    parser.add_argument("--data-dir", type=Path, help="a folder with EmoContext")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--part", action="append", default=[], metavar="NAME=FOLDER")
    arguments = parser.parse_args()
    recipe = "trees-emocontext" if arguments.data_dir else "trees-sample"
    parts = [part.partition("=")[::2] for part in arguments.part]
    rows = list_rows(parts, arguments.quick)
    figures = {}
    for name, changes in rows.items():
        runs = [
            measure(recipe, arguments.data_dir, [*changes, f"seed={seed}"])
            for seed in range(arguments.seeds)
        ]
        figures[name] = {key: [run[key] for run in runs] for key in runs[0]}
        cells = "  ".join(f"{key} {shown(values)}" for key, values in figures[name].items())
        print(f"{name:34}{cells}", flush=True)
    whole, alone = (fmean(figures[name]["micro_f1"]) for name in ("all", "words alone"))
    verdict = f"all features {whole:.3f} and words alone {alone:.3f} micro-F1 on dev (bar: more)"
    finish(
        {"recipe": recipe, "rows": figures},
        {verdict: whole > alone},
        arguments.json,
        arguments.quick,
    )


def list_rows(parts: list[tuple[str, str]], quick: bool) -> dict[str, list[str]]:
    """What each row changes in the recipe, by its name."""
    from emoscope.models.combiner.section import GROUPS

    groups = GROUPS[:-1]
    listed = ", ".join(f"{{name: {name}, folder: {folder}}}" for name, folder in parts)
    given = [f"model.parts=[{listed}]"] if parts else []

    def of(chosen: tuple[str, ...]) -> list[str]:
        return [*given, f"model.features=[{', '.join(chosen)}]"]

    rows = {"all": given, "words alone": of(("words",))}
    if parts:
        rows |= {"no lexical feature": of(()), "no part": []}
    rows |= {name: [*given, *changes] for name, changes in PRIORS.items()}
    for group in () if quick else groups:
        rows[f"without {group}"] = of(tuple(each for each in groups if each != group))
    if not quick:
        rows |= {"characters alone": of(("characters",)), "with word vectors": of(GROUPS)}
    return rows


def measure(recipe: str, root: Path | None, changes: list[str]) -> dict[str, float]:
    """Micro-F1 on dev and the F1 of each label that counts."""
    from emoscope.recipes.load import load_recipe
    from emoscope.training.prepare import prepare
    from emoscope.training.run import train_run

    loaded = load_recipe(recipe, changes)
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare(loaded, root or Path())
        dev = train_run(loaded, prepared, Path(folder), loaded.seed).dev
    counted = [name for name in dev["labels"] if name not in prepared.taxonomy.ignored]
    return {"micro_f1": dev["micro"]["f1"]} | {name: dev["labels"][name]["f1"] for name in counted}


if __name__ == "__main__":
    main()
