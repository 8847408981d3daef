"""The examples of the README print what it says, but for last digits, which depend on the CPU."""

import re
import shlex
import shutil

import pytest
import typer
from typer.testing import CliRunner

from emoscope.cli.app import app
from emoscope.recipes.load import builtin_recipes
from tests.docs_pages import FENCE, ROOT, Block, commands

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [Block(found["info"].strip(), found["body"], 0) for found in FENCE.finditer(README)]
NUMBER = re.compile(r"[-+−]?\d+\.\d+")
BAR = re.compile("[█▉▊▋▌▍▎▏]+")
TOLERANCE = 0.05


def read_line(line: str) -> tuple[list[str], list[float]]:
    """The words of a line without its numbers and bars, and the numbers."""
    numbers = [float(each.replace("−", "-")) for each in NUMBER.findall(line)]
    return NUMBER.sub("#", BAR.sub("", line)).split(), numbers


def check_lines(expected: str, printed: str) -> None:
    """Compare what is expected, up to a line `…`, with lines that were printed, in their order."""
    rest = iter(printed.splitlines())
    for line in expected.splitlines():
        if line == "…":
            return
        words, numbers = read_line(line)
        assert any(
            words == found and numbers == pytest.approx(values, abs=TOLERANCE)
            for found, values in map(read_line, rest)
        ), f"not printed: {line}"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)


CONSOLE = [command for block in BLOCKS if block.info == "console" for command in commands(block)]


@pytest.mark.parametrize("command", CONSOLE, ids=lambda command: command.line.split()[1])
def test_a_command_prints_what_the_readme_says(command, checkout):
    done = CliRunner().invoke(app, shlex.split(command.line)[1:])
    assert done.exit_code == 0, done.output
    check_lines(command.expected, done.output)


def test_the_python_prints_what_its_comment_says(checkout, capsys):
    [source] = [block.body for block in BLOCKS if block.info == "python"]
    exec(compile(source, "README.md", "exec"), {})
    check_lines(source.rpartition("# ")[2], capsys.readouterr().out)


def test_the_comparison_can_fail():
    check_lines("joy 0.50 ██\n…\nnever", "first\njoy 0.52 █\n")
    for printed in ("joy 0.60 ██", "fear 0.50 ██", ""):
        with pytest.raises(AssertionError):
            check_lines("joy 0.50 ██", printed)


PLAIN = [
    words
    for block in BLOCKS
    if not block.info
    for line in block.body.splitlines()
    for part in line.partition("#")[0].split("&&")
    if (words := shlex.split(part)) and words[0] == "emoscope"
]


def parse(words: list[str]) -> None:
    """Read a command's arguments as the program does, and run nothing.

    It raises if there is no such command or option, or an argument is of another type.
    """
    group = typer.main.get_command(app)
    name, command, arguments = group.resolve_command(typer.Context(group), words[1:])
    command.make_context(name, arguments)


@pytest.mark.parametrize("words", PLAIN, ids=" ".join)
def test_a_command_that_is_only_shown_is_one_of_the_program(words, checkout):
    parse(words)
    if words[1] == "train":
        assert words[2] in builtin_recipes()


def test_the_parsing_can_fail():
    for line, wrong in (
        ("emoscope trainn x", "trainn"),
        ("emoscope train x --runns 3", "--runns"),
        ("emoscope train x --runs many", "integer"),
    ):
        with pytest.raises(Exception, match=wrong):
            parse(line.split())
