"""What runs have logged, and how the files of a log hold it."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from emoscope.bounded import MAX_BYTES, read_bounded
from emoscope.errors import InputError, explain_os_error
from emoscope.strict import check_unique, short

MAX_METRICS = 1 << 30
"""Bytes of a `metrics.yml` with thousands of runs."""
Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Run:
    """What one finished run has logged.

    Attributes:
        name: name of its folder, e.g. `"seed-0"`; unique in its log.
        final_step: the step, or epoch, whose metrics are the result: the last one, or the one to
            which early stopping went back.
        curves: metrics and losses during training, (step, value) pairs by name.
        final: metrics measured once, such as those on test, by name.
        seed: random seed of the run.
    """

    name: str
    final_step: float
    curves: Mapping[str, Curve] = field(default_factory=dict)
    final: Mapping[str, float] = field(default_factory=dict)
    seed: int | None = None

    def at_final_step(self) -> dict[str, float]:
        """The result of each metric: of a curve, the last value up to the final step."""
        found = {}
        for name, curve in self.curves.items():
            values = [value for step, value in curve if step <= self.final_step]
            if values:
                found[name] = values[-1]
        return {**found, **self.final}


@dataclass(frozen=True)
class MeanStd:
    """Mean and standard deviation of a metric over several runs.

    Attributes:
        mean: mean over the runs.
        sd: sample standard deviation (n - 1); 0 for a single run.
        runs: number of runs that have the metric.
    """

    mean: float
    sd: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "MeanStd":
        """Mean and standard deviation of one value or more."""
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        return cls(float(np.mean(values)), deviation, len(values))

    def __str__(self) -> str:
        return f"{self.mean:.4f}±{self.sd:.4f}"

    def __format__(self, spec: str) -> str:
        """Mean ± standard deviation, both formatted by `spec`: `f"{mean_std:.3f}"`."""
        return f"{self.mean:{spec}} ± {self.sd:{spec}}" if spec else str(self)


def format_runs(runs: Sequence[Run]) -> str:
    """Runs as JSON that is also valid YAML, with one line for each curve."""
    return '{"runs": [' + ",".join(map(format_run, runs)) + "\n]}\n"


def format_run(run: Run) -> str:
    """One run, see `format_runs`."""
    final = ", ".join(
        f"{json.dumps(name)}: {format_numbers(value)}" for name, value in run.final.items()
    )
    curves = ",\n".join(
        f'  {json.dumps(name)}: {{"steps": {format_numbers([step for step, _ in curve])}, '
        f'"values": {format_numbers([value for _, value in curve])}}}'
        for name, curve in run.curves.items()
    )
    head = f'"name": {json.dumps(run.name)}, "seed": {format_numbers(run.seed)}'
    end = f'"final_step": {format_numbers(run.final_step)}, "final": {{{final}}}'
    return f'\n{{{head}, {end}, "curves": {{\n{curves}\n}}}}'


def format_numbers(value: Any) -> str:
    """Numbers as JSON that is YAML 1.1 too, which reads `1.0e-05` as a number but not `1e-05`."""
    return re.sub(r"(?<![\d.])(\d+)e", r"\1.0e", json.dumps(value))


def read_runs(path: Path) -> tuple[Run, ...]:
    """Read the runs of a `metrics.yml`; none if there is no such file.

    Raises:
        InputError: the file does not hold runs.
    """
    if not path.exists():
        return ()
    text = False
    try:
        values = json.loads(read_bounded(path, MAX_METRICS))
    except (ValueError, RecursionError):
        # The file is YAML written by hand, in which NaN and Infinity are text.
        values, text = read_yaml(path, MAX_METRICS), True
    try:
        runs = tuple(parse_run(run, text) for run in values["runs"])
        check_unique([run.name for run in runs], "the file", "run")
        return runs
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, InputError) as error:
        raise InputError(
            f"{path}: expected runs with name, seed, final_step, curves and final ({error!r}). The "
            "file was edited; restore it, or delete it and train again: finished runs are read "
            "back from their folders."
        ) from None


def parse_run(values: Mapping[str, Any], text: bool) -> Run:
    """A run of a `metrics.yml`.

    Metrics and losses may be NaN or infinite, as those of a training that diverges. Where they
    belong, and what is the result, may not: nothing would be found there.

    Args:
        values: what the file says of the run.
        text: numbers may be written as text.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: something else than a run.
    """
    name, seed = values["name"], values["seed"]
    if not isinstance(name, str) or name in ("", "..") or Path(name).name != name:
        raise ValueError(f"the name {short(name)}, which no folder has")
    if seed is not None and type(seed) is not int:
        raise ValueError(f"the seed {short(seed)}")
    curves = {}
    for metric, curve in values["curves"].items():
        steps = [parse_number(step, text, finite=True) for step in curve["steps"]]
        numbers = [parse_number(value, text) for value in curve["values"]]
        curves[check_name(metric)] = tuple(zip(steps, numbers, strict=True))
    return Run(
        name=name,
        final_step=float(parse_number(values["final_step"], text, finite=True)),
        curves=curves,
        final={
            check_name(metric): float(parse_number(value, text))
            for metric, value in values["final"].items()
        },
        seed=seed,
    )


def parse_number(value: Any, text: bool, *, finite: bool = False) -> float:
    """A number of a `metrics.yml`, see `parse_run`."""
    number = float(value) if text and not isinstance(value, bool) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TypeError(f"{short(value)} in the place of a number")
    if finite and not math.isfinite(number):
        raise ValueError(f"the step {value}")
    # One that is too large to be a float is refused here.
    float(number)
    return number


def check_name(name: Any) -> str:
    """The name of a metric, which must be text."""
    if not isinstance(name, str):
        raise TypeError(f"{short(name)} in the place of a metric's name")
    return name


def format_aggregated(mean_stds: Mapping[str, MeanStd]) -> str:
    """Metrics over the runs as YAML: as text for people (`shown`), and as numbers."""
    values = {
        name: {
            "shown": f"{mean_std.mean:.4f}+-{mean_std.sd:.4f}",
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


def read_yaml(path: Path, at_most: int = MAX_BYTES) -> dict[str, Any]:
    """A mapping from a YAML file.

    Args:
        path: of the file.
        at_most: its largest size in bytes.

    Raises:
        InputError: not YAML, or no mapping.
    """
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        # Safe: both loaders make plain values alone.
        values = yaml.load(read_bounded(path, at_most).decode(), loader)  # noqa: S506
    except OSError as error:
        raise explain_os_error(error, "read", path) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}. The file is damaged.") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a mapping, found {type(values).__name__}.")
    return values
