"""What the light install promises: annotating needs no package that an extra brings."""

import csv
import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXAMPLE = Path(__file__).parents[1] / "examples" / "comments.csv"
LIGHT = """
import sys
from importlib.machinery import PathFinder

hidden = frozenset(sys.argv.pop(1).split(","))

class Light(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Light
from emoscope.cli import main
main()
"""


def needed(package: str) -> set[str]:
    """A package and everything that it is installed with, without extras."""
    found: set[str] = set()
    waiting = [package]
    while waiting:
        name = canonicalize_name(waiting.pop())
        try:
            requirements = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        if name in found:
            continue
        found.add(name)
        wanted = (Requirement(line) for line in requirements)
        waiting += [
            one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})
        ]
    return found


@pytest.fixture(scope="module")
def hidden():
    """Modules that are installed here, and not by `pip install emoscope`."""
    there = needed("emoscope")
    owners = packages_distributions()
    names = {
        name
        for name, packages in owners.items()
        if not any(canonicalize_name(package) in there for package in packages)
    }
    assert {"torch", "transformers", "sklearn", "scipy", "pyarrow", "matplotlib"} <= names
    assert not {"emoscope", "numpy", "tokenizers", "yaml", "rich"} & names
    return names


def run(hidden, *arguments):
    """A command where those modules are not to be found."""
    return subprocess.run(
        [sys.executable, "-c", LIGHT, ",".join(sorted(hidden)), *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def test_the_light_install_annotates(hidden, tmp_path):
    """It also calibrates by coded rows."""
    rows = [f"row {n} of the coded ones,{n % 2}" for n in range(12)]
    (tmp_path / "coded.csv").write_text("\n".join(["text,joy", *rows]))
    done = run(
        hidden, "annotate", EXAMPLE, "--labels", "joy, anger|rage", "--output",
        tmp_path / "scores.csv", "--plot", tmp_path / "emotions.html", "--calibrate",
        tmp_path / "coded.csv", "--save-calibration", tmp_path / "mine.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Calibrated by 12 coded rows" in done.stderr
    assert (tmp_path / "mine.json").is_file()
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        scored = list(csv.DictReader(file))
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        assert len(scored) == len(list(csv.DictReader(file)))
    assert "<svg" in (tmp_path / "emotions.html").read_text(encoding="utf-8")


def test_the_light_install_measures_the_model_that_ships(hidden, tmp_path):
    """On coded rows, also of a label that it was not trained on."""
    texts = ["I love it so much", "You make me so angry!", "The bus leaves at nine", "Old times"]
    labels = ["Love", "['anger', 'annoyance']", "neutral", "nostalgia"]
    with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *zip(texts * 3, labels * 3, strict=True)])
    done = run(hidden, "evaluate", tmp_path / "rows.csv", "--json", tmp_path / "figures.json")
    assert done.returncode == 0, done.stderr
    for shown in ("precision", "κ", "macro-F1", "bootstrap", "most frequent confusions"):
        assert shown in done.stdout
    for told in ("the column 'label'", "no threshold of its own for nostalgia", "--calibrate"):
        assert told in done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert list(figures["labels"]) == ["anger", "annoyance", "love", "neutral", "nostalgia"]
    low, high = figures["macro_f1_interval_95"]
    assert 0 <= low <= figures["macro"]["f1"] <= high <= 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("text,Joy\nso glad,x\n", ""),
        ("text,mood\nso glad,joy\n", "--label COLUMN"),
        ("text,label\nso glad,\n", "'label' is blank"),
    ],
)
def test_the_light_install_describes_a_table(hidden, tmp_path, text, told):
    (tmp_path / "rows.csv").write_text(text)
    done = run(hidden, "describe", tmp_path / "rows.csv", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert told in done.stderr
    assert bool(told) == bool(done.stderr)
    assert json.loads(done.stdout)["rows.csv"]["labelled"] == (0 if told else 1)


@pytest.mark.parametrize(
    "arguments",
    [("score", "So happy!"), ("explain", "So happy!"), ("info",), ("taxonomies",), ("--help",)],
)
def test_the_light_install_has_other_commands(hidden, arguments):
    done = run(hidden, *arguments)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["describe", "evaluate"])
def test_a_name_is_looked_at_before_an_extra_is_asked_for(hidden, command):
    done = run(hidden, command, "imdb")
    assert done.returncode == 2
    assert "No corpus 'imdb'" in done.stderr
    assert "emoscope[" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("train", "nelec-sample", "--output", "out"), "train"),
        (("annotate", EXAMPLE, "--output", "out.parquet"), "parquet"),
        (("evaluate", "sample"), "train"),
        (("describe", "sample"), "train"),
        (("serve",), "serve"),
    ],
)
def test_the_light_install_says_what_is_missing(hidden, tmp_path, arguments, extra):
    done = run(
        hidden, *(tmp_path / one if str(one).startswith("out") else one for one in arguments)
    )
    assert done.returncode == 2
    assert f"emoscope[{extra}]" in " ".join(done.stderr.replace("│", " ").split())
