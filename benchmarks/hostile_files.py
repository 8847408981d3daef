"""Hostile files of a wrong shape, damaged, or packed to burst; see `hostile_corpus.py`."""

import gzip
import random
from collections.abc import Iterator

from hostile_corpus import BOMB_BYTES, Case, good_rows, line, lines, packed, parquet, written

_KIND_OF_LINE: dict[str, dict[str, list[bytes]]] = {
    "csv": {
        "a quote that never closes": [b'hostile,"no end'],
        "a quote in the middle": [b'hostile,"a" b', b'hostile,a"b"'],
        "too few or too many fields": [b"hostile", b"a,b,c", b"," * 5000],
        "a lone CR": [b"hostile,a\rb"],
        "a field over the limit": [b"hostile," + b"a" * 200_000],
        "a line over the limit": [b"hostile," + b"a" * 10_000_001],
        "duplicate ids": [b"good-0,again", b"good-0,and again", b",no id"],
    },
    "tsv": {
        "too few or too many fields": [b"hostile", b"a\tb\tc", b"\t" * 5000],
        "a lone CR": [b"hostile\ta\rb"],
        "a line over the limit": [b"hostile\t" + b"a" * 10_000_001],
        "duplicate ids": [b"good-0\tagain", b"good-0\tand again"],
        "quotes that mean nothing": [b'"hostile\t"no end'],
    },
    "txt": {
        "a line over the limit": [b"a" * 10_000_001],
        "blank lines": [b"", b" ", b"\t", b"\r"],
    },
    "jsonl": {
        "broken JSON": [b"{", b'{"id": "a", "text": "b"', b'{"id" "a"}', b"\xef\xbb\xbf{}", b"}{"],
        "no object": [b"1", b"null", b'"text"', b"[]", b"true", b"NaN"],
        "nested JSON": [
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"id": "h", "text": ' + b"[" * 500 + b"]" * 500 + b"}",
            b'{"id": "h", "text": "fine", "more": ' + b'{"a":' * 200 + b"1" + b"}" * 201,
        ],
        "values of other types": [
            b'{"id": "h", "text": 1}',
            b'{"id": "h", "text": null}',
            b'{"id": "h", "text": {"a": "b"}}',
            b'{"id": "h", "text": [1, null, "a"]}',
            b'{"id": "h", "text": []}',
            b'{"id": ["h"], "text": "fine"}',
            b'{"id": null, "text": "fine"}',
            b'{"id": true, "text": "fine"}',
        ],
        "odd numbers": [
            b'{"id": "h", "text": "fine", "n": ' + b"9" * 5000 + b"}",
            b'{"id": "h", "text": "fine", "n": 1e999}',
            b'{"id": "h", "text": "fine", "n": NaN}',
            b'{"id": "h", "text": "fine", "n": -Infinity}',
            b'{"id": 123456789012345678901234567890, "text": "fine"}',
        ],
        "half a surrogate pair": [
            b'{"id": "h", "text": "\\ud83d"}',
            b'{"id": "\\udc00", "text": "fine"}',
            b'{"id": "h", "text": "fine", "\\ud800": 1}',
        ],
        "escaped null bytes": [b'{"id": "\\u0000", "text": "a\\u0000b", "\\u0000": "\\u0000"}'],
        "missing columns": [b"{}", b'{"id": "h"}', b'{"text": "fine"}', b'{"Text": "a", "ID": 1}'],
        "names of the output": [
            b'{"id": "h", "text": "fine", "joy": 1, "error": "no", "labels": [], "emotions": 3}',
            b'{"id": "h", "text": "fine", "emoscope_joy": 1, "": "", "=1+1": "=1+1"}',
        ],
        "a key twice": [b'{"id": "h", "id": "i", "text": "a", "text": "b"}'],
        "duplicate ids": [b'{"id": "good-0", "text": "again"}', b'{"id": "good-0", "text": "a"}'],
        "a line over the limit": [b'{"id": "h", "text": "' + b"a" * 10_000_001 + b'"}'],
        "many columns": [
            b'{"id": "h", "text": "fine", '
            + b", ".join(b'"c%d": 1' % n for n in range(1500))
            + b"}"
        ],
    },
}
_HEADS: dict[str, dict[str, bytes]] = {
    "csv": {
        "missing columns": b"id,comment\n",
        "a column twice": b"id,text,text\n",
        "no header": b"",
        "names of odd characters": b'"id\r",text\n',
        "semicolons": b"id;text\n",
        "broken UTF-8 in the header": b"id,te\xffxt\n",
        "a null byte in the header": b"id,\0text\n",
        "a quote that never closes in the header": b'id,"text\n',
        "many columns": b",".join(b"c%d" % n for n in range(20_000)) + b"\n",
    },
    "tsv": {
        "missing columns": b"id\tcomment\n",
        "a column twice": b"text\ttext\n",
        "no header": b"",
        "broken UTF-8 in the header": b"id\tte\xffxt\n",
    },
}


def shape_cases() -> Iterator[Case]:
    """Rows, headers and whole files of a shape that is wrong or odd."""
    good = good_rows()
    for form, kinds in _KIND_OF_LINE.items():
        sound = [line(form, *row) for row in good]
        kept = tuple((None if form == "txt" else identity, text) for identity, text in good)
        for kind, hostile in kinds.items():
            # A quote is closed by the next one there is: what it swallows then is refused as one.
            records = [*sound[:2], *hostile, *sound[2:]]
            for suffix in ("", ".gz"):
                data = packed(lines(form, records), suffix[1:])
                yield Case(kind, f"lines.{form}{suffix}", data, kept, len(hostile))
            if form == "jsonl":
                yield Case(
                    kind, "list.json", lines("json", records), kept, len(hostile), refusable=True
                )
                first = lines(form, [*hostile, *sound])
                yield Case(kind, "first.jsonl", first, kept, len(hostile), refusable=True)
    for form, heads in _HEADS.items():
        body = b"".join(line(form, *row) + b"\n" for row in good)
        for kind, head in heads.items():
            yield Case(kind, f"head.{form}", head + body, (), None, refusable=True)
    yield from _whole_files(good)
    yield from _parquet_files()


def _whole_files(good: list[tuple[str, str]]) -> Iterator[Case]:
    pairs = tuple(good)
    text = written(good, "csv").decode()
    yield Case("another encoding", "bom.csv", text.encode("utf-8-sig"), pairs, 0)
    yield Case("another encoding", "wide.csv", text.encode("utf-16"), pairs, 0, encoding="utf-16")
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-7", "cp037"):
        data = text.encode(encoding)
        yield Case("another encoding", f"{encoding}.csv", data, (), None, refusable=True)
    for encoding in ("utf-16", "utf-32", "utf-7", "idna", "rot13", "no-such"):
        data = text.encode()
        yield Case(
            "another encoding", "wrong.csv", data, (), None, refusable=True, encoding=encoding
        )
    yield Case("odd line ends", "crlf.csv", text.replace("\n", "\r\n").encode(), pairs, 0)
    yield Case("odd line ends", "no-end.csv", text.rstrip("\n").encode(), pairs, 0)
    lone = text.replace("\n", "\r").encode()
    yield Case("odd line ends", "cr.csv", lone, (), None, refusable=True)
    for form in ("csv", "tsv", "jsonl", "json", "txt", "parquet", "csv.gz", "txt.zst"):
        for name, data in (("empty", b""), ("newlines", b"\n" * 99), ("zeros", b"\0" * 5000)):
            yield Case("nothing in it", f"{name}.{form}", data, (), None, refusable=True)
    for form in ("csv", "tsv", "jsonl", "json", "txt", "parquet", "csv.gz", "csv.zst"):
        for other in ("jsonl", "parquet", "csv.gz", "tsv.zst"):
            if form != other:
                data = written(good, other)
                yield Case("the wrong suffix", f"a-{other}.{form}", data, (), None, refusable=True)


def _parquet_files() -> Iterator[Case]:
    import pyarrow as pa

    good = [*good_rows(), ("hostile", "fine")]
    identity, text = ([row[place] for row in good] for place in (0, 1))
    kept = tuple(good_rows())
    nested = pa.array([{"a": [{"b": n}]} for n in range(5)])
    stamps = pa.array([0, 1, 2, 3, 2**63 - 1], pa.timestamp("us"))
    spread: dict[str, object] = {
        "nested columns": nested,
        "dates that Python lacks": stamps,
        "columns of bytes": pa.array([b"\xff", b"\0", None, b"", b"a"]),
        "columns of nothing": pa.nulls(5),
        "columns of categories": pa.array(text).dictionary_encode(),
        "large strings": pa.array(text, pa.large_string()),
        "decimals": pa.array([1, 2, 3, 4, None], pa.decimal128(38, 10)),
        "odd numbers": pa.array([float("nan"), float("inf"), -0.0, 1e308, None]),
    }
    for kind, column in spread.items():
        data = parquet({"id": identity, "text": text, "more": column})
        yield Case(kind, "more.parquet", data, kept, 1)
    categories = pa.array(text).dictionary_encode()
    yield Case(
        "columns of categories",
        "text.parquet",
        parquet({"id": identity, "text": categories}),
        kept,
        1,
    )
    for kind, column in spread.items():
        data = parquet({"id": identity, "text": column})
        yield Case(kind, "as-text.parquet", data, (), None, refusable=True)
    for name, columns in (("no-text", {"id": identity}), ("no-rows", {"id": [], "text": []})):
        yield Case("missing columns", f"{name}.parquet", parquet(columns), (), None, refusable=True)


def damaged_cases(rng: random.Random) -> Iterator[Case]:
    """Files that break off, that have wrong bits, and that are much larger than they look."""
    good = good_rows(200)
    for form in ("csv.gz", "jsonl.zst", "txt.gz", "parquet", "json", "json.gz", "parquet.gz"):
        data = written(good, form)
        for share in (0.01, 0.3, 0.7, 0.99):
            cut = data[: max(4, int(len(data) * share))]
            yield Case("broken off", f"cut.{form}", cut, (), None, refusable=True)
        for _ in range(5):
            wrong = bytearray(data)
            for place in rng.sample(range(len(data)), 3):
                wrong[place] ^= 1 << rng.randrange(8)
            yield Case("wrong bits", f"bits.{form}", bytes(wrong), (), None, refusable=True)
    for form in ("csv.gz", "tsv.zst"):
        data = written(good, form)
        yield Case("more behind the end", f"junk.{form}", data + b"junk", (), None, refusable=True)
        half = [packed(part, form[-3:].strip(".")) for part in _halves(written(good, form[:3]))]
        yield Case("two members", f"members.{form}", b"".join(half), tuple(good), 0)
    for form in ("csv", "tsv", "jsonl", "json", "txt"):
        for packing in ("gz", "zst"):
            bomb = lines(form, [line(form, "hostile", "a" * BOMB_BYTES)])
            data = gzip.compress(bomb, 1, mtime=0) if packing == "gz" else packed(bomb, packing)
            yield Case("a bomb", f"bomb.{form}.{packing}", data, (), None, refusable=True)
    zeros = packed(b"\0" * BOMB_BYTES, "zst")
    yield Case("a bomb", "zeros.parquet.zst", zeros, (), None, refusable=True)
    twice = packed(packed(b"a\n" * 1000, "gz"), "gz")
    yield Case("a bomb", "twice.txt.gz", twice, (), None, refusable=True)


def _halves(data: bytes) -> tuple[bytes, bytes]:
    return data[: len(data) // 2], data[len(data) // 2 :]
