"""MEmo against a slow version: one text at a time, masks found by their id."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM

from emoscope.inference.torch_backend import score, to_tensors
from emoscope.models.memo.encoder import MemoEncoder, check_template
from emoscope.models.memo.network import Memo, MemoConfig
from emoscope.models.shared.backbone import to_shape
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline
from tests.tiny import HIDDEN, SENTENCES, encoder, fast_tokenizer, text_tokenizer

fast = cache(fast_tokenizer)
KINDS = ("bert", "roberta", "xlm-roberta", "distilbert")
COMMON = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
OTHER_TYPES = {
    "electra": COMMON,
    "modernbert": COMMON,
    "xlm": ("emb_dim", None, "n_layers", "n_heads"),
}
"""Encoders that keep the head that guesses masked words each in another way, and their sizes."""
LABELS = Taxonomy.parse_labels("anger|rage, joy, mixed feelings|surprise|hope")
OTHERS = Taxonomy.parse_labels("pride|disapproval, trust")
TEMPLATES = (
    "emotion {mask} in tweet {text}",
    "{text} makes me feel {mask}",
    "{mask} and {mask} : {text} so {mask}",
)
TEXTS = ("such a day", "", *SENTENCES[5:7])
kinds = pytest.mark.parametrize("kind", KINDS)
templates = pytest.mark.parametrize("template", TEMPLATES)


def backbone_of(kind, masked=False):
    """An encoder of the tests, or a tiny one of another type that reads what a tiny BERT does."""
    if kind not in OTHER_TYPES:
        return encoder(kind, masked)
    names = OTHER_TYPES[kind]
    sizes = {name: size for name, size in zip(names, (HIDDEN, 32, 2, 2), strict=True) if name}
    config = AutoConfig.for_model(
        kind, vocab_size=len(fast("bert")), pad_token_id=0, initializer_range=0.2, **sizes
    )
    torch.manual_seed(0)
    auto = AutoModelForMaskedLM if masked else AutoModel
    return auto.from_config(config).eval()


@cache
def memo(kind, template=TEMPLATES[0], **options) -> Memo:
    backbone = backbone_of(kind, masked=options.get("head") == "mlm")
    config = MemoConfig(
        backbone=to_shape(backbone.config),
        masks=check_template(template),
        id2label=dict(enumerate(LABELS.names)),
        **options,
    )
    torch.manual_seed(1)
    return Memo(config, backbone).eval()


def encoder_of(kind, template, taxonomy=LABELS) -> MemoEncoder:
    return MemoEncoder(
        TextPipeline(()), text_tokenizer(kind), taxonomy, template=template, open_labels=True
    )


def found_logits(kind, model, template, taxonomy=LABELS):
    reader = encoder_of(kind, template, taxonomy)
    return score(model, reader, reader.encode([[text] for text in TEXTS]), batch_size=4)


def mask_states(kind, model, template, text):
    """States of the masks of one text, unpadded, in the order in which they stand."""
    tokenizer = fast(kind)
    written = template.replace("{mask}", tokenizer.mask_token).replace("{text}", text)
    encoding = tokenizer(written, return_tensors="pt")
    with torch.no_grad():
        states = model.backbone.base_model(**encoding).last_hidden_state[0]
    return [
        states[i]
        for i, token in enumerate(encoding["input_ids"][0].tolist())
        if token == tokenizer.mask_token_id
    ]


@kinds
@templates
@pytest.mark.parametrize("how", ["sum", "concatenate"])
@pytest.mark.parametrize("head", ["ffn", "projections"])
def test_heads_are_those_of_the_slow_version(kind, template, how, head):
    model = memo(kind, template, head=head, combine_masks=how)
    expected = []
    for text in TEXTS:
        states = mask_states(kind, model, template, text)
        joined = torch.cat(states) if how == "concatenate" else sum(states)
        hidden = torch.tanh(model.dense.weight @ joined + model.dense.bias)
        if head == "ffn":
            expected.append(model.scorer.weight @ hidden + model.scorer.bias)
        else:
            one = [hidden[k * HIDDEN : (k + 1) * HIDDEN] for k in range(len(LABELS))]
            expected.append(torch.stack([model.scorer.weight[0] @ h for h in one]))
            expected[-1] = expected[-1] + model.scorer.bias
    expected = torch.stack(expected).detach().numpy()
    found = found_logits(kind, model, template)
    assert found == pytest.approx(expected, abs=2e-5)
    assert np.ptp(found, axis=0).min() > 1e-3, "the test needs scores that differ"


@kinds
@templates
@pytest.mark.parametrize("synonyms", ["sum", "mean", "product"])
def test_the_language_head_is_that_of_the_slow_version(kind, template, synonyms):
    """Also of labels that it was not made with."""
    taxonomy = OTHERS if synonyms == "mean" else LABELS
    model = memo(kind, template, head="mlm", synonyms=synonyms)
    tokenizer = fast(kind)
    whole = encoder(kind, masked=True)
    combine = {"sum": np.sum, "mean": np.mean, "product": np.prod}[synonyms]
    expected = []
    for text in TEXTS:
        written = template.replace("{mask}", tokenizer.mask_token).replace("{text}", text)
        encoding = tokenizer(written, return_tensors="pt")
        masks = encoding["input_ids"][0] == tokenizer.mask_token_id
        with torch.no_grad():
            guess = whole(**encoding).logits[0, masks].mean(0).numpy()
        expected.append(
            [
                combine([guess[ids_of(tokenizer, word)].mean() for word in label.words])
                for label in taxonomy.labels
            ]
        )
    found = found_logits(kind, model, template, taxonomy)
    assert found == pytest.approx(np.array(expected), abs=2e-4)


def ids_of(tokenizer, word):
    return tokenizer(f" {word}", add_special_tokens=False)["input_ids"]


@kinds
def test_the_language_head_is_the_pretrained_one(kind):
    """What it gives is what the encoder with its own head gives at the mask."""
    model, tokenizer = memo(kind, head="mlm"), fast(kind)
    encoding = tokenizer(f"emotion {tokenizer.mask_token} in tweet {TEXTS[0]}", return_tensors="pt")
    at = encoding["input_ids"][0].tolist().index(tokenizer.mask_token_id)
    with torch.no_grad():
        vocabulary = encoder(kind, masked=True)(**encoding).logits[0, at].numpy()
    joy = vocabulary[ids_of(tokenizer, "joy")].mean()
    assert found_logits(kind, model, TEMPLATES[0])[0, 1] == pytest.approx(joy, abs=1e-4)


@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_the_language_head_of_any_type_of_encoder(kind):
    """Also where the encoder gives no name to its head, or puts several layers into it."""
    model, reader = memo(kind, head="mlm"), encoder_of("bert", TEMPLATES[2])
    batch = to_tensors(
        reader.batch(reader.encode([[text] for text in TEXTS]), np.arange(len(TEXTS)))
    )
    with torch.no_grad():
        found = model(**batch).logits
        every = backbone_of(kind, masked=True)(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"].long()
        ).logits
    rows = torch.arange(len(TEXTS))[:, None]
    guess = every[rows, batch["mask_positions"]].mean(1)
    joy = guess[:, ids_of(fast("bert"), "joy")].mean(-1)
    torch.testing.assert_close(found[:, 1], joy, atol=1e-4, rtol=1e-4)
    assert np.ptp(found[:, 1].numpy()) > 1e-3, "the test needs scores that differ"


def test_threads_do_not_mix_their_masks():
    """Each thread's masks are at other places."""
    model = memo("bert", head="mlm")
    readers = [encoder_of("bert", template) for template in TEMPLATES[:2]] * 4
    encoded = [reader.encode([[text] for text in TEXTS]) for reader in readers]
    expected = [score(model, *pair, batch_size=2) for pair in zip(readers, encoded, strict=True)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda *pair: score(model, *pair, batch_size=2), readers, encoded))
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_labels_permute_their_words_alone():
    model = memo("bert", head="mlm")
    names = [LABELS.names[k] for k in (2, 0, 1)]
    found = found_logits("bert", model, TEMPLATES[0], LABELS.subset(names))
    expected = found_logits("bert", model, TEMPLATES[0])[:, [2, 0, 1]]
    assert found == pytest.approx(expected, abs=1e-6)


def test_representations():
    batch = {}
    for head in ("ffn", "projections", "mlm"):
        reader = encoder_of("bert", TEMPLATES[0])
        batch = to_tensors(reader.batch(reader.encode([["a"], ["such a day"]]), np.arange(2)))
        output = memo("bert", head=head)(**batch)
        if head != "projections":
            assert output.representations is None
            continue
        assert output.representations.shape == (2, len(LABELS), HIDDEN)
        scorer = memo("bert", head=head).scorer
        torch.testing.assert_close(scorer(output.representations).squeeze(-1), output.logits)


def test_concatenated_masks_widen_the_head():
    model = memo("bert", TEMPLATES[2], head="ffn", combine_masks="concatenate")
    assert model.dense.in_features == 3 * HIDDEN
    assert memo("bert", TEMPLATES[2], head="ffn", combine_masks="sum").dense.in_features == HIDDEN
