"""Which labels a batch is asked for, in which words, and what is learnt beside them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.models.demux.anchor import Anchor
from emoscope.models.demux.independent_encoder import IndependentEncoder
from emoscope.models.demux.label_sampling import LabelSampling
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.shared.backbone import drop_pooler, to_shape
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline
from emoscope.training import corpus_bias
from emoscope.training.corpus_bias import add_corpus_bias, drop_corpus_bias, get_bias
from emoscope.training.data import EncodedDataset, Part, count_draws_by_part
from tests.tiny import SENTENCES, text_tokenizer
from tests.tiny import encoder as tiny_encoder

LABELS = Taxonomy.parse_labels("anger, joy, hope, fear, awe, mixed feelings, pride, envy")
K = len(LABELS)


def part(labels: np.ndarray) -> Part:
    texts = [[text] for text in SENTENCES[: len(labels)]]
    ids = list(map(str, range(len(labels))))
    corpus = Corpus.from_rows("texts", LABELS, ids, texts, labels)
    return Part(corpus, IndependentEncoder(TextPipeline(()), text_tokenizer("bert"), LABELS))


@given(st.sets(st.integers(0, K - 1)), st.integers(1, K + 2), st.integers(0, 9))
def test_labels_that_texts_have_come_first(present, most, seed):
    labels = np.zeros((3, K), dtype=np.float32)
    for place in present:
        labels[place % 3, place] = 0.3
    columns = LabelSampling(most=most).columns(labels, np.random.default_rng(seed))
    assert columns.tolist() == sorted(set(columns.tolist()))
    assert present <= set(columns.tolist())
    assert len(columns) == min(K, max(most, len(present)))


def test_absent_labels_are_drawn_alike():
    rng, labels = np.random.default_rng(0), np.eye(1, K, dtype=np.float32)
    drawn = np.concatenate([LabelSampling(most=3).columns(labels, rng) for _ in range(700)])
    counts = np.bincount(drawn, minlength=K)
    assert counts[0] == 700
    assert counts[1:] == pytest.approx(200, abs=60)


def test_a_batch_asks_for_its_labels_in_their_words():
    labels = np.zeros((4, K), dtype=np.float32)
    labels[:, 5] = 1
    batch = EncodedDataset([part(labels)], LabelSampling(most=2)).__getitems__([0, 2])
    assert batch["labels"].shape == (2, 2)
    assert batch["labels"][:, batch["columns"] == 5].tolist() == [[1.0], [1.0]]
    assert batch["word_labels"].tolist() == [0, 1]
    tokenizer = text_tokenizer("bert")
    words = [LABELS.labels[place].words[0] for place in batch["columns"]]
    for ids, mask, word in zip(batch["label_tokens"][0], batch["word_mask"], words, strict=True):
        assert ids[mask].tolist() == tokenizer.ids([word])[0]


def test_words_are_swapped_as_often_as_asked():
    forms = {"joy": ("joy", "joyful"), "envy": ("envy", "envious")}
    rng = np.random.default_rng(0)
    sampling = LabelSampling(forms=forms, swap=0.5)
    found = [sampling.words(LABELS, np.arange(K), rng)[0] for _ in range(400)]
    joy = [words[1] for words in found]
    assert set(joy) == {"joy", "joyful"}
    assert joy.count("joyful") == pytest.approx(100, abs=30)
    assert {words[0] for words in found} == {"anger"}, "a word without other forms stays"
    never = LabelSampling(forms=forms).words(LABELS, np.arange(K), rng)[0]
    assert never == [label.words[0] for label in LABELS.labels]


def test_a_bias_begins_at_the_log_odds_and_is_left_out_again():
    model = nn.Linear(2, 1)
    before = set(model.state_dict())
    add_corpus_bias(model, [np.array([[1, 0], [0, 0], [np.nan, 0], [0, 0]], dtype=np.float32)])
    found = get_bias(model, 0)
    assert found[0].item() == pytest.approx(np.log((1 / 3) / (2 / 3)), abs=1e-5)
    assert found[1].item() < -9, "a label without a case is improbable, and finite"
    found.sum().backward()
    assert all(parameter.grad is not None for parameter in model.corpus_bias)
    drop_corpus_bias(model)
    assert set(model.state_dict()) == before
    assert get_bias(model, 0) == 0.0


def test_biases_of_corpora_are_refused_to_several_processes(monkeypatch):
    corpus_bias.check_alone()
    monkeypatch.setattr(corpus_bias, "is_alone", lambda: False)
    with pytest.raises(InputError, match=r"expected one process, found several.*corpus_bias=false"):
        corpus_bias.check_alone()


def test_each_part_is_drawn_by_its_share():
    assert count_draws_by_part([10, 30], [0.5, 0.5]) == [20, 20]
    assert count_draws_by_part([10, 30, 0], [0.25, 0.7, 0.05]) == [11, 29, 0]


def anchored_model() -> Demux:
    backbone = drop_pooler(tiny_encoder("bert"))
    torch.manual_seed(0)
    config = DemuxConfig(
        to_shape(backbone.config), labels="independent", joint_layers=1, similarity=True
    )
    return Demux(config, backbone)


def test_words_that_have_not_moved_cost_nothing_and_others_their_angle():
    model, vocabulary = anchored_model(), ("calm", "joy", "mixed feelings")
    reader = IndependentEncoder(TextPipeline(()), text_tokenizer("bert"), LABELS)
    anchor = Anchor(model, reader, vocabulary)
    model.eval()
    places = np.array([2, 0])
    assert anchor.loss(model, places).item() == pytest.approx(0, abs=1e-6)
    before = anchor.vectors(model, places).detach()
    with torch.no_grad():
        model.backbone.embeddings.word_embeddings.weight.add_(
            torch.randn_like(model.backbone.embeddings.word_embeddings.weight)
        )
    loss = anchor.loss(model, places)
    after = anchor.vectors(model, places).detach()
    angles = [torch.dot(now, first) for now, first in zip(after, before, strict=True)]
    assert loss.item() == pytest.approx(1 - float(sum(angles)) / 2, abs=1e-5)
    assert loss.item() > 0.01
    loss.backward()
    assert model.backbone.embeddings.word_embeddings.weight.grad.abs().sum() > 0


def test_anchored_words_are_drawn_from_the_vocabulary():
    sampling = LabelSampling(vocabulary=3, anchored=2)
    dataset = EncodedDataset([part(np.eye(4, K, dtype=np.float32))], sampling)
    batch = dataset.__getitems__([0, 2])
    assert len(set(batch["anchored"].tolist())) == 2
    assert set(batch["anchored"].tolist()) <= {0, 1, 2}
    assert batch["word_labels"].tolist() == list(range(K)), "they are not asked of the texts"
