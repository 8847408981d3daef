"""A model of known scores, and rows to annotate."""

from pathlib import Path

import numpy as np
import pytest

from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Source
from tests.inference.fakes import Lengths, lengths, write_csv

ROWS = 23


class Uneven(Lengths):
    """Scores that depend a little on what is scored with a text, as those of networks do."""

    def logits(self, encoded):
        return encoded + np.float32(1e-4) * len(encoded)


@pytest.fixture
def model(monkeypatch):
    """A model of known scores as if it lay in a folder."""
    monkeypatch.setattr(
        ModelSpec, "load", lambda self, threads=None: lengths(False, backend=Uneven())
    )
    monkeypatch.setattr(ModelSpec, "fingerprint", lambda self: str(self.folder))
    return ModelSpec(Path("model"))


@pytest.fixture
def source(tmp_path):
    """Rows of which some repeat, and four are bad."""
    texts = [("x" * (n % 5 + 1), "" if n % 3 else "yy") for n in range(ROWS)]
    texts[0] = texts[7] = texts[8] = texts[22] = (" ", "")
    rows = [(n, f"2024-{n}", *turns) for n, turns in enumerate(texts)]
    return Source(write_csv(tmp_path / "in.csv", ("id", "date", "a", "b"), rows), turns=("a", "b"))
