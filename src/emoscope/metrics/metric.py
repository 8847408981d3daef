"""A metric as a value: which score, of which label and part of the texts, at which thresholds.

A name such as `half_joy_f1` could mean the F1 of `joy` at a threshold of ½, or the F1 of a label
called `half_joy`. So code passes metrics as values; names are written and read only here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

Score = Literal[
    "micro_f1",
    "macro_f1",
    "jaccard",
    "accuracy",
    "micro_precision",
    "micro_recall",
    "macro_precision",
    "macro_recall",
    "harmonic_macro_f1",
    "f1",
    "precision",
    "recall",
]

AVERAGED: tuple[Score, ...] = ("micro_f1", "macro_f1", "jaccard", "accuracy")
"""Scores of all labels together, which are followed in training."""
FURTHER: tuple[Score, ...] = (
    "micro_precision",
    "micro_recall",
    "macro_precision",
    "macro_recall",
    "harmonic_macro_f1",
)
"""Scores of all labels together that are computed when asked for."""
OF_LABEL: tuple[Score, ...] = ("f1", "precision", "recall")
"""Scores of one label."""
_TITLES = {
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "jaccard": "Jaccard",
    "accuracy": "accuracy",
    "micro_precision": "micro precision",
    "micro_recall": "micro recall",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "harmonic_macro_f1": "macro-F1 of macro precision and recall",
}
_PART = re.compile(r"\((?P<part>(?:[^\\()]|\\.)*)\)_(?P<rest>.+)", re.DOTALL)
_LABEL = re.compile(
    rf"\[(?P<label>(?:[^\\\[\]]|\\.)*)\]_(?P<score>{'|'.join(OF_LABEL)})", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of an evaluation.

    `str` gives its name in logs, files and options: `micro_f1`, `joy_f1`, `es_macro_f1` for the
    part `es`, `half_joy_f1` at a threshold of ½. Where such a name would be read as another metric,
    the label is in square brackets and the part in round ones: `[micro]_f1` for a label called
    `micro`, `(half)_micro_f1` for a part called `half`, `(es)_joy_f1` for a label in a part.
    Brackets inside labels and parts are escaped by a backslash. So no two metrics have the same
    name.

    Attributes:
        score: what is computed.
        label: name of the label if the score is one of `OF_LABEL`, else None.
        part: name of the part of the texts that is measured; all texts if None.
        fixed: whether labels are predicted at a fixed threshold of ½, not at fitted thresholds.
    """

    score: Score
    label: str | None = None
    part: str | None = None
    fixed: bool = False

    def __post_init__(self) -> None:
        if (self.score in OF_LABEL) is (self.label is None):
            raise ValueError(f"{', '.join(OF_LABEL)} are of a label, the others of all labels")

    def __str__(self) -> str:
        label = self.score if self.label is None else f"{self.label}_{self.score}"
        in_square = self.score if self.label is None else f"[{_escape(self.label)}]_{self.score}"
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
        """The metric in titles and tables: `micro-F1 at ½`, `F1 of joy`, `es macro-F1`."""
        of_label = "F1" if self.score == "f1" else self.score
        score = _TITLES.get(self.score, f"{of_label} of {self.label}")
        if self.part is not None:
            score = f"{self.part.replace('_', ' ')} {score}"
        return f"{score} at ½" if self.fixed else score

    def at_fixed_threshold(self) -> "Metric":
        """The same metric at a threshold of ½."""
        return replace(self, fixed=True)

    def of_part(self, part: str) -> "Metric":
        """The same metric on a part of the texts."""
        return replace(self, part=part)


MICRO_F1, MACRO_F1, JACCARD, ACCURACY = (Metric(score) for score in AVERAGED)
AVERAGES = (MICRO_F1, MACRO_F1, JACCARD, ACCURACY)
MORE_AVERAGES = tuple(map(Metric, FURTHER))


def f1_of(label: str) -> Metric:
    """The metric F1 of a label."""
    return Metric("f1", label)


def read_metric(name: str) -> Metric | None:
    """The metric with this name, as `str` writes it; None if there is none."""
    rest = name.removeprefix("half_")
    fixed, part = rest != name, None
    if match := _PART.fullmatch(rest):
        part, rest = _unescape(match["part"]), match["rest"]
    if match := _LABEL.fullmatch(rest):
        score_of_label = next(score for score in OF_LABEL if score == match["score"])
        return Metric(score_of_label, _unescape(match["label"]), part, fixed)
    # The longest first: `harmonic_macro_f1` is no `macro_f1` of a part.
    for score in sorted((*AVERAGED, *FURTHER), key=len, reverse=True):
        if rest == score:
            return Metric(score, part=part, fixed=fixed)
        before = rest.removesuffix(f"_{score}")
        if part is None and before not in ("", rest):
            return Metric(score, part=before, fixed=fixed)
    for score in OF_LABEL:
        label = rest.removesuffix(f"_{score}")
        if label not in ("", rest):
            return Metric(score, label, part, fixed)
    return None


def name_metrics(values: Mapping[Metric, float], prefix: str = "") -> dict[str, float]:
    """Values by the names of their metrics, for logs and files.

    Args:
        values: the value of each metric.
        prefix: prefix of all names, such as `test_`.
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
