"""Every kind of model, encoder, corpus and loss by name: adding one is one new file and one line.

An entry names where its parts are (`module:object`) rather than importing them, so that looking a
name up costs nothing and the light floor stays free of torch.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emoscope.errors import InputError
from emoscope.strict import suggestion


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

    section: str
    family: str
    network: str = ""
    train: str = "emoscope.training.run:train_network"
    backend: str = "emoscope.inference.backend:load_torch_backend"
    export: str | None = None
    exported: str | None = None
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
        place: of the function.
        pairwise: it compares the labels of a text two by two, and `objective.local_loss` names it;
            else it is a function of output, labels and columns for `objective.terms`.
    """

    place: str
    pairwise: bool = True


MODELS: dict[str, ModelEntry] = {
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
        naming=("model.features", "prior.target"),
    ),
}

ENCODERS: dict[str, str] = {
    "plain": "emoscope.models.nelec.encoder:PlainEncoder",
    "demux": "emoscope.models.demux.encoder:DemuxEncoder",
    "demux_independent": "emoscope.models.demux.independent_encoder:IndependentEncoder",
    "memo": "emoscope.models.memo.encoder:MemoEncoder",
}

ENGINES: dict[str, str] = {
    "openvino": "emoscope.inference.openvino_session:OpenVinoSession",
    "onnxruntime": "emoscope.inference.onnxruntime_session:OnnxRuntimeSession",
}
"""What runs exported graphs, a `Session` each, by the name of its package; the fastest first."""

CORPORA: dict[str, str] = {
    "edos": "emoscope.corpora.edos:load",
    "emoji": "emoscope.corpora.emoji:load",
    "emocontext": "emoscope.corpora.emocontext:load",
    "event2mind": "emoscope.corpora.event2mind:load",
    "french_election": "emoscope.corpora.french_election:load",
    "goemotions": "emoscope.corpora.goemotions:load",
    "sample": "emoscope.corpora.sample:load_split",
    "semeval2018": "emoscope.corpora.semeval2018:load",
    "semeval2025": "emoscope.corpora.semeval2025:load",
    "situations": "emoscope.corpora.situations:load",
    "xed": "emoscope.corpora.xed:load",
}
"""Corpora with a format of their own; `tabular` and `hub` take a recipe's columns besides."""

SHIPPED_CORPORA = ("emoji", "sample", "situations")
"""Corpora that ship or are generated, and need no files."""

LOSSES: dict[str, LossEntry] = {
    "inter": LossEntry("emoscope.losses.local:inter"),
    "intra": LossEntry("emoscope.losses.local:intra"),
    "complete": LossEntry("emoscope.losses.local:complete"),
}
"""Losses that a recipe names beside the cross-entropy."""


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


def resolve(place: str) -> Any:
    """The object at `module:object`."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
