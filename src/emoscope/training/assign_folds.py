"""Which training examples are held out together: stratified folds, checked to be apart."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emoscope.corpora.corpus import Corpus
from emoscope.errors import EmoscopeError, InputError

Places = NDArray[np.int64]


def assign_folds(corpus: Corpus, folds: int, seed: int) -> Places:
    """The fold of each example, from 1 up, with nearly equal shares of each label in each fold.

    An example counts with the rarest label that it has. The examples of a label are shuffled and
    dealt out in turn, each label going on where the one before ended, so that sizes of folds
    differ by one at most. Examples of the same id stay together.

    Args:
        corpus: N labelled examples.
        folds: how many folds, at least 2.
        seed: the random seed of the order.

    Returns:
        (N,), from 1 to `folds`.

    Raises:
        InputError: there are fewer examples than folds.
    """
    groups = group_ids(corpus.ids)
    if len(groups) < folds:
        raise InputError(
            f"{corpus.name}: {folds} folds need {folds} examples of different ids or more; found "
            f"{len(groups)}. Choose fewer --folds."
        )
    strata = find_strata(corpus.labels)
    rng = np.random.default_rng(seed)
    assigned = np.zeros(len(corpus), dtype=np.int64)
    dealt = 0
    firsts = np.array([places[0] for places in groups])
    for stratum in np.unique(strata):
        for number in rng.permutation(np.flatnonzero(strata[firsts] == stratum)):
            assigned[groups[number]] = dealt % folds + 1
            dealt += 1
    return assigned


def group_ids(ids: Sequence[str]) -> list[list[int]]:
    """The places of the examples of each id, in the order in which the ids first come."""
    groups: dict[str, list[int]] = {}
    for place, each in enumerate(ids):
        groups.setdefault(each, []).append(place)
    return list(groups.values())


def find_strata(labels: NDArray[np.float32]) -> Places:
    """The rarest label that each example has, K where it has none.

    Args:
        labels: (N, K), cut at ½.

    Returns:
        (N,), from 0 to K.
    """
    has = labels >= 0.5
    by_rarity = np.argsort(has.sum(axis=0), kind="stable")
    rarest = by_rarity[has[:, by_rarity].argmax(axis=1)]
    found: Places = np.where(has.any(axis=1), rarest, labels.shape[1])
    return found


def hash_ids(ids: Sequence[str]) -> str:
    """SHA-256 of ids, in hexadecimal; an id may hold any character."""
    digest = hashlib.sha256()
    for each in ids:
        data = each.encode()
        digest.update(f"{len(data)}:".encode() + data)
    return digest.hexdigest()


def check_apart(train: Sequence[Corpus], held_out: Sequence[Corpus]) -> None:
    """Check that no held-out example is trained on.

    Args:
        train: the corpora that a fold's model learns from.
        held_out: those that it scores, part by part.

    Raises:
        EmoscopeError: some examples are in both; the message names one.
    """
    for part, own in zip(train, held_out, strict=True):
        both = set(part.ids) & set(own.ids)
        if both:
            raise EmoscopeError(
                f"{own.name}: {len(both)} held-out examples are trained on as well, such as "
                f"{min(both)!r}. Their scores would be worthless; nothing was trained."
            )


def check_chance(gold: NDArray[np.floating], scores: NDArray[np.floating]) -> None:
    """Check that scores know nothing of labels that nobody can know: that they are at chance.

    For corpora made to find leaks, whose labels are drawn at random and whose texts hold a word of
    their own: only who has seen an example can tell its label.

    Args:
        gold: one-hot labels, (N, K).
        scores: held-out scores, (N, K).

    Raises:
        EmoscopeError: more labels are right than four standard deviations above chance.
    """
    right = int((gold.argmax(axis=1) == scores.argmax(axis=1)).sum())
    shares = np.bincount(gold.argmax(axis=1), minlength=gold.shape[1]) / len(gold)
    guessed = np.bincount(scores.argmax(axis=1), minlength=gold.shape[1]) / len(gold)
    chance = float(shares @ guessed)
    bound = len(gold) * chance + 4 * float(np.sqrt(len(gold) * chance * (1 - chance)))
    if right > bound:
        raise EmoscopeError(
            f"A leak: {right} of {len(gold)} labels that cannot be known are right, expected about "
            f"{len(gold) * chance:.0f}. The model has seen what is held out."
        )
