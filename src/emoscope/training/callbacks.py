"""Callbacks of a training: they write predictions, draw curves and show progress."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from emoscope.charts.suffix import PictureFormat
from emoscope.experiments.bands import read_dev_metric
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.plots import draw_log
from emoscope.experiments.runs import Curve, Run
from emoscope.files import write_text, written_aside
from emoscope.training.logs import HISTORY

Floats = NDArray[np.floating[Any]]
logger = logging.getLogger(__name__)


def write_predictions(
    path: Path, ids: Sequence[str], labels: Floats, logits: Floats, names: Sequence[str]
) -> None:
    """Write the logits of one split as Parquet: `id`, then `gold_<label>` and `logit_<label>`.

    Args:
        path: the file; its folder is created.
        ids: the ids of N examples.
        labels: (N, K).
        logits: (N, K).
        names: the names of the K labels.
    """
    columns: dict[str, Any] = {"id": list(ids)}
    columns |= {f"gold_{name}": labels[:, k] for k, name in enumerate(names)}
    columns |= {f"logit_{name}": logits[:, k] for k, name in enumerate(names)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as partial:
        pq.write_table(pa.table(columns), partial, compression="zstd")


class AfterEvaluation(TrainerCallback):
    """Calls a function with the name of each evaluation: `epoch-003`, or `step-000500`."""

    def __init__(self, action: Callable[[str], None]) -> None:
        self.action = action

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Call the function."""
        by_epoch = args.eval_strategy == "epoch"
        epoch = round(state.epoch or 0)
        self.action(f"epoch-{epoch:03}" if by_epoch else f"step-{state.global_step:06}")


class LiveCurves(TrainerCallback):
    """Writes the metrics to `history.json` and draws them while training runs.

    Args:
        folder: the folder of the run.
        labels: names of the labels, in the order in which their curves are shown.
        interval: the least number of seconds between two drawings.
        picture_format: of the drawings.
    """

    def __init__(
        self,
        folder: Path,
        labels: Sequence[str] = (),
        interval: float = 15.0,
        picture_format: PictureFormat = "png",
    ) -> None:
        self.folder = folder
        self.labels = labels
        self.interval = interval
        self.picture_format = picture_format
        self.drawn = 0.0

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Save and draw, unless the last drawing is recent."""
        self.write(args, state, final=False)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Save and draw the final curves."""
        self.write(args, state, final=True)

    def write(self, args: TrainingArguments, state: TrainerState, final: bool) -> None:
        """Save the history; draw it if the last drawing is old or training is over."""
        if not final and time.monotonic() - self.drawn < self.interval:
            return
        kept = find_final_epoch(args, state) if final else state.epoch or 0.0
        run = Run(self.folder.name, kept, to_curves(state.log_history, self.labels))
        write_text(self.folder / HISTORY, json.dumps(run.curves, indent=1))
        log = ExperimentLog(self.folder, {}, (run,))
        draw_log(log, self.folder / "plots", self.picture_format)
        self.drawn = time.monotonic()


class LogRun(TrainerCallback):
    """Puts a run of any transformers Trainer into an experiment log when it ends.

    Args:
        log: the log of the configuration.
        seed: the seed of the run; the run is named after it.
    """

    def __init__(self, log: ExperimentLog, seed: int) -> None:
        self.log = log
        self.seed = seed

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Log the curves; the result is the best step if the trainer goes back to it."""
        if not state.is_world_process_zero:
            return
        curves = to_curves(state.log_history)
        run = Run(f"seed-{self.seed}", find_final_epoch(args, state), curves, seed=self.seed)
        self.log = self.log.add(run)


def find_final_epoch(args: TrainingArguments, state: TrainerState) -> float:
    """Find the epoch whose weights a finished training keeps."""
    epoch = state.epoch or 0.0
    if args.load_best_model_at_end and state.best_global_step is not None:
        epoch *= state.best_global_step / state.global_step
    return epoch


def to_curves(log: Sequence[dict[str, float]], labels: Sequence[str] = ()) -> dict[str, Curve]:
    """Collect the (epoch, value) pairs of each metric from the trainer's log, sorted.

    A checkpoint has the entries of the log with sorted keys: in their own order the metrics of a
    resumed training would come in another order, in files and pictures, than those of a whole one.

    Args:
        log: the trainer's entries.
        labels: names of labels: their metrics come last and in this order, all others by name.
    """
    places = {label: place for place, label in enumerate(labels, start=1)}

    def find_place(name: str) -> tuple[int, str]:
        metric = read_dev_metric(name)
        return (0 if metric is None else places.get(metric.label or "", 0)), name

    # `train_loss` is a mean since the last resume; `loss` is the mean of each epoch.
    skipped = ("epoch", "step", "total_flos", "train_loss")
    history: dict[str, list[tuple[float, float]]] = {}
    for entry in log:
        for name, value in entry.items():
            timing = name.endswith(("_runtime", "_per_second"))
            if name not in skipped and not timing:
                history.setdefault(name, []).append((entry["epoch"], float(value)))
    return {name: tuple(history[name]) for name in sorted(history, key=find_place)}


class TellEpochs(TrainerCallback):
    """One line of figures for each evaluation, on stderr or wherever the log goes.

    Args:
        title: of the run.
        metric: the dev metric that selects the best weights.
    """

    def __init__(self, title: str, metric: str) -> None:
        self.title = title
        shown = dict.fromkeys(("micro_f1", "accuracy", *(() if metric == "loss" else (metric,))))
        self.metrics = tuple(shown)

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Log loss, F1 and accuracy of training and dev."""
        # The loss of the epoch is logged before the evaluation.
        latest = {name: curve[-1][1] for name, curve in to_curves(state.log_history).items()}
        sides = []
        for side, prefix, loss in (("train", "train_", "loss"), ("dev", "eval_", "eval_loss")):
            # Of labels that do not exclude each other, those of training are at a threshold of ½.
            names = [("loss", loss), *((name, f"{prefix}{name}") for name in self.metrics)]
            if side == "train":
                names += [(f"{name} at ½", f"{prefix}half_{name}") for name in self.metrics]
            found = [f"{name} {latest[key]:.3f}" for name, key in names if key in latest]
            sides += [f"{side} {', '.join(found)}"] if found else []
        epoch = f"epoch {state.epoch or 0:g} of {state.num_train_epochs:g}"
        logger.info("%s: %s: %s", self.title, epoch, "; ".join(sides))


class ShowProgress(TrainerCallback):
    """A progress bar on stderr with the latest dev metric; hidden if stderr is not a terminal."""

    def __init__(self, title: str, metric: str) -> None:
        self.title = title
        self.metric = metric
        self.task: TaskID | None = None
        console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[shown]}"),
            console=console,
            disable=not console.is_terminal,
        )

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Show the bar."""
        self.task = self.progress.add_task(self.title, total=state.max_steps, shown="")
        self.progress.start()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Advance the bar."""
        if self.task is not None:
            self.progress.update(self.task, completed=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Show the latest dev metric."""
        name = f"eval_{self.metric}"
        # Without a task it is an evaluation before any training.
        if logs and name in logs and self.task is not None:
            shown = f"dev {self.metric} {logs[name]:.3f}"
            self.progress.update(self.task, shown=shown)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Remove the bar."""
        self.progress.stop()
