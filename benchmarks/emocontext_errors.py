"""Which conversations does a model of EmoContext get wrong, by default of the label happy?

    python benchmarks/emocontext_errors.py --model FOLDER ... [--data-dir DIR] [--split dev]
        [--label happy] [--show FILE] [--quick] [--json FILE]

- Confusions: what the label is taken for, and what is taken for it.
- Emoji: F1 where a text has an emoji, the same with the emoji cut out, and where it has none.
- Laughter (haha, lol, 😂) in the last turn, which happy people write and mockers too: how often
  it is gold, how often given.
- The prior: F1 of every label without the correction.

Nothing is judged. --show writes the conversations that are wrong into a file, to be read. Without
--data-dir it reads the generated corpus that ships.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import emoscope
from common import finish, options
from emoscope.corpora.registry import load_corpus
from emoscope.inference.annotator import Annotator
from emoscope.metrics.classification import report
from emoscope.recipes.schema import CorpusSection
from emoscope.taxonomy.taxonomy import Taxonomy
from emoscope.text.emoji import contains_emoji, is_emoji, space_emoji

LAUGHTER = re.compile(r"\b(a*(ha){2,}h?|(he){2,}h?|l+o+l+|lmao|rofl)\b|[😂🤣😹😆]", re.IGNORECASE)
Given = NDArray[np.int64]


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--model", type=Path, action="append", required=True)
    parser.add_argument("--data-dir", type=Path, help="a folder with EmoContext")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--label", default="happy")
    parser.add_argument("--show", type=Path, help="write the errors of the first model here")
    arguments = parser.parse_args()
    name = "emocontext" if arguments.data_dir else "sample"
    corpus = load_corpus(CorpusSection(name=name), arguments.data_dir, arguments.split)
    turns = corpus.turns[:300] if arguments.quick else corpus.turns
    gold = corpus.labels[: len(turns)].argmax(axis=1)
    figures = {}
    for folder in arguments.model:
        annotator = emoscope.load(folder)
        print(f"{folder}: {len(turns):,} texts of {name}, {arguments.split}")
        figures[str(folder)] = measure(annotator, turns, gold, arguments.label)
    if arguments.show:
        show(arguments.show, emoscope.load(arguments.model[0]), turns, gold, arguments.label)
    finish({"corpus": name, "split": arguments.split, "models": figures}, {}, arguments.json)


def measure(
    annotator: Annotator, turns: Sequence[Sequence[str]], gold: Given, name: str
) -> dict[str, Any]:
    """All figures of one model."""
    names = annotator.taxonomy.names
    label = names.index(name)
    given = decide(annotator, turns)
    found: dict[str, Any] = {
        f"{name} is taken for": name_counts(names, given[gold == label]),
        f"taken for {name}": name_counts(names, gold[given == label]),
    }
    has = np.array([any(map(contains_emoji, each)) for each in turns])
    without = decide(annotator, [[cut_emoji(turn) for turn in each] for each in turns])
    for what, rows, said in (
        ("with emoji", has, given),
        ("with emoji, these cut out", has, without),
        ("without emoji", ~has, given),
    ):
        found[f"texts {what}"] = figures_of(annotator.taxonomy, gold[rows], said[rows])
    laughs = np.array([bool(LAUGHTER.search(each[-1])) for each in turns])
    found["last turn laughs"] = {
        "texts": int(laughs.sum()),
        f"{name} in gold": int((gold[laughs] == label).sum()),
        f"{name} given": int((given[laughs] == label).sum()),
        f"{name} given wrongly": int(((given == label) & (gold != label))[laughs].sum()),
        f"{name} missed": int(((given != label) & (gold == label))[laughs].sum()),
    }
    calibration = replace(annotator.calibration, prior_shift=(), thresholds=())
    plain = Annotator(annotator.backend, annotator.taxonomy, calibration)
    found["as it is"] = figures_of(annotator.taxonomy, gold, given)
    found["prior not corrected"] = figures_of(annotator.taxonomy, gold, decide(plain, turns))
    for what, values in found.items():
        cells = "  ".join(f"{key} {shown(value)}" for key, value in values.items())
        print(f"  {what:26} {cells}")
    return found


def decide(annotator: Annotator, turns: Sequence[Sequence[str]]) -> Given:
    """Place of the label that is given to each text."""
    return np.asarray(annotator.decide(annotator.probabilities(turns)).argmax(axis=1))


def shown(value: float) -> str:
    """A count, or a figure with three digits."""
    return f"{value:.3f}" if isinstance(value, float) else f"{value}"


def name_counts(names: Sequence[str], places: Given) -> dict[str, int]:
    """How often each label comes, the most frequent first."""
    return {names[place]: count for place, count in Counter(places.tolist()).most_common()}


def cut_emoji(text: str) -> str:
    """A text without its emoji."""
    return " ".join(word for word in space_emoji(text).split() if not is_emoji(word))


def figures_of(taxonomy: Taxonomy, gold: Given, given: Given) -> dict[str, float]:
    """Number of texts, and the F1 of each label."""
    places = np.arange(len(taxonomy))
    scores = report(gold[:, None] == places, given[:, None] == places, taxonomy).labels
    return {"texts": len(gold)} | {name: each.f1 for name, each in scores.items()}


def show(
    path: Path, annotator: Annotator, turns: Sequence[Sequence[str]], gold: Given, name: str
) -> None:
    """Write the texts of a label that are wrong, with what is true and what was given."""
    names = annotator.taxonomy.names
    label, given = names.index(name), decide(annotator, turns)
    wrong = (gold != given) & ((gold == label) | (given == label))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["gold", "given", "text"])
        for row in np.flatnonzero(wrong):
            writer.writerow([names[gold[row]], names[given[row]], " || ".join(turns[row])])


if __name__ == "__main__":
    main()
