"""Series of runs: sweeps, several processes, failures that lose nothing."""

import contextlib
import json
import signal
import subprocess
import sys

import psutil
import pytest

from emoscope.errors import EmoscopeError, InputError
from emoscope.experiments.log import ExperimentLog
from emoscope.recipes.load import load_recipe
from emoscope.training.results import RunOptions
from emoscope.training.runner import expand_sweep, train_runs
from emoscope.training.train import train

pytestmark = pytest.mark.usefixtures("no_plots")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([], [[]]),
        (["a.b=1,2"], [["a.b=1"], ["a.b=2"]]),
        (["a=[x, y],[z]"], [['a=["x", "y"]'], ['a=["z"]']]),
        (["a=null,{b: 1}"], [["a=null"], ['a={"b": 1}']]),
        (["a=x,y", "b=1,2"], [[f'a="{x}"', f"b={n}"] for x in "xy" for n in (1, 2)]),
        (["a=ü"], [['a="ü"']]),
    ],
)
def test_a_sweep_is_every_combination(settings, expected):
    assert list(expand_sweep(settings)) == expected


@pytest.mark.parametrize("setting", ["a", "=1", "a=", "a=[", "a={,"])
def test_a_sweep_that_cannot_be_read_is_said(setting):
    with pytest.raises(InputError, match="Cannot read the sweep"):
        list(expand_sweep([setting]))


def test_a_local_loss_is_swept_by_its_name():
    changes = list(
        expand_sweep(["objective.local_loss=none,inter,{name: intra, distance: sq_diff}"])
    )
    recipes = [load_recipe("demux-goemotions", one) for one in changes]
    found = [one.objective.local_loss for one in recipes]
    assert found[0] is None
    assert (found[1].name, found[1].distance, found[1].coefficient) == ("inter", "exp_diff", 0.2)
    assert (found[2].name, found[2].distance) == ("intra", "sq_diff")


def test_processes_side_by_side_give_what_one_gives(tmp_path, emocontext, tiny_recipe, whole):
    recipes = [tiny_recipe("seed=5", "training.epochs=2")]
    recipes.append(tiny_recipe("seed=5", "training.epochs=1"))
    told = []
    results = train_runs(
        [(one, tmp_path / str(place)) for place, one in enumerate(recipes)],
        emocontext,
        2,
        jobs=2,
        options=RunOptions(
            after_run=lambda run, result: told.append((run.parent.name, result.seed)),
            picture_format="svg",
        ),
    )
    assert sorted(told) == [("0", 5), ("0", 6), ("1", 5), ("1", 6)]
    assert [[one.seed for one in runs] for runs in results] == [[5, 6], [5, 6]]
    alone = train(recipes[0], emocontext, whole(recipes[0], runs=3), runs=2)
    assert [one.dev for one in results[0]] == [one.dev for one in alone]
    log = ExperimentLog.load(tmp_path / "0")
    assert [run.seed for run in log.runs] == [5, 6]
    assert log.params["seed"] == 5
    pictures = [*tmp_path.glob("*/plots/*"), *tmp_path.glob("*/seed-*/plots/*")]
    assert {path.suffix for path in pictures} == {".svg"}


ORPHAN = """
import os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from emoscope.training.runner import watch_parent
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=watch_parent)
    print(pool.submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_ends_with_the_one_that_started_it(tmp_path):
    (tmp_path / "orphan.py").write_text(ORPHAN)
    done = subprocess.run([sys.executable, tmp_path / "orphan.py"], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(timeout=60)


def test_a_run_that_fails_leaves_the_others(tmp_path, emocontext, tiny_recipe):
    good, bad = tiny_recipe("training.epochs=1"), tiny_recipe("training.metric=fear_f1")
    with pytest.raises(InputError, match=r"1 of the runs failed.*bad/seed-0: training\.metric"):
        train_runs([(good, tmp_path / "good"), (bad, tmp_path / "bad")], emocontext, 1, jobs=2)
    assert len(ExperimentLog.load(tmp_path / "good").runs) == 1


def test_a_loss_that_is_no_number_ends_the_run(tmp_path, emocontext, tiny_recipe):
    recipe = tiny_recipe("training.learning_rate=1e30", "training.max_grad_norm=1e30")
    with pytest.raises(EmoscopeError, match="diverged") as raised:
        train(recipe, emocontext, tmp_path / "out")
    assert raised.value.exit_code == 1
    assert not (tmp_path / "out" / "seed-0" / "result.json").exists()


def test_the_same_series_on_ray(tmp_path, emocontext, tiny_recipe):
    pytest.importorskip("ray")
    recipe = tiny_recipe("training.epochs=1")
    results = train_runs([(recipe, tmp_path / "out")], emocontext, 2, jobs=2, engine="ray")
    assert [one.seed for one in results[0]] == [0, 1]
    assert len(ExperimentLog.load(tmp_path / "out").runs) == 2
    assert json.loads((tmp_path / "out" / "seed-1" / "result.json").read_text())["seed"] == 1
