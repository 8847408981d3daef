"""Draw a diagram of a NELEC network with its actual sizes, dropout included."""

import textwrap
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Text

from emoscope.charts.palette import COLOURS, SOFT, THEME
from emoscope.charts.plotting import save
from emoscope.models.nelec.network import Nelec, NelecConfig

LEFT, MIDDLE, RIGHT = 1.75, 4.0, 6.25
WIDTH = 3.1
BIG, SMALL = 0.78, 0.34
"""Heights of a layer's box and of a dropout's."""
GAP = 0.34
LARGEST, SMALLEST = 9.0, 4.0
"""Sizes of letters, in points."""
LINE = 44
"""Letters of a line of label names, at most."""
Point = tuple[float, float]
HEADS = {
    "flat": "logits",
    "two_stage": "others or not, then which,\neach with a dense layer → logits",
    "per_label": "a dense layer and a decision\nfor each label → logits",
    "multitask": "logits, and others or not\nas a second task",
}


def draw_network(model: Nelec, path: Path) -> None:
    """Draw the layers, their output shapes (T tokens) and what they feed; PNG, SVG or PDF."""
    figure = make_figure(model)
    save(figure, path)


def make_figure(model: Nelec) -> Figure:
    """The diagram, its text as large as its boxes allow."""
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    sketch = Sketch(axes)
    bottom = draw_layers(sketch, model)
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    axes.text(
        8, bottom - 0.2, f"{count:,} trained parameters", ha="right", fontsize=8, color=THEME[SOFT]
    )
    axes.set(xlim=(-0.1, 8.1), ylim=(bottom - 0.35, 0.45))
    # One unit is as long sideways as it is downwards.
    figure.set_size_inches(8, 8 / 8.2 * (0.8 - bottom))
    sketch.fit_texts()
    return figure


class Sketch:
    """Boxes from top to bottom, and arrows between them.

    Args:
        axes: to draw on; one unit is an inch, about.
    """

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        self.texts: list[tuple[Text, FancyBboxPatch]] = []

    def box(self, centre: Point, text: str, colour: int, height: float = BIG) -> Point:
        """One layer; returns its centre."""
        corner = (centre[0] - WIDTH / 2, centre[1] - height / 2)
        style = "round,pad=0.02,rounding_size=0.1"
        edge = COLOURS[colour]
        box = FancyBboxPatch(corner, WIDTH, height, boxstyle=style, fc=f"{edge}22", ec=edge, lw=1.3)
        self.axes.add_patch(box)
        written = self.axes.text(*centre, text, ha="center", va="center", fontsize=LARGEST)
        # A label may have a dollar sign in its name.
        written.set_parse_math(False)
        self.texts.append((written, box))
        return centre

    def dropout(self, centre: Point, rate: float, what: str = "dropout") -> Point:
        """A dropout, in a low box with a dashed edge."""
        self.box(centre, f"{what} {rate:g}", 5, SMALL)
        self.texts[-1][1].set(linestyle="--", facecolor="none")
        return centre

    def arrow(self, start: Point, end: Point, heights: tuple[float, float]) -> None:
        """From the lower edge of one box to the upper edge of another."""
        tail, head = (start[0], start[1] - heights[0] / 2), (end[0], end[1] + heights[1] / 2)
        self.draw_arrow(tail, head)

    def draw_arrow(self, tail: Point, head: Point) -> None:
        """From a point to a point."""
        arrow = FancyArrowPatch(
            tail,
            head,
            arrowstyle="-|>",
            mutation_scale=11,
            shrinkA=0,
            shrinkB=1,
            color=THEME[SOFT],
            lw=1.1,
        )
        self.axes.add_patch(arrow)

    def stack(self, top: Point, height: float, steps: list[tuple[str, int | float]]) -> Point:
        """Boxes below a box, each with an arrow to it; a step is text and colour, or a dropout.

        Args:
            top: the centre of the box above.
            height: of that box.
            steps: text with the number of a colour, or `"dropout"` with its rate, left out at 0.

        Returns:
            The centre of the last box.
        """
        for text, value in steps:
            drops = isinstance(value, float)
            if drops and not value:
                continue
            own = SMALL if drops else BIG
            centre = (top[0], top[1] - height / 2 - GAP - own / 2)
            if drops:
                self.dropout(centre, value, text)
            else:
                self.box(centre, text, int(value))
            self.arrow(top, centre, (height, own))
            top, height = centre, own
        self.height = height
        return top

    def fit_texts(self) -> None:
        """Make each text as small as its box needs."""
        renderer = self.axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
        for text, box in self.texts:
            room = box.get_window_extent(renderer)
            while (size := float(text.get_fontsize())) > SMALLEST:
                extent = text.get_window_extent(renderer)
                if extent.width < room.width - 8 and extent.height < room.height - 4:
                    break
                text.set_fontsize(size - 0.25)


def draw_layers(sketch: Sketch, model: Nelec) -> float:
    """Draw every layer of a network; returns where the lowest box ends."""
    config = model.config
    width, hidden = model.lstm.output_size, config.hidden_size
    training = "trained" if config.train_embeddings else "frozen"
    words = f"{config.vocabulary_size:,} words {training}"
    if config.extension_size:
        words += f"\n+ {config.extension_size:,} fixed"
    direction = "bidirectional " if config.bidirectional else ""
    again = config.recurrent_dropout
    inside = f"\nrecurrent dropout {again:g}" if again else ""

    top = sketch.box((MIDDLE, 0.2), "word ids → T", 6, SMALL)
    embedded = sketch.stack(
        top,
        SMALL,
        [
            (f"embedding, {words} → T × {config.embedding_size}", 0),
            ("spatial dropout", float(config.spatial_dropout)),
        ],
    )
    lower = embedded[1] - sketch.height / 2 - GAP - BIG / 2
    lstm = sketch.box((LEFT, lower), f"{direction}LSTM{inside}\n→ T × {width}", 1)
    sketch.arrow(embedded, lstm, (sketch.height, BIG))
    gru = sketch.box((RIGHT, lower), f"{direction}GRU{inside}\n→ T × {width}", 1)
    sketch.draw_arrow((LEFT + WIDTH / 2 + 0.02, lower), (RIGHT - WIDTH / 2 - 0.02, lower))
    if config.layer_dropout:
        sketch.axes.text(
            MIDDLE,
            lower - 0.14,
            f"spatial\ndropout\n{config.layer_dropout:g}",
            ha="center",
            va="top",
            fontsize=7,
            color=THEME[SOFT],
        )
    ends = [sketch.stack(at, BIG, describe_branch(config, width)) for at in (lstm, gru)]
    low = ends[0][1] - BIG / 2 - GAP - BIG / 2
    join = sketch.box((MIDDLE, low), f"concatenated → {2 * hidden}", 5)
    for end in ends:
        sketch.arrow(end, join, (BIG, BIG))
    last = sketch.stack(join, BIG, describe_end(config))
    return last[1] - sketch.height / 2


def describe_branch(config: NelecConfig, width: int) -> list[tuple[str, int | float]]:
    """What follows each recurrent layer; see `Sketch.stack`."""
    views = 1 + config.pooled_turns
    of_turns = f"\nof the text and of {views - 1} turns" if views > 1 else ""
    shared = "shared, " if config.shared_branches else ""
    pooling = f"{shared}{config.attention.replace('_', '-')} attention,\nmean, maximum{of_turns}"
    return [
        (f"{pooling} → {3 * width * views}", 2),
        ("dropout", float(config.dropout)),
        (f"{shared}dense, ReLU → {config.hidden_size}", 4),
    ]


def describe_end(config: NelecConfig) -> list[tuple[str, int | float]]:
    """What follows the concatenation; see `Sketch.stack`."""
    labels = list((config.id2label or {}).values())
    names = list_labels(labels)
    steps: list[tuple[str, int | float]] = [("dropout", float(config.dropout))]
    if config.output_hidden:
        steps += [
            (f"dense, ReLU → {config.hidden_size}", 4),
            ("dropout", float(config.dropout)),
        ]
    return [*steps, (f"{HEADS[config.head]} → {len(labels)}\n{names}", 3)]


def list_labels(labels: list[str]) -> str:
    """Names of labels in two lines at most; the first and the last where there are more."""
    lines = textwrap.wrap(", ".join(labels), LINE)
    if len(lines) > 2:
        ends = dict.fromkeys((labels[0], labels[-1]))
        half = LINE // 2
        cut = (name if len(name) <= half else f"{name[: half - 1]}…" for name in ends)
        lines = [", … ".join(cut)]
    return "\n".join(lines)
