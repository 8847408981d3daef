"""Where a recipe's runs are logged, and what of a finished run goes into the log."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emoscope.errors import InputError
from emoscope.experiments.log import METRICS, PARAMS, ExperimentLog, Run, read_yaml
from emoscope.experiments.naming import active
from emoscope.files import read_json
from emoscope.metrics.classification import metrics_of
from emoscope.metrics.metric import mean_metrics, name_metrics
from emoscope.recipes.schema import METADATA, Recipe
from emoscope.registry import MODELS

LOGS = Path("experiment_logs")
"""Where trainings are logged unless another place is named."""
RESULT, HISTORY = "result.json", "history.json"
PARENTS = {
    "objective.local_loss.transform": "objective.local_loss.weights",
    "objective.local_loss.plus_one": "objective.local_loss.weights",
}
IGNORED = (*METADATA, "name", "seed", "training.checkpoints", "training.predictions")
"""What does not make another configuration: names, the seed, what is kept on the way."""


def open_log(root: Path, recipe: Recipe) -> ExperimentLog:
    """The log of a recipe in the folder of all logs."""
    named = params_of(recipe)
    backbone = named["model"].get("backbone")
    if backbone is not None:
        named = {**named, "model": {**named["model"], "backbone": Path(backbone).name}}
    return ExperimentLog.open(
        root,
        group_of(recipe),
        params_of(recipe),
        MODELS[recipe.model.type].naming,
        named=named,
        parents=PARENTS,
        ignored=IGNORED,
        normalise=up_to_date,
    )


def group_of(recipe: Recipe) -> str:
    """Model and corpora, `"DemuxGoemotions"`."""
    names = [
        Path(section.train or section.name).stem
        if section.name in ("tabular", "hub")
        else section.name
        for section in recipe.corpora
    ]
    return "".join(
        item.title().replace("_", "") for item in (recipe.model.type, *dict.fromkeys(names))
    )


def params_of(recipe: Recipe) -> dict[str, Any]:
    """A recipe as the plain values of `params.yml`, which is a recipe again."""
    return recipe.model_dump(mode="json")


def up_to_date(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of an older log, with the fields that recipes have gained since."""
    return params_of(Recipe.model_validate(params))


def same(params: Mapping[str, Any], recipe: Recipe) -> bool:
    """Whether a log's parameters are those of a recipe, but for what changes nothing."""
    try:
        known = up_to_date(params)
    except ValueError:
        return False
    return active(known, PARENTS, IGNORED) == active(params_of(recipe), PARENTS, IGNORED)


def check_folder(output: Path, recipe: Recipe) -> None:
    """Make sure that a folder is free, or holds runs of this very configuration.

    Raises:
        InputError: it holds something else.
    """
    path = output / PARAMS
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file; expected a folder. Choose another --output.")
    if path.is_file() and has_runs(output) and not same(read_yaml(path), recipe):
        raise InputError(
            f"{output} holds runs of another configuration, see {path}. "
            "Choose another --output, or delete that folder."
        )
    if not path.is_file() and output.is_dir() and any(output.iterdir()):
        raise InputError(f"{output} is not empty and holds no training. Choose another --output.")


def has_runs(output: Path) -> bool:
    """Whether there is anything to lose: a run that is finished or can be gone on with."""
    return any(output.glob(f"seed-*/{RESULT}")) or any(output.glob("seed-*/checkpoints/*"))


def log_finished(output: Path) -> ExperimentLog:
    """Put into the log what has finished and is not in it, as after a kill between the two."""
    log = ExperimentLog.load(output)
    known = {run.name for run in log.runs}
    finished = [path.parent for path in output.glob(f"seed-*/{RESULT}")]
    new = [run_of(folder) for folder in finished if folder.name not in known]
    return log.add(*new) if new or not (output / METRICS).is_file() else log


def run_of(folder: Path) -> Run:
    """What a finished run has to log: its curves, and what was measured once."""
    result = read_json(folder / RESULT)
    curves = {
        name: tuple((step, value) for step, value in curve)
        for name, curve in read_json(folder / HISTORY).items()
    }
    final = {"seconds": result["seconds"], "epochs": result["epochs"]}
    if result.get("test") is not None:
        parts = result.get("test_parts") or {}
        # As on dev: a figure of several parts is the mean over them.
        measured = mean_metrics(list(map(metrics_of, parts.values() or [result["test"]])))
        if result.get("test_half") is not None:
            halved = metrics_of(result["test_half"])
            measured |= {metric.at_fixed_threshold(): value for metric, value in halved.items()}
        for name, report in parts.items():
            measured |= {
                metric.of_part(name): value for metric, value in metrics_of(report).items()
            }
        final |= name_metrics(measured, "test_")
    return Run(folder.name, result["best_epoch"], curves, final, result["seed"])
