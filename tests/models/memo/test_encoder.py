"""A masked sentence, then the text: against transformers' own single sequences."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.encoding.tokens import TextTokenizer
from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.models.memo.encoder import TEMPLATES, MemoEncoder, check_template, find_template
from emoscope.taxonomy import Label, Taxonomy
from emoscope.text import TextPipeline
from tests.encoding.test_tokens import SPELLED, ordinary
from tests.tiny import KINDS, SENTENCES, WINDOW, fast_tokenizer, text_tokenizer

fast, tokenizer_of = cache(fast_tokenizer), cache(text_tokenizer)
kinds = pytest.mark.parametrize("kind", KINDS)
texts = st.one_of(st.text(max_size=30), st.sampled_from(SENTENCES)).filter(ordinary)
EMOTIONS = Taxonomy.parse_labels("anger|rage, joy, mixed feelings")
OTHERS = Taxonomy.parse_labels("pride, relief|joy")
MASKED = (
    *TEMPLATES.values(),
    "{text} emotion {mask}",
    "{text} : {mask}.",
    "{mask} {text}",
    "{mask}{mask} or {mask}, in tweet {text}",
    "feeling {mask}, after {text} so {mask} or not {mask}",
)
# Glued to the text, where a tokenizer may join the two; the encoder never does.
GLUED = ("“{text}” is {mask}!", "{text}: {mask}.", "({mask}): “{text}”")


def memo(kind, template=TEMPLATES["en"], window=WINDOW, **options) -> MemoEncoder:
    options = {"taxonomy": EMOTIONS, "template": template, **options}
    return MemoEncoder(TextPipeline(()), tokenizer_of(kind, window), **options)


def written(kind, template, text) -> str:
    return template.replace("{mask}", fast(kind).mask_token).replace("{text}", text)


@kinds
@settings(deadline=None, max_examples=60)
@given(sample=st.lists(texts, min_size=1, max_size=4), template=st.sampled_from(MASKED))
def test_a_batch_is_that_of_transformers(kind, sample, template):
    encoder = memo(kind, template, window=512)
    batch = encoder.batch(encoder.encode([[text] for text in sample]), np.arange(len(sample)))
    expected = fast(kind)(
        [written(kind, template, text) for text in sample], padding=True, return_tensors="np"
    )
    for name, values in expected.items():
        assert batch[name].tolist() == values.tolist(), name
    for row, places in zip(batch["input_ids"], batch["mask_positions"], strict=True):
        assert places.tolist() == np.flatnonzero(row == fast(kind).mask_token_id).tolist()
        assert len(places) == template.count("{mask}")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "xlm-roberta"])
@pytest.mark.parametrize("template", GLUED)
def test_punctuation_stays_where_the_template_has_it(kind, template):
    """No space is put before it, which a byte-level tokenizer would see."""
    encoder = memo(kind, template)
    batch = encoder.batch(encoder.encode([["such a day"]]), np.array([0]))
    expected = fast(kind)(written(kind, template, "such a day"))["input_ids"]
    assert batch["input_ids"][0].tolist() == expected


@kinds
@pytest.mark.parametrize("template", [*MASKED, *GLUED])
@pytest.mark.parametrize("truncation", ["start", "end"])
def test_the_text_alone_is_truncated(kind, template, truncation):
    """The tokens around the text are those of a short one; those inside, its first or last."""
    long = " ".join(SENTENCES)
    encoder = memo(kind, template, window=64, max_length=500, truncation=truncation)
    batch = encoder.batch(encoder.encode([[long], ["x"]]), np.arange(2))
    assert batch["input_ids"].shape == (2, 64)
    frame = encoder.prompt.frame
    start, end = len(frame.before), 64 - len(frame.after)
    (whole,) = tokenizer_of(kind).ids([f" {long}" if " {text}" in template else long])
    room = end - start
    kept = whole[:room] if truncation == "end" else whole[-room:]
    assert batch["input_ids"][0].tolist() == [*frame.before, *kept, *frame.after]
    short = batch["input_ids"][1][batch["attention_mask"][1]]
    assert short[:start].tolist() == list(frame.before)
    assert short[len(short) - len(frame.after) :].tolist() == list(frame.after)


@kinds
def test_a_max_length_counts_tokens_of_the_text(kind):
    encoder = memo(kind, max_length=3)
    encoded = encoder.encode([["such a long and lovely day"]])
    assert encoded.lengths.tolist() == [3]


@kinds
def test_turns_are_parted_by_the_separator(kind):
    tokenizer, encoder = tokenizer_of(kind), memo(kind)
    found = encoder.encode([["such a day", "why?"]]).values.tolist()
    first, second = tokenizer.ids([" such a day", " why?"])
    assert found == [*first, tokenizer.special_id("sep"), *second]


@kinds
@pytest.mark.parametrize("text", ["[MASK]", "<mask>", "{mask}", "{text}", "</s> [SEP]"])
def test_a_text_asks_nothing(kind, text):
    """A mask is only where the template has one, and braces of a text stay."""
    encoder = memo(kind)
    batch = encoder.batch(encoder.encode([[f"odd {text}"]]), np.array([0]))
    ids = batch["input_ids"][0].tolist()
    assert ids.count(fast(kind).mask_token_id) == 1
    plain = encoder.batch(encoder.encode([["odd"]]), np.array([0]))["input_ids"][0].tolist()
    assert ids.count(fast(kind).sep_token_id) == plain.count(fast(kind).sep_token_id)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "emotion {mask}",
        "{text}",
        "{mask} {text} {text}",
        "{mask}" * 9 + "{text}",
        "[MASK] {text}",
    ],
)
def test_templates_are_checked(template):
    with pytest.raises(InputError, match=r"template with one \{text\} and one to 8 \{mask\}"):
        check_template(template)


def test_masks_are_counted():
    assert [check_template(template) for template in TEMPLATES.values()] == [1] * len(TEMPLATES)
    assert check_template("{mask}" * 8 + "{text}") == 8


def test_templates_by_language():
    assert find_template("es").startswith("emoción {mask}")
    assert find_template("sw") == TEMPLATES["en"]


@pytest.mark.parametrize("open_labels", [False, True])
def test_the_template_goes_with_the_language_of_the_words(open_labels, tmp_path):
    english = Taxonomy.load("semeval2018")
    encoder = memo("bert", None, taxonomy=english, open_labels=open_labels)
    encoder.save(tmp_path)
    loaded = MemoEncoder.load(ModelFolder(tmp_path, {}, english, None, encoder.to_config()))
    for one in (encoder, loaded):
        assert one.sentence == TEMPLATES["en"]
        spanish = one.for_taxonomy(english.translated("es"))
        expected = memo("bert", TEMPLATES["es"], taxonomy=english.translated("es"))
        assert spanish.sentence == TEMPLATES["es"]
        assert spanish.encode([["qué día"]]).values.tolist() == [
            *expected.encode([["qué día"]]).values
        ]
        assert spanish.prompt == expected.prompt
        assert spanish.for_taxonomy(english).sentence == TEMPLATES["en"]
    own = memo("bert", "{text} {mask}", taxonomy=english, open_labels=open_labels)
    assert own.for_taxonomy(english.translated("es")).sentence == "{text} {mask}"


def test_a_tokenizer_without_mask_is_refused():
    inner = tokenizer_of("bert")
    tokenizer = TextTokenizer(inner.tokenizer, {"pad": "[PAD]", "sep": "[SEP]"}, WINDOW)
    encoder = MemoEncoder(TextPipeline(()), tokenizer, EMOTIONS)
    with pytest.raises(InputError, match="no mask token"):
        encoder.encode([["such a day"]])


def test_a_template_that_fills_the_window_is_refused():
    with pytest.raises(InputError, match=r"take \d+ of the 12 tokens"):
        memo("bert", window=12).encode([["such a day"]])


@kinds
def test_the_words_of_labels(kind):
    batch = memo(kind).batch(memo(kind).encode([["x"]]), np.array([0]))
    assert batch["word_labels"].tolist() == [0, 0, 1, 2]
    words = ("anger", "rage", "joy", "mixed feelings")
    for row, word in zip(batch["label_tokens"], words, strict=True):
        expected = fast(kind)(f" {word}", add_special_tokens=False)["input_ids"]
        assert row.tolist() == expected + [-1] * (len(row) - len(expected))
    assert (batch["label_tokens"] >= 0).any(axis=0).all(), "no wider than the longest word"


@kinds
@pytest.mark.parametrize("spelled", SPELLED)
def test_a_label_that_spells_a_special_token_is_text(kind, spelled):
    odd = Taxonomy("odd", (Label("odd", (spelled,)),))
    (tokens,), _ = memo(kind, taxonomy=odd).words
    special = {fast(kind).convert_tokens_to_ids(token) for token in SPELLED}
    assert not set(tokens.tolist()) & (special - {fast(kind).unk_token_id})


@pytest.mark.parametrize("word", ["\u0301", "รัก", "🦕"])
def test_a_word_that_vanishes_or_is_unknown_is_refused(word):
    odd = Taxonomy("odd", (Label("odd", (word,)),))
    encoder = memo("bert", taxonomy=odd, open_labels=True)
    with pytest.raises(InputError, match=f"makes nothing of the label word '{word}'"):
        encoder.batch(encoder.encode([["x"]]), np.array([0]))
    fixed = memo("bert", taxonomy=odd)
    fixed.batch(fixed.encode([["x"]]), np.array([0]))


def test_fixed_labels_stay():
    encoder = memo("bert")
    with pytest.raises(InputError, match=r"anger, joy, mixed feelings.*cannot score others"):
        encoder.for_taxonomy(OTHERS)
    spanish = Taxonomy("es", tuple(Label(name, ("ira",)) for name in EMOTIONS.names), "es")
    assert encoder.for_taxonomy(spanish).taxonomy == spanish, "the same labels in other words"


def test_open_labels_change():
    encoder = memo("bert", open_labels=True, max_length=5)
    other = encoder.for_taxonomy(OTHERS)
    assert (other.open_labels, other.max_length) == (True, 5)
    expected = memo("bert", taxonomy=OTHERS).words
    for found, wanted in zip(other.words, expected, strict=True):
        assert np.array_equal(found, wanted)


@kinds
@pytest.mark.parametrize("open_labels", [False, True])
def test_save_and_load(kind, open_labels, tmp_path):
    encoder = memo(
        kind,
        "{mask}: {text} so {mask}",
        max_length=9,
        truncation="start",
        open_labels=open_labels,
    )
    encoder.save(tmp_path)
    folder = ModelFolder(tmp_path, {}, EMOTIONS, None, encoder.to_config())
    loaded = MemoEncoder.load(folder)
    assert (loaded.template, loaded.open_labels) == (encoder.template, open_labels)
    conversations, rows = [[text] for text in SENTENCES], np.arange(len(SENTENCES))
    expected = encoder.batch(encoder.encode(conversations), rows)
    found = loaded.batch(loaded.encode(conversations), rows)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert np.array_equal(found[name], values), name


@pytest.mark.parametrize("template", ["", "no places", 3])
def test_a_description_that_was_edited(template, tmp_path):
    encoder = memo("bert")
    encoder.save(tmp_path)
    config = encoder.to_config() | {"template": template}
    with pytest.raises(InputError, match="template"):
        MemoEncoder.load(ModelFolder(tmp_path, {}, EMOTIONS, None, config))
