"""SemEval-2018 Task 1 E-c: tweets with any of eleven emotions, in English, Spanish and Arabic."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import check_languages, make_corpus, read_header
from emoscope.errors import InputError
from emoscope.labelled.examples import Example, TableOptions, read_examples
from emoscope.reading.conversations import Columns
from emoscope.reading.dialect import UNQUOTED
from emoscope.reading.errors import BadRows, Fault, RowError, format_value
from emoscope.reading.row_formats import Row
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["LANGUAGES", "TRANSLATED", "load"]

LANGUAGES = {"en": "English", "es": "Spanish", "ar": "Arabic"}
_TRANSLATED = {**LANGUAGES, "fr": "French"}
TRANSLATED = tuple(f"{code}-tr" for code in _TRANSLATED)
FIRST_COLUMNS = ("ID", "Tweet")
_UNLABELLED = "NONE"
# The file of the competition has no labels; the one published after it does.
_ENDINGS = {"train": ("train",), "dev": ("dev",), "test": ("test-gold", "test")}


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of the emotion classification of SemEval-2018 Task 1.

    The files are tables whose fields are parted by tabs, without quoting. Their header is
    `ID Tweet` and the eleven emotions in any order. `NONE` for all emotions means unlabelled.

    Args:
        root: folder with `English/E-c/2018-E-c-En-train.txt` and so on, as published, or with the
            files themselves. Machine translations are in `Spanish-Tr/E-c/` and so on.
        split: `"train"`, `"dev"` or `"test"` (the file `test-gold`, else `test`).
        languages: any of `en`, `es`, `ar`, and `en-tr`, `es-tr`, `ar-tr`, `fr-tr` for machine
            translations into that language, whose rows have its plain code. By default those of
            `en`, `es` and `ar` that are in the folder.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Returns:
        One corpus, language after language. Ids are as published; where those of a translation
        are taken already, all of its ids begin with its code, as in `es-tr:`.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if a file is missing, has another header, or holds no example.

    References:
        Mohammad et al. 2018, SemEval-2018 Task 1: Affect in Tweets.
    """
    if split not in _ENDINGS:
        raise InputError(f"Expected a split among {', '.join(_ENDINGS)}; got {split!r}.")
    check_languages("semeval2018", languages, (*LANGUAGES, *TRANSLATED))
    found = {code: _find_file(root, code, split) for code in languages or LANGUAGES}
    if languages is None:
        found = {code: path for code, path in found.items() if path} or {"en": None}
    taxonomy = Taxonomy.load("semeval2018")
    examples: list[Example] = []
    for code, path in found.items():
        if path is None:
            raise _make_missing_error(root, code, split)
        examples += _make_ids_unique(examples, _read_examples(path, taxonomy, code, bad_rows), code)
    return make_corpus("semeval2018", taxonomy, examples)


def _find_file(root: Path, language: str, split: str) -> Path | None:
    code = language.removesuffix("-tr")
    translated = code != language
    folder = root / f"{_TRANSLATED[code]}{'-Tr' if translated else ''}" / "E-c"
    for ending in _ENDINGS[split]:
        name = f"2018-E-c-{code.capitalize()}-{ending}.txt"
        places = [folder / name] if translated else [folder / name, root / name]
        path = next((path for path in places if path.is_file()), None)
        if path is None and translated:
            path = _find_only_file(folder, f"2018-E-c-*-{ending}.txt", name)
        if path is not None:
            return path
    return None


def _find_only_file(folder: Path, pattern: str, better: str) -> Path | None:
    """The file of a pattern: translations are named after either language."""
    paths = sorted(folder.glob(pattern))
    if len(paths) > 1:
        raise InputError(
            f"{folder}: expected {better} or a single file {pattern}, got "
            f"{', '.join(path.name for path in paths)}. Rename the right one."
        )
    return paths[0] if paths else None


def _make_missing_error(root: Path, language: str, split: str) -> InputError:
    code = language.removesuffix("-tr")
    folder = _TRANSLATED[code] + ("-Tr" if code != language else "")
    path = root / folder / "E-c" / f"2018-E-c-{code.capitalize()}-{_ENDINGS[split][0]}.txt"
    if code != language:
        return InputError(
            f"Expected {path}, got no such file. Machine translations of the tweets are made by "
            "those who use them: write them there in the layout of the original files."
        )
    return InputError(
        f"Expected {path} (or {path.name} in {root} itself), got no such file. The tweets cannot "
        "be shipped with this package: their organisers offer them under SemEval-2018 Task 1 "
        "(Affect in Tweets), subtask E-c, at https://competitions.codalab.org/competitions/17751. "
        f"Unpack them so that {root} holds a folder for each language."
    )


def _read_examples(
    path: Path, taxonomy: Taxonomy, language: str, bad_rows: BadRows
) -> list[Example]:
    names, rows = read_header(
        read_rows(path, "tsv", bad_rows=bad_rows, dialect=UNQUOTED), str(path)
    )
    labels = _find_label_columns(path, names, taxonomy)
    columns = Columns(turns=(FIRST_COLUMNS[1],), id=FIRST_COLUMNS[0], labels=labels)
    return read_examples(
        _blank_none(rows, labels),
        taxonomy,
        columns,
        str(path),
        TableOptions(language=language.removesuffix("-tr"), bad_rows=bad_rows),
    )


def _find_label_columns(path: Path, names: tuple[str, ...], taxonomy: Taxonomy) -> tuple[str, ...]:
    """The file's columns of emotions in the taxonomy's order."""
    columns = {name.strip().lower(): name for name in names[2:]}
    known = taxonomy.names
    if names[:2] == FIRST_COLUMNS and set(columns) == set(known) and len(names) == 2 + len(known):
        return tuple(columns[name] for name in known)
    advice = "Put it on the first line."
    unknown = next((name for name in columns if name not in known), None)
    if names[:2] == FIRST_COLUMNS and unknown is not None:
        close = get_close_matches(unknown, known, n=1)
        advice = f"There is no emotion {unknown!r}." + (f" Is it {close[0]!r}?" if close else "")
    expected = f"the header 'ID Tweet' and {', '.join(known)} in any order, parted by tabs"
    came = repr("\t".join(names)) if names[:2] == FIRST_COLUMNS else format_value("\t".join(names))
    raise RowError(str(path), 1, Fault(expected, came, advice))


def _blank_none(rows: Iterable[Row], labels: tuple[str, ...]) -> Iterator[Row]:
    """The rows, `NONE` blank."""
    for row in rows:
        if row.values[labels[0]].strip() == _UNLABELLED:
            values = {
                name: None if name in labels and value.strip() == _UNLABELLED else value
                for name, value in row.values.items()
            }
            yield Row(row.line, values)
        else:
            yield row


def _make_ids_unique(before: list[Example], new: list[Example], language: str) -> list[Example]:
    """New examples with ids that no example before has."""
    taken = {example.id for example in before}
    if not any(example.id in taken for example in new):
        return new
    return [example._replace(id=f"{language}:{example.id}") for example in new]
