"""Messages on French elections with any of ten clusters of emotions: a private corpus."""

from collections.abc import Iterable, Iterator
from math import isfinite
from pathlib import Path
from random import Random
from typing import Any

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import check_languages, make_corpus, read_header
from emoscope.errors import InputError
from emoscope.labelled.examples import TableOptions, read_examples
from emoscope.reading.conversations import Columns, check_columns, is_blank
from emoscope.reading.errors import BadRows
from emoscope.reading.row_formats import Row
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["find_split_places", "load"]

SPLITS = ("train", "dev", "test")
SEED = 42
TEXT = "Text"
PREFIX = "emotions_"
_UTF8_MARK = b"\xef\xbb\xbf"


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
    encoding: str = "latin-1",
) -> Corpus:
    """Load a split of the corpus on French elections.

    It is one CSV with a text in the column `Text` and a column for each cluster, called
    `emotions_` and the cluster's names between slashes, English or French. A value above 1 counts
    as 1. A blank one counts as 0 where another of the row is filled; a row with blanks only is
    unlabelled. Other columns are passed over, and the number of a row's line is its id.

    Args:
        root: the file, or a folder with exactly one `.csv`.
        split: `"train"`, `"dev"` or `"test"`; see `find_split_places`.
        languages: only `fr` is there.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used. Such rows are
            left out before the split, and are in no split.
        encoding: encoding of the file; one that begins with UTF-8's byte-order mark is UTF-8.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if there is no such file, a column is missing or unknown, or no row is left.

    References:
        Chochlakis et al. 2022, Using Emotion Embeddings to Transfer Knowledge Between Emotions,
        Languages, and Annotation Formats, arXiv 2211.00171.
    """
    if split not in SPLITS:
        raise InputError(f"Expected a split among {', '.join(SPLITS)}; got {split!r}.")
    check_languages("french_election", languages, ("fr",))
    path = _find_file(root)
    taxonomy = Taxonomy.load("french_election")
    with path.open("rb") as file:
        if file.read(len(_UTF8_MARK)) == _UTF8_MARK:
            encoding = "utf-8"
    names, rows = read_header(read_rows(path, "csv", encoding, bad_rows=bad_rows), str(path))
    check_columns(dict.fromkeys(names), Columns(turns=(TEXT,)), str(path))
    labels = _find_label_columns(str(path), names, taxonomy)
    examples = read_examples(
        _fill_blanks(rows, labels),
        taxonomy,
        Columns(turns=(TEXT,), labels=labels),
        str(path),
        TableOptions(language="fr", bad_rows=bad_rows),
    )
    places = find_split_places(len(examples), split)
    return make_corpus("french_election", taxonomy, [examples[place] for place in places])


def find_split_places(count: int, split: str) -> list[int]:
    """Places of the rows of a split, in rising order.

    Dev and test are a tenth each, rounded down but at least one row: the first and the second half
    of a sample that Python's `random.Random(42)` draws, as in the published experiments.

    Args:
        count: number of rows.
        split: `"train"`, `"dev"` or `"test"`.

    Raises:
        InputError: if there are fewer than three rows.
    """
    if count < len(SPLITS):
        raise InputError(f"Expected at least 3 rows to split in three, got {count}. Add some.")
    size = max(1, count // 10)
    drawn = Random(SEED).sample(range(count), 2 * size)  # noqa: S311 - a split, not a secret
    if split == "train":
        return sorted(set(range(count)).difference(drawn))
    return sorted(drawn[:size] if split == "dev" else drawn[size:])


def _find_file(root: Path) -> Path:
    if root.is_file():
        return root
    found = sorted(path for path in root.glob("*") if path.suffix.lower() == ".csv")
    if len(found) != 1:
        came = ", ".join(path.name for path in found) if found else "none"
        raise InputError(
            f"{root}: expected a folder with exactly one .csv, got {came}. The corpus on French "
            "elections is private, so it cannot be shipped with this package: put its file there, "
            "or name the file itself."
        )
    return found[0]


def _find_label_columns(path: str, names: tuple[str, ...], taxonomy: Taxonomy) -> tuple[str, ...]:
    """The file's columns of clusters in the taxonomy's order."""
    found: dict[str, str] = {}
    expected = _list_clusters(taxonomy.names, taxonomy)
    for column in names:
        if not column.strip().lower().startswith(PREFIX):
            continue
        cluster = _find_cluster(column.strip()[len(PREFIX) :], taxonomy)
        if cluster is None or cluster in found:
            what = f"the unknown {column!r}" if cluster is None else f"{column!r} as a further one"
            raise InputError(
                f"{path}: expected one column for each of {expected}; got {what}. "
                "Rename or remove it."
            )
        found[cluster] = column
    lacking = [name for name in taxonomy.names if name not in found]
    if lacking:
        raise InputError(
            f"{path}: expected one column for each of {expected}; got none for "
            f"{_list_clusters(lacking, taxonomy)}. Add them, or read the file as a tabular corpus."
        )
    return tuple(found[name] for name in taxonomy.names)


def _find_cluster(text: str, taxonomy: Taxonomy) -> str | None:
    """Name of the cluster that shares words with a column's; of several the first word's."""
    for words in (text.split("/"), text.split("/")[:1]):
        wanted = {word.strip().casefold() for word in words}
        sharing = [
            label.name
            for label in taxonomy.labels
            if any(
                word.casefold() in wanted
                for table in (label.words, *(t[label.name] for t in taxonomy.translations.values()))
                for word in table
            )
        ]
        if len(sharing) == 1:
            return sharing[0]
    return None


def _list_clusters(names: Iterable[str], taxonomy: Taxonomy) -> str:
    labels = (taxonomy.labels[taxonomy.index(name)] for name in names)
    return ", ".join(PREFIX + "/".join(label.words) for label in labels)


def _fill_blanks(rows: Iterable[Row], labels: tuple[str, ...]) -> Iterator[Row]:
    """The rows with 0 for a blank among filled labels, and 1 for what is above it."""
    for row in rows:
        if all(is_blank(row.values[name]) for name in labels):
            yield row
        else:
            yield Row(row.line, row.values | {n: _clip(row.values[n]) for n in labels})


def _clip(cell: Any) -> Any:
    if is_blank(cell):
        return "0"
    try:
        value = float(cell)
    except ValueError:
        return cell
    return "1" if isfinite(value) and value > 1 else cell
