"""XED: lines of film subtitles with any of Plutchik's eight emotions, or neutral."""

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import check_languages, make_corpus
from emoscope.corpora.splits import check_split, find_split
from emoscope.corpora.subtitles import join_tokens
from emoscope.errors import InputError
from emoscope.labelled.examples import Example
from emoscope.reading.conversations import is_blank
from emoscope.reading.errors import BadRows, Fault, RowError, format_value, refuse
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy
from emoscope.text.emoji import contains_emoji

__all__ = ["load"]

LANGUAGES = ("en", "fi")
FOLDER = "AnnotatedData"
NEUTRAL = "neutral"
_log = logging.getLogger(__name__)


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of the part of XED that people labelled in the language itself.

    A language has two files without a header, fields parted by tabs. `en-annotated.tsv` has a text
    and the numbers of its emotions, 1 to 8, between commas; `neu_en.txt` has texts without an
    emotion in its second field. A text in several lines is one example with the mean of their
    labels, and texts without a letter or emoji are left out. There are no splits: the CRC-32 of the
    text decides, so that no text is in two.

    The files of English differ in more than emotion. Annotated texts are cut into tokens, neutral
    ones are not: here all are joined. But neutral texts have no commas and names, where annotated
    ones have commas and `[PERSON]`, so a model may learn that a comma is not neutral.

    Args:
        root: the folder `AnnotatedData`, or the one that holds it.
        split: `"train"`, `"dev"` or `"test"`: about 8, 1 and 1 tenths.
        languages: `en` and `fi` are there; by default `en` alone.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if a file is missing or holds no example of the split.

    References:
        Öhman et al. 2020, XED: A Multilingual Dataset for Sentiment Analysis and Emotion Detection,
        arXiv 2011.01612.
    """
    check_split(split)
    chosen = check_languages("xed", LANGUAGES[:1] if languages is None else languages, LANGUAGES)
    folder = root / FOLDER if (root / FOLDER).is_dir() else root
    taxonomy = Taxonomy.load("xed")
    examples = [
        example
        for language in chosen
        for example in _read_examples(folder, language, split, taxonomy.names, bad_rows)
    ]
    if not examples:
        raise InputError(f"{folder}: expected texts of the split {split!r}, got none.")
    return make_corpus("xed", taxonomy, examples)


def _read_examples(
    folder: Path, language: str, split: str, names: tuple[str, ...], bad_rows: BadRows
) -> Iterator[Example]:
    """The texts of a language and a split, in the order in which they first come."""
    found: dict[str, list[Example]] = {}
    total = wordless = 0
    for file in (f"{language}-annotated.tsv", f"neu_{language}.txt"):
        for example in _read_lines(_find_file(folder, file), language, names, bad_rows):
            [text] = example.turns
            if find_split(text) != split:
                continue
            total += 1
            if any(map(str.isalpha, text)) or contains_emoji(text):
                found.setdefault(text, []).append(example)
            else:
                wordless += 1
    if wordless:
        where = f"{folder}, {language}, {split}"
        what = "texts left out, as they have no letter and no emoji"
        _log.warning("%s: %d of %d %s.", where, wordless, total, what)
    for examples in found.values():
        votes = Counter(name for example in examples for name in example.marks or ())
        shares = {name: count / len(examples) for name, count in votes.items()}
        yield examples[0]._replace(marks=shares)


def _find_file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise InputError(
            f"Expected {path}, got no such file. XED is free to use (CC BY 4.0): its authors "
            "publish en-annotated.tsv, neu_en.txt, fi-annotated.tsv and neu_fi.txt in the folder "
            f"{FOLDER} of https://github.com/Helsinki-NLP/XED. Put them in {folder}."
        )
    return path


def _read_lines(
    path: Path, language: str, names: tuple[str, ...], bad_rows: BadRows
) -> Iterator[Example]:
    """What each line of a file says."""
    emotions = {str(number): name for number, name in enumerate(names, 1) if name != NEUTRAL}
    for line, values in read_rows(path, "txt", bad_rows=bad_rows):
        content = values["text"]
        if is_blank(content):
            continue
        try:
            if path.suffix == ".tsv":
                text, marks = _parse_annotated(content, emotions, path, line)
            else:
                text, marks = _parse_neutral(content, path, line)
        except RowError as error:
            refuse(bad_rows, error, content)
        else:
            yield Example(f"{path.stem}-{line}", [text], language, marks)


def _parse_annotated(
    content: str, emotions: dict[str, str], path: Path, line: int
) -> tuple[str, dict[str, float]]:
    fields = content.split("\t")
    if len(fields) != 2 or is_blank(fields[0]):
        raise _make_error(path, line, "a text, a tab, and numbers of emotions", content)
    numbers = [number.strip() for number in fields[1].split(",")]
    unknown = [number for number in numbers if number not in emotions]
    if unknown:
        expected = "numbers of emotions from 1 to 8, between commas"
        raise _make_error(path, line, expected, fields[1])
    return join_tokens(fields[0]), {emotions[number]: 1.0 for number in numbers}


def _parse_neutral(content: str, path: Path, line: int) -> tuple[str, dict[str, float]]:
    """The text is in the second field; what the others hold says nothing about emotion."""
    fields = content.split("\t")
    if len(fields) < 2 or is_blank(fields[1]):
        raise _make_error(path, line, "a number, a tab, and a text", content)
    return join_tokens(fields[1]), {NEUTRAL: 1.0}


def _make_error(path: Path, line: int, expected: str, came: str) -> RowError:
    return RowError(str(path), line, Fault(expected, format_value(came), "Correct the line."))
