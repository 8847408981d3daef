"""Sets of labels: what they are called, which words describe them, in which languages.

A taxonomy is data. Built-in ones are YAML files in `taxonomies/`; a user's own comes from a YAML
or JSON file, from an emotion configuration (name to show → word or list of words) or from a plain
comma-separated list. This module belongs to the light floor: it needs PyYAML and nothing else.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from emoscope.errors import InputError
from emoscope.strict import (
    check_keys,
    check_text,
    check_unique,
    mapping,
    parse,
    sequence,
    short,
    suggestion,
)

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


__all__ = ["Label", "Taxonomy", "builtin_taxonomies"]

MAX_FILE_BYTES = 1_000_000
FILE_SUFFIXES = (".yaml", ".yml", ".json")
_MISSPELT = 0.76
_REQUIRED_KEYS = ("name", "labels")
_OPTIONAL_KEYS = ("language", "exclusive", "ignored", "translations")


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a taxonomy.

    Attributes:
        name: what the label is called in data, scores and metrics.
        words: the words that describe it to a model; several make a cluster.

    Raises:
        InputError: if the name or a word is empty, has space around it or holds control
            characters, if there is no word, or if a word comes twice.
    """

    name: str
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        check_text(self.name, "a label's name")
        object.__setattr__(self, "words", _words(self.words, f"label {self.name!r}"))


@dataclass(frozen=True)
class Taxonomy:
    """An ordered, immutable set of labels.

    The order of `labels` is the order of every `(..., K)` axis of labels in this package.

    Attributes:
        name: name of the taxonomy.
        labels: the K labels.
        language: language of the labels' words, as a code such as `en`.
        exclusive: whether a text has exactly one label.
        ignored: names of labels that are predicted but left out of averaged metrics.
        translations: for each further language, the words of every label.

    Raises:
        InputError: if there is no label, two have the same name, `ignored` has a name that is no
            label or covers all labels, or a translation does not cover exactly the labels.
    """

    name: str
    labels: tuple[Label, ...]
    language: str = "en"
    exclusive: bool = False
    ignored: tuple[str, ...] = ()
    # Left out of the hash because a mapping has none; equality still compares it.
    translations: Mapping[str, Mapping[str, tuple[str, ...]]] = field(
        default_factory=dict, hash=False
    )

    def __post_init__(self) -> None:
        check_text(self.name, "a taxonomy's name")
        check_text(self.language, "a taxonomy's language")
        if not isinstance(self.exclusive, bool):
            raise InputError(f"'exclusive' must be true or false, got {short(self.exclusive)}")
        object.__setattr__(self, "labels", tuple(self.labels))
        if not self.labels:
            raise InputError(f"taxonomy {self.name!r} needs at least one label")
        check_unique(self.names, f"taxonomy {self.name!r}", "label")
        object.__setattr__(self, "ignored", sequence(self.ignored, "'ignored'"))
        for name in self.ignored:
            check_text(name, "an ignored label")
            self.index(name)
        check_unique(self.ignored, "'ignored'", "label")
        if len(self.ignored) == len(self.labels):
            raise InputError(
                f"taxonomy {self.name!r} ignores all its labels; at least one must be averaged"
            )
        object.__setattr__(self, "translations", self._checked_translations())

    def __reduce__(self) -> tuple[Any, ...]:
        # Worker processes pickle their arguments, and a read-only mapping does not pickle.
        return Taxonomy.from_dict, (self.to_dict(),)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The K names, in order."""
        return tuple(label.name for label in self.labels)

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that the labels have words in, this taxonomy's own first."""
        return (self.language, *self.translations)

    @property
    def averaged(self) -> tuple[int, ...]:
        """Indices of the labels that count in averaged metrics, i.e. are not ignored."""
        return tuple(i for i, name in enumerate(self.names) if name not in self.ignored)

    def index(self, name: str) -> int:
        """Position of a label.

        Raises:
            InputError: if there is no such label; the message names close ones.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise InputError(
                f"taxonomy {self.name!r} has no label {name!r}; {suggestion(name, self.names)}"
            ) from None

    def subset(self, names: Iterable[str]) -> Self:
        """The taxonomy with these labels only, in the order given.

        Raises:
            InputError: if a name is unknown or comes twice, or if no averaged label is left.
        """
        kept = sequence(names, "the names of a subset")
        return replace(
            self,
            labels=tuple(self.labels[self.index(name)] for name in kept),
            ignored=tuple(name for name in self.ignored if name in kept),
            translations={
                language: {name: words[name] for name in kept}
                for language, words in self.translations.items()
            },
        )

    def without(self, *names: str) -> Self:
        """The taxonomy less these labels, order kept.

        Raises:
            InputError: if a name is unknown, or if no averaged label is left.
        """
        dropped = {self.index(name) for name in names}
        return self.subset(name for i, name in enumerate(self.names) if i not in dropped)

    def translated(self, language: str) -> Self:
        """The same labels with their words in another language.

        The present words become a translation, so that translating back loses nothing.

        Raises:
            InputError: if there are no words in that language; the message lists the languages.
        """
        if language == self.language:
            return self
        if language not in self.translations:
            raise InputError(
                f"taxonomy {self.name!r} has no words in {language!r}; "
                f"available: {', '.join(self.languages)}"
            )
        words = self.translations[language]
        others = {code: table for code, table in self.translations.items() if code != language}
        return replace(
            self,
            language=language,
            labels=tuple(Label(name, words[name]) for name in self.names),
            translations={self.language: {x.name: x.words for x in self.labels}, **others},
        )

    def to_dict(self) -> dict[str, Any]:
        """The taxonomy as plain lists, dicts and strings, ready for JSON or YAML."""
        return {
            "name": self.name,
            "language": self.language,
            "exclusive": self.exclusive,
            "ignored": list(self.ignored),
            "labels": [{"name": x.name, "words": list(x.words)} for x in self.labels],
            "translations": {
                language: {name: list(table[name]) for name in self.names}
                for language, table in self.translations.items()
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build a taxonomy from what `to_dict` gives.

        A label may also be just its name (its own only word), and a single word may stand for a
        list of one.

        Raises:
            InputError: on a missing or unknown key, a wrong type, or an invalid taxonomy.
        """
        check_keys(data, _REQUIRED_KEYS, _OPTIONAL_KEYS, "a taxonomy")
        tables = mapping(data.get("translations", {}), "'translations'")
        return cls(
            name=data["name"],
            labels=tuple(_label(item) for item in sequence(data["labels"], "'labels'")),
            language=data.get("language", "en"),
            exclusive=data.get("exclusive", False),
            ignored=sequence(data.get("ignored", ()), "'ignored'"),
            translations={
                language: {
                    name: _one_or_many(words)
                    for name, words in mapping(table, f"the translation {language!r}").items()
                }
                for language, table in tables.items()
            },
        )

    @classmethod
    def parse_labels(cls, text: str, name: str = "custom", language: str = "en") -> Self:
        """Read labels separated by commas, the words of a cluster separated by `|`.

        A cluster is called by its first word: `"pride, anger|rage"` has names `pride`, `anger`. The
        last comma may have nothing after it: `"pride,"` is one label.

        Raises:
            InputError: if a label or word is empty or a name comes twice.
        """
        labels = []
        for part in text.strip().removesuffix(",").split(","):
            words = tuple(word.strip() for word in part.split("|"))
            if not all(words):
                raise InputError(
                    f"expected labels like 'pride, anger|rage', got {short(text)}: "
                    f"a label or word is empty"
                )
            labels.append(Label(words[0], words))
        return cls(name=name, labels=tuple(labels), language=language)

    @classmethod
    def load(cls, spec: str | Path) -> "Taxonomy":
        """Find a taxonomy by name, by file or by list of labels.

        Args:
            spec: a built-in name (`semeval2018`), with a language (`semeval2018:es`), a `.yaml`,
                `.yml` or `.json` file with a taxonomy or an emotion configuration, or a list of
                labels (`pride, anger|rage`). Of a list without comma or `|`, which is one label,
                a word that looks like a built-in name or a file is refused, as it may be one that
                was misspelt; with a comma after it, it is a label whatever it looks like.

        Raises:
            InputError: if nothing of the kind exists or it is invalid; the message says which.
        """
        if isinstance(spec, Path) or spec.lower().endswith(FILE_SUFFIXES):
            return _from_file(Path(spec))
        if "," in spec or "|" in spec:
            return cls.parse_labels(spec)
        name, colon, language = spec.partition(":")
        if name not in builtin_taxonomies():
            meant = _meant(spec)
            if meant is None:
                return cls.parse_labels(spec)
            raise InputError(
                f"no taxonomy {name!r}; {meant} Expected a built-in name, a "
                f"{', '.join(FILE_SUFFIXES)} file, or labels separated by commas; a comma after a "
                "single one makes it a label"
            )
        taxonomy = _builtin(name)
        return taxonomy.translated(language) if colon else taxonomy

    @classmethod
    def from_yaml(cls, path: str | Path) -> "Taxonomy":
        """Read a YAML file with a taxonomy or an emotion configuration.

        Raises:
            InputError: if the file cannot be read or used; the message names it.
        """
        return _from_file(Path(path))

    @classmethod
    def from_json(cls, path: str | Path) -> "Taxonomy":
        """Read a JSON file, as `from_yaml` reads a YAML file."""
        return _from_file(Path(path))

    def to_yaml(self, path: str | Path) -> None:
        """Write a YAML file that `from_yaml` reads back to an equal taxonomy."""
        import yaml

        text = yaml.safe_dump(
            self.to_dict(), allow_unicode=True, sort_keys=False, default_flow_style=None
        )
        Path(path).write_text(text, encoding="utf-8", newline="\n")

    def to_json(self, path: str | Path) -> None:
        """Write a JSON file that `from_json` reads back to an equal taxonomy."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=2)
        Path(path).write_text(text + "\n", encoding="utf-8", newline="\n")

    def _checked_translations(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Translations in the order of the labels, read-only."""
        checked = {}
        for language, table in self.translations.items():
            check_text(language, "a translation's language")
            what = f"the translation {language!r} of taxonomy {self.name!r}"
            if language == self.language:
                raise InputError(f"{what} repeats the language of the labels themselves")
            if unlike := set(table) ^ set(self.names):
                raise InputError(
                    f"{what} must have words for exactly the labels; "
                    f"missing or too many: {', '.join(sorted(map(str, unlike)))}"
                )
            words = {name: _words(table[name], f"{what}, label {name!r}") for name in self.names}
            checked[language] = MappingProxyType(words)
        return MappingProxyType(checked)


def builtin_taxonomies() -> tuple[str, ...]:
    """Names of the built-in taxonomies, sorted."""
    files = (Path(item.name) for item in _builtin_folder().iterdir())
    return tuple(sorted(file.stem for file in files if file.suffix == ".yaml"))


def _meant(spec: str) -> str | None:
    """What a word that is no taxonomy may have been meant to be; None if it is rather a label."""
    names = [spec + suffix for suffix in ("", *FILE_SUFFIXES)]
    # Path.exists raises an error of a name that is too long for a file.
    files = [name for name in names if os.path.exists(name)]  # noqa: PTH110
    if files:
        return f"there is a file {files[0]}."
    name = spec.partition(":")[0].lower()
    # Short names are not far from any word: "excited" is no misspelt "xed".
    close = get_close_matches(name, builtin_taxonomies(), n=1, cutoff=_MISSPELT)
    return suggestion(name, builtin_taxonomies()) if close or set(spec) & set("/\\:.") else None


def _builtin_folder() -> "Traversable":
    from importlib.resources import files

    return files("emoscope") / "taxonomies"


@cache
def _builtin(name: str) -> Taxonomy:
    text = (_builtin_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    return Taxonomy.from_dict(parse(text, ".yaml"))


def _from_file(path: Path) -> Taxonomy:
    suffix = path.suffix.lower()
    if suffix not in FILE_SUFFIXES:
        raise InputError(f"{path}: expected a file ending in {', '.join(FILE_SUFFIXES)}")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise InputError(f"larger than {MAX_FILE_BYTES} bytes, which no taxonomy needs")
        data = mapping(parse(content.decode("utf-8-sig"), suffix), "a taxonomy file")
        # Only a taxonomy has "labels"; any other mapping is an emotion configuration.
        if "labels" in data:
            return Taxonomy.from_dict(data)
        labels = tuple(Label(key, _one_or_many(words)) for key, words in data.items())
        return Taxonomy(name=path.stem, labels=labels)
    except OSError as error:
        raise InputError(f"{path}: cannot read the taxonomy: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except (ValueError, InputError) as error:
        raise InputError(f"{path}: {error}") from error


def _label(item: Any) -> Label:
    if isinstance(item, Mapping):
        check_keys(item, ("name", "words"), (), "a label")
        return Label(item["name"], _one_or_many(item["words"]))
    return Label(item, (item,))


def _one_or_many(words: Any) -> Any:
    return (words,) if isinstance(words, str) else words


def _words(words: Any, what: str) -> tuple[str, ...]:
    checked = sequence(words, f"the words of {what}")
    if not checked:
        raise InputError(f"{what} needs at least one word")
    for word in checked:
        check_text(word, f"a word of {what}")
    check_unique(checked, what, "word")
    return checked
