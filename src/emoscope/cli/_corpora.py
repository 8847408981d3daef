"""The corpus or the labelled table that a command reads, and what it says of it on stderr."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from emoscope.cli._annotate_options import choose_turn_columns
from emoscope.cli._common import parse_list
from emoscope.errors import InputError, require
from emoscope.labelled.names import load_label_names
from emoscope.labelled.table import LABEL_COLUMNS, LabelledRows, LabelledTable
from emoscope.reading.missing import MISSING_MARKS, is_mark
from emoscope.registry import CORPORA, SHIPPED_CORPORA

if TYPE_CHECKING:
    from emoscope.corpora.corpus import Corpus


@dataclass(frozen=True)
class CorpusOptions:
    """What a command says of the corpus that it reads, as the user has written it.

    Attributes:
        corpus: a name, or a table.
        data_dir: folder of the files of a corpus.
        text: column of the text.
        turns: columns of the turns.
        id: column of ids.
        label: column of label names.
        label_names: what they stand for.
        turn_separator: what parts the turns inside one column.
        languages: the languages of a corpus that has several.
        language: column with the language of each text.
    """

    corpus: str
    data_dir: Path | None = None
    text: str | None = None
    turns: str | None = None
    id: str | None = None
    label: str | None = None
    label_names: str | None = None
    turn_separator: str | None = None
    languages: str | None = None
    language: str | None = None

    def find_table(self) -> LabelledTable | None:
        """The table, or None if the corpus is called by its name.

        Raises:
            InputError: it is neither, or a corpus whose files have to be named.
        """
        if self.corpus in CORPORA:
            if self.corpus not in SHIPPED_CORPORA and self.data_dir is None:
                raise InputError(
                    f"{self.corpus} is not shipped: name the folder of its files with --data-dir. "
                    "The corpora `sample`, `emoji` and `situations` need nothing."
                )
            idle = {
                "--label-names": self.label_names,
                "--label": self.label,
                "--text": self.text,
                "--turns": self.turns,
                "--id": self.id,
                "--turn-separator": self.turn_separator,
                "--language": self.language,
            }
            for option, value in idle.items():
                if value is not None:
                    raise InputError(
                        f"{option} is for tables, but {self.corpus} is a corpus with columns and "
                        "names of its own. Leave it out."
                    )
            return None
        path = Path(self.corpus)
        if not path.is_file():
            raise _make_unknown_error(self.corpus, path)
        if self.languages is not None:
            raise InputError(
                f"--languages is for corpora that have several, but all rows of the table "
                f"{self.corpus} are read. Leave it out."
            )
        return LabelledTable(
            path,
            turns=choose_turn_columns(self.text, self.turns),
            id=self.id,
            label=self.label,
            language=self.language,
            turn_separator=self.turn_separator,
            label_names=load_label_names(self.label_names),
        )

    def load_split(self, split: str) -> "Corpus":
        """A split of the corpus that is called by its name.

        Raises:
            MissingExtraError: the packages that read it are not installed.
            InputError: it cannot be read.
        """
        require("datasets", "train")
        from emoscope.corpora.registry import load_corpus
        from emoscope.recipes.schema import CorpusSection

        values = {"name": self.corpus, "languages": parse_list(self.languages)}
        return load_corpus(CorpusSection.model_validate(values), self.data_dir or Path(), split)

    def load_parted(self, recipe: str, splits: Sequence[str]) -> "dict[str, Corpus]":
        """Splits of the corpus, the training split parted as a recipe holds some of it out.

        Args:
            recipe: name or file of a recipe of this corpus.
            splits: names of splits.

        Raises:
            InputError: the recipe is of another corpus, or holds nothing out.
        """
        from emoscope.corpora.splits import part_holdout
        from emoscope.recipes.load import load_recipe

        section = load_recipe(recipe, []).corpus
        if section.name != self.corpus:
            raise InputError(f"--recipe {recipe} is of the corpus {section.name}: describe that.")
        if section.holdout is None:
            raise InputError(f"--recipe {recipe} holds nothing out. Leave --recipe out.")
        # Of other texts another part would be held out.
        languages = self.languages or ",".join(section.languages or ()) or None
        corpora = replace(self, languages=languages)
        found: dict[str, Corpus] = {}
        for split in splits:
            corpus = corpora.load_split(split)
            if split not in section.train_splits:
                found[split] = corpus
                continue
            if len(section.train_splits) > 1:
                raise InputError(
                    f"--recipe {recipe} holds texts out of {' and '.join(section.train_splits)} "
                    "together, which are described one by one. Leave --recipe out."
                )
            corpus = corpus.only_labelled(f"{section.name} {split}")
            share, seed = section.holdout.share, section.holdout.seed
            kept, held = part_holdout(len(corpus), share, seed)
            found |= {split: corpus.select(kept), f"{split}, held out": corpus.select(held)}
        return found


def _make_unknown_error(corpus: str, path: Path) -> InputError:
    """Say that there is neither a file nor a corpus of this name."""
    if path.is_dir():
        return InputError(
            f"{corpus}: expected a table or the name of a corpus, got a folder. Name a file in it, "
            f"or the corpus whose files it holds: emoscope … CORPUS --data-dir {corpus}."
        )
    if path.suffix or len(path.parts) > 1:
        return InputError(f"{corpus}: expected a file, got no such file. Check the path.")
    close = get_close_matches(corpus, CORPORA, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return InputError(
        f"No corpus {corpus!r}: expected one of {', '.join(CORPORA)}, or a table of your own "
        f"(.csv, .tsv, .xlsx, .jsonl, .json, .parquet).{hint}"
    )


def describe_label_column(rows: LabelledRows, given: str | None) -> Iterator[str]:
    """Say which column the labels were taken from, if the user has named none, and of odd texts.

    Args:
        rows: of a table.
        given: the column of labels that the user has named.
    """
    label = rows.columns.label
    if given is None and label is not None:
        yield f"Labels are those in the column {label!r}; --label names another."
    marks = frozenset(MISSING_MARKS)
    found = [each.turns[0] for each in rows.examples if all(is_mark(x, marks) for x in each.turns)]
    if found:
        yield (
            f"{len(found):,} of {len(rows.examples):,} texts are a mark such as "
            f"{found[0].strip()!r} and count as texts all the same: if it stands for a missing "
            "one, remove these rows."
        )


def describe_columns(rows: LabelledRows, given: str | None, names: Sequence[str]) -> Iterator[str]:
    """Say which column the labels were taken from, and which ones may hold further labels.

    Args:
        rows: of a table.
        given: the column of labels that the user has named.
        names: names of the labels that the rows are about.
    """
    yield from describe_label_column(rows, given)
    if rows.similar:
        more = ", ".join(rows.similar)
        yield (
            f"Further columns look like labels, and were passed over: {more}. To ask for them: "
            f"--taxonomy '{', '.join((*names, *rows.similar))}'."
        )


def describe_unlabelled(rows: LabelledRows) -> str:
    """Say why no row of a table has a label."""
    label = rows.columns.label
    if label is not None:
        return f"No text is labelled, as the column {label!r} is blank throughout."
    if rows.similar:
        names = ", ".join(rows.similar) + ("," if len(rows.similar) == 1 else "")
        advice = f"--taxonomy '{names}' takes these columns, which look like labels"
    else:
        advice = "--taxonomy 'joy, anger' names labels that have a column each"
    return (
        f"No text is labelled, as no column is called like a label that is known, nor "
        f"{', '.join(LABEL_COLUMNS[:-1])} or {LABEL_COLUMNS[-1]}: --label COLUMN names one that "
        f"holds the names of labels; {advice}."
    )
