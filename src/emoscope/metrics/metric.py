"""What a number measures, as a value: which score, of what, decided how.

A name such as `half_joy_f1` could mean the F1 of `joy` at a threshold of ½, or that of a label
called `half_joy`. So code passes metrics on as values; names are written and read here alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

Score = Literal["micro_f1", "macro_f1", "jaccard", "accuracy", "f1"]

AVERAGED: tuple[Score, ...] = ("micro_f1", "macro_f1", "jaccard", "accuracy")
"""Scores of all labels together; `f1` is that of one label."""
_TITLES = {
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "jaccard": "Jaccard",
    "accuracy": "accuracy",
}
_PART = re.compile(r"\((?P<part>(?:[^\\()]|\\.)*)\)_(?P<rest>.+)", re.DOTALL)
_LABEL = re.compile(r"\[(?P<label>(?:[^\\\[\]]|\\.)*)\]_f1", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of an evaluation.

    Its text is the name that logs, files and options have: `micro_f1`, `joy_f1`, `es_macro_f1` of
    the part `es`, `half_joy_f1` at a threshold of ½. Where such a name would read as another metric
    the label stands in square brackets and the part in round ones: `[micro]_f1` of a label called
    `micro`, `(half)_micro_f1` of a part called `half`, `(es)_joy_f1` of a label in a part. Brackets
    in the names themselves follow a backslash. So no two metrics share a name.

    Attributes:
        score: what is computed.
        label: of the score `f1`, the label's name; else None.
        part: name of the part of the texts that is measured alone; all of them if None.
        fixed: decided at a threshold of ½ for all labels, not at fitted ones.
    """

    score: Score
    label: str | None = None
    part: str | None = None
    fixed: bool = False

    def __post_init__(self) -> None:
        if (self.score == "f1") is (self.label is None):
            raise ValueError("the score f1 is of a label, the others are of all labels")

    def __str__(self) -> str:
        label = self.score if self.label is None else f"{self.label}_f1"
        in_square = self.score if self.label is None else f"[{_escape(self.label)}]_f1"
        part = "" if self.part is None else f"{self.part}_"
        in_round = "" if self.part is None else f"({_escape(self.part)})_"
        fixed_prefix = "half_" if self.fixed else ""
        names = (
            f"{fixed_prefix}{before}{after}"
            for before in (part, in_round)
            for after in (label, in_square)
        )
        # The last one always reads as this metric.
        return next(name for name in names if read_metric(name) == self)

    @property
    def title(self) -> str:
        """For people: `micro-F1 at ½`, `F1 of joy`, `es macro-F1`."""
        score = _TITLES.get(self.score, f"F1 of {self.label}")
        if self.part is not None:
            score = f"{self.part.replace('_', ' ')} {score}"
        return f"{score} at ½" if self.fixed else score

    def at_fixed_threshold(self) -> "Metric":
        """The same at a threshold of ½."""
        return replace(self, fixed=True)

    def of_part(self, part: str) -> "Metric":
        """The same of a part of the texts."""
        return replace(self, part=part)


MICRO_F1, MACRO_F1, JACCARD, ACCURACY = (Metric(score) for score in AVERAGED)
AVERAGES = (MICRO_F1, MACRO_F1, JACCARD, ACCURACY)


def f1_of(label: str) -> Metric:
    """F1 of a label."""
    return Metric("f1", label)


def read_metric(name: str) -> Metric | None:
    """The metric that a name means, as `str` writes it; None if it is the name of none."""
    rest = name.removeprefix("half_")
    fixed, part = rest != name, None
    if match := _PART.fullmatch(rest):
        part, rest = _unescape(match["part"]), match["rest"]
    if match := _LABEL.fullmatch(rest):
        return Metric("f1", _unescape(match["label"]), part, fixed)
    for score in AVERAGED:
        if rest == score:
            return Metric(score, part=part, fixed=fixed)
        before = rest.removesuffix(f"_{score}")
        if part is None and before not in ("", rest):
            return Metric(score, part=before, fixed=fixed)
    label = rest.removesuffix("_f1")
    return None if label in ("", rest) else Metric("f1", label, part, fixed)


def name_metrics(values: Mapping[Metric, float], prefix: str = "") -> dict[str, float]:
    """Values by the names of their metrics, as logs and files have them.

    Args:
        values: of each metric.
        prefix: of all names, such as `test_`.
    """
    return {f"{prefix}{metric}": value for metric, value in values.items()}


def mean_metrics(rows: Sequence[Mapping[Metric, float]]) -> dict[Metric, float]:
    """Each metric as the mean over the rows that have it."""
    metrics = dict.fromkeys(metric for row in rows for metric in row)
    return {metric: fmean(row[metric] for row in rows if metric in row) for metric in metrics}


def _escape(name: str) -> str:
    return re.sub(r"([\\()\[\]])", r"\\\1", name)


def _unescape(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL)
