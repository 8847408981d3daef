"""Scores of models for the texts of training, each by a model that has not seen the text.

Trees that learn from scores of texts which the scoring model was trained on trust that model far
too much. So everything that can be checked is: that the scores are of the same texts and labels,
that the folds are those that were drawn, that the scores are not those of the whole model, and that
they are not better than the whole model is on dev.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from emoscope.errors import InputError, raise_os_error
from emoscope.files import read_json
from emoscope.folder import resolve_folder
from emoscope.inference.annotator import Annotator, load
from emoscope.models.combiner.backend import Part, check_part
from emoscope.models.combiner.section import PartSection
from emoscope.taxonomy import Taxonomy
from emoscope.training.assign_folds import hash_ids

FOLDS, HELD_OUT, WHOLE = "folds.json", "held_out.parquet", "whole"
SAMPLE = 200
"""Texts of training that the whole model scores, to see whether the scores are its own."""
SAME = 1e-4
Floats = NDArray[np.float32]
LabelledScores = tuple[Floats, Floats]


@dataclass(frozen=True)
class Examples:
    """Labelled texts.

    Attributes:
        ids: N ids.
        turns: the turns of each.
        labels: (N, K).
    """

    ids: Sequence[str]
    turns: Sequence[Sequence[str]]
    labels: Floats


def read_part(section: PartSection, train: Examples, taxonomy: Taxonomy) -> tuple[Part, Floats]:
    """A part, and its scores of the training texts, (N, K).

    Args:
        section: its name and folders.
        train: the texts that trees are trained on.
        taxonomy: the K labels.

    Raises:
        InputError: scores that are missing, of other texts or labels, or of texts that the model
            was trained on; the message names the folder.
    """
    scores, annotators = [], []
    for folder in map(Path, section.folders):
        annotator = load(folder / WHOLE)
        check_part(Part(section.name, (annotator,)), taxonomy)
        own = read_scores(folder, train, taxonomy.names)
        check_not_whole(folder, own, annotator, train)
        scores.append(own)
        annotators.append(annotator)
    mean = np.asarray(np.mean(scores, axis=0, dtype=np.float64), dtype=np.float32)
    return Part(section.name, tuple(annotators)), mean


def find_models(folder: Path) -> list[Path]:
    """The model folders of a training: that of the whole training split, or of each seed."""
    if (folder / WHOLE).is_dir():
        return [resolve_folder(folder / WHOLE)]
    seeds = sorted(path.parent for path in folder.glob("seed-*/model"))
    return [resolve_folder(each) for each in seeds or [folder]]


def load_part(name: str, models: Sequence[Path], taxonomy: Taxonomy) -> Part:
    """A part whose logits are averaged with others, of any trainings.

    Raises:
        InputError: a model of other labels.
    """
    part = Part(name, tuple(map(load, models)), as_logits=True)
    check_part(part, taxonomy)
    return part


def read_scores(folder: Path, train: Examples, labels: Sequence[str]) -> Floats:
    """The scores of the training texts, in their order, (N, K)."""
    path = folder / HELD_OUT
    if not path.is_file():
        raise InputError(
            f"No {HELD_OUT} in {folder}. Train the part with `emoscope train RECIPE --folds 5 "
            f"--output {folder}`; a command that was interrupted goes on."
        )
    needed = [f"{kind}_{label}" for kind in ("score", "label") for label in labels]
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise_os_error(error, path)
        raise InputError(f"{path} cannot be read: {error}. The file is damaged.") from None
    missing = [name for name in ("id", "fold", *needed) if name not in table.column_names]
    if missing:
        raise InputError(f"{path} lacks the columns {', '.join(missing)}: it has other labels.")
    ids = table.column("id").to_pylist()
    check_ids(path, ids, train.ids)
    check_folds(folder, ids, np.asarray(table.column("fold").to_numpy()))
    rows = {id_: row for row, id_ in enumerate(ids)}
    order = np.array([rows[id_] for id_ in train.ids])
    values = np.stack([table.column(name).to_numpy() for name in needed], axis=1)[order]
    scores, gold = values[:, : len(labels)], values[:, len(labels) :]
    if not np.isfinite(scores).all() or scores.min() < 0 or scores.max() > 1:
        raise InputError(
            f"{path}: expected a score from 0 to 1 of every text. Train the part anew."
        )
    if not np.allclose(gold, train.labels, atol=1e-6):
        raise InputError(
            f"{path}: texts have other labels than in the corpus of this recipe. Train the part "
            "on the same files."
        )
    return np.asarray(scores, dtype=np.float32)


def check_ids(path: Path, ids: Sequence[str], wanted: Sequence[str]) -> None:
    """Check that scores are of the training texts, each once."""
    for what, listed in ((str(path), ids), ("the training split of this recipe", wanted)):
        if len(set(listed)) < len(listed):
            twice = next(id_ for id_ in listed if list(listed).count(id_) > 1)
            raise InputError(f"{what} has the id {twice!r} more than once; scores go by ids.")
    lacking, more = set(wanted) - set(ids), set(ids) - set(wanted)
    if lacking or more:
        shown = min(lacking or more)
        raise InputError(
            f"{path} is of another training split: {len(lacking):,} texts of this recipe's have no "
            f"score, {len(more):,} scores are of other texts, e.g. of id {shown!r}. Train the part "
            "on the same corpus, split and holdout."
        )


def check_folds(folder: Path, ids: Sequence[str], folds: NDArray[Any]) -> None:
    """Check that each fold holds the texts that its model was trained without."""
    described = read_json(folder / FOLDS)
    held_out: Any = described.get("held_out")
    try:
        drawn = {int(each["fold"]): str(each["ids_sha256"]) for each in held_out}
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f"{folder / FOLDS}: expected held_out with a fold and ids_sha256 each, got "
            f"{held_out!r:.200}. Train the part anew."
        ) from None
    groups: dict[int, list[str]] = {}
    for id_, fold in zip(ids, folds.tolist(), strict=True):
        groups.setdefault(fold, []).append(id_)
    wrong = [
        fold for fold in {*drawn, *groups} if hash_ids(groups.get(fold, [])) != drawn.get(fold)
    ]
    if len(drawn) < 2 or wrong:
        raise InputError(
            f"{folder / HELD_OUT}: fold {min(wrong, default=1)} holds other texts than {FOLDS} "
            "says, so that scores may be of texts that their model was trained on. Train the part "
            "anew."
        )


def check_not_whole(folder: Path, scores: Floats, annotator: Annotator, train: Examples) -> None:
    """Check that scores are not those of the model that was trained on all of the texts.

    Raises:
        InputError: they are.
    """
    rows = np.random.default_rng(0).permutation(len(train.ids))[:SAMPLE]
    own = annotator.probabilities([list(train.turns[row]) for row in rows])
    same = float((np.abs(own - scores[rows]) < SAME).all(axis=1).mean())
    if same > 0.5:
        raise InputError(
            f"{folder / HELD_OUT}: {same:.0%} of the scores are those of the whole model, which "
            "was trained on these texts. Train the part anew."
        )


def check_not_better(name: str, train: LabelledScores, dev: LabelledScores, margin: float) -> None:
    """Check that the scores of a part are no better on training texts than on dev.

    Args:
        name: of the part.
        train: labels of the training texts and the part's scores of them.
        dev: the same of dev, by the whole model.
        margin: how much better they may be, in AUC, which does not depend on how frequent labels
            are.

    Raises:
        InputError: they are, as scores of texts are that their model was trained on.
    """
    found, known = mean_auc(*train), mean_auc(*dev)
    if found > known + margin:
        raise InputError(
            f"The scores of the part {name!r} are too good to be of texts that their model has not "
            f"seen: AUC {found:.3f}, and {known:.3f} of the whole model on dev. Train the part "
            "anew; where dev is just harder, raise model.leak_margin."
        )


def mean_auc(labels: Floats, scores: NDArray[np.floating[Any]]) -> float:
    """The mean of the areas under the ROC curves of the labels that some texts have."""
    areas = []
    for gold, column in zip(labels.T, scores.T, strict=True):
        known = ~np.isnan(gold)
        truth = gold[known] >= 0.5
        if truth.any() and not truth.all():
            areas.append(roc_auc_score(truth, column[known]))
    return float(np.mean(areas)) if areas else 0.5
