"""Each line of docs/report.md is run: what the report has, and the command that shows it."""

import gc
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import emoscope.models.nelec.family as nelec
import emoscope.training.callbacks as callbacks
import emoscope.training.train as train
from emoscope.cli.app import app
from emoscope.corpora.sample import SIZES
from emoscope.embeddings.vectors import load_vectors
from tests.conftest import leave_plots_blank
from tests.docs_pages import PAGES, QUICK, QUICK_TREES, squeezed

LINE = re.compile(
    r"^\| (?P<what>[^|]+) \| `(?P<command>emoscope [^`]+)` \| (?P<shows>.+) \|$", re.MULTILINE
)
LINES = [found.groups() for found in LINE.finditer(PAGES["report"])]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory, emocontext, vectors_file):
    """A folder to work in, with tiny corpora, few vectors and plots that are not painted."""
    root = tmp_path_factory.mktemp("report")
    vectors = load_vectors(str(vectors_file))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("COLUMNS", "200")
        patch.setenv("EMOSCOPE_CACHE", str(root / "cache"))
        patch.setattr(nelec, "make_vectors", lambda section, seed: vectors)
        for split in SIZES:
            patch.setitem(SIZES, split, 60)
        draw_for_one_training(patch)
        (root / "DIR").symlink_to(emocontext)
        gc.freeze()
        yield root


def draw_for_one_training(patch: pytest.MonkeyPatch) -> None:
    """Draw blank plots for the training `keras`, whose pictures are looked at, and no others."""
    leave_plots_blank(patch)
    for module, name in ((callbacks, "draw_log"), (train, "draw_log"), (nelec, "draw_network")):
        draw = getattr(module, name)
        patch.setattr(
            module,
            name,
            lambda drawn, path, *more, draw=draw: (
                draw(drawn, path, *more) if "keras" in path.parts else None
            ),
        )


@pytest.fixture(scope="module")
def outputs():
    """What each command has printed, as several lines share one."""
    return {}


def test_every_line_of_the_page_is_of_this_form():
    rows = [line for line in PAGES["report"].splitlines() if line.startswith("| ")]
    headers = sum(row.startswith(("| in the report", "| ---")) for row in rows)
    assert len(LINES) == len(rows) - headers > 20


@pytest.mark.parametrize(("what", "command", "shows"), LINES, ids=[line[0][:40] for line in LINES])
def test_what_the_report_has_is_shown(what, command, shows, workplace, outputs, caplog):
    caplog.set_level("INFO", "emoscope")
    if command not in outputs:
        arguments = shlex.split(command)[1:]
        if arguments[0] == "train":
            arguments += QUICK_TREES if arguments[1].startswith("trees-") else QUICK
        ended = CliRunner().invoke(app, arguments)
        assert ended.exit_code == 0, f"{command}\n{ended.output}{ended.exception!r}"
        outputs[command] = squeezed(f"{ended.output} {caplog.text}")
    expected = re.findall(r"`([^`]+)`", shows)
    assert expected, what
    for each in expected:
        there = "/" in each or each.endswith((".svg", ".pdf"))
        if there and not each.startswith("Model: "):
            assert Path(each).is_file(), each
        else:
            assert each in outputs[command], (each, outputs[command])
