"""Fitting a calibration of one's own to coded texts, and measuring what it is worth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import expected_threshold, fit_scaling, label_shares, log_odds, sigmoid
from emoscope.calibration.functions import Floats
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.recalibration import Key, Recalibrated, Recalibration
from emoscope.inference.texts import find_table_columns, to_turns_of_texts
from emoscope.metrics.counts import Counts
from emoscope.strict import short, suggestion

MIN_TEXTS = 10
FOLDS = 5
DECIMALS = 6
TRUST = 10.0
"""How strongly the shift of a label that was trained on is pulled to the model's own, and the slope
of all labels to 1: like so many texts that the model is not sure of."""
DISTRUST = 1.0
"""The same of a label that was not trained on, whose shift is a guess."""
HALF_WAY = 5.0
"""With so many cases a threshold is half-way from the model's own to that of the coded texts."""


@dataclass(frozen=True)
class Coded:
    """N coded texts, as the model scores them.

    Attributes:
        log_odds: the log odds of the model's probabilities, (N, K).
        labels: in [0, 1], (N, K), NaN where a text does not say.
        keys: what each of the K labels is.
        thresholds: the model's own, (K,).
        trained: whether the model was trained on each label, (K,).
        independent: whether a label's score is the same whatever else is asked.
    """

    log_odds: Floats
    labels: Floats
    keys: tuple[Key, ...]
    thresholds: Floats
    trained: NDArray[np.bool_]
    independent: bool

    @classmethod
    def of(cls, annotator: Annotator, texts: Iterable[str | Sequence[str]], labels: Any) -> "Coded":
        """Score texts; those that say nothing of any label are left out.

        Args:
            annotator: the annotator of the model; a calibration that it has is left out.
            texts: as of `Annotator.annotate`.
            labels: as of `Annotator.calibrated`.

        Raises:
            InputError: fewer than `MIN_TEXTS` coded texts, labels of another number of texts, a
                name that is no label, or labels that exclude each other.
        """
        scoring = replace(annotator.scoring, own=None, expected=())
        scoring.check_several("A calibration by coded texts")
        names, turns = scoring.taxonomy.names, list(to_turns_of_texts(texts))
        matrix = to_label_matrix(labels, names, len(turns))
        rows = np.flatnonzero(~np.isnan(matrix).all(axis=1)).tolist()
        if len(rows) < MIN_TEXTS:
            raise InputError(
                f"Expected at least {MIN_TEXTS} coded texts to calibrate by, better a hundred, got "
                f"{len(rows)}."
            )
        logits = annotator.backend.logits(annotator.encode([turns[row] for row in rows]))
        return cls(
            log_odds(scoring.probabilities(logits)),
            matrix[rows],
            scoring.keys,
            np.array(scoring.thresholds),
            np.array([name not in scoring.untrained for name in names]),
            scoring.independent,
        )

    @property
    def cases(self) -> NDArray[np.int64]:
        """How many texts have each label, (K,)."""
        return np.asarray((self.labels >= 0.5).sum(axis=0))

    def take(self, rows: NDArray[np.int64]) -> "Coded":
        """Select some of the texts."""
        return replace(self, log_odds=self.log_odds[rows], labels=self.labels[rows])

    def fit(self) -> Recalibration:
        """What the texts say of the labels that some of them have.

        The likeliest temperature and shifts, each shift pulled to the model's own; thresholds of
        the best F1 to be expected at the new probabilities, those of labels that were trained on
        half-way to the model's own at `HALF_WAY` cases.
        """
        met = np.flatnonzero(self.cases > 0)
        together = None if self.independent else self.keys
        if not len(met):
            return Recalibration(1.0, (), len(self.labels), together)
        scores, labels = self.log_odds[:, met], self.labels[:, met]
        strength = np.where(self.trained[met], TRUST, DISTRUST)
        scaling = fit_scaling(scores, labels, strength, TRUST)
        probabilities = sigmoid((scores + scaling.shifts) / scaling.temperature)
        shares = label_shares(labels)
        found = []
        for place, label in enumerate(met):
            cases = int(self.cases[label])
            known = ~np.isnan(labels[:, place])
            best = expected_threshold(probabilities[known, place])
            trust = HALF_WAY if self.trained[label] else 0.0
            weight = cases / (cases + trust)
            cut = best**weight * self.thresholds[label] ** (1 - weight)
            shift, cut, share = (
                round(float(number), DECIMALS)
                for number in (scaling.shifts[place], cut, shares[place])
            )
            found.append(Recalibrated(self.keys[label], shift, cut, share, cases))
        temperature = round(scaling.temperature, DECIMALS)
        return Recalibration(temperature, tuple(found), len(self.labels), together)

    def decide(self, calibration: Recalibration | None = None) -> NDArray[np.bool_]:
        """Labels given, (N, K), by the model's own calibration if none is named."""
        calibration = calibration or Recalibration(1.0, (), 0)
        scores, cuts = np.array(self.log_odds), np.array(self.thresholds)
        for place, key in enumerate(self.keys):
            label = calibration.by_key.get(key)
            if label is not None:
                scores[:, place] = (scores[:, place] + label.shift) / calibration.temperature
                cuts[place] = label.threshold
        return np.asarray(sigmoid(scores) >= cuts)

    def check(self, seed: int = 0) -> "Check":
        """How good the labels given are without and with a calibration.

        Each text is decided by a calibration that was fitted to other texts: the texts are dealt
        into `FOLDS` parts, and each part is left out in turn.

        Args:
            seed: the random seed of the folds.
        """
        order = np.random.default_rng(seed).permutation(len(self.labels))
        after = np.zeros(self.labels.shape, dtype=np.bool_)
        for part in np.array_split(order, FOLDS):
            rest = np.setdiff1d(order, part)
            after[part] = self.take(part).decide(self.take(rest).fit())
        met = self.cases > 0
        known = ~np.isnan(self.labels[:, met])
        truth = self.labels[:, met] >= 0.5
        before = self.decide()[:, met]
        return Check(
            F1.of(truth, before & known), F1.of(truth, after[:, met] & known), int(met.sum())
        )


@dataclass(frozen=True)
class F1:
    """Macro- and micro-averaged F1, in [0, 1]."""

    macro: float
    micro: float

    @classmethod
    def of(cls, truth: NDArray[np.bool_], given: NDArray[np.bool_]) -> "F1":
        """F1 of labels given, (N, K), against the truth, (N, K); each label has a case."""
        if not truth.shape[1]:
            return cls(0.0, 0.0)
        counts = Counts.of(truth, given)
        return cls(float(counts.f1.mean()), float(counts.total().f1))


@dataclass(frozen=True)
class Check:
    """How good labels are before and after a calibration.

    Attributes:
        before: with the model's own calibration.
        after: with one that was fitted to other texts.
        labels: how many labels have a case, over which F1 is averaged.
    """

    before: F1
    after: F1
    labels: int


def to_label_matrix(labels: Any, names: Sequence[str], texts: int) -> Floats:
    """Convert the labels of N coded texts to numbers, (N, K).

    Args:
        labels: for each text the names of its labels, none or several; its only label; or None
            where it is not coded. Or numbers from 0 to 1, (N, K), NaN where not known.
        names: the names of the K labels.
        texts: how many there are, N.

    Raises:
        InputError: it is something else, or of another number of texts, or a name is no label.
    """
    if isinstance(labels, np.ndarray):
        return _check_matrix(labels, len(names), texts)
    if find_table_columns(labels) is not None:
        raise InputError(
            "Expected the labels of each text as a list, or an array, got a data frame: pass "
            "frame[list(annotator.taxonomy.names)].to_numpy()."
        )
    rows = list(labels) if isinstance(labels, Iterable) and not isinstance(labels, str) else None
    if rows is None or len(rows) != texts:
        got = short(labels) if rows is None else f"{len(rows)}"
        raise InputError(f"Expected the labels of {texts} texts, one list each, got {got}.")
    found = np.zeros((texts, len(names)))
    for place, row in enumerate(rows):
        if row is None:
            found[place] = np.nan
            continue
        given = [row] if isinstance(row, str) else row
        if not isinstance(given, list | tuple | set | frozenset):
            raise InputError(
                f"Expected as labels of text {place + 1} a list of names, got {short(row)}."
            )
        for name in given:
            if name not in names:
                raise InputError(
                    f"Text {place + 1} has the label {name!r}, which is not asked for; "
                    f"{suggestion(str(name), names)}"
                )
            found[place, names.index(name)] = 1.0
    return found


def _check_matrix(labels: NDArray[Any], count: int, texts: int) -> Floats:
    if labels.shape != (texts, count) or labels.dtype.kind not in "biuf":
        raise InputError(
            f"Expected numbers for {texts} texts and {count} labels, got an array of shape "
            f"{labels.shape} and type {labels.dtype}."
        )
    numbers = np.asarray(labels, dtype=np.float64)
    if ((numbers < 0) | (numbers > 1)).any():
        raise InputError("Expected labels from 0 to 1, NaN where not known.")
    return numbers
