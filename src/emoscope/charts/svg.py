"""A scene as SVG: inside a page in the page's colours, or as a file that needs nothing else."""

from emoscope.charts.page import Html, element, joined, text
from emoscope.charts.palette import GROUND, THEME
from emoscope.charts.scene import Area, Line, Scene, Shape, Text, box


def inline(scene: Scene) -> Html:
    """SVG for a page, whose style names the colours: light on dark where the reader's screen is."""
    return _svg(scene, {name: f"var(--{name})" for name in THEME}, {})


def standalone(scene: Scene) -> str:
    """A whole SVG file on white."""
    ground = box((0, 0), (scene.width, scene.height), GROUND)
    font = {"font-family": "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"}
    painted = Scene(scene.width, scene.height, (ground, *scene.shapes), scene.label)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_svg(painted, THEME, font)}\n'


def _svg(scene: Scene, theme: dict[str, str], font: dict[str, str]) -> Html:
    width, height = _number(scene.width), _number(scene.height)
    return element(
        "svg",
        joined(_element(shape, theme) for shape in scene.shapes),
        **{
            "xmlns": "http://www.w3.org/2000/svg",
            "width": width,
            "height": height,
            "viewBox": f"0 0 {width} {height}",
            "role": "img",
            "aria-label": scene.label,
            **font,
        },
    )


def _element(shape: Shape, theme: dict[str, str]) -> Html:
    match shape:
        case Area(points, fill, opacity, title):
            painted = {"points": _points(points), "fill": theme.get(fill, fill)}
            return element("polygon", _title(title), **painted, **_faint("fill-opacity", opacity))
        case Line(points, colour, thick, opacity):
            drawn = {
                "points": _points(points),
                "fill": "none",
                "stroke": theme.get(colour, colour),
                "stroke-width": _number(thick),
                "stroke-linejoin": "round",
            }
            return element("polyline", Html(""), **drawn, **_faint("stroke-opacity", opacity))
        case Text((x, y), content, size, anchor, colour, bold, turn, title):
            written = {
                "x": _number(x),
                "y": _number(y),
                "font-size": _number(size),
                "fill": theme.get(colour, colour),
                "text-anchor": "" if anchor == "start" else anchor,
                "font-weight": "600" if bold else "",
                "transform": f"rotate({_number(-turn)} {_number(x)} {_number(y)})" if turn else "",
            }
            return element("text", Html(text(content) + _title(title)), **written)


def _title(title: str) -> Html:
    return element("title", text(title)) if title else Html("")


def _faint(name: str, opacity: float) -> dict[str, str]:
    return {} if opacity == 1 else {name: _number(opacity)}


def _points(points: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
