"""Every kind of model, encoder, corpus, loss and trainer by name.

Adding one is one new file and one line here. An entry names where its parts are (`module:object`)
rather than importing them, so that looking a name up costs nothing and the light floor stays free
of torch. Those of other packages and of files join by themselves, see `plugins.py`; their entries
may hold the things themselves.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

from emoscope.errors import InputError
from emoscope.plugins import TABLES, Table, load_plugin
from emoscope.strict import suggestion

__all__ = [
    "CORPORA",
    "ENCODERS",
    "ENGINES",
    "LOSSES",
    "MODELS",
    "SHIPPED_CORPORA",
    "STEPS",
    "TABLES",
    "TRAINERS",
    "LossEntry",
    "ModelEntry",
    "find",
    "load_plugin",
    "resolve",
]

Place = str | Callable[..., Any]
"""Where a part is, `module:object`, or the part itself."""


@dataclass(frozen=True)
class ModelEntry:
    """The parts of one kind of model.

    Attributes:
        section: the part of a recipe that shapes it, a `ModelSection`.
        family: from a recipe and corpora to a `Family`: encoder, new networks, what to tell.
        network: the `PreTrainedModel`; empty where the model is none.
        train: trains a new model of one run, a function that gives a `Trained`.
        backend: from a model folder and a number of threads to the `Backend` that runs it.
        export: writes a model folder as a graph that needs no torch; None if it cannot be.
        exported: from a folder with such a graph to the `Backend` that runs it.
        naming: parameters that the folders of its experiment logs are called by, see
            `recipes.folder_names`.
    """

    section: Place
    family: Place
    network: Place = ""
    train: Place = "emoscope.training.run:train_network"
    backend: Place = "emoscope.inference.backend:load_torch_backend"
    export: Place | None = None
    exported: Place | None = None
    naming: tuple[str, ...] = ("_data", "_dev", "_test", "_without")


DATA_NAMING = ("_data", "_dev", "_test", "_without")
PROMPTED_NAMING = (
    *DATA_NAMING,
    "_from",
    "_model",
    "alpha",
    "global_coefficient",
    "global_distance",
    "global_prior",
    "local_coefficient",
    "local_loss",
    "local_prior",
    "local_weights",
)


@dataclass(frozen=True)
class LossEntry:
    """A loss.

    Attributes:
        place: of the function, or the function.
        pairwise: it compares the labels of a text two by two, and `objective.local_loss` names it;
            else it is a function of output, labels and columns for `objective.terms`.
    """

    place: Place
    pairwise: bool = True


def check_corpus(name: str, part: Any) -> Place:
    """A corpus of a plug-in, checked."""
    expected = "a function load(root, split, *, bad_rows), which returns a Corpus"
    if not callable(part) or not {"root", "split", "bad_rows"} <= set(signature(part).parameters):
        raise TypeError(expected)
    load: Place = part
    return load


def check_model(name: str, part: Any) -> ModelEntry:
    """A model of a plug-in, checked."""
    if not isinstance(part, ModelEntry):
        raise TypeError("a ModelEntry of emoscope.registry")
    fields = getattr(resolve(part.section), "model_fields", {})
    if "type" not in fields or fields["type"].default != name:
        raise TypeError(f"an entry whose section is a ModelSection with type: Literal[{name!r}]")
    return part


def check_loss(name: str, part: Any) -> LossEntry:
    """A loss of a plug-in, checked."""
    if isinstance(part, LossEntry):
        return part
    if not callable(part) or isinstance(part, type):
        raise TypeError("a function of logits and labels, or a LossEntry of emoscope.registry")
    return LossEntry(part)


def check_encoder(name: str, part: Any) -> Place:
    """An encoder of a plug-in, checked."""
    methods = ("load", "tokens", "encode", "batch", "for_taxonomy", "to_config", "save")
    missing = [method for method in methods if not callable(getattr(part, method, None))]
    if not isinstance(part, type) or missing:
        raise TypeError(f"a class with the methods {', '.join(methods)}")
    return part


def check_trainer(name: str, part: Any) -> Place:
    """A trainer of a plug-in, checked; its base class is checked where it trains."""
    if not isinstance(part, type):
        raise TypeError("a class derived from emoscope.training.trainer.EmotionTrainer")
    return part


def check_step(name: str, part: Any) -> Place:
    """A cleaning step of a plug-in, checked; the pipeline checks that it is registered."""
    if not callable(part):
        raise TypeError(f"a function under @register_step({name!r}, …)")
    factory: Place = part
    return factory


MODELS: Table[ModelEntry] = Table(
    "models",
    {
        "nelec": ModelEntry(
            section="emoscope.models.nelec.section:NelecSection",
            family="emoscope.models.nelec.family:make_nelec_family",
            network="emoscope.models.nelec.network:Nelec",
            naming=(
                *DATA_NAMING,
                "model.bidirectional",
                "model.hidden_size",
                "prior.target",
                "vectors.emoji",
                "vectors.words",
            ),
        ),
        "demux": ModelEntry(
            section="emoscope.models.demux.section:DemuxSection",
            family="emoscope.models.demux.family:make_demux_family",
            network="emoscope.models.demux.network:Demux",
            export="emoscope.models.demux.export:export_demux",
            exported="emoscope.models.demux.load_exported:load_exported",
            naming=PROMPTED_NAMING,
        ),
        "memo": ModelEntry(
            section="emoscope.models.memo.section:MemoSection",
            family="emoscope.models.memo.family:make_memo_family",
            network="emoscope.models.memo.network:Memo",
            naming=(*PROMPTED_NAMING, "model.head"),
        ),
        "combiner": ModelEntry(
            section="emoscope.models.combiner.section:CombinerSection",
            family="emoscope.models.combiner.family:make_combiner_family",
            train="emoscope.models.combiner.train:train_trees",
            backend="emoscope.models.combiner.backend:load_combiner",
            naming=(*DATA_NAMING, "model.features", "prior.target"),
        ),
    },
    check_model,
)

ENCODERS: Table[Place] = Table(
    "encoders",
    {
        "plain": "emoscope.models.nelec.encoder:PlainEncoder",
        "demux": "emoscope.models.demux.encoder:DemuxEncoder",
        "demux_independent": "emoscope.models.demux.independent_encoder:IndependentEncoder",
        "memo": "emoscope.models.memo.encoder:MemoEncoder",
    },
    check_encoder,
)

ENGINES: dict[str, str] = {
    "openvino": "emoscope.inference.openvino_session:OpenVinoSession",
    "onnxruntime": "emoscope.inference.onnxruntime_session:OnnxRuntimeSession",
}
"""What runs exported graphs, a `Session` each, by the name of its package; the fastest first."""

CORPORA: Table[Place] = Table(
    "corpora",
    {
        "cedr": "emoscope.corpora.cedr:load",
        "edos": "emoscope.corpora.edos:load",
        "emoji": "emoscope.corpora.emoji:load",
        "emocontext": "emoscope.corpora.emocontext:load",
        "event2mind": "emoscope.corpora.event2mind:load",
        "french_election": "emoscope.corpora.french_election:load",
        "goemotions": "emoscope.corpora.goemotions:load",
        "kote": "emoscope.corpora.kote:load",
        "prdect_id": "emoscope.corpora.prdect_id:load",
        "red1": "emoscope.corpora.red:load_red1",
        "red2": "emoscope.corpora.red:load_red2",
        "sample": "emoscope.corpora.sample:load_split",
        "semeval2018": "emoscope.corpora.semeval2018:load",
        "semeval2025": "emoscope.corpora.semeval2025:load",
        "situations": "emoscope.corpora.situations:load",
        "xed": "emoscope.corpora.xed:load",
    },
    check_corpus,
)
"""Corpora with a format of their own; `tabular` and `hub` take a recipe's columns besides."""

SHIPPED_CORPORA = ("emoji", "sample", "situations")
"""Corpora that ship or are generated, and need no files."""

LOSSES: Table[LossEntry] = Table(
    "losses",
    {
        "inter": LossEntry("emoscope.losses.local:inter"),
        "intra": LossEntry("emoscope.losses.local:intra"),
        "complete": LossEntry("emoscope.losses.local:complete"),
    },
    check_loss,
)
"""Losses that a recipe names beside the cross-entropy."""

TRAINERS: Table[Place] = Table(
    "trainers", {"emotion": "emoscope.training.trainer:EmotionTrainer"}, check_trainer
)
"""What trains a network, each a class derived from the first."""

STEPS: Table[Place] = Table("steps", {}, check_step)
"""Cleaning steps of plug-ins; those of emoscope register themselves, see `text/pipeline.py`."""


def find(entries: Mapping[str, Any], name: str, what: str) -> Any:
    """The entry of a name.

    Args:
        entries: one of this module's tables.
        name: asked for.
        what: the kind of thing, for the message.

    Raises:
        InputError: if there is none; the message names close ones.
    """
    if name not in entries:
        raise InputError(f"no {what} {name!r}; {suggestion(name, tuple(entries))}")
    return entries[name]


def find_for_folder(entries: Table[Any], name: str, what: str) -> Any:
    """As `find`, of what a model folder names.

    A part of emoscope is found without a look at what else is installed, which takes a tenth of a
    second.
    """
    entry = entries.get_built_in(name)
    return find(entries, name, what) if entry is None else entry


def resolve(place: Place) -> Any:
    """The object at `module:object`, or the object that an entry holds itself.

    Raises:
        InputError: a module of somebody else's that cannot be imported.
    """
    if not isinstance(place, str):
        return place
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:
        if module.partition(".")[0] == "emoscope":
            raise
        raise InputError(
            f"{place}, which a plug-in names, cannot be imported: {type(error).__name__}: {error}. "
            "Mend or remove that plug-in."
        ) from error
