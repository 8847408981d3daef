"""Corpora in tables of one's own: CSV, TSV, JSONL, JSON and Parquet."""

from dataclasses import dataclass
from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import make_corpus
from emoscope.labelled.examples import TableOptions, adapt_taxonomy, infer_taxonomy, read_examples
from emoscope.labelled.exports import flatten_tasks
from emoscope.labelled.names import LabelNames, load_label_names
from emoscope.reading.conversations import Columns
from emoscope.reading.errors import BadRows
from emoscope.reading.rows import Format, find_format, read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["TabularOptions", "load"]


@dataclass(frozen=True)
class TabularOptions:
    """How a table is read.

    Attributes:
        name: name of the corpus; the file's name without its suffix if None.
        language: code of the language where no column says it; the taxonomy's, or `en`, if None.
        open_labels: whether the table may lack some labels of the taxonomy and have others, unless
            they exclude each other; the corpus then has those that the table is about.
        format: the format, if the suffix does not say it.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.
        encoding: encoding of the text.
        label_names: what names and numbers in the column of labels stand for, as
            `load_label_names` reads it.
    """

    name: str | None = None
    language: str | None = None
    open_labels: bool = False
    format: Format | None = None
    bad_rows: BadRows = "stop"
    encoding: str = "utf-8"
    label_names: LabelNames | None = None


def load(
    path: Path,
    taxonomy: Taxonomy | None = None,
    columns: Columns | None = None,
    options: TabularOptions = TabularOptions(),
) -> Corpus:
    """Load a corpus from a table.

    Labels come from one column (a name, names between separators, a list of names, or numbers with
    `label_names`), or from a column for each label with values from 0 to 1, or words for yes and
    no. If neither is named, columns called as the taxonomy's labels serve. Names are the same
    whatever their case. A row whose labels are blank is unlabelled; an empty list says that no
    label applies. Exports of Label Studio and doccano are tables, too.

    Args:
        path: a file that `read_rows` reads.
        taxonomy: the labels. If None, they are taken from the columns of labels: names in
            alphabetical order (or the order of `columns.labels`), exclusive if every labelled row
            has exactly one.
        columns: which columns hold what; by default the turn is in `text`.
        options: how it is read.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file or a column is missing, nothing says which labels there are, or no
            row is left.
    """
    columns = columns or Columns()
    name = options.name or path.name.partition(".")[0] or path.name
    kind = find_format(path, options.format)
    default = options.language or (taxonomy.language if taxonomy else "en")
    examples = read_examples(
        flatten_tasks(read_rows(path, kind, options.encoding, bad_rows=options.bad_rows)),
        taxonomy,
        columns,
        str(path),
        TableOptions(
            language=default,
            # In JSON a row may lack a key, and then it is that row's fault, not the table's.
            fixed=kind not in ("json", "jsonl"),
            open_labels=options.open_labels,
            bad_rows=options.bad_rows,
            label_names=load_label_names(options.label_names),
        ),
    )
    if taxonomy is None:
        taxonomy = infer_taxonomy(name, examples, columns, default)
    elif options.open_labels and not taxonomy.exclusive:
        taxonomy = adapt_taxonomy(taxonomy, examples)
    return make_corpus(name, taxonomy, examples)
