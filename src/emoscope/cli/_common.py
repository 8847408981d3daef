"""What several commands share: options, tables, how files are named."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emoscope.errors import InputError

if TYPE_CHECKING:
    from emoscope.recipes.schema import CorpusSection

CorpusArgument = Annotated[
    str,
    typer.Argument(
        metavar="CORPUS",
        help="[b]sample[/b], [b]emoji[/b], [b]situations[/b] (these ship), a published corpus "
        "(with --data-dir): edos, emocontext, event2mind, french_election, goemotions, "
        "semeval2018, semeval2025, xed; or a table of your own: .csv, .tsv, .jsonl or .parquet.",
        show_default=False,
    ),
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the corpus' files.", show_default=False)
]
TurnColumns = Annotated[
    str | None,
    typer.Option(
        "--turns",
        help="Columns that hold the turns, comma-separated, oldest first; or the one column that "
        "holds them all. Default: turn1,turn2,turn3 where there are such columns, else text.",
        show_default=False,
    ),
]
IdColumn = Annotated[
    str | None,
    typer.Option("--id", help="Column of ids; default id, if there is one.", show_default=False),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label",
        help="Column of label names; without it a column for each label, 0 or 1, is expected.",
        show_default=False,
    ),
]
LanguageColumn = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="COLUMN",
        help="Column of a table with the code of each text's language, for figures by language.",
        show_default=False,
    ),
]
TaxonomyOption = Annotated[
    str | None,
    typer.Option(help="Labels of a table: a name or a file, see `emoscope taxonomies`."),
]
TurnSeparator = Annotated[
    str | None,
    typer.Option(
        "--turn-separator",
        help="What parts the turns inside one column; [b]json[/b] for a JSON list.",
        show_default=False,
    ),
]


Languages = Annotated[
    str | None,
    typer.Option(
        help="Languages of a corpus that has several, comma-separated: en,es.", show_default=False
    ),
]


def parse_list(text: str | None) -> tuple[str, ...] | None:
    """`en,es` → the parts."""
    return None if text is None else tuple(part.strip() for part in text.split(","))


def parse_turn_columns(text: str | None) -> tuple[str, ...] | None:
    """`turn1,turn2` → the names."""
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise InputError(f"--turns {text!r}: expected column names parted by commas.")
    return names


@dataclass(frozen=True)
class CorpusOptions:
    """What a command says of the corpus that it reads, as the user has written it.

    Attributes:
        corpus: a name, or a table.
        data_dir: folder of the files of a corpus.
        turns: columns of the turns.
        id: column of ids.
        label: column of label names.
        taxonomy: labels of a table.
        turn_separator: what parts the turns inside one column.
        languages: the languages of a corpus that has several.
        language: column with the language of each text.
    """

    corpus: str
    data_dir: Path | None = None
    turns: str | None = None
    id: str | None = None
    label: str | None = None
    taxonomy: str | None = None
    turn_separator: str | None = None
    languages: str | None = None
    language: str | None = None


def make_corpus_section(options: CorpusOptions) -> tuple["CorpusSection", Path]:
    """The corpus that a command's options name, and the folder of its files."""
    from emoscope.reading.conversations import guess_columns
    from emoscope.reading.rows import read_rows
    from emoscope.recipes.schema import CorpusSection
    from emoscope.registry import CORPORA, SHIPPED_CORPORA

    corpus, data_dir = options.corpus, options.data_dir
    if corpus in CORPORA:
        if corpus not in SHIPPED_CORPORA and data_dir is None:
            raise InputError(
                f"{corpus} is not shipped: name the folder of its files with --data-dir. The "
                "corpora `sample`, `emoji` and `situations` need nothing."
            )
        values = {"name": corpus, "languages": parse_list(options.languages)}
        return CorpusSection.model_validate(values), data_dir or Path()
    path = Path(corpus)
    if not path.is_file():
        raise InputError(
            f"No corpus {corpus!r}: expected one of {', '.join(CORPORA)}, or a table of your own "
            "(.csv, .tsv, .jsonl, .parquet)."
        )
    first = next(read_rows(path), None)
    present = {} if first is None else first.values
    columns, identity = guess_columns(present, parse_turn_columns(options.turns), options.id)
    section = CorpusSection(
        name="tabular",
        train=path.name,
        dev=path.name,
        taxonomy=options.taxonomy,
        turns=columns,
        id=identity,
        label=options.label,
        language=options.language,
        turn_separator=options.turn_separator,
    )
    return section, path.parent
