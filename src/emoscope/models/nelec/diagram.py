"""Draw a diagram of a NELEC network with its actual sizes."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from emoscope.charts.palette import COLOURS, SOFT, THEME
from emoscope.charts.plotting import save
from emoscope.models.nelec.network import Nelec

LEFT, MIDDLE, RIGHT = 1.6, 4.0, 6.4
WIDTH, HEIGHT = 2.9, 0.72
Point = tuple[float, float]


def draw_network(model: Nelec, path: Path) -> None:
    """Draw the layers, their output shapes (T tokens) and what they feed, as PNG."""
    config = model.config
    width, hidden = model.lstm.output_size, config.hidden_size
    direction = "bidirectional " if config.bidirectional else ""
    attention = config.attention.replace("_", "-")
    views = 1 + config.pooled_turns
    of_turns = f" of the text\nand of {views - 1} turns" if views > 1 else ""
    pooling = f"{attention} attention,\nmean, maximum{of_turns} → {3 * width * views}"
    shared = "shared, " if config.shared_branches else ""
    dense = f"{shared}dense, ReLU → {hidden}"
    training = "trained" if config.train_embeddings else "frozen"
    words = f"{config.vocabulary_size:,} words {training}"
    if config.extension_size:
        words += f" + {config.extension_size:,} fixed"

    figure = Figure(figsize=(8, 8.6), layout="constrained")
    axes = figure.subplots()
    axes.set(xlim=(0, 8), ylim=(0, 9.2))
    axes.axis("off")
    ids = draw_box(axes, (MIDDLE, 8.7), "word ids → T", 6)
    vectors = draw_box(axes, (MIDDLE, 7.6), f"embedding, {words}\n→ T × {config.embedding_size}", 0)
    lstm = draw_box(axes, (LEFT, 6.3), f"{direction}LSTM → T × {width}", 1)
    gru = draw_box(axes, (RIGHT, 6.3), f"{direction}GRU → T × {width}", 1)
    join = draw_box(axes, (MIDDLE, 2.9), f"concatenated → {2 * hidden}", 5)
    draw_arrow(axes, ids, vectors)
    draw_arrow(axes, vectors, lstm)
    draw_arrow(axes, lstm, gru, sideways=True)
    for x, states in ((LEFT, lstm), (RIGHT, gru)):
        pooled = draw_box(axes, (x, 5.2), pooling, 2)
        features = draw_box(axes, (x, 4.1), dense, 4)
        draw_arrow(axes, states, pooled)
        draw_arrow(axes, pooled, features)
        draw_arrow(axes, features, join)
    last = join
    if config.output_hidden:
        last = draw_box(axes, (MIDDLE, 1.8), f"dense, ReLU → {hidden}", 4)
        draw_arrow(axes, join, last)
    labels = list((config.id2label or {}).values())
    names = ", ".join(labels) if len(labels) <= 6 else f"{labels[0]}, … {labels[-1]}"
    logits = draw_box(axes, (MIDDLE, 0.7), f"logits → {len(labels)}\n{names}", 3)
    draw_arrow(axes, last, logits)
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    axes.text(8, 0.05, f"{count:,} trained parameters", ha="right", fontsize=8, color=THEME[SOFT])
    save(figure, path)


def draw_box(axes: Axes, centre: Point, text: str, colour: int) -> Point:
    """One layer; returns its centre."""
    corner = (centre[0] - WIDTH / 2, centre[1] - HEIGHT / 2)
    style = "round,pad=0.02,rounding_size=0.12"
    edge = COLOURS[colour]
    axes.add_patch(
        FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle=style, fc=f"{edge}22", ec=edge, lw=1.3)
    )
    axes.text(*centre, text, ha="center", va="center", fontsize=8.5)
    return centre


def draw_arrow(axes: Axes, start: Point, end: Point, sideways: bool = False) -> None:
    """From the lower edge of one box to the upper edge of another, or from side to side."""
    if sideways:
        tail, head = (start[0] + WIDTH / 2, start[1]), (end[0] - WIDTH / 2, end[1])
    else:
        tail, head = (start[0], start[1] - HEIGHT / 2), (end[0], end[1] + HEIGHT / 2)
    axes.add_patch(
        FancyArrowPatch(tail, head, arrowstyle="-|>", mutation_scale=11, color=THEME[SOFT], lw=1.1)
    )
