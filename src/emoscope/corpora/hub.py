"""Corpora of the Hugging Face hub, or in any folder that its library `datasets` reads."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import make_corpus
from emoscope.errors import InputError, require
from emoscope.labelled.examples import TableOptions, infer_taxonomy, read_examples
from emoscope.labelled.names import LabelNames, load_label_names
from emoscope.reading.conversations import Columns, check_columns
from emoscope.reading.errors import BadRows
from emoscope.reading.row_formats import Row
from emoscope.taxonomy import Label, Taxonomy

if TYPE_CHECKING:
    import datasets

__all__ = ["HubOptions", "load"]

_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_ALSO = {"dev": ("validation", "valid", "val"), "validation": ("dev",)}
_LABEL_COLUMNS = ("labels", "label")
_ROWS = 1000


@dataclass(frozen=True)
class HubOptions:
    """How a data set of the hub is found and read.

    Attributes:
        config: name of the data set's configuration, where it has several.
        name: name of the corpus; the last part of the data set's name if None.
        language: code of the language where no column says it; the taxonomy's, or `en`, if None.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.
        cache: folder for what is downloaded and converted; that of `datasets` if None.
        label_names: what numbers stand for where the data set does not name its labels, as
            `load_label_names` reads it.
    """

    config: str | None = None
    name: str | None = None
    language: str | None = None
    bad_rows: BadRows = "stop"
    cache: Path | None = None
    label_names: LabelNames | None = None


def load(
    root: Path | str,
    split: str,
    taxonomy: Taxonomy | None = None,
    columns: Columns | None = None,
    options: HubOptions = HubOptions(),
) -> Corpus:
    """Load a split of a data set of the hub.

    Code that a data set brings along is never run. Labels are given as in `tabular.load`. Where
    the data set names its labels (`ClassLabel`), numbers mean those names, and -1 means
    unlabelled.

    Args:
        root: a folder in which `datasets` finds files, or which it has saved; else a name of the
            hub, such as `google-research-datasets/go_emotions`.
        split: a split's name; for `"dev"` also `validation` is looked up.
        taxonomy: the labels. If None, those that the data set names, else those that occur, as in
            `tabular.load`.
        columns: which columns hold what; by default the turn is in `text`. Where it does not name
            them, the id is in `id`, and the labels are in one column for each label of the
            taxonomy or else in `labels` or `label`, if there are such columns.
        options: how it is found and read.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if there is no such data set, split or column, nothing says which labels there
            are, or no row is left.
    """
    data, found = _find_split(_load_data(root, options.config, options.cache), split, str(root))
    path = f"{root} [{found}]"
    columns = _complete_columns(columns or Columns(), data.column_names, taxonomy)
    name = options.name or Path(root).name
    default = options.language or (taxonomy.language if taxonomy else "en")
    check_columns(dict.fromkeys(data.column_names), columns, path)
    names, several = _find_label_names(data, columns.label)
    if taxonomy is None and names:
        labels = tuple(Label(each, (each,)) for each in names)
        taxonomy = Taxonomy(name, labels, default, exclusive=not several and len(labels) > 1)
    examples = read_examples(
        _make_rows(data, columns, taxonomy, names),
        taxonomy,
        columns,
        path,
        TableOptions(
            language=default,
            bad_rows=options.bad_rows,
            label_names=load_label_names(options.label_names),
        ),
    )
    if taxonomy is None:
        taxonomy = infer_taxonomy(name, examples, columns, default)
    return make_corpus(name, taxonomy, examples)


def _load_data(
    root: Path | str, config: str | None, cache: Path | None
) -> "datasets.Dataset | datasets.DatasetDict":
    hub = require("datasets", "train")
    folder = Path(root)
    spec = str(folder) if folder.exists() else folder.as_posix()
    if folder.is_file():
        raise InputError(
            f"{root}: expected a folder or a name of the hub, got a file. Read it as a tabular "
            "corpus."
        )
    if not folder.exists() and not _NAME.fullmatch(spec):
        raise InputError(
            f"{root}: expected a folder or a name of the hub such as owner/name, got neither. "
            "Check the path."
        )
    try:
        if (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file():
            return hub.load_from_disk(spec)
        return hub.load_dataset(spec, config, cache_dir=None if cache is None else str(cache))
    except (OSError, RuntimeError, ValueError, hub.exceptions.DatasetsError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(
            f"{root}: expected a folder or a data set of the hub that can be loaded, got: "
            f"{reason.removesuffix('.')}. Check the name, the configuration and the connection; "
            "data sets that need code of their own are not loaded."
        ) from error


def _find_split(
    found: "datasets.Dataset | datasets.DatasetDict", split: str, root: str
) -> "tuple[datasets.Dataset, str]":
    # A data set that was saved alone may know which split it was; else it is for training.
    parts = found if isinstance(found, dict) else {str(found.split or "train"): found}
    for name in (split, *_ALSO.get(split, ())):
        if name in parts:
            return parts[name].with_format(None), name
    raise InputError(
        f"{root}: expected the split {split!r}, got {', '.join(map(repr, parts))}. Name one of "
        "these."
    )


def _complete_columns(columns: Columns, present: list[str], taxonomy: Taxonomy | None) -> Columns:
    """The columns, with the usual ones of id and labels where none are named."""
    free = [name for name in present if name not in columns.names]
    if columns.id is None and "id" in free:
        columns = replace(columns, id="id")
    one_each = taxonomy is not None and set(taxonomy.names) <= set(free)
    if columns.label is None and columns.labels is None and not one_each:
        label = next((name for name in _LABEL_COLUMNS if name in free), None)
        columns = replace(columns, label=label)
    return columns


def _find_label_names(data: "datasets.Dataset", column: str | None) -> tuple[list[str], bool]:
    """Names that the data set gives its labels, none if it does not, and whether in lists."""
    feature = data.features[column] if column is not None else None
    # A list of labels has the labels' own feature inside.
    inner = getattr(feature, "feature", None)
    return list(getattr(inner or feature, "names", ())), inner is not None


def _make_rows(
    data: "datasets.Dataset", columns: Columns, taxonomy: Taxonomy | None, names: list[str]
) -> Iterator[Row]:
    # Only these columns: others may hold what is slow to decode, such as sound.
    wanted = set(columns.names)
    if columns.label is None and columns.labels is None and taxonomy is not None:
        wanted |= set(taxonomy.names)
    kept = data.select_columns([name for name in data.column_names if name in wanted])
    number = 0
    for batch in kept.iter(batch_size=_ROWS):
        for cells in zip(*batch.values(), strict=True):
            number += 1
            values = dict(zip(batch, cells, strict=True))
            if names and columns.label is not None:
                values[columns.label] = _name_labels(values[columns.label], names)
            yield Row(number, values)


def _name_labels(cell: Any, names: list[str]) -> Any:
    """Replace label numbers by names; other values stay."""
    if isinstance(cell, list):
        return [_name_labels(each, names) for each in cell]
    if isinstance(cell, int) and 0 <= cell < len(names):
        return names[cell]
    return None if cell == -1 else cell
