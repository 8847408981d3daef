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
- emoscope asked for 100 words for feelings, where labels are independent of each other.
- with `--before`, another exported model, such as the one that shipped before.

Networks in torch have the shape of the model that ships and random weights, on which time does not
depend. The bars: emoscope at least 60 times the last way and 4 times the second, which is the
stricter way to read "torch float32 with dynamic padding", as it has late interaction too; at least
half as fast with 100 labels; and at least 1.2 times the model before.

The floor is the arithmetic of the network (torch counts it, for the very batches) at the rate at
which this processor multiplies large matrices, in the precision that the engine computes in.

    python benchmarks/annotator_speed.py --goemotions DIR [--model FOLDER] [--before FOLDER]
        [--quick] [--json FILE]
"""

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

import emoscope
from common import finish, machine, options
from emoscope.corpora.feelings import load_feelings
from emoscope.corpora.registry import load_corpus
from emoscope.encoding.batching import batch_by_length
from emoscope.encoding.encoder import Batch, Encoder, load_encoder
from emoscope.folder import ModelFolder
from emoscope.inference.annotator import PRETRAINED
from emoscope.inference.backend import is_independent
from emoscope.inference.torch_backend import to_tensors
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.recipes.load import load_recipe
from emoscope.training.processes import find_native_bfloat16

ROUNDS, WINDOW, TEXTS = 5, 512, 2048
BARS = {
    "torch, padded to the longest": 4.0,
    "torch, padded to 512": 60.0,
    "the model before": 1.2,
}
MANY, LEAST_SHARE = "emoscope, 100 labels", 0.5
FORM = ("labels", "joint_layers", "label_feed_forward", "similarity")
Conversations = list[list[str]]


def network(folder: ModelFolder, **changed: Any) -> Demux:
    """A network of the model's shape."""
    keys = ("backbone", "cluster", "dropout", *FORM)
    config = {key: folder.config[key] for key in keys if key in folder.config}
    return Demux(DemuxConfig(**config | changed)).eval()


def published(encoder: Encoder) -> DemuxEncoder:
    """The encoder that shows all labels in one prompt."""
    fields = ("pipeline", "tokenizer", "taxonomy", "max_length", "truncation")
    return DemuxEncoder(**{name: getattr(encoder, name) for name in fields})


def batches(encoder: Encoder, texts: Conversations, size: int) -> Iterator[Batch]:
    """Texts of like length together, padded to the longest of each batch."""
    encoded = encoder.encode(texts)
    for rows in batch_by_length(encoded.lengths, size):
        yield encoder.batch(encoded, rows)


def run(model: Demux, made: Iterator[Batch]) -> None:
    """Probabilities of batches, in torch."""
    with torch.inference_mode():
        for batch in made:
            model(**to_tensors(batch)).logits.sigmoid().numpy()


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
    parser.add_argument("--model", type=Path, default=PRETRAINED, help="an exported model")
    parser.add_argument("--before", type=Path, help="the exported model to compare it with")
    arguments = parser.parse_args()
    corpus = load_corpus(
        load_recipe("demux-goemotions").corpus.model_copy(update={"exclude": ()}),
        arguments.goemotions,
        "test",
    )
    quick = arguments.quick
    texts = [list(turns) for turns in corpus.turns][: 256 if quick else TEXTS]
    few = texts[: 16 if quick else 64]
    folder = ModelFolder.open(arguments.model)
    encoder = load_encoder(folder)
    annotator = emoscope.load(arguments.model)
    late = network(folder)
    full = network(folder, **dict.fromkeys(FORM) | {"labels": "joint", "similarity": False})
    print(machine(), flush=True)

    ways: dict[str, tuple[int, Callable[[], Any]]] = {
        "emoscope": (len(texts), lambda: annotator.probabilities(texts)),
        "torch, padded to the longest": (
            len(texts),
            lambda: run(late, batches(encoder, texts, 64)),
        ),
        "torch, as published, padded to the longest": (
            len(texts),
            lambda: run(full, batches(published(encoder), texts, 64)),
        ),
        "torch, padded to 512": (
            len(few),
            lambda: run(full, padded(batches(published(encoder), few, 16))),
        ),
    }
    if is_independent(annotator.backend):
        words = [word for forms in load_feelings().values() for word in forms]
        many = annotator.with_labels(words[:100])
        ways[MANY] = (len(texts), lambda: many.probabilities(texts))
    if arguments.before is not None:
        before = emoscope.load(arguments.before)
        ways["the model before"] = (len(texts), lambda: before.probabilities(texts))
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(-1, 1 if quick else ROUNDS):
        for name, (count, work) in ways.items():
            started = time.perf_counter()
            work()
            # The first round warms up.
            if number >= 0:
                rates[name].append(count / (time.perf_counter() - started))
    median = {name: statistics.median(values) for name, values in rates.items()}
    half = bool(find_native_bfloat16())
    highest = peak(torch.bfloat16 if half else torch.float32)
    a_text = operations(late, batches(encoder, few, 32), len(few))
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
        if name in median
    }
    if MANY in median:
        share = median[MANY] / median["emoscope"]
        verdicts[f"100 labels at {share:.2f} of the rate, bar {LEAST_SHARE:g}"] = (
            share >= LEAST_SHARE
        )
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
