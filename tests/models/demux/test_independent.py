"""Independent labels: a score is the same whatever else is asked, and that of the slow way."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.inference.torch_backend import score, to_tensors
from emoscope.models.demux.independent_encoder import IndependentEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.shared.backbone import drop_pooler, to_shape
from emoscope.taxonomy import Label, Taxonomy
from emoscope.text import TextPipeline
from tests.tiny import SENTENCES, encoder, text_tokenizer

LABELS = Taxonomy.parse_labels("anger|rage, joy, mixed feelings|surprise|hope, positive")
TEXTS = [[text] for text in ("such a day", "", *SENTENCES[5:8])]
LAYERS = 3
FORMS = {
    "all layers": {"joint_layers": None},
    "two layers": {"joint_layers": 2},
    "one layer": {"joint_layers": 1},
    "fed in the last": {"joint_layers": 2, "label_feed_forward": 1},
    "never fed": {"joint_layers": 2, "label_feed_forward": 0},
    "similarity": {"joint_layers": 1, "similarity": True},
    "maximum of words": {"joint_layers": 2, "cluster": "max"},
}
form = pytest.mark.parametrize("form", FORMS)


@cache
def model_of(form: str, kind: str = "bert") -> Demux:
    backbone = drop_pooler(encoder(kind, num_hidden_layers=LAYERS))
    torch.manual_seed(1)
    config = DemuxConfig(to_shape(backbone.config), labels="independent", **FORMS[form])
    model = Demux(config, backbone).eval()
    # With similarity it begins at zero.
    torch.nn.init.normal_(model.head[-1].weight)
    return model


def reader(taxonomy: Taxonomy = LABELS, kind: str = "bert") -> IndependentEncoder:
    return IndependentEncoder(TextPipeline(()), text_tokenizer(kind), taxonomy)


def scores(form: str, taxonomy: Taxonomy) -> np.ndarray:
    encoder = reader(taxonomy)
    return score(model_of(form), encoder, encoder.encode(TEXTS), batch_size=3)


def slow_score(model: Demux, text: torch.Tensor, word: torch.Tensor, inside: slice) -> float:
    """One word and one text without padding, by calls of the encoder's own layers.

    The word stands behind the text as one more token that the text does not see.
    """
    embed, layers = model.backbone.embeddings, model.backbone.encoder.layer
    joint = model.joint_layers
    fed = model.config.label_feed_forward
    states, words = embed(input_ids=text[None]), embed(input_ids=word[None])
    for layer in layers[: LAYERS - joint]:
        states, words = layer(states), layer(words)
    label = words[:, inside].mean(dim=1, keepdim=True)
    hidden = torch.zeros(1, 1, len(text) + 1, len(text) + 1)
    hidden[..., :-1, -1] = torch.finfo(torch.float32).min
    vectors = [words, states]
    for layer in layers[LAYERS - joint :]:
        vectors = [layer(vector) for vector in vectors]
    for place, layer in enumerate(layers[LAYERS - joint :]):
        together = torch.cat([states, label], dim=1)
        if fed is None or place >= joint - fed:
            label = layer(together, hidden)[:, -1:]
        else:
            label = layer.attention(together, hidden)[0][:, -1:]
        states = layer(states)
    score = float(model.head(label[0, 0]))
    if model.config.similarity:
        means = [vector[0].mean(dim=0) for vector in vectors]
        score += float(model.scale * torch.cosine_similarity(*means, dim=0))
    return score


@form
@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_scores_are_those_of_the_layers_one_by_one(form, kind):
    words = Taxonomy("words", tuple(Label(w, (w,)) for w in ("anger", "mixed feelings", "joy")))
    model, encoder = model_of(form, kind), reader(words, kind)
    encoded = encoder.encode(TEXTS)
    found = score(model, encoder, encoded, batch_size=8)
    with torch.no_grad():
        for row in range(len(TEXTS)):
            text = to_tensors(encoder.encode_texts(encoded, np.array([row])))["input_ids"][0]
            for column, label in enumerate(words.labels):
                arrays = to_tensors(encoder.encode_labels(label.words, [0]))
                word = arrays["label_tokens"][0, 0]
                inside = slice(1, len(word) - 1)
                expected = slow_score(model, text, word, inside)
                assert found[row, column] == pytest.approx(expected, abs=2e-5)
    assert np.ptp(found, axis=0).min() > 1e-3, "the test needs scores that differ"


WORDS = (
    "anger",
    "rage",
    "joy",
    "mixed feelings",
    "surprise",
    "hope",
    "such a day",
    "i",
    "positive",
)
label_sets = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6, unique=True)


@settings(deadline=None, max_examples=15)
@given(label_sets, st.sampled_from(sorted(FORMS)))
def test_a_score_does_not_depend_on_other_labels(words, form):
    """Alone, among others, in any order."""
    together = scores(form, Taxonomy("set", tuple(Label(word, (word,)) for word in words)))
    for column, word in enumerate(words):
        alone = scores(form, Taxonomy("alone", (Label(word, (word,)),)))
        assert together[:, column] == pytest.approx(alone[:, 0], abs=1e-5)


@pytest.mark.parametrize("form", ["similarity", "maximum of words"])
def test_a_score_is_the_same_among_ten_thousand(form):
    """Many more labels than one window of the encoder has tokens."""
    many = tuple(Label(f"joy {number}", (f"joy {number}",)) for number in range(10_000))
    texts = reader().encode(TEXTS[:1])
    asked = reader(Taxonomy("many", (*LABELS.labels, *many)))
    with torch.inference_mode():
        among = score(model_of(form), asked, texts, batch_size=1)
    alone = score(model_of(form), reader(), texts, batch_size=1)
    assert among[:, : len(LABELS)] == pytest.approx(alone, abs=1e-5)


def test_the_maximum_of_words_is_that_of_the_words_by_themselves():
    words = Taxonomy.parse_labels("mixed feelings, surprise, hope")
    cluster = scores("maximum of words", LABELS)[:, 2]
    assert cluster == pytest.approx(scores("maximum of words", words).max(axis=1), abs=1e-5)


def test_label_states_do_not_depend_on_texts():
    """They are computed once for a job, and the same as within a batch."""
    model, encoder = model_of("two layers"), reader()
    arrays = to_tensors(encoder.label_arrays)
    batch = to_tensors(encoder.batch(encoder.encode(TEXTS), np.arange(len(TEXTS))))
    with torch.no_grad():
        words = model.read_labels(arrays["label_tokens"], arrays["word_mask"])
        inputs = {
            "input_ids": batch["input_ids"],
            "attention_mask": batch["attention_mask"].long(),
            "token_type_ids": batch["token_type_ids"],
        }
        found = model.ask(inputs, words, arrays["word_labels"])
        torch.testing.assert_close(found.logits, model(**batch).logits)


def test_a_word_longer_than_the_window_is_refused():
    words = ["joy " * 600 + "joy"]
    with pytest.raises(InputError, match=r"label word 'joy joy.* takes \d+ tokens.*reads \d+"):
        reader().encode_labels(words, [0])
