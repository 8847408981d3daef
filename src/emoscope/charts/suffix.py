"""The one rule for files of pictures: the suffix says the format, and an unknown one is refused."""

from pathlib import Path
from typing import Final, Literal

from emoscope.errors import InputError

PictureFormat = Literal["png", "svg", "pdf"]
FORMATS: Final[dict[str, PictureFormat]] = {".png": "png", ".svg": "svg", ".pdf": "pdf"}


def make_picture_path(folder: Path, name: str, picture_format: PictureFormat = "png") -> Path:
    """The file of one of several pictures in a folder, all of one format.

    Args:
        folder: the folder.
        name: of the picture.
        picture_format: of all of them.
    """
    return folder / f"{name}.{picture_format}"


def find_picture_format(path: Path, more: tuple[str, ...] = ()) -> str:
    """The format of a picture, by its suffix in any case, before any work is done for it.

    Args:
        path: the file.
        more: further suffixes that are taken, such as `.html`.

    Raises:
        InputError: the suffix is of no known format, or the path is a folder.
    """
    known = (*more, *FORMATS)
    if path.suffix.lower() not in known:
        raise InputError(f"{path}: expected a file for pictures that ends in {', '.join(known)}.")
    if path.is_dir():
        raise InputError(f"Cannot write to {path}: it is a folder. Name a file.")
    return path.suffix.lower()[1:]
