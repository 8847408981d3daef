"""Compressed files: which are read, and that memory has a bound."""

import bz2
import io
import lzma
import zipfile

import pyarrow as pa
import pytest

from emoscope.errors import InputError
from emoscope.reading import unpacking
from emoscope.reading.rows import find_format, read_rows
from emoscope.reading.unpacking import read_zstd_window
from tests.reading.test_rows import values, write, zstd

DATA = b"id,text\n1,I love it\n"
EXPECTED = [{"id": "1", "text": "I love it"}]


def make_zip(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.bz2", bz2.compress(DATA)),
        ("a.csv.bz2", bz2.compress(DATA[:9]) + bz2.compress(DATA[9:])),
        ("a.csv.xz", lzma.compress(DATA)),
        ("a.csv.xz", lzma.compress(DATA[:9]) + b"\0" * 8 + lzma.compress(DATA[9:])),
        ("a.csv.zip", make_zip({"a.csv": DATA})),
        ("kaggle.zip", make_zip({"data/": b"", "data/train.csv": DATA, "__MACOSX/._a": b"x"})),
    ],
)
def test_packed_files(tmp_path, name, content):
    assert values(read_rows(write(tmp_path, name, content))) == EXPECTED
    stream = io.BufferedReader(io.BytesIO(content))
    assert values(read_rows(stream, "csv")) == EXPECTED, "as from a pipe"


def test_what_is_packed_in_a_broken_way_is_said(tmp_path):
    for name, whole in (
        ("a.csv.bz2", bz2.compress(DATA * 1000)),
        ("a.csv.xz", lzma.compress(DATA * 1000)),
        ("a.csv.zip", make_zip({"a.csv": DATA * 1000})),
    ):
        for content in (whole[: len(whole) // 2], DATA):
            with pytest.raises(InputError, match=r"expected a whole .* file, got a broken one"):
                list(read_rows(write(tmp_path, name, content)))


def test_a_zip_archive_has_one_file(tmp_path):
    path = write(tmp_path, "a.zip", make_zip({"a.csv": DATA, "b.csv": DATA}))
    with pytest.raises(InputError, match=r"2 files \(a\.csv, b\.csv\)\. Unpack it"):
        read_rows(path)
    with pytest.raises(InputError, match="got 0 files"):
        read_rows(write(tmp_path, "b.zip", make_zip({})))
    with pytest.raises(InputError, match="--format"):
        read_rows(write(tmp_path, "c.zip", make_zip({"a.docx": b""})))
    assert find_format(write(tmp_path, "d.zip", make_zip({"a.tsv.gz": b""}))) == "tsv"


def test_a_window_of_zstd_is_read_off_its_header():
    assert read_zstd_window(b"\x28\xb5\x2f\xfd\x00\xa8") == 1 << 31
    assert read_zstd_window(b"\x28\xb5\x2f\xfd\x20\x15") == 21, "a single segment"
    assert read_zstd_window(b"\x28\xb5") == 0
    for size in (100, 300, 100_000):
        assert read_zstd_window(zstd(b"a" * size)) >= size


def long_zstd(data, log):
    """Data in a raw block of a frame whose window is 2 to the power of `log`."""
    head = b"\x28\xb5\x2f\xfd\x00" + bytes([(log - 10) << 3])
    return head + (len(data) << 3 | 1).to_bytes(3, "little") + data


def test_long_windows_of_zstd(tmp_path, monkeypatch):
    path = write(tmp_path, "a.csv.zst", long_zstd(DATA, 31))
    pytest.importorskip("zstandard")
    assert values(read_rows(path)) == EXPECTED
    two = long_zstd(DATA[:9], 31) + zstd(DATA[9:])
    assert values(read_rows(write(tmp_path, "two.csv.zst", two))) == EXPECTED
    with pytest.raises(InputError, match=r"--long=32"):
        list(read_rows(write(tmp_path, "b.csv.zst", long_zstd(DATA, 32))))
    with pytest.raises(InputError, match="broken"):
        list(read_rows(write(tmp_path, "c.csv.zst", long_zstd(DATA, 31)[:-4])))

    class Missing:
        def __init__(self, stream):
            raise ModuleNotFoundError

    monkeypatch.setattr(unpacking, "_LongZstdReader", Missing)
    with pytest.raises(InputError, match=r"2,048 MiB.*emoscope\[formats\].*zstd -dc --long=31"):
        list(read_rows(path))


def test_ordinary_zstd_needs_no_further_package(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_LongZstdReader", None)
    assert values(read_rows(write(tmp_path, "a.csv.zst", zstd(DATA)))) == EXPECTED


def test_memory_of_xz_has_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_XZ_MEMORY", 1 << 16)
    with pytest.raises(InputError, match=r"broken one .*[Mm]emory"):
        list(read_rows(write(tmp_path, "a.csv.xz", lzma.compress(DATA))))


def test_feather(tmp_path):
    table = pa.table({"id": [1], "text": ["I love it"], "n": [None]})
    for name, kind in (("a.feather", pa.ipc.new_file), ("a.arrow", pa.ipc.new_stream)):
        with pa.OSFile(str(tmp_path / name), "wb") as file, kind(file, table.schema) as writer:
            writer.write_table(table)
        rows = read_rows(tmp_path / name)
        assert values(rows) == [{"id": 1, "text": "I love it", "n": None}]
        assert rows.columns["id"] == pa.int64()
    with pytest.raises(InputError, match="write_feather"):
        list(read_rows(write(tmp_path, "b.feather", b"FEA1 and nothing")))


def test_columns_of_one_name_in_parquet(tmp_path):
    table = pa.table([pa.array(["a"]), pa.array([1]), pa.array([2])], names=["text", "n", "n"])
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    assert values(read_rows(tmp_path / "a.parquet")) == [{"text": "a", "n#1": 1, "n#2": 2}]


@pytest.mark.parametrize("suffix", ["sav", "dta", "rds", "RData"])
def test_other_formats_say_how_to_export(tmp_path, suffix):
    path = write(tmp_path, f"survey.{suffix}", b"...")
    with pytest.raises(InputError, match=r"CSV.*survey\.csv") as caught:
        read_rows(path)
    assert "--format" not in str(caught.value)
