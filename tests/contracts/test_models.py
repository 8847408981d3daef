"""What every model must satisfy; a new model is one more entry of `MODELS`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations, product

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedModel

from emoscope.embeddings.vocabulary import Vocabulary
from emoscope.encoding.batching import Ragged
from emoscope.encoding.encoder import Encoder
from emoscope.inference.torch_backend import score, to_tensors
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.independent_encoder import IndependentEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.memo.encoder import MemoEncoder, check_template
from emoscope.models.memo.network import Memo, MemoConfig
from emoscope.models.nelec.encoder import PlainEncoder
from emoscope.models.nelec.network import Nelec, NelecConfig
from emoscope.models.shared.backbone import drop_pooler, to_shape
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline
from tests.tiny import encoder, text_tokenizer

BOUNDARY = 2
TAXONOMY = Taxonomy.parse_labels("others, happy|joy, sad")
LABELS = TAXONOMY.names
NAMED = {
    "id2label": dict(enumerate(LABELS)),
    "label2id": {name: k for k, name in enumerate(LABELS)},
}
NOTHING = TextPipeline(())


@dataclass(frozen=True)
class Case:
    """One kind of model.

    Attributes:
        make: a new network.
        encoder: its encoder, for `TAXONOMY`.
        ids: what its tokens are drawn from.
    """

    make: Callable[[], PreTrainedModel]
    encoder: Callable[[], Encoder]
    ids: range


def nelec(**options) -> Nelec:
    defaults = {"vocabulary_size": 40, "extension_size": 10, "embedding_size": 6, "hidden_size": 12}
    model = Nelec(NelecConfig(**NAMED, **{**defaults, **options}))
    with torch.no_grad():
        model.embedding.extension.normal_()
    return model


@cache
def plain() -> PlainEncoder:
    words = tuple(f"word{number}" for number in range(47))
    vocabulary = Vocabulary(("<pad>", "<unk>", "<eos>"), words[:37], (1,) * 37, words[37:])
    return PlainEncoder(NOTHING, vocabulary)


def demux(kind: str, **options) -> Case:
    def make() -> Demux:
        backbone = drop_pooler(encoder(kind))
        return Demux(DemuxConfig(to_shape(backbone.config), **NAMED, **options), backbone)

    return Case(
        make, cache(lambda: DemuxEncoder(NOTHING, text_tokenizer(kind), TAXONOMY)), range(10, 300)
    )


def independent(kind: str, **options) -> Case:
    case = demux(kind, labels="independent", **{"joint_layers": 1, **options})
    return replace(
        case,
        encoder=cache(lambda: IndependentEncoder(NOTHING, text_tokenizer(kind), TAXONOMY)),
    )


def memo(kind: str, template: str, **options) -> Case:
    def make() -> Memo:
        backbone = drop_pooler(encoder(kind, masked=options.get("head") == "mlm"))
        shape = {"backbone": to_shape(backbone.config), "masks": check_template(template)}
        return Memo(MemoConfig(**shape, **NAMED, **options), backbone)

    return Case(
        make,
        cache(lambda: MemoEncoder(NOTHING, text_tokenizer(kind), TAXONOMY, template=template)),
        range(10, 300),
    )


def forms() -> Iterator[tuple[str, Case]]:
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
        make = lambda options=options: nelec(**options)  # noqa: E731
        yield f"nelec-{name}", Case(make, plain, range(3, 50))


NELEC = dict(forms())
PROMPTED = {
    "demux": demux("bert"),
    "demux-max": demux("bert", cluster="max"),
    "demux-roberta": demux("roberta", cluster="logsumexp"),
    "demux-xlm-roberta": demux("xlm-roberta", cluster="mean"),
    "demux-distilbert": demux("distilbert"),
    "demux-late": demux("bert", joint_layers=1),
    "demux-late-xlm-roberta": demux("xlm-roberta", joint_layers=1, cluster="max"),
    "independent": independent("bert"),
    "independent-max": independent("xlm-roberta", cluster="max"),
    "independent-fed-once": independent("roberta", joint_layers=2, label_feed_forward=1),
    "memo-ffn": memo("bert", "emotion {mask} in tweet {text}"),
    "memo-ffn-after": memo("distilbert", "{mask} : {text} is {mask}", combine_masks="concatenate"),
    "memo-projections": memo("xlm-roberta", "{text} is {mask}", head="projections"),
    "memo-mlm": memo("bert", "{text} is {mask}", head="mlm"),
    "memo-mlm-roberta": memo("roberta", "emotion {mask} in tweet {text}", head="mlm"),
}
MODELS = NELEC | PROMPTED


@pytest.fixture(params=MODELS.values(), ids=MODELS.keys())
def case(request) -> Case:
    return request.param


@pytest.fixture
def model(case) -> PreTrainedModel:
    torch.manual_seed(0)
    return case.make().eval()


# A byte-level tokenizer splits the first word of a prompt otherwise than the others; its columns
# are in `tests/models/test_demux.py`.
ORDERED = {name: one for name, one in MODELS.items() if name != "demux-roberta"}
ordered = pytest.mark.parametrize("case", ORDERED.values(), ids=ORDERED.keys(), indirect=True)
only_nelec = pytest.mark.parametrize("case", NELEC.values(), ids=NELEC.keys(), indirect=True)


def texts(case: Case, lengths: Sequence[int], seed: int = 0) -> Ragged:
    """Random texts of the given lengths."""
    rng = np.random.default_rng(seed)
    rows = []
    for length in lengths:
        ids = rng.choice(case.ids, length)
        # Turns to pool, where a model has such.
        ids[length // 3] = BOUNDARY if case.ids.start <= BOUNDARY + 1 else ids[length // 3]
        rows.append(ids.tolist())
    return Ragged.from_sequences(rows)


def batch(
    case: Case, encoded: Ragged, rows: Sequence[int] | None = None, order: list[int] | None = None
) -> dict[str, Tensor]:
    chosen = np.arange(len(encoded)) if rows is None else np.array(rows)
    return to_tensors(case.encoder().batch(encoded, chosen, order))


def test_output_has_a_logit_for_each_label(case, model):
    output = model(**batch(case, texts(case, [3, 7])))
    assert output.logits.shape == (2, len(LABELS))
    assert torch.isfinite(output.logits).all()
    if output.representations is not None:
        assert output.representations.shape[:2] == (2, len(LABELS))


def test_padding_and_batch_mates_change_nothing(case, model):
    for length in (1, 2, 6):
        encoded = texts(case, [length, 1, length + 9, 4])
        with torch.no_grad():
            expected = model(**batch(case, encoded, [0])).logits[0]
            for rows in ([2, 0], [1, 2, 3, 0], [0, 0, 2]):
                found = model(**batch(case, encoded, rows)).logits[rows.index(0)]
                torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_batch_size_changes_nothing(case, model):
    encoded = texts(case, [5, 1, 9, 3, 3, 7, 12])
    expected = score(model, case.encoder(), encoded, batch_size=1)
    for size in (3, 100):
        found = score(model, case.encoder(), encoded, size)
        assert found == pytest.approx(expected, abs=1e-5), size


def test_ids_under_the_padding_are_not_read(case, model):
    inputs = batch(case, texts(case, [3, 8]))
    padding = ~inputs["attention_mask"]
    assert padding.any()
    with torch.no_grad():
        expected = model(**inputs).logits
        inputs["input_ids"] = inputs["input_ids"].masked_fill(padding, 17)
        torch.testing.assert_close(model(**inputs).logits, expected, atol=1e-6, rtol=0)


def test_every_real_token_matters(case, model):
    """A unit that is off may hide a token from the logits, never from logits and attention."""
    inputs = batch(case, texts(case, [6]))
    with torch.no_grad():
        before = model(**inputs)
        for position in range(inputs["input_ids"].shape[1]):
            changed = {name: values.clone() for name, values in inputs.items()}
            changed["input_ids"][0, position] = 3 + (inputs["input_ids"][0, position] + 1) % 40
            after = model(**changed)
            moved = not torch.equal(after.logits, before.logits)
            assert moved or not torch.equal(after.attentions, before.attentions), position


@ordered
def test_columns_keep_the_taxonomys_order(case, model):
    """An order of the labels changes what is read, never which column is which label's.

    Without positions an encoder cannot even tell the order.
    """
    forget_positions(model)
    encoded = texts(case, [3, 8, 5])
    with torch.no_grad():
        expected = model(**batch(case, encoded)).logits
        for order in permutations(range(3)):
            found = model(**batch(case, encoded, order=list(order))).logits
            torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)
    assert (expected[:, 0] - expected[:, 1]).abs().min() > 1e-4, (
        "the test needs columns that differ"
    )


def forget_positions(model: PreTrainedModel) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "position_embeddings" in name:
                parameter.zero_()


def test_gradients_reach_every_trained_parameter(case, model):
    model.train()
    inputs = batch(case, texts(case, [5, 9, 2, 7, 12, 8], seed=3))
    # Not a softmax: what all labels share would not count.
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        model(**inputs).logits, torch.eye(3).repeat(2, 1)
    )
    loss.backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            # The softmax of attention takes off what all keys share.
            shared = name.endswith(("key.bias", "k_lin.bias"))
            assert shared or parameter.grad.abs().sum() > 0, name
        else:
            assert parameter.grad is None, name


def test_save_and_load_give_the_same_scores(case, model, tmp_path):
    model.save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors"}
    loaded, info = type(model).from_pretrained(tmp_path, output_loading_info=True)
    assert not any(info.values())
    inputs = batch(case, texts(case, [4, 9, 1]))
    with torch.no_grad():
        torch.testing.assert_close(loaded(**inputs).logits, model(**inputs).logits)
    for name, one in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], one), name
    shape = model.config.to_dict().items()
    assert dict(shape) | loaded.config.to_dict() == loaded.config.to_dict()
    stored, own = set(load_file(tmp_path / "model.safetensors")), model.state_dict()
    assert stored <= set(own)
    # One tensor under two names is stored once.
    places = {own[name].data_ptr() for name in stored}
    assert {own[name].data_ptr() for name in own} == places


def test_evaluation_is_deterministic_and_training_is_not(case, model):
    inputs = batch(case, texts(case, [12, 12, 12]))
    with torch.no_grad():
        torch.testing.assert_close(model(**inputs).logits, model(**inputs).logits)
        model.train()
        assert not torch.allclose(model(**inputs).logits, model(**inputs).logits)


@only_nelec
def test_attention_sums_to_one_over_real_tokens(case, model):
    inputs = batch(case, texts(case, [1, 4, 9]))
    weights = model(**inputs).attentions
    padding = ~inputs["attention_mask"].unsqueeze(1).expand_as(weights)
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:2]))
    assert (weights[padding] == 0).all()
    assert (weights >= 0).all()


@only_nelec
def test_logits_are_not_cut_off(case, model):
    """No activation and no dropout after the logits: they take either sign, in training too."""
    model.train()
    logits = torch.cat(
        [model(**batch(case, texts(case, [8] * 40, seed))).logits for seed in range(5)]
    )
    with torch.no_grad():
        for parameter in model.classifier.parameters():
            parameter.neg_()
    logits = torch.cat([logits, model(**batch(case, texts(case, [8] * 40))).logits])
    assert (logits < 0).any()
    assert (logits > 0).any()
    assert (logits != 0).all()
