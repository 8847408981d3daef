"""What every corpus is, whatever file it came from: a taxonomy, and a table of examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from emoscope.errors import InputError, require
from emoscope.labelled.texts import find_labelled
from emoscope.taxonomy import Taxonomy

if TYPE_CHECKING:
    import datasets

__all__ = ["Corpus"]

Floats = npt.NDArray[np.float32]
_SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "turns": pa.list_(pa.string()),
        "language": pa.string(),
        "labels": pa.list_(pa.float32()),
    }
)


@dataclass(frozen=True, eq=False)
class Corpus:
    """N examples of text with K labels each.

    Attributes:
        name: name of the corpus.
        taxonomy: the K labels.
        data: a table with the columns `id` (text), `turns` (list of text, oldest first),
            `language` (code) and `labels` (K floats from 0 to 1, or K NaN where unlabelled).

    Raises:
        InputError: if the columns are others, an example has no turn, or its labels are not K
            values from 0 to 1, or not a single 1 where the taxonomy is exclusive.
    """

    name: str
    taxonomy: Taxonomy
    data: "datasets.Dataset"

    def __post_init__(self) -> None:
        table = _to_table(self.data)
        if table.schema.remove_metadata() != _SCHEMA:
            raise InputError(
                f"Corpus {self.name!r}: expected a table with the columns\n{_SCHEMA}\n"
                f"got\n{table.schema.remove_metadata()}\nBuild it with Corpus.from_rows."
            )
        _check_turns(self.name, table)
        _check_labels(self.name, self.taxonomy, table)

    @classmethod
    def from_rows(
        cls,
        name: str,
        taxonomy: Taxonomy,
        ids: Sequence[str],
        turns: Sequence[Sequence[str]],
        labels: npt.ArrayLike | None = None,
        language: str | Sequence[str] | None = None,
    ) -> "Corpus":
        """Build a corpus in memory.

        Args:
            name: name of the corpus.
            taxonomy: the K labels.
            ids: N ids.
            turns: turns of each of the N examples, oldest first.
            labels: (N, K) values from 0 to 1, a row of NaN where there is no label; None if none
                is labelled.
            language: code of the language, one for all or one for each; the taxonomy's if None.

        Raises:
            InputError: if the lengths differ, or the rows are no valid corpus.
        """
        count, width = len(ids), len(taxonomy.labels)
        values = _to_array(name, labels, count, width)
        language = taxonomy.language if language is None else language
        languages = [language] * count if isinstance(language, str) else list(language)
        if len(turns) != count or len(languages) != count or values.shape != (count, width):
            raise InputError(
                f"Corpus {name!r}: expected {count} turns and languages and labels of shape "
                f"{(count, width)}, as there are {count} ids and {width} labels in the taxonomy; "
                f"got {len(turns)}, {len(languages)} and {values.shape}."
            )
        ends = np.arange(0, count * width + 1, width, dtype=np.int32)
        columns = [
            pa.array(ids, pa.string()),
            pa.array(turns, _SCHEMA.field("turns").type),
            pa.array(languages, pa.string()),
            pa.ListArray.from_arrays(ends, pa.array(values.ravel())).cast(
                _SCHEMA.field("labels").type
            ),
        ]
        return cls(name, taxonomy, _to_dataset(pa.table(columns, schema=_SCHEMA)))

    def __len__(self) -> int:
        return int(self.data.num_rows)

    @property
    def ids(self) -> list[str]:
        """The N ids."""
        return self._column("id")

    @property
    def turns(self) -> list[list[str]]:
        """Turns of each of the N examples, oldest first."""
        return self._column("turns")

    @property
    def languages(self) -> list[str]:
        """Code of the language of each of the N examples."""
        return self._column("language")

    @property
    def labels(self) -> Floats:
        """Labels, (N, K), a row of NaN where there is none."""
        return _read_label_values(_to_table(self.data)).reshape(
            len(self), len(self.taxonomy.labels)
        )

    @property
    def labelled(self) -> bool:
        """Whether every example has labels."""
        return not np.isnan(self.labels).any()

    def select(self, indices: Sequence[int] | npt.NDArray[np.integer[Any]]) -> "Corpus":
        """The examples at these places, in this order.

        Raises:
            InputError: if a place is not in 0 … N - 1.
        """
        places = np.asarray(indices, dtype=np.int64)
        if places.size and not 0 <= places.min() <= places.max() < len(self):
            raise InputError(
                f"Corpus {self.name!r}: expected places from 0 to {len(self) - 1}, got some from "
                f"{places.min()} to {places.max()}."
            )
        table = _to_table(self.data).take(pa.array(places))
        return Corpus(self.name, self.taxonomy, _to_dataset(table))

    def only_labelled(self, what: str) -> "Corpus":
        """The examples that have labels; how many have none is logged.

        Args:
            what: file or split that they come from, for messages.

        Raises:
            InputError: if none is labelled.
        """
        kept = find_labelled(self.labels, self.taxonomy, what)
        return self if len(kept) == len(self) else self.select(kept)

    def relabelled(self, taxonomy: Taxonomy, labels: Floats) -> "Corpus":
        """The same examples with other labels, (N, K)."""
        return Corpus.from_rows(self.name, taxonomy, self.ids, self.turns, labels, self.languages)

    def by_language(self) -> "dict[str, Corpus]":
        """The examples of each language, in the order in which the languages first come."""
        places: dict[str, list[int]] = {}
        for place, language in enumerate(self.languages):
            places.setdefault(language, []).append(place)
        if len(places) <= 1:
            return dict.fromkeys(places, self)
        return {language: self.select(rows) for language, rows in places.items()}

    def with_taxonomy(self, taxonomy: Taxonomy) -> "Corpus":
        """The same examples, their labels described in other words.

        Raises:
            InputError: if the labels have other names.
        """
        if taxonomy.names != self.taxonomy.names:
            raise InputError(
                f"Corpus {self.name!r}: expected the labels {', '.join(self.taxonomy.names)}, got "
                f"{', '.join(taxonomy.names)}."
            )
        return Corpus(self.name, taxonomy, self.data)

    def without(self, *names: str) -> "Corpus":
        """The same examples as if some labels had never been annotated.

        Raises:
            InputError: if a name is unknown, no label is left, or labels exclude each other, where
                an example without its label would have none.
        """
        if not names:
            return self
        if self.taxonomy.exclusive:
            raise InputError(
                f"Corpus {self.name!r}: labels that exclude each other cannot be left out, as "
                "their examples would have none. Leave out those examples."
            )
        taxonomy = self.taxonomy.without(*names)
        kept = [self.taxonomy.index(name) for name in taxonomy.names]
        return self.relabelled(taxonomy, self.labels[:, kept])

    def _column(self, name: str) -> list[Any]:
        values: list[Any] = _to_table(self.data)[name].to_pylist()
        return values


def _to_array(name: str, labels: npt.ArrayLike | None, count: int, width: int) -> Floats:
    if labels is None:
        return np.full((count, width), np.nan, dtype=np.float32)
    try:
        values = np.array(labels, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"Corpus {name!r}: expected numbers of shape {(count, width)} as labels, got values "
            f"that are not ({error})."
        ) from error
    return values if values.size else values.reshape(-1, width)


def _to_table(data: "datasets.Dataset") -> pa.Table:
    """The rows as an Arrow table, also where the data set is a selection of a larger table."""
    return data.with_format("arrow")[:]


def _to_dataset(table: pa.Table) -> "datasets.Dataset":
    """The table as a data set in memory: nothing is cached on disk."""
    hub = require("datasets", "train")
    text = hub.Value("string")
    features = hub.Features(
        {
            "id": text,
            "turns": hub.List(text),
            "language": text,
            "labels": hub.List(hub.Value("float32")),
        }
    )
    return hub.Dataset(
        hub.table.InMemoryTable(table.replace_schema_metadata(None)),
        info=hub.DatasetInfo(features=features),
    )


def _read_label_values(table: pa.Table) -> Floats:
    values: Floats = table["labels"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return values


def _count_items(table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """Lengths of the lists of a column, 0 for null."""
    counts = table[column].combine_chunks().value_lengths()
    return np.asarray(counts.fill_null(0), dtype=np.int64)


def _check_turns(name: str, table: pa.Table) -> None:
    empty = np.flatnonzero(_count_items(table, "turns") == 0)
    if empty.size:
        raise InputError(
            f"Corpus {name!r}, id {table['id'][int(empty[0])].as_py()!r}: expected at least one "
            "turn, got none. Leave the example out."
        )
    for column in ("id", "language"):
        if table[column].null_count:
            raise InputError(
                f"Corpus {name!r}: expected a value of {column!r} in each row, got "
                f"{table[column].null_count} nulls. Fill them in."
            )
    if table["turns"].combine_chunks().flatten().null_count:
        raise InputError(f"Corpus {name!r}: expected turns that are text, got null. Write ''.")


def _check_labels(name: str, taxonomy: Taxonomy, table: pa.Table) -> None:
    def fail(place: np.intp, expected: str, came: object) -> InputError:
        row = table["id"][int(place)].as_py()
        return InputError(
            f"Corpus {name!r}, id {row!r}: expected {expected}, got {came}. Correct its labels."
        )

    width = len(taxonomy.labels)
    lengths = _count_items(table, "labels")
    for place in np.flatnonzero(lengths != width)[:1]:
        known = ", ".join(taxonomy.names)
        raise fail(place, f"{width} values ({known})", f"{lengths[place]} values")
    values = _read_label_values(table).reshape(-1, width)
    blank = np.isnan(values)
    outside = ~blank & ~((values >= 0) & (values <= 1))
    wrong = outside.any(axis=1) | (blank.any(axis=1) & ~blank.all(axis=1))
    for place in np.flatnonzero(wrong)[:1]:
        raise fail(place, "values from 0 to 1, or all of them NaN", values[place].tolist())
    if taxonomy.exclusive:
        single = (values == 1).sum(axis=1) == 1
        single &= (values == 0).sum(axis=1) == width - 1
        for place in np.flatnonzero(~single & ~blank.all(axis=1))[:1]:
            what = f"a single 1, as the labels of {taxonomy.name!r} exclude each other"
            raise fail(place, what, values[place].tolist())
