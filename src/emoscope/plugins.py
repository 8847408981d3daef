"""Parts that others bring: from installed packages by entry points, or from a file by `--plugin`.

A package names its parts in the groups `emoscope.corpora`, `emoscope.models` …, and is imported
when one of them is asked for. A file has them in a mapping `PARTS`, and runs only because the user
has named it: nothing that is read, such as a model folder or a recipe, can make it run.
"""

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from emoscope.errors import InputError
from emoscope.strict import check_mapping, short, suggestion

V = TypeVar("V")

PARTS = "PARTS"
"""The name of the mapping in a plug-in file: kind of part → name → part."""
GROUP_PREFIX = "emoscope."
"""Before the kind of part in a group of entry points."""
MODULE_PREFIX = "emoscope_plugin_"
"""Before the name of the module that a plug-in file runs as."""
MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Plugged:
    """A part that a plug-in brings.

    Attributes:
        plugin: the package, or the name of the file.
        load: gives the part; imports the package.
    """

    plugin: str
    load: Callable[[], Any]


class Table(MutableMapping[str, V], Generic[V]):
    """Parts of one kind by name: those of emoscope, and those that plug-ins bring.

    Args:
        kind: the kind, as in `emoscope.corpora`.
        built_in: the parts of emoscope.
        check: makes an entry of a part that a plug-in brings; raises a `TypeError` that says what
            was expected.
    """

    def __init__(
        self, kind: str, built_in: Mapping[str, V], check: Callable[[str, Any], V]
    ) -> None:
        self.kind = kind
        self.reserved = set(built_in)
        self._own = dict(built_in)
        self._check = check
        self.plugged: dict[str, Plugged] = {}
        self._loaded: dict[str, V] = {}
        TABLES[kind] = self

    def get_built_in(self, name: str) -> V | None:
        """The entry of a name without a look at what is installed; None if it is no such name."""
        return self._own.get(name)

    def get_plugin(self, name: str) -> str | None:
        """The package or the file that brings a part; None if emoscope has it itself."""
        if name in self._own:
            return None
        scan_packages()
        return self.plugged[name].plugin if name in self.plugged else None

    def reserve(self, name: str) -> None:
        """Keep a name for a part of emoscope."""
        self.reserved.add(name)
        if name in self.plugged:
            raise self._make_clash(name, self.plugged[name].plugin)

    def check_free(self, name: str, plugin: str) -> None:
        """Raise an `InputError` if a plug-in's name for a part is taken."""
        taken = self.plugged.get(name)
        if name in self.reserved or name in self._own or (taken and taken.plugin != plugin):
            raise self._make_clash(name, plugin)

    def check(self, name: str, part: Any, plugin: str) -> V:
        """The entry of a part that a plug-in brings.

        Raises:
            InputError: it is of the wrong type.
        """
        try:
            return self._check(name, part)
        except TypeError as error:
            raise InputError(
                f"The plug-in {plugin} has {short(part)} as {name!r} of the kind {self.kind}: "
                f"expected {error}. Correct it there, or remove the plug-in."
            ) from None

    def plug(self, name: str, part: Plugged) -> None:
        """Add a part of a plug-in."""
        self.check_free(name, part.plugin)
        self.plugged[name] = part
        self._loaded.pop(name, None)

    def unplug(self) -> None:
        """Forget the parts of all plug-ins."""
        self.plugged.clear()
        self._loaded.clear()

    def _make_clash(self, name: str, plugin: str) -> InputError:
        taken = self.plugged.get(name)
        whose = "emoscope's own" if taken is None or taken.plugin == plugin else taken.plugin + "'s"
        return InputError(
            f"The plug-in {plugin} has a part of the kind {self.kind} named {name!r}, which is "
            f"{whose} name. Give it another one there, or remove the plug-in."
        )

    def __getitem__(self, name: str) -> V:
        scan_packages()
        if name in self._own:
            return self._own[name]
        if name not in self._loaded:
            part = self.plugged[name]
            self._loaded[name] = self.check(name, part.load(), part.plugin)
        return self._loaded[name]

    def __setitem__(self, name: str, entry: V) -> None:
        self._own[name] = entry

    def __delitem__(self, name: str) -> None:
        if name in self._own:
            del self._own[name]
        else:
            del self.plugged[name]

    def __contains__(self, name: object) -> bool:
        scan_packages()
        return name in self._own or name in self.plugged

    def __iter__(self) -> Iterator[str]:
        scan_packages()
        return iter([*self._own, *self.plugged])

    def __len__(self) -> int:
        scan_packages()
        return len(self._own) + len(self.plugged)


TABLES: dict[str, Table[Any]] = {}
"""Every table by its kind."""
_FILES: dict[str, Path] = {}


@cache
def scan_packages() -> None:
    """Find the parts of installed packages, once; none of them is imported.

    Raises:
        InputError: a package takes a name that is taken, or has parts of an unknown kind.
    """
    from importlib.metadata import entry_points

    found = entry_points()
    for group in found.groups:
        if not group.startswith(GROUP_PREFIX):
            continue
        for point in found.select(group=group):
            plugin = point.dist.name if point.dist is not None else point.value
            table = find_table(group.removeprefix(GROUP_PREFIX), plugin)
            table.plug(point.name, Plugged(plugin, make_loader(plugin, point)))


def find_table(kind: str, plugin: str) -> Table[Any]:
    """The table of a kind of part.

    Raises:
        InputError: there is no such kind.
    """
    if kind not in TABLES:
        raise InputError(
            f"The plug-in {plugin} has parts of an unknown kind {kind!r}; "
            f"{suggestion(kind, tuple(TABLES))}"
        )
    return TABLES[kind]


def make_loader(plugin: str, point: Any) -> Callable[[], Any]:
    """What imports the part of a package, with errors that name the package."""

    def load() -> Any:
        try:
            return point.load()
        except Exception as error:
            raise InputError(
                f"The package {plugin} brings {point.name!r} (group {point.group}), but "
                f"{point.value} cannot be imported: {type(error).__name__}: {error}. Mend the "
                f"package, or remove it: pip uninstall {plugin}"
            ) from error

    return load


def load_plugin(path: str | Path) -> None:
    """Run a file of parts and add them; once for each file.

    Args:
        path: of a Python file with a mapping `PARTS` of kinds of parts to names to parts, such as
            `PARTS = {"corpora": {"diary": load}}`; it may also register cleaning steps.

    Raises:
        InputError: no such file, one that fails, or parts that cannot be added.
    """
    file = Path(path)
    if file.suffix != ".py" or not file.is_file():
        raise InputError(f"No plug-in {file}: expected a Python file such as my_parts.py.")
    file = file.resolve()
    if _FILES.get(file.name) == file:
        return
    if file.name in _FILES:
        raise InputError(
            f"Two plug-ins are named {file.name}: {_FILES[file.name]} and {file}. A model folder "
            "knows its plug-in by the name of the file; rename one."
        )
    content = file.read_bytes()
    if len(content) > MAX_BYTES:
        raise InputError(f"{file}: a plug-in of over {MAX_BYTES:,} bytes is not read.")
    parts = list(read_parts(run_file(file, content), file.name))
    for table, name, part in parts:
        table.check_free(name, file.name)
        table.check(name, part, file.name)
    for table, name, part in parts:
        table.plug(name, Plugged(file.name, partial(get_part, part)))
    _FILES[file.name] = file


def load_plugins(paths: Iterable[str | Path]) -> None:
    """Run several files of parts, see `load_plugin`."""
    for path in paths:
        load_plugin(path)


def get_part(part: Any) -> Any:
    """A part that is there already."""
    return part


def run_file(file: Path, content: bytes) -> ModuleType:
    """Run a plug-in as a module of its own.

    Raises:
        InputError: it fails.
    """
    module = ModuleType(MODULE_PREFIX + file.stem)
    module.__file__ = str(file)
    sys.modules[module.__name__] = module
    try:
        exec(compile(content, str(file), "exec"), module.__dict__)  # noqa: S102 - the user asked
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"The plug-in {file} fails when it is run: {type(error).__name__}: {error}."
        ) from error
    return module


def read_parts(module: ModuleType, plugin: str) -> Iterator[tuple[Table[Any], str, Any]]:
    """The parts that a plug-in file lists, each with its table and name.

    Raises:
        InputError: there is no such mapping, or it has parts of an unknown kind.
    """
    steps = TABLES["steps"].plugged.values()
    if not hasattr(module, PARTS) and any(step.plugin == plugin for step in steps):
        return
    if not hasattr(module, PARTS):
        raise InputError(
            f"The plug-in {plugin} has no {PARTS}: expected a mapping of kinds of parts to names "
            f'to parts, such as {PARTS} = {{"corpora": {{"diary": load}}}}; the kinds are '
            f"{', '.join(TABLES)}."
        )
    kinds = check_mapping(getattr(module, PARTS), f"{PARTS} of the plug-in {plugin}")
    for kind, named in kinds.items():
        table = find_table(str(kind), plugin)
        for name, part in check_mapping(named, f"{PARTS}[{kind!r}] of {plugin}").items():
            yield table, str(name), part


def list_plugin_files() -> tuple[Path, ...]:
    """The files of parts that were loaded, for other processes to load."""
    return tuple(_FILES.values())


def hash_plugins() -> dict[str, str]:
    """The SHA-256 of each plug-in file that was loaded, by its name."""
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in _FILES.items()}


def check_plugins(names: Iterable[str], what: str) -> None:
    """Check that plug-ins are there.

    Args:
        names: files, which end in `.py`, and packages.
        what: needs them, for the message.

    Raises:
        InputError: one is not; the message says how to bring it.
    """
    for name in names:
        if name.endswith(".py"):
            if name not in _FILES:
                raise InputError(
                    f"{what} needs the plug-in {name}, a file of Python that was not named. If you "
                    f"have that file and trust it: --plugin PATH/TO/{name} (in Python: "
                    "emoscope.registry.load_plugin)."
                )
        elif name not in _find_packages():
            raise InputError(
                f"{what} needs the package {name}, which is not installed here. If you trust it, "
                f"install it, for example: pip install {name}"
            )


def _find_packages() -> set[str]:
    """The packages that bring parts."""
    scan_packages()
    plugged = (part for table in TABLES.values() for part in table.plugged.values())
    return {part.plugin for part in plugged}


def forget_plugins() -> None:
    """Forget the parts of all plug-ins; packages are looked for again."""
    for table in TABLES.values():
        table.unplug()
    _FILES.clear()
    scan_packages.cache_clear()
