"""Install a package of parts without pip: its metadata beside it, both on the path."""

import importlib
import sys
import tomllib
from pathlib import Path

from emoscope.plugins import forget_plugins


def install(project: Path) -> None:
    """What `pip install -e` does for finding entry points; `uninstall` takes it back."""
    facts = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = project / f"{facts['name'].replace('-', '_')}-{facts['version']}.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {facts['name']}\nVersion: {facts['version']}\n"
    )
    groups = [
        "\n".join([f"[{group}]", *(f"{name} = {place}" for name, place in points.items())])
        for group, points in facts["entry-points"].items()
    ]
    (folder / "entry_points.txt").write_text("\n".join(groups) + "\n")
    sys.path.insert(0, str(project.resolve()))
    importlib.invalidate_caches()
    forget_plugins()


def uninstall(root: Path) -> None:
    """Take what lies in a folder off the path, and forget what it has brought."""
    inside = str(root.resolve())
    sys.path[:] = [entry for entry in sys.path if not entry.startswith(inside)]
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(inside):
            del sys.modules[name]
    importlib.invalidate_caches()
    forget_plugins()
