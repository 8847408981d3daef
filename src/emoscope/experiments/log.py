"""The log of an experiment: one folder a configuration, with all its runs, in text files.

    experiment_logs/<Model><Corpus>/<values of the naming parameters>_<n>/
        params.yml              the configuration
        metrics.yml             every metric of every run
        aggregated_metrics.yml  mean and standard deviation over the runs, at each run's final step
        plots/                  the curves of the metrics, over the runs
        seed-<s>/               the files of a run: its model, its scored texts

`metrics.yml` is written as JSON, which is YAML as well, and read a hundred times as fast.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from emoscope.errors import InputError
from emoscope.experiments.naming import keep_active, make_folder_name
from emoscope.experiments.runs import (
    MeanStd,
    Run,
    format_aggregated,
    format_runs,
    read_runs,
    read_yaml,
    to_yaml,
)
from emoscope.files import locked, write_text

PARAMS, METRICS, AGGREGATED = "params.yml", "metrics.yml", "aggregated_metrics.yml"
LOCK = ".lock"


@dataclass(frozen=True)
class Naming:
    """How the folder of a configuration is named, and when two configurations are the same.

    Attributes:
        parameters: the parameters whose values make up the folder's name, see `make_folder_name`.
        named: the configuration as the name shows it, if that differs.
        parents: for some parameters, the parameter without which they have no effect, see
            `keep_active`.
        ignored: parameters that do not make a configuration another one, such as descriptions.
        normalise: turns the configuration of an older folder into the current form.
    """

    parameters: tuple[str, ...]
    named: Mapping[str, Any] | None = None
    parents: Mapping[str, str] | None = None
    ignored: Collection[str] = ()
    normalise: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict


@dataclass(frozen=True)
class ExperimentLog:
    """The runs of one configuration, as its folder holds them.

    Attributes:
        folder: folder of the configuration.
        params: the configuration, nested.
        runs: the finished runs, sorted by seed.
    """

    folder: Path
    params: Mapping[str, Any]
    runs: tuple[Run, ...] = ()

    @classmethod
    def open(
        cls,
        root: str | Path,
        group: str,
        params: Mapping[str, Any],
        naming: Sequence[str] | Naming,
    ) -> "ExperimentLog":
        """Open the log of a configuration: the folder that already holds it, or a new one.

        Args:
            root: folder of all logs, e.g. `experiment_logs`.
            group: folder below it, by convention model and corpus, e.g. `"DemuxSemEval"`.
            params: the configuration; values that YAML can hold.
            naming: the parameters whose values make up the folder's name, or a full `Naming`.

        Raises:
            InputError: the `params.yml` of the folder cannot be read.
        """
        place = Path(root) / group
        place.mkdir(parents=True, exist_ok=True)
        if not isinstance(naming, Naming):
            naming = Naming(tuple(naming))
        stem = make_folder_name(naming.named or params, naming.parameters)
        with locked(place / LOCK):
            folder = find_folder(place, stem, params, naming)
            if not (folder / PARAMS).is_file():
                folder.mkdir(exist_ok=True)
                write_text(folder / PARAMS, to_yaml(params))
        return cls.load(folder)

    @classmethod
    def load(cls, folder: str | Path) -> "ExperimentLog":
        """Read a log from its files `params.yml` and `metrics.yml`.

        Raises:
            InputError: there is no log, or a damaged one; the message names the file.
        """
        path = Path(folder)
        if not (path / PARAMS).is_file():
            raise InputError(
                f"No experiment log at {path}: expected a folder with {PARAMS}, as "
                "`emoscope train` writes it."
            )
        return cls(path, read_yaml(path / PARAMS), read_runs(path / METRICS))

    def without_runs(self) -> "ExperimentLog":
        """Remove all runs from the log; the folders of the runs stay."""
        with self.locked():
            for name in (METRICS, AGGREGATED):
                (self.folder / name).unlink(missing_ok=True)
        return ExperimentLog(self.folder, self.params)

    def add(
        self,
        *runs: Run,
        replacing: bool = True,
        before_saving: Callable[["ExperimentLog"], object] = lambda _: None,
    ) -> "ExperimentLog":
        """Add runs to the log.

        Several processes may add to the same log at the same time. After a kill the log is either
        as before or complete.

        Args:
            runs: the runs.
            replacing: whether a run replaces an earlier one of the same name, else it is left out;
                if none is left, nothing is saved.
            before_saving: called with the new log while it is locked; what a kill keeps it from
                doing is done again, as the runs are not in the log yet.

        Returns:
            The log with all runs that its folder has now.
        """
        with self.locked():
            known = {run.name: run for run in read_runs(self.folder / METRICS)}
            new = {run.name: run for run in runs if replacing or run.name not in known}
            log = ExperimentLog(
                self.folder, self.params, tuple(sorted((known | new).values(), key=make_sort_key))
            )
            if known and not new:
                return log
            before_saving(log)
            # Last what says which runs the log has.
            write_text(self.folder / AGGREGATED, format_aggregated(log.aggregated()))
            write_text(self.folder / METRICS, format_runs(log.runs))
        return log

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the log, so that no other process adds to it meanwhile."""
        with locked(self.folder / LOCK):
            yield

    def values(self, metric: str) -> list[float]:
        """The value of a metric at the final step, for each run that has the metric."""
        finals = [run.at_final_step() for run in self.runs]
        return [values[metric] for values in finals if metric in values]

    def aggregated(self) -> dict[str, MeanStd]:
        """Mean and standard deviation of every metric over the runs, at their final steps."""
        finals = [run.at_final_step() for run in self.runs]
        names = dict.fromkeys(name for values in finals for name in values)
        return {
            name: MeanStd.of([values[name] for values in finals if name in values])
            for name in names
        }


def make_sort_key(run: Run) -> tuple[float, str]:
    """Sort key of a run: by seed; runs without a seed come last, by name."""
    return (float("inf") if run.seed is None else run.seed, run.name)


def find_folder(place: Path, stem: str, params: Mapping[str, Any], naming: Naming) -> Path:
    """Find the folder of a configuration, under this name or another; else the next free one.

    A folder that an earlier version, or another choice of naming parameters, has called otherwise
    is still that of its configuration.
    """
    wanted = keep_active(naming.normalise(params), naming.parents, naming.ignored)
    *named, free = list_numbered_folders(place, stem)
    # One without parameters is new: its maker was killed before it wrote anything.
    free = next((folder for folder in named if not (folder / PARAMS).is_file()), free)
    others = sorted(path.parent for path in place.glob(f"*/{PARAMS}"))
    for folder in dict.fromkeys([*named, *others]):
        if not (folder / PARAMS).is_file():
            continue
        written = (folder / PARAMS).stat()
        try:
            known = read_normalised(folder / PARAMS, naming.normalise, written.st_mtime_ns)
        except ValueError:
            continue
        if keep_active(known, naming.parents, naming.ignored) == wanted:
            return folder
    return free


@lru_cache(maxsize=4096)
def read_normalised(
    path: Path, normalise: Callable[[Mapping[str, Any]], Mapping[str, Any]], written: int
) -> Mapping[str, Any]:
    """Read the parameters of a log, once for each time of writing: a series opens many logs."""
    return normalise(read_yaml(path))


def list_numbered_folders(place: Path, stem: str) -> Iterator[Path]:
    """The folders `stem_0`, `stem_1` … that exist, then the first that does not.

    Names that differ only in upper and lower case count as the same, as on some file systems.
    """
    there = {path.name.casefold(): path for path in place.iterdir() if path.is_dir()}
    number = 0
    while (known := there.get(f"{stem}_{number}".casefold())) is not None:
        yield known
        number += 1
    yield place / f"{stem}_{number}"
