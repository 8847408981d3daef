"""What spoke for and against each label, in words: LightGBM's SHAP values of named features."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from emoscope.inference.backend import Reason, Reasons
from emoscope.models.combiner.buffers import Stretches, WordBuffer
from emoscope.models.combiner.features import Feature, Features
from emoscope.models.combiner.grams import read_grams
from emoscope.text.emoji import is_emoji, name_emoji

QUOTED = 3
"""N-grams that a reason quotes."""
NEARLY_NOTHING = 0.005
PART = "part "
LOGITS = "logits of parts"
"""The group of features of parts that are logits, not probabilities."""
TURNS = ("the last turn", "the turn before it")


def explain_features(
    columns: Sequence[Feature],
    features: Features,
    turns: Sequence[str],
    values: NDArray[np.float32],
    contributions: NDArray[np.float64],
) -> Reasons:
    """The reasons of one conversation.

    Args:
        columns: what each of the F features is.
        features: what computed the lexical ones.
        turns: of the conversation.
        values: of the features, (F,).
        contributions: of the features to each label's logit, and its base, (K, F + 1).
    """
    names = features.labels
    grams = list_grams(features, turns)
    reasons = []
    for label in range(len(names)):
        found: dict[str, float] = {}
        quotes: dict[tuple[str, int | None], float] = {}
        for column, value, added in zip(columns, values, contributions[label], strict=False):
            if column.label is not None:
                key = (column.name.rpartition(":")[0], column.turn)
                quotes[key] = quotes.get(key, 0.0) + float(added)
            else:
                said = describe(column, float(value))
                found[said] = found.get(said, 0.0) + float(added)
        for (name, turn), added in quotes.items():
            said = describe_evidence(name, turn, columns, values)
            kind = "" if name.startswith(PART) else name.rpartition(" ")[2]
            listed = grams.get((kind, turn), {})
            weights = {gram: weight[label] for gram, weight in listed.items()}
            told = quote(weights, added > 0)
            found[said + told] = found.get(said + told, 0.0) + added
        ordered = sorted(found.items(), key=lambda item: -abs(item[1]))
        reasons.append(
            tuple(Reason(said, added) for said, added in ordered if abs(added) >= NEARLY_NOTHING)
        )
    return Reasons(names, tuple(map(float, contributions[:, -1])), tuple(reasons))


def describe(column: Feature, value: float) -> str:
    """A feature with its value, e.g. `the last turn has the emoji 'crying face'`."""
    if column.turn is None:
        return f"{column.name}: {value:.2f}"
    what = column.name.partition(" ")[2]
    turn = name_turn(column.turn)
    if what.startswith("emoji '"):
        return f"{turn} has {'the' if value else 'no'} {what}"
    if column.group == "vectors":
        return f"word vectors of {turn}"
    shown = f"{value:.2f}".rstrip("0").rstrip(".") if value else "no"
    return f"{turn} has {shown} {what}"


def describe_evidence(
    name: str, turn: int | None, columns: Sequence[Feature], values: NDArray[np.float32]
) -> str:
    """What the n-grams of a kind, or a model, say: of a model its highest score is told."""
    if not name.startswith(PART):
        return f"{name.rpartition(' ')[2]} of {'all turns' if turn is None else name_turn(turn)}"
    scores = [
        (float(value), column)
        for column, value in zip(columns, values, strict=True)
        if column.name.rpartition(":")[0] == name
    ]
    score, best = max(scores, key=lambda pair: pair[0])
    shown = f"{score:+.2f}" if best.group == LOGITS else f"{score:.2f}"
    return f"{name}: {best.label} {shown}"


def name_turn(turn: int) -> str:
    """`the last turn`, `the turn before it`, `turn 3 from the end`."""
    return TURNS[turn] if turn < len(TURNS) else f"turn {turn + 1} from the end"


def quote(weights: dict[str, float], speaking: bool) -> str:
    """The n-grams that speak most for a label, or against it, in brackets."""
    signed = {gram: weight if speaking else -weight for gram, weight in weights.items()}
    told = sorted((gram for gram in signed if signed[gram] > 0), key=lambda gram: -signed[gram])
    return f" ({', '.join(map(name_gram, told[:QUOTED]))})" if told else ""


def name_gram(gram: str) -> str:
    """An n-gram in quotes, an emoji with its name."""
    return f"{gram} {name_emoji(gram)!r}" if is_emoji(gram) else repr(gram)


def list_grams(
    features: Features, turns: Sequence[str]
) -> dict[tuple[str, int | None], dict[str, NDArray[np.float32]]]:
    """The known n-grams of a conversation by kind and turn, each with its weights (K,)."""
    buffer = features.read([list(turns)])
    shape, table = features.grams.shape, features.grams
    grams = read_grams(buffer, shape)
    rows = table.table.find(grams.hashes)
    found: dict[tuple[str, int | None], dict[str, NDArray[np.float32]]] = {}
    for row, cell, said in zip(rows, grams.cells, _read_all(buffer, grams.stretches), strict=True):
        if row >= 0:
            kind, turn = shape.blocks[int(cell)]
            weight = table.weights[row] * table.rarity[row]
            for key in ((kind, turn), (kind, None)):
                found.setdefault(key, {})[said] = weight
    return found


def _read_all(buffer: WordBuffer, parts: Sequence[Stretches]) -> Iterator[str]:
    for stretches in parts:
        yield from (buffer.read(stretches, number) for number in range(len(stretches.starts)))
