"""Pictures of a comparison: the numbers behind them, and that each can be drawn."""

import re

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure

from emoscope.experiments.compare import plots as compare_plots
from emoscope.experiments.compare.comparison import compare
from emoscope.experiments.compare.matrices import NONE, make_prediction_matrix
from emoscope.experiments.compare.plots import (
    choose_style,
    draw_comparison,
    find_trained_share,
    group_by_size,
    measure_labels,
)
from emoscope.experiments.configurations import gather_configurations
from emoscope.metrics.classification import confusion
from emoscope.metrics.paired import GoldTexts
from emoscope.taxonomy import Taxonomy
from tests.experiments.conftest import EMOCONTEXT, FEW, params
from tests.experiments.synthetic import make_log


def compared(*folders, **options):
    return compare(gather_configurations(folders), resamples=100, **options)


def is_picture(path):
    pixels = matplotlib.image.imread(path)
    return pixels.ndim == 3 and pixels.std() > 0.02


@pytest.fixture
def drawn(monkeypatch):
    """The figures drawn, by the name of their file."""
    from emoscope.experiments.compare import matrices

    found: dict[str, Figure] = {}
    for module in (compare_plots, matrices):
        monkeypatch.setattr(module, "save", lambda figure, path: found.update({path.name: figure}))
    return found


def test_every_picture_of_exclusive_labels(logs, tmp_path):
    written = draw_comparison(compared(logs.exclusive), tmp_path / "plots")
    assert [path.name for path in written] == [
        "curves.png",
        "labels.png",
        "confusion-hidden_size=16.png",
        "confusion-hidden_size=32.png",
    ]
    assert all(map(is_picture, written))


def test_every_picture_of_several_labels(logs, tmp_path):
    written = draw_comparison(compared(logs.several), tmp_path)
    assert [path.name for path in written][2:] == [
        "decided-local_loss=none.png",
        "decided-local_loss=intra.png",
    ]


def test_the_pictures_have_one_format(logs, drawn, tmp_path):
    written = draw_comparison(compared(logs.exclusive), tmp_path, "pdf")
    assert [path.name for path in written] == list(drawn)
    assert {path.suffix for path in written} == {".pdf"}


def test_curves_are_of_losses_and_of_what_is_compared(logs, drawn, tmp_path):
    draw_comparison(compared(logs.several, metrics=["macro_f1", "half_jaccard"]), tmp_path)
    axes = drawn["curves.png"].axes
    titles = [plot.get_title("left") for plot in axes if plot.axison]
    assert titles == [
        "loss in training",
        "loss on dev",
        "macro-F1 on dev",
        "Jaccard at ½ on dev",
    ]
    [legend] = drawn["curves.png"].legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "local_loss=none",
        "local_loss=intra",
    ]


def test_a_configuration_without_a_curve_is_drawn_all_the_same(logs, tmp_path, drawn):
    draw_comparison(compared(logs.several, metrics=["jaccard"]), tmp_path)
    assert len(drawn["curves.png"].legends[0].get_texts()) == 2


def test_bars_are_the_figures_of_the_log(logs):
    comparison = compared(logs.exclusive)
    figures = measure_labels(comparison)
    counts = [int(re.search(r"\((\d+)\)", name)[1]) for name in figures]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == 200
    for name, mean_stds in figures.items():
        label = name.partition(" ")[0]
        for mean_std, row in zip(mean_stds, comparison.rows, strict=True):
            logged = row.configuration.log.aggregated()[f"test_{label}_f1"]
            assert (mean_std.mean, mean_std.sd) == pytest.approx((logged.mean, logged.sd))


@pytest.mark.parametrize("count", [3, 27])
def test_names_of_labels_do_not_overlap(tmp_path, drawn, count):
    taxonomy = Taxonomy.load("goemotions").without("neutral")
    taxonomy = taxonomy.subset(taxonomy.names[:count])
    for rate in range(4):
        kind = params(training__learning_rate=rate + 1)
        make_log(tmp_path / str(rate), taxonomy, runs=2, params=kind, splits=("test",))
    draw_comparison(compared(tmp_path), tmp_path / "plots")
    for name in ("labels.png", "decided-learning_rate=1.png"):
        figure = drawn[name]
        figure.draw_without_rendering()
        names = [text for axes in figure.axes for text in axes.get_yticklabels() if text.get_text()]
        boxes = [text.get_window_extent() for text in names if "(" in text.get_text()]
        assert len(boxes) == count + ("decided" in name)
        for place, box in enumerate(boxes):
            assert box.x0 >= 0
            assert not any(box.overlaps(other) for other in boxes[:place])


def test_styles_differ_by_more_than_colour():
    styles = [choose_style(index) for index in range(28)]
    assert len({(dash, marker) for _, dash, marker in styles}) == 28
    assert len({colour for colour, _, _ in styles[:7]}) == 7


def test_the_matrix_of_exclusive_labels_is_the_confusion_matrix(rng):
    gold = np.eye(4)[rng.integers(0, 4, 100)]
    runs = np.eye(4, dtype=bool)[rng.integers(0, 4, (2, 100))]
    matrix = make_prediction_matrix(GoldTexts(EMOCONTEXT, gold, ["a"] * 100), runs)
    counts = np.mean([confusion(gold, run) for run in runs], axis=0)
    np.testing.assert_allclose(matrix.shares * matrix.counts[:, None], counts)
    np.testing.assert_allclose(matrix.shares.sum(axis=1), 1)


def test_the_matrix_of_several_labels_by_hand():
    gold = np.array([[1, 1, 0], [1, 0, np.nan], [0, 0, 0], [0, 0, 0]])
    predictions = np.array([[[1, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]]], dtype=bool)
    matrix = make_prediction_matrix(GoldTexts(FEW, gold, ["a"] * 4), predictions)
    assert matrix.rows == (*FEW.names, NONE)
    assert matrix.counts.tolist() == [2, 1, 0, 2]
    assert matrix.shares.tolist() == [
        [0.5, 0, 0, 0.5],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0.5, 0.5],
    ]


@pytest.fixture(scope="module")
def sizes(tmp_path_factory):
    """Two encoders with a quarter, a half and all of the training data."""
    root = tmp_path_factory.mktemp("sizes")
    for share in (0.75, 0.5, None):
        for backbone in ("a", "b"):
            holdout = share and {"share": share, "seed": 42}
            kind = params(corpus__holdout=holdout, model__backbone=backbone)
            make_log(root / f"{share}-{backbone}", FEW, runs=2, params=kind, skill=2 - (share or 0))
    return root


def test_figures_by_the_size_of_the_training_data(sizes, drawn, tmp_path):
    comparison = compared(sizes)
    groups = group_by_size(comparison.rows)
    assert list(groups) == ["backbone=a", "backbone=b"]
    for rows in groups.values():
        assert [find_trained_share(row) for row in rows] == [0.25, 0.5, 1.0]
    written = draw_comparison(comparison, tmp_path)
    assert written[-1].name == "sizes.png"
    assert len(drawn["sizes.png"].axes) == 3


def test_no_sizes_where_the_training_data_are_the_same(logs, sizes):
    assert group_by_size(compared(logs.exclusive).rows) == {}
    # A half with one encoder and all with the other says nothing of the size.
    assert group_by_size(compared(sizes / "0.5-a", sizes / "None-b").rows) == {}
