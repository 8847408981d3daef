"""The counts that charts of annotations show; memory does not grow with the number of texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.charts.dates import check_layout
from emoscope.charts.timeline import Timeline
from emoscope.errors import InputError
from emoscope.plutchik import WHEEL, place_of
from emoscope.taxonomy import Taxonomy

Floats = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]

MILLION = 1_000_000
MAX_LABELS = 2_000
"""Charts show far fewer, and the counts of pairs take memory by the square of their number."""


class Tally:
    """Counts of annotated texts, for charts of them.

    All counts are integers, and probabilities are counted in millionths, so that neither the order
    nor the batches of the texts change a result.

    Args:
        taxonomy: the K labels.
        date_format: format of the dates for `datetime.strptime`, such as `"%d/%m/%Y"`; needed only
            where `read_date` does not read them.

    Attributes:
        texts: number of texts added.
        given: number of texts with each label, (K,).
        together: number of texts with both of two labels, (K, K); the diagonal is `given`.
        sizes: number of texts with 0, 1, …, K labels, (K + 1,).
        places: for each label, the emotion of Plutchik's wheel that it counts as, or None.
        on_wheel: number of texts with a label of each emotion of `WHEEL`, (16,).
        timeline: counts over time; None until texts with dates are added.

    Raises:
        InputError: no whole date can be read with `date_format`, or there are more than
            `MAX_LABELS`.
    """

    def __init__(self, taxonomy: Taxonomy, date_format: str | None = None) -> None:
        if date_format is not None:
            check_layout(date_format)
        count = len(taxonomy)
        if count > MAX_LABELS:
            raise InputError(
                f"Expected at most {MAX_LABELS:,} labels in a picture, got {count:,}. What was "
                "annotated is whole; leave the picture out, or draw one of fewer labels."
            )
        self.taxonomy = taxonomy
        self.texts = 0
        self.given: Counts = np.zeros(count, np.int64)
        self.together: Counts = np.zeros((count, count), np.int64)
        self.sizes: Counts = np.zeros(count + 1, np.int64)
        self.places = tuple(place_of(label) for label in taxonomy.labels)
        self.on_wheel: Counts = np.zeros(len(WHEEL), np.int64)
        self.timeline: Timeline | None = None
        self._date_format = date_format
        self._millionths: Counts = np.zeros(count, np.int64)
        self._at_places = np.array([[place == at for at in WHEEL] for place in self.places])

    def add(
        self,
        probabilities: Floats,
        given: NDArray[np.bool_],
        dates: Sequence[object] | None = None,
    ) -> None:
        """Count N texts.

        Args:
            probabilities: the probability of each label, (N, K).
            given: whether each text is given each label, (N, K).
            dates: N dates as `read_date` reads them, None where a text has none. Dates that cannot
                be read are counted, and a note in the charts says how many.

        Raises:
            ValueError: the shapes do not fit together.
        """
        if probabilities.shape != given.shape or given.shape[1:] != self.given.shape:
            raise ValueError(
                f"Expected two arrays (N, {len(self.given)}), got {probabilities.shape} and "
                f"{given.shape}."
            )
        if dates is not None and len(dates) != len(given):
            raise ValueError(f"Expected {len(given)} dates, one a text, got {len(dates)}.")
        # Matrix products of float64 are much faster than of integers, and exact up to 2^53.
        ones = given.astype(np.float64)
        self.given += given.sum(axis=0)
        self.together += (ones.T @ ones).astype(np.int64)
        self.sizes += np.bincount(given.sum(axis=1), minlength=len(self.sizes))
        self.on_wheel += (ones @ self._at_places > 0).sum(axis=0)
        millionths = np.rint(np.asarray(probabilities, np.float64) * MILLION).astype(np.int64)
        self._millionths += millionths.sum(axis=0)
        if dates is None and self.timeline is not None:
            dates = [None] * len(given)
        if dates is not None:
            if self.timeline is None:
                self.timeline = Timeline(len(self.given), self._date_format)
                self.timeline.missing = self.texts
            self.timeline.add(dates, given)
        self.texts += len(given)

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of the texts that have each label, (K,); 0 without texts."""
        return np.asarray(self.given / max(self.texts, 1))

    @property
    def mean_probabilities(self) -> NDArray[np.float64]:
        """Mean probability of each label, (K,); 0 without texts."""
        return np.asarray(self._millionths / MILLION / max(self.texts, 1))

    def expected(self) -> NDArray[np.float64]:
        """Expected number of texts with both of two labels if these were independent, (K, K)."""
        return np.asarray(np.outer(self.given, self.given) / max(self.texts, 1))

    def lift(self) -> NDArray[np.float64]:
        """Number of texts with both of two labels, divided by the expected number, (K, K).

        Its logarithm is the pointwise mutual information. NaN where a label is never given.
        """
        expected = self.expected()
        unknown = np.full(expected.shape, np.nan)
        return np.asarray(np.divide(self.together, expected, out=unknown, where=expected > 0))

    def phi(self) -> NDArray[np.float64]:
        """Correlation of two labels over the texts, in [-1, 1], (K, K).

        For two binary variables, Pearson's correlation is called the φ coefficient. NaN where a
        label is given to all texts or to none.
        """
        share = self.shares
        deviation = np.sqrt(share * (1 - share))
        both = self.together / max(self.texts, 1) - np.outer(share, share)
        scale = np.outer(deviation, deviation)
        unknown = np.full(scale.shape, np.nan)
        phi = np.divide(both, scale, out=unknown, where=scale > 0)
        return np.asarray(np.clip(phi, -1.0, 1.0))

    def draw(self, path: Path, title: str = "Emotions") -> None:
        """Draw the distribution, Plutchik's wheel, correlations, and time if there are dates.

        Args:
            path: `.html` is a self-contained page, `.svg` one drawing; `.png` and `.pdf` need
                matplotlib. The file is written whole or not at all.
            title: title of the page or drawing.

        Raises:
            InputError: another suffix, or a path that cannot be written.
            MissingExtraError: matplotlib is not installed.
        """
        from emoscope.charts.draw import draw

        draw(self, path, title)
