"""Boosted trees in LightGBM's text format, checked before LightGBM reads them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError, raise_os_error, require

TREES = "model.txt"
MAX_BYTES = 500_000_000
EXTRA = "trees"
_END = "end of trees"


def name_files(outputs: int, exclusive: bool) -> tuple[str, ...]:
    """Names of the files of the trees: one of exclusive labels, else one for each label."""
    return (TREES,) if exclusive else tuple(f"model-{number}.txt" for number in range(outputs))


@dataclass(frozen=True)
class Trees:
    """Trees that make a logit for each of K labels.

    Attributes:
        boosters: one `lightgbm.Booster` for exclusive labels, else one for each label.
        exclusive: whether the labels are.
        threads: of LightGBM; 0 for as many as there are cores.
    """

    boosters: tuple[Any, ...]
    exclusive: bool
    threads: int = 0

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores before calibration, (N, F) → (N, K)."""
        scores = [
            booster.predict(
                features, raw_score=True, num_threads=self.threads, validate_features=False
            )
            for booster in self.boosters
        ]
        found = scores[0] if self.exclusive else np.stack(scores, axis=1)
        return np.asarray(found, dtype=np.float32)

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each feature adds to each logit (SHAP values), and the base, (N, K, F + 1)."""
        count, width = features.shape
        found = [booster.predict(features, pred_contrib=True) for booster in self.boosters]
        if self.exclusive:
            return np.asarray(found[0]).reshape(count, -1, width + 1)
        return np.stack([np.asarray(each) for each in found], axis=1)

    def importance(self) -> NDArray[np.float64]:
        """How much each feature has lowered the loss in training, as shares, (F,)."""
        gains = sum(booster.feature_importance("gain") for booster in self.boosters)
        return np.asarray(gains / max(float(np.sum(gains)), 1e-12), dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write the files of the trees."""
        for name, booster in zip(self._files(), self.boosters, strict=True):
            (folder / name).write_text(booster.model_to_string(), encoding="utf-8")

    def _files(self) -> tuple[str, ...]:
        return name_files(len(self.boosters), self.exclusive)

    @classmethod
    def load(cls, folder: Path, features: int, labels: int, *, exclusive: bool) -> "Trees":
        """Read the trees of a model folder.

        Args:
            folder: of the model.
            features: how many there are.
            labels: how many there are.
            exclusive: whether they are.

        Raises:
            InputError: trees that are missing, damaged, or of other features or labels.
            MissingExtraError: LightGBM is not installed.
        """
        lightgbm = require("lightgbm", EXTRA)
        boosters = []
        for name in name_files(labels, exclusive):
            text = read_trees(folder / name)
            check_trees(text, folder / name, features, labels if exclusive else 1)
            try:
                boosters.append(lightgbm.Booster(model_str=text))
            except lightgbm.basic.LightGBMError as error:
                raise _make_error(folder / name, str(error)) from None
        return cls(tuple(boosters), exclusive)


def read_trees(path: Path) -> str:
    """The text of a file of trees."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: trees of over {MAX_BYTES:,} bytes are not read.")
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise InputError(f"{path} is missing: the model folder is incomplete.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise_os_error(error, path)
        raise _make_error(path, str(error)) from None


def check_trees(text: str, path: Path, features: int, outputs: int) -> None:
    """Check all that LightGBM takes on trust: it does not look where an edited file leads it.

    Args:
        text: of the file.
        path: of the file, for the message.
        features: how many the model folder describes.
        outputs: scores that the trees make.

    Raises:
        InputError: something does not fit.
    """
    head, *blocks = re.split(r"^(?=Tree=\d+$)", text, flags=re.MULTILINE)
    values = _read_pairs(head)
    for key, expected, what in (
        ("max_feature_idx", features - 1, "features"),
        ("num_tree_per_iteration", outputs, "labels"),
        ("num_class", outputs, "labels"),
    ):
        if values.get(key) != str(expected):
            raise _make_error(
                path,
                f"expected {key}={expected}, as config.json has so many {what}, found "
                f"{values.get(key, 'none')!r}",
            )
    if not blocks or len(blocks) % outputs or _END not in blocks[-1]:
        raise _make_error(path, f"expected whole trees and the line {_END!r}")
    # After the last tree come figures and parameters that nothing reads.
    blocks[-1] = blocks[-1].partition(_END)[0]
    sizes = [str(len(block)) for block in blocks]
    if values.get("tree_sizes", "").split() != sizes:
        raise _make_error(path, "tree_sizes differs from the sizes of the trees")
    for number, block in enumerate(blocks):
        if not is_tree(_read_pairs(block), number, features):
            raise _make_error(path, f"tree {number} is damaged")


def is_tree(values: dict[str, str], number: int, features: int) -> bool:
    """Whether the fields of a tree fit together, and lead from the root to leaves."""
    try:
        leaves = int(values["num_leaves"])
        inner = max(leaves - 1, 0)
        fixed = (values["Tree"], values["num_cat"], values.get("is_linear", "0"))
        if leaves < 1 or fixed != (str(number), "0", "0"):
            return False
        outputs = _read_numbers(values["leaf_value"])
        if len(outputs) != leaves or not np.isfinite(outputs).all():
            return False
        if not inner:
            return True
        split, cut, left, right, kind = (
            _read_numbers(values[key])
            for key in ("split_feature", "threshold", "left_child", "right_child", "decision_type")
        )
    except (KeyError, ValueError):
        return False
    if any(len(each) != inner for each in (split, cut, left, right, kind)):
        return False
    whole = np.concatenate([split, left, right, kind])
    children, places = np.concatenate([left, right]), np.tile(np.arange(inner), 2)
    targets = np.sort(children)
    return bool(
        (whole == np.floor(whole)).all()
        and ((split >= 0) & (split < features)).all()
        # A split by a number, not by a category.
        and (kind % 2 == 0).all()
        and ((kind >= 0) & (kind < 16)).all()
        and not np.isnan(cut).any()
        # Children come after their parents, so that no way leads in a circle.
        and ((children < 0) | (children > places)).all()
        # Each inner node but the root, and each leaf, is the child of one.
        and np.array_equal(targets, np.concatenate([np.arange(-leaves, 0), np.arange(1, inner)]))
    )


def _read_numbers(text: str) -> NDArray[np.float64]:
    return np.array(text.split(), dtype=np.float64)


def _read_pairs(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {key: value for key, _, value in pairs}


def _make_error(path: Path, what: str) -> InputError:
    return InputError(
        f"{path}: {what}. The file was edited, damaged or is of another model; restore it, or "
        "train the model again."
    )
