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
        network: the `PreTrainedModel`.
        backend: runs it, a `Backend`.
    """

    section: str
    family: str
    network: str
    backend: str = "emoscope.models.torch_backend:TorchBackend"


MODELS: dict[str, ModelEntry] = {
    "nelec": ModelEntry(
        section="emoscope.recipes.models:NelecSection",
        family="emoscope.training.families.nelec:nelec_family",
        network="emoscope.models.nelec:Nelec",
    ),
    "demux": ModelEntry(
        section="emoscope.recipes.models:DemuxSection",
        family="emoscope.training.families.prompted:demux_family",
        network="emoscope.models.demux:Demux",
    ),
    "memo": ModelEntry(
        section="emoscope.recipes.models:MemoSection",
        family="emoscope.training.families.prompted:memo_family",
        network="emoscope.models.memo:Memo",
    ),
}

ENCODERS: dict[str, str] = {
    "plain": "emoscope.encoding.plain:PlainEncoder",
    "demux": "emoscope.encoding.demux:DemuxEncoder",
    "demux_independent": "emoscope.encoding.independent:IndependentEncoder",
    "memo": "emoscope.encoding.memo:MemoEncoder",
}

ENGINES: dict[str, str] = {
    "openvino": "emoscope.runtime.openvino_session:OpenVinoSession",
    "onnxruntime": "emoscope.runtime.onnxruntime_session:OnnxRuntimeSession",
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

LOCAL_LOSSES: dict[str, str] = {
    "inter": "emoscope.losses.local:inter",
    "intra": "emoscope.losses.local:intra",
    "complete": "emoscope.losses.local:complete",
}

TERMS: dict[str, str] = {}
"""Losses of any other kind, (output, labels, columns) → a number; `objective.terms` adds them."""


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
