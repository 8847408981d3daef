"""Pieces of a self-contained page: no script, and no font or picture from elsewhere."""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NewType

Html = NewType("Html", str)
"""Markup. Anything else must go through `text` first, which escapes it."""
NOT_IN_PAGES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters, lone surrogates, and what Unicode defines as no character."""


def printable(value: str) -> str:
    """Replace characters that neither a page nor a terminal may be given, such as ESC."""
    return NOT_IN_PAGES.sub("\ufffd", value)


def text(value: object) -> Html:
    """Any value as escaped text; characters that no page may hold are replaced."""
    return Html(html.escape(printable(str(value))))


def element(name: str, content: Html, **attributes: str) -> Html:
    """An element; `class_` sets the attribute `class`, as every trailing underscore is dropped."""
    given = "".join(
        f' {key.rstrip("_")}="{text(value)}"' for key, value in attributes.items() if value
    )
    return Html(f"<{name}{given}>{content}</{name}>")


def joined(parts: Iterable[Html]) -> Html:
    """Join pieces, one a line."""
    return Html("\n".join(parts))


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    left: int = 1,
    apart: int | None = None,
    caption: str = "",
    upright: bool = False,
) -> Html:
    """A table.

    Args:
        header: names of the columns.
        rows: the cells of each row.
        left: number of columns on the left that hold words; the others hold numbers.
        apart: index of the row above which a line is drawn.
        caption: caption of the table.
        upright: the names of columns of numbers stand upright, so that many have room.
    """

    def cells(kind: str, values: Sequence[object]) -> Html:
        return joined(
            element(kind, text(value), class_="left" if at < left else "")
            for at, value in enumerate(values)
        )

    body = joined(
        element("tr", cells("td", row), class_="apart" if number == apart else "")
        for number, row in enumerate(rows)
    )
    above = element("caption", text(caption)) if caption else Html("")
    head = element("thead", element("tr", cells("th", header)))
    return element(
        "div",
        element(
            "table",
            joined([above, head, element("tbody", body)]),
            class_="upright" if upright else "",
        ),
        class_="wide",
    )


def picture(path: Path, alt: str) -> Html:
    """A PNG file, embedded in the page."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return element("figure", Html(f'<img alt="{text(alt)}" src="data:image/png;base64,{data}">'))


def folded(summary: str, content: Html) -> Html:
    """Content that is hidden until a click on its summary."""
    return element("details", joined([element("summary", text(summary)), content]))


def page(title: str, body: Html, style: str = "") -> str:
    """A whole page.

    Its content security policy allows the style of the page and embedded pictures, and nothing
    else, so that markup smuggled in by a text has no effect.

    Args:
        title: title of the page.
        body: content of the page.
        style: CSS in addition to that of all pages.
    """
    sheet = f"\n{(files('emoscope.charts') / 'page.css').read_text(encoding='utf-8')}{style}"
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{sheet}</style>\n</head>\n<body>\n{body}\n</body>\n"
        "</html>\n"
    )
