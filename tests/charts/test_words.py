"""Numbers and names as words, and how they fit into their room."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emoscope.charts.scene import (
    cut,
    find_scale_top,
    measure_text,
    wrap_text,
)
from emoscope.charts.words import (
    count_columns,
    format_brief,
    format_percent,
    format_short,
    measure_name,
    shorten_name,
    wrap_name,
)


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


@pytest.mark.parametrize(
    ("name", "lines", "shown"),
    [
        ("joy", 2, "joy"),
        ("anger, hate and contempt or disgust", 2, "anger, hate and contempt\nor disgust"),
        ("anger, hate and contempt or disgust", 1, "anger, hate and…or disgust"),
        (
            "a label that goes on and on as a cluster of very many words indeed",
            2,
            "a label that goes on and\n… very many words indeed",
        ),
    ],
)
def test_a_long_name_is_wrapped_and_loses_its_middle(name, lines, shown):
    assert wrap_name(name, lines=lines) == shown


@given(st.text(max_size=200), st.integers(4, 30), st.integers(1, 3))
@example("\n", 4, 1)
@example(" ", 4, 2)
def test_a_wrapped_name_fits(name, width, lines):
    shown = wrap_name(name, width, lines)
    columns, rows = measure_name(shown)
    assert columns <= width + 2
    assert rows <= lines
    assert count_columns(shorten_name(name, width)) <= width or len(name) < 2
