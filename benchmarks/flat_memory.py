"""Memory of one long job over rows that are all different: it does not grow with them.

    python benchmarks/flat_memory.py [--rows N] [--labels LABELS] [--quick] [--json FILE]

Each row has words of random letters, some of another script, and emoji, so that nothing that is
remembered of words or texts is ever of use; whatever remembers without a bound grows here. The
resident memory of the process is read after each chunk. The median of the last tenth of the rows is
compared with that of the second tenth, as the first one loads the model and fills the caches.
"""

import random
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median

import psutil

from common import finish, machine, options
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, Source, Status, annotate_file
from emoscope.taxonomy import Taxonomy

ROWS, QUICK_ROWS = 200_000, 3_000
PARTS = 10
GROWTH = 1.05
ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "áçéñöüßø", "абвгдежзик", "😀😂🎉😡😢❤")


def make_texts(seed: int) -> Iterator[str]:
    """Random texts without end."""
    draw = random.Random(seed)
    for number in range(10**9):
        words = [
            "".join(draw.choices(draw.choices(ALPHABETS, (20, 2, 1, 1))[0], k=draw.randint(2, 7)))
            for _ in range(draw.randint(1, 4))
        ]
        yield f"{' '.join(words)} {number}"


def main() -> None:
    """Annotate, watch, judge."""
    parser = options(__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--labels", default="joy", help="default: one, so that it takes less long")
    arguments = parser.parse_args()
    rows = QUICK_ROWS if arguments.quick else arguments.rows
    print(machine())
    process, samples = psutil.Process(), list[tuple[int, float]]()

    def watch(status: Status) -> None:
        samples.append((status.rows, process.memory_info().rss / 2**20))
        if len(samples) % 10 == 0:
            print(f"{status.rows:9,} rows: {samples[-1][1]:,.0f} MB", flush=True)

    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "in.txt"
        with source.open("w", encoding="utf-8") as file:
            file.writelines(f"{text}\n" for text in islice(make_texts(0), rows))
        # Smaller chunks where there are few rows, so that there is something to compare.
        chunk = min(2048, rows // (2 * PARTS))
        annotate_file(
            ModelSpec(labels=Taxonomy.of(arguments.labels)),
            Source(source),
            Path(name) / "out.jsonl",
            Options(chunk_rows=chunk),
            watch,
        )
    begin = median(size for done, size in samples if 1 < PARTS * done / rows <= 2)
    end = median(size for done, size in samples if PARTS * done / rows > PARTS - 1)
    sentence = (
        f"memory over {rows:,} unique random rows: {begin:,.0f} MB in the second tenth, {end:,.0f} "
        f"MB in the last, {end / begin:.3f} times as much (bar: {GROWTH})"
    )
    figures = {"rows": rows, "samples": samples, "begin_mb": begin, "end_mb": end}
    finish(figures, {sentence: end / begin <= GROWTH}, arguments.json, arguments.quick)


if __name__ == "__main__":
    main()
