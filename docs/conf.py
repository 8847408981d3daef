"""How the documentation is built: `sphinx-build -W docs FOLDER`."""

import re
from typing import Any

from emoscope import __version__

project = "emoscope"
author = "The emoscope developers"
copyright = author  # noqa: A001 - the name that Sphinx reads
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"emoscope {__version__}"

# Straight quotes stay straight: many of them are input or output of a program.
smartquotes = False
myst_heading_anchors = 3

# Docstrings write code between single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# Fields of dataclasses are described once, under "Attributes".
napoleon_use_ivar = True


def escape_bars(
    _app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]
) -> None:
    """Keep the bars of |a ∩ b| in a docstring from being read as a substitution."""
    for number, line in enumerate(lines):
        parts = re.split(r"(`[^`]*`)", line)
        lines[number] = "".join(
            part if part.startswith("`") else part.replace("|", r"\|") for part in parts
        )


def setup(app: Any) -> None:
    """Connect what changes docstrings."""
    app.connect("autodoc-process-docstring", escape_bars)
