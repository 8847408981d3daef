"""A scene as SVG: inside a page, or as a file of its own."""

from emoscope.charts.page import Html, element, joined, text
from emoscope.charts.palette import GROUND, THEME
from emoscope.charts.scene import Area, Line, Scene, Shape, Text, box


def to_inline_svg(scene: Scene) -> Html:
    """SVG for a page, whose style defines the colours, also for dark screens."""
    return _to_svg(scene, {name: f"var(--{name})" for name in THEME}, {})


def to_svg_file(scene: Scene) -> str:
    """A whole SVG file on a white ground."""
    ground = box((0, 0), (scene.width, scene.height), GROUND)
    font = {"font-family": "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"}
    painted = Scene(scene.width, scene.height, (ground, *scene.shapes), scene.label)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_to_svg(painted, THEME, font)}\n'


def _to_svg(scene: Scene, theme: dict[str, str], font: dict[str, str]) -> Html:
    width, height = _format_number(scene.width), _format_number(scene.height)
    return element(
        "svg",
        joined(_to_element(shape, theme) for shape in scene.shapes),
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


def _to_element(shape: Shape, theme: dict[str, str]) -> Html:
    match shape:
        case Area(points, fill, opacity, title):
            painted = {"points": _format_points(points), "fill": theme.get(fill, fill)}
            return element(
                "polygon", _to_title(title), **painted, **_to_opacity("fill-opacity", opacity)
            )
        case Line(points, colour, thick, opacity):
            drawn = {
                "points": _format_points(points),
                "fill": "none",
                "stroke": theme.get(colour, colour),
                "stroke-width": _format_number(thick),
                "stroke-linejoin": "round",
            }
            return element("polyline", Html(""), **drawn, **_to_opacity("stroke-opacity", opacity))
        case Text((x, y), content, size, anchor, colour, bold, turn, title):
            place = f"{_format_number(x)} {_format_number(y)}"
            written = {
                "x": _format_number(x),
                "y": _format_number(y),
                "font-size": _format_number(size),
                "fill": theme.get(colour, colour),
                "text-anchor": "" if anchor == "start" else anchor,
                "font-weight": "600" if bold else "",
                "transform": f"rotate({_format_number(-turn)} {place})" if turn else "",
            }
            return element("text", Html(text(content) + _to_title(title)), **written)


def _to_title(title: str) -> Html:
    return element("title", text(title)) if title else Html("")


def _to_opacity(name: str, opacity: float) -> dict[str, str]:
    return {} if opacity == 1 else {name: _format_number(opacity)}


def _format_points(points: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{_format_number(x)},{_format_number(y)}" for x, y in points)


def _format_number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
