"""A model that any process can load, and what a loaded one says of itself."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from emoscope.folder import CARD, resolve
from emoscope.inference import annotator as annotators
from emoscope.inference.annotator import PRETRAINED, Annotator
from emoscope.inference.backend import Engine as EngineName
from emoscope.inference.long_texts import LongTexts
from emoscope.inference.recalibration import Recalibration
from emoscope.inference.scoring import Scoring
from emoscope.taxonomy import Taxonomy


@dataclass(frozen=True)
class ModelSpec:
    """A model that any process can load.

    Attributes:
        folder: of the model or of a training; None for the model that ships.
        labels: to score instead of the model's own.
        engine: what runs the model, see `load_backend`.
        long_texts: what is made of texts longer than the model reads at a time.
        own: a calibration by coded texts.
        expected: shares of the texts that some labels are expected to have, by name.
    """

    folder: Path | None = None
    labels: Taxonomy | None = None
    engine: EngineName = "auto"
    long_texts: LongTexts = "auto"
    own: Recalibration | None = None
    expected: tuple[tuple[str, float], ...] = ()

    resumable: ClassVar[bool] = True
    """Another process can load the same model, so that a job can go on and be shared out."""

    def load(self, threads: int | None = None) -> Annotator:
        """The model, loaded, with so many threads at most."""
        loaded = annotators.load(
            self.folder, self.labels, self.engine, long_texts=self.long_texts, threads=threads
        )
        calibrated = loaded if self.own is None else loaded.with_calibration(self.own)
        return calibrated.expecting(dict(self.expected)) if self.expected else calibrated

    def fingerprint(self) -> str:
        """A hash of every file of the folder but the model card."""
        folder = resolve(self.folder or PRETRAINED)
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != CARD:
                digest.update(str(path.relative_to(folder)).encode() + b"\0")
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()


@dataclass(frozen=True)
class LoadedModel:
    """An annotator in memory, in the place of a `ModelSpec`: no other process can load it.

    Attributes:
        annotator: that scores.
    """

    annotator: Annotator
    resumable: ClassVar[bool] = False
    long_texts: ClassVar[None] = None

    def load(self, threads: int | None = None) -> Annotator:
        """The annotator."""
        del threads
        return self.annotator

    def fingerprint(self) -> str | None:
        """None: the files of the model are not known."""
        return None


Model = ModelSpec | LoadedModel


def to_model(model: Annotator | ModelSpec) -> Model:
    """Either kind with the methods of both."""
    return LoadedModel(model) if isinstance(model, Annotator) else model


def fingerprint(taxonomy: Taxonomy) -> str:
    """A hash of all that a taxonomy says."""
    return hashlib.sha256(json.dumps(taxonomy.to_dict(), sort_keys=True).encode()).hexdigest()


class ModelInfo(NamedTuple):
    """What a loaded model says of itself.

    Attributes:
        scoring: of its labels.
        backend: what runs it.
        languages: codes of those that it reads; none where nobody knows.
    """

    scoring: Scoring
    backend: str
    languages: tuple[str, ...]

    @classmethod
    def of(cls, annotator: Annotator) -> "ModelInfo":
        """What is known of an annotator."""
        # One backend may stand around another.
        names: list[str] = []
        backend: Any = annotator.backend
        while backend is not None:
            names.append(type(backend).__qualname__)
            inner = getattr(backend, "backend", None)
            backend = getattr(backend, "session", None) if inner is None else inner
        return cls(annotator.scoring, " ".join(names), annotator.languages)
