"""Encoded examples as tensors; a batch is built at once, not row by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from emoscope.corpora.corpus import Corpus
from emoscope.encoding.batching import Ragged
from emoscope.encoding.encoder import Encoder
from emoscope.inference.torch_backend import to_tensors

EXTRAS = ("labels", "rows", "part", "columns", "anchored")
"""What a batch holds besides the inputs of the model."""


@dataclass(frozen=True)
class Part:
    """Texts with the same set of labels, and the encoder for these labels.

    Attributes:
        corpus: N texts with K labels.
        encoder: makes arrays of turns.
    """

    corpus: Corpus
    encoder: Encoder

    @cached_property
    def encoded(self) -> Ragged:
        """Token ids of the N texts."""
        return self.encoder.encode(self.corpus.turns)

    @cached_property
    def labels(self) -> NDArray[np.float32]:
        """(N, K)."""
        return self.corpus.labels

    def __len__(self) -> int:
        return len(self.corpus)


@dataclass(frozen=True)
class Augmentation:
    """How the labels of a prompt change from batch to batch.

    Attributes:
        shuffle: whether each batch shows the labels in another order.
        drop: the largest share of labels that a batch leaves out; one label is always kept. Half of
            the batches show all labels. Each of the others draws its share uniformly between 0 and
            this value, so that the model also sees short prompts.
    """

    shuffle: bool = False
    drop: float = 0.0

    def order(self, labels: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Places of the labels to show, in their order."""
        order = rng.permutation(labels)
        # From -1 to 1: half of the batches leave out nothing.
        dropped = self.drop * max(0.0, rng.uniform(-1, 1))
        kept = order[: max(1, round(labels * (1 - dropped)))]
        return kept if self.shuffle else np.sort(kept)

    def batch(
        self, part: Part, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> dict[str, NDArray[Any]]:
        """Inputs of the model and `labels` (B, K), with `columns` (K,) where some are left out."""
        labels = part.labels[rows]
        order = self.order(labels.shape[1], rng)
        inputs = part.encoder.batch(part.encoded, rows, order.tolist())
        columns = np.sort(order)
        if len(columns) == labels.shape[1]:
            return inputs | {"labels": labels}
        return inputs | {"labels": labels[:, columns], "columns": columns}


class LabelSampler(Protocol):
    """Chooses the labels of a batch."""

    def batch(
        self, part: Part, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> dict[str, NDArray[Any]]:
        """Inputs of the model for the chosen texts, their `labels` and further extras.

        Args:
            part: the texts.
            rows: indices in the part, (B,).
            rng: the random generator.
        """


class EncodedDataset(Dataset[dict[str, Tensor]]):
    """Several parts as one data set; each batch holds rows of one part.

    Args:
        parts: the parts; row 0 is the first text of the first part.
        augmentation: changes the labels of each batch; None for no change.
    """

    def __init__(self, parts: Sequence[Part], augmentation: LabelSampler | None = None) -> None:
        self.parts = tuple(parts)
        self.starts = np.cumsum([0, *map(len, self.parts)])
        self.augmentation = augmentation
        # Gives the seed of the run, as several runs share one data set, and the current epoch. All
        # processes are in the same epoch, each with its own rows.
        self.clock: LengthBuckets | None = None

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __getitem__(self, row: int) -> dict[str, Tensor]:
        return self.__getitems__([row])

    def __getitems__(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """Make one padded batch.

        Args:
            rows: B rows of one part.

        Returns:
            The inputs of the model; `labels` (B, K), `rows` (B,) of the data set, the number of the
            `part`, where labels were left out the `columns` (K,) of the others, and places of words
            that are `anchored`, where there are any.
        """
        chosen = np.asarray(rows, dtype=np.int64)
        number = int(np.searchsorted(self.starts, chosen[0], side="right")) - 1
        part, own = self.parts[number], chosen - self.starts[number]
        if self.augmentation is None:
            batch = part.encoder.batch(part.encoded, own) | {"labels": part.labels[own]}
        else:
            clock = self.clock
            moment = (clock.seed, clock.epoch, clock.place) if clock else (0, 0, int(chosen[0]))
            rng = np.random.default_rng(moment)
            batch = self.augmentation.batch(part, own, rng)
        return to_tensors(batch | {"rows": chosen, "part": np.array(number)})


def collate_whole(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the batch unchanged: an `EncodedDataset` has already collated it."""
    return batch


class LengthBuckets(Sampler[list[int]]):
    """Batches of rows of one part and of nearly equal length, in a shuffled order.

    The rows of each part are shuffled, cut into pools of `pool` batches, each pool sorted by length
    and cut into batches, and all batches shuffled. The order depends on the seed and the epoch
    only, so that a resumed training sees what an uninterrupted one does.

    A part with a share p of all rows is drawn with probability proportional to p^alpha (Conneau &
    Lample 2019, arXiv 1901.07291): below 1, small parts are repeated and large ones thinned out,
    while the size of the epoch stays. Or each part has a share of its own.

    Args:
        lengths: the lengths of the rows of each part.
        batch_size: rows in a batch, over all processes.
        seed: the random seed of the order.
        alpha: the exponent, in [0, 1], or the share of each part.
        pool: how many batches are sorted by length together.
        process: the index of this process, and the number of processes; the rows of a batch are
            divided among them.

    Attributes:
        strata: the label of each row of each part, to draw them all equally often; None to draw
            the rows as they are.
    """

    def __init__(
        self,
        lengths: Sequence[NDArray[np.int64]],
        batch_size: int,
        seed: int,
        *,
        alpha: float | Sequence[float] = 1.0,
        pool: int = 50,
        process: tuple[int, int] = (0, 1),
    ) -> None:
        self.lengths = list(lengths)
        self.strata: Sequence[NDArray[np.int64]] | None = None
        self.batch_size = batch_size
        self.seed = seed
        self.pool = pool
        self.rank, self.world = process
        self.starts = np.cumsum([0, *map(len, self.lengths)])
        self.draws = count_draws_by_part(
            [len(part_lengths) for part_lengths in self.lengths], alpha
        )
        self.epoch = 0
        self.place = 0
        """The number of the batch that was drawn last, from the start of the epoch."""

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which determines the order."""
        self.epoch = epoch

    def __len__(self) -> int:
        return sum(-(-count // self.batch_size) for count in self.draws)

    def __iter__(self) -> Iterator[list[int]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        batches: list[NDArray[np.int64]] = []
        for number, lengths in enumerate(self.lengths):
            count = self.draws[number]
            drawn = (
                draw_rows(len(lengths), count, rng)
                if self.strata is None
                else draw_balanced(self.strata[number], count, rng)
            )
            batches += self.bucketed(drawn, number)
        whole = [batch for batch in batches if len(batch) == self.batch_size]
        short = [batch for batch in batches if len(batch) < self.batch_size]
        ordered = [*(whole[at] for at in rng.permutation(len(whole))), *short]
        for place, batch in enumerate(ordered):
            self.place = place
            # Every process needs the same number of rows, so that their gradients weigh the same.
            even = np.resize(batch, -(-len(batch) // self.world) * self.world)
            yield even[self.rank :: self.world].tolist()

    def bucketed(self, shuffled: NDArray[np.int64], number: int) -> list[NDArray[np.int64]]:
        """Cut shuffled rows of a part into batches of similar length; rows count over all parts."""
        size = self.pool * self.batch_size
        batches: list[NDArray[np.int64]] = []
        for start in range(0, len(shuffled), size):
            rows = shuffled[start : start + size]
            rows = rows[np.argsort(self.lengths[number][rows], kind="stable")]
            batches += [
                rows[at : at + self.batch_size] + self.starts[number]
                for at in range(0, len(rows), self.batch_size)
            ]
        return batches


def count_draws_by_part(sizes: Sequence[int], alpha: float | Sequence[float]) -> list[int]:
    """Count the rows of each part in an epoch; their sum is the number of all rows.

    Args:
        sizes: the number of rows of each part.
        alpha: the exponent of the shares, or the shares themselves.
    """
    shares = np.array(sizes, dtype=np.float64) / max(sum(sizes), 1)
    wanted = shares**alpha if isinstance(alpha, float | int) else np.asarray(alpha)
    weights = np.where(shares > 0, wanted, 0.0)
    return [round(x) for x in sum(sizes) * weights / max(weights.sum(), 1e-12)]


def draw_rows(rows: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw rows in random order; their numbers of repeats differ by one at most."""
    rounds = [rng.permutation(rows) for _ in range(-(-count // rows))] if rows else []
    return np.concatenate(rounds)[:count] if rounds else np.empty(0, dtype=np.int64)


def draw_balanced(
    strata: NDArray[np.int64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw rows of each stratum equally often, in random order.

    Args:
        strata: the stratum of each row.
        count: rows to draw; where it is no multiple of the strata, the first have one more.
        rng: the random generator.
    """
    kinds = np.unique(strata)
    drawn = [
        np.flatnonzero(strata == kind)[
            draw_rows(
                int((strata == kind).sum()), (count + len(kinds) - 1 - place) // len(kinds), rng
            )
        ]
        for place, kind in enumerate(kinds)
    ]
    return rng.permutation(np.concatenate(drawn)) if drawn else np.empty(0, dtype=np.int64)


class EpochLoader(DataLoader[dict[str, Tensor]]):
    """Loads the batches of a data set; order and augmentation change with the epoch."""

    def __init__(self, dataset: EncodedDataset, buckets: LengthBuckets) -> None:
        self.buckets = buckets
        dataset.clock = buckets
        super().__init__(dataset, batch_sampler=buckets, collate_fn=collate_whole)  # type: ignore[arg-type]

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; the trainer calls this."""
        self.buckets.set_epoch(epoch)
