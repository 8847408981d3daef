"""A network that begins from another takes over what means the same, and nothing else."""

import logging
from types import SimpleNamespace

import pytest
import torch

from emoscope.errors import InputError
from emoscope.inference.annotator import PRETRAINED
from emoscope.models.nelec.network import Nelec, NelecConfig
from emoscope.models.nelec.start import begin_from, load_start
from emoscope.training.prepare import prepare
from emoscope.training.run import train_run


@pytest.fixture(scope="module")
def begun(tiny_recipe, emocontext, tmp_path_factory):
    """The folder of a network whose word vectors were trained."""
    folder = tmp_path_factory.mktemp("begun")
    recipe = tiny_recipe("model.train_embeddings=true", "training.epochs=1")
    train_run(recipe, prepare(recipe, emocontext), folder, 0)
    return folder


@pytest.fixture(scope="module")
def start(begun):
    network, vocabulary = load_start(begun)
    return SimpleNamespace(model=network, encoder=SimpleNamespace(vocabulary=vocabulary))


def make(tiny_recipe, emocontext, begun, *changes):
    recipe = tiny_recipe(f"model.start={begun}", *changes)
    family = prepare(recipe, emocontext).family
    return family, family.make_model()


def test_layers_and_trained_vectors_are_those_of_the_start(
    tiny_recipe, emocontext, begun, start, caplog
):
    with caplog.at_level(logging.INFO):
        family, model = make(tiny_recipe, emocontext, begun)
    assert caplog.messages[-1].endswith("new layers: none.")
    assert any("Begun from" in note for note in family.notes)
    theirs = start.model.state_dict()
    for name, values in model.state_dict().items():
        if not name.startswith("embedding."):
            assert torch.equal(values, theirs[name]), name
    words = family.encoder.vocabulary.tokens[1 : family.encoder.vocabulary.size]
    rows, given = (
        backend.embedding.words.weight[encoder.vocabulary.ids(words)]
        for backend, encoder in (
            (model, family.encoder),
            (start.model, start.encoder),
        )
    )
    assert torch.equal(rows, given)


def test_words_that_only_the_start_has_learnt_are_known(tiny_recipe, emocontext, begun, start):
    """Their rows are in the extension, which holds half the digits."""
    family, model = make(tiny_recipe, emocontext, begun, "corpus.holdout.share=0.8")
    few, many = family.encoder.vocabulary, start.encoder.vocabulary
    gone = sorted(set(many.words) - set(few.words))
    assert gone
    places = torch.tensor(few.ids(gone)) - few.size
    assert (places >= 0).all()
    expected = start.model.embedding.words.weight[many.ids(gone)]
    assert torch.allclose(model.embedding.extension[places].float(), expected, atol=1e-2)


def test_as_many_other_labels_have_a_new_head(start, caplog):
    values = start.model.config.to_dict()
    values |= {
        "id2label": dict(enumerate("abcd")),
        "label2id": {k: v for v, k in enumerate("abcd")},
    }
    model = Nelec(NelecConfig.from_dict(values))
    with caplog.at_level(logging.INFO):
        begin_from(model, start.model)
    assert caplog.messages[-1].endswith("new layers: classifier.")
    assert model.classifier.weight.shape == start.model.classifier.weight.shape
    assert not torch.equal(model.classifier.weight, start.model.classifier.weight)
    assert torch.equal(model.gru_branch.dense.weight, start.model.gru_branch.dense.weight)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("model.hidden_size=9", r"other shapes: \d+ units, here 9\. Set model\.hidden_size"),
        ("model.start=nowhere", r"model\.start: No model at nowhere.*Train it first"),
    ],
)
def test_what_does_not_fit_is_refused(change, told, tiny_recipe, emocontext, begun):
    with pytest.raises(InputError, match=told):
        make(tiny_recipe, emocontext, begun, change)


def test_another_kind_of_model_is_refused(tiny_recipe, emocontext):
    with pytest.raises(InputError, match="expected a NELEC network"):
        make(tiny_recipe, emocontext, PRETRAINED)
