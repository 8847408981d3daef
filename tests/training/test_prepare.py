from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.model_selection import train_test_split

from emoscope.corpora.corpus import Corpus
from emoscope.embeddings.vocabulary import PAD, UNKNOWN
from emoscope.errors import InputError
from emoscope.models.nelec.encoder import BOUNDARY
from emoscope.models.nelec.family import make_nelec, make_nelec_family, make_vectors
from emoscope.recipes.schema import CorpusSection, MixSection
from emoscope.taxonomy import Taxonomy
from emoscope.text.emoji import is_emoji
from emoscope.training.data import Part
from emoscope.training.prepare import (
    Prepared,
    check_metric,
    load_corpora,
    load_test,
    prepare,
    split_by_language,
)
from tests.conftest import SIZE, UNSEEN


def table(path: Path, rows, header="text,label"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def tabular(**options):
    values = {"name": "tabular", "train": "train.csv", "dev": "dev.csv", "label": "label"}
    return CorpusSection.model_validate(values | options)


@pytest.fixture
def prepared(tiny_recipe, emocontext):
    return prepare(tiny_recipe(), emocontext)


def vectors_of(recipe):
    return make_vectors(recipe.vectors, recipe.seed)


def network(recipe, prepared):
    """A network whose vectors are at hand."""
    vocabulary = prepared.family.encoder.vocabulary
    return make_nelec(recipe, recipe.model, prepared.taxonomy, vocabulary, vectors_of(recipe))


def one_part(section, root):
    """The corpora of a section that has one part."""
    (train,), (dev,) = load_corpora(section, root)
    return train, dev


def test_the_vocabulary_knows_the_training_text_only(prepared, tiny_recipe):
    def types(corpus):
        texts = (prepared.family.encoder.pipeline(turns) for turns in corpus.turns)
        return {word for turns in texts for word in " ".join(turns).split()} - {BOUNDARY}

    train, dev = types(*prepared.train), types(*prepared.dev)
    assert dev - train, "the test needs words that only dev has"
    vocabulary = prepared.family.encoder.vocabulary
    assert set(vocabulary.words) == train
    assert set(vocabulary.extension) == set(vectors_of(tiny_recipe()).words) - train
    assert set(UNSEEN) <= set(vocabulary.extension)


def test_a_holdout_is_no_training_text(tiny_recipe, emocontext):
    whole = prepare(tiny_recipe(), emocontext)
    part = prepare(tiny_recipe("corpus.holdout.share=0.5"), emocontext)
    kept, held = set(part.train[0].ids), set(whole.train[0].ids) - set(part.train[0].ids)
    assert (len(kept), len(held)) == (SIZE // 2, SIZE // 2)

    def types(prepared):
        return set(prepared.family.encoder.vocabulary.words)

    assert types(part) < types(whole)


def test_the_holdout_is_the_split_of_scikit_learn(emocontext):
    section = CorpusSection.model_validate({"name": "emocontext", "holdout": {}})
    train, dev = one_part(section, emocontext)
    ids = [str(number) for number in range(SIZE)]
    expected, _ = train_test_split(ids, test_size=0.2, random_state=42)
    assert (len(train), len(dev)) == (48, SIZE)
    assert set(train.ids) == set(expected)
    assert train.ids == sorted(train.ids, key=int), "in the order of the corpus"


def test_labels_of_train_and_dev_must_be_the_same(tmp_path):
    table(tmp_path / "train.csv", ["good day,happy", "bad day,sad"])
    table(tmp_path / "dev.csv", ["good day,happy", "go away,angry"])
    with pytest.raises(InputError, match=r"dev\.csv, line 3, .*happy, sad.*angry.*taxonomy"):
        load_corpora(tabular(), tmp_path)
    train, dev = one_part(tabular(taxonomy="emocontext"), tmp_path)
    assert train.taxonomy.names == dev.taxonomy.names


@pytest.mark.parametrize("split", ["train", "dev"])
def test_unlabelled_examples_are_left_out_and_counted(tmp_path, split, caplog):
    for name in ("train", "dev"):
        blank = "what a day," if name == split else "what a day,sad"
        table(tmp_path / f"{name}.csv", ["good day,happy", blank, "bad day,sad"])
    section = tabular(taxonomy="emocontext", test=f"{split}.csv")
    train, dev = one_part(section, tmp_path)
    blank, whole = (train, dev) if split == "train" else (dev, train)
    assert (len(blank), len(whole)) == (2, 3)
    assert blank.turns == [["good day"], ["bad day"]]
    assert caplog.messages == [f"tabular {split}.csv: 1 of 3 texts left out, as unlabelled."]
    (test,) = load_test(section, tmp_path)
    assert test.turns == blank.turns
    table(tmp_path / f"{split}.csv", ["good day,", "bad day,"])
    with pytest.raises(InputError, match=f"tabular {split}.csv: expected texts labelled"):
        load_corpora(section, tmp_path)
    with pytest.raises(InputError, match=f"tabular {split}.csv: expected texts labelled"):
        load_test(section, tmp_path)


def test_a_holdout_needs_examples_to_keep(tmp_path):
    for name in ("train", "dev"):
        table(tmp_path / f"{name}.csv", ["good day,happy"])
    section = tabular(taxonomy="emocontext", holdout={"share": 0.2})
    with pytest.raises(InputError, match="holdout"):
        load_corpora(section, tmp_path)


def test_truncation_and_length_are_the_recipes(tiny_recipe, emocontext):
    recipe = tiny_recipe("text.max_length=3", "text.truncation=end")
    encoder = prepare(recipe, emocontext).family.encoder
    assert encoder.read_words(["one two", "three four"]) == ["one", "two", BOUNDARY]


def test_coverage_is_of_the_training_text(prepared, tiny_recipe):
    """The boundary is no word, and so not counted."""
    facts = prepared.family.facts["coverage"]
    vocabulary, static = prepared.family.encoder.vocabulary, vectors_of(tiny_recipe())
    assert facts["types"] == 48 / len(vocabulary.words)
    counts = dict(zip(vocabulary.words, vocabulary.counts, strict=True))
    assert BOUNDARY not in counts
    known = sum(count for word, count in counts.items() if word in static)
    assert facts["tokens"] == known / sum(counts.values())
    assert any(line.startswith("Vectors know") for line in prepared.family.notes)


def test_encoded_rows_are_in_the_corpus_order(prepared):
    (dev,) = prepared.dev
    (part,) = prepared.encode(prepared.dev)
    assert np.array_equal(part.labels, dev.labels)
    encoder = prepared.family.encoder
    assert part.encoder is encoder
    expected = encoder.vocabulary.ids(encoder.read_words(dev.turns[5]))
    batch = encoder.batch(part.encoded, np.array([5]))
    assert batch["input_ids"][0].tolist() == expected
    assert prepared.train_set[5]["input_ids"].shape[0] == 1
    assert prepared.train_set.parts[0].corpus is prepared.train[0]


def test_rows_of_the_network_are_the_vectors(prepared, tiny_recipe):
    vocabulary = prepared.family.encoder.vocabulary
    static = vectors_of(tiny_recipe())
    model = prepared.family.make_model()
    rows = model.embedding.words.weight.detach().numpy()
    known = [word for word in vocabulary.words if word in static]
    assert len(known) == 48
    vectors, _ = static.lookup(known)
    assert np.array_equal(rows[vocabulary.ids(known)], vectors)
    assert not rows[PAD].any()
    unknown = [UNKNOWN, *vocabulary.ids(set(vocabulary.words) - set(known))]
    assert rows[unknown].any(axis=1).all(), "drawn at random"
    extension = model.embedding.extension.numpy()
    expected, _ = static.lookup(vocabulary.extension)
    assert np.array_equal(extension, expected.astype(np.float16))
    assert extension.shape == (2, 8)


def test_unknown_rows_may_be_zeros_and_the_extension_empty(emocontext, tiny_recipe):
    recipe = tiny_recipe("vectors.unknown=zeros", "vectors.extension=0")
    prepared = prepare(recipe, emocontext)
    model = prepared.family.make_model()
    vocabulary, static = prepared.family.encoder.vocabulary, vectors_of(recipe)
    unknown = vocabulary.ids(word for word in vocabulary.words if word not in static)
    assert unknown
    assert not model.embedding.words.weight[unknown].any()
    assert len(model.embedding.extension) == 0


def test_the_network_is_the_recipes(prepared, tiny_recipe):
    model = network(tiny_recipe("model.pooled_turns=2", "model.attention=additive"), prepared)
    config = model.config
    assert config.id2label == {0: "others", 1: "happy", 2: "sad", 3: "angry"}
    assert config.label2id == {"others": 0, "happy": 1, "sad": 2, "angry": 3}
    assert config.boundary_token_id != UNKNOWN
    assert [config.boundary_token_id] == prepared.family.encoder.vocabulary.ids([BOUNDARY])
    assert (config.pooled_turns, config.attention, config.hidden_size) == (2, "additive", 4)


def test_weights_come_from_torchs_generator(prepared):
    def weights(seed):
        torch.manual_seed(seed)
        return prepared.family.make_model().classifier.weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_emoji_get_learned_vectors(tiny_recipe, emocontext, tmp_path):
    rng = np.random.default_rng(0)
    words = ["face", "tears", "joy", "loudly", "crying", "smiling", "heart", "angry", "broken"]
    lines = [f"{word} {' '.join(map(str, rng.normal(size=8)))}\n" for word in words]
    path = tmp_path / "words.txt"
    path.write_text("".join(lines), encoding="utf-8")
    recipe = tiny_recipe(f"vectors.words={path}", "vectors.emoji=learned")
    prepared = prepare(recipe, emocontext)
    vocabulary, static = prepared.family.encoder.vocabulary, vectors_of(recipe)
    learned = [word for word in vocabulary.words if word in static and word not in words]
    assert learned
    assert all(map(is_emoji, learned))
    rows = prepared.family.make_model().embedding.words.weight[vocabulary.ids(learned)]
    assert np.array_equal(rows.detach().numpy(), static.lookup(learned)[0])


def test_emoji_vectors_of_a_file(tiny_recipe, tmp_path):
    path = tmp_path / "emoji.txt"
    path.write_text("😂 " + " ".join(["0.5"] * 8) + "\n", encoding="utf-8")
    vectors = make_vectors(tiny_recipe(f"vectors.emoji={path}").vectors, seed=0)
    assert vectors.lookup(["😂"])[0].tolist() == [[0.5] * 8]
    missing = tiny_recipe(f"vectors.emoji={tmp_path / 'none.txt'}").vectors
    with pytest.raises(InputError, match=r"none\.txt"):
        make_vectors(missing, seed=0)


def several(name, taxonomy, languages):
    ids = [f"{name}{number}" for number in range(len(languages))]
    turns = [["some text"]] * len(ids)
    values = np.eye(len(taxonomy))[np.arange(len(ids)) % len(taxonomy)]
    return Corpus.from_rows(name, taxonomy, ids, turns, values, languages)


PAIR = Taxonomy.load("joy, fear")
TRIPLE = Taxonomy.load("fear, awe, joy")


def test_a_corpus_is_parted_by_language():
    corpus = several("mine", PAIR, ["en", "fr", "en", "fr"])
    english, french = split_by_language(corpus, None)
    assert (english.ids, french.ids) == (["mine0", "mine2"], ["mine1", "mine3"])
    assert english.taxonomy == french.taxonomy == PAIR


def test_labels_are_shown_in_the_words_asked_for():
    plutchik = Taxonomy.load("semeval2018")
    corpus = several("mine", plutchik, ["en", "esp", "en"])
    english, spanish = split_by_language(corpus, "own")
    assert english.taxonomy == plutchik
    assert spanish.taxonomy == plutchik.translated("es")
    assert spanish.taxonomy.names == plutchik.names
    assert [part.taxonomy.language for part in split_by_language(corpus, "es")] == ["es", "es"]


class Plain:
    """An encoder that remembers whose labels it asks for."""

    def __init__(self, taxonomy):
        self.taxonomy = taxonomy

    def for_taxonomy(self, taxonomy):
        return Plain(taxonomy)


def test_each_part_has_an_encoder_for_its_labels():
    first, second = several("a", PAIR, ["en"]), several("b", TRIPLE, ["en"])
    encoder = Plain(PAIR)
    prepared = Prepared((first, second), (), SimpleNamespace(encoder=encoder, reads_labels=True))
    one, other = prepared.encode(prepared.train)
    assert isinstance(one, Part)
    assert one.encoder is encoder
    assert other.encoder.taxonomy == TRIPLE
    assert (one.corpus, other.corpus) == (first, second)
    assert prepared.taxonomy == PAIR


def test_a_smaller_file_may_lack_labels_of_the_training_texts(tmp_path, tiny_recipe):
    """Its labels are looked for, and a model of fixed labels can be measured on it."""
    table(tmp_path / "train.csv", ["good day,happy", "bad day,sad", "go away,angry"] * 4)
    table(tmp_path / "dev.csv", ["good day,happy", "bad day,sad"])
    table(tmp_path / "test.csv", ["good day,happy"])
    recipe = tiny_recipe().model_copy(update={"corpus": tabular(test="test.csv")})
    prepared = prepare(recipe, tmp_path)
    parts = (*prepared.dev, *prepared.test)
    assert [part.taxonomy.names for part in parts] == [("angry", "happy", "sad")] * 2
    assert all(part.encoder is prepared.family.encoder for part in prepared.test_set)


def test_labels_that_a_model_cannot_score_are_found_before_it_is_trained(tmp_path, tiny_recipe):
    table(tmp_path / "train.csv", ["good day,happy", "bad day,sad"])
    table(tmp_path / "dev.csv", ["good day,happy", "bad day,sad"])
    (tmp_path / "other").mkdir()
    table(tmp_path / "other" / "test.csv", ["good day,calm", "bad day,tense"])
    further = tabular(folder="other", train=None, dev=None, test="test.csv")
    mixed = MixSection(corpora=(further,))
    recipe = tiny_recipe().model_copy(update={"corpus": tabular(), "mix": mixed})
    with pytest.raises(
        InputError, match=r"learns one of happy, sad, .* one of calm, tense: .*Demux"
    ):
        prepare(recipe, tmp_path)


def test_values_of_the_parts_come_together_by_the_names_of_their_labels():
    dev = several("a", PAIR, ["en"] * 2), several("b", TRIPLE, ["en"])
    prepared = Prepared(dev[:1], dev, None)
    found = prepared.of_model([np.array([[1, 2], [3, 4]]), np.array([[5, 6, 7]])])
    assert found.tolist() == [[1, 2], [3, 4], [7, 5]]
    prepared = Prepared(dev[1:], dev, None)
    found = prepared.of_model([np.array([[1, 2], [3, 4]]), np.array([[5, 6, 7]])])
    assert np.array_equal(found, [[2, np.nan, 1], [4, np.nan, 3], [5, 6, 7]], equal_nan=True)


def test_nelec_learns_one_set_of_labels(tiny_recipe, emocontext):
    recipe = tiny_recipe()
    with pytest.raises(InputError, match="NELEC learns a fixed set of labels"):
        make_nelec_family(recipe, [several("a", PAIR, ["en"]), several("b", TRIPLE, ["en"])])
    pooled = tiny_recipe("model.pooled_turns=2")
    with pytest.raises(InputError, match=r"no text has a <eos>.*model\.pooled_turns=0"):
        make_nelec_family(pooled, [several("a", PAIR, ["en"])])
    both = make_nelec_family(recipe, [several("a", PAIR, ["en"]), several("b", PAIR, ["fr"])])
    assert set(both.encoder.vocabulary.words) == {"some", "text"}
    assert list(both.encoder.vocabulary.counts) == [2, 2]


@pytest.mark.parametrize("metric", ["loss", "micro_f1", "joy_f1", "half_macro_f1", "awe_f1"])
def test_metrics_that_there_are(metric):
    check_metric(metric, [several("a", PAIR, ["en"]), several("b", TRIPLE, ["en"])])


def test_metrics_that_there_are_not():
    parts = [several("a", PAIR, ["en"]), several("b", TRIPLE, ["fr"])]
    for metric in ("trust_f1", "es_macro_f1", "en_joy_f1"):
        with pytest.raises(InputError, match=r"training\.metric: expected one of loss, micro_f1"):
            check_metric(metric, parts)
    with pytest.raises(InputError, match=r"training\.metric"):
        check_metric("en_macro_f1", parts[:1])
    exclusive = several("c", Taxonomy.load("emocontext"), ["en"])
    check_metric("sad_f1", [exclusive])
    # Labels that exclude each other are not cut at a threshold.
    with pytest.raises(InputError, match=r"training\.metric"):
        check_metric("half_sad_f1", [exclusive])


def test_further_corpora_are_further_parts(tiny_recipe, tmp_path, emocontext):
    for name in ("train", "dev"):
        table(tmp_path / f"{name}.csv", ["good day,happy", "bad day,sad"])
        (tmp_path / f"{name}.txt").write_bytes((emocontext / f"{name}.txt").read_bytes())
    more = "{name: tabular, train: train.csv, dev: dev.csv, label: label, taxonomy: emocontext}"
    prepared = prepare(tiny_recipe(f"mix.corpora=[{more}]", "prior.target=none"), tmp_path)
    assert [len(one) for one in prepared.train] == [SIZE, 2]
    assert [len(one) for one in prepared.dev] == [SIZE, 2]
    assert len(prepared.train_set) == SIZE + 2
    assert [part.encoder for part in prepared.dev_set] == [prepared.family.encoder] * 2
