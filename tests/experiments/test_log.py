"""The log of an experiment: what is written is read, whoever writes and whenever killed."""

import json
import os
import signal
import subprocess
import sys
import time
from math import inf, nan
from statistics import mean, stdev

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import MeanStd, Run, format_runs

PARAMS = {"model": {"type": "demux", "size": 3}, "training": {"rate": 1e-5, "metric": None}}
NAMING = ("model.type", "training.rate")


@pytest.fixture
def log(tmp_path):
    return ExperimentLog.open(tmp_path, "DemuxSample", PARAMS, NAMING)


def run(seed=0, final_step=2.0, **final):
    curves = {"loss": ((1.0, 0.5), (2.0, 0.25), (3.0, 1e-7)), "eval_f1": ((1.0, 0.1), (3.0, 0.9))}
    return Run(f"seed-{seed}", final_step, curves, final, seed)


def test_the_files_of_a_log(log):
    log.add(run(0, test_f1=0.5), run(1, test_f1=0.7))
    assert log.folder.parent.name == "DemuxSample"
    assert log.folder.name == "demux,1e-05_0"
    there = {path.name for path in log.folder.iterdir()}
    assert there == {".lock", "params.yml", "metrics.yml", "aggregated_metrics.yml"}
    assert yaml.safe_load((log.folder / "params.yml").read_text()) == PARAMS
    figures = yaml.safe_load((log.folder / "aggregated_metrics.yml").read_text())
    assert figures["test_f1"]["shown"] == "0.6000+-0.1414"
    assert figures["test_f1"]["mean"] == pytest.approx(0.6)
    assert figures["test_f1"]["sd"] == pytest.approx(stdev([0.5, 0.7]))
    assert figures["test_f1"]["runs"] == 2


def test_all_of_a_log_is_read_back(log):
    written = log.add(run(0, test_f1=0.5), run(1))
    assert ExperimentLog.load(log.folder) == written


def test_any_reader_of_yaml_reads_the_metrics(log):
    log.add(run(0, tiny=1e-5, huge=1e16, negative=-2e-30))
    text = (log.folder / "metrics.yml").read_text()
    assert yaml.safe_load(text) == json.loads(text)
    (one,) = yaml.safe_load(text)["runs"]
    assert one["final"] == {"tiny": 1e-5, "huge": 1e16, "negative": -2e-30}
    assert one["curves"]["loss"] == {"steps": [1.0, 2.0, 3.0], "values": [0.5, 0.25, 1e-7]}


numbers = st.floats(allow_nan=False)
steps = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)


@given(
    st.dictionaries(names, st.lists(st.tuples(steps, numbers), max_size=4).map(tuple)),
    st.dictionaries(names, numbers),
    st.integers(0, 2**40) | st.none(),
)
def test_any_run_is_read_back(tmp_path_factory, curves, final, seed):
    log = ExperimentLog(tmp_path_factory.mktemp("log"), {})
    one = Run("one", 1.5, curves, final, seed)
    assert log.add(one).runs == (one,)
    (log.folder / "params.yml").write_text("{}")
    assert ExperimentLog.load(log.folder).runs == (one,)


def test_numbers_that_are_none_are_kept(log):
    log.add(Run("seed-0", 1, {"loss": ((1.0, nan), (2.0, inf))}, {"f1": -inf}, 0))
    (read,) = ExperimentLog.load(log.folder).runs
    assert str(read.curves["loss"]) == "((1.0, nan), (2.0, inf))"
    assert read.final == {"f1": -inf}


def test_a_hand_made_log_is_read(log):
    text = (
        "runs:\n- name: mine\n  seed: null\n  final_step: 2\n  final: {test_f1: 0.5}\n"
        "  curves:\n    loss: {steps: [1, 2], values: [0.5, NaN]}\n"
    )
    (log.folder / "metrics.yml").write_text(text)
    (read,) = ExperimentLog.load(log.folder).runs
    assert (read.name, read.seed, read.final) == ("mine", None, {"test_f1": 0.5})
    assert str(read.curves["loss"]) == "((1.0, 0.5), (2.0, nan))"


def test_a_run_ends_with_the_figures_of_its_final_step():
    one = run(final_step=2.0, test_f1=0.5)
    # The curve eval_f1 has no value at 2: the newest before it counts.
    assert one.at_final_step() == {"loss": 0.25, "eval_f1": 0.1, "test_f1": 0.5}


def test_runs_are_averaged_at_the_final_step_of_each(log):
    written = log.add(run(0, final_step=1.0), run(1, final_step=3.0), run(2, 1.0, test_f1=1.0))
    assert written.values("eval_f1") == [0.1, 0.9, 0.1]
    figures = written.aggregated()
    assert figures["eval_f1"].mean == pytest.approx(mean([0.1, 0.9, 0.1]))
    assert figures["eval_f1"].sd == pytest.approx(stdev([0.1, 0.9, 0.1]))
    assert figures["test_f1"] == MeanStd(1.0, 0.0, 1)


def test_a_spread_is_written_with_the_digits_asked_for():
    mean_std = MeanStd.of([0.5, 0.7])
    assert (f"{mean_std}", f"{mean_std:.3f}") == ("0.6000±0.1414", "0.600 ± 0.141")


def test_a_run_of_the_same_name_is_replaced(log):
    log.add(run(0, test_f1=0.5), run(1))
    written = log.add(run(0, test_f1=0.6))
    assert [one.name for one in written.runs] == ["seed-0", "seed-1"]
    assert written.values("test_f1") == [0.6]


def test_runs_are_in_the_order_of_their_seeds(log):
    written = log.add(run(10), run(2), Run("other", 1.0))
    assert [one.name for one in written.runs] == ["seed-2", "seed-10", "other"]


def test_the_same_configuration_adds_runs_to_the_same_folder(tmp_path, log):
    log.add(run(0))
    again = ExperimentLog.open(tmp_path, "DemuxSample", PARAMS, NAMING)
    assert again.folder == log.folder
    assert len(again.add(run(1)).runs) == 2


def test_another_value_that_the_name_does_not_show_gets_the_next_number(tmp_path, log):
    larger = {**PARAMS, "model": {"type": "demux", "size": 4}}
    other = ExperimentLog.open(tmp_path, "DemuxSample", larger, NAMING)
    assert other.folder.name == "demux,1e-05_1"
    third = ExperimentLog.open(tmp_path, "DemuxSample", {**larger, "more": 1}, NAMING)
    assert third.folder.name == "demux,1e-05_2"
    assert ExperimentLog.open(tmp_path, "DemuxSample", larger, NAMING).folder == other.folder


def test_new_parameters_leave_old_folders_valid(tmp_path, log):
    grown = {**PARAMS, "smoothing": None, "extra": {"on": False}}
    assert ExperimentLog.open(tmp_path, "DemuxSample", grown, NAMING).folder == log.folder


def test_names_that_differ_in_case_alone_do_not_meet(tmp_path):
    one = ExperimentLog.open(tmp_path, "G", {"words": "GloVe"}, ["words"])
    other = ExperimentLog.open(tmp_path, "G", {"words": "glove"}, ["words"])
    assert [one.folder.name, other.folder.name] == ["GloVe_0", "glove_1"]


def test_a_folder_whose_maker_was_killed_is_used(tmp_path, log):
    (log.folder / "params.yml").unlink()
    again = ExperimentLog.open(tmp_path, "DemuxSample", PARAMS, NAMING)
    assert again.folder == log.folder
    assert again.params == PARAMS


def test_a_log_can_forget_its_runs(log):
    log.add(run(0))
    assert log.without_runs().runs == ()
    assert ExperimentLog.load(log.folder).runs == ()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("params.yml", "a: [", "damaged"),
        ("params.yml", "- 1", "expected a mapping"),
        ("metrics.yml", "{", "damaged"),
        ("metrics.yml", '{"runs": [{"name": "x"}]}', "expected runs with name"),
        ("metrics.yml", "[]", "expected runs with name"),
    ],
)
def test_a_damaged_file_is_named(log, name, text, said):
    log.add(run(0))
    (log.folder / name).write_text(text)
    with pytest.raises(InputError, match=rf"(?s){name}.*{said}"):
        ExperimentLog.load(log.folder)


WRONG = [
    (("name",), "../seed-0"),
    (("name",), "/etc"),
    (("name",), ".."),
    (("name",), ""),
    (("name",), 3),
    (("seed",), "0"),
    (("seed",), True),
    (("seed",), 0.5),
    (("final_step",), nan),
    (("final_step",), True),
    (("final_step",), "4"),
    (("final_step",), 10**400),
    (("final", "test_f1"), True),
    (("final", "test_f1"), None),
    (("final", "test_f1"), [1]),
    (("final",), []),
    (("curves",), "loss"),
    (("curves", "loss"), [1, 2]),
    (("curves", "loss", "steps"), [nan]),
    (("curves", "loss", "steps"), "1"),
    (("curves", "loss", "values"), [1, 2, 3, 4]),
    (("curves", "loss", "values", 0), "0.5"),
    (("curves", "loss", "values", 0), {}),
    (("curves", "loss", "values", 0), 10**400),
]


@pytest.mark.parametrize(("place", "value"), WRONG, ids=[f"{p[-1]}={v!r:.9}" for p, v in WRONG])
def test_metrics_of_other_types_are_refused_by_name(log, place, value):
    log.add(Run("seed-0", 2, {"loss": ((1, 0.5), (2, 0.25))}, {"test_f1": 0.5}, 0))
    path = log.folder / "metrics.yml"
    values = json.loads(path.read_text())
    inner = values["runs"][0]
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    path.write_text(json.dumps(values))
    with pytest.raises(InputError, match=r"metrics\.yml: expected runs"):
        ExperimentLog.load(log.folder)


def test_a_run_that_comes_twice_is_refused(log):
    log.add(run(0))
    path = log.folder / "metrics.yml"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({"runs": values["runs"] * 2}))
    with pytest.raises(InputError, match=r"metrics\.yml: expected runs"):
        ExperimentLog.load(log.folder)


@pytest.mark.parametrize("name", ["params.yml", "metrics.yml"])
def test_a_log_that_never_ends_is_not_read(log, name):
    log.add(run(0))
    (log.folder / name).unlink()
    (log.folder / name).symlink_to("/dev/zero")
    with pytest.raises(InputError, match=r"regular file|No experiment log"):
        ExperimentLog.load(log.folder)


def test_no_log_is_said(tmp_path):
    with pytest.raises(InputError, match=r"No experiment log at .*nowhere"):
        ExperimentLog.load(tmp_path / "nowhere")


ADD = """
import sys
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import Run
root, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
log = ExperimentLog.open(root, "G", {"a": 1}, ["a"])
print("ready", flush=True)
for seed in range(first, first + count):
    curve = tuple((float(step), step * 1e-6) for step in range(40))
    log.add(Run(f"seed-{seed}", 39.0, {"loss": curve}, {}, seed))
    print(seed, flush=True)
"""


def adding(root, first, count):
    command = [sys.executable, "-c", ADD, str(root), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_that_add_at_once_lose_nothing(tmp_path):
    processes = [adding(tmp_path, first, 20) for first in (0, 100)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    (folder,) = (path for path in (tmp_path / "G").iterdir() if path.is_dir())
    seeds = [one.seed for one in ExperimentLog.load(folder).runs]
    assert seeds == [*range(20), *range(100, 120)]


def test_a_kill_at_any_moment_leaves_a_log_that_loads(tmp_path):
    """A dozen times: what was said to be logged is there, and nothing is unreadable."""
    logged: set[int] = set()
    for kill in range(12):
        process = adding(tmp_path, kill * 1000, 1000)
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.003 * (kill % 10))
        os.kill(process.pid, signal.SIGKILL)
        logged |= {int(line) for line in process.communicate()[0].split() if line.isdigit()}
        log = ExperimentLog.load(tmp_path / "G" / "1_0")
        assert logged <= {one.seed for one in log.runs}
        # Before the first run is said to be logged a kill may come between the two files.
        if logged:
            assert yaml.safe_load((log.folder / "aggregated_metrics.yml").read_text())["loss"]
    assert logged


def test_the_text_is_bounded_by_its_runs():
    assert format_runs([]) == '{"runs": [\n]}\n'


def test_a_run_that_another_process_has_added_is_not_drawn_again(log):
    """What a kill leaves of such a drawing nothing would clear away."""
    drawn = []
    for _ in range(2):
        found = log.add(run(0), replacing=False, before_saving=drawn.append)
        assert [each.name for each in found.runs] == ["seed-0"]
    assert len(drawn) == 1
