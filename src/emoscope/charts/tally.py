"""What pictures of annotations show, counted in memory that does not grow with the texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.charts.dates import check_layout
from emoscope.charts.timeline import Timeline
from emoscope.plutchik import WHEEL, place_of
from emoscope.taxonomy import Taxonomy

Floats = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]

MILLION = 1_000_000


class Tally:
    """Counts of annotated texts, for pictures of them.

    All counts are whole numbers, probabilities in millionths, so that neither the order of the
    texts nor how many come at a time changes any figure.

    Args:
        taxonomy: the K labels.
        date_format: how dates are written, for `datetime.strptime`, where `read_date` would not
            read them; `"%d/%m/%Y"`.

    Attributes:
        texts: how many were added.
        given: how many have each label, (K,).
        together: how many have both of two labels, (K, K); on the diagonal `given`.
        sizes: how many have 0, 1, …, K labels, (K + 1,).
        places: for each label, the emotion of Plutchik's wheel that it counts as, or None.
        on_wheel: how many have a label of each emotion of `WHEEL`, (16,).
        timeline: counts over time; None until texts with dates are added.

    Raises:
        InputError: a `date_format` that no whole date can be read by.
    """

    def __init__(self, taxonomy: Taxonomy, date_format: str | None = None) -> None:
        if date_format is not None:
            check_layout(date_format)
        count = len(taxonomy)
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
            probabilities: of each label, (N, K).
            given: whether each text is given each label, (N, K).
            dates: of the texts, N values as `read_date` takes them, None where there is none. What
                cannot be read is counted and told on the pictures.

        Raises:
            ValueError: shapes or numbers that do not fit.
        """
        if probabilities.shape != given.shape or given.shape[1:] != self.given.shape:
            raise ValueError(
                f"Expected two arrays (N, {len(self.given)}), got {probabilities.shape} and "
                f"{given.shape}."
            )
        if dates is not None and len(dates) != len(given):
            raise ValueError(f"Expected {len(given)} dates, one a text, got {len(dates)}.")
        # Products of float64 are by far faster than those of integers, and whole up to 2^53.
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
        """Texts that would have both of two labels if these were independent, (K, K)."""
        return np.asarray(np.outer(self.given, self.given) / max(self.texts, 1))

    def lift(self) -> NDArray[np.float64]:
        """How many times as often as expected two labels are given together, (K, K).

        Its logarithm is the pointwise mutual information. NaN where a label is never given.
        """
        expected = self.expected()
        unknown = np.full(expected.shape, np.nan)
        return np.asarray(np.divide(self.together, expected, out=unknown, where=expected > 0))

    def phi(self) -> NDArray[np.float64]:
        """Correlation of two labels over the texts, in [-1, 1], (K, K).

        Pearson's, which of two yes-or-no variables is the φ coefficient. NaN where a label is
        given to all texts or to none.
        """
        share = self.shares
        spread = np.sqrt(share * (1 - share))
        both = self.together / max(self.texts, 1) - np.outer(share, share)
        scale = np.outer(spread, spread)
        unknown = np.full(scale.shape, np.nan)
        phi = np.divide(both, scale, out=unknown, where=scale > 0)
        return np.asarray(np.clip(phi, -1.0, 1.0))

    def draw(self, path: Path, title: str = "Emotions") -> None:
        """Draw the distribution, Plutchik's wheel, what goes together, and time if there are dates.

        Args:
            path: `.html` is a page that needs nothing else, `.svg` one drawing; `.png` and `.pdf`
                need matplotlib. The file appears whole or not at all.
            title: of the picture.

        Raises:
            InputError: another suffix, or a path that cannot be written.
            MissingExtraError: matplotlib is not installed.
        """
        from emoscope.charts.draw import draw

        draw(self, path, title)
