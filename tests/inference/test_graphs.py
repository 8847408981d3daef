"""A graph that is not the one of its model is refused by name, not believed."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import emoscope
from emoscope.encoding.encoder import load_encoder
from emoscope.errors import InputError
from emoscope.folder import GRAPH, LABEL_GRAPH, ModelFolder
from emoscope.inference.annotator import PRETRAINED
from emoscope.inference.backend import load_backend
from emoscope.models.demux.exported import GraphBackend
from emoscope.models.demux.exported_independent import IndependentBackend, Sessions
from tests.inference.fakes import link_model

HIDDEN = 8
INPUTS = ("input_ids", "attention_mask", "token_type_ids", "words")


class Answering:
    """A session that gives an answer of its own."""

    def __init__(self, path, inputs, answer):
        self.path, self.inputs, self.answer = Path(path), frozenset(inputs), answer

    def run(self, feeds):
        for feed in feeds:
            yield self.answer(feed)


def states(feed):
    count = len(feed["word_mask"])
    return (np.ones((count, HIDDEN), np.float32), np.ones((count, HIDDEN), np.float32))


def scores(feed):
    count = len(feed["input_ids"])
    return (
        np.zeros((count, len(feed["words"])), np.float32),
        np.zeros((count, HIDDEN), np.float32),
    )


@pytest.fixture(scope="module")
def reader():
    return load_encoder(ModelFolder.open(PRETRAINED))


def score(reader, texts=scores, labels=states, inputs=INPUTS):
    sessions = Sessions(
        Answering("a/model.onnx", inputs, texts),
        Answering("a/labels.onnx", ("label_tokens", "word_mask"), labels),
    )
    backend = IndependentBackend(sessions, reader, "tokens")
    return backend.logits(backend.encode([["one"], ["two words"]]))


def test_what_fits_is_believed(reader):
    assert score(reader).shape == (2, 28)


WRONG = {
    "one number": lambda feed: (np.zeros(1, np.float32),) * 2,
    "a number a text": lambda feed: (np.zeros((len(feed["input_ids"]), 1), np.float32),) * 2,
    "a row for all": lambda feed: (np.zeros((1, len(feed["words"])), np.float32),) * 2,
    "transposed": lambda feed: (scores(feed)[0].T, scores(feed)[1]),
    "no vectors": lambda feed: scores(feed)[:1],
    "narrow vectors": lambda feed: (scores(feed)[0], np.zeros((1, 1), np.float32)),
    "NaN": lambda feed: (scores(feed)[0] * np.nan, scores(feed)[1]),
    "infinite vectors": lambda feed: (scores(feed)[0], scores(feed)[1] + np.inf),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_scores_of_another_graph(reader, answer):
    with pytest.raises(InputError, match=r"model\.onnx: expected the graph"):
        score(reader, texts=answer)


WRONG_STATES = {
    "one number": lambda feed: (np.zeros(1, np.float32),),
    "too few": lambda feed: tuple(part[1:] for part in states(feed)),
    "NaN": lambda feed: tuple(part * np.nan for part in states(feed)),
}


@pytest.mark.parametrize("answer", WRONG_STATES.values(), ids=WRONG_STATES)
def test_states_of_another_graph(reader, answer):
    with pytest.raises(InputError, match=r"labels\.onnx: expected the graph"):
        score(reader, labels=answer)


@pytest.mark.parametrize("missing", ["input_ids", "words"])
def test_a_graph_without_an_input(reader, missing):
    with pytest.raises(InputError, match=rf"model\.onnx: .* no input {missing}"):
        score(reader, inputs=set(INPUTS) - {missing})
    session = Answering("a/model.onnx", {"input_ids", "rows"}, scores)
    with pytest.raises(InputError, match="no input attention_mask"):
        GraphBackend(session, reader, "tokens")


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("kind", ["identity", "of one row"])
def test_a_whole_folder_with_another_graph(tmp_path, engine, kind):
    """An identity of shape [1] scored everything ½; one with fixed shapes fails in the engine."""
    folder = link_model(tmp_path / "m", GRAPH, LABEL_GRAPH)
    for name, inputs in ((GRAPH, INPUTS), (LABEL_GRAPH, ("label_tokens", "word_mask"))):
        shape = [1] if kind == "identity" else [7, 7]
        given = [helper.make_tensor_value_info(each, TensorProto.INT64, shape) for each in inputs]
        nodes = [helper.make_node("Identity", [inputs[0]], ["out"])]
        result = [helper.make_tensor_value_info("out", TensorProto.INT64, shape)]
        graph = helper.make_graph(nodes, "g", given, result)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(made, folder / name)
    with pytest.raises(InputError, match=r"m/(model|labels)\.onnx"):
        emoscope.load(folder, ["joy"], engine).annotate(["good"])


def test_an_engine_that_there_is_not_is_no_missing_package():
    with pytest.raises(InputError, match="No engine 'cuda'; expected one of auto, openvino"):
        load_backend(ModelFolder.open(PRETRAINED), "cuda")
