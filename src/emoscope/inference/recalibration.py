"""A calibration of a user's own: what the texts at hand say of some labels, in a JSON file."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

from emoscope._version import __version__
from emoscope.errors import InputError, explain_os_error
from emoscope.files import read_json, write_json
from emoscope.strict import check_keys, check_list, check_text

Key = tuple[str, ...]
"""What a label is, whatever it is called; see `Scoring.keys`."""
KIND = "emoscope calibration"


@dataclass(frozen=True)
class Recalibrated:
    """One label: p' = σ((ln p/(1 − p) + shift) / T), with the temperature T of all of them.

    Attributes:
        key: its known parts, or else its words, sorted.
        shift: added to the log-odds of the model's probability.
        threshold: the probability from which it is given.
        share: share of the coded texts that have it.
        cases: how many these are.
    """

    key: Key
    shift: float
    threshold: float
    share: float
    cases: int


@dataclass(frozen=True)
class Recalibration:
    """What coded texts say of the probabilities of some labels.

    It comes after the model's own calibration, so that 0 as shift and 1 as temperature change
    nothing. Labels that it says nothing of keep what the model says.

    Attributes:
        temperature: the temperature of all labels.
        labels: those that some coded text has.
        texts: how many were coded.
        together: the labels that were asked for, where the scores of each depend on the others;
            None where they do not.
        model: a hash of the model's files; None if nobody knows.
    """

    temperature: float
    labels: tuple[Recalibrated, ...]
    texts: int
    together: tuple[Key, ...] | None = None
    model: str | None = None

    @cached_property
    def by_key(self) -> Mapping[Key, Recalibrated]:
        """The labels by what they are."""
        return {label.key: label for label in self.labels}

    def fingerprint(self) -> str:
        """A hash of everything that affects scores."""
        values = [self.temperature, [(x.key, x.shift, x.threshold) for x in self.labels]]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()

    def check(self, keys: Sequence[Key], independent: bool) -> None:
        """Check that it is about labels that are asked for.

        Args:
            keys: the keys of the labels.
            independent: whether a label's score is the same whatever else is asked.

        Raises:
            InputError: it is about none of them; or a label's score depends on the others, and
                others were asked for with it.
        """
        if not independent and self.together != tuple(keys):
            known = "; ".join(", ".join(key) for key in self.together or self.by_key)
            raise InputError(
                "With this model a label's score depends on which others are asked for, and the "
                f"calibration was made for the labels {known}. Ask for these, in this order, or "
                "make another one."
            )
        if not set(keys) & set(self.by_key):
            raise InputError(
                "The calibration is about none of the labels asked for; it has "
                f"{'; '.join(', '.join(key) for key in self.by_key) or 'no label'}. Leave it out, "
                "or ask for one of these."
            )

    def check_model(self, fingerprint: str) -> None:
        """Check that it was made with a model.

        Raises:
            InputError: it was made with another one.
        """
        if self.model not in (None, fingerprint):
            raise InputError(
                "The calibration was made with another model, or another version of it, whose "
                "scores differ. Make it anew from the coded texts."
            )

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return {"kind": KIND, "emoscope": __version__, **asdict(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recalibration":
        """What `to_dict` described.

        Raises:
            InputError: it is something else.
        """
        check_keys(
            values,
            ("kind", "emoscope", "temperature", "labels", "texts", "together", "model"),
            (),
            "a calibration",
        )
        if values["kind"] != KIND:
            raise InputError(f"expected the kind {KIND!r}, got {values['kind']!r}")
        together = values["together"]
        labels = tuple(_parse_label(item) for item in check_list(values["labels"], "'labels'"))
        if len({label.key for label in labels}) < len(labels):
            raise InputError("'labels' has a label more than once")
        return cls(
            _parse_number(values["temperature"], "'temperature'", 1e-3, 1e3),
            labels,
            int(_parse_number(values["texts"], "'texts'", 0, 1e12)),
            None
            if together is None
            else tuple(_parse_key(key) for key in check_list(together, "'together'")),
            values["model"],
        )

    def save(self, path: str | Path) -> None:
        """Write a JSON file that `load` reads.

        Raises:
            InputError: it cannot be written, or another file is there.
        """
        path = Path(path)
        if path.exists():
            _check_ours(path)
        try:
            write_json(path, self.to_dict())
        except OSError as error:
            raise explain_os_error(error, "write the calibration to", path) from error

    @classmethod
    def load(cls, path: str | Path) -> "Recalibration":
        """Read what `save` wrote.

        Raises:
            InputError: no such file, or it is something else.
        """
        path = Path(path)
        if not path.is_file():
            raise InputError(f"{path}: expected a file with a calibration, found none.")
        values = read_json(path)
        try:
            return cls.from_dict(values)
        except InputError as error:
            raise InputError(
                f"{path}: {error}. Expected a calibration as `emoscope annotate --calibrate TABLE "
                "--save-calibration FILE` writes it."
            ) from error


def _check_ours(path: Path) -> None:
    try:
        Recalibration.load(path)
    except InputError as error:
        raise InputError(
            f"{path} is there and is no calibration that could be replaced. Name another file."
        ) from error


def _parse_label(item: Any) -> Recalibrated:
    check_keys(item, ("key", "shift", "threshold", "share", "cases"), (), "a label")
    key = _parse_key(item["key"])
    what = f"of {', '.join(key)}"
    return Recalibrated(
        key,
        _parse_number(item["shift"], f"the shift {what}", -1e3, 1e3),
        _parse_number(item["threshold"], f"the threshold {what}", 0, 1),
        _parse_number(item["share"], f"the share {what}", 0, 1),
        int(_parse_number(item["cases"], f"the cases {what}", 0, 1e12)),
    )


def _parse_key(words: Any) -> Key:
    key = check_list(words, "a label")
    for word in key:
        check_text(word, "a word of a label")
    return key


def _parse_number(value: Any, what: str, low: float, high: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not isfinite(value) or not low <= value <= high:
        raise InputError(f"{what} must be a number from {low:g} to {high:g}, got {value!r}")
    return float(value)
