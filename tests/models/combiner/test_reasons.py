"""A decision is explained in words by what each feature added to it."""

import json

import numpy as np
import pytest

import emoscope
from emoscope.models.combiner.plots import choose_colours, draw_features
from tests.explain.test_shown import shown
from tests.models.combiner.test_parts import corpus, named, part  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def annotator(trained):
    return emoscope.load(trained)


TURNS = ["hello", "what is it", "I am so sad 😢 :("]


def test_reasons_and_the_base_are_the_logit(annotator):
    backend = annotator.backend
    features = backend.features.gather(backend.features.read([TURNS]))
    whole = backend.trees.contributions(features)[0]
    logits = backend.logits(backend.encode([TURNS]))[0]
    assert whole.sum(axis=1) == pytest.approx(logits, abs=1e-4)
    reasons = backend.reasons(TURNS)
    assert reasons.base == pytest.approx(whole[:, -1])
    told = [sum(each.value for each in one) for one in reasons.by_label]
    # What changes nearly nothing is left out.
    assert told == pytest.approx(whole[:, :-1].sum(axis=1), abs=0.2)
    for one in reasons.by_label:
        sizes = [abs(each.value) for each in one]
        assert sizes == sorted(sizes, reverse=True)


def test_reasons_quote_what_stands_in_the_text(annotator):
    sad = annotator.backend.reasons(TURNS).only(["sad"]).by_label[0]
    (emoji,) = [each for each in sad if each.said.startswith("emoji of the last turn")]
    assert "😢 'crying face'" in emoji.said
    for each in sad:
        for quoted in each.said.partition("(")[2].rstrip(")").split("', '"):
            assert "hate" not in quoted


def test_an_explanation_shows_features(annotator):
    explanation = annotator.explain(TURNS, ["sad"], evaluations=256)
    assert "the last turn" in shown(explanation)
    assert "added to the logit" in explanation.to_html()
    values = json.loads(json.dumps(explanation.to_dict()))
    assert set(values["reasons"]) == {"sad"}
    assert values["reasons"]["sad"]["reasons"][0].keys() == {"feature", "value"}


def test_a_part_says_its_most_probable_label(small, part):  # noqa: F811
    backend = emoscope.load(small(named(part), "model.features=[]")).backend
    for reasons in backend.reasons(TURNS).by_label:
        assert all(each.said.startswith("part words: ") for each in reasons)


def test_features_are_drawn(annotator, texts, tmp_path):
    backend = annotator.backend
    columns = [column.name for column in backend.features.columns]
    features = backend.features.gather(backend.features.read(texts))
    importance = backend.trees.importance()
    assert importance.sum() == pytest.approx(1)
    draw_features(
        tmp_path / "plot.png",
        columns,
        annotator.taxonomy.names,
        importance,
        backend.trees.contributions(features),
    )
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("count", [1, 7, 8, 28])
def test_every_bar_of_the_features_has_a_colour_of_its_own(count):
    sizes = np.random.default_rng(0).random((count, 5))
    labels = [f"label {number}" for number in range(count)]
    parts = choose_colours(labels, sizes)
    names, colours, lengths = zip(*parts, strict=True)
    assert len(set(colours)) == len(parts) == min(count, 7)
    assert np.allclose(np.sum(lengths, axis=0), sizes.sum(axis=0))
    if count > 7:
        assert names[-1] == f"{count - 6} other labels"
        assert names[0] == labels[sizes.sum(axis=1).argmax()]
    else:
        assert list(names) == labels


def test_any_text_has_reasons(annotator, texts):
    for turns in [*texts[:5], [""], ["\ud800 \x00"], ["word " * 300]]:
        annotator.backend.reasons(turns)
