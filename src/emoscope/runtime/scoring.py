"""From the logits of a backend to the probabilities of labels, and which labels are given."""

from dataclasses import dataclass
from functools import cached_property

from emoscope.calibration import Calibration
from emoscope.calibration.functions import Floats
from emoscope.runtime.grouping import Grouping
from emoscope.taxonomy import Taxonomy


@dataclass(frozen=True)
class Scoring:
    """How the logits of a backend become the probabilities of K labels.

    Attributes:
        trained: the labels that the model was trained on.
        fitted: the calibration of these.
        taxonomy: the K labels.
        calibration: of the labels that the backend is asked for.
        grouping: how the K labels are made of these; None where they are these.
    """

    trained: Taxonomy
    fitted: Calibration
    taxonomy: Taxonomy
    calibration: Calibration
    grouping: Grouping | None = None

    @classmethod
    def of(cls, taxonomy: Taxonomy, calibration: Calibration) -> "Scoring":
        """The scoring of a model's own labels."""
        return cls(taxonomy, calibration, taxonomy, calibration)

    @property
    def asked(self) -> Taxonomy:
        """The labels that the backend is asked for."""
        return self.taxonomy if self.grouping is None else self.grouping.asked

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """What each of the K labels is, whatever it is called; see `Grouping.keys`."""
        if self.grouping is not None:
            return self.grouping.keys
        if self.taxonomy == self.trained:
            return tuple((name,) for name in self.trained.names)
        return tuple(tuple(sorted(label.words)) for label in self.taxonomy.labels)

    def for_labels(self, taxonomy: Taxonomy, independent: bool) -> "Scoring":
        """The scoring of other labels.

        Args:
            taxonomy: the labels.
            independent: whether a label's logit is the same whatever else is asked.
        """
        if independent and taxonomy == self.trained:
            return Scoring.of(self.trained, self.fitted)
        if independent and not (taxonomy.exclusive or self.trained.exclusive):
            grouping = Grouping.of(taxonomy, self.trained)
            calibration = self.fitted.at(grouping.places)
            return Scoring(self.trained, self.fitted, taxonomy, calibration, grouping)
        # A set of labels that see each other is known by what was asked before.
        known, calibration = (
            (self.trained, self.fitted) if independent else (self.taxonomy, self.calibration)
        )
        calibration = calibration.for_labels(known.names, taxonomy.names)
        return Scoring(self.trained, self.fitted, taxonomy, calibration)

    def probabilities(self, logits: Floats) -> Floats:
        """Probabilities (N, K) from the logits of the labels asked for."""
        found = self.calibration.probabilities(logits, self.taxonomy.exclusive)
        return found if self.grouping is None else self.grouping.combine(found)

    @cached_property
    def thresholds(self) -> tuple[float, ...]:
        """The probability from which each label is given, (K,)."""
        fitted = self.calibration.thresholds or (0.5,) * len(self.asked)
        if self.grouping is None:
            return fitted
        found = []
        for key, members in zip(self.grouping.keys, self.grouping.members, strict=True):
            cuts = [fitted[member] for member in members]
            single = len(members) == 1
            found.append(cuts[0] if single else self.calibration.group_threshold(key, cuts))
        return tuple(found)

    @property
    def untrained(self) -> tuple[str, ...]:
        """Names of the labels that the model was not trained on: it goes by their words alone."""
        if self.grouping is None:
            return tuple(name for name in self.taxonomy.names if name not in self.trained.names)
        places = self.grouping.places
        return tuple(
            name
            for name, members in zip(self.taxonomy.names, self.grouping.members, strict=True)
            if any(places[member] is None for member in members)
        )
