"""Pictures of a corpus and of an evaluation."""

from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest

from emoscope.errors import InputError
from emoscope.evaluation.describe import describe
from emoscope.evaluation.plots import draw_confusion, draw_descriptions
from tests.evaluation.test_describe import LABELS, TURNS, corpus


def test_a_confusion_matrix_is_drawn(tmp_path):
    path = tmp_path / "new" / "confusion.png"
    draw_confusion(np.array([[5, 1], [0, 0]]), ["happy", "sad"], path)
    assert matplotlib.image.imread(path).std() > 0.02


def test_what_cannot_be_drawn(tmp_path):
    description = describe(corpus(TURNS))
    for count in (0, 7):
        with pytest.raises(InputError, match=f"got {count}"):
            draw_descriptions({str(n): description for n in range(count)}, tmp_path / "a.png")
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "a.png", tmp_path / "a.docx"):
        with pytest.raises(InputError, match="cannot be written"):
            draw_descriptions({"train": description}, path)


def test_figures_are_drawn(tmp_path):
    description = describe(corpus(TURNS, LABELS))
    many = replace(description, class_shares={f"label{n}": 7.7 for n in range(40)})
    long = replace(description, length_counts=(1, *[0] * 5000, 3), cutoff=100)
    draw_descriptions(
        {"train": description, "dev": replace(description, cutoff=9)}, tmp_path / "two.svg"
    )
    drawn = (tmp_path / "two.svg").read_text("utf-8")
    for text in ("train", "dev", "joy", "fear", "66.7", "words of a text"):
        assert f"<!-- {text} -->" in drawn
    draw_descriptions({"train": many, "dev": many}, tmp_path / "many.svg")
    assert "<!-- 7.7 -->" not in (tmp_path / "many.svg").read_text("utf-8")
    draw_descriptions({"train": long}, tmp_path / "long.svg")
    assert "in steps of 42" in (tmp_path / "long.svg").read_text("utf-8")
    draw_descriptions({"train": describe(corpus(TURNS))}, tmp_path / "none.svg")
    assert "no labels" in (tmp_path / "none.svg").read_text("utf-8")
    draw_descriptions({"train": description}, tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_drawing_leaves_pyplot_alone(tmp_path):
    import sys

    draw_descriptions({"train": describe(corpus(TURNS, LABELS))}, tmp_path / "one.png")
    assert "matplotlib.pyplot" not in sys.modules
