"""The options of a run besides its recipe, and its result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emoscope.charts.suffix import PictureFormat

if TYPE_CHECKING:
    from emoscope.training.data import Part
    from emoscope.training.prior import PriorCorrection


@dataclass(frozen=True)
class RunResult:
    """A finished run, as `result.json` keeps it.

    Attributes:
        seed: the random seed of the run.
        epochs: trained.
        best_epoch: whose weights were kept.
        seconds: of training, those before interruptions included, as far as checkpoints tell.
        dev: `Report.to_dict()` on dev, at the fitted thresholds; empty where the recipe has no
            dev split.
        half: the same at a threshold of ½; None of exclusive labels.
        parts: metrics by language or corpus at the fitted thresholds; only where dev has several
            parts, or other labels than the model.
        half_parts: the same at a threshold of ½; None of exclusive labels.
        test: on test, measured once, where the recipe names it; as `dev`.
        test_half: as `half`.
        test_parts: as `parts`.
        test_half_parts: as `half_parts`.
    """

    seed: int
    epochs: float
    best_epoch: float
    seconds: float
    dev: dict[str, Any]
    half: dict[str, Any] | None = None
    parts: dict[str, Any] | None = None
    half_parts: dict[str, Any] | None = None
    test: dict[str, Any] | None = None
    test_half: dict[str, Any] | None = None
    test_parts: dict[str, Any] | None = None
    test_half_parts: dict[str, Any] | None = None


@dataclass(frozen=True)
class RunOptions:
    """How runs show and report their progress.

    Attributes:
        show: progress bars, where stderr is a terminal.
        track: where else transformers' Trainer reports the metrics: `"tensorboard"`, `"mlflow"`.
        restart: delete the folder's runs of this recipe instead of resuming them.
        after_run: called with each run's folder and result.
        picture_format: of the pictures; no part of what is trained.
    """

    show: bool = True
    track: Sequence[str] = ()
    restart: bool = False
    after_run: Callable[[Path, RunResult], None] | None = None
    picture_format: PictureFormat = "png"


@dataclass(frozen=True)
class Trained:
    """A model that one run has trained, of whatever kind it is.

    Attributes:
        score: logits (M, K) of each of some parts.
        correction: of the prior, as the recipe asks for it.
        save: writes the weights and the model's own `config.json` into a folder.
        epochs: trained; rounds of trees.
        best_epoch: whose weights were kept.
        seconds: of training, those before interruptions included, as far as checkpoints tell.
    """

    score: "Callable[[tuple[Part, ...]], list[NDArray[np.float32]]]"
    correction: "PriorCorrection"
    save: Callable[[Path], None]
    epochs: float
    best_epoch: float
    seconds: float
