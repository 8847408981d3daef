"""Losses and heads of Demux and MEmo on GoEmotions, beside TF-IDF on the same texts.

    emoscope table goemotions-losses --runs 1 --data-dir DIR --set model.backbone=all-minilm-l6-v2
        --set 'corpus.holdout={share: 0.75}' --set training.epochs=1
        --set training.learning_rate=2.0e-4 --output LOGS
    python benchmarks/goemotions_losses.py --data-dir DIR --logs LOGS [--quick] [--json FILE]

The first command trains on a quarter of the texts, and may be run for some rows and with other
epochs for others. For each configuration in the logs the second prints the figures of test at the
thresholds fitted on dev and at ½, then those of TF-IDF of words and pairs of words with a logistic
regression for each label, trained on the texts of the logs, class weights and thresholds from dev.

Every configuration is to be above TF-IDF in macro-F1.
"""

from pathlib import Path
from typing import Any

import numpy as np

from common import finish, machine, options, read_logs, show
from emoscope.calibration import decide, fit_thresholds
from emoscope.experiments.log import ExperimentLog
from emoscope.metrics.classification import report
from emoscope.recipes.schema import Recipe
from emoscope.training.prepare import load_corpora, load_test
from rivals import tfidf

TFIDF = "TF-IDF, logistic regression"
FIGURES = ("macro_f1", "micro_f1", "half_macro_f1", "half_micro_f1")


def measure_log(log: ExperimentLog) -> dict[str, Any]:
    """Figures of a configuration on test, a value a run."""
    return {
        "epochs": log.params["training"]["epochs"],
        **{name: log.values(f"test_{name}") for name in FIGURES},
        "seconds": log.values("seconds"),
    }


def measure_tfidf(recipe: Recipe, root: Path) -> dict[str, Any]:
    """Figures of TF-IDF on test, trained on what a recipe is trained on."""
    [train], [dev] = load_corpora(recipe.corpus, root)
    [test] = load_test(recipe.corpus, root, train)
    on_dev, on_test, weight = tfidf(train, dev, test)
    figures: dict[str, Any] = {"class_weight": weight, "train_texts": len(train)}
    for prefix, thresholds in (("", fit_thresholds(on_dev, dev.labels)), ("half_", 0.5)):
        measured = report(
            test.labels, decide(on_test, False, np.asarray(thresholds)), test.taxonomy
        )
        figures[f"{prefix}macro_f1"] = [measured.macro.f1]
        figures[f"{prefix}micro_f1"] = [measured.micro.f1]
    return figures


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--logs", type=Path, required=True, help="folder of the table's logs")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    logs = read_logs(arguments.logs)
    trained_on = Recipe.model_validate(logs[0].params)
    others = [log for log in logs if Recipe.model_validate(log.params).corpus != trained_on.corpus]
    if others:
        raise SystemExit(f"{others[0].folder} is trained on other texts than {logs[0].folder}.")
    figures = {
        f"{log.params['name']}, {log.params['training']['epochs']} epochs": measure_log(log)
        for log in logs
    }
    figures[TFIDF] = measure_tfidf(trained_on, arguments.data_dir)
    print(f"  {'test':52}{'macro-F1':>15}{'micro-F1':>15}{'macro at ½':>15}{'micro at ½':>15}")
    for name, found in figures.items():
        cells = "".join(f"{show(found[figure]):>15}" for figure in FIGURES)
        print(f"  {name:52}{cells}", flush=True)
    [bar] = figures[TFIDF]["macro_f1"]
    met = {
        f"{name}: macro-F1 {show(found['macro_f1'])}, {TFIDF} {bar:.3f}": bool(
            np.mean(found["macro_f1"]) >= bar
        )
        for name, found in figures.items()
        if name != TFIDF
    }
    finish(figures, met, arguments.json, arguments.quick)


if __name__ == "__main__":
    main()
