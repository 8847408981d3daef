import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.embeddings import (
    Coverage,
    Share,
    Vocabulary,
    WordVectors,
    coverage,
    embedding_matrix,
)
from emoscope.errors import InputError

DOCUMENTS = [
    ["so", "glad", "😂", "<eos>", "so", "odd"],
    ["glad", "so", "rare", "<eos>", "😂", "brandnew"],
]
VECTORS = WordVectors(
    "tiny",
    ("the", "so", "glad", "rare", "<eos>", "<unk>", "sad", "😂", "<pad>"),
    np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32),
)

token = st.text(st.sampled_from('ab😂é \n"\\\u2028'), min_size=1, max_size=3)
documents = st.lists(st.lists(token, max_size=8), max_size=8)


def test_ids_are_specials_then_types_by_frequency_then_extension():
    vocabulary = Vocabulary.fit(DOCUMENTS, vectors=VECTORS)
    assert vocabulary.specials == ("<pad>", "<unk>", "<eos>")
    assert vocabulary.words == ("so", "glad", "😂", "odd", "rare", "brandnew")
    assert vocabulary.counts == (3, 2, 2, 1, 1, 1)
    assert vocabulary.extension == ("the", "sad")
    assert (vocabulary.size, vocabulary.extension_size, len(vocabulary)) == (9, 2, 11)
    assert vocabulary.tokens[9] == "the"
    assert vocabulary.ids(["so", "<eos>", "the", "nowhere", "sad"]) == [3, 2, 9, 1, 10]
    assert "sad" in vocabulary
    assert "nowhere" not in vocabulary


def test_the_token_pad_of_a_text_is_unknown():
    vocabulary = Vocabulary.fit(DOCUMENTS)
    assert vocabulary.ids(["<pad>", "<unk>"]) == [1, 1]
    assert "<pad>" not in vocabulary


def test_min_count_spares_types_with_a_vector():
    vocabulary = Vocabulary.fit(DOCUMENTS, vectors=VECTORS, min_count=2)
    assert vocabulary.words == ("so", "glad", "😂", "rare")
    assert Vocabulary.fit(DOCUMENTS, min_count=2).words == ("so", "glad", "😂")


def test_types_cut_by_max_size_go_to_the_extension_if_they_have_a_vector():
    vocabulary = Vocabulary.fit(DOCUMENTS, vectors=VECTORS, max_size=2)
    assert vocabulary.words == ("so", "glad")
    assert vocabulary.extension == ("the", "rare", "sad", "😂")
    assert vocabulary.ids(["odd", "rare"]) == [1, 6]


@pytest.mark.parametrize(
    ("extension", "expected"),
    [(None, ("the", "sad")), (0, ()), (1, ("the",)), (2, ("the", "sad")), (9, ("the", "sad"))],
)
def test_extension_takes_the_first_words_of_the_vectors(extension, expected):
    assert Vocabulary.fit(DOCUMENTS, vectors=VECTORS, extension=extension).extension == expected


def test_without_vectors_there_is_no_extension():
    assert Vocabulary.fit(DOCUMENTS).extension == ()


def test_other_special_tokens():
    vocabulary = Vocabulary.fit([["a", "<x>", "<eos>"]], specials=("<x>", "<y>"))
    assert vocabulary.tokens == ("<pad>", "<unk>", "<x>", "<y>", "a", "<eos>")


def test_half_a_surrogate_pair_is_unknown(tmp_path):
    vocabulary = Vocabulary.fit([["a", "\ud83d", "\ud83d"]])
    assert vocabulary.words == ("a",)
    assert vocabulary.ids(["\ud83d"]) == [1]
    vocabulary.save(tmp_path / "vocabulary.json")


@settings(deadline=None)
@given(
    documents,
    st.sets(token),
    st.integers(1, 6),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(0, 3)),
)
def test_fit_agrees_with_a_counter(texts, known, max_size, min_count, extension):
    names = tuple(sorted(known))
    vectors = WordVectors("v", names, np.zeros((len(names), 2), dtype=np.float32))
    vocabulary = Vocabulary.fit(
        texts, vectors=vectors, max_size=max_size, min_count=min_count, extension=extension
    )
    counts = Counter()
    for text in texts:
        for word in text:
            counts[word] += 1
    expected = [(word, n) for word, n in counts.most_common() if n >= min_count or word in known][
        :max_size
    ]
    assert list(zip(vocabulary.words, vocabulary.counts, strict=True)) == expected
    further = [word for word in names if word not in dict(expected)]
    assert list(vocabulary.extension) == further[:extension]


@settings(deadline=None)
@given(documents, st.lists(token))
def test_ids_are_in_range_and_inverse_to_tokens(texts, text):
    vocabulary = Vocabulary.fit(texts, vectors=VECTORS)
    ids = vocabulary.ids(text)
    assert len(ids) == len(text)
    for word, i in zip(text, ids, strict=True):
        assert 1 <= i < len(vocabulary)
        assert vocabulary.tokens[i] == word if word in vocabulary else i == 1
    encoded = vocabulary.encode(text)
    assert encoded.dtype == np.int64
    assert encoded.tolist() == ids
    for word in {word for text in texts for word in text}:
        assert vocabulary.ids([word])[0] < vocabulary.size


@settings(deadline=None)
@given(documents)
def test_save_and_load_round_trip(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.json"
    vocabulary = Vocabulary.fit(texts, vectors=VECTORS)
    vocabulary.save(path)
    loaded = Vocabulary.load(path)
    assert loaded == vocabulary
    assert loaded.ids(vocabulary.tokens) == vocabulary.ids(vocabulary.tokens)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_file_is_readable_utf8(tmp_path):
    Vocabulary.fit(DOCUMENTS).save(tmp_path / "vocabulary.json")
    assert '"😂"' in (tmp_path / "vocabulary.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "expected a vocabulary in the format"),
        ({"words": "so glad"}, "'words' to be a list of str"),
        ({"words": ["so", 1]}, "'words' to be a list of str"),
        ({"extension": None}, "'extension' to be a list of str"),
        ({"counts": [2, "1"]}, "'counts' to be a list of int"),
        ({"counts": [2, True]}, "'counts' to be a list of int"),
        ({"counts": [2, 0]}, "at least 1"),
        ({"counts": [2]}, "a count for each of the 2 trained words, got 1"),
        ({"extension": ["new", "so"]}, "'so' comes more than once"),
        ({"specials": ["<unk>", "<pad>"]}, "first two special tokens"),
        ({"specials": []}, "first two special tokens"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, change, message):
    good = {
        "format": "emoscope-vocabulary-1",
        "specials": ["<pad>", "<unk>"],
        "words": ["so", "glad"],
        "counts": [2, 1],
        "extension": ["new"],
    }
    path = tmp_path / "vocabulary.json"
    path.write_text(json.dumps(good))
    assert len(Vocabulary.load(path)) == 5
    path.write_text(json.dumps(good | change))
    with pytest.raises(InputError, match=message) as error:
        Vocabulary.load(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"null", b"[" * 100_000])
def test_a_file_that_is_no_vocabulary(tmp_path, content):
    path = tmp_path / "vocabulary.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected a vocabulary in"):
        Vocabulary.load(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="no vocabulary here"):
        Vocabulary.load(tmp_path / "vocabulary.json")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_size": 0}, "max_size must be at least 1, got 0"),
        ({"min_count": 0}, "min_count must be at least 1, got 0"),
        ({"extension": -1}, "extension must be at least 0, got -1"),
        ({"specials": ("<eos>", "<eos>")}, "'<eos>' comes more than once"),
        ({"specials": ("<pad>",)}, "'<pad>' comes more than once"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(InputError, match=message):
        Vocabulary.fit(DOCUMENTS, **options)


def test_texts_in_place_of_tokens_are_refused():
    with pytest.raises(InputError, match="got the text 'so glad'"):
        Vocabulary.fit(["so glad"])


def test_rows_of_the_embedding_matrix():
    vocabulary = Vocabulary.fit(DOCUMENTS, vectors=VECTORS)
    trained, extension = embedding_matrix(vocabulary, VECTORS, seed=1)
    assert trained.shape == (vocabulary.size, 4)
    assert trained.dtype == extension.dtype == np.float32
    assert not trained[0].any()
    for i, word in enumerate(vocabulary.tokens[1 : vocabulary.size], start=1):
        if word in VECTORS:
            np.testing.assert_array_equal(trained[i], VECTORS.matrix[VECTORS.index(word)])
        else:
            assert trained[i].all()
    np.testing.assert_array_equal(extension, VECTORS.matrix[[0, 6]])


def test_unknown_rows_are_drawn_by_the_seed():
    vocabulary = Vocabulary.fit(DOCUMENTS, vectors=VECTORS)
    first, again, other = (embedding_matrix(vocabulary, VECTORS, seed=s)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    unknown = vocabulary.ids(["odd", "brandnew"])
    assert (first[unknown] != other[unknown]).all()
    known = vocabulary.ids(["so", "glad", "😂", "rare"])
    np.testing.assert_array_equal(first[known], other[known])


def test_unknown_rows_have_the_spread_of_the_vectors(monkeypatch):
    monkeypatch.setattr("emoscope.embeddings.vocabulary._BLOCK_ROWS", 2)
    vectors = WordVectors("v", ("a", "b", "c"), np.float32([[9, 9], [9, 15], [3, 9]]))
    vocabulary = Vocabulary.fit([[f"w{i}" for i in range(4000)]], vectors=vectors)
    trained, _ = embedding_matrix(vocabulary, vectors, seed=0)
    assert not trained[0].any()
    assert trained[3:].mean() == pytest.approx(0, abs=0.15)
    assert trained[3:].std() == pytest.approx(float(vectors.matrix.std()), rel=0.03)


def test_unknown_rows_may_be_zeros():
    vocabulary = Vocabulary.fit([["odd", "so"]], vectors=VECTORS, specials=("<x>",))
    trained, _ = embedding_matrix(vocabulary, VECTORS, seed=1, unknown="zeros")
    assert not trained[vocabulary.ids(["odd", "<x>"])].any()
    assert trained[vocabulary.ids(["so"])].all()
    with pytest.raises(InputError, match="'normal' or 'zeros', got 'ones'"):
        embedding_matrix(vocabulary, VECTORS, seed=1, unknown="ones")


def test_the_extension_needs_its_vectors():
    vocabulary = Vocabulary.fit(DOCUMENTS, vectors=VECTORS)
    other = WordVectors("other", ("the",), np.ones((1, 4), dtype=np.float32))
    with pytest.raises(InputError, match=r"1 of the 2 words.*'other', 'sad' for one"):
        embedding_matrix(vocabulary, other, seed=0)


def test_coverage_counts_types_tokens_and_emoji():
    texts = [*DOCUMENTS, ["🙈", "odd"]]
    expected = Coverage(
        types=Share(4, 7),
        tokens=Share(8, 12),
        emoji_types=Share(1, 2),
        emoji_tokens=Share(2, 3),
        unknown=(("odd", 2), ("brandnew", 1), ("🙈", 1)),
    )
    counts = Counter(word for text in texts for word in text if word != "<eos>")
    assert coverage(counts, VECTORS) == expected
    assert coverage(Vocabulary.fit(texts, vectors=VECTORS), VECTORS) == expected
    assert coverage(counts, VECTORS, top=1).unknown == (("odd", 2),)
    assert expected.types.value == pytest.approx(4 / 7)


def test_coverage_of_nothing_lacks_nothing():
    nothing = coverage({}, VECTORS)
    assert nothing.types == Share(0, 0)
    assert nothing.emoji_tokens.value == 1


@settings(deadline=None)
@given(st.dictionaries(token, st.integers(1, 9)))
def test_coverage_is_a_share(counts):
    covered = coverage(counts, VECTORS)
    for share in (covered.types, covered.tokens, covered.emoji_types, covered.emoji_tokens):
        assert 0 <= share.known <= share.total
        assert 0 <= share.value <= 1
    assert len(covered.unknown) == min(covered.types.total - covered.types.known, 20)
