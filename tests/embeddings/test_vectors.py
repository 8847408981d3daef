import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emoscope.embeddings import WordVectors, load_vectors, save_vectors
from emoscope.errors import InputError
from tests.embeddings.conftest import MATRIX, WORDS


def text_of(words, matrix, header=False):
    lines = [f"{len(words)} {matrix.shape[1]}"] if header else []
    for word, row in zip(words, matrix, strict=True):
        lines.append(" ".join([word, *(repr(float(value)) for value in row)]))
    return "\n".join(lines) + "\n"


def binary_of(words, matrix):
    parts = [f"{len(words)} {matrix.shape[1]}\n".encode()]
    for word, row in zip(words, matrix, strict=True):
        parts.append(word.encode() + b" " + row.astype("<f4").tobytes() + b"\n")
    return b"".join(parts)


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def assert_same(vectors, words=WORDS, matrix=MATRIX):
    assert vectors.words == tuple(words)
    assert vectors.matrix.dtype == np.float32
    np.testing.assert_array_equal(vectors.matrix, matrix)


def test_lookup_marks_unknown_words_and_gives_a_copy(vectors):
    found, known = vectors.lookup(["glad", "nowhere", "the", "glad"])
    assert known.tolist() == [True, False, True, True]
    np.testing.assert_array_equal(found, [MATRIX[2], np.zeros(3), MATRIX[0], MATRIX[2]])
    found[:] = 99
    np.testing.assert_array_equal(vectors.matrix, MATRIX)


def test_lookup_of_nothing_has_the_right_shape(vectors):
    found, known = vectors.lookup([])
    assert found.shape == (0, 3)
    assert known.shape == (0,)


def test_words_are_found_by_row(vectors):
    assert (vectors.index("glad"), vectors.index("nowhere")) == (2, None)
    assert "😂" in vectors
    assert "nowhere" not in vectors
    assert (len(vectors), vectors.dimension) == (5, 3)
    assert repr(vectors) == "WordVectors(name='tiny', words=5, dimension=3)"


def test_the_matrix_is_read_only_but_the_callers_array_is_not():
    own = MATRIX.copy()
    vectors = WordVectors("tiny", WORDS, own)
    with pytest.raises(ValueError, match="read-only"):
        vectors.matrix[0, 0] = 1
    own[0, 0] = 1


def test_words_and_rows_must_match():
    with pytest.raises(InputError, match=r"shape \(4, dimension\).*\(5, 3\)"):
        WordVectors("tiny", WORDS[:4], MATRIX)
    with pytest.raises(InputError, match="'of' comes more than once"):
        WordVectors("tiny", ("a", "of", "b", "of", "c"), MATRIX)


def test_merged_replaces_and_adds(vectors):
    other = WordVectors("more", ("new", "of", "newer"), -MATRIX[:3])
    merged = vectors.merged(other)
    assert merged.words == (*WORDS, "new", "newer")
    expected = np.concatenate([MATRIX, -MATRIX[[0, 2]]])
    expected[1] = -MATRIX[1]
    np.testing.assert_array_equal(merged.matrix, expected)
    np.testing.assert_array_equal(vectors.matrix, MATRIX)


def test_merged_needs_one_dimension(vectors):
    with pytest.raises(InputError, match="'tiny' have 3 dimensions and 'flat' have 2"):
        vectors.merged(WordVectors("flat", ("a",), np.ones((1, 2), dtype=np.float32)))


@settings(deadline=None)
@given(
    ours=st.lists(st.sampled_from("abcdef"), unique=True),
    theirs=st.lists(st.sampled_from("defghi"), unique=True),
)
def test_merged_agrees_with_a_dictionary(ours, theirs):
    left = {word: [i, 1.0] for i, word in enumerate(ours)}
    right = {word: [i, 2.0] for i, word in enumerate(theirs)}
    merged = WordVectors("l", tuple(left), rows(left)).merged(
        WordVectors("r", tuple(right), rows(right))
    )
    expected = left | right
    assert merged.words == tuple(expected)
    np.testing.assert_array_equal(merged.matrix, rows(expected))


def rows(table):
    return np.array(list(table.values()), dtype=np.float32).reshape(len(table), 2)


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "V.TXT"])
@pytest.mark.parametrize("header", [False, True])
@pytest.mark.parametrize("ending", ["\n", "\r\n", " \n"])
def test_text_with_and_without_header(tmp_path, name, header, ending):
    content = text_of(WORDS, MATRIX, header).replace("\n", ending)
    loaded = load_vectors(write(tmp_path, name, content), cache=None)
    assert_same(loaded)
    assert loaded.name.lower() == "v"


def test_last_line_may_lack_its_line_break(tmp_path):
    assert_same(load_vectors(write(tmp_path, "v.txt", text_of(WORDS, MATRIX)[:-1]), cache=None))


def test_binary(tmp_path):
    assert_same(load_vectors(write(tmp_path, "v.bin", binary_of(WORDS, MATRIX)), cache=None))


word = st.text(
    st.characters(codec="utf-8", exclude_characters=" \n\r"), min_size=1, max_size=6
).filter(lambda text: text.strip() == text and not text[0].isdigit())


@settings(deadline=None)
@given(
    words=st.lists(word, min_size=1, max_size=8, unique=True),
    data=st.data(),
    header=st.booleans(),
)
def test_text_agrees_with_gensim(tmp_path_factory, words, data, header):
    shape = (len(words), data.draw(st.integers(2, 4)))
    finite = st.floats(-1e6, 1e6, width=32)
    matrix = data.draw(hnp.arrays(np.float32, shape, elements=finite))
    folder = tmp_path_factory.mktemp("text")
    path = write(folder, "v.txt", text_of(words, matrix, header))
    from gensim.models import KeyedVectors

    # gensim leaves a file open when it has to find out the sizes itself, so it gets a header.
    headed = write(folder, "headed.txt", text_of(words, matrix, header=True))
    oracle = KeyedVectors.load_word2vec_format(str(headed))
    assert_same(load_vectors(path, cache=None), oracle.index_to_key, oracle.vectors)


def test_a_first_word_may_hold_a_form_feed_and_a_number(tmp_path):
    path = write(tmp_path, "v.txt", text_of([":\f0", "b"], np.ones((2, 3)), header=False))
    assert_same(load_vectors(path, cache=None), [":\f0", "b"], np.ones((2, 3)))


@settings(deadline=None)
@given(words=st.lists(word, max_size=8, unique=True))
def test_safetensors_round_trip(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("own") / "v.safetensors"
    matrix = np.arange(len(words) * 3, dtype=np.float32).reshape(-1, 3)
    save_vectors(WordVectors("own", tuple(words), matrix), path)
    loaded = load_vectors(path)
    assert_same(loaded, words, matrix)
    assert loaded.name == "own"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_word_with_a_line_break_cannot_be_saved(tmp_path):
    with pytest.raises(InputError, match="line break"):
        save_vectors(WordVectors("v", ("a\nb",), MATRIX[:1]), tmp_path / "v.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_words_may_hold_spaces_as_in_glove_840b(tmp_path):
    words = ("the", ". . .", "at name@domain.com", "3")
    path = write(tmp_path, "v.txt", text_of(words, MATRIX[:4]))
    assert_same(load_vectors(path, cache=None), words, MATRIX[:4])
