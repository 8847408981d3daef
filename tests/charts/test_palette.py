"""Pages and pictures have the same colours."""

import re
from importlib.resources import files

from emoscope.charts.palette import THEME


def test_a_page_in_the_light_has_the_colours_of_pictures_on_white():
    style = files("emoscope.charts").joinpath("page.css").read_text("utf-8")
    light = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", style.partition("@media")[0]))
    assert {name: light[name] for name in THEME} == THEME
