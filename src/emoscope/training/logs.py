"""The experiment log of a recipe: where it is, and what a finished run adds to it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emoscope.errors import InputError
from emoscope.experiments.log import LOCK, METRICS, PARAMS, ExperimentLog, Naming, find_folder
from emoscope.experiments.naming import keep_active, make_folder_name
from emoscope.experiments.runs import Run, read_yaml
from emoscope.files import make_partial_path, read_json
from emoscope.metrics.classification import metrics_of
from emoscope.metrics.metric import mean_metrics, name_metrics
from emoscope.recipes.folder_names import choose_naming_values
from emoscope.recipes.schema import METADATA, Recipe

LOGS = Path("experiment_logs")
"""Where trainings are logged unless another place is named."""
RESULT, HISTORY = "result.json", "history.json"
PARENTS = {
    "objective.local_loss.transform": "objective.local_loss.weights",
    "objective.local_loss.plus_one": "objective.local_loss.weights",
}
IGNORED = (
    *METADATA,
    "name",
    "naming",
    "seed",
    "training.checkpoint_minutes",
    "training.checkpoints",
    "training.predictions",
)
"""Fields in which two recipes may differ and still be the same configuration."""


def open_log(root: Path, recipe: Recipe) -> ExperimentLog:
    """Open the log of a recipe in the folder of all logs."""
    named = choose_naming_values(recipe)
    return ExperimentLog.open(
        root,
        make_group_name(recipe),
        to_params(recipe),
        Naming(tuple(named), named, PARENTS, IGNORED, normalise),
    )


def find_log(root: Path, recipe: Recipe) -> ExperimentLog | None:
    """Find the log of a recipe in the folder of all logs; None if it has none; makes none."""
    place = root / make_group_name(recipe)
    if not place.is_dir():
        return None
    named = choose_naming_values(recipe)
    naming = Naming(tuple(named), named, PARENTS, IGNORED, normalise)
    stem = make_folder_name(named, naming.parameters)
    folder = find_folder(place, stem, to_params(recipe), naming)
    return ExperimentLog.load(folder) if (folder / PARAMS).is_file() else None


def make_group_name(recipe: Recipe) -> str:
    """Make a name from model and corpora, e.g. `"DemuxGoemotions"`."""
    names = [
        Path(next(iter(section.train_splits), section.name)).stem
        if section.name == "tabular" or (section.name == "hub" and section.hub_name is None)
        else section.title
        for section in recipe.corpora
    ]
    return "".join(
        item.title().replace("_", "") for item in (recipe.model.type, *dict.fromkeys(names))
    )


def to_params(recipe: Recipe) -> dict[str, Any]:
    """Convert a recipe to the plain values of `params.yml`, which can be loaded as a recipe."""
    return recipe.model_dump(mode="json")


def normalise(params: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the parameters of a log, of this version or an older one, into one form to compare.

    Fields that recipes have since gained are added; what says the same in two ways is made alike.
    """
    known = to_params(Recipe.model_validate(params))
    if known["mix"]["alpha"] is None:
        known["mix"]["alpha"] = 1.0
    return known


def is_same_configuration(params: Mapping[str, Any], recipe: Recipe) -> bool:
    """Whether a log's parameters equal those of a recipe, apart from `IGNORED`."""
    try:
        known = normalise(params)
    except ValueError:
        return False
    wanted = normalise(to_params(recipe))
    return keep_active(known, PARENTS, IGNORED) == keep_active(wanted, PARENTS, IGNORED)


def check_folder(output: Path, recipe: Recipe) -> None:
    """Check that a folder is empty or holds runs of the same configuration.

    Raises:
        InputError: it holds something else.
    """
    path = output / PARAMS
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file; expected a folder. Choose another --output.")
    if path.is_file() and has_runs(output) and not is_same_configuration(read_yaml(path), recipe):
        raise InputError(
            f"{output} holds runs of another configuration, see {path}. "
            "Choose another --output, or delete that folder."
        )
    # What a training leaves that was ended before it had written its parameters.
    begun = {LOCK, make_partial_path(path).name}
    if not path.is_file() and output.is_dir() and {each.name for each in output.iterdir()} - begun:
        raise InputError(f"{output} is not empty and holds no training. Choose another --output.")


def has_runs(output: Path) -> bool:
    """Whether a folder holds a run that is finished or can be resumed."""
    return any(output.glob(f"seed-*/{RESULT}")) or any(output.glob("seed-*/checkpoints/*"))


def log_finished(
    output: Path, before_saving: Callable[[ExperimentLog], object] = lambda _: None
) -> ExperimentLog:
    """Add finished runs that the log lacks, for example after a kill.

    Args:
        output: the folder of the log.
        before_saving: see `ExperimentLog.add`.
    """
    log = ExperimentLog.load(output)
    known = {run.name for run in log.runs}
    finished = [path.parent for path in output.glob(f"seed-*/{RESULT}")]
    new = [read_run(folder) for folder in finished if folder.name not in known]
    if not new and (output / METRICS).is_file():
        return log
    # Another process may have added them by now; drawn again, a kill would leave half a picture.
    return log.add(*new, replacing=False, before_saving=before_saving)


def read_run(folder: Path) -> Run:
    """Read what is logged of a finished run: its curves and its final metrics."""
    result = read_json(folder / RESULT)
    curves = {
        name: tuple((step, value) for step, value in curve)
        for name, curve in read_json(folder / HISTORY).items()
    }
    final = {"seconds": result["seconds"], "epochs": result["epochs"]}
    if result.get("test") is not None:
        parts = result.get("test_parts") or {}
        half_parts = result.get("test_half_parts") or {}
        # As on dev, the metric of several parts is their mean. Older results lack parts at ½.
        measured = mean_metrics(list(map(metrics_of, parts.values() or [result["test"]])))
        if result.get("test_half") is not None and bool(parts) == bool(half_parts):
            rows = half_parts.values() or [result["test_half"]]
            halved = mean_metrics(list(map(metrics_of, rows)))
            measured |= {metric.at_fixed_threshold(): value for metric, value in halved.items()}
        for name, report in parts.items():
            measured |= {
                metric.of_part(name): value for metric, value in metrics_of(report).items()
            }
        final |= name_metrics(measured, "test_")
    return Run(folder.name, result["best_epoch"], curves, final, result["seed"])
