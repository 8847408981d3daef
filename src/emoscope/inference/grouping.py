"""Labels that are groups of the labels that a model was trained on.

If labels are independent, the score of `joy` does not depend on the other labels. So a group of
known labels is not scored itself: its probability follows from those of its parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emoscope.calibration import group_probability
from emoscope.calibration.functions import Floats
from emoscope.taxonomy import Label, Taxonomy, builtin_taxonomies


class Known:
    """The labels that a model was trained on, found by what they are called, in any case.

    Args:
        taxonomy: these labels.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self._places = {name: place for place, name in enumerate(taxonomy.names)}
        self._clusters = {}
        for place, label in enumerate(taxonomy.labels):
            self._clusters[frozenset(label.words)] = place
            if len(label.words) == 1:
                self._places.setdefault(label.words[0], place)
        # What stands in another case is looked for last, and only if it can be one label alone.
        folded: dict[str, set[int]] = {}
        for name, place in self._places.items():
            folded.setdefault(name.casefold(), set()).add(place)
        self._folded = {name: next(iter(x)) for name, x in folded.items() if len(x) == 1}

    def parts(self, label: Label, made_of: Sequence[str]) -> tuple[int, ...] | None:
        """Indices of the labels that a label is made of; None if one of them is not known.

        Args:
            label: the label that is asked for.
            made_of: what its taxonomy says that it is made of.
        """
        if (found := self._find_all(made_of)) is not None:
            return found
        if frozenset(label.words) in self._clusters:
            return (self._clusters[frozenset(label.words)],)
        return self._find_all(label.words)

    def namesake(self, label: Label, language: str) -> int | None:
        """The known label that one of other words is compared with; None if there is none.

        It has the same name, which is one of the words or is in another language.

        Args:
            label: the label that is asked for.
            language: the language of its words.
        """
        meant = label.name in label.words or language != self.taxonomy.language
        return self._find(label.name) if meant else None

    def place(self, label: Label, language: str) -> int | None:
        """The known label that one is by itself, whatever it is called; None if it is none.

        Args:
            label: the label that is asked for.
            language: the language of its words.
        """
        parts = self.parts(label, ())
        if parts is not None and len(parts) == 1:
            return parts[0]
        return self.namesake(label, language)

    def _find(self, name: str) -> int | None:
        return self._places.get(name, self._folded.get(name.casefold()))

    def _find_all(self, names: Sequence[str]) -> tuple[int, ...] | None:
        """Places of all these names, each once; None if there are none, or one is not known."""
        found = [place for place in map(self._find, names) if place is not None]
        return tuple(dict.fromkeys(found)) if found and len(found) == len(names) else None


@dataclass(frozen=True)
class Grouping:
    """How K labels are composed of W labels that the model scores independently.

    Attributes:
        scored: the W labels.
        places: the places of these among the labels that the model was trained on, (W,); None of
            others.
        members: which of the W each of the K labels is made of.
        keys: what each of the K labels is, whatever it is called: the names of its known parts, or
            else its words, sorted.
    """

    scored: Taxonomy
    places: tuple[int | None, ...]
    members: tuple[tuple[int, ...], ...]
    keys: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, taxonomy: Taxonomy, trained: Taxonomy) -> "Grouping":
        """What a model is asked for.

        Args:
            taxonomy: the K labels.
            trained: those that the model was trained on.
        """
        known = Known(trained)
        scored: dict[tuple[str, ...] | int, tuple[Label, int | None]] = {}
        members, keys = [], []
        for label in taxonomy.labels:
            parts = known.parts(label, taxonomy.made_of.get(label.name, ()))
            if parts is None:
                place = known.namesake(label, taxonomy.language)
                scored.setdefault(label.words, (label, place))
            else:
                scored |= {part: (trained.labels[part], part) for part in parts}
            wanted = (label.words,) if parts is None else parts
            members.append(wanted)
            words = label.words if parts is None else [trained.names[part] for part in parts]
            keys.append(tuple(sorted(words)))
        order = {key: place for place, key in enumerate(scored)}
        found = tuple(tuple(order[part] for part in wanted) for wanted in members)
        labels = tuple(_rename_label(key, label) for key, (label, _) in scored.items())
        if found == tuple((place,) for place in range(len(taxonomy))):
            pairs = zip(taxonomy.names, labels, strict=True)
            labels = tuple(Label(name, label.words) for name, label in pairs)
        return cls(
            Taxonomy(taxonomy.name, labels, taxonomy.language),
            tuple(place for _, place in scored.values()),
            found,
            tuple(keys),
        )

    def combine(self, probabilities: Floats) -> Floats:
        """Probabilities of the W labels, (N, W), to those of the K, (N, K)."""
        found = np.array(probabilities[:, [members[0] for members in self.members]])
        for place, members in enumerate(self.members):
            if len(members) > 1:
                found[:, place] = group_probability(probabilities[:, members])
        return found


def _rename_label(key: tuple[str, ...] | int, label: Label) -> Label:
    """A label by a name that no other has, as two may be shown by different names of one."""
    if isinstance(key, int):
        return label
    return Label(key[0] if len(key) == 1 else str(key), key)


def find_builtin_groups(trained: Taxonomy) -> dict[str, str]:
    """Labels that built-in taxonomies make of those that a model was trained on, with the taxonomy.

    Args:
        trained: the labels of the model.
    """
    known = set(trained.names)
    found: dict[str, str] = {}
    for builtin in builtin_taxonomies():
        made_of = Taxonomy.load(builtin).made_of
        for name, parts in made_of.items():
            if set(parts) <= known:
                found.setdefault(name, builtin)
    return found
