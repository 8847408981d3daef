"""Who scores: one process or several, in order, ending together."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest

from emoscope.errors import EmoscopeError, InputError
from emoscope.inference.model_info import ModelSpec, to_model
from emoscope.inference.prefetch import prefetch
from emoscope.jobs import workers as engines
from emoscope.jobs.source import ItemChunk
from emoscope.jobs.workers import InProcessWorker, WorkerPool, make_workers
from emoscope.taxonomy import Taxonomy
from tests.inference.fakes import lengths
from tests.tiny import save_demux


def test_ahead_maps_in_order():
    assert list(prefetch(lambda x: x * x, iter(range(20)))) == [x * x for x in range(20)]
    assert list(prefetch(str, iter([]))) == []
    assert list(prefetch(lambda x: x, iter([None, 0, ""]))) == [None, 0, ""]


def test_ahead_computes_the_next_while_one_is_used():
    begun = [threading.Event() for _ in range(4)]

    def work(number):
        begun[number].set()
        return number

    results = prefetch(work, iter(range(4)))
    assert next(results) == 0
    assert begun[1].wait(10)
    time.sleep(0.05)
    assert not begun[2].is_set(), "and no further"


@pytest.mark.parametrize("where", ["function", "inputs"])
def test_ahead_passes_on_what_goes_wrong(where):
    seen = []

    def inputs():
        for number in range(10):
            seen.append(number)
            if where == "inputs" and number == 3:
                raise InputError("row 3")
            yield number

    def work(number):
        if where == "function" and number == 3:
            raise InputError("row 3")
        return number

    got = []
    before = threading.enumerate()
    with pytest.raises(InputError, match="row 3"):
        got.extend(prefetch(work, inputs()))
    assert got == [0, 1, 2]
    assert seen == [0, 1, 2, 3]
    # Those that other tests have left are none of its own.
    assert set(threading.enumerate()) <= set(before)


def test_ahead_ends_its_thread_when_it_is_left():
    before = threading.enumerate()
    results = prefetch(str, iter(range(100)))
    next(results)
    results.close()
    # Those that other tests have left are none of its own.
    assert set(threading.enumerate()) <= set(before)


class Plan:
    """Some conversations."""

    def __init__(self, *missing):
        self.missing = list(missing)
        self.chunk = ItemChunk([], 0)


@pytest.fixture(scope="module")
def spec(trained):
    return ModelSpec(trained.folder)


@pytest.fixture(scope="module")
def plans(trained):
    lines = (trained.root / "test.txt").read_text().splitlines()[1:]
    turns = [line.split("\t")[1:4] for line in lines]
    return [Plan(*turns[:20]), Plan(), Plan(*turns[20:21]), Plan(*turns[21:])]


@pytest.fixture(scope="module")
def processes(spec):
    with WorkerPool(spec, 2) as engine:
        yield engine


def test_processes_score_as_one_does(spec, plans, processes):
    alone = InProcessWorker(spec.load())
    assert processes.info == alone.info
    expected, found = list(alone.score(iter(plans))), list(processes.score(iter(plans)))
    assert [plan for plan, _ in expected] == [plan for plan, _ in found] == plans
    for (plan, one), (_, other) in zip(expected, found, strict=True):
        assert one.shape == (len(plan.missing), 4)
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["alone", "processes"])
def test_plans_are_drawn_in_step_with_what_comes_back(spec, plans, processes, kind):
    """A plan is not drawn before the one `lag` before it has been dealt with."""
    engine = InProcessWorker(lengths()) if kind == "alone" else processes
    done, seen = 0, []

    def drawn():
        for plan in plans * 3:
            seen.append(done)
            yield plan

    for _ in engine.score(drawn()):
        done += 1
    assert done == 12
    assert all(before >= place - engine.max_in_flight + 1 for place, before in enumerate(seen))
    if kind == "processes":
        assert seen[engine.max_in_flight] == 1, "and several are under way together"


def test_memory_is_given_back_after_every_chunk_that_is_scored(plans, monkeypatch):
    done, given = [], []
    monkeypatch.setattr(engines, "trim_memory", lambda: given.append(done[-1]))
    for plan, _ in InProcessWorker(lengths()).score(iter(plans)):
        done.append(plan)
    assert given == [plan for plan in plans if plan.missing]
    monkeypatch.setattr(engines, "_load_annotator", lengths)
    engines._score_conversations([["a text"]])
    assert len(given) == 4


def test_what_was_read_before_an_error_is_scored(plans, processes):
    def drawn():
        yield from plans
        raise InputError("row 3")

    found = []
    with pytest.raises(InputError, match="row 3"):
        found.extend(plan for plan, _ in processes.score(drawn()))
    assert found == plans


def test_labels_are_passed_on(tmp_path):
    labels = Taxonomy.load("pride, relief, anger|rage")
    folder = save_demux(tmp_path / "model", ("anger", "joy"))
    with WorkerPool(ModelSpec(folder, labels), 1) as engine:
        assert engine.info.scoring.taxonomy == labels


def test_what_is_wrong_with_a_model_is_told(tmp_path, trained):
    with pytest.raises(InputError, match="No model at"):
        make_workers(ModelSpec(tmp_path), 2)
    with pytest.raises(InputError, match="learnt a fixed set of labels"):
        make_workers(ModelSpec(trained.folder, Taxonomy.load("joy, fear")), 2)
    with pytest.raises(InputError, match="Name the model's folder"):
        make_workers(to_model(lengths()), 2)


def children():
    return [
        each
        for each in psutil.Process().children(recursive=True)
        if "spawn_main" in " ".join(each.cmdline())
    ]


def test_a_worker_that_is_killed_is_told(spec, plans):
    before = children()
    with WorkerPool(spec, 1) as engine:
        for each in children():
            if each not in before:
                each.kill()
        for _ in range(2):
            with pytest.raises(EmoscopeError, match=r"ended from outside.*fewer --workers"):
                list(engine.score(iter(plans)))


def test_processes_end_at_once_when_something_goes_wrong(spec, plans):
    before = children()
    with pytest.raises(KeyboardInterrupt), WorkerPool(spec, 1):
        raise KeyboardInterrupt
    assert children() == before


STARTED = """
import sys, time
from pathlib import Path
from emoscope.inference.model_info import to_model, ModelSpec
from emoscope.jobs.workers import WorkerPool
if __name__ == "__main__":
    with WorkerPool(ModelSpec(Path(sys.argv[1])), 2):
        print("ready", flush=True)
        time.sleep(60)
"""


def test_processes_end_with_the_one_that_started_them(spec, tmp_path):
    script = tmp_path / "started.py"
    script.write_text(STARTED)
    command = [sys.executable, str(script), str(spec.folder)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "ready\n"
    workers = psutil.Process(parent.pid).children(recursive=True)
    assert workers
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


def test_a_fingerprint_is_of_all_that_the_model_is(trained, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(trained.folder / "seed-0" / "model", model)
    first = ModelSpec(model).fingerprint()
    assert first == ModelSpec(trained.folder).fingerprint(), "wherever it lies"
    (model / "README.md").write_text("told otherwise")
    assert ModelSpec(model).fingerprint() == first
    for path in sorted(model.iterdir()):
        if path.name != "README.md":
            content = path.read_bytes()
            path.write_bytes(content + b" ")
            assert ModelSpec(model).fingerprint() != first, path
            path.write_bytes(content)
    assert ModelSpec(model).fingerprint() == first
