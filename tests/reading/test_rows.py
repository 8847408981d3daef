"""Rows of tables: what is read, what is refused, and that memory stays flat."""

import csv
import gzip
import io
import itertools
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.reading.dialect import DialectOptions
from emoscope.reading.errors import RejectFile, RowError
from emoscope.reading.rows import find_format, read_rows

HEADER = "id\ttext\n"
PLAIN = DialectOptions(quoting="none")


class Blocks(io.RawIOBase):
    """A stream that hands out its bytes in given pieces, and counts them."""

    def __init__(self, pieces):
        self.pieces, self.handed = iter(pieces), 0

    def read1(self, _size):
        self.handed += 1
        return next(self.pieces, b"")


def pieces_of(data, sizes):
    sizes = itertools.cycle(sizes or [len(data) or 1])
    start = 0
    while start < len(data):
        size = next(sizes)
        yield data[start : start + size]
        start += size


def values(rows):
    return [row.values for row in rows]


def rejected(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def zstd(data):
    return pa.Codec("zstd").compress(data, asbytes=True)


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_each_format_gives_the_same_rows(tmp_path):
    expected = [{"id": "1", "text": "so glad 😀"}, {"id": "2", "text": 'she said "no"'}]
    texts = {
        "a.tsv": 'id\ttext\n1\tso glad 😀\n2\tshe said "no"\n',
        "a.csv": 'id,text\n1,so glad 😀\n2,"she said ""no"""\n',
        "a.jsonl": "\n".join(json.dumps(row) for row in expected),
        "a.json": json.dumps(expected),
    }
    for name, text in texts.items():
        assert values(read_rows(write(tmp_path, name, text))) == expected
        stream = io.BytesIO(text.encode())
        assert values(read_rows(stream, Path(name).suffix[1:])) == expected
    pq.write_table(pa.Table.from_pylist(expected), tmp_path / "a.parquet")
    assert values(read_rows(tmp_path / "a.parquet")) == expected
    content = (tmp_path / "a.parquet").read_bytes()
    for name, data in {"a.parquet": content, **{n: t.encode() for n, t in texts.items()}}.items():
        for suffix, packed in {".gz": gzip.compress(data, mtime=0), ".zst": zstd(data)}.items():
            path = write(tmp_path, name + suffix, packed)
            assert values(read_rows(path)) == expected
            stream = io.BufferedReader(io.BytesIO(packed))
            assert values(read_rows(stream, Path(name).suffix[1:])) == expected, "as from a pipe"


def test_line_numbers_count_blank_lines_and_lines_within_quotes(tmp_path):
    tsv = write(tmp_path, "a.tsv", "id\ttext\n\n1\ta\r\n\n2\tb")
    assert [row.line for row in read_rows(tsv)] == [3, 5]
    table = write(tmp_path, "a.csv", 'id,text\n1,"two\nlines"\n\n2,b\n')
    assert [(row.line, row.values["text"]) for row in read_rows(table)] == [
        (2, "two\nlines"),
        (5, "b"),
    ]


def test_plain_text_keeps_blank_lines(tmp_path):
    path = write(tmp_path, "a.txt", "one\r\n\nthree\n")
    assert [(row.line, row.values) for row in read_rows(path)] == [
        (1, {"text": "one"}),
        (2, {"text": ""}),
        (3, {"text": "three"}),
    ]


def test_quotes_in_tsv_swallow_nothing(tmp_path):
    path = write(tmp_path, "a.tsv", HEADER + '1\t"open\n2\tclose"\n3\t"\n')
    assert [row.values["text"] for row in read_rows(path)] == ['"open', 'close"', '"']


@pytest.mark.parametrize("character", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c"])
def test_only_lf_ends_a_line(tmp_path, character):
    path = write(tmp_path, "a.tsv", f"{HEADER}1\ta{character}b\n")
    assert values(read_rows(path)) == [{"id": "1", "text": f"a{character}b"}]


def test_byte_order_mark_of_utf8_is_dropped(tmp_path):
    for name in ("utf-8", "utf-8-sig", "UTF8"):
        path = write(tmp_path, "a.tsv", b"\xef\xbb\xbf" + HEADER.encode() + b"1\tok\n")
        assert values(read_rows(path, encoding=name)) == [{"id": "1", "text": "ok"}]
    path = write(tmp_path, "a.json", b'\xef\xbb\xbf[{"text": "ok"}]')
    assert values(read_rows(path)) == [{"text": "ok"}]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings(tmp_path, encoding):
    path = write(tmp_path, "a.tsv", (HEADER + "1\tça, déjà\n2\t\n").encode(encoding))
    assert values(read_rows(path, encoding=encoding)) == [
        {"id": "1", "text": "ça, déjà"},
        {"id": "2", "text": ""},
    ]


def test_a_text_stream_without_bytes_below():
    assert values(read_rows(io.StringIO("id\ttext\n1\té\n"), "tsv")) == [{"id": "1", "text": "é"}]


cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
plain_cell = cell.map(lambda text: text.translate(dict.fromkeys(map(ord, "\t\n\r"))))
block_sizes = st.lists(st.integers(1, 40), max_size=3)


@given(st.lists(st.tuples(plain_cell, plain_cell, plain_cell), max_size=8), block_sizes)
@settings(deadline=None)
def test_tsv_round_trip(rows, sizes):
    data = "".join("\t".join(row) + "\n" for row in [("a", "b", "c"), *rows]).encode()
    got = values(read_rows(Blocks(pieces_of(data, sizes)), "tsv", dialect=PLAIN))
    assert got == [dict(zip("abc", row, strict=True)) for row in rows]


@given(
    st.lists(st.tuples(cell, cell), max_size=8),
    block_sizes,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@settings(deadline=None)
def test_csv_round_trip(rows, sizes, end, quoting):
    # Before Python 3.13 the writer leaves a lone CR bare unless lines end in CR LF.
    lone_cr = any("\r" in each for row in rows for each in row)
    assume(end == "\r\n" or quoting == csv.QUOTE_ALL or not lone_cr)
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([("a", "b"), *rows])
    data = text.getvalue().encode()
    got = values(read_rows(Blocks(pieces_of(data, sizes)), "csv"))
    assert got == [dict(zip("ab", row, strict=True)) for row in rows]


json_value = st.none() | st.booleans() | st.integers() | cell | st.lists(cell, max_size=3)


@given(st.lists(st.dictionaries(cell, json_value, max_size=3), max_size=6), block_sizes)
@settings(deadline=None)
def test_json_and_jsonl_round_trip(rows, sizes):
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert values(read_rows(Blocks(pieces_of(data, sizes)), "jsonl")) == rows
    assert values(read_rows(io.BytesIO(json.dumps(rows).encode()), "json")) == rows


@given(st.lists(st.tuples(cell, st.lists(cell, max_size=3), st.integers(0, 9)), max_size=5))
@settings(deadline=None, max_examples=30)
def test_parquet_round_trip(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("parquet") / "a.parquet"
    kinds = {"text": pa.string(), "turns": pa.list_(pa.string()), "n": pa.int64()}
    expected = [dict(zip(kinds, row, strict=True)) for row in rows]
    pq.write_table(pa.Table.from_pylist(expected, schema=pa.schema(kinds)), path)
    assert values(read_rows(path)) == expected


def slow_tsv(data):
    """The obvious reading: each line by itself, (good rows, numbers of the bad lines)."""
    good, bad = [], []
    for number, line in enumerate(data.split(b"\n")[1:], 2):
        try:
            fields = line.removesuffix(b"\r").decode().split("\t")
        except UnicodeDecodeError:
            bad.append(number)
            continue
        if b"\0" in line or (len(fields) != 2 and fields != [""]):
            bad.append(number)
        elif fields != [""]:
            good.append((number, {"id": fields[0], "text": fields[1]}))
    return good, bad


odd_line = st.lists(
    st.sampled_from([b"a", b"\t", b"\t", "é".encode(), b"\xe9", b"\0", b'"', b"\r", b" "]),
    max_size=6,
).map(b"".join)


@given(st.lists(odd_line, max_size=12), block_sizes)
@settings(deadline=None)
def test_fast_tsv_equals_the_slow_obvious_one(tmp_path_factory, odd, sizes):
    data = b"\n".join([b"id\ttext", *odd])
    path = tmp_path_factory.mktemp("rejects") / "rejects.jsonl"
    with RejectFile(path) as rejects:
        rows = read_rows(Blocks(pieces_of(data, sizes)), "tsv", bad_rows=rejects, dialect=PLAIN)
        got = [(row.line, row.values) for row in rows]
    good, bad = slow_tsv(data)
    assert got == good
    assert [each["line"] for each in rejected(path)] == bad
    assert rejects.count == len(bad)


odd_csv = st.lists(
    st.sampled_from([b"a", b",", b'"', b'"a,"', b"\r", b"\n", b"\xff", b"\0"]), max_size=30
).map(b"".join)


@given(odd_csv, st.lists(st.integers(1, 9), min_size=1, max_size=3))
@settings(deadline=None, max_examples=120)
def test_csv_does_not_depend_on_how_the_bytes_come(tmp_path_factory, odd, sizes):
    path = tmp_path_factory.mktemp("rejects") / "rejects.jsonl"
    seen = []
    for given_sizes in ([], sizes):
        with RejectFile(path) as rejects:
            pieces = pieces_of(b"id,text\n" + odd, given_sizes)
            rows = list(read_rows(Blocks(pieces), "csv", bad_rows=rejects))
        seen.append((rows, rejected(path)))
    assert seen[0] == seen[1]


def test_suffix_and_format(tmp_path):
    assert find_format(Path("A.TSV.GZ")) == "tsv"
    assert find_format(Path("a.ndjson")) == "jsonl"
    assert find_format(Path("a.dat"), "csv") == "csv"
    assert find_format(Path("a.csv.zst")) == "csv"
    for path in (Path("a.docx"), Path("a"), Path("a.gz"), Path("a.csv.7z")):
        with pytest.raises(InputError, match=r"\.csv, \.tsv, \.jsonl, \.json, \.parquet, \.txt"):
            find_format(path)
    with pytest.raises(InputError, match="'xls'"):
        find_format(Path("a.csv"), "xls")
    with pytest.raises(InputError, match="--format"):
        find_format(io.StringIO())


def test_errors_before_the_first_row(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_rows(tmp_path / "none.tsv")
    (tmp_path / "folder.tsv").mkdir()
    with pytest.raises(InputError, match="a folder"):
        read_rows(tmp_path / "folder.tsv")
    for encoding in ("klingon", "hex"):
        with pytest.raises(InputError, match=f"got '{encoding}'"):
            read_rows(write(tmp_path, "a.tsv", HEADER), encoding=encoding)
    with pytest.raises(InputError, match="Parquet"):
        next(read_rows(io.BytesIO(b"PAR1"), "parquet"))


@pytest.mark.parametrize(
    ("name", "content", "line", "message"),
    [
        ("a.tsv", HEADER + "1\ta\n2\tb\tc\n", 3, r"expected 2 fields, as in the header, got 3"),
        ("a.tsv", HEADER + "1\n", 2, "expected 2 fields, as in the header, got 1"),
        ("a.csv", "id,text\n1,a,b\n", 2, "got 3"),
        ("a.csv", 'id,text\n1,"a\n', 2, "unexpected end of data"),
        ("a.csv", 'id,text\n1,"a"b\n', 2, "Close each quote"),
        ("a.csv", "id,text\n1,a\rb\n", 2, "a lone CR outside quotes"),
        ("a.csv", f"id,text\n1,{'a' * 140_000}\n", 2, "131,072"),
        ("a.csv", b"id,text\n1,\xff\n", 2, "0xff at offset 2"),
        ("a.tsv", HEADER.encode() + b"1\tok\n2\tcaf\xe9\n", 3, "0xe9 at offset 5 .*--encoding"),
        ("a.tsv", HEADER.encode() + b"1\ta\0b\n", 2, "NUL byte at offset 3"),
        ("a.jsonl", '{"text": "a"}\n{"text": \n', 2, "a JSON object"),
        ("a.jsonl", "[1]\n", 1, "got a list"),
        ("a.jsonl", '{"text": "\\ud83d"}\n', 1, "surrogate"),
        ("a.jsonl", "[" * 100_000 + "\n", 1, "a JSON object"),
        ("a.json", '[{"text": "a"}, 3]', 2, "got 3"),
        ("a.txt", b"fine\n\xff\xfe\n", 2, "0xff at offset 0"),
    ],
)
def test_bad_rows_name_file_and_line_or_go_to_the_reject_file(
    tmp_path, name, content, line, message
):
    path = write(tmp_path, name, content)
    with pytest.raises(RowError, match=message) as caught:
        list(read_rows(path))
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert caught.value.column is None
    assert str(caught.value).startswith(f"{path}, line {line}: expected ")
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        rows = list(read_rows(path, bad_rows=rejects))
    assert rejects.count == 1
    assert line not in [row.line for row in rows]
    assert [(each["line"], each["reason"]) for each in rejected(rejects.path)] == [
        (line, str(caught.value))
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "", "empty file"),
        ("a.csv", "\n\n", "empty file"),
        ("a.tsv", b"\xef\xbb\xbf", "empty file"),
        ("a.csv", b"id,t\xe9xt\n1,2\n", "line 1.*0xe9"),
        ("a.csv", '"id,text\n1,a\n', "line 1"),
        ("a.tsv", "id\ttext\r1\ta\n", "line 1.*lone CR"),
        ("a.tsv", HEADER.encode("utf-16-be"), "--encoding utf-16-be"),
        ("a.tsv", HEADER.encode("utf-16-le"), "--encoding utf-16-le"),
        ("a.json", "{}", "an empty object"),
        ("a.json", '{"text": "a"}\n{"text": "b"}', "--format jsonl"),
        ("a.json", '[{"text": "a"},\n]', "line 2"),
        ("a.json", b'[\n{"text": "\xff"}]', "line 2.*0xff at offset 12"),
        ("a.json", "[" * 100_000, "a JSON list of objects"),
        ("a.tsv.gz", b"no gzip at all", "broken"),
        ("a.tsv.gz", gzip.compress(HEADER.encode() * 1000, mtime=0)[:-12], "broken"),
        ("a.parquet", b"PAR1 and nothing", "Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_stops_whatever_the_policy(tmp_path, name, content, message):
    path = write(tmp_path, name, content)
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        for policy in ("stop", rejects):
            with pytest.raises(InputError, match=message) as caught:
                list(read_rows(path, bad_rows=policy))
            assert str(path) in str(caught.value)


def test_broken_utf16_names_the_line(tmp_path):
    data = (HEADER + "1\ta\n").encode("utf-16") + b"\x00\xd8"
    with pytest.raises(InputError, match="line 3 or soon after"):
        list(read_rows(write(tmp_path, "a.tsv", data), encoding="utf-16"))


def test_a_json_list_is_read_piece_by_piece():
    rows = [{"text": str(number) + """ [,] {"} \n \\ é"""} for number in range(50)]
    data = json.dumps(rows, indent=1, ensure_ascii=False).encode()
    for size in (1, 2, 3, 7, len(data)):
        found = read_rows(Blocks(pieces_of(data, [size])), "json")
        assert [(row.line, row.values) for row in found] == list(enumerate(rows, 1))
    for wrong in (b"", b" ", b"[", b"[{}", b"[{}}", b"[{},", b"[{}] x", b"[{} {}]", b"{}", b"3"):
        with pytest.raises(InputError, match="a JSON list of objects"):
            list(read_rows(io.BytesIO(wrong), "json"))


def test_an_element_of_json_has_its_bound(monkeypatch):
    monkeypatch.setattr("emoscope.reading.json_records.BLOCK_BYTES", 10)
    monkeypatch.setattr("emoscope.reading.json_records.MAX_LINE_BYTES", 100)
    assert len(list(read_rows(io.BytesIO(b'[{"a": "%s"}]' % (b"b" * 80)), "json"))) == 1
    stream = Blocks(itertools.chain([b'[{"a": "'], itertools.repeat(b"b" * 10)))
    with pytest.raises(InputError, match="line 1: expected a JSON list of objects, got Untermin"):
        list(read_rows(stream, "json"))
    assert stream.handed < 50


def test_broken_compression_is_said(tmp_path):
    data = zstd((HEADER + "1\ta\n" * 1000).encode())
    for name, content in (
        ("cut.tsv.zst", data[:-5]),
        ("plain.tsv.zst", HEADER.encode()),
        ("odd.tsv.zst", data[:10] + b"?" * 10 + data[20:]),
        ("other.tsv.gz", data),
    ):
        path = write(tmp_path, name, content)
        with pytest.raises(InputError, match=f"{name}: expected a whole .* file, got a broken"):
            list(read_rows(path))
