"""How fast the model that ships annotates, beside the ways one would run it without emoscope.

The texts are the first 2,048 of GoEmotions' test split, asked for all 28 labels; texts a second,
from strings to probabilities, median of five rounds. The ways take turns, so that a noisy machine
is noisy to all.

- emoscope: `emoscope.load()`, the exported graph on the engine that the light install brings.
- the same network in torch, float32, batches of like length padded to their longest text.
- Demux as published (all layers read labels and text together) in torch, float32, padded likewise:
  what emoscope's late interaction saves is the difference to the row above.
- as the published annotation script does: torch, float32, texts as they come, every one padded to
  512 tokens. On fewer texts, as it takes so long.

Networks in torch have the shape of the model that ships and random weights, on which time does not
depend. The bars: emoscope at least 60 times the last way and 4 times the second, which is the
stricter way to read "torch float32 with dynamic padding", as it has late interaction too.

The floor is the arithmetic of the network (torch counts it, for the very batches) at the rate at
which this processor multiplies large matrices, in the precision that the engine computes in.

    python benchmarks/annotator_speed.py --goemotions DIR [--quick] [--json FILE]
"""

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

import emoscope
from common import finish, machine, options
from emoscope.corpora.registry import load_corpus
from emoscope.encoding.batching import by_length
from emoscope.encoding.encoder import Batch, load_encoder
from emoscope.folder import ModelFolder
from emoscope.models.demux import Demux, DemuxConfig
from emoscope.models.torch_backend import tensors
from emoscope.recipes.load import load_recipe
from emoscope.runtime.annotator import PRETRAINED
from emoscope.training.processes import native_bfloat16

ROUNDS, WINDOW, TEXTS = 5, 512, 2048
BARS = {"torch, padded to the longest": 4.0, "torch, padded to 512": 60.0}
Conversations = list[list[str]]


def network(folder: ModelFolder, **changed: Any) -> Demux:
    """A network of the model's shape."""
    keys = ("backbone", "cluster", "dropout", "joint_layers")
    config = DemuxConfig(**{key: folder.config[key] for key in keys} | changed)
    return Demux(config).eval()


def batches(folder: ModelFolder, texts: Conversations, size: int) -> Iterator[Batch]:
    """Texts of like length together, padded to the longest of each batch."""
    encoder = load_encoder(folder)
    encoded = encoder.encode(texts)
    for rows in by_length(encoded.lengths, size):
        yield encoder.batch(encoded, rows)


def run(model: Demux, made: Iterator[Batch]) -> None:
    """Probabilities of batches, in torch."""
    with torch.inference_mode():
        for batch in made:
            model(**tensors(batch)).logits.sigmoid().numpy()


def padded(made: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, padded to the encoder's window."""
    for batch in made:
        rows, width = batch["input_ids"].shape
        names = ("input_ids", "attention_mask", "token_type_ids")
        wide = {name: np.zeros((rows, WINDOW), dtype=batch[name].dtype) for name in names}
        for name in names:
            wide[name][:, :width] = batch[name]
        yield batch | wide


def peak(dtype: torch.dtype) -> float:
    """Operations a second in products of large matrices, the best of several."""
    left = torch.randn(2048, 2048).to(dtype)
    best = 0.0
    for _ in range(8):
        started = time.perf_counter()
        left @ left
        best = max(best, 2 * 2048**3 / (time.perf_counter() - started))
    return best


def operations(model: Demux, made: Iterator[Batch], texts: int) -> float:
    """Floating-point operations a text."""
    counter = FlopCounterMode(display=False)
    with counter:
        run(model, made)
    return counter.get_total_flops() / texts


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--goemotions", type=Path, required=True)
    arguments = parser.parse_args()
    corpus = load_corpus(
        load_recipe("demux-goemotions").corpus.model_copy(update={"exclude": ()}),
        arguments.goemotions,
        "test",
    )
    quick = arguments.quick
    texts = [list(turns) for turns in corpus.turns][: 256 if quick else TEXTS]
    few = texts[: 16 if quick else 64]
    folder = ModelFolder.open(PRETRAINED)
    annotator = emoscope.load()
    late, full = network(folder), network(folder, joint_layers=None)
    print(machine(), flush=True)

    def annotate() -> NDArray[np.floating[Any]]:
        return annotator.probabilities(texts)

    ways: dict[str, tuple[int, Callable[[], Any]]] = {
        "emoscope": (len(texts), annotate),
        "torch, padded to the longest": (
            len(texts),
            lambda: run(late, batches(folder, texts, 64)),
        ),
        "torch, as published, padded to the longest": (
            len(texts),
            lambda: run(full, batches(folder, texts, 64)),
        ),
        "torch, padded to 512": (len(few), lambda: run(full, padded(batches(folder, few, 16)))),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(-1, 1 if quick else ROUNDS):
        for name, (count, work) in ways.items():
            started = time.perf_counter()
            work()
            # The first round warms up.
            if number >= 0:
                rates[name].append(count / (time.perf_counter() - started))
    median = {name: statistics.median(values) for name, values in rates.items()}
    half = bool(native_bfloat16())
    highest = peak(torch.bfloat16 if half else torch.float32)
    a_text = operations(late, batches(folder, few, 32), len(few))
    floor = highest / a_text
    for name, rate in median.items():
        spread = f"{min(rates[name]):.1f} to {max(rates[name]):.1f}"
        print(f"  {name:44} {rate:9.1f} texts a second ({spread})")
    print(
        f"  floor: {a_text / 1e9:.2f} billion operations a text at {highest / 1e9:.0f} billion a "
        f"second ({'bfloat16' if half else 'float32'}): {floor:.0f} texts a second; emoscope is at "
        f"{median['emoscope'] / floor:.0%} of it"
    )
    verdicts = {
        f"{median['emoscope'] / median[name]:.1f} times {name}, bar {bar:g}": (
            median["emoscope"] >= bar * median[name]
        )
        for name, bar in BARS.items()
    }
    figures = {
        "texts": len(texts),
        "rates": rates,
        "median": median,
        "operations_a_text": a_text,
        "peak_operations_a_second": highest,
        "floor_texts_a_second": floor,
    }
    finish(figures, verdicts, arguments.json, quick)


if __name__ == "__main__":
    main()
