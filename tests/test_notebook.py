"""The notebooks of the examples run from the first cell to the last."""

import ast
import json
from pathlib import Path

import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def run_cells(path: Path) -> list[object]:
    """Run the code cells of a notebook; what the last expression of each gives."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    shown = []
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop()
        where = f"{path.name}, cell {number}"
        exec(compile(tree, where, "exec"), names)
        assert isinstance(last, ast.Expr), where
        shown.append(eval(compile(ast.Expression(last.value), where, "eval"), names))
    return shown


def test_there_is_one():
    assert [path.name for path in NOTEBOOKS] == ["dataframe.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_something_in_each_cell(path, monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    annotator, lists, frame, counts, weeks, own = run_cells(path)
    assert "28 labels" in repr(annotator)
    assert "love" in lists._repr_html_()
    assert len(frame) == len(pd.read_csv("comments.csv"))
    assert counts.sum() >= len(frame)
    assert weeks.to_numpy().max() <= 1
    assert list(own.columns) == ["text", "labels", "hope", "boredom", "gratitude"]
    assert own["gratitude"].max() > 0.5
