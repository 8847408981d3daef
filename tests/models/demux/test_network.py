"""Demux against a slow version: one text at a time, labels found by their characters."""

from functools import cache

import numpy as np
import pytest
import torch

from emoscope.inference.torch_backend import score, to_tensors
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.network import Demux, DemuxConfig, combine_scores, normalise_rows
from emoscope.models.shared.backbone import to_shape
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline
from tests.models.demux.test_encoder import prompt_text
from tests.tiny import HIDDEN, KINDS, SENTENCES, encoder, fast_tokenizer, text_tokenizer

fast = cache(fast_tokenizer)
kinds = pytest.mark.parametrize("kind", KINDS)
clusters = pytest.mark.parametrize("cluster", ["tokens", "max", "mean", "logsumexp"])
TAXONOMIES = {
    "single": Taxonomy.parse_labels("positive, negative, joy"),
    "clusters": Taxonomy.parse_labels("anger|rage, joy, mixed feelings|surprise|hope, positive"),
    "arabic": Taxonomy.parse_labels("غضب, حزن|خوف, سعادة", language="ar"),
}
TEXTS = ("such a day", "", *SENTENCES[5:7], "my team won 🎉 ¿cómo?")


@cache
def demux(kind, cluster) -> Demux:
    backbone = encoder(kind)
    model = Demux(DemuxConfig(backbone=to_shape(backbone.config), cluster=cluster), backbone)
    torch.manual_seed(1)
    for parameter in model.head.parameters():
        torch.nn.init.normal_(parameter)
    return model.eval()


def encoder_of(kind, taxonomy) -> DemuxEncoder:
    return DemuxEncoder(TextPipeline(()), text_tokenizer(kind), taxonomy)


def slow_logits(kind, model, taxonomy, text) -> list[float]:
    """The scores of one text, unpadded."""
    tokenizer = fast(kind)
    prompt = prompt_text(taxonomy)
    # An empty text would be none to transformers.
    encoding = tokenizer(prompt, text or " ", return_offsets_mapping=True, return_tensors="pt")
    spans = encoding.pop("offset_mapping")[0].tolist()
    owners = encoding.sequence_ids(0)
    if text == "" and kind == "roberta":
        # The space is a token there.
        keep = [i for i, owner in enumerate(owners) if owner != 1]
        encoding = {name: values[:, keep] for name, values in encoding.items()}
        spans, owners = [spans[i] for i in keep], [owners[i] for i in keep]
    with torch.no_grad():
        states = model.backbone(**encoding).last_hidden_state[0]
    start, scores = 0, []
    linear, _, _, last = model.head
    for label in taxonomy.labels:
        word_states = []
        for word in label.words:
            begin = prompt.index(word, start)
            start = begin + len(word)
            word_states.append(
                [
                    states[i]
                    for i, (a, b) in enumerate(spans)
                    if owners[i] == 0 and a < b and any(begin <= c < start for c in range(a, b))
                ]
            )
        if model.config.cluster == "tokens":
            word_states = [[state for one in word_states for state in one]]
        words = []
        for group in word_states:
            mean = sum(group) / len(group)
            with torch.no_grad():
                hidden = torch.tanh(linear.weight @ mean + linear.bias)
                words.append(float(last.weight[0] @ hidden + last.bias[0]))
        scores.append(
            {
                "tokens": np.mean,
                "mean": np.mean,
                "max": np.max,
                "logsumexp": lambda values: np.log(np.sum(np.exp(values))),
            }[model.config.cluster](words)
        )
    return scores


@kinds
@clusters
@pytest.mark.parametrize("taxonomy", TAXONOMIES.values(), ids=TAXONOMIES.keys())
def test_scores_are_those_of_the_slow_version(kind, cluster, taxonomy):
    model, reader = demux(kind, cluster), encoder_of(kind, taxonomy)
    encoded = reader.encode([[text] for text in TEXTS])
    found = score(model, reader, encoded, batch_size=4)
    expected = [slow_logits(kind, model, taxonomy, text) for text in TEXTS]
    assert found == pytest.approx(np.array(expected), abs=2e-5)
    assert np.ptp(found, axis=0).min() > 1e-3, "the test needs scores that differ"


@kinds
@clusters
def test_representations_are_the_mean_of_all_tokens(kind, cluster):
    """Whatever becomes of the scores of a cluster."""
    taxonomy = TAXONOMIES["clusters"]
    reader = encoder_of(kind, taxonomy)
    batch = to_tensors(reader.batch(reader.encode([[TEXTS[0]]]), np.array([0])))
    with torch.no_grad():
        found = demux(kind, cluster)(**batch).representations
        expected = demux(kind, "tokens")(**batch).representations
    assert found.shape == (1, len(taxonomy), HIDDEN)
    torch.testing.assert_close(found, expected)
    single = demux(kind, "tokens")
    with torch.no_grad():
        logits = single.head(found).squeeze(-1)
        torch.testing.assert_close(logits, single(**batch).logits)


@kinds
@clusters
def test_logits_follow_the_taxonomy_whatever_is_shown(kind, cluster):
    """Each column of a permuted prompt is that of its label, found in that very prompt.

    An encoder that knows positions scores another order otherwise, so the columns are compared
    with those of a taxonomy in the order shown.
    """
    taxonomy = TAXONOMIES["clusters"]
    model, reader = demux(kind, cluster), encoder_of(kind, taxonomy)
    encoded = reader.encode([[text] for text in TEXTS])
    rows = np.arange(len(TEXTS))
    for order in ([2, 0, 3, 1], [3, 2, 1, 0], [1, 3], [2]):
        shown = taxonomy.subset([taxonomy.names[k] for k in order])
        other = encoder_of(kind, shown)
        with torch.no_grad():
            found = model(**to_tensors(reader.batch(encoded, rows, order))).logits
            columns = model(**to_tensors(other.batch(encoded, rows))).logits
        expected = columns[:, np.argsort(order)]
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("how", ["max", "mean", "logsumexp"])
def test_clusters_combine_as_numpy_does(how):
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(5, 7)) * 30, np.array([0, 0, 1, 2, 2, 2, 0])
    reduced = {
        "max": lambda values: values.max(1),
        "mean": lambda values: values.mean(1),
        "logsumexp": lambda values: np.logaddexp.reduce(values, axis=1),
    }[how]
    expected = np.stack([reduced(scores[:, labels == k]) for k in range(3)], axis=1)
    member = torch.nn.functional.one_hot(torch.from_numpy(labels)).T.double()
    found = combine_scores(torch.from_numpy(scores), member, how)
    assert found.numpy() == pytest.approx(expected)


def test_average_sums_to_one():
    weights = normalise_rows(torch.tensor([[1.0, 0, 1, 0], [0, 0, 0, 5]]))
    assert weights.tolist() == [[0.5, 0, 0.5, 0], [0, 0, 0, 1]]


@pytest.mark.parametrize("how", ["max", "logsumexp"])
def test_gradients_of_clusters_are_finite(how):
    scores = torch.randn(2, 3, requires_grad=True)
    member = torch.tensor([[1.0, 1, 0], [0, 0, 1]])
    combine_scores(scores, member, how).sum().backward()
    assert torch.isfinite(scores.grad).all()
