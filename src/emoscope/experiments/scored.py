"""The texts of a split with the scores of a finished run, which comparisons and reports read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from emoscope.errors import InputError, raise_os_error
from emoscope.files import written_aside


@dataclass(frozen=True)
class ScoredTexts:
    """N texts with gold labels and scores for K labels.

    Attributes:
        labels: names of the K labels.
        ids: ids of the texts, (N,).
        parts: the part of the split that each text is from, its language or corpus, (N,).
        turns: the turns of each text, oldest first.
        gold: gold labels, 0 or 1 or a share of annotators, (N, K); NaN where not annotated.
        probabilities: calibrated probabilities, (N, K).
        predictions: predicted labels at the fitted thresholds of the run, (N, K); False where there
            is no gold label.
    """

    labels: tuple[str, ...]
    ids: Sequence[str]
    parts: Sequence[str]
    turns: Sequence[Sequence[str]]
    gold: NDArray[np.floating[Any]]
    probabilities: NDArray[np.floating[Any]]
    predictions: NDArray[np.bool_]

    def write(self, path: Path) -> None:
        """Write Parquet, whole or not at all: `id`, `part`, `turns`, then three columns a label."""
        columns: dict[str, Any] = {
            "id": list(self.ids),
            "part": list(self.parts),
            "turns": [list(turns) for turns in self.turns],
        }
        for kind, values in (
            ("gold", self.gold.astype(np.float32)),
            ("probability", self.probabilities.astype(np.float32)),
            ("decided", self.predictions),
        ):
            columns |= {f"{kind}_{name}": values[:, k] for k, name in enumerate(self.labels)}
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as partial, partial.open("wb") as file:
            pq.write_table(pa.table(columns), file, compression="zstd")

    @classmethod
    def read(cls, path: Path) -> "ScoredTexts":
        """Read Parquet that `write` has made.

        Raises:
            InputError: there is no such file, or it is of another kind.
        """
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise_os_error(error, path)
            raise InputError(f"{path} cannot be read: {error}. Train again to make it.") from None
        names = table.column_names
        labels = tuple(
            name.removeprefix("gold_")
            for name in names
            if name.startswith("gold_") and f"decided_{name.removeprefix('gold_')}" in names
        )
        if not labels or not {"id", "part", "turns"} <= set(names):
            raise InputError(f"{path}: expected the scored texts of a run, found columns {names}.")

        def columns(kind: str) -> NDArray[Any]:
            return np.stack([table[f"{kind}_{name}"].to_numpy() for name in labels], axis=1)

        return cls(
            labels=labels,
            ids=table["id"].to_pylist(),
            parts=table["part"].to_pylist(),
            turns=table["turns"].to_pylist(),
            gold=columns("gold"),
            probabilities=columns("probability"),
            predictions=columns("decided").astype(bool),
        )
