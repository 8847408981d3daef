"""The diagram of the network: what is on it, and that its texts stay within their boxes."""

import pytest
from matplotlib.patches import FancyBboxPatch

from emoscope.models.nelec.diagram import draw_network, make_figure
from emoscope.models.nelec.network import Nelec, NelecConfig

LABELS = dict(enumerate(("others", "happy", "sad", "angry")))
LONG = dict(enumerate(f"a label with a long name {n}" for n in range(6)))
FORMS = {
    "plain": {"dropout": 0.0, "spatial_dropout": 0.0},
    "report": {"layer_dropout": 0.25, "shared_branches": True, "output_hidden": False},
    "everything": {
        "bidirectional": True,
        "pooled_turns": 3,
        "layer_dropout": 0.125,
        "recurrent_dropout": 0.2,
        "extension_size": 400,
        "train_embeddings": True,
        "head": "two_stage",
        "others": (0,),
    },
    "long names": {"id2label": LONG, "attention": "additive"},
    "one long name": {"id2label": {0: "$x$" + "very " * 40, 1: "b"}},
}


def make_model(form):
    return Nelec(NelecConfig(vocabulary_size=50, **{"id2label": LABELS, **FORMS[form]}))


@pytest.mark.parametrize("form", FORMS)
def test_no_text_runs_over_its_box(form):
    figure = make_figure(make_model(form))
    (axes,) = figure.axes
    renderer = figure.canvas.get_renderer()
    boxes = [p.get_window_extent(renderer) for p in axes.patches if isinstance(p, FancyBboxPatch)]
    for one in boxes:
        for other in boxes:
            assert one is other or not one.overlaps(other)
    inside = 0
    for text in axes.texts:
        extent = text.get_window_extent(renderer)
        touched = [box for box in boxes if box.overlaps(extent)]
        if touched:
            inside += 1
            (box,) = touched
            assert box.x0 <= extent.x0 and extent.x1 <= box.x1, text.get_text()  # noqa: PT018
            assert box.y0 <= extent.y0 and extent.y1 <= box.y1, text.get_text()  # noqa: PT018
        assert extent.x0 >= 0 and extent.x1 <= figure.bbox.width  # noqa: PT018
        assert text.get_fontsize() >= 4
    assert inside == len(boxes)


def texts_of(form):
    return " | ".join(text.get_text() for text in make_figure(make_model(form)).axes[0].texts)


def test_each_dropout_is_seen_with_its_rate():
    shown = texts_of("everything")
    for each in ("spatial dropout 0.25", "recurrent dropout 0.2", "0.125", "| dropout 0.25"):
        assert each in shown
    assert "others or not" in shown
    assert "dropout" not in texts_of("plain")


def test_the_file_is_what_its_suffix_says(tmp_path):
    draw_network(make_model("plain"), tmp_path / "network.pdf")
    assert (tmp_path / "network.pdf").read_bytes().startswith(b"%PDF")
