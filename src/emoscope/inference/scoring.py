"""From the logits of a backend to the probabilities of labels, and which labels are given."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from emoscope.calibration import Calibration, group_probability, log_odds, share_shift, sigmoid
from emoscope.calibration.functions import Floats
from emoscope.errors import InputError
from emoscope.inference.grouping import Grouping, Known, find_builtin_groups
from emoscope.inference.recalibration import Recalibrated, Recalibration
from emoscope.strict import suggestion
from emoscope.taxonomy import Taxonomy


@dataclass(frozen=True)
class Scoring:
    """How the logits of a backend become the probabilities of K labels.

    Attributes:
        trained: the labels that the model was trained on.
        fitted: the calibration of these.
        taxonomy: the K labels.
        calibration: the calibration of the labels that the backend is asked for.
        grouping: how the K labels are made of these; None where they are these.
        independent: whether a label's logit does not depend on the other labels.
        own: what a user's coded texts say of some labels.
        expected: shares of the texts that a user expects to have some labels, by name.
    """

    trained: Taxonomy
    fitted: Calibration
    taxonomy: Taxonomy
    calibration: Calibration
    grouping: Grouping | None = None
    independent: bool = False
    own: Recalibration | None = None
    expected: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(
        cls, taxonomy: Taxonomy, calibration: Calibration, independent: bool = False
    ) -> "Scoring":
        """The scoring of a model's own labels."""
        return cls(taxonomy, calibration, taxonomy, calibration, independent=independent)

    @property
    def scored_labels(self) -> Taxonomy:
        """The labels that the backend is asked for."""
        return self.taxonomy if self.grouping is None else self.grouping.scored

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """What each of the K labels is, whatever it is called; see `Grouping.keys`."""
        if self.grouping is not None:
            return self.grouping.keys
        if self.taxonomy == self.trained:
            return tuple((name,) for name in self.trained.names)
        return tuple(tuple(sorted(label.words)) for label in self.taxonomy.labels)

    def for_labels(self, taxonomy: Taxonomy) -> "Scoring":
        """The scoring of other labels.

        What coded texts say of a label stays with it where labels are independent, else it is
        dropped, as it belongs to the labels that were asked for together. So are expected shares.

        Args:
            taxonomy: the labels.
        """
        plain = replace(self, own=self.own if self.independent else None, expected=())
        if self.independent and taxonomy == self.trained:
            return replace(plain, taxonomy=taxonomy, calibration=self.fitted, grouping=None)
        if self.independent and not (taxonomy.exclusive or self.trained.exclusive):
            grouping = Grouping.of(taxonomy, self.trained)
            calibration = self.fitted.at(grouping.places)
            return replace(plain, taxonomy=taxonomy, calibration=calibration, grouping=grouping)
        # A set of labels that see each other is known by what was asked before.
        known, calibration = self.taxonomy, self.calibration
        if self.independent:
            known, calibration = self.trained, self.fitted
        # A label that is only called otherwise is the one that it was.
        found = Known(known)
        places = [found.place(label, taxonomy.language) for label in taxonomy.labels]
        if places != list(range(len(known))):
            kept = calibration if self.independent else replace(calibration, prior_shift=())
            calibration = kept.at(places)
        return replace(plain, taxonomy=taxonomy, calibration=calibration, grouping=None)

    def recalibrated(self, own: Recalibration | None) -> "Scoring":
        """The scoring with what coded texts say of some labels, or without.

        Raises:
            InputError: labels that exclude each other, or that it is not about.
        """
        if own is not None:
            self.check_several("A calibration by coded texts")
            own.check(self.keys, self.independent)
        return replace(self, own=own)

    def expecting(self, shares: Mapping[str, float]) -> "Scoring":
        """The scoring for texts that have some labels more or less often than the model assumes.

        Args:
            shares: the shares of the texts, by the name of the label.

        Raises:
            InputError: labels that exclude each other, a name that is no label, a share that is not
                between 0 and 1, or a label that nobody knows the assumed share of.
        """
        self.check_several("An expected share")
        for name, share in shares.items():
            if name not in self.taxonomy.names:
                close = suggestion(str(name), self.taxonomy.names)
                raise InputError(f"No label {name!r} to expect a share of; {close}")
            number = isinstance(share, int | float) and not isinstance(share, bool)
            if not number or not 0 < share < 1:
                raise InputError(
                    f"Expected a share between 0 and 1 for {name!r}, such as 0.05 for 5 % of the "
                    f"texts, got {share!r}."
                )
            self.assumed_share(self.taxonomy.index(name))
        return replace(self, expected=tuple((name, float(x)) for name, x in shares.items()))

    def check_several(self, what: str) -> None:
        """Check that labels do not exclude each other.

        Raises:
            InputError: they do.
        """
        if self.taxonomy.exclusive:
            raise InputError(
                f"{what} is for labels that do not exclude each other, but a text has exactly one "
                f"of {', '.join(self.taxonomy.names)}. Leave it out."
            )

    def assumed_share(self, place: int) -> float:
        """The share of the texts that the probabilities of a label assume to have it.

        That of the coded texts, if there are any; else that of the texts of training, which for a
        group follows from those of its labels as its probability does; else
        `Calibration.untrained_share`.

        Args:
            place: the place of the label among the K.

        Raises:
            InputError: the model does not say it.
        """
        coded = self._coded(place)
        if coded is not None:
            return coded.share
        name = self.taxonomy.names[place]
        if name in self.untrained:
            return self.calibration.untrained_share
        if not self.calibration.shares:
            raise InputError(
                f"This model does not say how many of the texts that it was trained on have "
                f"{name!r}, so that another share means nothing to it. Code some of your texts, "
                "and calibrate by them."
            )
        members = (place,) if self.grouping is None else self.grouping.members[place]
        shares = np.array([self.calibration.shares[member] for member in members])
        return float(shares[0] if len(shares) == 1 else group_probability(shares))

    def _coded(self, place: int) -> Recalibrated | None:
        """The recalibration of one of the K labels, if there is any."""
        return None if self.own is None else self.own.by_key.get(self.keys[place])

    @cached_property
    def _slopes_and_shifts(self) -> tuple[Floats, Floats]:
        """Slope and shift of the log-odds of each label; each (K,)."""
        slopes, shifts = np.ones(len(self.taxonomy)), np.zeros(len(self.taxonomy))
        temperature = 1.0 if self.own is None else self.own.temperature
        for place in range(len(self.taxonomy)):
            coded = self._coded(place)
            if coded is not None:
                slopes[place], shifts[place] = 1 / temperature, coded.shift / temperature
        for name, share in self.expected:
            place = self.taxonomy.index(name)
            shifts[place] += share_shift(self.assumed_share(place), share)
        return slopes, shifts

    def probabilities(self, logits: Floats) -> Floats:
        """Probabilities (N, K) from the logits of the labels asked for."""
        found = self.calibration.probabilities(logits, self.taxonomy.exclusive)
        if self.grouping is not None:
            found = self.grouping.combine(found)
        slopes, shifts = self._slopes_and_shifts
        moved = (slopes != 1) | (shifts != 0)
        if moved.any():
            scores = log_odds(found[:, moved])
            found[:, moved] = sigmoid(scores * slopes[moved] + shifts[moved])
        return found

    @cached_property
    def thresholds(self) -> tuple[float, ...]:
        """The probability from which each label is given, (K,)."""
        coded = map(self._coded, range(len(self.taxonomy)))
        return tuple(
            fitted if own is None else own.threshold
            for fitted, own in zip(self._fitted_thresholds(), coded, strict=True)
        )

    def _fitted_thresholds(self) -> tuple[float, ...]:
        """The same without the user's recalibration."""
        fitted = self.calibration.thresholds or (0.5,) * len(self.scored_labels)
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
            known, language = Known(self.trained), self.taxonomy.language
            return tuple(
                label.name for label in self.taxonomy.labels if known.place(label, language) is None
            )
        places = self.grouping.places
        return tuple(
            name
            for name, members in zip(self.taxonomy.names, self.grouping.members, strict=True)
            if any(places[member] is None for member in members)
        )

    @property
    def guessed(self) -> tuple[str, ...]:
        """Names of the untrained labels whose thresholds no coded text has fitted: guesses."""
        untrained = set(self.untrained)
        return tuple(
            name
            for place, name in enumerate(self.taxonomy.names)
            if name in untrained and self._coded(place) is None
        )

    @property
    def groups(self) -> tuple[tuple[str, str], ...]:
        """Those of these that a built-in taxonomy makes of labels that the model knows, with it."""
        if self.grouping is None:
            return ()
        known = find_builtin_groups(self.trained)
        return tuple((name, known[name]) for name in self.guessed if name in known)

    @property
    def config(self) -> dict[str, Any]:
        """What affects scores besides the model and the labels, for a job's configuration."""
        return {
            "calibration": None if self.own is None else self.own.fingerprint(),
            "expected shares": dict(self.expected) or None,
        }
