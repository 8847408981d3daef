"""Curves that redraw themselves below a notebook's cell while a model trains."""

import importlib
import sys
from io import BytesIO
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from emoscope.errors import MissingExtraError
from emoscope.experiments.plots import draw_overview
from emoscope.experiments.runs import Run
from emoscope.training.callbacks import find_final_epoch, to_curves


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook, which shows pictures."""
    shell = sys.modules.get("IPython")
    running = getattr(shell, "get_ipython", lambda: None)()
    return type(running).__name__ == "ZMQInteractiveShell"


class NotebookCurves(TrainerCallback):
    """Draws loss, micro-F1 and accuracy, of training and dev, in place of the last drawing.

    For any transformers Trainer; emoscope's own trainings have it in a notebook anyway.

    Args:
        name: of the run.

    Raises:
        MissingExtraError: IPython is not installed.
    """

    def __init__(self, name: str = "training") -> None:
        self.name = name
        try:
            self.display = importlib.import_module("IPython.display")
        except ModuleNotFoundError:
            raise MissingExtraError(
                "Curves in a notebook need the package 'IPython', which every notebook has. "
                "Install it with: pip install ipython"
            ) from None
        self.handle: Any = None

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Draw what there is."""
        self.show(state, state.epoch or 0.0)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Draw the whole, with dots at the epoch whose weights are kept."""
        self.show(state, find_final_epoch(args, state))
        self.handle = None

    def show(self, state: TrainerState, epoch: float) -> None:
        """Draw into the place of the last drawing, or into a new one."""
        figure = draw_overview(Run(self.name, epoch, to_curves(state.log_history)))
        FigureCanvasAgg(figure)
        picture = BytesIO()
        figure.savefig(picture, format="png", dpi=100)
        image = self.display.Image(data=picture.getvalue(), format="png")
        if self.handle is None:
            self.handle = self.display.display(image, display_id=True)
        else:
            self.handle.update(image)
