"""Texts of this project's own that ship with the package, from which corpora are made."""

from importlib.resources import files

__all__ = ["read_shipped"]


def read_shipped(name: str) -> str:
    """The text of a file of the folder `data`, such as `"emoji.yaml"`."""
    return (files("emoscope") / "corpora" / "data" / name).read_text(encoding="utf-8")
