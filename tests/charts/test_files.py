"""Files of pictures: whole, valid, inside their frame, whatever labels are called."""

import math
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import emoscope.charts.draw as module
from emoscope.charts import check_path
from emoscope.charts.distribution import make_distribution_view
from emoscope.charts.draw import make_views
from emoscope.charts.page import text as escaped
from emoscope.charts.palette import THEME
from emoscope.charts.scene import Text, measure_text
from emoscope.charts.sheet import lay_out_sheet
from emoscope.charts.suffix import FORMATS
from emoscope.charts.svg import to_inline_svg, to_svg_file
from emoscope.errors import InputError, MissingExtraError
from emoscope.taxonomy import Taxonomy
from tests.charts.examples import tally_of
from tests.html_page import Page

SVG = "{http://www.w3.org/2000/svg}"


def in_frame(scene, shape):
    if isinstance(shape, Text):
        # Turned text and what a font makes of it are looked at, not computed.
        size = 0.0 if shape.turn else measure_text(shape.content, shape.size)
        left = shape.at[0] - {"start": 0, "middle": size / 2, "end": size}[shape.anchor]
        points = [(left, shape.at[1] - 0.7 * shape.size), (left + size, shape.at[1])]
    else:
        points = shape.points
    return all(
        -1 <= x <= scene.width + 1 and -1 <= y <= scene.height + 1
        for x, y in points
        if math.isfinite(x) and math.isfinite(y)
    ) and all(math.isfinite(x) and math.isfinite(y) for x, y in points)


def test_all_is_inside_the_frame(tally):
    drawn = [scene for view in make_views(tally) for scene in view.scenes]
    for scene in [*drawn, lay_out_sheet(make_views(tally), "A title", "A summary.")]:
        for shape in scene.shapes:
            assert in_frame(scene, shape), shape


def test_drawings_for_a_narrow_screen_fit_it(tally):
    matrices = [
        view.title for view in make_views(tally) if view.scenes and view.scenes[0].width > 345
    ]
    assert set(matrices) <= {"Labels that go together"}


def test_each_svg_is_xml_that_shows_the_names(tally):
    drawn = [scene for view in make_views(tally) for scene in view.scenes]
    for source in [
        *map(to_inline_svg, drawn),
        to_svg_file(lay_out_sheet(make_views(tally), "t", "s")),
    ]:
        root = ElementTree.fromstring(source)
        assert root.tag == f"{SVG}svg"
        kinds = {node.tag.removeprefix(SVG) for node in root.iter()}
        assert kinds <= {"svg", "polygon", "polyline", "text", "title"}
        for node in root.iter():
            assert not [name for name in node.attrib if name.startswith("on")]


def test_a_page_is_whole_and_runs_nothing(tally, tmp_path):
    tally.draw(tmp_path / "page.html", "<b>x</b>\ud800\x00 \n")
    source = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(source)
    assert not page.open, "every element is closed"
    tags = {tag for tag, _ in page.elements}
    assert not {"script", "b", "link", "iframe", "object", "img", "foreignobject"} & tags
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert not {"src", "href"} & set(attributes)
    assert "<h1>&lt;b&gt;x&lt;/b&gt;\ufffd\ufffd</h1>" in source
    (policy,) = [one["content"] for _, one in page.elements if "http-equiv" in one]
    assert "default-src 'none'" in policy
    for drawing in re.findall("<svg.*?</svg>", source, re.DOTALL):
        ElementTree.fromstring(drawing)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.text(
            st.characters(
                exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufffe\uffff\ufeff"
            ),
            min_size=1,
        )
        .map(str.strip)
        .filter(bool),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
def test_any_name_comes_through(names):
    tally = tally_of(names, 20, 5)
    for view in make_views(tally):
        for scene in view.scenes:
            ElementTree.fromstring(to_inline_svg(scene))
    (bars, *_) = make_distribution_view(tally).scenes
    root = ElementTree.fromstring(to_inline_svg(bars))
    shown = [node.text for node in root.iter(f"{SVG}text")]
    for name in names:
        if len(name) < 8:
            assert any(escaped(name) == escaped(one) for one in shown), name


def test_the_tables_have_the_figures(tmp_path):
    tally = tally_of(["joy", "happiness", "anger"], 150, 100)
    tally.draw(tmp_path / "page.html")
    page = Page((tmp_path / "page.html").read_text(encoding="utf-8"))
    for k, name in enumerate(tally.taxonomy.names):
        count, share, mean = page.row(name)[1:4]
        assert int(count) == tally.given[k]
        assert share == f"{100 * tally.shares[k]:.1f}\xa0%"
        assert float(mean) == pytest.approx(tally.mean_probabilities[k], abs=1e-4)
    pair = next(row for row in page.rows if row[0] == "\u2068joy\u2069 + \u2068anger\u2069")
    assert int(pair[1]) == tally.together[0, 2]
    assert float(pair[3]) == pytest.approx(tally.lift()[0, 2], abs=0.01)
    assert float(pair[4]) == pytest.approx(np.log2(tally.lift()[0, 2]), abs=0.01)
    assert float(pair[5]) == pytest.approx(tally.phi()[0, 2], abs=0.01)
    assert sum(int(row[1]) for row in page.rows if row[0].startswith("2020-W")) == 150


def test_millions_of_texts_fit():
    tally = tally_of(Taxonomy.load("goemotions").names, 500, 400)
    for name in ("given", "together", "sizes", "on_wheel"):
        setattr(tally, name, getattr(tally, name) * 20_000)
    tally.texts *= 20_000
    for scene in (scene for view in make_views(tally) for scene in view.scenes):
        assert all(in_frame(scene, shape) for shape in scene.shapes)


def test_the_colours_on_white_are_those_of_a_page():
    from importlib.resources import files

    css = (files("emoscope.charts") / "page.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--(\w+): (#\w{6})", css.partition("@media")[0]))
    assert {name: light[name] for name in THEME} == THEME
    assert "@media (prefers-color-scheme: dark)" in css


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_what_matplotlib_paints(tally, suffix, tmp_path):
    path = tmp_path / "new" / f"picture{suffix.upper()}"
    tally.draw(path, "A $title$ \ud800 of غضب")
    data = path.read_bytes()
    assert data.startswith({".png": b"\x89PNG\r\n", ".pdf": b"%PDF"}[suffix])
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_same_counts_give_the_same_file(tmp_path):
    for suffix in (".html", *FORMATS):
        one, other = tmp_path / f"one{suffix}", tmp_path / f"other{suffix}"
        tally_of(["joy", "anger"], 20, 10).draw(one)
        tally_of(["joy", "anger"], 20, 10).draw(other)
        assert one.read_bytes() == other.read_bytes()


def test_a_painted_picture_has_the_colours_of_the_drawn_one(tmp_path):
    from matplotlib.image import imread

    tally_of(["joy", "anger"], 20, 10).draw(tmp_path / "p.png")
    pixels = (imread(tmp_path / "p.png")[..., :3] * 255).round().astype(int).reshape(-1, 3)
    colours = set(map(tuple, pixels[::7].tolist()))
    assert (255, 255, 255) in colours
    # Warm marks, and ink.
    assert (0xD5, 0x5E, 0x00) in colours
    assert (0x1C, 0x1E, 0x21) in colours


@pytest.mark.parametrize("name", ["picture", "picture.jpg", "picture.html.gz"])
def test_other_files_are_refused(name, tmp_path):
    with pytest.raises(InputError, match=r"ends in \.html, \.png, \.svg, \.pdf"):
        check_path(tmp_path / name)


def test_what_cannot_be_written_is_an_input_error(tmp_path):
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(InputError, match="it is a folder"):
        check_path(tmp_path / "folder.html")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write to"):
        tally_of(["joy"]).draw(tmp_path / "file" / "page.html")


def test_without_matplotlib_there_are_html_and_svg(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for suffix in (".png", ".pdf"):
        with pytest.raises(MissingExtraError, match=r"emoscope\[train\]"):
            check_path(tmp_path / f"p{suffix}")
    for suffix in (".html", ".svg"):
        check_path(tmp_path / f"p{suffix}")
        tally_of(["joy", "anger"], 9, 3).draw(tmp_path / f"p{suffix}")


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("old")
    monkeypatch.setattr(module, "make_html", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tally_of(["joy"]).draw(path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_a_page_imports_nothing_heavy(tmp_path):
    code = f"""
import sys
from pathlib import Path
import numpy as np
from emoscope.charts import Tally
from emoscope.taxonomy import Taxonomy
tally = Tally(Taxonomy.load("ekman"))
tally.add(np.ones((3, 7)), np.eye(3, 7, dtype=bool), ["2020", "2021", "2022"])
tally.draw(Path({str(tmp_path)!r}) / "p.html")
tally.draw(Path({str(tmp_path)!r}) / "p.svg")
print([name for name in ("matplotlib", "scipy", "torch", "transformers") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
