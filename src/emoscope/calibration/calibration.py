"""How the logits of one model become probabilities, and from which one a label is given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration.fitting import fit_temperature, fit_thresholds
from emoscope.calibration.functions import Floats, sigmoid, softmax
from emoscope.calibration.prior import log_ratio


@dataclass(frozen=True)
class Calibration:
    """How the logits of one model become probabilities.

    The temperature comes last, so that it never changes which label is the most probable.

    Attributes:
        temperature: divides the shifted logits.
        prior_shift: added to the logits, one number a label; empty for none.
        thresholds: probability from which a label that is not exclusive is given, one a label; of
            exclusive labels the one given has the highest probability over its threshold. Empty for
            ½ throughout.
        shares: share of the texts of training that have each label; empty where nobody knows.
        groups: thresholds of groups of labels, each with the names of its labels, sorted.
        untrained_shift: added to the logits of labels that the model was not trained on.
        untrained_threshold: of such labels; the median of `thresholds` if None.
        untrained_share: share of the texts that such a label is taken to have.
    """

    temperature: float = 1.0
    prior_shift: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    groups: tuple[tuple[tuple[str, ...], float], ...] = ()
    untrained_shift: float = 0.0
    untrained_threshold: float | None = None
    untrained_share: float = 0.05

    def scale(self, logits: Floats) -> Floats:
        """Logits (N, K) shifted and divided by the temperature."""
        shift = np.asarray(self.prior_shift) if self.prior_shift else 0.0
        return (np.asarray(logits, dtype=np.float64) + shift) / self.temperature

    def probabilities(self, logits: Floats, exclusive: bool) -> Floats:
        """Probabilities (N, K): a softmax of exclusive labels, else a sigmoid of each."""
        scaled = self.scale(logits)
        return softmax(scaled) if exclusive else sigmoid(scaled)

    @classmethod
    def of_shift(cls, source: Floats, target: Floats) -> "Calibration":
        """The prior moved from `source` to `target`, both (K,), temperature 1."""
        return cls(prior_shift=tuple(float(x) for x in log_ratio(source, target)))

    def fitted(self, logits: Floats, labels: Floats, exclusive: bool) -> "Calibration":
        """The same shift, with the temperature and the thresholds that fit held-out texts.

        Args:
            logits: of held-out texts, (N, K); NaN only where a label is not known.
            labels: in [0, 1], (N, K), NaN where not known; one-hot if exclusive.
            exclusive: one label a text, which leaves nothing to threshold.
        """
        logits = np.where(np.isnan(labels), 0.0, logits)
        shifted = replace(self, temperature=1.0).scale(logits)
        tempered = replace(self, temperature=fit_temperature(shifted, labels, exclusive))
        if exclusive:
            return tempered
        thresholds = fit_thresholds(tempered.probabilities(logits, exclusive), labels)
        return replace(tempered, thresholds=tuple(map(float, thresholds)))

    def cuts(self) -> Floats | float:
        """The thresholds, (K,), or ½."""
        return np.array(self.thresholds) if self.thresholds else 0.5

    def for_labels(
        self, known: Sequence[str], wanted: Sequence[str], independent: bool = False
    ) -> "Calibration":
        """The calibration of the same model asked for other labels.

        A label keeps the threshold that was fitted for it; see `at` for one that the model was not
        trained on. Where labels see each other, a shift of the prior belongs to the set of labels
        that it was measured on, and is dropped.

        Args:
            known: names of the labels of this calibration.
            wanted: names of the others.
            independent: whether a label's logit is the same whatever else is asked; its shift then
                stays with it.
        """
        if tuple(known) == tuple(wanted):
            return self
        places = {name: place for place, name in enumerate(known)}
        kept = self if independent else replace(self, prior_shift=())
        return kept.at([places.get(name) for name in wanted])

    def at(self, places: Sequence[int | None]) -> "Calibration":
        """The calibration of labels, each by itself.

        A label that the model was not trained on gets `untrained_shift`, `untrained_share` and
        `untrained_threshold`.

        Args:
            places: of the labels in this calibration; None of one that was not trained on.
        """
        shift = self._picked(self.prior_shift, places, self.untrained_shift, 0.0)
        middle = self.untrained_threshold
        if middle is None:
            middle = float(np.median(self.thresholds)) if self.thresholds else 0.5
        cuts = self._picked(self.thresholds, places, middle, 0.5)
        return replace(
            self,
            prior_shift=shift if any(shift) else (),
            thresholds=cuts if self.thresholds or self.untrained_threshold is not None else (),
            shares=self._picked(self.shares, places, self.untrained_share, 0.0)
            if self.shares
            else (),
        )

    @staticmethod
    def _picked(
        values: tuple[float, ...], places: Sequence[int | None], untrained: float, default: float
    ) -> tuple[float, ...]:
        """Values of labels by their places, `default` where this calibration has none at all."""
        return tuple(
            untrained if place is None else values[place] if values else default for place in places
        )

    def group_threshold(self, words: Iterable[str], members: Sequence[float]) -> float:
        """From which probability a group of labels is given.

        Args:
            words: names of its labels, in any order.
            members: the thresholds of these labels, whose mean serves where none was fitted.
        """
        return dict(self.groups).get(tuple(sorted(set(words))), fmean(members))

    def to_dict(self) -> dict[str, Any]:
        """A mapping for `config.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Calibration":
        """The calibration that `to_dict` described."""
        middle = values.get("untrained_threshold")
        # Folders written before there were thresholds, or what follows them, have none.
        return cls(
            float(values["temperature"]),
            tuple(map(float, values["prior_shift"])),
            tuple(map(float, values.get("thresholds", ()))),
            tuple(map(float, values.get("shares", ()))),
            tuple(
                (tuple(sorted(map(str, words))), float(cut))
                for words, cut in values.get("groups", ())
            ),
            float(values.get("untrained_shift", 0.0)),
            None if middle is None else float(middle),
            float(values.get("untrained_share", 0.05)),
        )


def decide(
    probabilities: Floats, exclusive: bool, thresholds: Floats | float = 0.5
) -> NDArray[np.bool_]:
    """Decisions (N, K): labels at their threshold; if exclusive, the most probable one.

    Where exclusive labels have different thresholds, the most probable is the one with the highest
    probability over its threshold; see `fit_decision`.
    """
    if not exclusive:
        return np.asarray(probabilities >= thresholds)
    relative = probabilities / np.maximum(thresholds, 1e-12)
    chosen: NDArray[np.bool_] = np.eye(probabilities.shape[1], dtype=np.bool_)[
        relative.argmax(axis=1)
    ]
    return chosen
