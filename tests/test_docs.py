"""The documentation against the program: every command and Python block of its pages is run, and
its tables are compared with the code.

In the pages, a block `console` holds commands after `$` and beneath each what it must print, with
`…` for anything; a block `python` is run; a `code-block` with a caption is a file to be written;
any other block is only shown. Trainings of commands run with one epoch and no extension; all but
that of the folder `sample` see less of the sample corpus and draw no pictures. Every pretrained
encoder is a tiny one of random weights.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, NamedTuple, get_args, get_origin

import pytest
import typer
import yaml
from pydantic_core import PydanticUndefined

from emoscope.cli.app import app
from emoscope.corpora.sample import SIZES
from emoscope.recipes.load import builtin_recipes
from emoscope.recipes.schema import Recipe
from emoscope.recipes.section import Section
from emoscope.recipes.shipped import list_recipes, list_tables
from emoscope.registry import CORPORA, ENCODERS, LOSSES, MODELS, resolve
from emoscope.taxonomy import Taxonomy, builtin_taxonomies
from emoscope.text import CHAT_STEPS, SOCIAL_STEPS, available_steps, pipeline
from tests import tiny
from tests.docs_pages import (
    ALL,
    CAPTION,
    DOCS,
    LINK,
    PAGES,
    PATH,
    ROOT,
    Command,
    blocks,
    check_output,
    commands,
    execute,
    uses_shell,
)
from tests.plugged import uninstall


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """The folder `sample` that the quick start trains, and every page uses."""
    root = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        execute("emoscope train nelec-sample --output sample")
    return root / "sample"


@pytest.fixture(scope="module")
def tiny_encoder(tmp_path_factory) -> Path:
    """What stands in for every pretrained encoder."""
    return tiny.save("bert", tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def workplace(sample, tiny_encoder, tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder with `sample` in it, as the present one; what a page registers is forgotten."""
    import emoscope.models.nelec.family as nelec
    import emoscope.models.shared.backbone as backbone
    import emoscope.training.callbacks as callbacks

    shutil.copytree(sample, tmp_path / "sample")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(pipeline, "_REGISTRY", dict(pipeline._REGISTRY))
    monkeypatch.setitem(SIZES, "train", 200)
    monkeypatch.setattr(backbone, "find_backbone", lambda name: str(tiny_encoder))
    monkeypatch.setattr(nelec, "draw_network", lambda model, path: None)
    monkeypatch.setattr(callbacks, "draw_log", lambda *_: None)
    tables = [(entries, dict(entries)) for entries in (CORPORA, ENCODERS, LOSSES, MODELS)]
    yield tmp_path
    for entries, before in tables:
        entries.clear()
        entries.update(before)
    uninstall(tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_runs(page, workplace):
    names: dict[str, object] = {"__name__": page}
    for block in blocks(page):
        if block.info == "console":
            for command in commands(block):
                check_output(command, execute(command.line))
        elif block.info == "python":
            source = "\n" * block.line + block.body
            exec(compile(source, f"{page}.md", "exec"), names)
        elif block.info.startswith("{code-block}"):
            caption = CAPTION.fullmatch(block.body)
            assert caption, f"{page}.md:{block.line}: a code-block is a file and needs a caption"
            path = Path(caption["name"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(caption["text"], encoding="utf-8")


def test_the_comparison_of_outputs_can_fail():
    check_output(Command("x", '{"a": …, "b": 1}\n…'), '{"a":  [2, 3], "b": 1}\nmore\n')
    for output in ('{"a": 2, "b": 2}\n', "", 'first {"a": 2, "b": 1}'):
        with pytest.raises(AssertionError):
            check_output(Command("x", '{"a": …, "b": 1}\n…'), output)
    assert uses_shell("emoscope info | cat")
    assert not uses_shell("emoscope taxonomies 'joy, anger|rage'")


def table(page: str, first_cell: str, columns: int | None = None) -> list[list[str]]:
    """Rows of every table of a page whose header starts with this cell."""
    rows: list[list[str]] = []
    header: list[str] | None = None
    for line in PAGES[page].splitlines():
        if not line.startswith("| "):
            header = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if header is None:
            header = cells
        elif header[0] == first_cell and not set(cells[0]) <= {"-"}:
            assert len(cells) == len(header) == (columns or len(header)), line
            rows.append(cells)
    assert rows, f"{page}.md has no table that starts with {first_cell!r}"
    return rows


def code(cell: str) -> str:
    """What stands between the backticks that a cell consists of."""
    quoted = re.fullmatch("`([^`]+)`", cell)
    assert quoted, cell
    return quoted[1]


class SchemaField(NamedTuple):
    """Default of a recipe's field (PydanticUndefined if it needs a value), and fixed values."""

    default: object
    choices: tuple[str, ...]


def within(annotation: object) -> list[object]:
    """An annotation and all that it is made of, but not what a list of sections holds."""
    inside = () if get_origin(annotation) is tuple else get_args(annotation)
    return [annotation, *(part for inner in inside for part in within(inner))]


def schema_fields(section: type[Section], prefix: str = "") -> dict[str, SchemaField]:
    """Every field of a section and the sections in it, by its path."""
    found: dict[str, SchemaField] = {}
    for name, info in section.model_fields.items():
        parts = within(info.annotation)
        inner = [part for part in parts if isinstance(part, type) and issubclass(part, Section)]
        for one in inner:
            for path, field in schema_fields(one, f"{prefix}{name}.").items():
                known = found.get(path, SchemaField(field.default, ()))
                found[path] = SchemaField(known.default, known.choices + field.choices)
        if not inner:
            literals = [part for part in parts if get_origin(part) is Literal]
            choices = tuple(value for literal in literals for value in get_args(literal))
            found[f"{prefix}{name}"] = SchemaField(info.default, choices)
    return found


def check_fields(rows: list[list[str]], known: dict[str, SchemaField]) -> None:
    """Compare the rows field, default, meaning with fields of the schema."""
    described: dict[str, tuple[str, str]] = {}
    for field, default, meaning in rows:
        assert code(field) not in described, field
        described[code(field)] = default, meaning
    assert set(described) == set(known)
    for path, field in known.items():
        default, meaning = described[path]
        if field.default is PydanticUndefined:
            assert default == "", path
        else:
            expected = list(field.default) if isinstance(field.default, tuple) else field.default
            assert yaml.safe_load(code(default)) == expected, path
        for choice in field.choices:
            assert f"`{choice}`" in meaning, (path, choice)
        assert meaning, path


def test_every_field_of_a_recipe_is_described_with_its_default():
    pages = [page for page, text in PAGES.items() if "| field | default |" in text]
    rows = [row for page in pages for row in table(page, "field", 3)]
    fields = schema_fields(Recipe)
    check_fields(rows, {path: field for path, field in fields.items() if path != "model.type"})


@pytest.mark.parametrize("kind", MODELS)
def test_every_field_of_a_model_is_described_with_its_default(kind):
    """Its tables start with "field of `demux`", or "field of `demux`, `memo`"."""
    headers = set(re.findall(r"^\| (field of [^|]+) \|", ALL, re.MULTILINE))
    of_kind = [header for header in headers if f"`{kind}`" in header]
    pages = [(page, header) for page, text in PAGES.items() for header in of_kind if header in text]
    rows = [row for page, header in pages for row in table(page, header, 3)]
    check_fields(rows, schema_fields(resolve(MODELS[kind].section), "model."))


def test_the_steps_are_those_of_the_program():
    chat, social = table("cleaning", "step", 3), table("social", "step", 3)
    assert tuple(code(name) for name, _, _ in chat) == CHAT_STEPS
    assert {code(name): does for name, does, _ in chat + social} == available_steps()
    assert len(chat + social) == len(available_steps())
    for name, _, options in chat + social:
        written: dict[str, object] = {}
        for option in re.findall("`([^`]+)`", options):
            written |= yaml.safe_load(option)
        assert written == pipeline._REGISTRY[code(name)].defaults, name


def test_the_lists_of_steps_are_those_of_the_program():
    listed = {code(site): steps for site, steps in table("social", "site", 2)}
    assert set(listed) == set(SOCIAL_STEPS)
    for site, steps in listed.items():
        names = [step if isinstance(step, str) else step.name for step in SOCIAL_STEPS[site]]
        assert re.findall(r"`(\w+)`", steps) == names, site


def test_the_files_of_a_training_are_those_listed(sample):
    patterns = [code(name) for name, _ in table("quickstart", "file in `sample/`", 2)]
    files = [path.relative_to(sample).as_posix() for path in sample.rglob("*") if path.is_file()]
    for file in files:
        assert sum(fnmatch(file, pattern) for pattern in patterns) == 1, file
    for pattern in patterns:
        assert any(fnmatch(file, pattern) for file in files), pattern


def test_the_taxonomies_are_those_that_ship():
    rows = table("taxonomies", "taxonomy", 5)
    assert [code(row[0]) for row in rows] == list(builtin_taxonomies())
    for name, count, kind, languages, _ in rows:
        taxonomy = Taxonomy.load(code(name))
        assert int(count) == len(taxonomy)
        assert kind == ("one label" if taxonomy.exclusive else "any number")
        assert languages == ", ".join(taxonomy.languages)


def test_the_recipes_are_those_that_ship():
    rows = table("nelec", "recipe", 3) + table("demux", "recipe", 3)
    assert {code(name) for name, _, _ in rows} <= set(builtin_recipes())
    counts = {code(key): int(count) for key, count, _ in table("recipes", "table", 3)}
    assert counts == {key: len(list_recipes(key)) for key in list_tables()}


def test_the_corpora_are_those_of_the_program():
    rows = table("corpora", "corpus", 4)
    assert {code(row[0]) for row in rows} == {*CORPORA, "tabular", "hub"}


def test_the_folders_of_the_architecture_are_those_of_the_package():
    rows = table("architecture", "folder", 2)
    shown = {path for cell, _ in rows for path in re.findall(r"`(\w+)/`", cell)}
    package = ROOT / "src" / "emoscope"
    there = {path.name for path in package.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert shown == there
    files = set(re.findall(r"`([\w/]+\.py)`", PAGES["architecture"]))
    missing = {f for f in files - {"tests/test_layers.py"} if not (package / f).is_file()}
    own = {"encoder.py", "family.py", "network.py", "section.py"}
    assert missing <= own


def test_the_local_losses_are_those_of_the_program():
    assert {code(row[0]) for row in table("demux", "loss", 3)} == set(LOSSES)


def shape(value: object) -> object:
    """A JSON value without its numbers, and one item of a list of objects."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if not isinstance(value, list):
        return type(value)
    items = [shape(inner) for inner in value]
    return items[:1] if items and isinstance(items[0], dict) else items


def test_the_layout_of_the_figures_is_the_one_shown(workplace):
    shown = next(block for block in blocks("evaluation") if block.info == "json")
    output = execute("emoscope evaluate sample --split dev --model sample --json -")
    expected, got = json.loads(shown.body), json.loads(output)
    assert shape(got) == shape(expected)
    assert got["micro"]["support"] == expected["micro"]["support"]


def test_every_command_and_option_is_mentioned():
    group = typer.main.get_command(app)
    assert group.commands
    for name, command in group.commands.items():
        assert f"| `emoscope {name}` |" in PAGES["index"], name
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--"):
                    assert re.search(rf"{option}\b", ALL), f"{name} {option}"


def test_what_the_pages_point_at_exists():
    for page, text in PAGES.items():
        for found in LINK.finditer(text):
            target = found["target"].partition("#")[0]
            if target and "://" not in target:
                assert (DOCS / target).is_file(), f"{page}.md: {target}"
        for path in PATH.findall(text):
            assert (ROOT / path).exists(), f"{page}.md: {path}"
    contents = re.search(r"```\{toctree\}\n:hidden:\n\n(?P<pages>(?:.*\n)*?)```", PAGES["index"])
    assert set(contents["pages"].split()) == set(PAGES) - {"index"}


def test_the_pages_build_without_a_warning(tmp_path):
    for module in ("sphinx", "furo", "myst_parser"):
        pytest.importorskip(module)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", DOCS, tmp_path / "html"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
