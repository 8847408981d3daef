"""Correlations of labels in a model, in data and on Plutchik's wheel, and how far they agree.

| matrix | of each pair of labels |
| --- | --- |
| `learned` | cosine of their representations, mean over the texts |
| `centred` | cosine of their mean representations, less the mean of all labels |
| `predicted` | Pearson correlation of their probabilities over the texts |
| `data` | Pearson correlation of the labels given |
| `wheel` | cosine of their angle on Plutchik's wheel |

Representations lie in a narrow cone, so that all values of `learned` are high, and only their order
is informative. `centred` subtracts the axis of the cone; it is negative for labels that the model
separates.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from emoscope.encoding.batching import batch_by_length
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import Evaluation
from emoscope.inference.annotator import Annotator
from emoscope.inference.torch_backend import TorchBackend, to_tensors
from emoscope.labelled.texts import Labelled
from emoscope.losses.correlation import data_correlation, wheel_correlation
from emoscope.plutchik import WheelMap, map_onto_wheel, on_wheel

Floats = NDArray[np.floating[Any]]

OF_MODEL, REFERENCES = ("learned", "centred", "predicted"), ("data", "wheel")
"""The matrices of the model are compared with the references, and these with each other."""


@dataclass(frozen=True)
class LabelMatrix:
    """A symmetric matrix over labels.

    Attributes:
        names: names of the K labels.
        values: in [-1, 1], (K, K).
    """

    names: tuple[str, ...]
    values: Floats

    def subset(self, names: tuple[str, ...]) -> "LabelMatrix":
        """The matrix of some of the labels, in this order."""
        at = [self.names.index(name) for name in names]
        return LabelMatrix(names, self.values[np.ix_(at, at)])

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return {"labels": list(self.names), "values": self.values.tolist()}


@dataclass(frozen=True)
class MatrixAgreement:
    """How far two matrices rank the pairs of labels alike.

    Attributes:
        spearman: rank correlation over the pairs; None for fewer than three pairs, or where a
            matrix has the same value for all of them.
        pairs: number of pairs that both matrices have.
    """

    spearman: float | None
    pairs: int


@dataclass(frozen=True)
class Correlations:
    """The matrices of one model on one corpus.

    Attributes:
        matrices: the matrices that can be computed, by the names in the table of the module.
        left_out: for some matrices, the labels that they lack: labels that are not on the wheel, or
            have the same value for every text of the corpus.
        agreement: the agreement of two matrices, by their names, such as `("learned", "data")`.
        wheel_map: the labels of the model as points on the wheel, where that is possible.
        notes: sentences on why a matrix is missing.
    """

    matrices: Mapping[str, LabelMatrix]
    left_out: Mapping[str, tuple[str, ...]]
    agreement: Mapping[tuple[str, str], MatrixAgreement]
    wheel_map: WheelMap | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return {
            "matrices": {name: matrix.to_dict() for name, matrix in self.matrices.items()},
            "left_out": {name: list(labels) for name, labels in self.left_out.items()},
            "agreement": {f"{a}-{b}": vars(agreed) for (a, b), agreed in self.agreement.items()},
            "wheel_map": None if self.wheel_map is None else asdict(self.wheel_map),
            "notes": list(self.notes),
        }

    def describe(self) -> list[str]:
        """The agreement and what is left out, in lines of text."""
        lines = ["Agreement of the label correlations (Spearman over pairs of labels):"]
        for (a, b), agreed in self.agreement.items():
            figure = "too few" if agreed.spearman is None else f"{agreed.spearman:6.3f}"
            lines.append(f"  {a:9} and {b:5} {figure} ({agreed.pairs} pairs)")
        for name, labels in self.left_out.items():
            lines.append(f"{_LEFT_OUT[name]}: {', '.join(labels)}.")
        return [*lines, *self.notes]


class NoRepresentationsError(InputError):
    """The model does not have a vector for each label."""


def label_similarity(representations: Floats) -> Floats:
    """Mean over the texts of the cosine between label representations.

    Args:
        representations: (N, K, H).

    Returns:
        (K, K); the cosine of a zero vector with others is 0.

    Raises:
        InputError: if there is no text.
    """
    values = np.asarray(representations, dtype=np.float64)
    if values.ndim != 3 or not len(values):
        raise InputError(
            "Expected representations of shape (texts, labels, hidden) of one text at least, got "
            f"{values.shape}."
        )
    flat = _normalise(values).transpose(1, 0, 2).reshape(values.shape[1], -1)
    similarity = np.clip(flat @ flat.T / len(values), -1.0, 1.0)
    np.fill_diagonal(similarity, 1.0)
    return np.asarray(similarity)


def centred_similarity(means: Floats) -> Floats:
    """Cosine between the mean representations of labels, less the mean of all labels.

    Args:
        means: mean representations over the texts, (K, H).
    """
    values = np.asarray(means, dtype=np.float64)
    return label_similarity((values - values.mean(axis=0))[None])


def learned_similarity(annotator: Annotator, corpus: Labelled) -> dict[str, LabelMatrix]:
    """The matrices `learned` and `centred` of a model, from the texts of a corpus.

    Args:
        annotator: a model with label representations: Demux, or MEmo with projections.
        corpus: the texts; its labels are not used.

    Raises:
        InputError: a model without label representations, or no texts.
    """
    if not len(corpus):
        raise InputError(f"{corpus.name}: expected texts to read the model's labels from.")
    total: Floats = np.zeros(())
    sums: Floats = np.zeros(())
    for batch in _compute_representations(annotator, corpus):
        total = total + len(batch) * label_similarity(batch)
        sums = sums + batch.sum(axis=0)
    # Where labels are groups of other labels, those others have the vectors.
    names = annotator.scoring.scored_labels.names
    return {
        "learned": LabelMatrix(names, total / len(corpus)),
        "centred": LabelMatrix(names, centred_similarity(sums / len(corpus))),
    }


def make_data_matrix(names: tuple[str, ...], labels: Floats) -> LabelMatrix:
    """Correlation of annotated labels, for labels that are not the same for all texts.

    Args:
        names: names of the K labels.
        labels: (N, K); rows of NaN where a text is not annotated.

    Raises:
        InputError: if no row is labelled.
    """
    correlation = data_correlation(labels)
    known = labels[~np.isnan(labels).any(axis=1)]
    kept = tuple(n for n, varies in zip(names, np.ptp(known, axis=0) > 0, strict=True) if varies)
    return LabelMatrix(names, correlation).subset(kept)


def make_wheel_matrix(names: tuple[str, ...]) -> LabelMatrix:
    """Correlation on Plutchik's wheel, for the labels that are on it."""
    kept = tuple(name for name in names if on_wheel(name))
    return LabelMatrix(kept, wheel_correlation(kept) if kept else np.empty((0, 0)))


def compare_matrices(first: LabelMatrix, second: LabelMatrix) -> MatrixAgreement:
    """Spearman's rank correlation of the upper triangles, over the labels that both have."""
    shared = tuple(name for name in first.names if name in second.names)
    upper = np.triu_indices(len(shared), 1)
    x, y = first.subset(shared).values[upper], second.subset(shared).values[upper]
    # Equal values may differ by rounding.
    x, y = x.round(9), y.round(9)
    if len(x) < 3 or not np.ptp(x) or not np.ptp(y):
        return MatrixAgreement(None, len(x))
    return MatrixAgreement(float(spearmanr(x, y).statistic), len(x))


def measure_correlations(
    annotator: Annotator, corpus: Labelled, evaluation: Evaluation
) -> Correlations:
    """Compute every matrix that a model and a labelled corpus allow, and how far they agree.

    Args:
        annotator: the model.
        corpus: the corpus that it was evaluated on.
        evaluation: the evaluation of the model on the corpus.
    """
    shared = evaluation.taxonomy.names
    notes: list[str] = []
    matrices: dict[str, LabelMatrix] = {}
    try:
        matrices |= learned_similarity(annotator, corpus)
    except NoRepresentationsError as error:
        notes.append(str(error))
    matrices |= {
        "predicted": LabelMatrix(shared, data_correlation(evaluation.probabilities)),
        "data": make_data_matrix(shared, evaluation.labels),
        "wheel": make_wheel_matrix(annotator.taxonomy.names),
    }
    left_out = {
        "data": tuple(name for name in shared if name not in matrices["data"].names),
        "wheel": tuple(n for n in annotator.taxonomy.names if n not in matrices["wheel"].names),
    }
    few = [name for name, matrix in matrices.items() if len(matrix.names) < 2]
    for name in few:
        del matrices[name]
    if few:
        notes.append(f"Not made of fewer than two labels: {', '.join(few)}.")
    placed = None
    if "learned" in matrices:
        placed = map_onto_wheel(matrices["learned"].names, matrices["learned"].values)
        if placed is None:
            notes.append("Plutchik's wheel knows too few of the labels to place all by them.")
    compared = [*product(OF_MODEL, REFERENCES), REFERENCES]
    return Correlations(
        matrices=matrices,
        left_out={name: labels for name, labels in left_out.items() if labels},
        agreement={
            (a, b): compare_matrices(matrices[a], matrices[b])
            for a, b in compared
            if a in matrices and b in matrices
        },
        wheel_map=placed,
        notes=tuple(notes),
    )


def _compute_representations(annotator: Annotator, corpus: Labelled) -> Iterator[Floats]:
    """Label representations (B, K, H) of all texts, batch by batch, the longest texts first."""
    backend = annotator.with_truncation().backend
    if not isinstance(backend, TorchBackend):
        raise NoRepresentationsError(_NONE)
    encoded = backend.encode(corpus.turns)
    for rows in batch_by_length(encoded.lengths, backend.batch_size):
        inputs: dict[str, Any] = to_tensors(
            backend.encoder.batch(encoded, rows), backend.model.device
        )
        with torch.inference_mode():
            found = backend.model(**inputs).representations
        if found is None:
            raise NoRepresentationsError(_NONE)
        yield found.float().cpu().numpy()


def _normalise(vectors: Floats) -> Floats:
    """The vectors scaled to length 1, along the last axis."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


_LEFT_OUT = {
    "data": "Left out of the data's correlations, as no two texts differ in them",
    "wheel": "Plutchik's wheel does not know",
}
_NONE = (
    "This model has no vector for each label to compare. Take Demux, or MEmo with "
    "head: projections."
)
