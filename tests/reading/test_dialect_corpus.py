"""Tables of every dialect are read rightly, or the advice that is given leads there."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from emoscope.errors import InputError
from emoscope.jobs.source import Source
from tests.reading.dialect_corpus import HEADER, make_cases

CASES = list(make_cases())
ADVICE = re.compile(r"--(encoding|quoting) ([a-z0-9-]*[a-z0-9])|--(no-header)")
MOST_TRIES = 4


def read(source):
    """Fields of all rows; an error where one is bad."""
    with source.opened() as opened:
        found = []
        for item in opened.items():
            if item.error is not None and isinstance(item.content, str):
                raise item.error
            found.append(list(item.values.values()))
    return found


def follow(source, message):
    """The source with the options that a message names, or None if it names no new ones."""
    changed = source
    for name, value, no_header in ADVICE.findall(message):
        if name == "encoding":
            changed = replace(changed, encoding=value)
        elif name == "quoting":
            changed = replace(changed, dialect=replace(changed.dialect, quoting=value))
        elif no_header:
            dialect = replace(changed.dialect, header=False)
            changed = replace(changed, dialect=dialect, turns=("2",))
    return None if changed == source else changed


def find_outcome(case, path, notes):
    """`right`, or by which kind of saying it became so; `silent` if it is wrong without one."""
    source, told = Source(path), []
    for _ in range(MOST_TRIES):
        notes.clear()
        try:
            rows = read(source)
        except InputError as error:
            kind, message = "refused", str(error)
        else:
            if rows == case.rows:
                return " ".join(told) or "right"
            kind, message = "guessed", " ".join(notes)
        changed = follow(source, message)
        if changed is None:
            return f"silent or of no use after {told}: {kind} {message}"
        told.append(kind)
        source = changed
    return f"told too often: {told}"


@pytest.fixture
def notes(monkeypatch):
    said = []
    monkeypatch.setattr("emoscope.reading.rows.say", lambda path, note: said.append(note))
    return said


@pytest.mark.parametrize("quoting", sorted({case.quoting for case in CASES}))
def test_no_table_is_misread_in_silence(tmp_path, notes, quoting):
    outcomes = Counter()
    for case in CASES:
        if case.quoting != quoting:
            continue
        path = tmp_path / case.name
        path.write_bytes(case.content())
        outcome = find_outcome(case, path, notes)
        assert set(outcome.split()) <= {"right", "refused", "guessed"}, (case, outcome)
        plain = quoting not in ("backslash", "none") or case.delimiter == "\t"
        if case.encoding.startswith("utf-8") and case.header and plain:
            assert outcome == "right", (case, outcome)
        outcomes[outcome] += 1
    assert outcomes["right"] >= 10


def test_the_corpus_is_large_and_every_kind_is_in_it():
    assert len(CASES) >= 600
    assert {case.name.rpartition(".")[2] for case in CASES} >= {"csv", "tsv", "gz", "bz2", "zip"}
    assert HEADER[1] == "text", "what is read by default"
