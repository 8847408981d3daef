"""What is NELEC's own; what every model must do is in `tests/contracts`."""

import pytest
import torch

from emoscope.models.nelec import network as nelec
from emoscope.models.nelec.network import (
    Nelec,
    NelecConfig,
    SpatialDropout,
    WordEmbedding,
    make_turn_masks,
)


def shape(**options) -> dict[str, tuple[int, ...]]:
    model = Nelec(NelecConfig(vocabulary_size=30, embedding_size=7, hidden_size=4, **options))
    return {name: tuple(value.shape) for name, value in model.named_parameters()}


def test_the_published_forms():
    keras = shape(shared_branches=False, output_hidden=True)
    pytorch = shape(shared_branches=True, output_hidden=False)
    assert any(name.startswith("gru_branch") for name in keras)
    assert not any(name.startswith("gru_branch") for name in pytorch)
    assert keras["hidden.0.weight"] == (4, 8)
    assert keras["classifier.weight"] == (2, 4)
    assert pytorch["classifier.weight"] == (2, 8)
    assert keras["lstm_branch.dense.weight"] == (4, 3 * 4)
    assert shape(pooled_turns=3)["gru_branch.dense.weight"] == (4, 4 * 3 * 4)


def test_shared_branches_see_both_layers():
    model = Nelec(NelecConfig(vocabulary_size=30, shared_branches=True)).train()
    calls = []
    model.lstm_branch.register_forward_hook(lambda *_: calls.append(1))
    model(torch.tensor([[3, 4]]), torch.ones(1, 2))
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("ids", "last", "before"),
    [
        ([5, 2, 6, 2, 7, 8, 0], [0, 0, 0, 0, 1, 1, 0], [0, 0, 1, 0, 0, 0, 0]),
        ([5, 6, 7, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0]),
        ([5, 2, 6, 2, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0]),
        ([2, 2, 9, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0]),
    ],
    ids=["three turns", "no boundary", "empty last turn", "empty first turns"],
)
def test_turns(ids, last, before):
    row = torch.tensor([ids])
    masks = make_turn_masks(row, row != 0, 2, turns=2)
    assert [mask.int().tolist() for mask in masks] == [[last], [before]]


def test_without_a_boundary_every_turn_is_the_text():
    row = torch.tensor([[5, 2, 6, 0]])
    for mask in make_turn_masks(row, row != 0, None, turns=2):
        assert mask.tolist() == (row != 0).tolist()


def test_spatial_dropout_drops_a_dimension_from_a_whole_text():
    torch.manual_seed(0)
    layer = SpatialDropout(0.5)
    dropped = layer(torch.ones(4, 6, 100))
    assert (dropped == dropped[:, :1]).all()
    assert not (dropped[0] == dropped[1]).all()
    assert 0.3 < (dropped == 0).float().mean() < 0.7
    assert dropped.max() == 2.0
    layer.eval()
    assert (layer(torch.ones(2, 3, 4)) == 1).all()


def test_words_beyond_the_vocabulary_keep_their_vector():
    config = NelecConfig(vocabulary_size=4, extension_size=2, embedding_size=3)
    embedding = WordEmbedding(config)
    with torch.no_grad():
        embedding.extension.copy_(torch.tensor([[1.0, 2, 3], [4, 5, 6]]))
    vectors = embedding(torch.tensor([[3, 4, 5, 0]]))[0]
    assert torch.equal(vectors[0], embedding.words.weight[3])
    assert vectors[1:3].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert vectors[3].tolist() == [0, 0, 0]


def test_frozen_embeddings_are_no_trained_parameter():
    for trained in (False, True):
        model = Nelec(NelecConfig(vocabulary_size=9, train_embeddings=trained))
        assert model.embedding.words.weight.requires_grad is trained


def test_chunks_change_nothing(monkeypatch):
    """Large batches are cut into chunks of like length; scores and gradients stay the same."""
    torch.manual_seed(0)
    model = Nelec(NelecConfig(vocabulary_size=30, bidirectional=True, train_embeddings=True)).eval()
    ids = torch.randint(2, 30, (11, 9))
    mask = torch.arange(9) < torch.randint(1, 10, (11, 1))
    results = []
    for size in (512, 4):
        monkeypatch.setattr(nelec, "CHUNK", size)
        model.zero_grad()
        output = model(ids, mask)
        output.logits.square().sum().backward()
        gradients = [p.grad.clone() for p in model.parameters()]
        results.append([output.logits, output.attentions, *gradients])
    for whole, chunked in zip(*results, strict=True):
        torch.testing.assert_close(chunked, whole, atol=1e-5, rtol=1e-4)
