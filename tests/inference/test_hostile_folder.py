"""A model folder from a stranger is read to an end, and what it says is checked."""

import json
import os

import pytest

import emoscope
from emoscope.encoding.encoder import load_encoder
from emoscope.encoding.tokens import TOKENIZER
from emoscope.errors import InputError
from emoscope.folder import CONFIG, GRAPH, GRAPH_WEIGHTS, PREPROCESSING, ModelFolder
from emoscope.inference.annotator import PRETRAINED
from emoscope.inference.backend import find_model
from tests.inference.fakes import link_model


def rewrite(folder, name, change):
    """Replace a JSON file by a changed copy."""
    values = json.loads((folder / name).read_text(encoding="utf-8"))
    change(values)
    (folder / name).unlink()
    (folder / name).write_text(json.dumps(values), encoding="utf-8")


ENDLESS = {
    "FIFO": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to nothing": lambda path: path.symlink_to("nowhere"),
    "link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("make", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("name", [CONFIG, PREPROCESSING, TOKENIZER, GRAPH, GRAPH_WEIGHTS])
def test_what_is_no_file_is_never_read(tmp_path, name, make):
    folder = link_model(tmp_path / "m", name)
    make(folder / name)
    with pytest.raises(InputError, match="No model" if name == CONFIG else f"{name}: expected"):
        emoscope.load(folder)


@pytest.mark.parametrize("name", [CONFIG, PREPROCESSING, TOKENIZER])
def test_a_file_without_end_is_not_read_whole(tmp_path, name):
    folder = link_model(tmp_path / "m", name)
    with (folder / name).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match=f"{name}: expected at most"):
        load_encoder(ModelFolder.open(folder))


CALIBRATIONS = [
    ("temperature", True),
    ("temperature", "1"),
    ("temperature", None),
    ("temperature", 1e308),
    ("temperature", 1e-300),
    ("temperature", float("nan")),
    ("prior_shift", "1" * 28),
    ("prior_shift", [True] * 28),
    ("prior_shift", [1e30] * 28),
    ("thresholds", {str(n): n for n in range(28)}),
    ("thresholds", ["0.5"] * 28),
    ("untrained_shift", True),
    ("untrained_share", "0.5"),
    ("groups", [[["anger", "fear"], True]]),
]


@pytest.mark.parametrize(
    ("name", "value"), CALIBRATIONS, ids=[f"{n}={str(v)[:9]}" for n, v in CALIBRATIONS]
)
def test_a_calibration_of_other_types(tmp_path, name, value):
    folder = link_model(tmp_path / "m")
    rewrite(folder, CONFIG, lambda values: values["calibration"].update({name: value}))
    with pytest.raises(InputError, match=rf"{CONFIG}: expected as calibration"):
        ModelFolder.open(folder)


@pytest.mark.parametrize("kind", ["unknown", None, 7, ["demux"], {"demux": 1}, "../demux"])
def test_a_model_type_that_there_is_not(tmp_path, kind):
    folder = link_model(tmp_path / "m")
    rewrite(folder, CONFIG, lambda values: values.update(model_type=kind))
    with pytest.raises(InputError, match=r"m: no model of type"):
        find_model(ModelFolder.open(folder))


@pytest.mark.parametrize(
    "changes",
    [
        {"max_length": True},
        {"window": True},
        {"window": 10**30},
        {"special": {"pad": 0}},
        {"special": {"pad": ["[PAD]"]}},
        {"special": {"sep": "[SEP]"}},
        {"special": {"pad": "[PAD]", "unk": "[NOWHERE]"}},
        {"steps": [{"name": "emoji_words", "language": "../../en"}]},
        {"steps": [["unicode"]]},
        {"encoder": "../../demux"},
    ],
    ids=str,
)
def test_preprocessing_of_other_types(tmp_path, changes):
    folder = link_model(tmp_path / "m")
    rewrite(folder, PREPROCESSING, lambda values: values.update(changes))
    with pytest.raises(InputError, match=PREPROCESSING):
        load_encoder(ModelFolder.open(folder))


def test_a_tokenizer_at_which_the_library_panics(tmp_path, capfd):
    folder = link_model(tmp_path / "m")
    rewrite(folder, TOKENIZER, lambda values: values["post_processor"].update(special_tokens={}))
    with pytest.raises(InputError, match=rf"{TOKENIZER} is no tokenizer"):
        load_encoder(ModelFolder.open(folder))
    capfd.readouterr()


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_a_graph_reads_no_weights_outside_of_its_folder(tmp_path, engine):
    """The engines see to it; a new version of one should too."""
    folder = link_model(tmp_path / "m", GRAPH)
    (tmp_path / "eight.bi").write_bytes((PRETRAINED / GRAPH_WEIGHTS).read_bytes())
    graph = (PRETRAINED / GRAPH).read_bytes()
    (folder / GRAPH).write_bytes(graph.replace(b"weights.bin", b"../eight.bi"))
    with pytest.raises(InputError, match=rf"{GRAPH} cannot be run"):
        emoscope.load(folder, ["joy"], engine)
