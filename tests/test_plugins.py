"""Parts of other packages and of files: found, checked, and never run unasked.

A package that trains, annotates and compares is the worked example of `docs/extending.md`, which
`tests/test_docs.py` installs and runs.
"""

import json
import pickle
import sys

import pytest
from typer.testing import CliRunner

from emoscope import plugins
from emoscope.cli.app import app
from emoscope.errors import InputError
from emoscope.files import write_json
from emoscope.folder import CONFIG, PREPROCESSING, ModelFolder, find_plugins
from emoscope.inference.annotator import PRETRAINED
from emoscope.inference.backend import find_model
from emoscope.inference.model_info import ModelSpec
from emoscope.plugins import TABLES, hash_plugins, list_plugin_files, load_plugin
from emoscope.recipes.load import load_recipe
from emoscope.recipes.schema import Recipe
from emoscope.registry import CORPORA, LOSSES, MODELS, STEPS, TRAINERS, find
from emoscope.text import TextPipeline, available_steps, pipeline
from emoscope.training.builder import find_trainer
from tests.experiments.synthetic import make_log, taxonomy_of
from tests.plugged import install, uninstall

STEP = """
from emoscope.text.pipeline import StepKind, register_step

@register_step({name!r}, StepKind.WORD)
def step():
    \"\"\"Shout.\"\"\"
    return str.upper
"""
FILE = (
    STEP.format(name="shout")
    + """
def load(root, split, *, bad_rows="stop"):
    raise AssertionError("not asked for")

PARTS = {"corpora": {"journal": load}}
"""
)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """An empty folder; what is brought by a test is forgotten after it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "_REGISTRY", dict(pipeline._REGISTRY))
    yield tmp_path
    uninstall(tmp_path)


def write_package(place, groups: dict[str, str], code: str = "", name: str = "diary-parts"):
    """Install a package `<name>` with the module `their_parts` and entry points."""
    project = place / name
    project.mkdir()
    (project / "their_parts.py").write_text(code)
    points = "".join(
        f'[project.entry-points."emoscope.{kind}"]\n{point}\n' for kind, point in groups.items()
    )
    (project / "pyproject.toml").write_text(f'[project]\nname="{name}"\nversion="1"\n{points}')
    install(project)


def test_a_package_is_found_and_imported_only_when_it_is_asked_for(place):
    code = "def load(root, split, *, bad_rows='stop'): ..."
    write_package(place, {"corpora": 'diary = "their_parts:load"'}, code)
    assert "diary" in CORPORA
    assert "diary" in list(CORPORA)
    assert CORPORA.get_plugin("diary") == "diary-parts"
    assert CORPORA.get_plugin("edos") is None
    shown = CliRunner().invoke(app, ["info"]).stdout
    assert "corpora: diary, of diary-parts" in shown
    assert "edos" not in shown
    assert "their_parts" not in sys.modules
    assert CORPORA["diary"].__module__ == "their_parts"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("corpora", "edos"), ("models", "demux"), ("losses", "intra"), ("steps", "unicode")],
)
def test_a_name_of_emoscope_cannot_be_taken(kind, name, place):
    write_package(place, {kind: f'{name} = "their_parts:x"'})
    with pytest.raises(InputError, match=rf"diary-parts.*{name}.*emoscope's own"):
        find(TABLES[kind], name, "part")


def test_two_packages_cannot_have_one_name(place):
    write_package(place, {"corpora": 'diary = "their_parts:x"'})
    write_package(place, {"corpora": 'diary = "their_parts:x"'}, name="other-parts")
    with pytest.raises(InputError, match="diary-parts") as caught:
        list(CORPORA)
    assert "other-parts" in str(caught.value)


def test_a_package_that_cannot_be_imported_is_named(place):
    write_package(place, {"losses": 'margin = "their_parts:margin"'}, "import no_such_module")
    with pytest.raises(InputError, match="diary-parts") as caught:
        LOSSES["margin"]
    assert "no_such_module" in str(caught.value)
    assert "pip uninstall diary-parts" in str(caught.value)


def test_a_kind_that_does_not_exist_is_named(place):
    write_package(place, {"corpus": 'diary = "their_parts:load"'})
    with pytest.raises(InputError, match=r"diary-parts.*'corpus'.*corpora"):
        list(CORPORA)


@pytest.mark.parametrize("kind", ["corpora", "models", "losses", "encoders", "trainers", "steps"])
def test_a_part_of_the_wrong_type_is_named(kind, place):
    write_package(place, {kind: 'mine = "their_parts:mine"'}, "mine = 3")
    with pytest.raises(InputError, match="diary-parts") as caught:
        TABLES[kind]["mine"]
    assert "expected" in str(caught.value)


def test_a_model_needs_a_section_of_its_name(place):
    code = (
        "from emoscope.registry import MODELS\nimport dataclasses\n"
        "BAG = dataclasses.replace(MODELS['nelec'])"
    )
    write_package(place, {"models": 'bag = "their_parts:BAG"'}, code)
    with pytest.raises(InputError, match=r"diary-parts.*'bag'"):
        MODELS["bag"]


def test_a_step_that_is_not_registered_is_named(place):
    write_package(place, {"steps": 'quiet = "their_parts:step"'}, "def step(): ...")
    with pytest.raises(InputError, match=r"diary-parts.*register_step\('quiet'"):
        TextPipeline(["quiet"])


def test_a_trainer_of_another_class_is_named(place):
    write_package(place, {"trainers": 'mine = "their_parts:Mine"'}, "class Mine: ...")
    assert "mine" in TRAINERS
    with pytest.raises(InputError, match=r"diary-parts.*EmotionTrainer"):
        find_trainer("mine")


def test_a_file_brings_parts_once_it_is_named(place):
    assert "journal" not in CORPORA
    path = place / "my_parts.py"
    path.write_text(FILE)
    load_plugin(path)
    load_plugin("my_parts.py")
    assert CORPORA.get_plugin("journal") == STEPS.get_plugin("shout") == "my_parts.py"
    assert "shout" in available_steps()
    assert TextPipeline(["shout"])(["so what"]) == ["SO WHAT"]
    assert list_plugin_files() == (path,)
    assert len(hash_plugins()["my_parts.py"]) == 64


def test_a_file_that_was_mended_is_run_again(place):
    path = place / "my_parts.py"
    path.write_text(FILE + "\n1 / 0")
    with pytest.raises(InputError, match=r"my_parts\.py.*ZeroDivisionError"):
        load_plugin(path)
    assert "journal" not in CORPORA
    path.write_text(FILE)
    load_plugin(path)
    assert "journal" in CORPORA


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def", "SyntaxError"),
        ("x = 1", "PARTS"),
        ("PARTS = 3", "PARTS"),
        ("PARTS = {'corpus': {}}", "corpora"),
        ("PARTS = {'corpora': {'edos': print}}", "edos"),
        ("PARTS = {'corpora': {'mine': print}}", "root, split"),
        (STEP.format(name="unicode"), "unicode"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(code, told, place):
    (place / "my_parts.py").write_text(code)
    with pytest.raises(InputError, match=r"my_parts\.py") as caught:
        load_plugin("my_parts.py")
    assert told in str(caught.value)
    assert list_plugin_files() == ()
    assert "mine" not in CORPORA


def test_two_files_cannot_have_one_name(place):
    for folder in ("a", "b"):
        (place / folder).mkdir()
        (place / folder / "my_parts.py").write_text(FILE)
    load_plugin("a/my_parts.py")
    with pytest.raises(InputError, match="rename"):
        load_plugin("b/my_parts.py")
    with pytest.raises(InputError, match="expected a Python file"):
        load_plugin("no_parts.py")


def test_other_processes_run_the_files_that_this_one_has_run(place):
    (place / "my_parts.py").write_text(FILE)
    load_plugin("my_parts.py")
    sent = pickle.dumps(ModelSpec())
    uninstall(place)
    assert "journal" not in CORPORA
    with pytest.raises(InputError, match="No model"):
        ModelSpec(place / "none", plugins=pickle.loads(sent).plugins).load()
    assert "journal" in CORPORA


@pytest.fixture
def folder(place):
    """The description of a model that needs `my_parts.py`."""
    made = place / "model"
    made.mkdir()
    config = json.loads((PRETRAINED / CONFIG).read_text())
    write_json(made / CONFIG, {**config, "plugins": ["my_parts.py"]})
    write_json(made / PREPROCESSING, {})
    # What came with a model is not run.
    (made / "my_parts.py").write_text("raise SystemExit('it was run')")
    return made


def test_a_model_folder_says_which_plugin_it_needs_and_never_runs_one(folder, place):
    with pytest.raises(InputError) as caught:
        ModelFolder.open(folder)
    assert "my_parts.py" in str(caught.value)
    assert "--plugin" in str(caught.value)
    done = CliRunner().invoke(app, ["score", "so glad", "--model", str(folder)])
    assert "my_parts.py" in str(done.exception)
    (place / "my_parts.py").write_text(FILE)
    load_plugin(place / "my_parts.py")
    assert ModelFolder.open(folder).path == folder


@pytest.mark.parametrize(
    "named", ["x.py", ["../x.py"], ["a" * 101], [3], ["x.py"] * 21, ["https://x/y.py"]]
)
def test_what_a_config_says_of_plugins_is_checked(named, folder):
    write_json(folder / CONFIG, {**json.loads((folder / CONFIG).read_text()), "plugins": named})
    with pytest.raises(InputError, match="expected as plugins a list"):
        ModelFolder.open(folder)


def test_a_package_that_a_model_needs_is_named(folder):
    config = json.loads((folder / CONFIG).read_text())
    write_json(folder / CONFIG, {**config, "plugins": ["diary-parts"]})
    with pytest.raises(InputError, match="pip install diary-parts"):
        ModelFolder.open(folder)


def test_a_model_folder_lists_what_brought_its_parts(place):
    (place / "my_parts.py").write_text(FILE)
    load_plugin("my_parts.py")
    methods = "load = tokens = encode = batch = for_taxonomy = to_config = save = print"
    files = list_plugin_files()
    write_package(place, {"encoders": 'own = "their_parts:Own"'}, f"class Own:\n    {methods}")
    for path in files:
        load_plugin(path)
    described = {"encoder": "own", "steps": ["unicode", {"name": "shout"}, "shout"]}
    assert find_plugins({"model_type": "nelec"}, described) == ["diary-parts", "my_parts.py"]
    assert find_plugins({"model_type": "nelec"}, {"encoder": "plain", "steps": ["lower"]}) == []


def test_a_recipe_says_which_file_it_needs_and_never_runs_one(place):
    (place / "my_parts.py").write_text(FILE)
    (place / "mine.yaml").write_text(
        "{name: mine, plugins: [my_parts.py], corpus: {name: journal}}", encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"--plugin PATH/TO/my_parts\.py"):
        load_recipe("mine.yaml")
    done = CliRunner().invoke(app, ["recipes", "mine.yaml", "--plugin", "my_parts.py"])
    assert done.exit_code == 0, done.exception
    assert "name: journal" in done.stdout
    assert Recipe.model_validate({"name": "x", "corpus": {"name": "journal"}})


@pytest.fixture
def log(place):
    """A training on a corpus that `my_parts.py` brings."""
    (place / "my_parts.py").write_text(FILE)
    params = {"name": "mine", "corpus": {"name": "journal"}, "training": {"epochs": 8}}
    made = make_log(place / "log", taxonomy_of(("joy", "fear")), 1, 40, params=params)
    write_json(made.folder / "environment.json", {"plugins": {"my_parts.py": "0" * 64}})
    return made.folder


def test_a_report_knows_the_fields_of_a_plugin_that_is_named(log):
    command = ["report", str(log), "--no-texts"]
    without = CliRunner().invoke(app, command)
    assert without.exit_code == 0, without.exception
    assert "--plugin PATH/TO/my_parts.py" in without.stderr
    page = log / "report.html"
    assert "fields at their defaults" not in page.read_text(encoding="utf-8")
    done = CliRunner().invoke(app, [*command, "--plugin", "my_parts.py"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "fields at their defaults" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command",
    [("compare", "log", "--resamples", "100"), ("table", "emocontext", "--show"), ("info",)],
    ids=lambda command: command[0],
)
def test_other_commands_take_a_plugin(log, command):
    done = CliRunner().invoke(app, [*command, "--plugin", "my_parts.py"])
    assert done.exit_code == 0, done.exception
    assert CORPORA.get_plugin("journal") == "my_parts.py"


def test_a_trainer_of_a_recipe_is_checked():
    values = {"name": "x", "corpus": {"name": "sample"}, "training": {"trainer": "emotoin"}}
    with pytest.raises(ValueError, match="emotion"):
        Recipe.model_validate(values)


def test_a_built_in_part_of_a_folder_is_found_without_a_look_around(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(plugins, "scan_packages", lambda: pytest.fail("looked for packages"))
        assert find_model(ModelFolder.open(PRETRAINED)) is MODELS.get_built_in("demux")
