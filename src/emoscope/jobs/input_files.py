"""The files of a folder or a pattern, and the part of the output that each becomes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from emoscope.errors import InputError
from emoscope.jobs.source import Source
from emoscope.reading.rows import find_format

_MAGIC = "*?["


class File(NamedTuple):
    """A file to annotate.

    Attributes:
        path: the absolute path.
        part: the path of its part in the output folder: `day=1/a.csv` → `day=1/a.csv.parquet`.
    """

    path: Path
    part: Path


def is_pattern_or_folder(name: str) -> bool:
    """Whether an input may be several files: a folder, or a pattern that no file is called."""
    path = Path(name)
    return path.is_dir() or (not path.exists() and any(sign in name for sign in _MAGIC))


def make_parquet_part(path: Path) -> Path:
    """`a.csv` → `a.csv.parquet`; Parquet keeps its name."""
    return path if path.suffix == ".parquet" else path.with_name(f"{path.name}.parquet")


def find_input_files(
    source: Source, output: Path, make_part: Callable[[Path], Path] = make_parquet_part
) -> list[File]:
    """The files that a source names, the largest first, so that none is left for the end.

    Of a folder these are all that have a suffix of a known format, or all if the source says which
    format they have. Names that begin with `.` or `_` are passed over, as everywhere in data sets,
    and so is what lies in the output.

    Args:
        source: its `file` is a folder, a file, or a pattern such as `day=*/*.csv`.
        output: the folder that is written.
        make_part: what a file becomes, as paths in their folders.

    Raises:
        InputError: there are none, the output is the folder that is read or holds it, or two files
            would become one part.
    """
    named = Path(str(source.file)).resolve()
    folder, paths = _match_files(named)
    if folder.is_relative_to(output):
        raise InputError(f"{output} holds what is read. Name another output.")
    found = {
        path: make_part(path.relative_to(folder))
        for path in paths
        if path.is_file()
        and not path.is_relative_to(output)
        and not any(name.startswith((".", "_")) for name in path.relative_to(folder).parts)
        and (not named.is_dir() or _has_known_format(path, source))
    }
    if not found:
        raise InputError(f"{source.name}: expected files to annotate, got none. Check the path.")
    files: dict[Path, Path] = {}
    for path, part in found.items():
        if part in files:
            raise InputError(f"{path} and {files[part]} would become one part. Rename one of them.")
        files[part] = path
    ordered = sorted(files.items(), key=lambda item: (-item[1].stat().st_size, item[1]))
    return [File(path, part) for part, path in ordered]


def _match_files(named: Path) -> tuple[Path, Iterator[Path]]:
    """The folder that parts are named from, and what lies in it."""
    if named.is_dir():
        return named, named.rglob("*")
    if named.exists():
        return named.parent, iter([named])
    parts = named.parts
    magic = [place for place, name in enumerate(parts) if any(sign in name for sign in _MAGIC)]
    if not magic:
        return named.parent, iter([])
    folder = Path(*parts[: magic[0]])
    return folder, folder.glob(str(Path(*parts[magic[0] :])))


def _has_known_format(path: Path, source: Source) -> bool:
    try:
        find_format(path, source.format)
    except InputError:
        return False
    return True
