"""How fast Demux trains, beside the plain way of the published code, in the same run.

One step of training (batch made, forward, loss, backward, AdamW) on all-MiniLM-L6-v2 with batches
of 64 texts and GoEmotions' 27 labels in the prompt. The texts are GoEmotions' own with --data-dir;
without it they are generated with as many tokens (mean 17, 95 % within 32), as time depends on
their lengths only. Both ways train on the same texts.

- emoscope: the parts of the recipe demux-goemotions. Batches of like length, padded to the longest
  of each; bfloat16 where the processor computes in it (AMX or AVX-512 BF16), else float32; the
  loss over pairs of labels without a loop.
- plain: every text padded to the most that training keeps, the labels and 64 tokens of text;
  float32; a loop over the examples in the loss. (The published code counts the labels among its 64
  tokens, and with 27 of them half of that is left for a text. It is given the longer input here,
  so that both ways read the same. --plain-length pads to another number.)

The bar is on examples a second: emoscope at least 4 times the plain way. The full run also shows
emoscope's own parts one by one, and padding to the encoder's whole window of 512 tokens.

    python benchmarks/demux_speed.py [--data-dir DIR] [--plain-length N] [--quick] [--json FILE]
"""

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from common import finish, machine, options
from emoscope.corpora.corpus import Corpus
from emoscope.corpora.registry import load_corpus
from emoscope.losses.objective import make_objective
from emoscope.models.demux.family import make_demux_family
from emoscope.recipes.load import load_recipe
from emoscope.recipes.schema import Recipe
from emoscope.taxonomy import Taxonomy
from emoscope.training.data import EXTRAS, EncodedDataset, LengthBuckets, Part
from emoscope.training.processes import find_native_bfloat16

BATCH, TEXTS, BAR, SHARE = 64, 3_200, 4.0, 0.2
SENTENCE = "we saw that the day was long and no one there had more to say about it than you"


@dataclass
class Way:
    """One way to train, and how long it took.

    Attributes:
        batches: of rows, one after another without end.
        step: trains on one batch of rows.
        examples: trained on so far, each round apart.
        seconds: that they took.
    """

    batches: Iterator[list[int]]
    step: Callable[[list[int]], None]
    examples: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def run(self, steps: int) -> None:
        """Train, with the clock on."""
        rows = [next(self.batches) for _ in range(steps)]
        started = time.perf_counter()
        for batch in rows:
            self.step(batch)
        self.seconds.append(time.perf_counter() - started)
        self.examples.append(sum(map(len, rows)))

    def rate(self) -> float:
        """Examples a second."""
        return sum(self.examples) / sum(self.seconds)


def texts(recipe: Recipe, root: Path | None, count: int) -> Corpus:
    """The first texts of GoEmotions, or as many generated ones of like length."""
    if root is not None:
        corpus = load_corpus(recipe.corpus, root, "train")
        chosen = np.random.default_rng(0).permutation(len(corpus))[:count]
        return corpus.select(np.sort(chosen))
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.gamma(4.7, 3.62, count), 2, 64).round().astype(int)
    taxonomy = Taxonomy.load("goemotions").without("neutral")
    labels = np.zeros((count, len(taxonomy)), dtype=np.float32)
    labels[np.arange(count), rng.integers(0, len(taxonomy), count)] = 1
    labels[rng.random(count) < 0.17, 0] = 1
    lines = [[" ".join(rng.choice(SENTENCE.split(), length))] for length in lengths]
    return Corpus.from_rows("generated", taxonomy, [str(n) for n in range(count)], lines, labels)


def spaced(sampler: LengthBuckets, steps: int) -> Iterator[list[int]]:
    """One batch at random from each stretch of lengths of an epoch, so that few stand for all."""
    rng, lengths = np.random.default_rng(2), sampler.lengths[0]
    while True:
        whole = [batch for batch in sampler if len(batch) == sampler.batch_size]
        whole.sort(key=lambda batch: int(lengths[batch].max()))
        places = (np.arange(steps) + rng.random(steps)) * len(whole) / steps
        yield from (whole[int(at)] for at in places)
        sampler.set_epoch(sampler.epoch + 1)


def shuffled(count: int, size: int) -> Iterator[list[int]]:
    """Batches in random order without end."""
    rng = np.random.default_rng(1)
    while True:
        rows = rng.permutation(count)
        for start in range(0, count - size + 1, size):
            yield rows[start : start + size].tolist()


def loop_over_examples(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy, and the exponential loss within the sets an example at a time."""
    losses = []
    for row, present in zip(logits.sigmoid(), labels >= 0.5, strict=True):
        sides = []
        for members, sign in ((row[present], -1), (row[~present], 1)):
            if len(members) > 1:
                first, second = torch.triu_indices(len(members), len(members), offset=1)
                sides.append(torch.exp(sign * (members[first] + members[second])).mean())
        losses.append(torch.stack(sides).mean())
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
    return (1 - SHARE) * entropy + SHARE * torch.stack(losses).mean()


def padded(batch: dict[str, Tensor], length: int, value: int) -> dict[str, Tensor]:
    """The batch with every text at this length, or as it is if that is longer."""
    values = {"input_ids": value, "attention_mask": 0, "token_type_ids": 0}
    return {
        name: pad(one, (0, max(0, length - one.shape[1])), value=values[name])
        if name in values
        else one
        for name, one in batch.items()
    }


class Trainings:
    """Networks of one recipe on one corpus, each trained in another way.

    Args:
        recipe: of Demux.
        corpus: N texts.
    """

    def __init__(self, recipe: Recipe, corpus: Corpus) -> None:
        self.recipe = recipe
        self.family = make_demux_family(recipe, [corpus])
        part = Part(corpus, self.family.encoder)
        self.data, self.lengths = EncodedDataset([part]), part.encoded.lengths
        self.frame = self.family.encoder.prompt.frame
        self.objective = make_objective(recipe.objective, corpus.taxonomy, part.labels)

    def fast(self, steps: int, bfloat16: bool) -> Way:
        """The way of emoscope's own trainer."""

        def loss(model: Any, batch: dict[str, Tensor]) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16) if bfloat16 else nullcontext():
                return self.objective(model(**inputs(batch)), batch["labels"])[0]

        sampler = LengthBuckets([self.lengths], BATCH, seed=0)
        return Way(spaced(sampler, steps), self.trained(loss))

    def plain(self, length: int, batch: int = BATCH) -> Way:
        """Padded to a length, float32, the loss in a loop."""

        def loss(model: Any, batch: dict[str, Tensor]) -> Tensor:
            output = model(**inputs(padded(batch, length, self.frame.pad)))
            return loop_over_examples(output.logits, batch["labels"])

        return Way(shuffled(len(self.data), batch), self.trained(loss))

    def bucketed_loop(self, steps: int) -> Way:
        """Padded to the longest of the batch, float32, the loss in a loop."""
        way = self.plain(0)
        way.batches = spaced(LengthBuckets([self.lengths], BATCH, seed=0), steps)
        return way

    def trained(self, loss: Callable[[Any, dict[str, Tensor]], Tensor]) -> Callable[..., None]:
        """A step of a new network with an optimiser of its own."""
        torch.manual_seed(0)
        model = self.family.make_model().train()
        rate = self.recipe.training.learning_rate
        optimizer = torch.optim.AdamW(model.parameters(), rate, fused=True)

        def step(rows: list[int]) -> None:
            optimizer.zero_grad()
            loss(model, self.data.__getitems__(rows)).backward()
            optimizer.step()

        return step

    def check(self, length: int) -> None:
        """Both ways have the same loss on the same texts, in float32 and without dropout."""
        model = self.family.make_model().eval()
        batch = self.data.__getitems__(list(range(BATCH)))
        with torch.inference_mode():
            ours = self.objective(model(**inputs(batch)), batch["labels"])[0]
            long = model(**inputs(padded(batch, length, self.frame.pad)))
            torch.testing.assert_close(ours, loop_over_examples(long.logits, batch["labels"]))


def inputs(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """What of a batch the model takes."""
    return {name: one for name, one in batch.items() if name not in EXTRAS}


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--data-dir", type=Path, help="folder of GoEmotions' train.tsv")
    parser.add_argument("--plain-length", type=int, help="tokens that the plain way pads to")
    arguments = parser.parse_args()
    recipe = load_recipe("demux-goemotions")
    corpus = texts(recipe, arguments.data_dir, TEXTS)
    trainings = Trainings(recipe, corpus)
    prompt = len(trainings.frame)
    length = arguments.plain_length or prompt + recipe.text.max_length
    longest = prompt + int(trainings.lengths.max())
    if length < longest:
        raise SystemExit(f"--plain-length {length}: the longest text has {longest} tokens.")
    native = find_native_bfloat16()
    lengths = trainings.lengths
    print(
        f"{len(corpus):,} texts ({corpus.name}), {lengths.mean():.1f} tokens, 95 % within "
        f"{np.quantile(lengths, 0.95):.0f}; the prompt takes {prompt}; {machine()}"
    )
    print(f"bfloat16: {f'native ({native}), used' if native else 'not native, float32 instead'}")
    trainings.check(length)

    steps, rounds = (3, 2) if arguments.quick else (10, 5)
    ways = {
        "emoscope": (trainings.fast(steps, bool(native)), steps),
        f"plain, padded to {length}": (trainings.plain(length), max(1, steps // 4)),
    }
    ours, slow = ways
    if not arguments.quick:
        if native:
            ways["emoscope in float32"] = (trainings.fast(steps, False), steps)
        ways["the same, loss in a loop"] = (trainings.bucketed_loop(steps), steps)
        window = trainings.family.encoder.tokenizer.window
        # 64 texts of 512 tokens take more memory than a laptop has.
        few = BATCH // 8
        ways[f"plain, padded to {window}, batch {few}"] = (trainings.plain(window, few), 1)
    for way, _ in ways.values():
        way.step(list(range(8)))
    for _ in range(rounds):
        for way, count in ways.values():
            way.run(count)
    rates = {name: way.rate() for name, (way, _) in ways.items()}
    for name, rate in rates.items():
        way = ways[name][0]
        each = ", ".join(f"{n / s:.1f}" for n, s in zip(way.examples, way.seconds, strict=True))
        print(f"{name:34} {rate:8.1f} examples/s (rounds: {each})")
    gain = rates[ours] / rates[slow]
    sentence = f"{gain:.1f} times the plain way's examples a second, bar {BAR:.0f}"
    figures = {"examples_per_second": rates, "gain": gain, "bfloat16": native or "not native"}
    finish(figures, {sentence: gain >= BAR}, arguments.json)


if __name__ == "__main__":
    main()
