"""Demux on languages of BRIGHTER, each alone and each never seen, beside what there is to beat.

    emoscope table semeval2025 --only 'demux-semeval2025-*' --runs 1 --data-dir DIR
        --set model.backbone=FOLDER --output LOGS
    python benchmarks/brighter_quality.py --semeval2025 DIR [--logs LOGS] [--quick] [--json FILE]

- logs: the runs that the first command makes, of each language alone (demux-semeval2025-deu …) and
  of the two others (demux-semeval2025-to-deu …), at thresholds fitted on dev of what they were
  trained on. Without it the rivals alone are measured.
- every emotion: each text has each emotion, what there is to beat without any learning.
- TF-IDF: of words and pairs of words of the language, a logistic regression for each emotion, its
  class weights and thresholds from dev.

A language alone is to be above TF-IDF, and one never seen above every emotion.
"""

from pathlib import Path
from typing import Any

import numpy as np

from common import data_sample, finish, machine, options, read_logs, show
from emoscope.calibration import decide, fit_thresholds
from emoscope.corpora import semeval2025
from emoscope.experiments.log import ExperimentLog
from emoscope.metrics.classification import Report, report
from rivals import tfidf

LANGUAGES = ("deu", "eng", "hin")
ALONE, UNSEEN, TFIDF, EVERYTHING = "alone", "never seen", "TF-IDF", "every emotion"
RECIPES = {ALONE: "demux-semeval2025-{}", UNSEEN: "demux-semeval2025-to-{}"}


def measure_rivals(root: Path, language: str) -> dict[str, dict[str, Any]]:
    """Figures of both rivals on the test split of a language."""
    train, dev, test = (
        semeval2025.load(root, split, languages=(language,)) for split in ("train", "dev", "test")
    )
    on_dev, on_test, weight = tfidf(train, dev, test)
    decisions = decide(on_test, False, fit_thresholds(on_dev, dev.labels))
    all_of_them = np.ones_like(test.labels, dtype=np.bool_)
    return {
        TFIDF: {
            **averages(report(test.labels, decisions, test.taxonomy)),
            "class_weight": weight,
            "train_texts": len(train),
        },
        EVERYTHING: averages(report(test.labels, all_of_them, test.taxonomy)),
    }


def averages(measured: Report) -> dict[str, Any]:
    """Macro- and micro-F1, as lists of one run."""
    return {
        "macro_f1": [measured.macro.f1],
        "micro_f1": [measured.micro.f1],
        "test_texts": measured.texts,
    }


def by_recipe(folder: Path) -> dict[str, ExperimentLog]:
    """The logs below a folder, by the name of their recipe."""
    return {str(log.params["name"]): log for log in read_logs(folder)}


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--semeval2025", type=Path, required=True)
    parser.add_argument("--logs", type=Path, help="folder of the logs of the recipes")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    logs = {} if arguments.logs is None else by_recipe(arguments.logs)
    figures: dict[str, Any] = {}
    met: dict[str, bool] = {}
    print(f"  {'test':6}{'':16}{'macro-F1':>15}{'micro-F1':>15}  runs")
    with data_sample(arguments.semeval2025, 300 if arguments.quick else None) as root:
        for language in LANGUAGES:
            found = measure_rivals(root, language)
            for name, recipe in RECIPES.items():
                log = logs.get(recipe.format(language))
                if log is not None:
                    found[name] = {
                        "macro_f1": log.values("test_macro_f1"),
                        "micro_f1": log.values("test_micro_f1"),
                        "half_macro_f1": log.values("test_half_macro_f1"),
                        "seconds": log.values("seconds"),
                    }
            for name, one in found.items():
                cells = "".join(f"{show(one[key]):>15}" for key in ("macro_f1", "micro_f1"))
                print(f"  {language:6}{name:16}{cells}  {len(one['macro_f1'])}", flush=True)
            figures[language] = found
            for ours, rival in ((ALONE, TFIDF), (UNSEEN, EVERYTHING)):
                if ours in found:
                    values, bar = found[ours]["macro_f1"], found[rival]["macro_f1"][0]
                    sentence = f"{language} {ours}: macro-F1 {show(values)}, {rival} {bar:.3f}"
                    met[sentence] = float(np.mean(values)) >= bar
    finish(figures, met, arguments.json, arguments.quick)


if __name__ == "__main__":
    main()
