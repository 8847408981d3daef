"""Which part imports which: annotating and serving stay light, the command line stays on top."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

import emoscope
from emoscope import registry

ROOT = Path(emoscope.__file__).parent
HEAVY = {
    "accelerate",
    "datasets",
    "gensim",
    "matplotlib",
    "peft",
    "ray",
    "safetensors",
    "scipy",
    "sklearn",
    "torch",
    "transformers",
}
LIGHT = {
    "_version",
    "calibration",
    "conversations",
    "csv_records",
    "embeddings",
    "encoding",
    "errors",
    "folder",
    "json_records",
    "lines",
    "page",
    "plutchik",
    "registry",
    "row_formats",
    "rows",
    "runtime",
    "streams",
    "strict",
    "taxonomy",
    "text",
}
# A part may import itself, what is light, and what is named here.
TRAINING = {
    "recipes": set(),
    "plotting": set(),
    "corpora": {"recipes"},
    "models": set(),
    "losses": {"models", "recipes"},
    "evaluation": {"corpora", "losses", "models", "plotting"},
    "experiments": {"evaluation", "plotting", "recipes"},
    "training": {
        "corpora",
        "evaluation",
        "experiments",
        "losses",
        "models",
        "plotting",
        "recipes",
    },
}
TOP = {"__init__", "__main__", "cli"}


def name_of(path: Path) -> str:
    """`src/emoscope/text/chat.py` → `emoscope.text.chat`."""
    parts = ("emoscope", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def part_of(module: str) -> str:
    """`emoscope.text.chat` → `text`."""
    parts = module.split(".")
    if module == "emoscope":
        return "__init__"
    return parts[1]


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in (
        "TYPE_CHECKING",
        "typing.TYPE_CHECKING",
    )


def statements(body: list[ast.stmt], everywhere: bool) -> Iterator[ast.stmt]:
    """Statements that run when a module is imported; with `everywhere` those of functions too."""
    for node in body:
        if is_type_checking(node):
            yield from statements(node.orelse, everywhere)
            continue
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not everywhere:
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from statements(getattr(node, field, []), everywhere)
        for inner in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
            yield from statements(inner.body, everywhere)


def imports(source: str, package: str, everywhere: bool = False) -> set[str]:
    """Modules that a module imports, and each name taken from one: `a`, `a.b`."""
    found = set()
    for node in statements(ast.parse(source).body, everywhere):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                above = ".".join(parents[: len(parents) - node.level + 1])
                base = f"{above}.{base}" if base else above
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def imports_of(module: str, everywhere: bool = False) -> set[str]:
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return imports(path.read_text(encoding="utf-8"), package, everywhere)


def parts(modules: set[str]) -> set[str]:
    """The parts of emoscope among imported modules; the package itself is none."""
    return {part_of(name) for name in modules if name.startswith("emoscope.")}


def own_parts(module: str, everywhere: bool = False) -> set[str]:
    """Parts that a module imports, other than its own."""
    known = {part_of(name) for name in MODULES} - {"__init__"}
    return (parts(imports_of(module, everywhere)) & known) - {part_of(module)}


def test_the_reader_of_imports_sees_them_all():
    source = """
import a.b
from c import d
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import hidden
else:
    import shown
try:
    import e
except ImportError:
    import f
from . import sister
from .sister import one
from ..aunt import two
class C:
    import g
    def method(self):
        import lazy
def function():
    import lazy
"""
    top = imports(source, "emoscope.text")
    assert {"a.b", "c", "c.d", "shown", "e", "f", "g"} <= top
    assert {"emoscope.text.sister", "emoscope.text.sister.one", "emoscope.aunt.two"} <= top
    assert not {"hidden", "lazy"} & top
    assert "lazy" in imports(source, "emoscope.text", everywhere=True)


def test_every_part_has_a_floor():
    assert {part_of(name) for name in MODULES} <= LIGHT | set(TRAINING) | TOP


@pytest.mark.parametrize("module", [name for name in MODULES if part_of(name) in LIGHT])
def test_the_light_floor_stays_light(module):
    roots = {name.partition(".")[0] for name in imports_of(module)}
    assert not roots & HEAVY
    assert own_parts(module) <= LIGHT
    # Within functions only an engine, by its name, is of the training floor.
    assert own_parts(module, everywhere=True) <= LIGHT


@pytest.mark.parametrize("module", [name for name in MODULES if part_of(name) in TRAINING])
def test_the_training_floor_is_in_order(module):
    assert own_parts(module, everywhere=True) <= LIGHT | TRAINING[part_of(module)]


@pytest.mark.parametrize(
    "module", [name for name in MODULES if part_of(name) == "cli" or name == "emoscope"]
)
def test_the_top_imports_heavy_things_when_a_command_runs(module):
    found = imports_of(module)
    assert not {name.partition(".")[0] for name in found} & HEAVY
    assert own_parts(module) <= LIGHT


@pytest.mark.parametrize(
    "module", [name for name in MODULES if part_of(name) not in ("cli", "__main__")]
)
def test_nothing_is_above_the_command_line(module):
    assert "cli" not in parts(imports_of(module, everywhere=True))


# What is looked up by name is no import that can be read: each table has its part.
PLACES = [
    *((entry.section, "recipes") for entry in registry.MODELS.values()),
    *((entry.family, "training") for entry in registry.MODELS.values()),
    *((entry.network, "models") for entry in registry.MODELS.values()),
    *((entry.backend, "models") for entry in registry.MODELS.values()),
    *((place, "encoding") for place in registry.ENCODERS.values()),
    *((place, "corpora") for place in registry.CORPORA.values()),
    *((place, "losses") for place in registry.LOCAL_LOSSES.values()),
]


@pytest.mark.parametrize(("place", "part"), PLACES)
def test_a_registered_name_is_of_the_part_that_looks_it_up(place, part):
    module, _, name = place.partition(":")
    assert part_of(module) == part
    assert module in MODULES
    assert getattr(registry.resolve(place), "__name__", None) == name


def test_names_are_looked_up_where_they_may_be():
    """`registry` imports none of them, and the light floor resolves encoders and engines alone."""
    assert own_parts("emoscope.registry", everywhere=True) <= {"errors", "strict"}
    light = [name for name in MODULES if part_of(name) in LIGHT]
    using = {name for name in light if "emoscope.registry.resolve" in imports_of(name)}
    assert using == {"emoscope.encoding.encoder", "emoscope.runtime.backend"}


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return ended.stdout


TIMED = """
import sys, time
before = time.perf_counter()
import emoscope
seconds = time.perf_counter() - before
print(seconds, sorted({name.partition(".")[0] for name in sys.modules} & HEAVY))
"""


def test_importing_emoscope_is_quick():
    printed = [fresh(f"HEAVY = {HEAVY}\n{TIMED}").split(maxsplit=1) for _ in range(5)]
    assert {modules.strip() for _, modules in printed} == {"[]"}
    assert median(float(seconds) for seconds, _ in printed) < 0.3


@pytest.mark.parametrize(
    "code",
    [
        "import emoscope.cli.app",
        "import emoscope.runtime.jobs, emoscope.encoding.plain, emoscope.embeddings",
        "import emoscope; emoscope.load, emoscope.Taxonomy.load('emocontext')",
        "import emoscope.recipes.load",
        "from emoscope.recipes.load import load_recipe; load_recipe('demux-goemotions')",
        """
from emoscope.registry import ENCODERS, MODELS, resolve
for place in [*ENCODERS.values(), *(entry.section for entry in MODELS.values())]:
    resolve(place)
""",
        """
import sys
from emoscope.cli import main
sys.argv = ["emoscope", "--help"]
try:
    main()
except SystemExit as ended:
    assert not ended.code
""",
    ],
)
def test_torch_is_not_imported(code):
    report = 'print(sorted({name.partition(".")[0] for name in sys.modules} & HEAVY))'
    assert fresh(f"{code}\nimport sys\nHEAVY = {HEAVY}\n{report}").splitlines()[-1] == "[]"
