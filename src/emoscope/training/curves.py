"""Learning curves as PNG."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from emoscope.plotting import COLOURS, quiet, save

TITLES = {
    "loss": "loss",
    "averages": "figures on dev",
    "labels": "F1 of each label on dev",
    "learning_rate": "learning rate",
}
Curve = Sequence[tuple[float, float]]


def draw_curves(history: Mapping[str, Curve], folder: Path) -> None:
    """Draw losses, figures of merit and the learning rate, each against the epoch.

    Args:
        history: (epoch, value) pairs of each figure; those on dev start with `eval_`.
        folder: gets `loss.png`, `averages.png`, `labels.png` and `learning_rate.png`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    averages = ("eval_micro_f1", "eval_macro_f1", "eval_accuracy", "eval_jaccard")
    labels = [name for name in history if name.endswith("_f1") and name not in averages]
    figures: dict[str, dict[str, Curve | None]] = {
        "loss": {"train": history.get("loss"), "dev": history.get("eval_loss")},
        "averages": {readable(name): history.get(name) for name in averages},
        "labels": {readable(name).removesuffix(" F1"): history[name] for name in labels},
        "learning_rate": {"learning rate": history.get("learning_rate")},
    }
    for name, curves in figures.items():
        known = {title: curve for title, curve in curves.items() if curve}
        if known:
            draw(known, TITLES[name], folder / f"{name}.png")


def readable(name: str) -> str:
    """`eval_micro_f1` → `micro F1`."""
    return name.removeprefix("eval_").replace("_", " ").replace("f1", "F1")


def draw(curves: Mapping[str, Curve], title: str, path: Path) -> None:
    """One plot with a line for each curve."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes: Axes = figure.subplots()
    marker = "o" if max(map(len, curves.values())) < 30 else None
    for index, (name, curve) in enumerate(curves.items()):
        epochs, values = zip(*curve, strict=True)
        axes.plot(
            epochs,
            values,
            label=name,
            color=COLOURS[index % len(COLOURS)],
            linestyle=("-", "--", ":")[index // len(COLOURS) % 3],
            marker=marker,
            markersize=3.5,
            linewidth=1.6,
        )
    axes.set(xlabel="epoch", ylabel=title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    quiet(axes)
    if len(curves) > 1:
        axes.legend(frameon=False, fontsize="small", ncols=1 + len(curves) // 12)
    save(figure, path)
