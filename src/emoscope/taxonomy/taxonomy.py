"""A set of labels in a fixed order."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from emoscope.errors import InputError
from emoscope.strict import (
    check_keys,
    check_list,
    check_mapping,
    check_text,
    check_unique,
    short,
    suggestion,
)
from emoscope.taxonomy.checks import checked_parts, checked_translations
from emoscope.taxonomy.label import Label, one_or_many, to_label

if TYPE_CHECKING:
    from emoscope.taxonomy.sources import LabelSet

_REQUIRED_KEYS = ("name", "labels")
_OPTIONAL_KEYS = ("language", "exclusive", "ignored", "translations", "made_of")


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
        made_of: for some labels, the labels of another taxonomy that they are made of, by name; a
            model that knows all of these, and scores each by itself, is asked for them instead.

    Raises:
        InputError: if there is no label, two have the same name, `ignored` or `made_of` has a name
            that is no label, all are ignored, or a translation does not cover exactly the labels.
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
    made_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        check_text(self.name, "a taxonomy's name")
        check_text(self.language, "a taxonomy's language")
        if not isinstance(self.exclusive, bool):
            raise InputError(f"'exclusive' must be true or false, got {short(self.exclusive)}")
        object.__setattr__(self, "labels", tuple(self.labels))
        if not self.labels:
            raise InputError(f"taxonomy {self.name!r} needs at least one label")
        check_unique(self.names, f"taxonomy {self.name!r}", "label")
        object.__setattr__(self, "ignored", check_list(self.ignored, "'ignored'"))
        for name in self.ignored:
            check_text(name, "an ignored label")
            self.index(name)
        check_unique(self.ignored, "'ignored'", "label")
        if len(self.ignored) == len(self.labels):
            raise InputError(
                f"taxonomy {self.name!r} ignores all its labels; at least one must be averaged"
            )
        translations = checked_translations(self.translations, self.names, self.name, self.language)
        object.__setattr__(self, "translations", translations)
        object.__setattr__(self, "made_of", checked_parts(self.made_of, self.names, self.name))

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
        kept = check_list(names, "the names of a subset")
        return replace(
            self,
            labels=tuple(self.labels[self.index(name)] for name in kept),
            ignored=tuple(name for name in self.ignored if name in kept),
            translations={
                language: {name: words[name] for name in kept}
                for language, words in self.translations.items()
            },
            made_of={name: parts for name, parts in self.made_of.items() if name in kept},
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
        made_of = {name: list(parts) for name, parts in self.made_of.items()}
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
            # Left out where there is none, so that what was written before is still the same.
            **({"made_of": made_of} if made_of else {}),
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
        tables = check_mapping(data.get("translations", {}), "'translations'")
        made_of = check_mapping(data.get("made_of", {}), "'made_of'")
        return cls(
            name=data["name"],
            labels=tuple(to_label(item) for item in check_list(data["labels"], "'labels'")),
            language=data.get("language", "en"),
            exclusive=data.get("exclusive", False),
            ignored=check_list(data.get("ignored", ()), "'ignored'"),
            translations={
                language: {
                    name: one_or_many(words)
                    for name, words in check_mapping(table, f"the translation {language!r}").items()
                }
                for language, table in tables.items()
            },
            made_of={name: one_or_many(parts) for name, parts in made_of.items()},
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
        from emoscope.taxonomy.sources import find_taxonomy

        return find_taxonomy(spec)

    @classmethod
    def of(cls, labels: "LabelSet") -> "Taxonomy":
        """The taxonomy of labels as a program has them.

        Args:
            labels: a text or a path, as `load` takes it; a list or tuple of names, each of which is
                a label and its own word, also where it holds a comma or a `|`; a mapping of the
                names to show to the word, or the list of words, of each; or a taxonomy.

        Raises:
            InputError: none of these, no label, one that is no text, or one that comes twice.
        """
        from emoscope.taxonomy.sources import to_taxonomy

        return to_taxonomy(labels)

    @classmethod
    def from_yaml(cls, path: str | Path) -> "Taxonomy":
        """Read a YAML file with a taxonomy or an emotion configuration.

        Raises:
            InputError: if the file cannot be read or used; the message names it.
        """
        from emoscope.taxonomy.sources import read_taxonomy

        return read_taxonomy(Path(path))

    @classmethod
    def from_json(cls, path: str | Path) -> "Taxonomy":
        """Read a JSON file, as `from_yaml` reads a YAML file."""
        return cls.from_yaml(path)

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
