"""How the program ends where a stream is closed or full, or the operating system refuses."""

import errno
import io
import os
import subprocess
import sys

import pytest

from emoscope.cli import _ending
from emoscope.cli._ending import run_program
from emoscope.errors import (
    EmoscopeError,
    InputError,
    MachineError,
    explain_os_error,
    show_name,
    telling_saves,
)


def raising(error):
    def program():
        raise error

    return program


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("no"), 2),
        (MachineError("no"), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (OSError(errno.EIO, "Input/output error", "in.csv"), 1),
        (OSError(errno.EMFILE, "Too many open files"), 1),
        (OSError(errno.EACCES, "Permission denied", "in.csv"), 2),
        (OSError(errno.EROFS, "Read-only file system", "out.csv"), 2),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 300), 2),
        (MemoryError(), 1),
        (UnicodeEncodeError("latin-1", "😱", 0, 1, "not there"), 1),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0),
    ],
    ids=repr,
)
def test_an_error_of_the_machine_or_the_user_has_its_exit_code(capsys, error, code):
    assert run_program(raising(error)) == code
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.startswith("Error: ") == (code in (1, 2))
    if isinstance(error, OSError) and error.filename:
        assert error.filename in said


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("Error while serializing: I/O error: No space left on device (os error 28)", 28),
        ('I/O error: Read-only file system (os error 30) at path "/x/.tmp6e9987"', 30),
        ("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534", 28),
        (
            "[enforce fail at inline_container.cc:747] . open file failed with strerror: "
            "Read-only file system",
            30,
        ),
        ("PytorchStreamReader failed reading zip archive (inline_container.cc)", None),
        ("mat1 and mat2 shapes cannot be multiplied", None),
    ],
)
def test_what_libraries_raise_of_a_full_disk_is_told(capsys, tmp_path, said, number):
    """As safetensors and torch have said on such a disk."""
    if number is None:
        with pytest.raises(RuntimeError), telling_saves(tmp_path):
            raise RuntimeError(said)
        with pytest.raises(RuntimeError):
            run_program(raising(RuntimeError(said)))
        return
    with pytest.raises(EmoscopeError, match=os.strerror(number)) as told, telling_saves(tmp_path):
        raise RuntimeError(said)
    assert str(tmp_path) in str(told.value)
    assert run_program(raising(RuntimeError(said))) == told.value.exit_code
    assert told.value.exit_code == (1 if number == errno.ENOSPC else 2)
    assert os.strerror(number) in capsys.readouterr().err


IMPORTING = """
import sys

wanted = sys.argv[1]

class Finder:
    def find_spec(self, name, *_):
        if name == wanted:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Finder())
from emoscope.__main__ import main
sys.argv = ["emoscope", "annotate", "nowhere.csv"]
main()
"""


@pytest.mark.parametrize("module", ["typer", "emoscope.jobs.annotate"])
def test_ctrl_c_while_the_program_is_imported(module):
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING, module], capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_bug_is_no_error_of_the_machine():
    with pytest.raises(ZeroDivisionError):
        run_program(lambda: 1 / 0)


def test_every_error_says_what_to_do():
    for number in errno.errorcode:
        error = explain_os_error(OSError(number, os.strerror(number)), "read", "in.csv")
        assert error.exit_code in (1, 2)
        assert f"Cannot read in.csv: {os.strerror(number)}. " in str(error)


def test_a_name_is_shown_whatever_its_bytes():
    assert show_name(os.fsdecode(b"caf\xe9.csv")) == r"caf\xe9.csv"
    assert show_name("café \ud83d") == "café \\ud83d"


def test_help_tells_the_exit_codes(emoscope):
    assert " ".join(_ending.EXIT_CODES.split()[:6]) in " ".join(emoscope("--help").out.split())


CLOSED = {
    "full": (["recipes"], "> /dev/full", 1, "No space left on device"),
    "no stdout": (["taxonomies", "ekman"], ">&-", 2, "stdout"),
    "no stdin": (["score", "-"], "<&-", 2, "stdin"),
}


@pytest.mark.parametrize("case", CLOSED)
def test_a_stream_that_is_closed_or_full(tmp_path, case):
    arguments, stream, code, message = CLOSED[case]
    program = f'"{sys.executable}" -m emoscope {" ".join(arguments)} {stream}'
    ended = subprocess.run(
        ["bash", "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == code
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


def test_a_terminal_without_the_letters_of_a_name(monkeypatch):
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert run_program(lambda: stdout.write("größe 😱\n")) == 0
    assert stdout.buffer.getvalue() == b"gr\\xf6\\xdfe \\U0001f631\n"
