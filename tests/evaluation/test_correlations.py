"""Label correlations: against slow loops, on constructed labels, on tiny models."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from emoscope.calibration import Calibration
from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.evaluation.correlation_plots import (
    draw_correlations,
    draw_matrix,
)
from emoscope.evaluation.correlations import (
    LabelMatrix,
    MatrixAgreement,
    centred_similarity,
    compare_matrices,
    label_similarity,
    learned_similarity,
    make_data_matrix,
    make_wheel_matrix,
    measure_correlations,
)
from emoscope.evaluation.evaluate import evaluate
from emoscope.inference.annotator import Annotator, load
from emoscope.inference.torch_backend import TorchBackend
from emoscope.losses.correlation import wheel_correlation
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.shared.backbone import to_shape
from emoscope.taxonomy import Label, Taxonomy
from emoscope.text import TextPipeline
from tests.tiny import SENTENCES, encoder, text_tokenizer

NAMES = ("anger", "joy", "pride", "sadness", "fear")
TAXONOMY = Taxonomy("mine", tuple(Label(name, (name,)) for name in NAMES))
seeds = st.integers(0, 1000)


def demux(taxonomy=TAXONOMY, batch_size=4):
    """An annotator with a random Demux."""
    backbone = encoder("bert")
    torch.manual_seed(1)
    model = Demux(DemuxConfig(backbone=to_shape(backbone.config)), backbone)
    reads = DemuxEncoder(TextPipeline(()), text_tokenizer("bert"), taxonomy)
    return Annotator(TorchBackend(model, reads, batch_size), taxonomy, Calibration())


def corpus(labels=None, taxonomy=TAXONOMY, count=11):
    ids = [str(number) for number in range(count)]
    if labels is None:
        rng = np.random.default_rng(3)
        labels = (rng.random((count, len(taxonomy))) < 0.5).astype(np.float32)
    return Corpus.from_rows("mine", taxonomy, ids, [[one] for one in SENTENCES[:count]], labels)


@given(seeds, st.integers(1, 6), st.integers(2, 5), st.integers(1, 4))
def test_similarity_is_the_mean_of_cosines(seed, texts, labels, hidden):
    values = np.random.default_rng(seed).normal(size=(texts, labels, hidden))
    expected = np.zeros((labels, labels))
    for text in values:
        for i, a in enumerate(text):
            for j, b in enumerate(text):
                expected[i, j] += a @ b / math.sqrt(a @ a) / math.sqrt(b @ b) / texts
    np.testing.assert_allclose(label_similarity(values), expected, atol=1e-9)


def test_similarity_needs_texts():
    with pytest.raises(InputError, match="one text"):
        label_similarity(np.zeros((0, 3, 2)))


def test_what_all_labels_share_is_taken_out():
    own = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    shared = np.array([30.0, 40])
    assert label_similarity((own + shared)[None]).min() > 0.99
    similarity = centred_similarity(own + shared)
    np.testing.assert_allclose(similarity, own @ own.T, atol=1e-9)


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_a_model_is_read_in_batches(batch_size):
    texts = corpus()
    annotator = demux(batch_size=batch_size)
    found = learned_similarity(annotator, texts)
    backend = annotator.with_truncation().backend
    batch = backend.encoder.batch(backend.encode(texts.turns), np.arange(len(texts)))
    with torch.inference_mode():
        output = backend.model(**{name: torch.tensor(one) for name, one in batch.items()})
    whole = output.representations.double().numpy()
    assert found["learned"].names == NAMES
    np.testing.assert_allclose(found["learned"].values, label_similarity(whole), atol=1e-5)
    expected = centred_similarity(whole.mean(axis=0))
    np.testing.assert_allclose(found["centred"].values, expected, atol=1e-4)


def test_a_model_without_representations(trained):
    annotator = load(trained.folder)
    with pytest.raises(InputError, match="no vector for each label"):
        learned_similarity(annotator, corpus(np.eye(4)[[0] * 11], annotator.taxonomy))


def test_labels_that_never_vary_are_left_out():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (50, 4)).astype(float)
    labels[:, 2] = 0
    labels[7] = np.nan
    matrix = make_data_matrix(("a", "b", "c", "d"), labels)
    assert matrix.names == ("a", "b", "d")
    known = np.delete(labels, 7, axis=0)[:, [0, 1, 3]]
    np.testing.assert_allclose(matrix.values, np.corrcoef(known.T), atol=1e-9)


def test_the_wheel_leaves_out_what_it_does_not_know():
    matrix = make_wheel_matrix(("Joy", "pride", "sadness", "pessimism"))
    assert matrix.names == ("Joy", "sadness", "pessimism")
    assert matrix.values[0, 1] == pytest.approx(-1)
    assert make_wheel_matrix(("pride",)).names == ()


def ranks(values):
    """Mean place of each value among all, counting ties as half."""
    return [sum((v > w) + 0.5 * (v == w) for w in values) for v in values]


@given(seeds, st.booleans())
def test_agreement_is_the_correlation_of_ranks(seed, ties):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 5, 5))
    a, b = (a + a.T, b + b.T) if not ties else ((a + a.T).round(), (b + b.T).round())
    first = LabelMatrix(tuple("abcde"), a)
    second = LabelMatrix(tuple("ebxca"), b)
    pairs = [("a", "b"), ("a", "c"), ("a", "e"), ("b", "c"), ("b", "e"), ("c", "e")]

    def read(matrix):
        places = {name: at for at, name in enumerate(matrix.names)}
        return ranks([matrix.values[places[x], places[y]] for x, y in pairs])

    x, y = read(first), read(second)
    found = compare_matrices(first, second)
    assert found.pairs == 6
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found.spearman is None
    else:
        assert found.spearman == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_no_agreement_of_two_labels():
    matrix = LabelMatrix(("a", "b"), np.eye(2))
    assert compare_matrices(matrix, matrix) == MatrixAgreement(None, 1)


def test_everything_of_a_model_and_a_corpus(tmp_path):
    labels = np.random.default_rng(5).integers(0, 2, (11, 5)).astype(np.float32)
    labels[:, 1] = 0
    annotator, texts = demux(), corpus(labels)
    evaluation = evaluate(annotator, texts)
    found = measure_correlations(annotator, texts, evaluation)
    assert found.matrices["learned"].names == NAMES
    expected = np.corrcoef(evaluation.probabilities.T)
    np.testing.assert_allclose(found.matrices["predicted"].values, expected, atol=1e-5)
    assert found.matrices["wheel"].names == ("anger", "joy", "sadness", "fear")
    assert found.left_out == {"data": ("joy",), "wheel": ("pride",)}
    assert found.agreement["learned", "data"].pairs == 6
    assert found.agreement["data", "wheel"].pairs == 3
    assert any("pride" in line for line in found.describe())
    names = {path.name for path in draw_correlations(found, tmp_path / "new")}
    stems = ("learned", "centred", "predicted", "data", "wheel", "plutchik")
    assert names == {f"{stem}.png" for stem in stems}
    for name in names:
        assert (tmp_path / "new" / name).read_bytes().startswith(b"\x89PNG")
    values = json.loads(json.dumps(found.to_dict()))
    np.testing.assert_allclose(
        values["matrices"]["wheel"]["values"],
        wheel_correlation(["anger", "joy", "sadness", "fear"]),
    )
    assert values["wheel_map"]["points"].keys() == set(NAMES)


def test_labels_strange_to_the_wheel(tmp_path):
    taxonomy = Taxonomy("two", (Label("pride", ("pride",)), Label("joy", ("joy",))))
    annotator, texts = demux(taxonomy), corpus(taxonomy=taxonomy)
    found = measure_correlations(annotator, texts, evaluate(annotator, texts))
    assert found.wheel_map is None
    assert "wheel" not in found.matrices
    assert len(found.notes) == 2
    names = {path.name for path in draw_correlations(found, tmp_path)}
    assert names == {"learned.png", "centred.png", "predicted.png", "data.png"}


def test_one_label_is_not_drawn(tmp_path):
    with pytest.raises(InputError, match="two labels"):
        draw_matrix(LabelMatrix(("joy",), np.eye(1)), "", "", tmp_path / "one.png")
    assert not list(tmp_path.iterdir())
