"""A model that any process can load, and the description of a loaded model."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from emoscope.folder import CARD, resolve_folder
from emoscope.inference import annotator as annotators
from emoscope.inference.annotator import PRETRAINED, Annotator
from emoscope.inference.backend import Engine as EngineName
from emoscope.inference.long_texts import LongTexts
from emoscope.inference.recalibration import Recalibration
from emoscope.inference.scoring import Scoring
from emoscope.plugins import list_plugin_files, load_plugins
from emoscope.taxonomy import Taxonomy
from emoscope.text.domains import Domain


@dataclass(frozen=True)
class ModelSpec:
    """A model that any process can load.

    Attributes:
        folder: the folder of the model or of a training; None for the model that ships.
        labels: to score instead of the model's own.
        engine: what runs the model, see `load_backend`.
        long_texts: what is made of texts longer than the model reads at a time.
        own: a calibration by coded texts.
        expected: shares of the texts that some labels are expected to have, by name.
        domain: where the texts come from, see `load`.
        plugins: files of parts that the process that loads it runs first; those that this process
            has loaded.
    """

    folder: Path | None = None
    labels: Taxonomy | None = None
    engine: EngineName = "auto"
    long_texts: LongTexts = "auto"
    own: Recalibration | None = None
    expected: tuple[tuple[str, float], ...] = ()
    domain: Domain | None = None
    plugins: tuple[Path, ...] = field(default_factory=list_plugin_files)

    resumable: ClassVar[bool] = True
    """Another process can load the same model, so jobs can be resumed and run in parallel."""

    def load(self, threads: int | None = None) -> Annotator:
        """The model, loaded, with so many threads at most."""
        load_plugins(self.plugins)
        loaded = annotators.load(
            self.folder,
            self.labels,
            self.engine,
            long_texts=self.long_texts,
            threads=threads,
            domain=self.domain,
        )
        calibrated = loaded if self.own is None else loaded.with_calibration(self.own)
        return calibrated.expecting(dict(self.expected)) if self.expected else calibrated

    def fingerprint(self) -> str:
        """A hash of every file of the folder but the model card."""
        folder = resolve_folder(self.folder or PRETRAINED)
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != CARD:
                digest.update(str(path.relative_to(folder)).encode() + b"\0")
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()


@dataclass(frozen=True)
class Kept(ModelSpec):
    """A model that is loaded and hashed once for all jobs.

    Attributes:
        threads: the threads of the engine, at most.
    """

    threads: int | None = None

    @cached_property
    def _annotator(self) -> Annotator:
        return super().load(self.threads)

    @cached_property
    def _fingerprint(self) -> str:
        return super().fingerprint()

    def load(self, threads: int | None = None) -> Annotator:
        """The model, with the threads it was first loaded with."""
        del threads
        return self._annotator

    def fingerprint(self) -> str:
        """See `ModelSpec`."""
        return self._fingerprint


@dataclass(frozen=True)
class LoadedModel:
    """An annotator in memory, in the place of a `ModelSpec`: no other process can load it.

    Attributes:
        annotator: the annotator that scores.
    """

    annotator: Annotator
    resumable: ClassVar[bool] = False
    long_texts: ClassVar[None] = None
    domain: ClassVar[None] = None

    def load(self, threads: int | None = None) -> Annotator:
        """The annotator."""
        del threads
        return self.annotator

    def fingerprint(self) -> str | None:
        """None: the files of the model are not known."""
        return None


Model = ModelSpec | LoadedModel


def to_model(model: Annotator | ModelSpec) -> Model:
    """Convert an annotator to a `LoadedModel`; a `ModelSpec` is returned as it is."""
    return LoadedModel(model) if isinstance(model, Annotator) else model


def hash_taxonomy(taxonomy: Taxonomy) -> str:
    """Hash the whole content of a taxonomy."""
    return hashlib.sha256(json.dumps(taxonomy.to_dict(), sort_keys=True).encode()).hexdigest()


class ModelInfo(NamedTuple):
    """The description of a loaded model.

    Attributes:
        scoring: the scoring of its labels.
        backend: what runs it.
        languages: codes of the languages that it reads; empty if unknown.
    """

    scoring: Scoring
    backend: str
    languages: tuple[str, ...]

    @classmethod
    def of(cls, annotator: Annotator) -> "ModelInfo":
        """Describe an annotator."""
        # A backend may wrap another backend.
        names: list[str] = []
        backend: Any = annotator.backend
        while backend is not None:
            names.append(type(backend).__qualname__)
            inner = getattr(backend, "backend", None)
            backend = getattr(backend, "session", None) if inner is None else inner
        return cls(annotator.scoring, " ".join(names), annotator.languages)
