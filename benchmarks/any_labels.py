"""How well a model answers labels that it was not trained on, and whether others change its scores.

    python benchmarks/any_labels.py --data-dir DIR [--model FOLDER] [--left-out FOLDER]
        [--float32 FOLDER] [--mpnet FOLDER] [--part families vocabularies invariance groups
        sentences] [--quick] [--json FILE]

The model is the embedded one unless --model names another folder. DIR has the folders goemotions,
edos, event2mind, xed and semeval2025_task11. Beside the model are bare sentence encoders on the
same texts: the cosine of the text and the label's name under all-MiniLM-L6-v2, which the embedded
model is made from, and under all-mpnet-base-v2, if --mpnet names its folder. Nothing is chosen on
test data.

- families: --left-out is a model trained without the words of six families of feelings, which
  `label_families.py` writes the recipe for. It is asked for them on the test texts of EDOS and of
  Event2Mind. A text has a family if the votes for its words sum to ½ (EDOS) or ⅓ (Event2Mind); the
  score of a family is the highest of its words'. ROC-AUC over all texts of families with 10 cases
  or more, the share of the texts with a family whose highest score is of one they have (top-1),
  and the same with each family's scores standardised over the texts.
- vocabularies: the model on labels that it was trained on in other corpora. EDOS test: top-1 is
  right with any label that has the most votes, and a text has a label with ½ of the votes.
  Event2Mind dev, XED test: with any label that anybody named. XED has neutral texts too, which
  count for the ROC-AUC. ROC-AUC is the mean over labels with 10 cases or more. English test of
  SemEval-2025 Task 11 (BRIGHTER; track B's, an intensity above 0): macro-F1, calibrated on dev as
  `emoscope annotate --calibrate` does. The encoders get a temperature, shifts and thresholds there.
- invariance: the largest change of a score over random sets of 1 to 60 labels, against the label
  alone, and with --float32 the same of a training that the model was made from.
- groups: `ekman` and `sentiment` on GoEmotions test, at the model's thresholds. A text has a group
  if it has one of the labels that it is made of.
- sentences: twelve sentences, each for one of twelve labels that are in the list of no corpus of
  the recipe, or in Event2Mind's alone. They were written before any model was asked.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import emoscope
from common import finish, machine, options
from emoscope.corpora import edos, event2mind, goemotions, semeval2025, xed
from emoscope.corpora.corpus import Corpus
from emoscope.inference.annotator import Annotator
from emoscope.reading.rows import read_rows
from label_parts import (
    BRIGHTER,
    EDOS,
    EVENT2MIND,
    XED,
    measure_families,
    measure_groups,
    measure_sentences,
    measure_vocabularies,
)
from label_scorers import EncoderScorer, ModelScorer, Scorer
from label_sentences import check_sentences
from label_sets import Invariance, measure_invariance

PARTS = ("families", "vocabularies", "invariance", "groups", "sentences")
MODEL, FLOAT32, LEFT_OUT = "the model", "in float32", "trained without them"
MINILM, MPNET = "bare all-MiniLM-L6-v2", "bare all-mpnet-base-v2"
CASES, SETS, SET_TEXTS = 10, 100, 50
QUICK_TEXTS, QUICK_CASES, QUICK_SETS, QUICK_SET_TEXTS = 100, 2, 6, 6
MAX_CHANGES = {MODEL: 0.002, FLOAT32: 1e-5}
MIN_AREA, MIN_GAIN, MIN_TOP1_GAIN = 0.85, 0.03, 0.05
MIN_GROUPS = {"ekman": 0.63, "sentiment": 0.68}
MAX_WITHOUT = 0.05
MIN_BRIGHTER = 0.66
MIN_RIGHT = 10


class Data:
    """The corpora, read when they are asked for.

    Args:
        root: folder of their folders.
        most: texts of each, drawn at random; all if None.
    """

    def __init__(self, root: Path, most: int | None) -> None:
        self.root = root
        self.most = most

    def thinned(self, corpus: Corpus) -> Corpus:
        """The examples that are used."""
        if self.most is None or len(corpus) <= self.most:
            return corpus
        drawn = np.random.default_rng(0).choice(len(corpus), self.most, replace=False)
        return corpus.select(np.sort(drawn))

    def families(self) -> dict[str, Corpus]:
        """The corpora with words of the families, test."""
        events = event2mind.load(self.root / "event2mind", "test")
        return {EDOS: self.edos(), EVENT2MIND: self.thinned(events)}

    def vocabularies(self) -> dict[str, Corpus]:
        """The corpora that the model is trained on besides GoEmotions."""
        return {
            EDOS: self.edos(),
            EVENT2MIND: self.thinned(event2mind.load(self.root / "event2mind", "dev")),
            XED: self.thinned(xed.load(self.root / "xed", "test").without(xed.NEUTRAL)),
            BRIGHTER: self.thinned(self.brighter_test()),
        }

    def brighter_dev(self) -> Corpus:
        """English dev of SemEval-2025 Task 11."""
        return semeval2025.load(self.root / "semeval2025_task11", "dev", languages=("eng",))

    def brighter_test(self) -> Corpus:
        """English test of the same with the labels whose intensity is above 0."""
        path = self.root / "semeval2025_task11" / "intensity_test" / "eng.csv"
        taxonomy = self.brighter_dev().taxonomy
        rows = [row.values for row in read_rows(path, "csv")]
        return Corpus.from_rows(
            "semeval2025",
            taxonomy,
            ids=[row["id"] for row in rows],
            turns=[[row["text"]] for row in rows],
            labels=[[float(row[name]) > 0 for name in taxonomy.names] for row in rows],
            language="eng",
        )

    def edos(self) -> Corpus:
        """EDOS, test."""
        return self.thinned(edos.load(self.root / "edos", "test"))

    def goemotions(self) -> Corpus:
        """GoEmotions, test."""
        return self.thinned(goemotions.load(self.root / "goemotions", "test"))


def measure_sets(
    models: Mapping[str, Annotator], data: Data, sets: int, texts: int
) -> dict[str, Any]:
    """Ask for random sets of labels.

    Args:
        models: by title.
        data: the texts are of GoEmotions and, every second one, of EDOS.
        sets: how many.
        texts: how many.
    """
    turns = [corpus.turns[: texts // 2] for corpus in (data.goemotions(), data.edos())]
    conversations = [conversation for pair in zip(*turns, strict=True) for conversation in pair]
    print(f"  sets of labels: the largest change of a score of {len(conversations)} texts")
    figures = {}
    for title, annotator in models.items():
        found: Invariance = measure_invariance(annotator, conversations, sets)
        print(f"    {title}: {found.sets} sets, {found.refused} that it does not take")
        for kind, change in found.changes.items():
            print(f"      {kind:36}{change:>13.7f} of {found.labels[kind]}", flush=True)
        figures[title] = asdict(found) | {"largest": found.largest}
    return figures


def judge_families(figures: Mapping[str, Any]) -> dict[str, bool]:
    """Means over the two corpora against the bars."""

    def over(title: str, key: str) -> float:
        return float(np.mean([of_corpus[title][key] for of_corpus in figures.values()]))

    area = over(LEFT_OUT, "mean_roc_auc")
    more = over(LEFT_OUT, "top1") - over(MINILM, "top1")
    said = {f"unseen families, ROC-AUC {area:.3f}, bar {MIN_AREA}": area >= MIN_AREA}
    if all(MPNET in of_corpus for of_corpus in figures.values()):
        gain = area - over(MPNET, "mean_roc_auc")
        sentence = f"unseen families, ROC-AUC {gain:+.3f} against {MPNET}, bar {MIN_GAIN:+}"
        said[sentence] = gain >= MIN_GAIN
    sentence = f"unseen families, top-1 {100 * more:+.1f} points against {MINILM}"
    said[f"{sentence}, bar {100 * MIN_TOP1_GAIN:+.0f}"] = more >= MIN_TOP1_GAIN
    return said


def validate(figures: Mapping[str, Any]) -> dict[str, bool]:
    """What was measured against the bars."""
    said = {}
    for title, found in figures.get("invariance", {}).items():
        bar, largest = MAX_CHANGES[title], found["largest"]
        sentence = f"{title}, a score changes by {largest:.7f} with the labels asked for, bar {bar}"
        said[sentence] = largest < bar
        if found["refused"]:
            said[f"{title}, {found['refused']} sets of labels that it does not take, bar 0"] = False
    families = figures.get("families", {})
    if families and all(LEFT_OUT in of_corpus for of_corpus in families.values()):
        said |= judge_families(families)
    for name, found in figures.get("groups", {}).items():
        f1, without = found["macro_f1"], found["without_any"]
        said[f"{name}, macro-F1 {f1:.3f}, bar {MIN_GROUPS[name]}"] = f1 >= MIN_GROUPS[name]
        sentence = f"{name}, {without:.1%} of texts without any, bar {MAX_WITHOUT:.0%}"
        said[sentence] = without <= MAX_WITHOUT
    if "vocabularies" in figures:
        f1 = figures["vocabularies"][BRIGHTER][MODEL]["macro_f1"]
        said[f"BRIGHTER English test, macro-F1 {f1:.3f}, bar {MIN_BRIGHTER}"] = f1 >= MIN_BRIGHTER
    if "sentences" in figures:
        right = figures["sentences"][MODEL]["right"]
        said[f"{right} of twelve sentences right, bar {MIN_RIGHT}"] = right >= MIN_RIGHT
    return said


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="instead of the embedded one")
    parser.add_argument("--left-out", type=Path, help="trained without the families")
    parser.add_argument("--float32", type=Path, help="the training of the model")
    parser.add_argument("--mpnet", type=Path, help="all-mpnet-base-v2, as transformers saves it")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    arguments = parser.parse_args()
    check_sentences()
    quick, parts = arguments.quick, arguments.part
    data = Data(arguments.data_dir, QUICK_TEXTS if quick else None)
    least = QUICK_CASES if quick else CASES
    print(machine(), flush=True)
    models = {MODEL: emoscope.load(arguments.model)}
    if arguments.float32 is not None:
        models[FLOAT32] = emoscope.load(arguments.float32)
    bare: dict[str, Scorer] = {MINILM: EncoderScorer("all-minilm-l6-v2")}
    if arguments.mpnet is not None:
        bare[MPNET] = EncoderScorer(str(arguments.mpnet))
    scorers = {MODEL: ModelScorer(models[MODEL])} | bare
    figures: dict[str, Any] = {}
    if "families" in parts:
        without = {}
        if arguments.left_out is not None:
            without = {LEFT_OUT: ModelScorer(emoscope.load(arguments.left_out))}
        figures["families"] = measure_families(data.families(), without | bare, least)
    if "vocabularies" in parts:
        figures["vocabularies"] = measure_vocabularies(
            data.vocabularies(), data.brighter_dev(), scorers, least
        )
    if "invariance" in parts:
        sets, texts = (QUICK_SETS, QUICK_SET_TEXTS) if quick else (SETS, SET_TEXTS)
        figures["invariance"] = measure_sets(models, data, sets, texts)
    if "groups" in parts:
        figures["groups"] = measure_groups(models[MODEL], data.goemotions(), tuple(MIN_GROUPS))
    if "sentences" in parts:
        figures["sentences"] = measure_sentences(scorers)
    if "families" in parts and arguments.left_out is None:
        print("not measured: families left out, as no --left-out was given")
    finish(figures, validate(figures), arguments.json, quick)


if __name__ == "__main__":
    main()
