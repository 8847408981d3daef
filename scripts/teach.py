"""Texts with what a trained model says of them, for another model to learn from.

    python scripts/teach.py --data-dir DIR --teacher MODEL [--recipe embedded]

writes `DIR/taught/goemotions.parquet`, the training texts of the recipe's first corpus, and
`DIR/taught/others.parquet`, a sample of those of its other corpora that need files. Both have the
columns `id`, `text` and one for each label of the teacher with its probability (Hinton et al. 2015,
arXiv 1503.02531). The recipe mixes them in as tables. The teacher is a training of the recipe
`embedded-teacher`; that of the model that ships was the model of emoscope 0.1.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import emoscope
from emoscope.corpora.corpus import Corpus
from emoscope.corpora.registry import load_corpus
from emoscope.inference.annotator import Annotator
from emoscope.recipes.load import load_recipe
from emoscope.registry import SHIPPED_CORPORA

OTHERS = 22_000


def write(path: Path, annotator: Annotator, corpus: list[tuple[str, str]]) -> None:
    """One table of ids, texts and probabilities."""
    ids, texts = zip(*corpus, strict=True)
    probabilities = annotator.probabilities([[text] for text in texts])
    columns = {"id": list(ids), "text": list(texts)}
    columns |= {
        name: probabilities[:, place].astype(np.float32).round(4)
        for place, name in enumerate(annotator.taxonomy.names)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    print(f"{path}: {len(texts):,} texts")


def texts_of(corpus: Corpus) -> list[tuple[str, str]]:
    """Ids and texts; of a conversation the last turn."""
    return [
        (f"{corpus.name}-{key}", turns[-1])
        for key, turns in zip(corpus.ids, corpus.turns, strict=True)
    ]


def main() -> None:
    """Read the corpora, ask the teacher, write the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="folder of the corpora")
    parser.add_argument("--teacher", type=Path, required=True, help="model that is asked")
    parser.add_argument("--recipe", default="embedded")
    options = parser.parse_args()
    recipe = load_recipe(options.recipe)
    annotator = emoscope.load(options.teacher)
    first, *others = recipe.corpora
    own = load_corpus(first, options.data_dir, "train")
    folder = options.data_dir / "taught"
    write(folder / "goemotions.parquet", annotator, texts_of(own))
    read = [
        load_corpus(section, options.data_dir, "train")
        for section in others
        if section.name not in (*SHIPPED_CORPORA, "tabular")
    ]
    texts = [pair for corpus in read for pair in texts_of(corpus)]
    rows = np.random.default_rng(recipe.seed).permutation(len(texts))[:OTHERS]
    write(folder / "others.parquet", annotator, [texts[row] for row in sorted(rows)])


if __name__ == "__main__":
    main()
