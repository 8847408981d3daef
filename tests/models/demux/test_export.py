"""Exported graphs score as the network does, on every engine, with any labels."""

import shutil

import numpy as np
import onnx
import pytest
import torch

import emoscope
from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.folder import GRAPH, GRAPH_WEIGHTS, LABEL_GRAPH, complete_folder
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.export import share_weights, shrink, to_int8
from emoscope.models.demux.independent_encoder import IndependentEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.shared.backbone import drop_pooler, to_shape
from emoscope.taxonomy import Label, Taxonomy
from emoscope.text import TextPipeline
from emoscope.training.export import export_model as export
from tests.tiny import SENTENCES, encoder, text_tokenizer

LABELS = Taxonomy.parse_labels("anger|rage, joy, mixed feelings|surprise|hope, positive")
TEXTS = ["such a day", " ".join(SENTENCES * 3), *SENTENCES[5:9]]
FORMS = {
    "bert-late": ("bert", {"joint_layers": 1}),
    "independent": ("bert", {"labels": "independent", "joint_layers": 1, "similarity": True}),
    "independent-max": ("roberta", {"labels": "independent", "cluster": "max"}),
}
ENGINES = ("openvino", "onnxruntime")


@pytest.fixture(scope="module", params=FORMS.values(), ids=FORMS.keys())
def folders(request, tmp_path_factory):
    """A trained folder, and its graph in 32 and in 8 bits."""
    kind, options = request.param
    root = tmp_path_factory.mktemp("models")
    backbone = drop_pooler(encoder(kind, vocab_size=700))
    model = Demux(DemuxConfig(to_shape(backbone.config), **options), backbone)
    # With similarity it begins at zero.
    torch.nn.init.normal_(model.head[-1].weight)
    read = IndependentEncoder if options.get("labels") == "independent" else DemuxEncoder
    reader = read(TextPipeline(()), text_tokenizer(kind), LABELS, max_length=24)
    model.save_pretrained(root / "torch")
    reader.save(root / "torch")
    calibration = Calibration(temperature=1.5, thresholds=(0.4, 0.5, 0.6, 0.5))
    complete_folder(root / "torch", LABELS, calibration, reader.to_config(), "# A model")
    export(root / "torch", root / "graph", "float32")
    # What `export` does with 8 bits, without tracing the network again.
    shutil.copytree(root / "graph", root / "small")
    names = [path.name for path in (root / "graph").glob("*.onnx")]
    graphs = {name: onnx.load(root / "graph" / name) for name in names}
    for graph in graphs.values():
        shrink(graph, "int8")
    if len(graphs) > 1:
        share_weights(graphs, root / "small" / GRAPH_WEIGHTS)
    for name, graph in graphs.items():
        (root / "small" / name).write_bytes(graph.SerializeToString())
    return root


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("labels", [None, "fear", "joy, anger|rage, positive, such a day, hope"])
def test_a_graph_scores_as_the_network(folders, engine, labels):
    """Several lengths and labels, a long text among them, on one exported graph."""
    network = emoscope.load(folders / "torch", labels)
    graph = emoscope.load(folders / "graph", labels, engine)
    turns = [[text] for text in TEXTS]
    expected = network.probabilities(turns)
    # OpenVINO computes in bfloat16 where the processor does.
    tolerance = 1e-5 if engine == "onnxruntime" else 0.02
    assert graph.probabilities(turns) == pytest.approx(expected, abs=tolerance)
    one_by_one = np.concatenate([graph.probabilities([one]) for one in turns])
    assert one_by_one == pytest.approx(expected, abs=tolerance)
    assert np.ptp(expected, axis=0).min() > 10 * 1e-5, "the test needs scores that differ"


@pytest.mark.parametrize("engine", ENGINES)
def test_small_weights_change_little(folders, engine):
    turns = [[text] for text in TEXTS]
    small = emoscope.load(folders / "small", None, engine)
    assert small.calibration == emoscope.load(folders / "torch").calibration
    expected = emoscope.load(folders / "graph", None, engine).probabilities(turns)
    assert small.probabilities(turns) == pytest.approx(expected, abs=0.05)
    small_size, large_size = (
        sum(path.stat().st_size for path in (folders / name).iterdir())
        for name in ("small", "graph")
    )
    assert small_size < large_size, "most of so small a file is not weights"


def test_a_folder_is_run_by_what_can_run_it(folders):
    with pytest.raises(InputError, match=r"graph cannot be run by torch; expected openvino or"):
        emoscope.load(folders / "graph", engine="torch")
    with pytest.raises(InputError, match=r"torch cannot be run by openvino; expected torch"):
        emoscope.load(folders / "torch", engine="openvino")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_damaged_graph_is_told(folders, engine, tmp_path):
    for file in (folders / "small").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(InputError, match=r"model.onnx cannot be run by .*damaged"):
        emoscope.load(tmp_path, engine=engine)


def test_a_graph_names_no_place_of_the_machine(folders):
    for name in ("graph", "small"):
        written = (folders / name / GRAPH).read_bytes()
        assert b".py" not in written
        assert b"site-packages" not in written


def test_nothing_is_overwritten(folders):
    with pytest.raises(InputError, match="exists"):
        export(folders / "torch", folders / "small")


def test_eight_bits_are_within_half_a_step():
    values = np.random.default_rng(0).normal(size=(30, 20)).astype(np.float32)
    values[3] = 0
    for axis in (0, 1):
        small, scales = to_int8(values, axis)
        assert small.dtype == np.int8
        assert np.abs(small * scales - values).max() <= np.abs(values).max() / 127 / 2 + 1e-6
        assert np.abs(small).max(axis=1 - axis).tolist() == [
            0 if (axis == 0 and place == 3) else 127
            for place in range(len(values) if axis == 0 else 20)
        ]


def test_independent_labels_score_alike_whatever_else_is_asked(folders):
    """In the arithmetic of each engine, among more labels than one request asks for."""
    many = Taxonomy(
        "many", (*LABELS.labels, *(Label(f"{n}", (f"such a {n}",)) for n in range(300)))
    )
    turns = [[text] for text in TEXTS]
    if not (folders / "graph" / LABEL_GRAPH).is_file():
        return
    for engine in ENGINES:
        alone = [
            emoscope.load(folders / "small", [label.name], engine).probabilities(turns)[:, 0]
            for label in (LABELS.labels[1], LABELS.labels[3])
        ]
        among = emoscope.load(folders / "small", many, engine).probabilities(turns)[:, [1, 3]]
        tolerance = 1e-5 if engine == "onnxruntime" else 0.002
        assert pytest.approx(np.array(alone), abs=tolerance) == among.T


def test_what_both_graphs_need_is_stored_once(folders):
    weights = folders / "small" / GRAPH_WEIGHTS
    if not weights.is_file():
        return
    graphs = {path.name: onnx.load(path) for path in weights.parent.glob("*.onnx")}
    sizes = {
        name: [array.nbytes for array in map(onnx.numpy_helper.to_array, graph.graph.initializer)]
        for name, graph in graphs.items()
    }
    together = sum(size for found in sizes.values() for size in found if size >= 4096)
    assert 0 < weights.stat().st_size < together


def test_a_folder_without_the_graph_of_labels_is_told(folders, tmp_path):
    if not (folders / "small" / LABEL_GRAPH).is_file():
        return
    shutil.copytree(folders / "small", tmp_path / "copy")
    (tmp_path / "copy" / LABEL_GRAPH).unlink()
    with pytest.raises(InputError, match=r"labels.onnx is missing: the model folder is incomplete"):
        emoscope.load(tmp_path / "copy")
