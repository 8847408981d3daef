"""How the program ends, whatever the command."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import typer.main

from emoscope._version import __version__
from emoscope.cli.app import app

COMMANDS = (
    "annotate",
    "score",
    "explain",
    "train",
    "evaluate",
    "compare",
    "report",
    "export",
    "table",
    "describe",
    "recipes",
    "serve",
    "taxonomies",
    "info",
)


def examples():
    """The example of each command's help."""
    for command in app.registered_commands:
        found = re.search(r"\[b\]Example:\[/b\] emoscope (.+)", command.callback.__doc__)
        yield command.callback.__name__, found and found[1]


def test_the_commands():
    assert sorted(typer.main.get_command(app).commands) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_that_parses(emoscope, name):
    ended = emoscope(name, "--help")
    assert ended.code == 0
    example = dict(examples())[name]
    assert f"emoscope {example}" in " ".join(ended.out.split())
    called, *arguments = shlex.split(example)
    assert called == name
    command = typer.main.get_command(app).commands[name]
    command.make_context(name, arguments)


def test_help_tells_of_every_command(emoscope):
    ended = emoscope("--help")
    assert ended.code == 0
    for name in COMMANDS:
        assert re.search(rf"^\W*{name}\s", ended.out, re.MULTILINE), name


def test_the_examples_run_one_after_another(
    emoscope, monkeypatch, tmp_path, tiny_overrides, folder
):
    """Train, then what needs the model of the folder `sample`, with a tiny network."""
    from emoscope.corpora import sample

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample, "SIZES", dict.fromkeys(sample.SIZES, 60))
    (tmp_path / "chats.tsv").write_text("turn1\tturn2\tturn3\nhi\thello\tgood day\n")
    shutil.copytree(folder, tmp_path / "goemotions")
    of = dict(examples())
    overrides = [part for each in tiny_overrides for part in ("--set", each)]
    trained = emoscope(*shlex.split(of["train"]), *overrides)
    assert trained.code == 0, trained.err
    assert "Model: sample/seed-0/model" in trained.out
    for name in COMMANDS:
        # A service does not end by itself; see tests/cli/test_serve.py.
        if name not in ("train", "serve"):
            ended = emoscope(*shlex.split(of[name]))
            assert ended.code == 0, ended.err
            assert "Traceback" not in ended.err
    for name in ("scores.csv", "confusion.png", "sample.png"):
        assert (tmp_path / name).stat().st_size > 100
    again = emoscope(*shlex.split(of["train"]), *overrides)
    assert (again.code, again.out) == (0, trained.out)


def test_the_version(emoscope):
    ended = emoscope("--version")
    assert (ended.code, ended.out.strip()) == (0, f"emoscope {__version__}")


@pytest.mark.parametrize("name", COMMANDS[:8])
def test_a_command_without_arguments_shows_its_help(emoscope, name):
    ended = emoscope(name)
    assert "Example:" in ended.out + ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["annotated"],
        ["annotate", "chats.tsv", "--top-k", "0"],
        ["annotate", "chats.tsv", "--model", "m", "--modle", "m"],
        ["annotate", "chats.tsv", "--model", "m", "--format", "docx"],
        ["train", "nelec-sample", "--runs", "0"],
        ["train", "nelec-sample", "--runs", "many"],
        ["describe", "sample", "--cutoff", "0"],
        ["recipes", "nelec-sample", "more"],
    ],
)
def test_wrong_usage_ends_with_2(emoscope, arguments):
    ended = emoscope(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert re.search(r"^Usage: .*emoscope", ended.err)
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "nelec"], "No recipe 'nelec'"),
        (["train", "nelec-sample", "--set", "training.epoch=3"], "training.epoch"),
        (["train", "nelec-emocontext"], "needs --data-dir"),
        (["train", "nelec-emocontext", "--data-dir", "nowhere"], "Expected nowhere/train.txt"),
        (["train", "nelec-sample", "--set", "vectors.words=no.txt"], "No word vectors at 'no.txt'"),
        (["annotate", "chats.tsv", "--model", "nowhere"], "No model at nowhere"),
        (["evaluate", "sample", "--model", "nowhere"], "No model at nowhere"),
        (["describe", "imdb"], "No corpus 'imdb'"),
        (["describe", "emocontext"], "--data-dir"),
        (["describe", "sample", "--label-names", "a, b"], "--label-names is for tables"),
        (["annotate", "chats.tsv", "--label-names", "a, b"], "need --calibrate"),
        (["describe", "sample", "--splits", "validation"], "train, dev, test"),
        (["recipes", "nelec"], "No recipe 'nelec'"),
        (["taxonomies", "ekmann"], "did you mean ekman?"),
    ],
)
def test_wrong_input_ends_with_2_and_a_message(emoscope, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    ended = emoscope(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("Error: ")
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_a_message_is_shown_as_it_is(emoscope, tmp_path):
    """Square brackets in a name are no markup."""
    ended = emoscope("recipes", "[b]bold[/b]")
    assert "'[b]bold[/b]'" in ended.err


def test_a_bug_keeps_its_traceback(emoscope, monkeypatch):
    import emoscope.recipes.load as load

    monkeypatch.setattr(load, "load_recipe", lambda name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        emoscope("recipes")


@pytest.mark.parametrize(
    ("arguments", "module"),
    [
        (["train", "nelec-sample"], "torch"),
        (["train", "nelec-sample"], "sklearn"),
        (["evaluate", "sample", "--model", "MODEL"], "datasets"),
        (["annotate", "DATA", "--model", "MODEL", "--format", "tsv"], "torch"),
        (["annotate", "DATA", "--model", "MODEL", "--format", "tsv"], "safetensors"),
        (["describe", "sample"], "datasets"),
        (["compare", "runs"], "pyarrow"),
        (["report", "runs"], "pyarrow"),
        (["table", "emocontext", "--show"], "pyarrow"),
        (["describe", "sample", "--plot", "out.png"], "matplotlib"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    emoscope, monkeypatch, trained, tmp_path, arguments, module
):
    monkeypatch.chdir(tmp_path)
    places = {"MODEL": str(trained.folder), "DATA": str(trained.root / "dev.txt")}
    monkeypatch.setitem(sys.modules, module, None)
    ended = emoscope(*(places.get(each, each) for each in arguments))
    assert (ended.code, ended.out) == (2, "")
    message = " ".join(ended.err.split())
    assert f"needs the package '{module}'" in message
    assert "pip install 'emoscope[train]'" in message


# The program with a model that needs no torch, which takes seconds to import.
PROGRAM = """
import numpy
import emoscope.cli
import emoscope.inference.annotator as annotator
from emoscope.calibration import Calibration
from emoscope.taxonomy import Taxonomy

class Even:
    def encode(self, conversations):
        return numpy.zeros((len(conversations), 4))
    def logits(self, encoded):
        return encoded

even = annotator.Annotator(Even(), Taxonomy.load("emocontext"), Calibration())
annotator.load = lambda *which, **how: even
emoscope.cli.main()
"""


def piped(tmp_path, arguments, reader):
    """Run the program with its output piped into another one."""
    (tmp_path / "program.py").write_text(PROGRAM)
    program = f'"{sys.executable}" program.py {arguments}'
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program} | {reader}"],
        cwd=tmp_path,
        # Buffered as usual: what is left is written when the program ends.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", ["recipes", "recipes nelec-sample", "--help"])
def test_a_closed_pipe_is_no_failure(tmp_path, arguments):
    ended = piped(tmp_path, arguments, "true")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("rows", "reader"), [(30_000, "head -1"), (3, "(sleep 0.1; exit 0)")])
def test_annotations_into_a_closed_pipe_are_no_failure(tmp_path, rows, reader):
    """More than a pipe holds, and less than Python's own buffer."""
    (tmp_path / "chats.txt").write_text("hello there\n" * rows)
    ended = piped(tmp_path, "annotate chats.txt --model any", reader)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("\n") == (reader == "head -1")


def test_a_file_through_a_pipe(tmp_path):
    (tmp_path / "chats.txt").write_text("hello there\n" * 10_000)
    ended = piped(tmp_path, "annotate - --format txt --model any --quiet < chats.txt", "cat")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("\n") == 10_000
