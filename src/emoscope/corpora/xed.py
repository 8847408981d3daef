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

ANNOTATED = ("en", "fi")
ANNOTATED_FOLDER, PROJECTED_FOLDER = "AnnotatedData", "Projections"
PROJECTED_FILE = "-projections.tsv"
PROJECTED_CODES = {"br": "pt-br", "cn": "zh-cn", "tw": "zh-tw"}
NEUTRAL = "neutral"
EMOTIONS = {
    "1": "anger",
    "2": "anticipation",
    "3": "disgust",
    "4": "fear",
    "5": "joy",
    "6": "sadness",
    "7": "surprise",
    "8": "trust",
}
WHERE = (
    "XED is free to use (CC BY 4.0): its authors publish AnnotatedData, with en-annotated.tsv, "
    "neu_en.txt, fi-annotated.tsv and neu_fi.txt, and Projections, with files of other languages, "
    "at https://github.com/Helsinki-NLP/XED. Put these folders in"
)
_log = logging.getLogger(__name__)


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of XED.

    English and Finnish were labelled by people, and have two files each without a header, fields
    parted by tabs. `en-annotated.tsv` has a text and the numbers of its emotions, 1 to 8, between
    commas; `neu_en.txt` has texts without an emotion in its second field. The labels of other
    languages are those of the English or Finnish line that a subtitle translates; the languages
    have a file each, such as `de-projections.tsv`, like the former and without neutral texts.

    A text in several lines is one example with the mean of their labels, and texts without a letter
    or emoji are left out. There are no splits: the CRC-32 of the text decides, so that no text is
    in two. But a line and its translations may be in different ones.

    The files of English differ in more than emotion. Annotated texts are cut into tokens, neutral
    ones are not: here all are joined. But neutral texts have no commas and names, where annotated
    ones have commas and `[PERSON]`, so a model may learn that a comma is not neutral.

    Args:
        root: the folder that holds `AnnotatedData` and `Projections`, or one of these.
        split: `"train"`, `"dev"` or `"test"`: about 8, 1 and 1 tenths.
        languages: `en`, `fi`, and those of the files in `Projections`, whose `br`, `cn` and `tw`
            are `pt-br`, `zh-cn` and `zh-tw`; by default `en` alone. If none is `en` or `fi`, there
            is no label `neutral`.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if a file is missing or holds no example of the split.

    References:
        Öhman et al. 2020, XED: A Multilingual Dataset for Sentiment Analysis and Emotion Detection,
        arXiv 2011.01612.
    """
    check_split(split)
    projected = _find_projected(root)
    wanted = ANNOTATED[:1] if languages is None else languages
    _check_projected(root, wanted, projected)
    chosen = check_languages("xed", wanted, (*ANNOTATED, *projected))
    examples = [
        example
        for language in chosen
        for example in _read_examples(
            _find_files(root, language, projected), language, split, bad_rows
        )
    ]
    if not examples:
        raise InputError(f"{root}: expected texts of the split {split!r}, got none.")
    taxonomy = Taxonomy.load("xed")
    if set(ANNOTATED).isdisjoint(chosen):
        taxonomy = taxonomy.subset(name for name in taxonomy.names if name != NEUTRAL)
    return make_corpus("xed", taxonomy, examples)


def _find_projected(root: Path) -> dict[str, Path]:
    """The file of each language whose labels are projected, in alphabetical order of the files."""
    files = sorted(_choose_folder(root, PROJECTED_FOLDER).glob(f"*{PROJECTED_FILE}"))
    codes = {path: path.name.removesuffix(PROJECTED_FILE) for path in files}
    return {
        PROJECTED_CODES.get(code, code): path
        for path, code in codes.items()
        if code not in ANNOTATED
    }


def _check_projected(root: Path, wanted: tuple[str, ...], projected: dict[str, Path]) -> None:
    """Raise InputError if other languages are asked for and no file of them is there."""
    others = [language for language in wanted if language not in ANNOTATED]
    if others and not projected:
        path = root / PROJECTED_FOLDER / f"{others[0]}{PROJECTED_FILE}"
        raise InputError(f"Expected {path} or the like, got no such file. {WHERE} {root}.")


def _find_files(root: Path, language: str, projected: dict[str, Path]) -> tuple[Path, ...]:
    """The files of a language, those with emotions first.

    Raises:
        InputError: one is not there.
    """
    if language in projected:
        return (projected[language],)
    folder = _choose_folder(root, ANNOTATED_FOLDER)
    files = folder / f"{language}-annotated.tsv", folder / f"neu_{language}.txt"
    for path in files:
        if not path.is_file():
            raise InputError(f"Expected {path}, got no such file. {WHERE} {root}.")
    return files


def _choose_folder(root: Path, name: str) -> Path:
    return root / name if (root / name).is_dir() else root


def _read_examples(
    files: tuple[Path, ...], language: str, split: str, bad_rows: BadRows
) -> Iterator[Example]:
    """The texts of a language and a split, in the order in which they first come."""
    found: dict[str, list[Example]] = {}
    total = wordless = 0
    for path in files:
        for example in _read_lines(path, language, bad_rows):
            [text] = example.turns
            if find_split(text) != split:
                continue
            total += 1
            if any(map(str.isalpha, text)) or contains_emoji(text):
                found.setdefault(text, []).append(example)
            else:
                wordless += 1
    if wordless:
        where = f"{files[0].parent}, {language}, {split}"
        what = "texts left out, as they have no letter and no emoji"
        _log.warning("%s: %d of %d %s.", where, wordless, total, what)
    for examples in found.values():
        votes = Counter(name for example in examples for name in example.marks or ())
        shares = {name: count / len(examples) for name, count in votes.items()}
        yield examples[0]._replace(marks=shares)


def _read_lines(path: Path, language: str, bad_rows: BadRows) -> Iterator[Example]:
    """What each line of a file says."""
    total = damaged = 0
    for line, values in read_rows(path, "txt", bad_rows=bad_rows):
        content = values["text"]
        if is_blank(content):
            continue
        total += 1
        if path.name.endswith(PROJECTED_FILE) and _is_damaged(content):
            damaged += 1
            continue
        try:
            parse = _parse_annotated if path.suffix == ".tsv" else _parse_neutral
            text, marks = parse(content, path, line)
        except RowError as error:
            refuse(bad_rows, error, content)
        else:
            text = join_tokens(text) if language in ANNOTATED else " ".join(text.split())
            yield Example(f"{path.stem}-{line}", [text], language, marks)
    if damaged:
        what = "lines left out: in place of labels they have the files of two subtitles, or nothing"
        _log.warning("%s: %d of %d %s.", path, damaged, total, what)


def _is_damaged(content: str) -> bool:
    """Whether a line lost its labels when the file was made, as an open quotation mark did it.

    The published files have a few hundred such lines: the text that began with the mark, and those
    that followed, which name the files of two subtitles.
    """
    first, *labels = content.split("\t")
    return first.endswith(".xml.gz") or (first.startswith('"') and not labels)


def _parse_annotated(content: str, path: Path, line: int) -> tuple[str, dict[str, float]]:
    fields = content.split("\t")
    if len(fields) != 2 or is_blank(fields[0]):
        raise _make_error(path, line, "a text, a tab, and numbers of emotions", content)
    numbers = [number.strip() for number in fields[1].split(",")]
    unknown = [number for number in numbers if number not in EMOTIONS]
    if unknown:
        expected = "numbers of emotions from 1 to 8, between commas"
        raise _make_error(path, line, expected, fields[1])
    return fields[0], {EMOTIONS[number]: 1.0 for number in numbers}


def _parse_neutral(content: str, path: Path, line: int) -> tuple[str, dict[str, float]]:
    """The text is in the second field; what the others hold says nothing about emotion."""
    fields = content.split("\t")
    if len(fields) < 2 or is_blank(fields[1]):
        raise _make_error(path, line, "a number, a tab, and a text", content)
    return fields[1], {NEUTRAL: 1.0}


def _make_error(path: Path, line: int, expected: str, came: str) -> RowError:
    return RowError(str(path), line, Fault(expected, format_value(came), "Correct the line."))
