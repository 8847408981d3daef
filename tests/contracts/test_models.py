"""What every model must satisfy; a new model is one more entry of `MODELS`."""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedModel

from emoscope.models.nelec import Nelec, NelecConfig

BOUNDARY = 2
LABELS = ("others", "happy", "sad")


def nelec(**options) -> Nelec:
    defaults = {"vocabulary_size": 40, "extension_size": 10, "embedding_size": 6, "hidden_size": 12}
    config = NelecConfig(
        id2label=dict(enumerate(LABELS)),
        label2id={name: k for k, name in enumerate(LABELS)},
        **{**defaults, **options},
    )
    model = Nelec(config)
    with torch.no_grad():
        model.embedding.extension.normal_()
    return model


def forms() -> Iterator[tuple[str, Callable[[], PreTrainedModel]]]:
    for attention, bidirectional, shared, hidden in product(
        ("feed_forward", "additive"), (False, True), (False, True), (False, True)
    ):
        options = {
            "attention": attention,
            "bidirectional": bidirectional,
            "shared_branches": shared,
            "output_hidden": hidden,
            "train_embeddings": bidirectional,
            "pooled_turns": 2 if shared != hidden else 0,
            "boundary_token_id": BOUNDARY,
        }
        name = "-".join(f"{key}={value}" for key, value in options.items())
        yield name, lambda options=options: nelec(**options)


MODELS = dict(forms())


@pytest.fixture(params=MODELS.values(), ids=MODELS.keys())
def model(request) -> PreTrainedModel:
    torch.manual_seed(0)
    return request.param().eval()


def batch(lengths: list[int], width: int | None = None, seed: int = 0) -> dict[str, Tensor]:
    """Random texts of the given lengths, padded to `width`."""
    width = width or max(lengths)
    rng = np.random.default_rng(seed)
    ids = np.zeros((len(lengths), width), dtype=np.int64)
    for row, length in enumerate(lengths):
        ids[row, :length] = rng.integers(3, 50, length)
        ids[row, length // 3] = BOUNDARY
    mask = np.arange(width) < np.array(lengths)[:, None]
    return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}


def test_output_has_a_logit_for_each_label(model):
    output = model(**batch([3, 7]))
    assert output.logits.shape == (2, len(LABELS))
    assert torch.isfinite(output.logits).all()


@pytest.mark.parametrize("length", [1, 2, 6])
def test_padding_and_batch_mates_change_nothing(model, length):
    alone = batch([length])
    padded = {name: torch.nn.functional.pad(values, (0, 9)) for name, values in alone.items()}
    mates = batch([1, length + 9, 4], width=length + 9)
    crowd = {name: torch.cat([mates[name], padded[name]]) for name in alone}
    with torch.no_grad():
        expected = model(**alone).logits[0]
        for text, row in ((padded, 0), (crowd, 3)):
            torch.testing.assert_close(model(**text).logits[row], expected, atol=1e-5, rtol=0)


def test_ids_under_the_padding_are_not_read(model):
    inputs = batch([3, 8])
    with torch.no_grad():
        expected = model(**inputs).logits
        inputs["input_ids"][0, 3:] = 17
        torch.testing.assert_close(model(**inputs).logits, expected, atol=1e-6, rtol=0)


def test_attention_sums_to_one_over_real_tokens(model):
    inputs = batch([1, 4, 9])
    weights = model(**inputs).attentions
    padding = ~inputs["attention_mask"].unsqueeze(1).expand_as(weights)
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:2]))
    assert (weights[padding] == 0).all()
    assert (weights >= 0).all()


def test_every_real_token_matters(model):
    """A unit that is off may hide a token from the logits, never from logits and attention."""
    inputs = batch([6])
    with torch.no_grad():
        before = model(**inputs)
        for position in range(6):
            changed = {name: values.clone() for name, values in inputs.items()}
            changed["input_ids"][0, position] = 3 + (inputs["input_ids"][0, position] + 1) % 40
            after = model(**changed)
            assert not torch.equal(after.logits, before.logits) or not torch.equal(
                after.attentions, before.attentions
            )


def test_gradients_reach_every_trained_parameter(model):
    model.train()
    inputs = batch([5, 9, 2, 7, 12, 8], seed=3)
    loss = torch.nn.functional.cross_entropy(
        model(**inputs).logits, torch.tensor([0, 1, 2, 0, 1, 2])
    )
    loss.backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name
        else:
            assert parameter.grad is None, name


def test_save_and_load_give_the_same_scores(model, tmp_path):
    model.save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors"}
    loaded = type(model).from_pretrained(tmp_path)
    inputs = batch([4, 9, 1])
    with torch.no_grad():
        assert torch.equal(loaded(**inputs).logits, model(**inputs).logits)
    shape = model.config.to_dict().items()
    assert dict(shape) | loaded.config.to_dict() == loaded.config.to_dict()
    stored = load_file(tmp_path / "model.safetensors")
    assert set(model.state_dict()) == set(stored)


def test_evaluation_is_deterministic_and_training_is_not(model):
    inputs = batch([12, 12, 12])
    with torch.no_grad():
        assert torch.equal(model(**inputs).logits, model(**inputs).logits)
        model.train()
        assert not torch.equal(model(**inputs).logits, model(**inputs).logits)


def test_logits_are_not_cut_off(model):
    """No activation and no dropout after the logits: they take either sign, in training too."""
    model.train()
    logits = torch.cat([model(**batch([8] * 40, seed=seed)).logits for seed in range(5)])
    with torch.no_grad():
        for parameter in model.classifier.parameters():
            parameter.neg_()
    logits = torch.cat([logits, model(**batch([8] * 40)).logits])
    assert (logits < 0).any()
    assert (logits > 0).any()
    assert (logits != 0).all()
