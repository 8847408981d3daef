"""The colours of all charts."""

# Okabe & Ito's palette: distinct under the common kinds of colour blindness, dark or light.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""For categories, such as the labels, runs or splits of one plot."""
COOL, WARM = COLOURS[:2]
"""For values below and above zero."""

# Names of the colours that a page defines (`page.css`), and their values on white.
INK, SOFT, LINE, GROUND, ACCENT = "ink", "soft", "line", "ground", "accent"
THEME = {
    INK: "#1c1e21",
    SOFT: "#5c6370",
    LINE: "#d9dce1",
    GROUND: "#ffffff",
    ACCENT: COLOURS[0],
}
