"""Find text over text, and text that is cut off, in a figure of matplotlib."""

import math
from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text


def list_texts(figure: Figure) -> Iterator[tuple[str, np.ndarray]]:
    """Each text that is drawn, with the corners of its box in dots, (4, 2)."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    hidden = set(list_hidden_labels(figure))
    for text in figure.findobj(Text):
        if text in hidden or not text.get_text().strip() or not text.get_visible():
            continue
        if text.axes is not None and not text.axes.get_visible():
            continue
        # The extent of an annotation would have its arrow in it.
        extent = Text.get_window_extent(text, renderer)
        centre = np.array([extent.x0 + extent.width / 2, extent.y0 + extent.height / 2])
        angle = math.radians(text.get_rotation())
        wide, high = extent.width, extent.height
        if angle % (math.pi / 2):
            # The upright box of a turned one: its own sides follow from width and height.
            cosine, sine = abs(math.cos(angle)), abs(math.sin(angle))
            plain = text.get_fontsize() * figure.dpi / 72 * 1.25 * (text.get_text().count("\n") + 1)
            wide, high = (extent.width - plain * sine) / max(cosine, 1e-6), plain
        elif angle:
            wide, high = high, wide
        across = np.array([math.cos(angle), math.sin(angle)]) * wide / 2
        up = np.array([-math.sin(angle), math.cos(angle)]) * high / 2
        corners = [across + up, across - up, -across - up, up - across]
        yield text.get_text(), centre + np.array(corners)


def list_hidden_labels(figure: Figure) -> Iterator[Text]:
    """Labels of ticks beyond the ends of their axis, which are not drawn."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = (high - low) * 1e-6
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low - slack <= tick.get_loc() <= high + slack or not axes.axison:
                    yield from (tick.label1, tick.label2)


def overlap(first: np.ndarray, second: np.ndarray, slack: float = 1.5) -> bool:
    """Whether two boxes share more than `slack` dots, by the separating axes."""
    for corners in (first, second):
        for at in (0, 1):
            edge = corners[at + 1] - corners[at]
            length = float(np.linalg.norm(edge))
            if not length:
                continue
            one, other = first @ edge / length, second @ edge / length
            if min(one.max(), other.max()) - max(one.min(), other.min()) <= slack:
                return False
    return True


def find_faults(figure: Figure) -> list[str]:
    """What a reader cannot read: texts that lie on each other, texts that the edge cuts off."""
    texts = list(list_texts(figure))
    wide, high = figure.get_size_inches() * figure.dpi
    faults = [
        f"cut: {text!r}"
        for text, corners in texts
        if corners.min() < -2 or corners[:, 0].max() > wide + 2 or corners[:, 1].max() > high + 2
    ]
    return faults + [
        f"over each other: {texts[one][0]!r} and {texts[other][0]!r}"
        for one, other in list_neighbours(np.array([corners for _, corners in texts]))
        if overlap(texts[one][1], texts[other][1])
    ]


def list_neighbours(boxes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of boxes (N, 4, 2) whose upright hulls touch."""
    low, high = boxes.min(axis=1), boxes.max(axis=1)
    for one in range(len(boxes) - 1):
        rest = slice(one + 1, None)
        near = ((low[rest] < high[one]) & (high[rest] > low[one])).all(axis=1)
        yield from ((one, one + 1 + int(other)) for other in np.flatnonzero(near))
