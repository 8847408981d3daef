"""The log of an experiment: one folder a configuration, every run of it, nothing but text.

    experiment_logs/<Model><Corpus>/<values of the naming parameters>_<n>/
        params.yml              the configuration
        metrics.yml             every figure of every run
        aggregated_metrics.yml  mean and standard deviation over the runs, at each run's final step
        plots/                  curves of the figures, over the runs
        seed-<s>/               what a run leaves: its model, its scored texts

`metrics.yml` is written as JSON, which is YAML as well, and read a hundred times as fast.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from emoscope.errors import InputError
from emoscope.experiments.naming import active, folder_name
from emoscope.files import locked, write_text

PARAMS, METRICS, AGGREGATED = "params.yml", "metrics.yml", "aggregated_metrics.yml"
LOCK = ".lock"
AXES = ("steps", "values")
Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Run:
    """What one finished run has logged.

    Attributes:
        name: of its folder, e.g. `"seed-0"`; unique in its log.
        final_step: the step, or epoch, whose figures are the result: the last one, or the one that
            early stopping went back to.
        curves: figures followed during training, (step, value) pairs by name.
        final: figures measured once, such as those on test.
        seed: of the run.
    """

    name: str
    final_step: float
    curves: Mapping[str, Curve] = field(default_factory=dict)
    final: Mapping[str, float] = field(default_factory=dict)
    seed: int | None = None

    def at_final_step(self) -> dict[str, float]:
        """Each figure as the run ends with it; of a curve, the newest value by the final step."""
        found = {}
        for name, curve in self.curves.items():
            values = [value for step, value in curve if step <= self.final_step]
            if values:
                found[name] = values[-1]
        return {**found, **self.final}


@dataclass(frozen=True)
class MeanStd:
    """A figure over several runs.

    Attributes:
        mean: over the runs.
        sd: standard deviation (n - 1); 0 of one run.
        runs: how many have the figure.
    """

    mean: float
    sd: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "MeanStd":
        """Of at least one value."""
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        return cls(float(np.mean(values)), deviation, len(values))

    def __str__(self) -> str:
        return f"{self.mean:.4f}±{self.sd:.4f}"

    def __format__(self, spec: str) -> str:
        """`f"{spread:.3f}"` is mean ± standard deviation, each as the specification says."""
        return f"{self.mean:{spec}} ± {self.sd:{spec}}" if spec else str(self)


@dataclass(frozen=True)
class Naming:
    """How the folder of a configuration is called, and when two configurations are the same.

    Attributes:
        parameters: whose values make up the folder's name, see `folder_name`.
        named: the configuration as the name shall show it, if that differs.
        parents: of a parameter, the one without which it means nothing, see `active`.
        ignored: parameters that make no difference, such as descriptions.
        normalise: brings the configuration of an older folder up to date.
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
        folder: of the configuration.
        params: the configuration, nested.
        runs: those finished, by name.
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
        """The log of a configuration: the folder that has it, or a new one.

        Args:
            root: of all logs, e.g. `experiment_logs`.
            group: the folder in it, by convention model and corpus, e.g. `"DemuxSemEval"`.
            params: the configuration; values that YAML can hold.
            naming: parameters whose values make up the folder's name, or how names are made.

        Raises:
            InputError: a folder whose `params.yml` cannot be read.
        """
        place = Path(root) / group
        place.mkdir(parents=True, exist_ok=True)
        if not isinstance(naming, Naming):
            naming = Naming(tuple(naming))
        stem = folder_name(naming.named or params, naming.parameters)
        wanted = active(params, naming.parents, naming.ignored)
        with locked(place / LOCK):
            for folder in numbered(place, stem):
                if not (folder / PARAMS).is_file():
                    break  # new, or its maker was killed before it wrote anything
                try:
                    known = naming.normalise(read_yaml(folder / PARAMS))
                except ValueError:
                    continue
                if active(known, naming.parents, naming.ignored) == wanted:
                    return cls.load(folder)
            folder.mkdir(exist_ok=True)
            write_text(folder / PARAMS, to_yaml(params))
        return cls.load(folder)

    @classmethod
    def load(cls, folder: str | Path) -> "ExperimentLog":
        """Everything that a log holds, from its YAML alone.

        Raises:
            InputError: no log there, or a damaged one; the message names the file.
        """
        path = Path(folder)
        if not (path / PARAMS).is_file():
            raise InputError(
                f"No experiment log at {path}: expected a folder with {PARAMS}, as "
                "`emoscope train` writes it."
            )
        return cls(path, read_yaml(path / PARAMS), read_runs(path / METRICS))

    def without_runs(self) -> "ExperimentLog":
        """Forget all runs; their folders stay."""
        with self.locked():
            for name in (METRICS, AGGREGATED):
                (self.folder / name).unlink(missing_ok=True)
        return ExperimentLog(self.folder, self.params)

    def add(self, *runs: Run) -> "ExperimentLog":
        """Put runs into the log, in the place of former ones of the same name.

        Other processes may add to the same log at the same time. A kill leaves the log as it was
        before or as it is after.

        Returns:
            The log with all runs that its folder has now.
        """
        with self.locked():
            known = {run.name: run for run in read_runs(self.folder / METRICS)}
            known |= {run.name: run for run in runs}
            log = ExperimentLog(
                self.folder, self.params, tuple(sorted(known.values(), key=in_order))
            )
            write_text(self.folder / METRICS, runs_text(log.runs))
            write_text(self.folder / AGGREGATED, aggregated_text(log.aggregated()))
        return log

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from adding meanwhile; a kill frees the lock."""
        with locked(self.folder / LOCK):
            yield

    def values(self, metric: str) -> list[float]:
        """A figure at the final step of each run that has it."""
        finals = [run.at_final_step() for run in self.runs]
        return [values[metric] for values in finals if metric in values]

    def aggregated(self) -> dict[str, MeanStd]:
        """Mean and standard deviation of every figure over the runs, at each run's final step."""
        finals = [run.at_final_step() for run in self.runs]
        names = dict.fromkeys(name for values in finals for name in values)
        return {
            name: MeanStd.of([values[name] for values in finals if name in values])
            for name in names
        }


def in_order(run: Run) -> tuple[float, str]:
    """Runs by seed, those without one last and by name."""
    return (float("inf") if run.seed is None else run.seed, run.name)


def numbered(place: Path, stem: str) -> Iterator[Path]:
    """The folders `stem_0`, `stem_1` … that are there, and the first that is not.

    A name that differs in case alone is the same folder on some file systems, so it is here.
    """
    there = {path.name.casefold(): path for path in place.iterdir() if path.is_dir()}
    number = 0
    while (known := there.get(f"{stem}_{number}".casefold())) is not None:
        yield known
        number += 1
    yield place / f"{stem}_{number}"


def runs_text(runs: Sequence[Run]) -> str:
    """Runs as JSON that a reader of YAML reads as well, a line for each curve."""
    return '{"runs": [' + ",".join(map(run_text, runs)) + "\n]}\n"


def run_text(run: Run) -> str:
    """One run, see `runs_text`."""
    final = ", ".join(f"{json.dumps(name)}: {numbers(value)}" for name, value in run.final.items())
    curves = ",\n".join(
        f'  {json.dumps(name)}: {{"steps": {numbers([step for step, _ in curve])}, '
        f'"values": {numbers([value for _, value in curve])}}}'
        for name, curve in run.curves.items()
    )
    head = f'"name": {json.dumps(run.name)}, "seed": {numbers(run.seed)}'
    end = f'"final_step": {numbers(run.final_step)}, "final": {{{final}}}'
    return f'\n{{{head}, {end}, "curves": {{\n{curves}\n}}}}'


def numbers(value: Any) -> str:
    """JSON of numbers. YAML 1.1 takes `1e-05` for text and wants `1.0e-05`."""
    return re.sub(r"(?<![\d.])(\d+)e", r"\1.0e", json.dumps(value))


def read_runs(path: Path) -> tuple[Run, ...]:
    """The runs of a `metrics.yml`; none if there is no such file."""
    if not path.is_file():
        return ()
    number: Callable[[Any], Any] = lambda value: value  # noqa: E731
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        # YAML that a person wrote; there NaN and Infinity, which JSON has not, are text.
        values, number = read_yaml(path), float
    try:
        return tuple(
            Run(
                name=str(run["name"]),
                final_step=float(run["final_step"]),
                curves={
                    name: tuple(zip(*(map(number, curve[k]) for k in AXES), strict=True))
                    for name, curve in run["curves"].items()
                },
                final={name: float(value) for name, value in run["final"].items()},
                seed=run["seed"],
            )
            for run in values["runs"]
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: expected runs with name, seed, final_step, curves and final ({error!r}). The "
            "file was edited; restore it, or delete it and train again: finished runs are read "
            "back from their folders."
        ) from None


def aggregated_text(mean_stds: Mapping[str, MeanStd]) -> str:
    """Figures over the runs as YAML: as a person reads them, and as numbers."""
    values = {
        name: {
            "shown": str(mean_std),
            "mean": mean_std.mean,
            "sd": mean_std.sd,
            "runs": mean_std.runs,
        }
        for name, mean_std in mean_stds.items()
    }
    return to_yaml(values)


def to_yaml(values: Mapping[str, Any]) -> str:
    """A mapping as YAML, in its own order."""
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping from a YAML file.

    Raises:
        InputError: not YAML, or no mapping.
    """
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        # Safe: both loaders make plain values alone.
        values = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}. The file is damaged.") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a mapping, found {type(values).__name__}.")
    return values
