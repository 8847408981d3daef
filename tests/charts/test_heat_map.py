"""A heat map: what is written where, and in a colour that can be read."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from emoscope.charts.heat_map import HeatMap, draw_heat_map


def heat_map(count=4, **options):
    values = np.linspace(0, 1, count * count).reshape(count, count)
    names = [f"label {place}" for place in range(count)]
    numbers = [[f"{value:.2f}" for value in row] for row in values]
    given = {"values": values, "kind": "share", "numbers": numbers, **options}
    return HeatMap(rows=names, columns=names, **given)


def numbers_of(figure):
    return {
        (round(y), round(x)): text
        for text in figure.axes[0].texts
        for x, y in [text.get_position()]
    }


def test_each_number_is_in_its_cell():
    texts = numbers_of(draw_heat_map(heat_map()))
    assert texts[0, 0].get_text() == "0.00"
    assert texts[0, 1].get_text() == "0.07"
    assert texts[3, 3].get_text() == "1.00"
    assert texts[3, 3].get_color() == "white" != texts[0, 0].get_color()


def test_a_cell_without_a_value_has_no_number_and_no_frame():
    values = np.array([[np.nan, -0.5], [0.25, 0.1]])
    figure = draw_heat_map(heat_map(2, values=values, kind="correlation"))
    assert set(numbers_of(figure)) == {(0, 1), (1, 0), (1, 1)}
    frames = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert [frame.get_xy() for frame in frames] == [(0.5, 0.5)]
    assert figure.axes[0].images[0].get_clim() == (-0.5, 0.5)


@pytest.mark.parametrize("count", [3, 10, 27])
def test_numbers_fit_into_their_cells(count):
    numbers = [["12,345\n100\u00a0%"] * count] * count
    figure = draw_heat_map(heat_map(count, numbers=numbers, title="A title", note="a note"))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    (left, low), (right, high) = axes.transData.transform([(0, 1), (1, 0)])
    for text in numbers_of(figure).values():
        if "%" in text.get_text():
            box = text.get_window_extent()
            assert box.width < right - left
            assert box.height < high - low
