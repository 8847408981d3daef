"""SemEval-2025 Task 11, track A (BRIGHTER): texts with any of five or six emotions."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import check_languages, make_corpus, read_header
from emoscope.corpora.splits import SPLITS
from emoscope.errors import InputError
from emoscope.labelled.examples import Example, TableOptions, read_examples
from emoscope.reading.conversations import Columns
from emoscope.reading.errors import BadRows, Fault, RowError, format_value, refuse
from emoscope.reading.row_formats import Row
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["load"]

FIRST_COLUMNS = ("id", "text")
INTENSITIES = ("0", "1", "2", "3")


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of SemEval-2025 Task 11, track A.

    There is a CSV for each language, with the columns `id`, `text` and one for each emotion. Some
    languages lack an emotion (English has no disgust), and so does the corpus's taxonomy then. A
    row whose labels are blank is unlabelled.

    The labels of the English test are blank, as they were for the competition. They stand in
    `intensity_test/eng.csv`, track B of the same texts, from 0 to 3; where that file is there,
    an emotion above 0 is present. Five languages (`ptbr`, `ron`, `rus`, `swe`, `ukr`) have no test.

    Args:
        root: folder with the folders `train`, `dev` and `test`, and in them `eng.csv` and so on.
        split: name of the folder.
        languages: names of the files without `.csv`, which are the rows' languages too; by default
            all there are, in alphabetical order.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if a file is missing, has another header, or holds no example, or if the
            languages differ in their emotions.

    References:
        Muhammad et al. 2025, BRIGHTER: BRIdging the Gap in Human-Annotated Textual Emotion
        Recognition Datasets for 28 Languages, arXiv 2502.11926.
    """
    folder = root / split
    present = sorted(path.stem for path in folder.glob("*.csv"))
    if not present:
        raise InputError(
            f"Expected {folder / 'eng.csv'} or other languages' files beside it, got none. The "
            "data of SemEval-2025 Task 11 (BRIGHTER), track A, are free to use, from "
            "https://brighter-dataset.github.io: put each language's file in the folders train, "
            f"dev and test of {root}."
        )
    chosen = check_languages("semeval2025", _find_split_languages(root, split, languages), present)
    every = Taxonomy.load("semeval2025")
    columns: dict[str, dict[str, str]] = {}
    rows: dict[str, Iterator[Row]] = {}
    for code in chosen:
        path = folder / f"{code}.csv"
        names, rows[code] = read_header(read_rows(path, "csv", bad_rows=bad_rows), str(path))
        columns[code] = _find_label_columns(path, names, every)
    labels = _find_shared_labels(columns, every)
    taxonomy = every if labels == every.names else every.subset(labels)
    examples: list[Example] = []
    for code in chosen:
        sources = tuple(columns[code][name] for name in labels)
        of_language = read_examples(
            rows[code],
            taxonomy,
            Columns(turns=(FIRST_COLUMNS[1],), id=FIRST_COLUMNS[0], labels=sources),
            str(folder / f"{code}.csv"),
            TableOptions(language=code, bad_rows=bad_rows),
        )
        intensities = root / f"intensity_{split}" / f"{code}.csv"
        if intensities.is_file() and all(example.marks is None for example in of_language):
            of_language = _add_labels(of_language, _read_intensities(intensities, labels, bad_rows))
        examples += of_language
    return make_corpus("semeval2025", taxonomy, examples)


def _find_split_languages(
    root: Path, split: str, languages: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """The languages asked for, if they have such a split.

    Raises:
        InputError: one has other splits alone.
    """
    for code in languages or ():
        others = sorted(path.parent.name for path in root.glob(f"*/{code}.csv"))
        if split in SPLITS and others and split not in others:
            raise InputError(
                f"Corpus 'semeval2025': {code} has {' and '.join(others)}, and no {split}; of some "
                "languages the authors published none. Measure on dev, or leave the language out."
            )
    return languages


Marks = dict[str, float]


def _read_intensities(
    path: Path, labels: tuple[str, ...], bad_rows: BadRows
) -> dict[str, list[Marks]]:
    """The emotions of each text in a file of track B, those above 0; a text may come again."""
    found: dict[str, list[Marks]] = {}
    for line, values in read_rows(path, "csv", bad_rows=bad_rows):
        cells = {name: str(values.get(name, "")).strip() for name in labels}
        wrong = [name for name, cell in cells.items() if cell not in INTENSITIES]
        if wrong:
            fault = Fault("a number from 0 to 3", format_value(cells[wrong[0]]), "Correct it.")
            refuse(bad_rows, RowError(str(path), line, fault), values)
            continue
        text = str(values[FIRST_COLUMNS[1]])
        marks = {name: 1.0 for name, cell in cells.items() if cell != "0"}
        found.setdefault(text, []).append(marks)
    return found


def _add_labels(examples: list[Example], marks: dict[str, list[Marks]]) -> list[Example]:
    """The examples with what is known of their texts, in the order in which a text comes again."""
    waiting = {text: iter(each) for text, each in marks.items()}
    return [
        example._replace(marks=next(waiting.get(example.turns[0], iter(())), None))
        for example in examples
    ]


def _find_label_columns(path: Path, names: tuple[str, ...], taxonomy: Taxonomy) -> dict[str, str]:
    """The file's column of each emotion it has."""
    columns = {name.strip().lower(): name for name in names if name not in FIRST_COLUMNS}
    unknown = next((name for name in columns if name not in taxonomy.names), None)
    if set(FIRST_COLUMNS) <= set(names) and columns and unknown is None:
        return columns
    advice = "Put it on the first line."
    if unknown is not None and set(FIRST_COLUMNS) <= set(names):
        close = get_close_matches(unknown, taxonomy.names, n=1)
        advice = f"There is no emotion {unknown!r}." + (f" Is it {close[0]!r}?" if close else "")
    expected = f"the header 'id,text' and any of {', '.join(taxonomy.names)}"
    raise RowError(str(path), 1, Fault(expected, format_value(",".join(names)), advice))


def _find_shared_labels(columns: dict[str, dict[str, str]], taxonomy: Taxonomy) -> tuple[str, ...]:
    """The emotions of all the languages, in the taxonomy's order, if they have the same."""
    have = {code: set(found) for code, found in columns.items()}
    together = set().union(*have.values())
    lacking = [
        f"{code} lacks {', '.join(sorted(together - found))}"
        for code, found in have.items()
        if found != together
    ]
    if lacking:
        raise InputError(
            "Corpus 'semeval2025': expected languages with the same emotions, but "
            f"{'; '.join(lacking)}. Name languages that agree, and load the others as separate "
            "parts of a mixture."
        )
    return tuple(name for name in taxonomy.names if name in together)
