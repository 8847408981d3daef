"""`emoscope train`: several configurations, where they are logged, what cannot be read."""

import pytest

from emoscope.experiments.log import ExperimentLog
from emoscope.models.nelec import family as nelec
from emoscope.recipes.load import recipe_to_yaml
from emoscope.training import callbacks, train

pytestmark = pytest.mark.usefixtures("no_plots")


@pytest.fixture
def arguments(tmp_path, monkeypatch, emocontext, tiny_recipe):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_text(recipe_to_yaml(tiny_recipe("training.epochs=1")), encoding="utf-8")
    return ["train", path, "--data-dir", emocontext]


def test_a_sweep_has_a_folder_for_each_setting(emoscope, arguments, tmp_path):
    ended = emoscope(*arguments, "--sweep", "model.hidden_size=3,4", "--runs", "2")
    assert ended.code == 0, ended.err
    assert "model.hidden_size=3" in ended.out
    assert "Compare them: emoscope compare experiment_logs/NelecEmocontext" in ended.out
    group = tmp_path / "experiment_logs" / "NelecEmocontext"
    logs = [ExperimentLog.load(path) for path in sorted(group.iterdir()) if path.is_dir()]
    assert sorted(log.params["model"]["hidden_size"] for log in logs) == [3, 4]
    assert [len(log.runs) for log in logs] == [2, 2]
    again = emoscope(*arguments, "--sweep", "model.hidden_size=3,4", "--runs", "2")
    assert [log.runs for log in logs] == [ExperimentLog.load(log.folder).runs for log in logs]
    assert again.out == ended.out


def test_without_an_output_the_log_has_a_folder_of_its_own(
    emoscope, arguments, tmp_path, monkeypatch
):
    drawn = []
    for module in (callbacks, train):
        monkeypatch.setattr(module, "draw_log", lambda *given: drawn.append(given[2]))
    monkeypatch.setattr(nelec, "draw_network", lambda _, path: drawn.append(path.suffix[1:]))
    ended = emoscope(*arguments, "--picture-format", "svg")
    assert ended.code == 0, ended.err
    line = next(one for one in ended.out.splitlines() if one.startswith("Model: "))
    assert (tmp_path / line.removeprefix("Model: ") / "model.safetensors").is_file()
    assert line.startswith("Model: experiment_logs/NelecEmocontext/")
    assert len(drawn) >= 3
    assert set(drawn) == {"svg"}


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--track", "wandb", "expected one of mlflow, tensorboard"),
        ("--sweep", "model.hidden_size", "Cannot read the sweep"),
        ("--sweep", "model.hidden_sizes=1,2", "no such field"),
        ("--jobs", "0", "--jobs"),
        ("--engine", "slurm", "--engine"),
    ],
)
def test_what_cannot_be_read_is_said(emoscope, arguments, option, value, said):
    ended = emoscope(*arguments, option, value)
    assert ended.code == 2
    assert said in ended.err


def test_test_figures_are_shown(emoscope, arguments, tmp_path):
    ended = emoscope(*arguments, "--set", "corpus.test=test", "-o", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert ", test micro-F1 0." in ended.out
