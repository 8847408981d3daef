"""How long the losses over pairs of labels take, forwards and backwards, beside loops over pairs.

A batch of 64 texts with 27 labels, about 1.2 of them present, as in GoEmotions; labels and scores
are drawn at random, as time depends on their number only. The bar is on the exponential loss
within the sets: emoscope against a loop over examples and pairs, in the same run, on the same
numbers, and with the same result. A loop over examples with matrices inside is shown as well.
All on one thread.

    python benchmarks/loss_speed.py [--quick] [--json FILE]
"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from common import finish, machine, median, options
from emoscope.losses.conditional import ConditionalWeights
from emoscope.losses.correlation import data_correlation, make_pair_weights
from emoscope.losses.functional import binary_cross_entropy
from emoscope.losses.local import complete, inter, intra
from emoscope.losses.structure import global_loss

BATCH, LABELS, HIDDEN, TEXTS = 64, 27, 768, 5_000
SHARES = {1: 0.83, 2: 0.15, 3: 0.02}
BAR = 100.0


def texts_with_labels(count: int) -> np.ndarray:
    """Labels of `count` texts, 1.19 a text, some labels frequent and some rare."""
    rng = np.random.default_rng(0)
    frequency = 1 / np.arange(1, LABELS + 1)
    labels = np.zeros((count, LABELS), dtype=np.float32)
    numbers = rng.choice(list(SHARES), count, p=list(SHARES.values()))
    for row, present in zip(labels, numbers, strict=True):
        row[rng.choice(LABELS, present, replace=False, p=frequency / frequency.sum())] = 1
    return labels


def loop_over_pairs(logits: Tensor, labels: Tensor) -> Tensor:
    """The exponential loss within the sets, a pair at a time."""
    losses = []
    for row, present in zip(logits.sigmoid(), labels >= 0.5, strict=True):
        sides = []
        for members, sign in ((row[present], -1), (row[~present], 1)):
            terms = [
                torch.exp(sign * (members[i] + members[j]))
                for i in range(len(members))
                for j in range(i + 1, len(members))
            ]
            if terms:
                sides.append(torch.stack(terms).mean())
        losses.append(torch.stack(sides).mean())
    return torch.stack(losses).mean()


def loop_over_examples(logits: Tensor, labels: Tensor) -> Tensor:
    """The same with a matrix of pairs for each example."""
    losses = []
    for row, present in zip(logits.sigmoid(), labels >= 0.5, strict=True):
        sides = []
        for members, sign in ((row[present], -1), (row[~present], 1)):
            if len(members) > 1:
                first, second = torch.triu_indices(len(members), len(members), offset=1)
                sides.append(torch.exp(sign * (members[first] + members[second])).mean())
        losses.append(torch.stack(sides).mean())
    return torch.stack(losses).mean()


def step(loss: Callable[[], Tensor], inputs: list[Tensor], repeats: int) -> float:
    """Seconds of the loss and its gradients."""
    started = time.perf_counter()
    for _ in range(repeats):
        torch.autograd.grad(loss(), inputs, allow_unused=True)
    return (time.perf_counter() - started) / repeats


def with_gradient(loss: Callable[[], Tensor], logits: Tensor) -> tuple[Tensor, Tensor]:
    """A loss and its gradient."""
    value = loss()
    return value.detach(), torch.autograd.grad(value, logits)[0]


def vectorised(logits: Tensor, labels: Tensor, vectors: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Every loss of emoscope on one batch, by name."""
    known = texts_with_labels(TEXTS)
    rho = data_correlation(known)
    weights, correlation = make_pair_weights(rho), torch.as_tensor(rho, dtype=torch.float32)
    conditional = ConditionalWeights.fit(known, order=2)
    losses: dict[str, Callable[[], Tensor]] = {
        "binary cross-entropy": partial(binary_cross_entropy, logits, labels),
        "the same, conditional weights": lambda: binary_cross_entropy(
            logits, labels, cells=conditional(labels)
        ),
    }
    for function in (inter, intra, complete):
        for distance in ("exp_diff", "sq_diff", "cossim"):
            losses[f"{function.__name__}, {distance}, weighted"] = partial(
                function, logits, labels, vectors, weights, distance=distance
            )
    for distance in ("cossim", "sq_diff"):
        losses[f"global, {distance}"] = partial(global_loss, vectors, correlation, distance)
    return losses


def main() -> None:
    """Measure, print, judge."""
    arguments = options(__doc__).parse_args()
    times, repeats = (3, 10) if arguments.quick else (7, 100)
    # Waiting for a second thread costs more than the small tensors give it to do.
    torch.set_num_threads(1)
    torch.manual_seed(0)
    labels = torch.from_numpy(texts_with_labels(BATCH))
    logits = torch.randn(BATCH, LABELS).requires_grad_()
    vectors = torch.randn(BATCH, LABELS, HIDDEN).requires_grad_()
    inputs = [logits, vectors]
    print(f"{BATCH} texts, {LABELS} labels, {labels.sum(1).mean():.2f} present; {machine()}")

    ours = partial(intra, logits, labels)
    rivals = {
        "loop over pairs": (partial(loop_over_pairs, logits, labels), 1),
        "loop over examples": (partial(loop_over_examples, logits, labels), 5),
    }
    for rival, _ in rivals.values():
        torch.testing.assert_close(with_gradient(ours, logits), with_gradient(rival, logits))
    measured = {"intra, exp_diff": (ours, repeats), **rivals}
    measured |= {
        name: (loss, repeats) for name, loss in vectorised(logits, labels, vectors).items()
    }
    seconds = {}
    for name, (loss, count) in measured.items():
        if name not in rivals:
            step(loss, inputs, 3)
        seconds[name] = median(partial(step, loss, inputs, count), times)
        print(f"{name:32} {seconds[name] * 1e3:9.3f} ms forwards and backwards")

    gain = seconds["loop over pairs"] / seconds["intra, exp_diff"]
    matrices = seconds["loop over examples"] / seconds["intra, exp_diff"]
    sentence = (
        f"intra, exp_diff: {gain:,.0f} times as fast as a loop over pairs, bar {BAR:.0f} "
        f"({matrices:.0f} times as fast as a loop over examples)"
    )
    figures = {"seconds": seconds, "gain": gain, "gain over examples": matrices}
    finish(figures, {sentence: gain >= BAR}, arguments.json)


if __name__ == "__main__":
    main()
