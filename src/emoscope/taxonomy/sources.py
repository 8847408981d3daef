"""Where a taxonomy comes from: a built-in name, a file, a list of labels, a value of Python."""

import os
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emoscope.errors import InputError, explain_os_error
from emoscope.strict import check_mapping, check_text, check_unique, parse, suggestion
from emoscope.taxonomy.label import Label, one_or_many
from emoscope.taxonomy.taxonomy import Taxonomy

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

MAX_FILE_BYTES = 1_000_000
FILE_SUFFIXES = (".yaml", ".yml", ".json")
_MISSPELT = 0.76
LabelSet = str | Path | Sequence[str] | Mapping[str, str | Sequence[str]] | Taxonomy
"""What labels can be asked for as: a text or a path as `Taxonomy.load` takes it, a list with a
label in each place, names to show with the word or the words of each, or a taxonomy."""


def builtin_taxonomies() -> tuple[str, ...]:
    """Names of the built-in taxonomies, sorted."""
    files = (Path(item.name) for item in _builtin_folder().iterdir())
    return tuple(sorted(file.stem for file in files if file.suffix == ".yaml"))


def find_taxonomy(spec: str | Path) -> Taxonomy:
    """A taxonomy by name, by file or by list of labels; see `Taxonomy.load`."""
    if isinstance(spec, Path) or spec.lower().endswith(FILE_SUFFIXES):
        return read_taxonomy(Path(spec))
    if "," in spec or "|" in spec:
        return Taxonomy.parse_labels(spec)
    name, colon, language = spec.partition(":")
    if name not in builtin_taxonomies():
        meant = _meant(spec)
        if meant is None:
            return Taxonomy.parse_labels(spec)
        raise InputError(
            f"no taxonomy {name!r}; {meant} Expected a built-in name, a "
            f"{', '.join(FILE_SUFFIXES)} file, or labels separated by commas; a comma after a "
            "single one makes it a label"
        )
    taxonomy = _builtin(name)
    return taxonomy.translated(language) if colon else taxonomy


def read_taxonomy(path: Path) -> Taxonomy:
    """The taxonomy or the emotion configuration in a file; see `Taxonomy.from_yaml`."""
    suffix = path.suffix.lower()
    if suffix not in FILE_SUFFIXES:
        raise InputError(f"{path}: expected a file ending in {', '.join(FILE_SUFFIXES)}")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise InputError(f"larger than {MAX_FILE_BYTES} bytes, which no taxonomy needs")
        data = check_mapping(parse(content.decode("utf-8-sig"), suffix), "a taxonomy file")
        # Only a taxonomy has "labels"; any other mapping is an emotion configuration.
        return Taxonomy.from_dict(data) if "labels" in data else from_words(data, path.stem)
    except OSError as error:
        raise explain_os_error(error, "read the taxonomy", path) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except (ValueError, InputError) as error:
        raise InputError(f"{path}: {error}") from error


def to_taxonomy(labels: LabelSet) -> Taxonomy:
    """Labels, as Python has them, as a taxonomy; see `Taxonomy.of`."""
    if isinstance(labels, Taxonomy):
        return labels
    if isinstance(labels, str | Path):
        return find_taxonomy(labels)
    if isinstance(labels, Mapping):
        _check_some(labels)
        return from_words(labels)
    if not isinstance(labels, list | tuple):
        raise InputError(
            "Expected labels as a list of names, a mapping of names to words, a text such as "
            f"'pride, anger|rage', or a Taxonomy; got {type(labels).__name__}. Of other "
            "collections pass list(labels)."
        )
    _check_some(labels)
    for place, name in enumerate(labels, start=1):
        check_text(name, f"label {place} of the list")
    check_unique(labels, "the list of labels", "label")
    return Taxonomy("custom", tuple(Label(name, (name,)) for name in labels))


def from_words(words: Mapping[str, Any], name: str = "custom") -> Taxonomy:
    """The taxonomy of an emotion configuration: names to show, each with its word or words."""
    labels = tuple(Label(key, one_or_many(value)) for key, value in words.items())
    return Taxonomy(name, labels)


def _check_some(labels: Sequence[str] | Mapping[str, Any]) -> None:
    if not labels:
        raise InputError("Expected at least one label, got none. Leave `labels` out for all.")


def _meant(spec: str) -> str | None:
    """What a word that is no taxonomy may have been meant to be; None if it is rather a label."""
    if ";" in spec.strip(";"):
        parts = ", ".join(part.strip() for part in spec.split(";") if part.strip())
        return f"did you mean {parts!r}?"
    names = [spec + suffix for suffix in ("", *FILE_SUFFIXES)]
    # Path.exists raises an error of a name that is too long for a file.
    files = [name for name in names if os.path.exists(name)]  # noqa: PTH110
    if files:
        return f"there is a file {files[0]}."
    name = spec.partition(":")[0].lower()
    likely = any(_misspelt(name, known) for known in builtin_taxonomies())
    if likely and any(name in _builtin(known).names for known in builtin_taxonomies()):
        return None
    return suggestion(name, builtin_taxonomies()) if likely or set(spec) & set("/\\:.") else None


def _misspelt(name: str, known: str) -> bool:
    """Whether a word is rather a slip than a label: "resentment" is no misspelt "sentiment"."""
    if not get_close_matches(name, (known,), cutoff=_MISSPELT):
        return False
    same = sum(block.size for block in SequenceMatcher(None, name, known).get_matching_blocks())
    return name in known or len(name) + len(known) - 2 * same <= 2


def _builtin_folder() -> "Traversable":
    from importlib.resources import files

    return files("emoscope") / "taxonomies"


@cache
def _builtin(name: str) -> Taxonomy:
    text = (_builtin_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    return Taxonomy.from_dict(parse(text, ".yaml"))
