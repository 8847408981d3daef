"""The option --correlations of evaluate and describe."""

import json

import numpy as np
import pytest

from tests.cli.conftest import NAMES
from tests.tiny import SENTENCES


@pytest.fixture
def table(tmp_path):
    """Twelve texts with a column for each label."""
    rng = np.random.default_rng(0)
    rows = [
        ",".join([f'"{text}"', *map(str, rng.integers(0, 2, len(NAMES)))])
        for text in SENTENCES[:12]
    ]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join([",".join(["text", *NAMES]), *rows]) + "\n", encoding="utf-8")
    return path


def test_evaluate_draws_all_that_there_is(emoscope, folder, table, tmp_path):
    out = tmp_path / "pictures"
    command = ("evaluate", table, "-m", folder, "--picture-format", "svg")
    refused = emoscope(*command)
    assert refused.code == 2
    assert "give --correlations FOLDER" in refused.err
    ended = emoscope(*command, "--correlations", out)
    assert ended.code == 0, ended.err
    stems = ("learned", "centred", "predicted", "data", "wheel", "plutchik")
    expected = {f"{stem}.svg" for stem in stems} | {"correlations.json"}
    assert {path.name for path in out.iterdir()} == expected
    assert "Plutchik's wheel does not know: pride." in ended.out
    figures = json.loads((out / "correlations.json").read_text(encoding="utf-8"))
    figure = figures["agreement"]["learned-wheel"]["spearman"]
    line = next(one for one in ended.out.splitlines() if "learned   and wheel" in one)
    assert f"{figure:.3f} (3 pairs)" in line


def test_json_stays_alone_on_stdout(emoscope, folder, table, tmp_path):
    out = tmp_path / "pictures"
    ended = emoscope("evaluate", table, "-m", folder, "--json", "-", "--correlations", out)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["texts"] == 12
    assert "Agreement" in ended.err


def test_a_model_without_label_representations(emoscope, trained, tmp_path):
    data = ["emocontext", "--data-dir", trained.root]
    out = tmp_path / "pictures"
    ended = emoscope("evaluate", *data, "-m", trained.folder, "--correlations", out)
    assert ended.code == 0, ended.err
    names = {path.name for path in out.iterdir()}
    assert names == {"predicted.png", "data.png", "correlations.json"}
    assert "no vector for each label" in ended.out


def test_a_file_in_the_way(emoscope, folder, table):
    ended = emoscope("evaluate", table, "-m", folder, "--correlations", table)
    assert (ended.code, ended.out) == (2, "")
    assert "named twice" in ended.err


def test_describe_draws_the_labels(emoscope, trained, tmp_path):
    out = tmp_path / "labels.png"
    data = ["emocontext", "--data-dir", trained.root]
    ended = emoscope("describe", *data, "--correlations", out, "--json", "-")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)
    assert out.read_bytes().startswith(b"\x89PNG")


def test_describe_without_labels(emoscope, tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("text\nhello\nworld\n", encoding="utf-8")
    ended = emoscope("describe", path, "--correlations", tmp_path / "labels.png")
    assert (ended.code, ended.out) == (2, "")
    assert "labelled rows" in ended.err


@pytest.mark.parametrize("command", ["evaluate", "describe"])
def test_help_tells_of_it(emoscope, command):
    text = " ".join(emoscope(command, "--help").out.split())
    assert "--correlations" in text
    assert "heat map" in text
