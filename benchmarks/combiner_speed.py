"""How many conversations a second do trees on lexical features annotate?

Three turns each, of the generated sample corpus, on a model that is trained here on the same corpus
(or on your own: --model FOLDER, --texts FILE with three columns of turns, parted by tabs).

- One process: `Annotator.probabilities`, in seconds of the processor, so that what else the machine
  does at the time does not count.
- A job: `emoscope annotate --workers 2` from a file to a file, by the clock, start-up included.
- A yardstick: a loop in Python that only counts the same n-grams of the same texts.

Bar: 10,000 conversations a second on two cores, where each of two processes makes half of them.
"""

import csv
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from common import finish, median, options, watched, working

BAR = 10_000


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__ or "")
    parser.add_argument("--model", type=Path, help="a combiner without parts")
    parser.add_argument("--texts", type=Path, help="turns in columns parted by tabs")
    parser.add_argument("--folder", type=Path, help="keep what is written here")
    arguments = parser.parse_args()
    with working(arguments.folder) as folder:
        model = arguments.model or train(folder / "model", arguments.quick)
        texts = read(arguments.texts) if arguments.texts else generate(arguments.quick)
        figures = measure(model, texts, folder)
    per_core = figures["conversations_a_core_second"]
    print(f"one process       {per_core:10,.0f} conversations a second of one core")
    print(f"two processes     {figures['job_conversations_a_second']:10,.0f} by the clock, a job")
    print(f"counting in Python{figures['loop_conversations_a_core_second']:10,.0f} of one core")
    verdict = f"{2 * per_core:,.0f} conversations a second of two cores (bar {BAR:,})"
    finish(figures, {verdict: 2 * per_core >= BAR}, arguments.json, arguments.quick)


def train(folder: Path, quick: bool) -> Path:
    """A model of the sample corpus."""
    from emoscope.recipes.load import load_recipe
    from emoscope.training.train import train as train_recipe

    changes = ["model.trees.rounds=40"] if quick else []
    train_recipe(load_recipe("trees-sample", changes), Path(), folder)
    return folder


def generate(quick: bool) -> list[list[str]]:
    """Conversations that differ, drawn from the sample corpus."""
    from emoscope.corpora.sample import load

    turns = load("train").turns
    count = 5_000 if quick else 50_000
    return [
        [f"{turn} {number % 97}" for turn in turns[number % len(turns)]] for number in range(count)
    ]


def read(path: Path) -> list[list[str]]:
    """The rows of a file of turns."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row]


def measure(model: Path, texts: list[list[str]], folder: Path) -> dict[str, float]:
    """The three figures."""
    import emoscope

    annotator = emoscope.load(model, threads=1)
    annotator.probabilities(texts[:256])

    def score() -> float:
        started = time.process_time()
        for start in range(0, len(texts), 1024):
            annotator.probabilities(texts[start : start + 1024])
        return time.process_time() - started

    def count() -> float:
        started = time.process_time()
        for turns in texts:
            count_grams(turns)
        return time.process_time() - started

    one, loop = median(score, 3), median(count, 3)
    table = folder / "texts.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = [f"turn{number}" for number in range(1, max(map(len, texts)) + 1)]
        writer.writerows([names, *texts])
    columns = ["--turns", ",".join(names)]
    job, memory = watched(
        [
            *(sys.executable, "-m", "emoscope", "annotate", str(table), "--model", str(model)),
            *("--workers", "2", "--output", str(folder / "scored.jsonl"), "--restart", *columns),
        ]
    )
    return {
        "conversations": len(texts),
        "conversations_a_core_second": len(texts) / one,
        "job_seconds": job,
        "job_conversations_a_second": len(texts) / job,
        "job_peak_bytes": memory,
        "loop_conversations_a_core_second": len(texts) / loop,
        "ratio_to_loop": loop / one,
    }


def count_grams(turns: Sequence[str]) -> Counter[tuple[int, str]]:
    """Words, pairs of words and runs of 2 to 5 characters of each turn."""
    counts: Counter[tuple[int, str]] = Counter()
    for place, turn in enumerate(turns):
        words = turn.lower().split()
        counts.update((place, word) for word in words)
        counts.update((place, f"{a} {b}") for a, b in pairwise(words))
        for word in words:
            padded = f" {word} "
            for length in (2, 3, 4, 5):
                counts.update(
                    (place, padded[at : at + length]) for at in range(len(padded) - length + 1)
                )
    return counts


if __name__ == "__main__":
    main()
