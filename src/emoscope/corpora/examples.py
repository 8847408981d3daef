"""What loaders of corpora share: checks of languages and headers, and a corpus of examples."""

from collections.abc import Iterator, Sequence
from itertools import chain

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.labelled.examples import Example, to_label_array
from emoscope.reading.row_formats import Row
from emoscope.taxonomy import Taxonomy

__all__ = ["check_languages", "make_corpus", "read_header"]


def check_languages(
    corpus: str, wanted: Sequence[str] | None, known: Sequence[str]
) -> tuple[str, ...]:
    """The languages asked for, or all that are known if none are.

    Raises:
        InputError: if there is no such language, one comes twice, or the list is empty.
    """
    if wanted is None:
        return tuple(known)
    if not wanted or len(set(wanted)) < len(wanted) or not set(wanted) <= set(known):
        raise InputError(
            f"Corpus {corpus!r}: expected languages among {', '.join(known)}, each once; got "
            f"{', '.join(wanted) or 'none'}. Correct the list of languages."
        )
    return tuple(wanted)


def read_header(rows: Iterator[Row], path: str) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Names of the columns of a table, and its rows from the first on.

    Raises:
        InputError: if there is no row.
    """
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path}: expected rows under the header, got none that can be used.")
    return tuple(first.values), chain((first,), rows)


def make_corpus(name: str, taxonomy: Taxonomy, examples: Sequence[Example]) -> Corpus:
    """The corpus that these examples make up."""
    return Corpus.from_rows(
        name,
        taxonomy,
        [example.id for example in examples],
        [example.turns for example in examples],
        to_label_array(examples, taxonomy.names),
        [example.language for example in examples],
    )
