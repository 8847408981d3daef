"""The suffix of a picture says its format, for everything that writes one."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from emoscope.charts.plotting import save
from emoscope.charts.suffix import find_picture_format, make_picture_path
from emoscope.errors import InputError

STARTS = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf", "a.b.PNG", "A.Pdf"])
def test_a_figure_is_what_its_suffix_says(tmp_path, name):
    save(Figure(figsize=(1, 1)), tmp_path / "new" / name)
    written = (tmp_path / "new" / name).read_bytes()
    assert written.startswith(STARTS[Path(name).suffix[1:].lower()])


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_the_same_figure_gives_the_same_bytes(tmp_path, suffix):
    for name in ("a", "b"):
        figure = Figure(figsize=(2, 2))
        figure.subplots().plot([1, 2], marker="o", label="joy")
        save(figure, make_picture_path(tmp_path, name, suffix))
    one, other = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("a", "b"))
    assert one == other


@pytest.mark.parametrize("name", ["a", "a.jpg", "a.png.gz", ".png", "a.html"])
def test_other_suffixes_are_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(InputError, match=r"\.png, \.svg, \.pdf"):
        save(Figure(figsize=(1, 1)), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_is_refused_and_further_suffixes_may_be_allowed(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(InputError, match="it is a folder"):
        find_picture_format(tmp_path / "a.png")
    assert find_picture_format(Path("a.html"), (".html",)) == "html"
