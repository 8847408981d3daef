"""Numbers and names as words, and how they fit into their room."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.charts.scene import (
    cut,
    find_scale_top,
    measure_text,
    wrap_text,
)
from emoscope.charts.words import format_brief, format_percent, format_short


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        *((0, "0.0 %"), (0.0004, "<0.1 %"), (0.0006, "0.1 %"), (0.1234, "12.3 %")),
        *((0.9994, "99.9 %"), (0.9999, ">99.9 %"), (1, "100.0 %")),
    ],
)
def test_shares_in_percent(share, shown):
    assert format_percent(share).replace("\xa0", " ") == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (9999, "9,999"), (88_400, "88k"), (999_499, "999k"), (7_654_321, "7.7M")],
)
def test_counts_on_a_scale(number, shown):
    assert format_brief(number) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, ".12"), (-0.05, "-.05"), (-0.001, "0"), (1.0, "1"), (-0.999, "-1"), (0.994, ".99")],
)
def test_a_number_in_a_cell_is_short(value, text):
    assert format_short(value) == text


@pytest.mark.parametrize(
    ("most", "top"), [(0, 0.001), (0.001, 0.001), (0.011, 0.02), (0.21, 0.5), (0.51, 1.0), (1, 1.0)]
)
def test_a_round_top(most, top):
    assert find_scale_top([0.0, most]) == pytest.approx(top)


@settings(max_examples=100, deadline=None)
@given(st.text(), st.floats(20, 300))
def test_a_text_is_cut_to_its_room(text, width):
    short = cut(text, width, 12)
    assert measure_text(short, 12) <= width
    assert short == text or short.endswith("…\u2069")


@settings(max_examples=100, deadline=None)
@given(st.text("ab ", max_size=60), st.floats(40, 200))
def test_lines_hold_all_words(text, width):
    lines = wrap_text(text, width, 12)
    if not any("…" in line for line in lines):
        assert " ".join(lines) == text
    assert all(measure_text(line, 12) <= width for line in lines)
