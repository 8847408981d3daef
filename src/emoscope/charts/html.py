"""All charts on one page, with their numbers as tables."""

from collections.abc import Sequence
from typing import Final

from emoscope.charts.page import Html, element, folded, joined, page, table, text
from emoscope.charts.scene import Scene
from emoscope.charts.svg import to_inline_svg
from emoscope.charts.view import View

WIDE: Final = 345.0
"""A wider drawing keeps its size, and scrolls on a narrow screen."""
STYLE: Final = """\
svg { display: block; font-family: inherit; }
.drawings { display: grid; gap: 1.5rem; margin: 1rem 0; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); }
.drawings.many { grid-template-columns: repeat(auto-fill, minmax(min(12.5rem, 100%), 1fr)); }
.drawings svg { width: 100%; height: auto; max-width: 28rem; }
"""


def make_html(views: Sequence[View], title: str, summary: str) -> str:
    """Make a page that needs no script and no network."""
    parts = [element("h1", text(title)), element("p", text(summary), class_="soft")]
    for view in views:
        parts.append(element("h2", text(view.title)))
        parts += [element("p", text(line), class_="soft") for line in view.notes]
        parts += _place_drawings(view.scenes)
        if view.tables:
            tables = joined(
                table(shown_table.header, shown_table.rows, caption=shown_table.caption)
                for shown_table in view.tables
            )
            parts.append(folded("The figures", tables))
    return page(title, joined(parts), STYLE)


def _place_drawings(scenes: Sequence[Scene]) -> list[Html]:
    """Lay out the drawings: those that fit a narrow screen side by side, others one by one."""
    fitting = [scene for scene in scenes if scene.width <= WIDE]
    kind = "drawings many" if len(scenes) > 3 else "drawings"
    drawn = [element("div", joined(map(to_inline_svg, fitting)), class_=kind)] if fitting else []
    drawn += [
        element("div", to_inline_svg(scene), class_="wide")
        for scene in scenes
        if scene.width > WIDE
    ]
    return drawn
