"""Recognise emotion in text with any set of labels: train, evaluate, transfer, annotate, serve."""

import importlib
from typing import TYPE_CHECKING, Any

from emoscope._version import __version__

if TYPE_CHECKING:
    from emoscope.explain.explanation import Explanation
    from emoscope.inference.annotator import Annotator, Score, load
    from emoscope.taxonomy import Label, Taxonomy

__all__ = ["Annotator", "Explanation", "Label", "Score", "Taxonomy", "__version__", "load"]

# Imported when first asked for, so that `import emoscope` costs next to nothing.
_HOMES = {
    "Annotator": "emoscope.inference.annotator",
    "Explanation": "emoscope.explain.explanation",
    "Label": "emoscope.taxonomy",
    "Score": "emoscope.inference.annotator",
    "Taxonomy": "emoscope.taxonomy",
    "load": "emoscope.inference.annotator",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
