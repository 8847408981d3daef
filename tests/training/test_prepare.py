from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.model_selection import train_test_split

from emoscope.embeddings.vocabulary import PAD, UNKNOWN
from emoscope.encoding.plain import BOUNDARY
from emoscope.errors import InputError
from emoscope.recipes.schema import CorpusSection
from emoscope.text.emoji import is_emoji
from emoscope.training.prepare import load_corpora, make_model, make_vectors, prepare
from tests.conftest import SIZE, UNSEEN


def table(path: Path, rows, header="text,label"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def tabular(**options):
    values = {"name": "tabular", "train": "train.csv", "dev": "dev.csv", "label": "label"}
    return CorpusSection.model_validate(values | options)


@pytest.fixture
def prepared(tiny_recipe, emocontext):
    return prepare(tiny_recipe(), emocontext)


def test_the_vocabulary_knows_the_training_text_only(prepared):
    def types(corpus):
        texts = (prepared.encoder.pipeline(turns) for turns in corpus.turns)
        return {word for turns in texts for word in " ".join(turns).split()} - {BOUNDARY}

    train, dev = types(prepared.train), types(prepared.dev)
    assert dev - train, "the test needs words that only dev has"
    assert set(prepared.encoder.vocabulary.words) == train
    assert set(prepared.encoder.vocabulary.extension) == set(prepared.vectors.words) - train
    assert set(UNSEEN) <= set(prepared.encoder.vocabulary.extension)


def test_a_holdout_is_no_training_text(tiny_recipe, emocontext):
    whole = prepare(tiny_recipe(), emocontext)
    part = prepare(tiny_recipe("corpus.holdout.share=0.5"), emocontext)
    kept, held = set(part.train.ids), set(whole.train.ids) - set(part.train.ids)
    assert (len(kept), len(held)) == (SIZE // 2, SIZE // 2)

    def types(prepared):
        return set(prepared.encoder.vocabulary.words)

    assert types(part) < types(whole)


def test_the_holdout_is_the_split_of_scikit_learn(emocontext):
    section = CorpusSection.model_validate({"name": "emocontext", "holdout": {}})
    train, dev = load_corpora(section, emocontext)
    ids = [str(number) for number in range(SIZE)]
    expected, _ = train_test_split(ids, test_size=0.2, random_state=42)
    assert (len(train), len(dev)) == (48, SIZE)
    assert set(train.ids) == set(expected)
    assert train.ids == sorted(train.ids, key=int), "in the order of the corpus"


def test_labels_of_train_and_dev_must_be_the_same(tmp_path):
    table(tmp_path / "train.csv", ["good day,happy", "bad day,sad"])
    table(tmp_path / "dev.csv", ["good day,happy", "go away,angry"])
    with pytest.raises(InputError, match=r"train\.csv .*sad.* and dev\.csv .*angry.* differ"):
        load_corpora(tabular(), tmp_path)
    train, dev = load_corpora(tabular(taxonomy="emocontext"), tmp_path)
    assert train.taxonomy.names == dev.taxonomy.names


@pytest.mark.parametrize("split", ["train", "dev"])
def test_unlabelled_examples_are_no_training(tmp_path, split):
    for name in ("train", "dev"):
        blank = "what a day," if name == split else "what a day,sad"
        table(tmp_path / f"{name}.csv", ["good day,happy", blank])
    with pytest.raises(InputError, match=f"tabular {split}.csv: training needs labelled"):
        load_corpora(tabular(taxonomy="emocontext"), tmp_path)


def test_a_holdout_needs_examples_to_keep(tmp_path):
    for name in ("train", "dev"):
        table(tmp_path / f"{name}.csv", ["good day,happy"])
    section = tabular(taxonomy="emocontext", holdout={"share": 0.2})
    with pytest.raises(InputError, match="holdout"):
        load_corpora(section, tmp_path)


def test_truncation_and_length_are_the_recipes(tiny_recipe, emocontext):
    recipe = tiny_recipe("text.max_length=3", "text.truncation=end")
    encoder = prepare(recipe, emocontext).encoder
    assert encoder.words(["one two", "three four"]) == ["one", "two", BOUNDARY]


def test_coverage_is_of_the_training_text(prepared):
    assert prepared.coverage.types.known == 48
    vocabulary = prepared.encoder.vocabulary
    assert prepared.coverage.types.total == len(vocabulary.words), "the boundary is no word"
    assert prepared.coverage.tokens.total == sum(vocabulary.counts)


def test_encoded_rows_are_in_the_corpus_order(prepared):
    encoded = prepared.encode(prepared.dev)
    assert np.array_equal(encoded.labels, prepared.dev.labels)
    words = prepared.encoder.words(prepared.dev.turns[5])
    expected = prepared.encoder.vocabulary.ids(words)
    assert encoded[5]["input_ids"][0].tolist() == expected


def test_rows_of_the_network_are_the_vectors(prepared, tiny_recipe):
    vocabulary = prepared.encoder.vocabulary
    model = make_model(tiny_recipe(), prepared)
    rows = model.embedding.words.weight.detach().numpy()
    known = [word for word in vocabulary.words if word in prepared.vectors]
    assert len(known) == 48
    vectors, _ = prepared.vectors.lookup(known)
    assert np.array_equal(rows[vocabulary.ids(known)], vectors)
    assert not rows[PAD].any()
    unknown = [UNKNOWN, *vocabulary.ids(set(vocabulary.words) - set(known))]
    assert rows[unknown].any(axis=1).all(), "drawn at random"
    extension = model.embedding.extension.numpy()
    expected, _ = prepared.vectors.lookup(vocabulary.extension)
    assert np.array_equal(extension, expected.astype(np.float16))
    assert extension.shape == (2, 8)


def test_unknown_rows_may_be_zeros_and_the_extension_empty(emocontext, tiny_recipe):
    recipe = tiny_recipe("vectors.unknown=zeros", "vectors.extension=0")
    prepared = prepare(recipe, emocontext)
    model = make_model(recipe, prepared)
    vocabulary = prepared.encoder.vocabulary
    unknown = vocabulary.ids(word for word in vocabulary.words if word not in prepared.vectors)
    assert unknown
    assert not model.embedding.words.weight[unknown].any()
    assert len(model.embedding.extension) == 0


def test_the_network_is_the_recipes(prepared, tiny_recipe):
    model = make_model(tiny_recipe("model.pooled_turns=2", "model.attention=additive"), prepared)
    config = model.config
    assert config.id2label == {0: "others", 1: "happy", 2: "sad", 3: "angry"}
    assert config.label2id == {"others": 0, "happy": 1, "sad": 2, "angry": 3}
    assert config.boundary_token_id == prepared.encoder.vocabulary.ids([BOUNDARY])[0] != UNKNOWN
    assert (config.pooled_turns, config.attention, config.hidden_size) == (2, "additive", 4)


def test_weights_come_from_torchs_generator(prepared, tiny_recipe):
    def weights(seed):
        torch.manual_seed(seed)
        return make_model(tiny_recipe(), prepared).classifier.weight

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
    learned = [
        word
        for word in prepared.encoder.vocabulary.words
        if word in prepared.vectors and word not in words
    ]
    assert learned
    assert all(map(is_emoji, learned))
    model = make_model(recipe, prepared)
    rows = model.embedding.words.weight[prepared.encoder.vocabulary.ids(learned)]
    assert np.array_equal(rows.detach().numpy(), prepared.vectors.lookup(learned)[0])


def test_emoji_vectors_of_a_file(tiny_recipe, tmp_path):
    path = tmp_path / "emoji.txt"
    path.write_text("😂 " + " ".join(["0.5"] * 8) + "\n", encoding="utf-8")
    vectors = make_vectors(tiny_recipe(f"vectors.emoji={path}").vectors, seed=0)
    assert vectors.lookup(["😂"])[0].tolist() == [[0.5] * 8]
    missing = tiny_recipe(f"vectors.emoji={tmp_path / 'none.txt'}").vectors
    with pytest.raises(InputError, match=r"none\.txt"):
        make_vectors(missing, seed=0)
