"""Curves of a log: bands over runs of unequal length, and pictures that can be opened."""

from math import nan

import pytest
from matplotlib.image import imread

from emoscope.experiments import plots
from emoscope.experiments.bands import list_curve_groups, make_band
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.plots import draw_log
from emoscope.experiments.runs import MeanStd, Run
from tests.experiments.synthetic import make_log, taxonomy_of


def run(name, final_step, *values):
    curve = tuple((float(step), value) for step, value in enumerate(values, start=1))
    return Run(name, final_step, {"eval_micro_f1": curve})


def test_runs_are_averaged_where_they_have_a_value():
    found = make_band([run("a", 2, 0.2, 0.4), run("b", 3, 0.4, 0.6, 0.9)], "eval_micro_f1")
    assert found.steps == (1, 2, 3)
    assert [one.mean for one in found.mean_stds] == pytest.approx([0.3, 0.5, 0.9])
    assert found.mean_stds[2] == MeanStd(0.9, 0.0, 1)
    assert found.whole == 2
    assert found.ends == ((2, 0.4), (3, 0.9))


def test_the_end_of_a_run_is_its_final_step_not_its_last():
    assert make_band([run("a", 1, 0.7, 0.6, 0.5)], "eval_micro_f1").ends == ((1, 0.7),)


def test_values_that_are_no_numbers_are_told_and_left_out():
    found = make_band([run("a", 2, 0.5, nan), run("b", 2, 0.5, 0.7)], "eval_micro_f1")
    assert (found.lost, found.mean_stds[1].mean) == (1, 0.7)
    assert make_band([run("a", 1, nan)], "eval_micro_f1") is None
    assert make_band([], "eval_micro_f1") is None


LABELS = tuple(f"label{number}" for number in range(13))


def test_the_pictures_of_a_log(tmp_path):
    taxonomy, parts = taxonomy_of(LABELS), ("en", "es")
    make_log(tmp_path / "log", taxonomy, 2, 20, terms=("intra_loss",), parts=parts)
    log = ExperimentLog.load(tmp_path / "log")
    draw_log(log, tmp_path / "plots")
    drawn = {path.stem for path in (tmp_path / "plots").iterdir()}
    assert {"loss", "intra_loss", "micro_f1", "macro_f1", "jaccard", "emotions_f1"} <= drawn
    for path in (tmp_path / "plots").iterdir():
        height, width, _ = imread(path).shape
        assert min(height, width) > 200, path.name


@pytest.mark.parametrize("picture_format", ["svg", "pdf"])
def test_the_pictures_of_a_log_have_one_format(tmp_path, monkeypatch, picture_format):
    drawn = []
    monkeypatch.setattr(plots, "save", lambda figure, path: drawn.append(path))
    make_log(tmp_path / "log", taxonomy_of(("joy", "fear")), 1, 20)
    draw_log(ExperimentLog.load(tmp_path / "log"), tmp_path, picture_format)
    assert {"loss", "micro_f1", "emotions_f1"} <= {path.stem for path in drawn}
    assert {path.suffix for path in drawn} == {f".{picture_format}"}


def test_the_loss_has_training_and_dev_in_one_picture(tmp_path):
    make_log(tmp_path / "log", taxonomy_of(("joy", "fear")), 2, 40)
    found = {one.key: one for one in list_curve_groups(ExperimentLog.load(tmp_path / "log"))}
    assert list(found["loss"].lines) == ["training", "dev"]
    assert list(found["micro_f1"].lines) == ["dev, at the fitted thresholds", "dev, at ½"]


def test_a_log_without_runs_has_no_picture(tmp_path):
    draw_log(ExperimentLog(tmp_path, {}), tmp_path / "plots")
    assert not (tmp_path / "plots").exists()
