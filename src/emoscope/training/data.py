"""Encoded examples as tensors, batched whole rather than row by row."""

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
from emoscope.inference.torch_backend import tensors

EXTRAS = ("labels", "rows", "part", "columns", "anchored")
"""What a batch holds besides the inputs of the model."""


@dataclass(frozen=True)
class Part:
    """Texts that share one set of labels, and the encoder that asks for them.

    Attributes:
        corpus: N texts with K labels.
        encoder: turns to arrays.
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
    """What changes in the labels of a prompt from batch to batch.

    Attributes:
        shuffle: show them in another order.
        drop: most of them that a batch leaves out, as a share; one label is always kept. Half of
            the batches show all labels, as most use does, and the others leave out any share up to
            this one, each as likely, so that prompts of a few labels are seen too.
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
    """Chooses what the labels of a batch are."""

    def batch(
        self, part: Part, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> dict[str, NDArray[Any]]:
        """Inputs of the model for the chosen texts, their `labels` and further extras.

        Args:
            part: the texts.
            rows: (B,), places in the part.
            rng: decides.
        """


class EncodedDataset(Dataset[dict[str, Tensor]]):
    """Parts end to end; a batch holds rows of one part and is cut out of its arrays in one go.

    Args:
        parts: row 0 is the first text of the first one.
        augmentation: of the labels, if there is any.
        seed: of the augmentation.
    """

    def __init__(
        self, parts: Sequence[Part], augmentation: LabelSampler | None = None, seed: int = 0
    ) -> None:
        self.parts = tuple(parts)
        self.starts = np.cumsum([0, *map(len, self.parts)])
        self.augmentation = augmentation
        self.seed = seed
        # Where a training stands; its processes stand at the same place, with rows of their own.
        self.clock: LengthBuckets | None = None

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __getitem__(self, row: int) -> dict[str, Tensor]:
        return self.__getitems__([row])

    def __getitems__(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """One padded batch.

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
            moment = (self.clock.epoch, self.clock.place) if self.clock else (0, int(chosen[0]))
            rng = np.random.default_rng([self.seed, *moment])
            batch = self.augmentation.batch(part, own, rng)
        return tensors(batch | {"rows": chosen, "part": np.array(number)})


def keep(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The collate function of an `EncodedDataset`, whose batches are made already."""
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
        lengths: of the rows of each part.
        batch_size: rows a batch, over all processes.
        seed: of the order.
        alpha: in [0, 1], or the share of each part.
        pool: batches that are sorted together.
        rank: of this process; it gets every `world`-th row of a batch.
        world: number of processes.
    """

    def __init__(
        self,
        lengths: Sequence[NDArray[np.int64]],
        batch_size: int,
        seed: int,
        *,
        alpha: float | Sequence[float] = 1.0,
        pool: int = 50,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.lengths = list(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.pool = pool
        self.rank = rank
        self.world = world
        self.starts = np.cumsum([0, *map(len, self.lengths)])
        self.draws = draws_by_part([len(part_lengths) for part_lengths in self.lengths], alpha)
        self.epoch = 0
        self.place = 0
        """Of the batch that was drawn last, counted from the start of the epoch."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return sum(-(-count // self.batch_size) for count in self.draws)

    def __iter__(self) -> Iterator[list[int]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        batches: list[NDArray[np.int64]] = []
        for number, lengths in enumerate(self.lengths):
            batches += self.bucketed(draw(len(lengths), self.draws[number], rng), number)
        whole = [batch for batch in batches if len(batch) == self.batch_size]
        short = [batch for batch in batches if len(batch) < self.batch_size]
        ordered = [*(whole[at] for at in rng.permutation(len(whole))), *short]
        for place, batch in enumerate(ordered):
            self.place = place
            # Every process needs as many rows, so that their gradients weigh the same.
            even = np.resize(batch, -(-len(batch) // self.world) * self.world)
            yield even[self.rank :: self.world].tolist()

    def bucketed(self, shuffled: NDArray[np.int64], number: int) -> list[NDArray[np.int64]]:
        """Shuffled rows of a part as batches of like length, counted over all parts."""
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


def draws_by_part(sizes: Sequence[int], alpha: float | Sequence[float]) -> list[int]:
    """How many rows of each part an epoch draws, as many in all as there are.

    Args:
        sizes: rows of each part.
        alpha: what the share of a part is raised to, or the shares that are drawn instead.
    """
    shares = np.array(sizes, dtype=np.float64) / max(sum(sizes), 1)
    wanted = shares**alpha if isinstance(alpha, float | int) else np.asarray(alpha)
    weights = np.where(shares > 0, wanted, 0.0)
    return [round(x) for x in sum(sizes) * weights / max(weights.sum(), 1e-12)]


def draw(rows: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """So many of the rows in random order: each as often as any other, give or take one."""
    rounds = [rng.permutation(rows) for _ in range(-(-count // rows))] if rows else []
    return np.concatenate(rounds)[:count] if rounds else np.empty(0, dtype=np.int64)


class EpochLoader(DataLoader[dict[str, Tensor]]):
    """Batches of a data set, in an order and with an augmentation that change with the epoch."""

    def __init__(self, dataset: EncodedDataset, buckets: LengthBuckets) -> None:
        self.buckets = buckets
        dataset.clock = buckets
        super().__init__(dataset, batch_sampler=buckets, collate_fn=keep)  # type: ignore[arg-type]

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; the trainer calls this."""
        self.buckets.set_epoch(epoch)
