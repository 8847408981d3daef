"""What pictures show is what was counted."""

import numpy as np
import pytest

from emoscope.charts import Tally
from emoscope.charts.distribution import make_distribution_view
from emoscope.charts.over_time import make_time_view
from emoscope.charts.scene import (
    Area,
    Line,
)
from emoscope.charts.together import make_pairs_view
from emoscope.charts.wheel import RADIUS, make_wheel_view
from emoscope.plutchik import WHEEL
from tests.charts.examples import numbered, tally_of, taxonomy_of


def bar_lengths(scene):
    return [
        shape.points[1][0] - shape.points[0][0]
        for shape in scene.shapes
        if isinstance(shape, Area) and shape.fill == "accent"
    ]


def test_bars_are_as_long_as_the_shares_from_the_longest_down():
    tally = tally_of(["a", "b", "c", "d"], 300)
    lengths = bar_lengths(make_distribution_view(tally).scenes[0])
    assert lengths == sorted(lengths, reverse=True)
    shares = sorted(tally.shares, reverse=True)
    assert np.array(lengths) / lengths[0] == pytest.approx(np.array(shares) / shares[0])


def test_many_labels_of_a_text_share_a_bar():
    tally = Tally(taxonomy_of(numbered(20)))
    labels = np.tri(21, 20, -1, dtype=bool)
    tally.add(labels.astype(float), labels)
    table = make_distribution_view(tally).tables[1]
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
    for shape in make_wheel_view(tally).scenes[0].shapes:
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
    scene = make_wheel_view(tally).scenes[0]
    centre = np.array([scene.width / 2, scene.height / 2])
    for shape in scene.shapes:
        if isinstance(shape, Area):
            assert np.linalg.norm(np.array(shape.points) - centre, axis=1).max() <= RADIUS + 0.01


def test_the_wheel_says_what_it_counts_and_what_it_leaves_out():
    told = " ".join(
        make_wheel_view(tally_of(["joy", "annoyance", "grief", "pride", "neutral"])).notes
    )
    told = told.replace("\u2068", "").replace("\u2069", "")
    assert "annoyance as anger; grief as sadness" in told
    assert "left out: pride, neutral." in told
    view = make_wheel_view(tally_of(["pride", "neutral"]))
    assert view.notes == ("None of the labels has a place on the wheel.",)
    assert view.scenes == ()


def test_a_long_list_is_cut():
    told = " ".join(make_wheel_view(tally_of(["joy", *numbered(40)])).notes)
    assert told.count("emotion ") == 12
    assert told.endswith("and 28 more.")


def test_exclusive_labels_do_not_go_together():
    assert make_pairs_view(tally_of(["a", "b"], exclusive=True)) is None
    constant = Tally(taxonomy_of(["a", "b"]))
    constant.add(np.ones((5, 2)), np.ones((5, 2), bool))
    assert make_pairs_view(constant).scenes == ()


def test_the_colours_of_the_matrix_tell_more_from_less():
    tally = Tally(taxonomy_of(["a", "b", "c"]))
    labels = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]], bool)
    tally.add(labels.astype(float), labels)
    cells = {
        shape.title.split(":")[0].replace("\u2068", "").replace("\u2069", ""): shape.fill
        for shape in make_pairs_view(tally).scenes[0].shapes
        if isinstance(shape, Area) and shape.title
    }
    assert len(cells) == 6
    assert cells["a and b"] == cells["b and a"] == "#d55e00"
    assert cells["a and c"] == cells["c and b"] == "#0072b2"


def curve(scene):
    """Heights of the line, in shares of the scale."""
    lines = [s for s in scene.shapes if isinstance(s, Line) and s.width == 1.6]
    return [[(86 - y) / (86 - 24) for _, y in line.points] for line in lines]


def test_a_curve_shows_the_shares_and_breaks_where_there_are_no_texts():
    tally = Tally(taxonomy_of(["joy"]))
    days = ["2020-01-01"] * 4 + ["2020-01-02"] * 2 + ["2020-01-04"] * 5 + ["2020-01-05"]
    labels = np.array([1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1], bool)[:, None]
    tally.add(labels.astype(float), labels, days)
    volume, joy = make_time_view(tally).scenes
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
    told = " ".join(make_time_view(tally).notes)
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
    view = make_time_view(tally)
    assert view.notes[0] == told
    assert view.scenes == ()


def test_without_dates_there_is_no_time():
    assert make_time_view(tally_of(["joy"])) is None
