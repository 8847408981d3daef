"""Fit the linear model of n-grams, and score each training text by one that has not seen it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import KFold, StratifiedKFold

from emoscope.models.combiner.buffers import Ints, WordBuffer
from emoscope.models.combiner.grams import Floats, GramShape, GramTable, count_grams, read_grams
from emoscope.models.combiner.section import GramsSection


def fit_grams(
    batches: Sequence[WordBuffer],
    labels: Floats,
    shape: GramShape,
    section: GramsSection,
    seed: int,
) -> tuple[GramTable, Floats]:
    """Fit the evidence of n-grams to training texts.

    Args:
        batches: the cleaned texts.
        labels: (N, K).
        shape: which n-grams are read.
        section: how the model is fitted.
        seed: of the folds and of the order of the texts.

    Returns:
        The n-grams, and the evidence (N, B, K) of each training text by a model of the other folds.
    """
    hashes, counts = count_grams(batches, shape, section.min_count, section.max_size)
    rarity = (np.log((1 + len(labels)) / (1 + counts)) + 1).clip(min=1).astype(np.float32)
    empty = np.zeros((len(hashes), labels.shape[1]), dtype=np.float32)
    table = GramTable(shape, hashes, rarity, empty)
    evidence = np.zeros((len(labels), len(shape.blocks), labels.shape[1]), dtype=np.float32)
    if not len(hashes):
        return table, evidence
    matrix, blocks = make_matrices(batches, table)
    truth = labels >= 0.5
    for train, held in split_folds(truth, section.folds, seed):
        weights = fit_weights(matrix[train], truth[train], section, seed)
        for number, block in enumerate(blocks):
            evidence[held, number] = block[held] @ weights
    weights = fit_weights(matrix, truth, section, seed)
    return GramTable(shape, hashes, rarity, weights.astype(np.float32)), evidence


def make_matrices(
    batches: Sequence[WordBuffer], table: GramTable
) -> tuple[csr_matrix, list[csr_matrix]]:
    """The scaled counts of the known n-grams, (N, V), of all blocks and of each."""
    width = len(table.shape.blocks)
    values: list[NDArray[np.float64]] = []
    columns: list[Ints] = []
    cells: list[Ints] = []
    start = 0
    for buffer in batches:
        rows, places = table.find(read_grams(buffer, table.shape))
        count = buffer.count // table.shape.turns
        scale = table.scale(rows, places, count * width)
        values.append(table.rarity[rows] * scale[places])
        columns.append(rows)
        cells.append(places + start * width)
        start += count
    value, column, cell = np.concatenate(values), np.concatenate(columns), np.concatenate(cells)
    owner, block = np.divmod(cell, width)
    size = (start, len(table.hashes))

    def make(chosen: NDArray[np.bool_]) -> csr_matrix:
        return csr_matrix((value[chosen], (owner[chosen], column[chosen])), shape=size)

    return make(np.ones(len(value), np.bool_)), [make(block == each) for each in range(width)]


def fit_weights(
    matrix: csr_matrix, truth: NDArray[np.bool_], section: GramsSection, seed: int
) -> NDArray[np.float64]:
    """Weights of a logistic regression for each label, (V, K); zeros of one without a case."""
    weights = np.zeros((matrix.shape[1], truth.shape[1]))
    for label, gold in enumerate(truth.T):
        if gold.all() or not gold.any():
            continue
        model = SGDClassifier(
            loss="log_loss",
            alpha=section.penalty,
            max_iter=section.passes,
            tol=None,
            average=True,
            random_state=seed,
        )
        weights[:, label] = model.fit(matrix, gold).coef_[0]
    return weights


def split_folds(
    truth: NDArray[np.bool_], folds: int, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Training and held-out rows of each fold, alike in their labels where each text has one."""
    rows = np.arange(len(truth))
    folds = min(folds, len(truth))
    one = (truth.sum(axis=1) == 1).all()
    if one and truth.sum(axis=0).max() >= folds:
        chosen = StratifiedKFold(folds, shuffle=True, random_state=seed)
        return list(chosen.split(rows, truth.argmax(axis=1)))
    return list(KFold(folds, shuffle=True, random_state=seed).split(rows))
