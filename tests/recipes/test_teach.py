"""What a model says of the training texts, as tables that a recipe mixes in."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import emoscope
from emoscope.taxonomy import Taxonomy

TEACHER = ("--teacher", str(Path(emoscope.__file__).parent / "pretrained"))
SCRIPT = Path(__file__).parents[2] / "scripts" / "teach.py"


def test_a_teacher_scores_the_texts_of_the_recipe(data, tmp_path, monkeypatch):
    names = {name: name for name in ("goemotions", "edos", "event2mind", "xed")}
    for folder, name in {**names, "semeval2025_task11": "semeval2025"}.items():
        (tmp_path / folder).symlink_to(data[name])
    monkeypatch.setattr(sys, "argv", ["teach.py", "--data-dir", str(tmp_path), *TEACHER])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    own = pq.read_table(tmp_path / "taught" / "goemotions.parquet").to_pydict()
    labels = Taxonomy.load("goemotions").names
    assert set(own) == {"id", "text", *labels}
    assert len(own["text"]) == 10
    scores = emoscope.load().probabilities([[text] for text in own["text"]])
    given = np.array([own[name] for name in labels]).T
    np.testing.assert_allclose(given, scores, atol=1e-3)
    others = pq.read_table(tmp_path / "taught" / "others.parquet").to_pydict()
    kinds = {key.split("-")[0] for key in others["id"]}
    assert kinds == {"edos", "event2mind", "semeval2025", "xed"}
