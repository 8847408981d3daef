"""A trained Demux as an ONNX graph: what annotation needs, and no torch to run it.

The graph takes a batch as `DemuxEncoder` makes it, with the words of the labels as a matrix that
averages their tokens, so that any labels can be asked for. Independent labels have two graphs, one
that reads label words and one in which these read texts, and the weights that both need in a file
of their own. Weights are stored in 8 bits, one scale
a column (Jacob et al. 2018, arXiv 1712.05877), which leaves the scores within about a thousandth
of a logit's range; arithmetic is the engine's choice.
"""

import logging
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emoscope.files import write_json, written_aside
from emoscope.folder import CONFIG, GRAPH, GRAPH_WEIGHTS, LABEL_GRAPH, WEIGHTS, ModelFolder
from emoscope.inference.torch_backend import load_network
from emoscope.models.demux.network import Demux
from emoscope.models.shared.backbone import make_encoder_inputs
from emoscope.training.export import Precision

OPSET = 20
FLOAT, INTEGER = 1, 6
"""ONNX' numbers of 32-bit floats and integers."""
LEAST = 4096
"""Weights of fewer numbers stay as they are."""
ALIGNMENT = 4096
"""Bytes; external weights begin at multiples of it."""


class Graph(nn.Module):
    """Scores of groups of label tokens: what of Demux is exported.

    Args:
        model: in evaluation mode.
    """

    def __init__(self, model: Demux) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        rows: Tensor,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """Scores (batch, rows) of batches as `Demux.forward` takes them.

        Args:
            input_ids: (batch, tokens), labels first.
            attention_mask: (batch, tokens), 1 at real tokens.
            rows: (rows, P), weights that average the tokens of each label or word.
            token_type_ids: (batch, tokens).
        """
        inputs = make_encoder_inputs(self.model.backbone, input_ids, attention_mask, token_type_ids)
        states = self.model.states(inputs, rows)
        scores: Tensor = self.model.head(states).squeeze(-1)
        return scores


class LabelGraph(nn.Module):
    """States of label words that have read no text.

    Args:
        model: of independent labels, in evaluation mode.
    """

    def __init__(self, model: Demux) -> None:
        super().__init__()
        self.model = model

    def forward(self, label_tokens: Tensor, word_mask: Tensor) -> tuple[Tensor, ...]:
        """States (words, hidden), and with similarity vectors as long as the model's scale.

        Args:
            label_tokens: as of `Demux.forward`.
            word_mask: as of `Demux.forward`.
        """
        words = self.model.read_labels(label_tokens, word_mask)
        if not self.model.config.similarity:
            return (words,)
        hidden = words.shape[-1] // 2
        return words[:, :hidden], self.model.scale * words[:, hidden:]


class TextGraph(nn.Module):
    """Scores of label states that read texts, and with similarity vectors of the texts.

    The similarity itself is a product of few numbers that half precision would spoil, and is left
    to the backend.

    Args:
        model: of independent labels, in evaluation mode.
    """

    def __init__(self, model: Demux) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        words: Tensor,
        token_type_ids: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Scores (batch, words), and vectors (batch, hidden) where there are any.

        Args:
            input_ids: (batch, tokens).
            attention_mask: (batch, tokens), 1 at real tokens.
            words: states of `LabelGraph`, (words, hidden).
            token_type_ids: (batch, tokens).
        """
        inputs = make_encoder_inputs(self.model.backbone, input_ids, attention_mask, token_type_ids)
        reading = self.model.read(inputs, words)
        return (reading.scores,) if reading.vectors is None else (reading.scores, reading.vectors)


def export_demux(folder: ModelFolder, output: Path, precision: Precision) -> None:
    """Write the folder of a Demux model again with ONNX graphs in place of its weights.

    Args:
        folder: the folder of the model.
        output: gets the new folder; there is none of that name.
        precision: the precision of the stored weights.
    """
    with written_aside(output) as partial:
        shutil.copytree(folder.path, partial, ignore=shutil.ignore_patterns(WEIGHTS, ".*"))
        graphs = trace_model(cast(Demux, load_network(folder).eval()))
        for graph in graphs.values():
            forget_origins(graph)
            if precision != "float32":
                shrink(graph, precision)
        if len(graphs) > 1:
            share_weights(graphs, partial / GRAPH_WEIGHTS)
        for name, graph in graphs.items():
            (partial / name).write_bytes(graph.SerializeToString())
        write_json(partial / CONFIG, folder.config | {"weights": precision})


def trace_model(model: Demux) -> dict[str, Any]:
    """The ONNX graphs (`onnx.ModelProto`) of a model by file name, in float32, for any shapes."""
    model.backbone.set_attn_implementation("eager")
    ones = torch.ones((3, 9), dtype=torch.long)
    texts = {"input_ids": ones, "attention_mask": ones.clone()}
    if "token_type_ids" in make_encoder_inputs(model.backbone, ones, ones, ones):
        texts["token_type_ids"] = torch.zeros_like(ones)
    if model.config.labels == "joint":
        return {GRAPH: trace(Graph(model), texts | {"rows": torch.full((2, 5), 0.2)}, ["scores"])}
    words = torch.ones((2, model.backbone.config.hidden_size))
    further = ["vectors"] if model.config.similarity else []
    labels = {
        "label_tokens": torch.ones((2, 4, 5), dtype=torch.long),
        "word_mask": torch.ones((4, 5)),
    }
    return {
        GRAPH: trace(TextGraph(model), texts | {"words": words}, ["scores", *further]),
        LABEL_GRAPH: trace(LabelGraph(model), labels, ["words", *further]),
    }


FIXED = {"words": (1,), "label_tokens": (0,)}
"""Dimensions of inputs that are the same in every batch; all others are free."""


def trace(module: nn.Module, inputs: dict[str, Tensor], outputs: list[str]) -> Any:
    """The ONNX graph of a module, in float32.

    Args:
        module: in evaluation mode.
        inputs: an example.
        outputs: what its outputs are called.
    """
    free = torch.export.Dim.DYNAMIC
    shapes = {
        name: {axis: free for axis in range(value.dim()) if axis not in FIXED.get(name, ())}
        for name, value in inputs.items()
    }
    with silence_exporter():
        program = torch.onnx.export(
            module,
            kwargs=inputs,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export with dynamo=True gives a program.")
    return program.model_proto


def share_weights(graphs: Mapping[str, Any], path: Path) -> None:
    """Move the large weights of graphs into one file, each once.

    Args:
        graphs: `onnx.ModelProto` of each file beside `path`, changed in place.
        path: the path of the file.
    """
    from onnx import TensorProto, numpy_helper
    from onnx.external_data_helper import set_external_data

    places: dict[bytes, int] = {}
    with path.open("wb") as file:
        for graph in graphs.values():
            for stored in graph.graph.initializer:
                data = numpy_helper.to_array(stored).tobytes()
                if len(data) < LEAST:
                    continue
                if data not in places:
                    # Engines map the file into memory, and want weights at round places.
                    file.write(bytes(-file.tell() % ALIGNMENT))
                    places[data] = file.tell()
                    file.write(data)
                stored.raw_data = b""
                set_external_data(stored, path.name, places[data], len(data))
                stored.ClearField("raw_data")
                stored.data_location = TensorProto.EXTERNAL


@contextmanager
def silence_exporter() -> Iterator[None]:
    """Silence the exporter's own messages."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def forget_origins(graph: Any) -> None:
    """Remove the source locations of nodes, which contain paths of this machine."""
    for part in (graph, graph.graph, *graph.graph.node, *graph.graph.value_info):
        del part.metadata_props[:]
        part.doc_string = ""


def shrink(graph: Any, precision: Precision) -> None:
    """Store the large weights of a graph in fewer bits, and turn them back where they are read.

    Args:
        graph: `onnx.ModelProto`, changed in place.
        precision: `"int8"` or `"float16"`.
    """
    import onnx
    from onnx import numpy_helper

    matrices = {
        stored.name: numpy_helper.to_array(stored)
        for stored in graph.graph.initializer
        if len(stored.dims) == 2 and np.prod(stored.dims) >= LEAST
    }
    kept = [stored for stored in graph.graph.initializer if stored.name not in matrices]
    readers = [(node, name) for node in graph.graph.node for name in node.input if name in matrices]
    looked_up = {
        name for node, name in readers if node.op_type == "Gather" and node.input[0] == name
    }
    restored: list[Any] = []
    for name, values in matrices.items():
        if precision == "int8":
            # A row of a table, a column of a matrix that states are multiplied by.
            small, scales = to_int8(values, axis=0 if name in looked_up else 1)
            kept.append(numpy_helper.from_array(scales, f"{name}.scales"))
        else:
            small = values.astype(np.float16)
        kept.append(numpy_helper.from_array(small, f"{name}.small"))
        if name not in looked_up:
            restored += make_matrix_nodes(name, precision)
    for node in graph.graph.node:
        name = next(iter(node.input), "")
        if node.op_type == "Gather" and name in looked_up:
            restored += make_row_nodes(node, precision)
        else:
            restored.append(node)
    del graph.graph.initializer[:], graph.graph.node[:]
    graph.graph.initializer.extend(kept)
    graph.graph.node.extend(restored)
    onnx.checker.check_model(graph)


def to_int8(values: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantise numbers to 8-bit integers, with scales.

    Args:
        values: (rows, columns).
        axis: which has a scale for each place; a table of scales is (rows, 1) for axis 0.
    """
    scales = np.abs(values).max(axis=1 - axis, keepdims=True) / 127
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    small = np.rint(values / scales).astype(np.int8)
    return small, scales if axis == 0 else scales[0]


def make_matrix_nodes(name: str, precision: Precision) -> list[Any]:
    """The nodes that turn a small matrix back, once, when an engine loads the graph.

    By way of 32-bit integers, because OpenVINO keeps what it takes for compressed weights small,
    and its kernels for these divide by zero in bfloat16 (2026.4).
    """
    from onnx import helper

    if precision == "float16":
        return [helper.make_node("Cast", [f"{name}.small"], [name], to=FLOAT)]
    integer, number = f"{name}.integer", f"{name}.number"
    return [
        helper.make_node("Cast", [f"{name}.small"], [integer], to=INTEGER),
        helper.make_node("Cast", [integer], [number], to=FLOAT),
        helper.make_node("Mul", [number, f"{name}.scales"], [name]),
    ]


def make_row_nodes(node: Any, precision: Precision) -> list[Any]:
    """The nodes that look up small rows and turn them back, in place of one that looks up rows."""
    from onnx import helper

    table, places = node.input
    found, result = f"{node.output[0]}.small", node.output[0]
    lookup = helper.make_node("Gather", [f"{table}.small", places], [found])
    if precision == "float16":
        return [lookup, helper.make_node("Cast", [found], [result], to=FLOAT)]
    scale, number = f"{result}.scale", f"{result}.number"
    return [
        lookup,
        helper.make_node("Gather", [f"{table}.scales", places], [scale]),
        helper.make_node("Cast", [found], [number], to=FLOAT),
        helper.make_node("Mul", [number, scale], [result]),
    ]
