"""A cache that was damaged is refused by name, and never believed."""

import os
import random
import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from emoscope.errors import InputError, MachineError
from emoscope.jobs.annotate import Options, annotate_file
from emoscope.jobs.cache import Cache, Place
from emoscope.jobs.workers import InProcessWorker
from tests.jobs.test_job_file import CHUNK, begin


@pytest.fixture
def scored(model, source, tmp_path):
    """The bytes of an output that was made without a cache, and the options with a full one."""
    options = Options(bad_rows="keep", cache=tmp_path / "cache.db")
    annotate_file(model, source, tmp_path / "whole.csv", options)
    return (tmp_path / "whole.csv").read_bytes(), options


VALUES = {
    "short": b"1234",
    "cut": np.zeros(3).tobytes(),
    "NaN": np.full(4, np.nan).tobytes(),
    "other numbers": np.full(4, 0.25).tobytes() + b"12345678",
    "text": "0.5",
    "number": 0.5,
    "nothing": b"",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_values_that_no_job_wrote(model, source, tmp_path, scored, value):
    with sqlite3.connect(tmp_path / "cache.db") as data:
        data.execute("UPDATE scores SET probabilities = ?", (value,))
    data.close()
    with pytest.raises(InputError, match=r"cache\.db: the cache cannot be used.*another file"):
        annotate_file(model, source, tmp_path / "out.csv", scored[1])
    assert not (tmp_path / "out.csv").exists()


def test_a_row_of_another_text(model, source, tmp_path, scored):
    with sqlite3.connect(tmp_path / "cache.db") as data:
        (first,) = data.execute("SELECT probabilities FROM scores LIMIT 1").fetchone()
        data.execute("UPDATE scores SET probabilities = ?", (first,))
    data.close()
    with pytest.raises(InputError, match="damaged"):
        annotate_file(model, source, tmp_path / "out.csv", scored[1])


def test_bytes_that_were_damaged(model, source, tmp_path, scored):
    """Wherever they are: the job is refused, or its output is right."""
    whole, options = scored
    sound, draw = options.cache.read_bytes(), random.Random(0)
    refused = []
    for number in range(15):
        damaged = bytearray(sound)
        for _ in range(1 + number % 3):
            damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        options.cache.write_bytes(damaged if number % 5 else sound[: draw.randrange(len(sound))])
        output = tmp_path / f"{number}.csv"
        try:
            annotate_file(model, source, output, options)
        except InputError as error:
            refused.append(str(error))
        else:
            assert output.read_bytes() == whole
    assert refused
    assert all("cache.db" in message for message in refused)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_cache_that_is_no_file(model, source, tmp_path, make):
    make(tmp_path / "cache.db")
    with pytest.raises(InputError, match=r"cache\.db"):
        annotate_file(model, source, tmp_path / "o.csv", Options(cache=tmp_path / "cache.db"))


def test_a_cache_that_is_not_the_one_of_the_job(tmp_path):
    with pytest.raises(InputError, match=r"fewer rows.*--restart"):
        Cache(tmp_path / "new.db", "model", 2, Place("job", 7, 2))


def test_a_cache_on_a_full_disk_is_no_fault_of_the_user(tmp_path):
    with Cache(tmp_path / "new.db", "model", 2, None) as cache:
        # As SQLite says it of a disk, too.
        cache._data.execute("PRAGMA max_page_count = 4")
        with pytest.raises(MachineError, match=r"new\.db: database or disk is full.*Make room"):
            cache.add([(f"text {n}",) for n in range(500)], np.zeros((500, 4)), 0)
        assert cache.find([("text 0",)], 9) == {}


def test_a_resumed_job_sees_what_it_would_have_seen_with_its_first_workers(tmp_path):
    texts = [(f"text {number}",) for number in range(6)]
    with Cache(tmp_path / "new.db", "model", 5, None) as cache:
        place = cache.place
        for chunk in range(3):
            cache.add(texts[2 * chunk : 2 * chunk + 2], np.full((2, 1), chunk), chunk)
        expected = [sorted(cache.find(texts, chunk)) for chunk in range(9)]
    assert expected[4:8] == [[], [0, 1], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5]]
    with Cache(tmp_path / "new.db", "model", 2, place) as cache:
        assert [sorted(cache.find(texts, chunk)) for chunk in range(9)] == expected


def test_a_job_goes_on_with_fewer_workers(model, source, tmp_path, monkeypatch):
    """As it is told to where a worker was ended for want of memory; with more as well."""
    options = Options(bad_rows="keep", chunk_rows=CHUNK)
    for first, then in ((5, 2), (2, 5)):
        outputs = []
        for name in ("whole", "killed"):
            output = tmp_path / f"{name}-{first}.csv"
            cached = replace(options, cache=tmp_path / f"{name}-{first}.db")
            monkeypatch.setattr(InProcessWorker, "max_in_flight", first)
            if name == "killed":
                begin(model, source, output, cached)
                monkeypatch.setattr(InProcessWorker, "max_in_flight", then)
            annotate_file(model, source, output, replace(cached, workers=1))
            outputs.append(output.read_bytes())
        assert outputs[0] == outputs[1]
