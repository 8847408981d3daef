"""Corpora by name, as recipes and the command line ask for them."""

import inspect
from pathlib import Path

from emoscope.corpora import hub, tabular
from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.reading.conversations import Columns
from emoscope.reading.errors import BadRows
from emoscope.recipes.schema import CorpusSection
from emoscope.registry import CORPORA, resolve
from emoscope.taxonomy import Taxonomy


def load_corpus(
    section: CorpusSection,
    root: Path,
    split: str,
    *,
    taxonomy: Taxonomy | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """One split of a corpus, less the labels that its section excludes.

    Args:
        section: which corpus, and the columns of a tabular one.
        root: folder of its files; the sample corpus reads none.
        split: `train`, `dev` or `test`; for a tabular corpus the name of a file in the folder.
        taxonomy: labels to look for in a tabular corpus, if the section does not name its own;
            unless they exclude each other, it may lack some of them and have others.
        bad_rows: stop at a row that cannot be read, or where to put it.

    Raises:
        InputError: languages of a corpus that has but one, labels to exclude that it has not, or
            files that are missing or cannot be read.
    """
    if section.folder is not None:
        inside = root / section.folder
        # A data set of the hub may lie among the user's folders, or is found by its name.
        root = Path(section.folder) if section.hub_name and not inside.exists() else inside
    if section.name in CORPORA:
        load = resolve(CORPORA[section.name])
        options = {} if section.languages is None else {"languages": section.languages}
        if options and "languages" not in inspect.signature(load).parameters:
            raise InputError(f"corpus.languages: {section.name} has one language. Leave them out.")
        corpus: Corpus = load(root, split, bad_rows=bad_rows, **options)
        return corpus.without(*section.exclude)
    columns = Columns(
        turns=section.turns,
        id=section.id,
        label=section.label,
        labels=section.labels,
        language=section.language,
        turn_separator=section.turn_separator,
        label_separator=section.label_separator,
    )
    labels = taxonomy if section.taxonomy is None else Taxonomy.load(section.taxonomy)
    if section.name == "hub":
        found = hub.HubOptions(bad_rows=bad_rows, label_names=section.label_names)
        return hub.load(root, split, labels, columns, found).without(*section.exclude)
    loaded = tabular.load(
        root / split,
        labels,
        columns,
        tabular.TabularOptions(
            open_labels=section.taxonomy is None,
            bad_rows=bad_rows,
            label_names=section.label_names,
        ),
    )
    return loaded.without(*section.exclude)
