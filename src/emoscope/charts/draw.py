"""Write a file with all charts of a tally."""

from pathlib import Path

from emoscope.charts.distribution import make_distribution_view
from emoscope.charts.html import make_html
from emoscope.charts.over_time import make_time_view
from emoscope.charts.page import printable
from emoscope.charts.raster import check_matplotlib, paint
from emoscope.charts.sheet import lay_out_sheet
from emoscope.charts.suffix import find_picture_format
from emoscope.charts.svg import to_svg_file
from emoscope.charts.tally import Tally
from emoscope.charts.together import make_pairs_view
from emoscope.charts.view import View
from emoscope.charts.wheel import make_wheel_view
from emoscope.charts.words import format_count
from emoscope.errors import explain_os_error
from emoscope.files import write_bytes


def check_path(path: Path) -> None:
    """Check, before the work starts, that charts can be written to a path.

    Raises:
        InputError: the suffix is not `.html`, `.svg`, `.png` or `.pdf`, or the path is a folder.
        MissingExtraError: the suffix is `.png` or `.pdf`, and matplotlib is not installed.
    """
    if find_picture_format(path, (".html",)) in ("png", "pdf"):
        check_matplotlib()


def draw(tally: Tally, path: Path, title: str) -> None:
    """Write the charts; see `Tally.draw`."""
    check_path(path)
    data = _make_bytes(tally, path.suffix.lower(), title)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, data)
    except OSError as error:
        raise explain_os_error(error, "write to", path) from None


def make_views(tally: Tally) -> list[View]:
    """Make the charts that a tally allows; none without texts."""
    if not tally.texts:
        return []
    drawn = (
        make_distribution_view(tally),
        make_wheel_view(tally),
        make_pairs_view(tally),
        make_time_view(tally),
    )
    return [view for view in drawn if view is not None]


def _make_bytes(tally: Tally, suffix: str, title: str) -> bytes:
    title = " ".join(printable(title).split())
    given = int(tally.texts - tally.sizes[0])
    summary = (
        f"{format_count(tally.texts, 'text')}, {format_count(len(tally.taxonomy), 'label')} "
        f"({tally.taxonomy.name}); {format_count(given, 'has', 'have')} a label."
    )
    if suffix == ".html":
        return make_html(make_views(tally), title, summary).encode("utf-8")
    drawing = lay_out_sheet(make_views(tally), title, summary)
    if suffix == ".svg":
        return to_svg_file(drawing).encode("utf-8")
    return paint(drawing, "png" if suffix == ".png" else "pdf")
