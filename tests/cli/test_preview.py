"""What `emoscope annotate FILE` shows on a terminal."""

import shlex
import sys

import pytest

from tests.cli.conftest import NAMES


@pytest.fixture
def terminal(emoscope, monkeypatch, tmp_path, folder):
    """Runs `emoscope annotate` as if stdout were a terminal of 100 columns without colours."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, columns="100"):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        return emoscope("annotate", *arguments, "-m", folder)

    return run


def test_a_terminal_gets_a_table_of_the_first_rows(terminal, tmp_path):
    (tmp_path / "in.csv").write_text(
        "text,n\n" + "".join(f"comment number {n} {'long ' * 40},{n}\n" for n in range(30))
    )
    ended = terminal("in.csv", "--threshold", "0.01")
    assert ended.code == 0
    header, *rows = ended.out.splitlines()
    assert header.split() == ["text", "labels", "probability"]
    assert len(rows) == 10
    for number, row in enumerate(rows):
        assert row.startswith(f"comment number {number} long")
        assert len(row) <= 100
        assert "+1" in row, "of four labels three are shown"
    assert "The first 10 rows of in.csv." in ended.err


def test_the_command_that_it_advises_works(terminal, emoscope, tmp_path):
    (tmp_path / "my in.csv").write_text("text\nso happy\n" * 2)
    (tmp_path / "my in-emotions.csv").touch()
    ended = terminal("my in.csv", "--threshold", "0.3")
    assert "All 3 rows of my in.csv." in ended.err
    assert "Labels: " in ended.err
    advice = next(line for line in ended.err.splitlines() if line.startswith("  emoscope "))
    program, *arguments = shlex.split(advice)
    assert program == "emoscope"
    saved = emoscope(*arguments)
    assert (saved.code, saved.out) == (0, "")
    assert (tmp_path / "my in-emotions1.csv").read_text().startswith(f"text,labels,{NAMES[0]}")


@pytest.mark.parametrize("options", [["-o", "-"], ["--output-format", "jsonl"]])
def test_who_asks_for_data_gets_it(terminal, tmp_path, options):
    (tmp_path / "in.txt").write_text("so happy\n")
    assert terminal("in.txt", *options).out.startswith('{"id": "1"')


def test_bad_rows_stop_it_or_are_shown(terminal, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n{"text": 3}\n{bro\x1b[31mken\n')
    ended = terminal("in.jsonl")
    assert (ended.code, ended.out) == (2, "")
    ended = terminal("in.jsonl", "--bad-rows", "keep")
    assert ended.code == 0
    assert "line 2: got" in ended.out
    assert "line 3: got" in ended.out
    assert "\x1b" not in ended.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"], "nothing is written"


def test_a_bad_row_further_down_waits(terminal, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n' * 15 + '{"text": 3}\n')
    assert "The first 10 rows" in terminal("in.jsonl").err


def test_no_rows_at_all(terminal, tmp_path):
    (tmp_path / "in.csv").write_text("text\n")
    ended = terminal("in.csv")
    assert (ended.code, ended.out) == (0, "")
    assert "All 0 rows" in ended.err
