"""From logits to probabilities one can use: temperature, shifts of the labels, thresholds."""

from emoscope.calibration.calibration import Calibration, decide
from emoscope.calibration.decision import fit_decision
from emoscope.calibration.fitting import (
    best_threshold,
    expected_threshold,
    fit_temperature,
    fit_thresholds,
)
from emoscope.calibration.functions import (
    group_probability,
    log_odds,
    log_softmax,
    sigmoid,
    softmax,
)
from emoscope.calibration.prior import (
    estimate_prior,
    label_prior,
    label_shares,
    log_ratio,
    share_shift,
)
from emoscope.calibration.scaling import (
    Scaling,
    fit_calibration,
    fit_groups,
    fit_scaling,
    fit_shifts,
    untrained_shift,
)

__all__ = [
    "Calibration",
    "Scaling",
    "best_threshold",
    "decide",
    "estimate_prior",
    "expected_threshold",
    "fit_calibration",
    "fit_decision",
    "fit_groups",
    "fit_scaling",
    "fit_shifts",
    "fit_temperature",
    "fit_thresholds",
    "group_probability",
    "label_prior",
    "label_shares",
    "log_odds",
    "log_ratio",
    "log_softmax",
    "share_shift",
    "sigmoid",
    "softmax",
    "untrained_shift",
]
