"""Labels and texts apart in the lower layers: against the encoder's own, a text at a time."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch

from emoscope.errors import InputError
from emoscope.inference.torch_backend import score, to_tensors
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.shared.backbone import to_shape
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline
from tests.tiny import SENTENCES, encoder, text_tokenizer

LABELS = Taxonomy.parse_labels("anger|rage, joy, mixed feelings|surprise|hope, positive")
TEXTS = [[text] for text in ("such a day", "", *SENTENCES[5:8])]
LAYERS = 4


@cache
def late(kind: str, joint: int | None, cluster="tokens") -> Demux:
    backbone = encoder(kind, num_hidden_layers=LAYERS)
    config = DemuxConfig(to_shape(backbone.config), joint_layers=joint, cluster=cluster)
    torch.manual_seed(1)
    return Demux(config, backbone).eval()


def encoder_of(kind, taxonomy=LABELS) -> DemuxEncoder:
    return DemuxEncoder(TextPipeline(()), text_tokenizer(kind), taxonomy)


def slow_states(model: Demux, joint: int, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """States of the labels for one text, by calls of the encoder's own layers without padding."""
    ids, start = batch["input_ids"], batch["word_mask"].shape[1]
    embed, layers = model.backbone.embeddings, model.backbone.encoder.layer
    types = batch["token_type_ids"] if model.backbone.config.type_vocab_size > 1 else 0 * ids
    own = [0, *range(start, ids.shape[1])]
    text = embed(input_ids=ids[:, own], token_type_ids=types[:, own])
    words = embed(input_ids=ids[:, :start], token_type_ids=types[:, :start])
    for layer in layers[: LAYERS - joint]:
        text, words = layer(text), layer(words)
    labels = []
    for label in range(int(batch["word_labels"].max()) + 1):
        tokens = batch["word_mask"][batch["word_labels"] == label].any(dim=0)
        labels.append(words[0, tokens].mean(dim=0))
    states = torch.cat([torch.stack(labels)[None], text], dim=1)
    for layer in layers[LAYERS - joint :]:
        states = layer(states)
    return states[0, : len(labels)]


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta"])
@pytest.mark.parametrize("joint", [1, 2, LAYERS])
def test_states_are_those_of_the_layers_one_by_one(kind, joint):
    model, reader = late(kind, joint), encoder_of(kind)
    encoded = reader.encode(TEXTS)
    together = to_tensors(reader.batch(encoded, np.arange(len(TEXTS))))
    with torch.no_grad():
        found = model(**together)
        for place in range(len(TEXTS)):
            alone = to_tensors(reader.batch(encoded, np.array([place])))
            expected = slow_states(model, joint, alone)
            torch.testing.assert_close(found.representations[place], expected, atol=2e-5, rtol=0)
            logits = model.head(expected).squeeze(-1)
            torch.testing.assert_close(found.logits[place], logits, atol=2e-5, rtol=0)
    assert float(found.logits.std(dim=0).min()) > 1e-3, "the test needs scores that differ"


@pytest.mark.parametrize("cluster", ["max", "mean", "logsumexp"])
def test_the_words_of_a_cluster_are_read_apart(cluster):
    """Each word of a cluster has a vector and a score of its own."""
    model, reader = late("bert", 2, cluster), encoder_of("bert")
    scores = score(model, reader, reader.encode(TEXTS), 8)
    assert scores.shape == (len(TEXTS), len(LABELS))
    assert np.isfinite(scores).all()
    assert np.ptp(scores, axis=0).min() > 1e-3


def test_fewer_joint_layers_are_another_model():
    reader = encoder_of("bert")
    encoded = reader.encode(TEXTS)
    found = [score(late("bert", joint), reader, encoded, 8) for joint in (None, 1, 2, LAYERS)]
    for one, other in pairwise(found):
        assert np.abs(one - other).max() > 1e-3


def test_gradients_reach_labels_and_text():
    model, reader = late("bert", 2), encoder_of("bert")
    batch = to_tensors(reader.batch(reader.encode(TEXTS), np.arange(len(TEXTS))))
    model.zero_grad()
    model(**batch).logits.sum().backward()
    moved = model.backbone.embeddings.word_embeddings.weight.grad.abs().sum(dim=1) > 0
    assert moved[batch["input_ids"][batch["attention_mask"].bool()]].all()


def test_an_encoder_of_another_build_is_refused():
    backbone = encoder("distilbert")
    with pytest.raises(InputError, match=r"layers of BERT.*DistilBertModel"):
        Demux(DemuxConfig(to_shape(backbone.config), joint_layers=1), backbone)


@pytest.mark.parametrize("joint", [0, 3])
def test_as_many_layers_as_there_are(joint):
    backbone = encoder("bert")
    with pytest.raises(InputError, match=rf"from 1 to 2.*found {joint}"):
        Demux(DemuxConfig(to_shape(backbone.config), joint_layers=joint), backbone)
