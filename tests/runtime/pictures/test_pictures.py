"""Pictures: what they show is what was counted, inside their frame, whatever labels are called."""

import math
import re
import subprocess
import sys
from datetime import date, timedelta
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import emoscope.runtime.pictures.draw as module
from emoscope.errors import InputError, MissingExtraError
from emoscope.page import text as escaped
from emoscope.plutchik import WHEEL
from emoscope.runtime.pictures import Tally, check_path
from emoscope.runtime.pictures.distribution import distribution
from emoscope.runtime.pictures.draw import SUFFIXES, views
from emoscope.runtime.pictures.over_time import over_time
from emoscope.runtime.pictures.scene import (
    THEME,
    Area,
    Line,
    Text,
    cut,
    text_width,
    top_of,
    wrapped,
)
from emoscope.runtime.pictures.sheet import sheet
from emoscope.runtime.pictures.svg import inline, standalone
from emoscope.runtime.pictures.together import cluster_order, together
from emoscope.runtime.pictures.wheel import RADIUS, wheel
from emoscope.runtime.pictures.words import brief, percent
from emoscope.taxonomy import Label, Taxonomy
from tests.html_page import Page

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>",
    "\"onload='x' & ]]> -->",
    "$\\frac{1}{0}$ %s {0}",
    "\u202eright to left\u2069 and out",
    "غضب شديد",
    "आश्चर्य",
    "怒り 😀",
    "\ue123 \U000e0001",
    "w" * 300,
)


def taxonomy_of(names, exclusive=False):
    return Taxonomy("t", tuple(Label(name, (name,)) for name in names), exclusive=exclusive)


def tally_of(names, texts=200, days=None, exclusive=False, seed=0):
    """Random annotations, dates spread over some days."""
    rng = np.random.default_rng(seed)
    tally = Tally(taxonomy_of(names, exclusive))
    probabilities = rng.random((texts, len(names))) ** np.linspace(1, 4, len(names))
    chosen = probabilities >= (probabilities.max(axis=1, keepdims=True) if exclusive else 0.5)
    start = date(2020, 1, 1)
    dates = None
    if days is not None:
        dates = [start + timedelta(int(day)) for day in rng.integers(0, days, texts)]
    tally.add(probabilities, chosen, dates)
    return tally


def numbered(count):
    return [f"emotion {number} of many" for number in range(count)]


CASES = {
    "one text, one label": lambda: tally_of(["joy"], 1, 1),
    "two labels": lambda: tally_of(["joy", "anger"], 30, 10),
    "goemotions": lambda: tally_of(Taxonomy.load("goemotions").names, 900, 700),
    "sixty labels": lambda: tally_of(numbered(60), 300, 40_000),
    "more than are drawn": lambda: tally_of(numbered(75), 300, 90),
    "hostile names": lambda: tally_of(HOSTILE, 200, 30),
    "exclusive": lambda: tally_of(Taxonomy.load("emocontext").names, 50, None, True),
    "no texts": lambda: Tally(Taxonomy.load("ekman")),
}


@pytest.fixture(scope="module", params=CASES)
def tally(request):
    return CASES[request.param]()


def in_frame(scene, shape):
    if isinstance(shape, Text):
        # Turned text and what a font makes of it are looked at, not computed.
        size = 0.0 if shape.turn else text_width(shape.content, shape.size)
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
    drawn = [scene for view in views(tally) for scene in view.scenes]
    for scene in [*drawn, sheet(views(tally), "A title", "A summary.")]:
        for shape in scene.shapes:
            assert in_frame(scene, shape), shape


def test_drawings_for_a_narrow_screen_fit_it(tally):
    matrices = [view.title for view in views(tally) if view.scenes and view.scenes[0].width > 345]
    assert set(matrices) <= {"Labels that go together"}


def test_each_svg_is_xml_that_shows_the_names(tally):
    drawn = [scene for view in views(tally) for scene in view.scenes]
    for source in [*map(inline, drawn), standalone(sheet(views(tally), "t", "s"))]:
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
        st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1)
        .map(str.strip)
        .filter(bool),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
def test_any_name_comes_through(names):
    tally = tally_of(names, 20, 5)
    for view in views(tally):
        for scene in view.scenes:
            ElementTree.fromstring(inline(scene))
    (bars, *_) = distribution(tally).scenes
    root = ElementTree.fromstring(inline(bars))
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


def bar_lengths(scene):
    return [
        shape.points[1][0] - shape.points[0][0]
        for shape in scene.shapes
        if isinstance(shape, Area) and shape.fill == "accent"
    ]


def test_bars_are_as_long_as_the_shares_from_the_longest_down():
    tally = tally_of(["a", "b", "c", "d"], 300)
    lengths = bar_lengths(distribution(tally).scenes[0])
    assert lengths == sorted(lengths, reverse=True)
    shares = sorted(tally.shares, reverse=True)
    assert np.array(lengths) / lengths[0] == pytest.approx(np.array(shares) / shares[0])


def test_many_labels_of_a_text_share_a_bar():
    tally = Tally(taxonomy_of(numbered(20)))
    labels = np.tri(21, 20, -1, dtype=bool)
    tally.add(labels.astype(float), labels)
    table = distribution(tally).tables[1]
    assert [row[0] for row in table.rows] == [
        *("no label", "1 label"),
        *(f"{k} labels" for k in range(2, 8)),
        "8 or more",
    ]
    assert [int(row[1]) for row in table.rows] == [1] * 8 + [13]


def polygon_area(points):
    x, y = np.array(points).T
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


def test_the_area_of_a_petal_is_its_share():
    tally = tally_of(["joy", "anger", "fear", "love"], 400)
    petals = {}
    for shape in wheel(tally).scenes[0].shapes:
        if isinstance(shape, Area) and 0.5 < shape.opacity < 1:
            petals[shape.fill] = polygon_area(shape.points)
    share = dict(zip(tally.taxonomy.names, tally.shares, strict=True))
    joy, anger, fear = petals["#f7d038"], petals["#d7263d"], petals["#3c8f4f"]
    assert joy / anger == pytest.approx(share["joy"] / share["anger"])
    assert joy / fear == pytest.approx(share["joy"] / share["fear"])
    assert len(petals) == 4


def test_no_petal_leaves_the_wheel():
    tally = Tally(taxonomy_of(WHEEL))
    labels = np.ones((3, len(WHEEL)), bool)
    tally.add(labels.astype(float), labels)
    scene = wheel(tally).scenes[0]
    centre = np.array([scene.width / 2, scene.height / 2])
    for shape in scene.shapes:
        if isinstance(shape, Area):
            assert np.linalg.norm(np.array(shape.points) - centre, axis=1).max() <= RADIUS + 0.01


def test_the_wheel_says_what_it_counts_and_what_it_leaves_out():
    told = " ".join(wheel(tally_of(["joy", "annoyance", "grief", "pride", "neutral"])).told)
    told = told.replace("\u2068", "").replace("\u2069", "")
    assert "annoyance as anger; grief as sadness" in told
    assert "left out: pride, neutral." in told
    view = wheel(tally_of(["pride", "neutral"]))
    assert view.told == ("None of the labels has a place on the wheel.",)
    assert view.scenes == ()


def test_a_long_list_is_cut():
    told = " ".join(wheel(tally_of(["joy", *numbered(40)])).told)
    assert told.count("emotion ") == 12
    assert told.endswith("and 28 more.")


def test_exclusive_labels_do_not_go_together():
    assert together(tally_of(["a", "b"], exclusive=True)) is None
    constant = Tally(taxonomy_of(["a", "b"]))
    constant.add(np.ones((5, 2)), np.ones((5, 2), bool))
    assert together(constant).scenes == ()


def test_the_colours_of_the_matrix_tell_more_from_less():
    tally = Tally(taxonomy_of(["a", "b", "c"]))
    labels = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]], bool)
    tally.add(labels.astype(float), labels)
    cells = {
        shape.title.split(":")[0].replace("\u2068", "").replace("\u2069", ""): shape.fill
        for shape in together(tally).scenes[0].shapes
        if isinstance(shape, Area) and shape.title
    }
    assert len(cells) == 6
    assert cells["a and b"] == cells["b and a"] == "#d55e00"
    assert cells["a and c"] == cells["c and b"] == "#0072b2"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.integers(0, 12))
def test_clusters_stand_together_as_those_of_scipy(seed, count):
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    rng = np.random.default_rng(seed)
    phi = np.corrcoef(rng.normal(size=(count, 30))) if count > 1 else np.ones((count, count))
    order = cluster_order(phi)
    assert sorted(order) == list(range(count))
    if count < 2:
        return
    distances = 1 - (phi + phi.T) / 2
    np.fill_diagonal(distances, 0)
    members = [{k} for k in range(count)]
    for first, second, *_ in linkage(squareform(distances, checks=False), "average"):
        members.append(members[int(first)] | members[int(second)])
        places = [order.index(k) for k in members[-1]]
        assert max(places) - min(places) == len(places) - 1


def curve(scene):
    """Heights of the line, in shares of the scale."""
    lines = [s for s in scene.shapes if isinstance(s, Line) and s.width == 1.6]
    return [[(86 - y) / (86 - 24) for _, y in line.points] for line in lines]


def test_a_curve_shows_the_shares_and_breaks_where_there_are_no_texts():
    tally = Tally(taxonomy_of(["joy"]))
    days = ["2020-01-01"] * 4 + ["2020-01-02"] * 2 + ["2020-01-04"] * 5 + ["2020-01-05"]
    labels = np.array([1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1], bool)[:, None]
    tally.add(labels.astype(float), labels, days)
    volume, joy = over_time(tally).scenes
    assert curve(joy) == [pytest.approx([0.25, 0.5]), pytest.approx([0.8, 1.0])]
    assert "2020-01-04: 4 of 5 texts, 80.0\xa0%" in [
        shape.title for shape in joy.shapes if isinstance(shape, Area)
    ]
    tall = [
        b.points[2][1] - b.points[0][1] for b in volume.shapes if isinstance(b, Area) if b.opacity
    ]
    assert np.array(tall) / 62 == pytest.approx([0.8, 0.4, 0, 1.0, 0.2])


def test_what_dates_leave_out_is_told():
    tally = tally_of(["joy"], 5000, 30)
    labels = np.ones((4, 1), bool)
    tally.add(labels.astype(float), labels, ["1970-01-01", None, "03/04/2020", "?"])
    told = " ".join(over_time(tally).told)
    assert "1 text from before this time is left out." in told
    assert "1 text has no date." in told
    assert "2 texts have a date that was not read" in told


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (["soon"] * 3, "No text has a date that was read."),
        (["2020-01-01"] * 3, "All dates that were read are of 2020-01-01."),
    ],
)
def test_time_that_cannot_be_drawn_is_told(dates, told):
    tally = Tally(taxonomy_of(["joy"]))
    tally.add(np.ones((3, 1)), np.ones((3, 1), bool), dates)
    view = over_time(tally)
    assert view.told[0] == told
    assert view.scenes == ()


def test_without_dates_there_is_no_time():
    assert over_time(tally_of(["joy"])) is None


def test_millions_of_texts_fit():
    tally = tally_of(Taxonomy.load("goemotions").names, 500, 400)
    for name in ("given", "together", "sizes", "on_wheel"):
        setattr(tally, name, getattr(tally, name) * 20_000)
    tally.texts *= 20_000
    for scene in (scene for view in views(tally) for scene in view.scenes):
        assert all(in_frame(scene, shape) for shape in scene.shapes)


def test_the_colours_on_white_are_those_of_a_page():
    from importlib.resources import files

    css = (files("emoscope") / "page.css").read_text(encoding="utf-8")
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
    for suffix in SUFFIXES:
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
    with pytest.raises(InputError, match=r"ends in \.html, \.svg, \.png, \.pdf"):
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
    monkeypatch.setattr(module, "html", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tally_of(["joy"]).draw(path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_a_page_imports_nothing_heavy(tmp_path):
    code = f"""
import sys
from pathlib import Path
import numpy as np
from emoscope.runtime.pictures import Tally
from emoscope.taxonomy import Taxonomy
tally = Tally(Taxonomy.load("ekman"))
tally.add(np.ones((3, 6)), np.eye(3, 6, dtype=bool), ["2020", "2021", "2022"])
tally.draw(Path({str(tmp_path)!r}) / "p.html")
tally.draw(Path({str(tmp_path)!r}) / "p.svg")
print([name for name in ("matplotlib", "scipy", "torch", "transformers") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        *((0, "0.0 %"), (0.0004, "<0.1 %"), (0.0006, "0.1 %"), (0.1234, "12.3 %")),
        *((0.9994, "99.9 %"), (0.9999, ">99.9 %"), (1, "100.0 %")),
    ],
)
def test_shares_in_percent(share, shown):
    assert percent(share).replace("\xa0", " ") == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (9999, "9,999"), (88_400, "88k"), (999_499, "999k"), (7_654_321, "7.7M")],
)
def test_counts_on_a_scale(number, shown):
    assert brief(number) == shown


@pytest.mark.parametrize(
    ("most", "top"), [(0, 0.001), (0.001, 0.001), (0.011, 0.02), (0.21, 0.5), (0.51, 1.0), (1, 1.0)]
)
def test_a_round_top(most, top):
    assert top_of([0.0, most]) == pytest.approx(top)


@settings(max_examples=100, deadline=None)
@given(st.text(), st.floats(20, 300))
def test_a_text_is_cut_to_its_room(text, width):
    short = cut(text, width, 12)
    assert text_width(short, 12) <= width
    assert short == text or short.endswith("…\u2069")


@settings(max_examples=100, deadline=None)
@given(st.text("ab ", max_size=60), st.floats(40, 200))
def test_lines_hold_all_words(text, width):
    lines = wrapped(text, width, 12)
    if not any("…" in line for line in lines):
        assert " ".join(lines) == text
    assert all(text_width(line, 12) <= width for line in lines)
