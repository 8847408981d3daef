"""Conversations a second and peak memory of `emoscope annotate` with a trained NELEC.

From file to file, as the command does it: read TSV, clean, encode, score, write JSON lines. The
model is the recipe nelec-emocontext's network, trained for a moment on the sample corpus (speed
does not depend on what it learned; give --model for one of your own); the conversations are the
sample corpus' over and over with numbers put in, so that texts differ.

    python benchmarks/nelec_annotate.py [--model FOLDER] [--quick] [--json FILE]
"""

import os
import sys
import tempfile
from pathlib import Path

from common import finish, machine, options, watched
from emoscope.corpora.sample import generate_conversations
from emoscope.recipes.load import load_recipe
from emoscope.training.train import train

BAR = 5_000
SIZES = (10_000, 1_000_000)
GROWTH = 1.10


def write_conversations(path: Path, count: int) -> None:
    """A TSV of generated conversations, no two alike."""
    rows = [row for split in ("train", "dev", "test") for row in generate_conversations(split)]
    with path.open("w", encoding="utf-8") as file:
        file.write("id\tturn1\tturn2\tturn3\n")
        for number in range(count):
            one, two, three = rows[number % len(rows)].turns
            file.write(f"{number}\t{one} {number % 9973}\t{two}\t{three}\n")


def trained(folder: Path) -> Path:
    """The recipe's network, trained for one epoch on the sample corpus."""
    overrides = [
        "corpus={name: sample}",
        "training.epochs=1",
        "training.predictions=false",
        "training.checkpoints=false",
        "training.keep_best=false",
    ]
    train(load_recipe("nelec-emocontext", overrides), Path(), folder)
    return folder / "seed-0" / "model"


def annotate(model: Path, source: Path, target: Path) -> dict[str, float]:
    """Seconds of the whole command and of its loading, and peak memory in MB."""
    command = [sys.executable, "-m", "emoscope", "annotate", str(source)]
    command += ["--model", str(model), "--output", str(target), "--restart"]
    seconds, peak = watched(command)
    return {"seconds": seconds, "peak_mb": peak / 2**20}


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--model", type=Path, help="a trained model; default: made here")
    arguments = parser.parse_args()
    sizes = (SIZES[0], SIZES[0] * 4) if arguments.quick else SIZES
    print(machine(), f"{os.cpu_count()} cores")
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = arguments.model or trained(folder / "model")
        for count in sizes:
            source, target = folder / "chats.tsv", folder / "scores.jsonl"
            write_conversations(source, count)
            one = annotate(model, source, target)
            with target.open("rb") as file:
                written = sum(1 for _ in file)
            if written != count:
                sys.exit(f"{count} conversations in, {written} lines out")
            one["a_second"] = count / one["seconds"]
            figures[str(count)] = one
            print(
                f"{count:9,} conversations: {one['seconds']:7.1f} s, {one['a_second']:7,.0f} a "
                f"second with loading, peak memory {one['peak_mb']:,.0f} MB"
            )
    small, large = (figures[str(count)] for count in sizes)
    extra = (sizes[1] - sizes[0]) / (large["seconds"] - small["seconds"])
    growth = large["peak_mb"] / small["peak_mb"]
    print(f"without loading (from the difference of the two): {extra:,.0f} a second")
    # So few that the loading would be most of the time: leave it out.
    rate = extra if arguments.quick else large["a_second"]
    verdicts = {
        f"{rate:,.0f} conversations a second, bar {BAR:,}": rate >= BAR,
        f"peak memory of {sizes[1]:,} is {growth:.2f} times that of {sizes[0]:,}, "
        f"bar {GROWTH}": growth <= GROWTH,
    }
    finish({"runs": figures, "a_second_without_loading": extra}, verdicts, arguments.json)


if __name__ == "__main__":
    main()
