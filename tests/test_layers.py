"""Which part imports which: annotating and serving stay light, the command line stays on top."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import emoscope
from emoscope import registry

ROOT = Path(emoscope.__file__).parent
HEAVY = {
    "accelerate",
    "datasets",
    "fastapi",
    "gensim",
    "httpx",
    "lightgbm",
    "matplotlib",
    "peft",
    "prometheus_client",
    "ray",
    "safetensors",
    "scipy",
    "sklearn",
    "starlette",
    "torch",
    "transformers",
    "uvicorn",
}
# From the ground up. A module imports its own floor and those below; of several names that fit, the
# longest counts. Light floors need no extra. The list stands here alone, see docs/architecture.md.
LIGHT_FLOORS = {
    "ground": (
        "_version",
        "bounded",
        "calibration",
        "errors",
        "files",
        "folder",
        "metrics.counts",
        "plugins",
        "plutchik",
        "registry",
        "strict",
        "taxonomy",
        "touched",
    ),
    "text": ("labelled", "reading", "text"),
    "arrays": ("embeddings", "encoding"),
    "descriptions": (
        "models",
        "recipes",
    ),
    "inference": (
        "inference",
        "models.combiner.backend",
        "models.combiner.reasons",
        "models.demux.exported",
        "models.demux.exported_independent",
        "models.demux.load_exported",
    ),
    "measuring": ("evaluation.describe", "evaluation.evaluate", "metrics"),
    "applications": ("charts", "client", "explain", "frames", "jobs", "serve"),
}
HEAVY_FLOORS = {
    "service": (
        *("serve.api", "serve.app", "serve.guard", "serve.metrics"),
        *("serve.pages", "serve.ray_serve", "serve.server"),
    ),
    "networks": (
        "charts.heat_map",
        "charts.plotting",
        "charts.wheel_plot",
        "corpora",
        "inference.layer_table",
        "inference.torch_backend",
        "inference.transformers_pipeline",
        "losses",
        "models.demux.independent",
        "models.demux.network",
        "models.memo.network",
        "models.nelec.heads",
        "models.nelec.network",
        "models.nelec.recurrent",
        "models.shared.attention",
        "models.shared.backbone",
        "models.shared.dropout",
        "models.shared.late_interaction",
        "models.shared.output",
    ),
    "pictures": ("evaluation",),
    "experiments": ("experiments",),
    "training": (
        "models.combiner.evidence",
        "models.combiner.family",
        "models.combiner.held_out",
        "models.combiner.plots",
        "models.combiner.train",
        "models.demux.anchor",
        "models.demux.export",
        "models.demux.family",
        "models.demux.label_sampling",
        "models.memo.family",
        "models.nelec.diagram",
        "models.nelec.family",
        "models.nelec.start",
        "models.shared.family",
        "models.shared.prompted",
        "training",
    ),
}
TOP_FLOOR = ("__main__", "cli")
FLOORS = [*LIGHT_FLOORS.values(), *HEAVY_FLOORS.values(), TOP_FLOOR]
FACADES = {
    "emoscope.inference.annotator": {"emoscope.explain.explanation", "emoscope.frames"},
    "emoscope.inference.ranking": {"emoscope.charts.score_table"},
    "emoscope.taxonomy.taxonomy": {"emoscope.taxonomy.sources"},
}
"""Modules whose methods import what stands above them, when they are called."""


def name_of(path: Path) -> str:
    """`src/emoscope/text/chat.py` → `emoscope.text.chat`."""
    parts = ("emoscope", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def floor_of(module: str) -> int:
    """The number of a module's floor, from the ground up."""
    name = module.removeprefix("emoscope.")
    fitting = [
        (len(prefix), number)
        for number, floor in enumerate(FLOORS)
        for prefix in floor
        if f"{name}.".startswith(f"{prefix}.")
    ]
    assert fitting, f"{module} has no floor; give it one in tests/test_layers.py"
    return max(fitting)[1]


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
    """Modules that a module imports, and names taken from one with it: `a`, `a.name`."""
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
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def imports_of(module: str, everywhere: bool = False) -> set[str]:
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return imports(path.read_text(encoding="utf-8"), package, everywhere)


def own_modules(module: str, everywhere: bool = False) -> set[str]:
    """Modules of emoscope that a module imports."""
    found = imports_of(module, everywhere)
    # `from emoscope.text import chat` takes a module of a package, or a name that a module has.
    taken = {name if name in MODULES else name.rpartition(".")[0] for name in found}
    return (taken & set(MODULES)) - {module, "emoscope"}


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
    assert {"a.b", "c.d", "shown", "e", "f", "g"} <= top
    assert {"emoscope.text.sister", "emoscope.text.sister.one", "emoscope.aunt.two"} <= top
    assert not {"hidden", "lazy"} & top
    assert "lazy" in imports(source, "emoscope.text", everywhere=True)


OWN = [name for name in MODULES if name != "emoscope"]
LIGHT = [name for name in OWN if floor_of(name) < len(LIGHT_FLOORS)]


@pytest.mark.parametrize("module", OWN)
def test_a_module_imports_its_own_floor_and_those_below(module):
    above = {name for name in own_modules(module) if floor_of(name) > floor_of(module)}
    assert not above


@pytest.mark.parametrize("module", [name for name in OWN if not name.startswith("emoscope.cli")])
def test_what_is_imported_later_is_no_higher_either(module):
    """Façades aside; commands import what they need when they run."""
    later = own_modules(module, everywhere=True)
    above = {name for name in later if floor_of(name) > floor_of(module)}
    assert above <= FACADES.get(module, set())


@pytest.mark.parametrize("module", [*LIGHT, "emoscope", "emoscope.__main__"])
def test_the_light_floors_stay_light(module):
    assert not {name.partition(".")[0] for name in imports_of(module)} & HEAVY


@pytest.mark.parametrize("module", [name for name in OWN if name.startswith("emoscope.cli")])
def test_a_command_imports_heavy_things_when_it_runs(module):
    found = imports_of(module)
    assert not {name.partition(".")[0] for name in found} & HEAVY
    light = {*LIGHT, *(name for name in OWN if name.startswith("emoscope.cli"))}
    assert own_modules(module) <= light


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other, directly or through others."""
    left = {module: set(imported) for module, imported in graph.items()}
    while ready := {module for module, imported in left.items() if not imported & set(left)}:
        left = {module: imported for module, imported in left.items() if module not in ready}
    return sorted(left)


def test_a_circle_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circles({"a": {"b"}, "b": {"a"}, "c": set()}) == ["a", "b"]


def test_there_are_no_circles():
    assert circles({module: own_modules(module) for module in OWN}) == []


# What is looked up by name is no import that can be read: each table has its modules.
ENTRIES = list(registry.MODELS.values())
EXPORTED = [entry for entry in ENTRIES if entry.export is not None]
PLACES = [
    *((entry.section, r"models\.\w+\.section") for entry in registry.MODELS.values()),
    *((entry.family, r"models\.\w+\.family") for entry in registry.MODELS.values()),
    *((entry.network, r"models\.\w+\.network") for entry in ENTRIES if entry.network),
    *((entry.train, r"training\.run|models\.\w+\.train") for entry in ENTRIES),
    *((entry.backend, r"inference\.backend|models\.\w+\.backend") for entry in ENTRIES),
    *((entry.export, r"models\.\w+\.export") for entry in EXPORTED),
    *((entry.exported, r"models\.\w+\.load_exported") for entry in EXPORTED),
    *((place, r"models\.\w+\.\w*encoder") for place in registry.ENCODERS.values()),
    *((place, r"corpora\.\w+") for place in registry.CORPORA.values()),
    *((entry.place, r"losses\.\w+") for entry in registry.LOSSES.values()),
]


@pytest.mark.parametrize(("place", "where"), PLACES)
def test_a_registered_name_is_where_it_belongs(place, where):
    module, _, name = place.partition(":")
    assert re.fullmatch(rf"emoscope\.(?:{where})", module)
    assert module in MODULES
    assert getattr(registry.resolve(place), "__name__", None) == name


def test_names_are_looked_up_where_they_may_be():
    """`registry` imports none of them, and light floors resolve encoders, sections and engines."""
    assert own_modules("emoscope.registry", everywhere=True) == {
        "emoscope.errors",
        "emoscope.plugins",
        "emoscope.strict",
    }
    using = {name for name in LIGHT if "emoscope.registry.resolve" in imports_of(name)}
    assert using == {
        "emoscope.encoding.encoder",
        "emoscope.inference.backend",
        "emoscope.inference.session",
        "emoscope.recipes.load",
        "emoscope.recipes.schema",
        "emoscope.text.pipeline",
    }


FILES = [
    path
    for folder in ("src", "tests", "benchmarks")
    for path in (ROOT.parents[1] / folder).rglob("*.py")
]


@pytest.mark.skipif(not FILES, reason="not a checkout")
def test_files_are_of_a_length_that_one_reads():
    long = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


MODEL_NAMES = "|".join(registry.MODELS)


@pytest.mark.parametrize("module", [name for name in OWN if not name.startswith("emoscope.models")])
def test_nothing_but_the_registry_names_a_model(module):
    """A new model is a folder and an entry. The default of recipes is one that is named."""
    named = {
        name
        for name in own_modules(module, everywhere=True)
        if re.match(rf"emoscope\.models\.({MODEL_NAMES})\b", name)
    }
    allowed = {"emoscope.recipes.schema": {"emoscope.models.nelec.section"}}
    assert named <= allowed.get(module, set())


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
    assert min(float(seconds) for seconds, _ in printed) < 0.3


@pytest.mark.parametrize(
    "code",
    [
        "import emoscope.cli.app",
        "import emoscope.jobs.annotate, emoscope.models.nelec.encoder, emoscope.embeddings",
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
