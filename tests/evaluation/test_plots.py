"""Pictures of a corpus and of an evaluation."""

from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from emoscope.errors import InputError
from emoscope.evaluation.correlation_plots import draw_wheel
from emoscope.evaluation.describe import describe
from emoscope.evaluation.plots import draw_confusion, draw_descriptions
from emoscope.plutchik import map_onto_wheel
from tests.charts.overlaps import find_faults
from tests.evaluation.test_describe import LABELS, TURNS, corpus


def test_a_confusion_matrix_is_drawn(tmp_path):
    path = tmp_path / "new" / "confusion.png"
    draw_confusion(np.array([[5, 1], [0, 0]]), ["happy", "sad"], path)
    assert matplotlib.image.imread(path).std() > 0.02


LONG = (
    "joy",
    "a label whose name goes on and on, as a cluster of several words / with slashes",
    "an even longer label: contempt or disgust or hatred or loathing of others or oneself",
    "기쁨 그리고 아주 긴 이름의 레이블 이름 그리고 더 많은 단어들",
    "sadness",
)
NAMES = {"one": LONG[:1], "long": LONG, "many": tuple(f"emotion {n} of many" for n in range(16))}


@pytest.fixture
def faults(monkeypatch):
    """What cannot be read in the figures that were saved."""
    found: list[str] = []
    saved = Figure.savefig

    def save(figure, *arguments, **options):
        saved(figure, *arguments, **options)
        found.extend(find_faults(figure))

    monkeypatch.setattr(Figure, "savefig", save)
    return found


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_no_text_lies_on_another_or_is_cut_off(names, tmp_path, faults):
    rng = np.random.default_rng(0)
    count = len(names)
    draw_confusion(rng.integers(0, 2000, (count, count)), names, tmp_path / "confusion.png")
    shares = dict(zip(names, rng.random(count) * 30, strict=True))
    train = replace(describe(corpus(TURNS, LABELS)), class_shares=shares)
    draw_descriptions({"train": train, "dev": replace(train, cutoff=9)}, tmp_path / "two.png")
    vectors = rng.normal(size=(count, 5))
    wheel = map_onto_wheel(("anger", "fear", *names)[:count], vectors @ vectors.T)
    if wheel is not None:
        draw_wheel(wheel, tmp_path / "wheel.png")
    assert faults == []


def test_faults_are_found():
    figure = Figure()
    FigureCanvasAgg(figure)
    for place, text in [(0.5, "one text"), (0.52, "another"), (0.99, "cut off")]:
        figure.text(place, 0.5, text)
    assert len(find_faults(figure)) == 2


def test_what_cannot_be_drawn(tmp_path):
    description = describe(corpus(TURNS))
    for count in (0, 7):
        with pytest.raises(InputError, match=f"got {count}"):
            draw_descriptions({str(n): description for n in range(count)}, tmp_path / "a.png")
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        draw_descriptions({"train": description}, tmp_path / "file" / "a.png")
    with pytest.raises(InputError, match=r"ends in \.png, \.svg, \.pdf"):
        draw_descriptions({"train": description}, tmp_path / "a.docx")


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
