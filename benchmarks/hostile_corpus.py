"""Files that a careless export, a broken disk or an attacker could send, made from a seed.

Each holds good rows, which must survive, around hostile ones.
"""

import gzip
import io
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

MEGABYTE = 1_000_000
BOMB_BYTES = 64 * MEGABYTE
Text = str | bytes
"""Of a row; bytes where it is no text at all."""

_GOOD = (
    "I am so happy today, thank you all!",
    "this makes me furious",
    "What a sad, sad ending.",
    "wow, I did not see that coming",
)
FORMATS = (
    *("csv", "tsv", "jsonl", "json", "txt", "parquet"),
    *("csv.gz", "jsonl.gz", "json.zst", "txt.gz", "tsv.zst", "parquet.zst"),
)


@dataclass(frozen=True)
class Case:
    """One input file.

    Attributes:
        kind: what is hostile about it.
        name: of the file; the suffixes say its format.
        data: what it holds.
        good: id (None where the format has none) and text of the rows that must survive.
        hostile: how many further rows there are; None where that is a matter of opinion.
        refusable: the file as a whole may be refused.
        encoding: that it is read with.
    """

    kind: str
    name: str
    data: bytes
    good: tuple[tuple[str | None, str], ...]
    hostile: int | None
    refusable: bool = False
    encoding: str = "utf-8"


def texts(rng: random.Random) -> dict[str, list[Text]]:
    """Hostile texts by kind, for a row each."""
    controls = [chr(n) for n in (*range(1, 32), *range(127, 160))]
    anything = [chr(n) for n in range(1, 0x110000) if not 0xD800 <= n < 0xE000]
    family = "\N{WOMAN}\u200d\N{WOMAN}\u200d\N{GIRL}\u200d\N{BOY}"
    return {
        "control characters": ["".join(controls), "\x1b[2J\x1b[31mred", "a\bb\x7fc\x85d", "\x04"],
        "right-to-left marks": [
            "\u202eevil\u202c fine",
            "\u2066\u2067\u2068" * 500 + "x",
            "\u05e9\u05dc\u05d5\u05dd \u200f\u0627\u0644\u0633\u0644\u0627\u0645\u200e ok",
        ],
        "invisible characters": ["\u200b" * 999, "a\ufeffb\u2060c\u00add", "\u3164", "\u00a0" * 9],
        "a word of 1 MB": ["a" * MEGABYTE],
        "a word of 1 MB of emoji": ["\N{FACE WITH TEARS OF JOY}" * (MEGABYTE // 4)],
        "a word of 1 MB of CJK": ["\u6012" * (MEGABYTE // 3)],
        "a text of 1 MB in words": ["so angry " * (MEGABYTE // 9)],
        "a text over the limit": ["so angry " * (MEGABYTE // 8)],
        "emoji sequences": [
            family * 200,
            "\U0001f1e9\U0001f1ea" * 99 + "\U0001f1e9",
            "\N{THUMBS UP SIGN}\U0001f3fd\U0001f3ff\u200d",
            "\ufe0f\u20e31\ufe0f\u20e3",
            "\U0001f3f4\U000e0067\U000e0062\U000e007f",
        ],
        "stacked accents": ["Z\u0300\u0489\u035c" * 300, "e" + "\u0301" * 5000],
        "characters of no use": ["\ufffe\uffff\U0010ffff", "\ue000\U000f0000", "\ufffd\ufffc"],
        "odd line ends": ["one\u2028two\u2029three", "a\x0bb\x0cc\x1cd\x1ee", "a\rb", "a\r\nb\n"],
        "formula cells": [
            "=cmd|' /C calc'!A0",
            '=HYPERLINK("http://example.invalid";"x")',
            "+1+1",
            "-2+3",
            "@SUM(A1:A9)",
            "\t=1+1",
        ],
        "markup and code": [
            "<script>alert(1)</script><View>",
            "'; DROP TABLE scores; --",
            "{{7*7}} ${7*7} %s %n {0.__class__}",
            "../../etc/passwd",
            "&lt;&amp;&#0;&#x110000;",
        ],
        "tokens of the model": [
            "[CLS] [SEP] [MASK] [PAD] [UNK]",
            "<s></s>",
            "##ing ##",
            "[SEP]" * 999,
        ],
        "quotes and separators": ['"', '""",",', "a\tb,c;d|e", "\\", '\\"', "'" * 999],
        "nothing to read": ["", " ", "\u3000\u2003", "NaN", "null", "0", "None"],
        "any character": ["".join(rng.choices(anything, k=300)) for _ in range(5)],
        "broken UTF-8": [
            b"caf\xe9 cr\xe8me",
            b"\xff\xfe\xfd",
            b"cut \xf0\x9f\x98",
            b"\xc0\xaf too long \xe0\x80\xaf",
            b"\xed\xa0\xbd half a pair",
            b"\xf4\x90\x80\x80",
        ],
        "null bytes": [b"a\0b", b"\0", b"\0" * 999, b"s\0a\0d\0"],
    }


def good_rows(count: int = len(_GOOD)) -> list[tuple[str, str]]:
    """Id and text of good rows, no two alike."""
    return [(f"good-{n}", f"{_GOOD[n % len(_GOOD)]} ({n})") for n in range(count)]


def mixed(hostile: Sequence[Text]) -> list[tuple[str, Text]]:
    """Good rows before, between and after hostile ones."""
    rows: list[tuple[str, Text]] = []
    good = good_rows(max(len(_GOOD), len(hostile) + 1))
    for place, row in enumerate(good):
        rows.append(row)
        if place < len(hostile):
            rows.append((f"hostile-{place}", hostile[place]))
    return rows


def line(form: str, identity: str, text: Text) -> bytes:
    """A row as a line of CSV, TSV, JSONL or plain text."""
    raw = text if isinstance(text, bytes) else text.encode()
    if form == "csv":
        return identity.encode() + b',"' + raw.replace(b'"', b'""') + b'"'
    if form in ("jsonl", "json"):
        value = b'"' + raw + b'"'
        if isinstance(text, str):
            value = json.dumps(text, ensure_ascii=False).encode()
        return b'{"id": "' + identity.encode() + b'", "text": ' + value + b"}"
    # TSV and plain text have no way to write their own separators.
    flat = raw.translate(bytes.maketrans(b"\t\n\r", b"   "))
    return flat if form == "txt" else identity.encode() + b"\t" + flat


def lines(form: str, records: Sequence[bytes]) -> bytes:
    """A file of such lines."""
    if form == "json":
        return b"[" + b",\n".join(records) + b"]\n"
    head = {"csv": b"id,text\n", "tsv": b"id\ttext\n"}.get(form, b"")
    return head + b"".join(record + b"\n" for record in records)


def parquet(columns: dict[str, Any]) -> bytes:
    """A Parquet file of Arrow arrays, or of what becomes one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = io.BytesIO()
    pq.write_table(pa.table(columns), target)
    return target.getvalue()


def _text_parquet(rows: Sequence[tuple[str, Text]]) -> bytes:
    import pyarrow as pa

    raw = [text if isinstance(text, bytes) else text.encode() for _, text in rows]
    # A view, unlike a cast, does not look whether the bytes are UTF-8.
    text = pa.array(raw, pa.binary()).view(pa.string())
    return parquet({"id": [identity for identity, _ in rows], "text": text})


def written(rows: Sequence[tuple[str, Text]], form: str) -> bytes:
    """A file of rows in a format."""
    plain, _, packing = form.partition(".")
    if plain == "parquet":
        data = _text_parquet(rows)
    else:
        data = lines(plain, [line(plain, *row) for row in rows])
    return packed(data, packing)


def packed(data: bytes, packing: str) -> bytes:
    """Data as gzip (`gz`), zstd (`zst`) or as they are."""
    if packing == "gz":
        return gzip.compress(data, mtime=0)
    if packing == "zst":
        import pyarrow as pa

        return bytes(pa.Codec("zstd").compress(data, asbytes=True))
    return data


def text_cases(rng: random.Random) -> Iterator[Case]:
    """Hostile texts, a file for each kind and format."""
    for kind, hostile in texts(rng).items():
        rows = mixed(hostile)
        raw = isinstance(hostile[0], bytes)
        large = sum(map(len, hostile)) > MEGABYTE // 8
        for form in FORMATS[:6:2] if large else FORMATS:
            good = tuple(
                (None if form.startswith("txt") else identity, text)
                for identity, text in rows
                if isinstance(text, str) and identity.startswith("good")
            )
            # JSON that is no text has no end that could be trusted, so that it is refused whole.
            refusable = raw and form.split(".")[0] == "json"
            yield Case(kind, f"rows.{form}", written(rows, form), good, len(hostile), refusable)


def corpus(seed: int = 0) -> list[Case]:
    """All files; the same for the same seed."""
    from hostile_files import damaged_cases, shape_cases

    rng = random.Random(seed)
    return [*text_cases(rng), *shape_cases(), *damaged_cases(rng)]
