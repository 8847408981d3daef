"""The pages of the documentation: their blocks and commands, and how a command is run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from emoscope.cli.app import app
from tests.plugged import install

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
ALL = "\n".join(PAGES.values())
QUICK = ["--set", "training.epochs=1", "--set", "vectors.extension=0"]
QUICK_TREES = ["--set", "model.trees.rounds=20"]

FENCE = re.compile(r"^```(?P<info>.*)\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
CAPTION = re.compile(r":caption: (?P<name>\S+)\n\n(?P<text>(?:.*\n)*)")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
PATH = re.compile(r"`((?:src|tests|benchmarks|scripts)/[\w./-]+)`")


class Block(NamedTuple):
    """A fenced block: its first line after the backticks, its text, and its line in the page."""

    info: str
    body: str
    line: int


class Command(NamedTuple):
    """A command of a block `console`, and what stands beneath it."""

    line: str
    expected: str


def blocks(page: str) -> list[Block]:
    text = PAGES[page]
    return [
        Block(found["info"].strip(), found["body"], text.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(text)
    ]


def commands(block: Block) -> list[Command]:
    parts = re.split(r"^\$ ", block.body, flags=re.MULTILINE)
    assert not parts[0].strip(), f"output before the first command: {parts[0]!r}"
    lines = [part.partition("\n") for part in parts[1:]]
    return [Command(line, expected) for line, _, expected in lines]


def uses_shell(line: str) -> bool:
    """Whether a line has a pipe, a redirection or another program; quoted characters are none."""
    parts = shlex.shlex(line, posix=False, punctuation_chars=True)
    operators = any(set(part) <= set("|&;<>") for part in parts)
    return operators or not line.startswith("emoscope ")


def shell(line: str) -> str:
    """Run a line in a shell that finds the program under test, and return its stdout."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        line, shell=True, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
    return done.stdout


def execute(line: str) -> str:
    """Run a command in the present folder and return its stdout.

    The program runs inside the tests, as importing torch takes seconds, also at the end of a pipe.
    """
    if line.startswith("pip install ./"):
        install(Path(line.removeprefix("pip install ")))
        return ""
    before, pipe, program = line.rpartition(" | ")
    if not pipe or uses_shell(program):
        before, program = "", line
    if uses_shell(program):
        return shell(program)
    arguments = shlex.split(program)[1:]
    if arguments[0] == "train":
        arguments += QUICK_TREES if arguments[1].startswith("trees-") else QUICK
    result = CliRunner().invoke(app, arguments, input=shell(before) if before else None)
    assert result.exit_code == 0, f"$ {line}\n{result.output}{result.exception!r}"
    return result.stdout


def squeezed(text: str) -> str:
    return " ".join(text.split())


def check_output(command: Command, output: str) -> None:
    """Compare all but white space; `…` stands for anything."""
    if command.expected.strip():
        parts = map(re.escape, squeezed(command.expected).split("…"))
        pattern = ".*".join(part.strip(r"\ ") for part in parts)
        got = squeezed(output)
        assert re.fullmatch(rf" ?{pattern} ?".replace(r"\ ", " "), got), f"$ {command.line}\n{got}"
