"""What `import emoscope` offers."""

import subprocess
import sys
import types
from importlib.metadata import version

import pytest

import emoscope


@pytest.mark.parametrize("name", emoscope.__all__)
def test_each_public_name_is_there(name):
    assert getattr(emoscope, name) is not None


def test_there_are_no_others():
    assert len(set(emoscope.__all__)) == len(emoscope.__all__)
    others = [
        name
        for name in dir(emoscope)
        if not name.startswith("_")
        and name not in emoscope.__all__
        and not isinstance(getattr(emoscope, name), types.ModuleType)
    ]
    assert others == []


def test_all_of_them_can_be_imported_at_once():
    code = "from emoscope import *; import emoscope; assert set(emoscope.__all__) <= set(dir())"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        emoscope.nothing_of_the_kind  # noqa: B018


def test_the_version_is_the_distributions():
    assert emoscope.__version__ == version("emoscope")


def test_it_is_typed():
    from importlib.resources import files

    assert (files("emoscope") / "py.typed").is_file()
