"""A tally as a file of pictures."""

from pathlib import Path
from typing import Final

from emoscope.charts.distribution import distribution
from emoscope.charts.html import html
from emoscope.charts.over_time import over_time
from emoscope.charts.page import printable
from emoscope.charts.raster import check_matplotlib, painted
from emoscope.charts.sheet import sheet
from emoscope.charts.svg import standalone
from emoscope.charts.tally import Tally
from emoscope.charts.together import together
from emoscope.charts.view import View
from emoscope.charts.wheel import wheel
from emoscope.charts.words import counted
from emoscope.errors import InputError
from emoscope.files import write_bytes

SUFFIXES: Final = (".html", ".svg", ".png", ".pdf")


def check_path(path: Path) -> None:
    """Check that pictures can be written to a path, before there is anything to draw.

    Raises:
        InputError: a suffix other than `.html`, `.svg`, `.png` and `.pdf`, or a folder.
        MissingExtraError: `.png` or `.pdf` without matplotlib.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{path}: expected a file for pictures that ends in {', '.join(SUFFIXES)}."
        )
    if path.is_dir():
        raise InputError(f"Cannot write to {path}: it is a folder. Name a file.")
    if path.suffix.lower() in (".png", ".pdf"):
        check_matplotlib()


def draw(tally: Tally, path: Path, title: str) -> None:
    """Write the pictures; see `Tally.draw`."""
    check_path(path)
    data = _drawn(tally, path.suffix.lower(), title)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, data)
    except OSError as error:
        raise InputError(f"Cannot write to {path}: {error.strerror}. Name another file.") from None


def views(tally: Tally) -> list[View]:
    """The pictures that a tally allows; none without texts."""
    if not tally.texts:
        return []
    drawn = (distribution(tally), wheel(tally), together(tally), over_time(tally))
    return [view for view in drawn if view is not None]


def _drawn(tally: Tally, suffix: str, title: str) -> bytes:
    title = " ".join(printable(title).split())
    given = int(tally.texts - tally.sizes[0])
    summary = (
        f"{counted(tally.texts, 'text')}, {counted(len(tally.taxonomy), 'label')} "
        f"({tally.taxonomy.name}); {counted(given, 'has', 'have')} a label."
    )
    if suffix == ".html":
        return html(views(tally), title, summary).encode("utf-8")
    drawing = sheet(views(tally), title, summary)
    if suffix == ".svg":
        return standalone(drawing).encode("utf-8")
    return painted(drawing, "png" if suffix == ".png" else "pdf")
