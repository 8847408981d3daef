"""What is frozen stays to the bit, whatever the optimizer; the rest learns."""

import numpy as np
import pytest
import torch
from transformers import Trainer

from emoscope.errors import InputError
from emoscope.inference.torch_backend import to_tensors
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.memo.encoder import MemoEncoder
from emoscope.models.memo.network import Memo, MemoConfig
from emoscope.models.shared.backbone import drop_pooler, to_shape
from emoscope.models.shared.sections import LoraSection
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline
from emoscope.training.freezing import add_lora, freeze, freeze_rows, merge_lora
from emoscope.training.trainer import EmotionTrainer
from tests.tiny import SENTENCES, encoder, text_tokenizer

KINDS = ("bert", "roberta", "xlm-roberta")
kinds = pytest.mark.parametrize("kind", KINDS)
TAXONOMY = Taxonomy.parse_labels("anger|rage, joy, trust")
LORA = LoraSection(rank=2, alpha=4)


def demux(kind="bert") -> Demux:
    backbone = drop_pooler(encoder(kind))
    return Demux(DemuxConfig(to_shape(backbone.config)), backbone)


def memo(kind="bert", head="mlm") -> Memo:
    backbone = drop_pooler(encoder(kind, masked=head == "mlm"))
    names = dict(enumerate(TAXONOMY.names))
    return Memo(MemoConfig(to_shape(backbone.config), head=head, id2label=names), backbone)


def inputs(model, kind="bert"):
    reader = (DemuxEncoder if isinstance(model, Demux) else MemoEncoder)(
        TextPipeline(()), text_tokenizer(kind), TAXONOMY
    )
    encoded = reader.encode([[text] for text in SENTENCES])
    return to_tensors(reader.batch(encoded, np.arange(len(encoded))))


def learn(model, batch, steps=4):
    """Steps of AdamW with the groups of the trainer."""
    trainer = EmotionTrainer.__new__(EmotionTrainer)
    decayed = set(trainer.get_decay_parameter_names(model))
    parameters = [(name, one) for name, one in model.named_parameters() if one.requires_grad]
    groups = [
        {"params": [one for name, one in parameters if name in decayed], "weight_decay": 0.1},
        {"params": [one for name, one in parameters if name not in decayed], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.01)
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (len(SENTENCES), 3)))
    model.eval()
    for _ in range(steps):
        optimizer.zero_grad()
        logits = model(**batch).logits
        torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.float()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def copied(model):
    return {name: one.detach().clone() for name, one in model.named_parameters()}


def moved(model, before):
    return {name for name, one in model.named_parameters() if not torch.equal(one, before[name])}


def head_of(model):
    """Names of the head's parameters, less the word embeddings where it shares them."""
    heads = ("head.", "backbone.cls.", "backbone.lm_head.")
    shared = model.backbone.get_input_embeddings().weight
    found = {
        name
        for name, one in model.named_parameters()
        if name.startswith(heads) and one is not shared
    }
    assert found
    return found


def without_gradient(names):
    """Leave out what a step cannot move: what all keys of an attention share."""
    return {name for name in names if not name.endswith("key.bias")}


@kinds
@pytest.mark.parametrize("make", [demux, memo])
def test_rows_of_the_labels_stay(kind, make):
    model = make(kind)
    batch = inputs(model, kind)
    ids = {token for row in text_tokenizer(kind).ids(["anger", " joy", " rage"]) for token in row}
    seen = set(batch["input_ids"][batch["attention_mask"]].tolist())
    freeze(model, "labels", 0, sorted(ids))
    words = model.backbone.get_input_embeddings().weight
    before = words.detach().clone()
    learn(model, batch)
    still = {row for row in range(len(words)) if torch.equal(words[row], before[row])}
    assert ids <= still
    assert not still & (seen - ids), "all other words of the texts learn"
    assert seen & ids, "the test needs texts with those words"


def test_weight_decay_would_move_frozen_rows():
    """Why the trainer leaves their parameter out of it."""
    model = demux()
    name = "backbone.embeddings.word_embeddings.weight"
    trainer = EmotionTrainer.__new__(EmotionTrainer)
    before = trainer.get_decay_parameter_names(model)
    assert name in before
    freeze_rows(model.backbone.get_input_embeddings().weight, [5])
    after = trainer.get_decay_parameter_names(model)
    assert set(before) - set(after) == {name}
    assert name in Trainer.get_decay_parameter_names(trainer, model)


def test_nothing_frozen_is_everything_learnt():
    model = demux()
    before = copied(model)
    freeze(model, "nothing", 0, [5])
    learn(model, inputs(model))
    assert without_gradient(before) <= moved(model, before)


def test_frozen_words():
    model = demux()
    before = copied(model)
    freeze(model, "words", 0, [])
    learn(model, inputs(model))
    still = without_gradient(before) - moved(model, before)
    assert still == {"backbone.embeddings.word_embeddings.weight"}


@kinds
def test_a_frozen_encoder(kind):
    model = demux(kind)
    before = copied(model)
    freeze(model, "encoder", 0, [])
    learn(model, inputs(model, kind))
    assert moved(model, before) == {name for name in before if name.startswith("head.")}


@kinds
def test_a_frozen_encoder_keeps_its_language_head_learning(kind):
    """All but the words that the head shares with the encoder."""
    model = memo(kind)
    before = copied(model)
    freeze(model, "encoder", 0, [])
    learn(model, inputs(model, kind))
    assert moved(model, before) == head_of(model)


@kinds
@pytest.mark.parametrize("layers", [1, 2])
def test_frozen_layers(kind, layers):
    model = demux(kind)
    before = copied(model)
    freeze(model, "nothing", layers, [])
    learn(model, inputs(model, kind))
    frozen = ("backbone.embeddings.", *(f"backbone.encoder.layer.{k}." for k in range(layers)))
    expected = {name for name in before if not name.startswith(frozen)}
    assert without_gradient(expected) <= moved(model, before) <= expected


def test_frozen_layers_of_an_encoder_with_a_language_head():
    model = memo()
    freeze(model, "nothing", 1, [])
    still = {name for name, one in model.named_parameters() if not one.requires_grad}
    frozen = ("backbone.bert.embeddings.", "backbone.bert.encoder.layer.0.")
    assert still == {name for name, _ in model.named_parameters() if name.startswith(frozen)}


def test_more_layers_than_there_are():
    with pytest.raises(InputError, match=r"frozen_layers=3: the encoder has 2"):
        freeze(demux(), "nothing", 3, [])
    with pytest.raises(InputError, match="none of a known name"):
        freeze(demux("distilbert"), "nothing", 1, [])


@kinds
@pytest.mark.parametrize("make", [demux, memo])
def test_low_rank_updates_and_the_head_learn(kind, make):
    model = make(kind)
    add_lora(model, LORA)
    learns = {name for name, one in model.named_parameters() if one.requires_grad}
    adapters = {name for name in learns if "lora_" in name}
    # Two tensors for the queries and the values of each of two layers.
    assert len(adapters) == 8
    assert learns - adapters == head_of(model)
    before = copied(model)
    learn(model, inputs(model, kind))
    assert moved(model, before) == learns


@kinds
@pytest.mark.parametrize("make", [demux, memo])
def test_merged_updates_score_the_same(kind, make, tmp_path):
    model = make(kind)
    plain, batch = set(model.state_dict()), inputs(model, kind)
    with torch.no_grad():
        untrained = model(**batch).logits
    add_lora(model, LORA)
    learn(model, batch)
    with torch.no_grad():
        expected = model(**batch).logits
    assert not torch.allclose(expected, untrained, atol=1e-3), "the updates do something"
    merge_lora(model)
    with torch.no_grad():
        torch.testing.assert_close(model(**batch).logits, expected, atol=1e-5, rtol=1e-5)
    assert set(model.state_dict()) == plain
    assert all(one.requires_grad for one in model.parameters())
    model.save_pretrained(tmp_path)
    loaded, info = type(model).from_pretrained(tmp_path, output_loading_info=True)
    assert not any(info.values())
    with torch.no_grad():
        torch.testing.assert_close(loaded(**batch).logits, expected, atol=1e-5, rtol=1e-5)


def test_updates_of_layers_that_are_not_there():
    with pytest.raises(InputError, match=r"model\.lora\.targets: nowhere are no layers"):
        add_lora(demux(), LoraSection(targets=("nowhere",)))
