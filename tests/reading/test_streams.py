"""What is read is counted, and memory stays flat."""

import gzip
import io
import itertools
import subprocess
import sys
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emoscope.errors import InputError
from emoscope.reading import lines
from emoscope.reading.errors import RejectFile
from emoscope.reading.rows import read_rows
from emoscope.reading.streams import Meter
from tests.reading.test_rows import HEADER, Blocks, rejected, write


def test_what_is_read_is_counted(tmp_path):
    path = write(tmp_path, "a.tsv.gz", gzip.compress((HEADER + "1\ta\n" * 1000).encode()))
    meter = Meter()
    assert len(list(read_rows(path, meter=meter))) == 1000
    assert meter == Meter(path.stat().st_size, path.stat().st_size)
    pq.write_table(pa.table({"text": ["a"] * 3000}), tmp_path / "a.parquet")
    rows = read_rows(tmp_path / "a.parquet", meter=meter)
    next(rows)
    assert meter == Meter(1, 3000)
    assert len(list(rows)) == 2999
    assert meter == Meter(3000, 3000)


def test_columns_are_known_before_the_rows(tmp_path):
    for name, text in (("a.tsv", HEADER), ("a.csv", "id,text\n")):
        rows = read_rows(write(tmp_path, name, text))
        assert rows.columns is None
        assert list(rows) == []
        assert rows.columns == {"id": None, "text": None}
    assert list(rows := read_rows(write(tmp_path, "a.jsonl", '{"a": 1}')))
    assert rows.columns is None
    pq.write_table(pa.table({"n": [1], "text": ["a"]}), tmp_path / "a.parquet")
    assert list(rows := read_rows(tmp_path / "a.parquet"))
    assert rows.columns == {"n": pa.int64(), "text": pa.string()}


def test_times_of_parquet_need_no_pandas(tmp_path):
    nanoseconds = pa.array([1_600_000_000_123_456_789], pa.timestamp("ns", "UTC"))
    late = pa.array([10**12, 0], pa.timestamp("s"))
    pq.write_table(pa.table({"text": ["a"], "at": nanoseconds}), tmp_path / "a.parquet")
    (row,) = read_rows(tmp_path / "a.parquet")
    assert row.values["at"].isoformat() == "2020-09-13T12:26:40.123456+00:00"
    pq.write_table(pa.table({"text": ["a", "b"], "at": late}), tmp_path / "b.parquet")
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        rows = list(read_rows(tmp_path / "b.parquet", bad_rows=rejects))
    assert [row.values["text"] for row in rows] == ["b"]
    assert "years 1 to 9999" in rejected(rejects.path)[0]["reason"]


def test_parquet_with_text_that_is_not_utf8(tmp_path):
    raw = pa.array([b"good", b"caf\xe9", b"fine"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": raw}), tmp_path / "a.parquet")
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        rows = list(read_rows(tmp_path / "a.parquet", bad_rows=rejects))
    assert [(row.line, row.values["text"]) for row in rows] == [(1, "good"), (3, "fine")]
    assert rejected(rejects.path)[0]["line"] == 2


def test_a_stray_quote_costs_one_row(tmp_path):
    text = 'id,text\n1,fine\n2,"never closed\n3,good\n4,"quoted, good"\n5,good\n'
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        rows = list(read_rows(write(tmp_path, "a.csv", text), bad_rows=rejects))
    assert [row.values["id"] for row in rows] == ["1", "3", "4", "5"]
    assert rejected(rejects.path)[0]["raw"] == '2,"never closed\n'


@pytest.mark.parametrize("kind", ["tsv", "csv", "txt"])
def test_a_line_that_is_too_long_costs_one_row(tmp_path, kind):
    mark = {"tsv": "\t", "csv": ",", "txt": " "}[kind]
    long = b"a" * (lines.MAX_LINE_BYTES + 1)
    parts = [f"id{mark}text\n1{mark}".encode(), long, f"\n2{mark}b\n".encode()]
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        stream = io.BytesIO(b"".join(parts))
        rows = list(read_rows(stream, kind, bad_rows=rejects))
    assert rows[-1].line == 3
    [reject] = rejected(rejects.path)
    assert reject["line"] == 2
    assert "10,000,000 bytes" in reject["reason"]
    assert len(reject["raw"]) < 2000
    fits = b"1\t" + long[: lines.MAX_LINE_BYTES - 2]
    for end, count in ((b"", 1), (b"\n2\tb\n", 2)):
        assert len(list(read_rows(io.BytesIO(HEADER.encode() + fits + end), "tsv"))) == count


def test_reject_file_keeps_what_came(tmp_path):
    path = write(tmp_path, "a.tsv", HEADER.encode() + b"1\tcaf\xe9\n2\n3\tok\n")
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        assert len(list(read_rows(path, bad_rows=rejects))) == 1
    first, second = rejected(rejects.path)
    assert first["file"] == str(path)
    assert (first["line"], first["column"], first["raw"]) == (2, None, "1\tcaf\\xe9")
    assert (second["line"], second["raw"]) == (3, "2")
    with RejectFile(tmp_path / "rejects.jsonl", append=True) as more:
        list(read_rows(path, bad_rows=more))
    assert (more.count, len(rejected(more.path))) == (2, 4)
    with RejectFile(tmp_path / "rejects.jsonl"):
        pass
    assert rejected(more.path) == []
    with pytest.raises(InputError, match="Cannot write rejected rows"):
        RejectFile(tmp_path / "none" / "rejects.jsonl")


def test_rows_come_as_they_arrive():
    stream = Blocks(itertools.chain([HEADER.encode()], itertools.repeat(b"1\tok\n")))
    rows = read_rows(stream, "tsv")
    assert len(list(itertools.islice(rows, 10))) == 10
    assert stream.handed <= 12


@pytest.mark.parametrize("kind", ["tsv", "csv", "jsonl", "json", "txt"])
def test_memory_does_not_grow_with_the_file(kind):
    fields = {"tsv": b"1\t%s\n", "csv": b'1,"%s"\n', "jsonl": b'{"text": "%s"}\n', "txt": b"%s\n"}
    line = {**fields, "json": b'{"text": "%s"},\n'}[kind] % (b"word " * 2000)
    head = {"tsv": HEADER.encode(), "csv": b"id,text\n", "json": b"["}.get(kind, b"")
    blocks = itertools.chain([head], itertools.repeat(line * 100, 100))
    if kind == "json":
        blocks = itertools.chain(blocks, [line[:-2] + b"]"])
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_rows(Blocks(block for block in blocks if block), kind))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 10_000 + (kind == "json")
    assert peak < 12_000_000 < 100 * 100 * len(line)


def test_the_light_floor_stays_light():
    code = (
        "import sys, emoscope.reading.rows, emoscope.reading.conversations;"
        "heavy = {'torch', 'transformers', 'datasets', 'scipy', 'sklearn', 'pandas', 'pyarrow'};"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_empty_table_says_what_to_do(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_bytes(b"\n\n")
    with pytest.raises(InputError, match=r"got an empty file\. Write that line"):
        next(read_rows(path))


def test_a_header_of_very_many_columns_does_not_hang(tmp_path):
    """Comparing each name with each would take minutes."""
    path = tmp_path / "wide.csv"
    names = ",".join(f"c{n}" for n in range(100_000))
    path.write_text(f"{names}\n{names}\n", encoding="utf-8")
    assert len(next(read_rows(path)).values) == 100_000
