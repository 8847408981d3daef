"""A scene as PNG or PDF, painted by matplotlib, which the extra `train` installs."""

import unicodedata
import warnings
from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final, Literal

from emoscope.charts.palette import THEME
from emoscope.charts.scene import Anchor, Area, Line, Scene, Shape, Text
from emoscope.errors import require

PIXEL: Final = 1 / 96
"""A CSS pixel in inches."""
DOTS: Final = 192
"""Resolution of a PNG in dots per inch: two dots a CSS pixel."""
FONT: Final = "DejaVu Sans"
"""The font that ships with matplotlib; it has Latin, Greek, Cyrillic, Arabic and some more."""

_SIDES: Final[dict[Anchor, Literal["left", "center", "right"]]] = {
    "start": "left",
    "middle": "center",
    "end": "right",
}


def check_matplotlib() -> None:
    """Check that scenes can be painted.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    require("matplotlib", "train")


def paint(scene: Scene, format: Literal["png", "pdf"]) -> bytes:  # noqa: A002
    """The bytes of a PNG or PDF file; the same scene gives the same bytes."""
    check_matplotlib()
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(scene.width * PIXEL, scene.height * PIXEL), facecolor=THEME["ground"])
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, scene.width), ylim=(scene.height, 0))
    axes.set_axis_off()
    fonts = find_fonts(shape.content for shape in scene.shapes if isinstance(shape, Text))
    for order, shape in enumerate(scene.shapes):
        for artist in _make_artists(shape, fonts):
            artist.set(zorder=order, clip_on=False)
            axes.add_artist(artist)
    out = BytesIO()
    metadata = {"CreationDate": None} if format == "pdf" else {}
    # Type 42 (TrueType): the text of a PDF can be searched and copied.
    with mpl.rc_context({"pdf.fonttype": 42}), warnings.catch_warnings():
        # A character that no font has is drawn as a box, which can be seen; no warning is needed.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(out, format=format, dpi=DOTS, metadata=metadata)
    return out.getvalue()


def _make_artists(shape: Shape, fonts: list[str]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Polygon
    from matplotlib.text import Text as Written

    points = 72 * PIXEL
    match shape:
        case Area(corners, fill, opacity, _):
            if not opacity:
                return []
            return [Polygon(corners, color=THEME.get(fill, fill), alpha=opacity, linewidth=0)]
        case Line(through, colour, width, opacity):
            line = Line2D(*zip(*through, strict=True), color=THEME.get(colour, colour))
            line.set(linewidth=width * points, alpha=opacity, solid_joinstyle="round")
            return [line]
        case Text((x, y), content, size, anchor, colour, bold, turn, _):
            written = Written(
                x,
                y,
                content,
                fontfamily=fonts,
                fontsize=size * points,
                fontweight="bold" if bold else "normal",
                color=THEME.get(colour, colour),
                horizontalalignment=_SIDES[anchor],
                verticalalignment="baseline",
                rotation=turn,
                rotation_mode="anchor",
                parse_math=False,
            )
            return [written]


def find_fonts(texts: Iterable[str]) -> list[str]:
    """Font families that together have all characters, as far as fonts are installed."""
    from matplotlib import font_manager

    families = [FONT]
    # Fonts have no glyphs for format characters, such as marks of direction.
    lacking = {ord(char) for text in texts for char in text if unicodedata.category(char) != "Cf"}
    lacking -= set(font_manager.get_font(font_manager.findfont(FONT)).get_charmap())
    if not lacking:
        return families
    # Regular sans-serif fonts first.
    paths = sorted(
        font_manager.findSystemFonts(),
        key=lambda path: ("Regular" not in path, "Sans" not in path, len(path), path),
    )
    for path in paths:
        try:
            has = lacking & set(font_manager.get_font(path).get_charmap())
        except (OSError, RuntimeError):
            continue
        if has:
            for face in {path, path.replace("Regular", "Bold")}.intersection(paths):
                font_manager.fontManager.addfont(face)
            families.append(font_manager.FontProperties(fname=path).get_name())
            lacking -= has
            if not lacking:
                break
    return families
