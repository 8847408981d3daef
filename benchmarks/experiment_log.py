"""What the experiment log costs: beside a training, and to load.

    python benchmarks/experiment_log.py [--quick] [--json FILE]

- overhead: seconds spent on logging (history, metrics, aggregates, scored texts; curves apart)
  as a share of the whole time of the smallest recipe, nelec-sample, in the same run. The bar is on
  logging without pictures; what the pictures cost is shown beside it.
- loading: `ExperimentLog.load` of 10 runs of 300 epochs with 60 figures each.
"""

import random
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock

from common import finish, machine, median, options
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import Run
from emoscope.experiments.scored import ScoredTexts
from emoscope.recipes.load import load_recipe
from emoscope.training import callbacks, train
from emoscope.training.train import train as run_training

RUNS, EPOCHS, FIGURES = 10, 300, 60
SHARE, SECONDS = 0.01, 0.5


class Clock:
    """Seconds spent inside some functions."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted."""

        @wraps(function)
        def wrapper(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - started

        return wrapper


def overhead(epochs: int) -> dict[str, float]:
    """Seconds of a training, of logging and of drawing in it."""
    logging, drawing, drawing_last = Clock(), Clock(), Clock()
    places = (
        (logging, callbacks, "write_text"),
        (logging, callbacks, "to_curves"),
        (logging, train, "log_finished"),
        (logging, ScoredTexts, "write"),
        (drawing, callbacks, "draw_log"),
        # Called by `log_finished`.
        (drawing_last, train, "draw_log"),
    )
    recipe = load_recipe("nelec-sample", [f"training.epochs={epochs}"])
    with tempfile.TemporaryDirectory() as folder:
        patches = [
            mock.patch.object(owner, name, clock.timed(getattr(owner, name)))
            for clock, owner, name in places
        ]
        for patch in patches:
            patch.start()
        started = time.perf_counter()
        run_training(recipe, Path(), Path(folder) / "log")
        whole = time.perf_counter() - started
        mock.patch.stopall()
    return {
        "training": whole,
        "logging": logging.seconds - drawing_last.seconds,
        "drawing": drawing.seconds + drawing_last.seconds,
    }


def loading() -> float:
    """Seconds to load a large log."""
    rng = random.Random(0)
    runs = [
        Run(
            f"seed-{seed}",
            float(EPOCHS),
            {
                f"figure_{number}": tuple((float(e), rng.random()) for e in range(1, EPOCHS + 1))
                for number in range(FIGURES)
            },
            {},
            seed,
        )
        for seed in range(RUNS)
    ]
    with tempfile.TemporaryDirectory() as folder:
        log = ExperimentLog.open(folder, "Large", {"name": "large"}, ["name"]).add(*runs)

        def load() -> float:
            started = time.perf_counter()
            ExperimentLog.load(log.folder)
            return time.perf_counter() - started

        return median(load, 5)


def main() -> None:
    """Measure, print, judge."""
    arguments = options(__doc__).parse_args()
    print(machine())
    spent = overhead(2 if arguments.quick else load_recipe("nelec-sample").training.epochs)
    share = spent["logging"] / spent["training"]
    seconds = loading()
    print(
        f"nelec-sample: {spent['training']:.1f} s, of these logging {spent['logging']:.3f} s, "
        f"pictures {spent['drawing']:.2f} s ({spent['drawing'] / spent['training']:.1%})"
    )
    met = {
        f"logging takes {share:.2%} of a training of nelec-sample, bar {SHARE:.0%}": share < SHARE,
        f"a log of {RUNS} runs × {EPOCHS} epochs × {FIGURES} figures loads in {seconds:.2f} s, "
        f"bar {SECONDS}": seconds < SECONDS,
    }
    if arguments.quick:
        # Two epochs are too short a training for a share of it to mean anything.
        met.pop(next(iter(met)))
    finish({**spent, "share": share, "loading": seconds}, met, arguments.json)


if __name__ == "__main__":
    main()
