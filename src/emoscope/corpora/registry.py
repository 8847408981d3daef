"""Corpora by name, as recipes and the command line ask for them."""

from pathlib import Path

from emoscope.conversations import Columns
from emoscope.corpora import emocontext, sample, tabular
from emoscope.corpora.corpus import Corpus
from emoscope.recipes.schema import CorpusSection
from emoscope.rows import BadRows
from emoscope.taxonomy import Taxonomy


def load_corpus(
    section: CorpusSection,
    root: Path,
    split: str,
    *,
    taxonomy: Taxonomy | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """One split of a corpus.

    Args:
        section: which corpus, and the columns of a tabular one.
        root: folder of its files; the sample corpus reads none.
        split: `train`, `dev` or `test`; for a tabular corpus the name of a file in the folder.
        taxonomy: labels of a tabular corpus, if the section does not name them.
        bad_rows: stop at a row that cannot be read, or where to put it.
    """
    if section.name == "sample":
        return sample.load(split)
    if section.name == "emocontext":
        return emocontext.load(root, split, bad_rows=bad_rows)
    columns = Columns(
        turns=section.turns,
        id=section.id,
        label=section.label,
        labels=section.labels,
        turn_separator=section.turn_separator,
        label_separator=section.label_separator,
    )
    labels = taxonomy if section.taxonomy is None else Taxonomy.load(section.taxonomy)
    return tabular.load(root / split, labels, columns, bad_rows=bad_rows)
