"""Labels first, then the text: against transformers' own pairs, and labels by their spelling."""

from functools import cache
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.models.demux.encoder import DISJUNCTIONS, DemuxEncoder, make_label_prompt
from emoscope.taxonomy import Label, Taxonomy
from emoscope.text import TextPipeline
from tests.encoding.test_tokens import SPELLED, ordinary
from tests.tiny import KINDS, SENTENCES, WINDOW, fast_tokenizer, text_tokenizer

fast, tokenizer_of = cache(fast_tokenizer), cache(text_tokenizer)
kinds = pytest.mark.parametrize("kind", KINDS)
# Empty, a text is no second sequence to transformers.
texts = st.one_of(st.text(min_size=1, max_size=30), st.sampled_from(SENTENCES)).filter(ordinary)
EMOTIONS = "anger, joy, mixed feelings, sadness, trust"
LABELS = {
    "repeated": ("positive, negative, approval, disapproval", "en"),
    "inside": ("disapproval, approval, joy, joy to the world", "en"),
    "several words": ("mixed feelings, a mixed joy, joy", "en"),
    "clusters": ("anger|hate|contempt, positive, negative|anger of all", "en"),
    "accents": ("emoción|alegría, anticipación, tristeza", "es"),
    "arabic": ("غضب, توقع|حزن, سعادة, ثقة", "ar"),
    "no disjunction": ("anger, joy", "sw"),
    "the disjunction itself": ("or, order, more", "en"),
    "one": ("joy", "en"),
}
label_sets = pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())


def taxonomy_of(labels) -> Taxonomy:
    words, language = labels
    return Taxonomy.parse_labels(words, language=language)


def prompt_text(taxonomy, order=None) -> str:
    """The first sequence, written down word by word."""
    labels = [taxonomy.labels[k] for k in order or range(len(taxonomy))]
    words = [word for label in labels for word in label.words]
    disjunction = DISJUNCTIONS.get(taxonomy.language)
    if disjunction and len(words) > 1:
        words.insert(-1, disjunction)
    return " ".join(words)


def demux(kind, labels=(EMOTIONS, "en"), window=WINDOW, **options) -> DemuxEncoder:
    tokenizer = tokenizer_of(kind, window)
    return DemuxEncoder(TextPipeline(()), tokenizer, taxonomy_of(labels), **options)


def spelling(tokenizer, ids) -> str:
    return " ".join(tokenizer.tokenizer.decode(ids, skip_special_tokens=False).split())


def normalised(kind, word) -> str:
    normalizer = tokenizer_of(kind).tokenizer.normalizer
    return word if normalizer is None else normalizer.normalize_str(word)


@kinds
@pytest.mark.parametrize("truncation", ["start", "end"])
@settings(deadline=None, max_examples=40)
@given(
    sample=st.lists(texts, min_size=1, max_size=4),
    labels=st.sampled_from(list(LABELS.values())),
    length=st.sampled_from([1, 7, 64]),
)
def test_a_batch_is_that_of_transformers(kind, truncation, sample, labels, length):
    encoder = demux(kind, labels, max_length=length, truncation=truncation)
    batch = encoder.batch(encoder.encode([[text] for text in sample]), np.arange(len(sample)))
    expected = transformers_batch(kind, truncation, encoder, sample, length)
    for name, values in expected.items():
        assert batch[name].tolist() == values.tolist(), name


def transformers_batch(kind, side, encoder, sample, length):
    tokenizer = fast(kind)
    tokenizer.truncation_side = "left" if side == "start" else "right"
    prompt = prompt_text(encoder.taxonomy)
    around = len(tokenizer(prompt, ".")["input_ids"]) - len(
        tokenizer(".", add_special_tokens=False)["input_ids"]
    )
    return tokenizer(
        [prompt] * len(sample),
        sample,
        truncation="only_second",
        max_length=min(encoder.tokenizer.window, around + length),
        padding=True,
        return_tensors="np",
    )


@kinds
def test_the_window_cuts_the_text_alone(kind):
    encoder = demux(kind, window=48, max_length=500)
    long = " ".join(SENTENCES)
    batch = encoder.batch(encoder.encode([[long]]), np.array([0]))
    assert batch["input_ids"].shape == (1, 48)
    expected = transformers_batch(kind, "end", encoder, [long], 500)
    assert batch["input_ids"].tolist() == expected["input_ids"].tolist()


@kinds
@pytest.mark.parametrize("truncation", ["start", "end"])
def test_no_order_of_the_labels_exceeds_the_window(kind, truncation):
    """Without a space before it, a word may have more tokens."""
    labels = ("joy, anger, trust, hope", "en")
    encoder = demux(kind, labels, window=48, max_length=500, truncation=truncation)
    encoded = encoder.encode([[" ".join(SENTENCES)], ["such a day"]])
    widths = set()
    for order in permutations(range(4)):
        prompt = make_label_prompt(encoder.tokenizer, encoder.taxonomy, order)
        batch = encoder.batch(encoded, np.array([0, 1]), list(order))
        widths.add(len(prompt.frame))
        assert batch["input_ids"].shape[1] <= 48
        after = list(prompt.frame.after)
        for ids, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True):
            assert ids[mask][-len(after) :].tolist() == after
    assert kind != "roberta" or len(widths) > 1, "the test needs prompts of several lengths"


@kinds
def test_labels_that_fill_the_window_are_refused(kind):
    goemotions = Taxonomy.load("goemotions")
    encoder = DemuxEncoder(TextPipeline(()), tokenizer_of(kind, 40), goemotions)
    with pytest.raises(InputError, match=r"take \d+ of the 40 tokens.*fewer labels"):
        encoder.encode([["such a day"]])


@kinds
def test_the_padding_is_the_tokenizers(kind):
    encoder = demux(kind)
    batch = encoder.batch(encoder.encode([[""], ["such a day, such a day"]]), np.array([0, 1]))
    blank = ~batch["attention_mask"]
    assert blank[0].any()
    assert (batch["input_ids"][blank] == fast(kind).pad_token_id).all()
    # RoBERTa counts positions by them.
    assert (batch["input_ids"][~blank] != fast(kind).pad_token_id).all()


@kinds
def test_turns_share_one_sequence(kind):
    tokenizer, encoder = fast(kind), demux(kind)
    turns = [["such a day", "why?", "my team won 🎉"]]
    batch = encoder.batch(encoder.encode(turns), np.array([0]))
    joined: list[int] = []
    for turn in turns[0]:
        joined += [*tokenizer(turn, add_special_tokens=False)["input_ids"], tokenizer.sep_token_id]
    prompt = prompt_text(encoder.taxonomy)
    frame = tokenizer(prompt, "x", truncation=False)["input_ids"]
    start = len(frame) - 1 - len(tokenizer("x", add_special_tokens=False)["input_ids"])
    assert batch["input_ids"][0].tolist() == [*frame[:start], *joined]
    if kind == "bert":
        assert batch["token_type_ids"][0].tolist() == [0] * start + [1] * len(joined)


@kinds
@label_sets
def test_each_word_is_its_own_tokens(kind, labels):
    taxonomy, tokenizer = taxonomy_of(labels), tokenizer_of(kind)
    prompt = make_label_prompt(tokenizer, taxonomy)
    before = np.array(prompt.frame.before)
    words = [(k, word) for k, label in enumerate(taxonomy.labels) for word in label.words]
    assert prompt.word_labels.tolist() == [k for k, _ in words]
    for (_, word), mask in zip(words, prompt.word_mask, strict=True):
        assert spelling(tokenizer, before[mask]) == normalised(kind, word)
    # No token belongs to two words, and words stand in their order.
    assert (prompt.word_mask.sum(axis=0) <= 1).all()
    places = [np.flatnonzero(mask) for mask in prompt.word_mask]
    for place, following in pairwise(places):
        assert place.max() < following.min()


@kinds
@label_sets
def test_only_the_disjunction_is_left_over(kind, labels):
    taxonomy, tokenizer = taxonomy_of(labels), tokenizer_of(kind)
    prompt = make_label_prompt(tokenizer, taxonomy)
    encoding = tokenizer.pair(prompt_text(taxonomy), "x")
    ours = np.array(encoding.sequence_ids[: len(prompt.frame.before)]) == 0
    rest = np.array(prompt.frame.before)[ours & ~prompt.word_mask.any(axis=0)]
    several = sum(len(label.words) for label in taxonomy.labels) > 1
    disjunction = DISJUNCTIONS.get(taxonomy.language, "") if several else ""
    assert spelling(tokenizer, rest) == normalised(kind, disjunction)


@kinds
def test_words_that_share_sub_tokens_are_told_apart(kind):
    """The fault to avoid: looking for a label's ids in the prompt finds another's."""
    tokenizer = tokenizer_of(kind)
    prompt = make_label_prompt(tokenizer, taxonomy_of(LABELS["repeated"]))
    before = np.array(prompt.frame.before)
    ids = [set(before[mask]) for mask in prompt.word_mask]
    assert any(ids[a] & ids[b] for a in range(4) for b in range(a)), "the test needs such words"


@kinds
def test_an_order_permutes_the_prompt_alone(kind):
    taxonomy = taxonomy_of(("anger|rage, mixed feelings, joy, trust", "en"))
    tokenizer = tokenizer_of(kind)
    for order in permutations(range(4)):
        prompt = make_label_prompt(tokenizer, taxonomy, order)
        check_shown(kind, taxonomy, prompt, order)
        expected = tokenizer.pair(prompt_text(taxonomy, list(order)), "x").ids
        assert list(prompt.frame.before) == expected[: len(prompt.frame.before)]


@kinds
@pytest.mark.parametrize("order", [[2], [3, 0], [0, 2], [1, 3, 0]])
def test_a_subset_is_counted_over_the_labels_shown(kind, order):
    taxonomy = taxonomy_of(("anger|rage, mixed feelings, joy, trust", "en"))
    prompt = make_label_prompt(tokenizer_of(kind), taxonomy, order)
    check_shown(kind, taxonomy, prompt, order)


def check_shown(kind, taxonomy, prompt, order):
    """Words in the order shown, their labels counted in the taxonomy's order."""
    shown = [(k, word) for k in order for word in taxonomy.labels[k].words]
    assert [sorted(order)[k] for k in prompt.word_labels] == [k for k, _ in shown]
    before = np.array(prompt.frame.before)
    found = [spelling(tokenizer_of(kind), before[mask]) for mask in prompt.word_mask]
    assert found == [normalised(kind, word) for _, word in shown]


@kinds
def test_a_batch_asks_in_the_order_given(kind):
    encoder = demux(kind)
    encoded = encoder.encode([["such a day"], ["what a day 😂"]])
    rows = np.array([1, 0])
    plain, whole = encoder.batch(encoded, rows), encoder.batch(encoded, rows, [0, 1, 2, 3, 4])
    for name, values in plain.items():
        assert np.array_equal(values, whole[name]), name
    part = encoder.batch(encoded, rows, [3, 1])
    assert part["word_labels"].tolist() == [1, 0]
    expected = demux(kind, ("sadness, joy", "en"))
    alone = expected.batch(expected.encode([["such a day"], ["what a day 😂"]]), rows)
    assert part["input_ids"].tolist() == alone["input_ids"].tolist()


@kinds
@pytest.mark.parametrize("spelled", SPELLED)
def test_a_label_that_spells_a_special_token_is_text(kind, spelled):
    # Not alone: SentencePiece makes it an unknown token, and a word of such alone is refused.
    words = (f"joy {spelled}", f"{spelled} joy")
    taxonomy = Taxonomy("odd", (Label("odd", words), Label("joy", ("joy",))))
    tokenizer = tokenizer_of(kind)
    prompt = make_label_prompt(tokenizer, taxonomy)
    plain = make_label_prompt(tokenizer, taxonomy_of(("anger, joy", "en")))
    special = {fast(kind).convert_tokens_to_ids(token) for token in SPELLED}
    special -= {fast(kind).unk_token_id}

    def count(one):
        return sum(token in special for token in one.frame.before)

    assert count(prompt) == count(plain), "those of the template and no other"
    assert prompt.word_mask.any(axis=1).all()


def test_a_word_that_vanishes_is_refused():
    taxonomy = Taxonomy("odd", (Label("joy", ("joy",)), Label("accent", ("\u0301",))))
    with pytest.raises(InputError, match="makes nothing of the label word"):
        make_label_prompt(tokenizer_of("bert"), taxonomy)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "xlm-roberta"])
@pytest.mark.parametrize("word", ["รัก", "🦕", "愛 🦕"])
def test_a_word_that_the_vocabulary_lacks_is_refused(kind, word):
    """Its tokens would be the same as those of any other such word."""
    taxonomy = Taxonomy("odd", (Label("joy", ("joy",)), Label("love", ("love", word))))
    with pytest.raises(InputError, match=f"label word '{word}'.*other words.*an encoder that"):
        make_label_prompt(tokenizer_of(kind), taxonomy)
    known = Taxonomy("odd", (Label("joy", ("joy",)), Label("love", (f"{word} love",))))
    make_label_prompt(tokenizer_of(kind), known)
    # Byte by byte it is never unknown.
    make_label_prompt(tokenizer_of("roberta"), taxonomy)


@kinds
def test_other_labels(kind):
    encoder = demux(kind, max_length=9, truncation="start")
    other = encoder.for_taxonomy(taxonomy_of(("pride, anger|rage", "en")))
    assert (other.max_length, other.truncation) == (9, "start")
    batch = other.batch(other.encode([["such a day"]]), np.array([0]))
    assert batch["word_labels"].tolist() == [0, 1, 1]
    assert encoder.taxonomy.names[0] == "anger"


@kinds
def test_save_and_load(kind, tmp_path):
    encoder = demux(kind, max_length=9, truncation="start")
    encoder.save(tmp_path)
    folder = ModelFolder(tmp_path, {}, encoder.taxonomy, None, encoder.to_config())
    loaded = DemuxEncoder.load(folder)
    conversations = [[text] for text in SENTENCES]
    rows = np.arange(len(SENTENCES))
    expected = encoder.batch(encoder.encode(conversations), rows)
    found = loaded.batch(loaded.encode(conversations), rows)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert np.array_equal(found[name], values), name
