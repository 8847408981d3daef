"""From probabilities to what is written of a row: the labels given, cut at thresholds and a number.

Pure functions of one chunk of rows; files, caches and processes are elsewhere.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import decide
from emoscope.errors import InputError, explain_os_error
from emoscope.inference.scoring import Scoring
from emoscope.jobs.source import Item
from emoscope.strict import check_mapping, parse, suggestion

DECIMALS = 6
_MAX_THRESHOLDS = 1_000_000
Conversation = Sequence[str]
Probabilities = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Labels:
    """The K labels that are scored, and when one is given.

    Attributes:
        names: the names of the labels.
        exclusive: whether a text has exactly one of them, the most probable one.
        thresholds: else, the probability from which each is given.
        guessed: names of those whose thresholds are guesses, as the model was not trained on them.
        groups: names of those of these that a built-in taxonomy has as groups of labels that the
            model knows, with the name of the taxonomy.
    """

    names: tuple[str, ...]
    exclusive: bool
    thresholds: tuple[float, ...]
    guessed: tuple[str, ...] = ()
    groups: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls, scoring: Scoring, threshold: float | Path | Literal["fitted"] = "fitted"
    ) -> "Labels":
        """The labels of a model.

        Args:
            scoring: the scoring of the model.
            threshold: in place of the fitted ones, a number, or a file for `read_thresholds`.

        Raises:
            InputError: see `cut_at` and `read_thresholds`.
        """
        taxonomy, fitted = scoring.taxonomy, scoring.thresholds
        labels = cls(taxonomy.names, taxonomy.exclusive, fitted, scoring.guessed, scoring.groups)
        if threshold == "fitted":
            return labels
        requested = read_thresholds(threshold) if isinstance(threshold, Path) else threshold
        return labels.cut_at(requested)

    def cut_at(self, threshold: float | Mapping[str, float]) -> "Labels":
        """The labels with another threshold for all, or for those that a mapping names.

        Raises:
            InputError: the labels exclude each other, a label is unknown, or a threshold is not
                between 0 and 1.
        """
        if self.exclusive:
            raise InputError(
                "The labels of this model exclude each other: a text has the most probable one, "
                "and there is no threshold to set. Leave it out."
            )
        given = (
            threshold if isinstance(threshold, Mapping) else dict.fromkeys(self.names, threshold)
        )
        for name, value in given.items():
            if name not in self.names:
                raise InputError(
                    f"No label {name!r} to set a threshold for; {suggestion(str(name), self.names)}"
                )
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or math.isnan(value) or not 0 <= value <= 1:
                raise InputError(
                    f"Expected a threshold between 0 and 1 for {name!r}, got {value!r}."
                )
        fitted = dict(zip(self.names, self.thresholds, strict=True))
        cuts = (float(given.get(name, fitted[name])) for name in self.names)
        return replace(self, thresholds=tuple(cuts))


def read_thresholds(path: Path) -> dict[str, float]:
    """A JSON or YAML file with a threshold for each label, or for some.

    Raises:
        InputError: no such file, or one that holds no mapping.
    """
    try:
        # Not `read_bounded`, as `<(command)` is a FIFO.
        with path.open("rb") as file:
            content = file.read(_MAX_THRESHOLDS + 1)
        if len(content) > _MAX_THRESHOLDS:
            raise InputError(f"larger than {_MAX_THRESHOLDS:,} bytes, which no thresholds need.")
        values = parse(content.decode("utf-8-sig"), path.suffix.lower())
    except OSError as error:
        raise explain_os_error(error, "read the thresholds in", path) from error
    except (ValueError, InputError) as error:
        raise InputError(f"{path}: {error}") from error
    return dict(check_mapping(values, f"{path}: what the file holds"))


@dataclass(frozen=True)
class Scores:
    """What N rows show.

    Attributes:
        probabilities: (N, K), rounded to `DECIMALS`; NaN in bad rows, and beyond the top k.
        given: (N, K), the labels that are given.
    """

    probabilities: Probabilities
    given: NDArray[np.bool_]


@dataclass(frozen=True)
class Unique:
    """The conversations of N rows, each once.

    Attributes:
        conversations: U of them, in the order they first come.
        places: (N,), which one a row has; -1 in a bad row.
    """

    conversations: list[Conversation]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, items: Sequence[Item]) -> "Unique":
        """Collect the conversations of rows."""
        found: dict[tuple[str, ...], int] = {}
        places = [
            -1 if item.error else found.setdefault(tuple(item.turns), len(found)) for item in items
        ]
        return cls(list(found), np.array(places, dtype=np.int64))

    def scores(self, probabilities: Probabilities, labels: Labels, top_k: int | None) -> Scores:
        """What the rows show.

        Args:
            probabilities: the probabilities of the conversations, (U, K).
            labels: the K labels.
            top_k: keep only so many labels a row, the most probable ones.
        """
        count = len(labels.names)
        kept = np.full((len(self.places), count), np.nan)
        given = np.zeros((len(self.places), count), dtype=np.bool_)
        good = self.places >= 0
        if good.any():
            decided = decide(probabilities, labels.exclusive, np.array(labels.thresholds))
            shown = np.round(probabilities, DECIMALS)
            if top_k is not None and top_k < count:
                ranks = np.argsort(np.argsort(-probabilities, axis=1, kind="stable"), axis=1)
                shown[ranks >= top_k] = np.nan
                decided &= ranks < top_k
            kept[good] = shown[self.places[good]]
            given[good] = decided[self.places[good]]
        return Scores(kept, given)
