"""The layers of a network as a table."""

import pytest
import torch

from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.inference.annotator import PRETRAINED
from emoscope.inference.layer_table import Layer, list_layers, trace_layers
from emoscope.models.nelec.network import Nelec, NelecConfig
from tests.tiny import save_demux


def test_shapes_and_parameters_of_nelec():
    config = NelecConfig(vocabulary_size=30, embedding_size=7, hidden_size=4, extension_size=5)
    model = Nelec(config)
    batches = [
        {"input_ids": torch.full(size, 3), "attention_mask": torch.ones(size, dtype=torch.bool)}
        for size in ((1, 2), (3, 6))
    ]
    layers = {layer.name: layer for layer in trace_layers(model, batches)}
    assert layers["embedding.words"] == Layer("embedding.words", "Embedding", ("B", "T", 7), 210, 0)
    assert layers["embedding"].parameters == 35
    # Four gates: 4 × 7 from the input, 4 × 4 from the state, and two biases.
    assert layers["lstm.forwards"].shape == ("B", "T", 4)
    assert layers["lstm.forwards"].trained == 4 * (4 * 7 + 4 * 4 + 2 * 4)
    assert layers["lstm_branch.dense"] == Layer(
        "lstm_branch.dense", "Linear", ("B", 4), 3 * 4 * 4 + 4, 3 * 4 * 4 + 4
    )
    assert layers["classifier"].shape == ("B", 2)
    assert layers["dropout"].parameters == 0
    order = list(layers)
    assert order.index("spatial_dropout") < order.index("lstm.forwards") < order.index("classifier")
    assert sum(each.trained for each in layers.values()) == sum(
        p.numel() for p in model.parameters() if p.requires_grad
    )


def test_layers_of_a_folder(tmp_path):
    folder = ModelFolder.open(save_demux(tmp_path / "demux", ("joy", "fear", "awe")))
    layers = list_layers(folder)
    assert layers[-1].name.startswith("head") or any(one.name == "head.3" for one in layers)
    head = next(one for one in layers if one.name == "head.3")
    assert head.shape == ("B", 3, 1)
    assert sum(one.parameters for one in layers) > 1000


def test_a_folder_without_torch_weights_is_said():
    with pytest.raises(InputError, match=r"no model\.safetensors.*folder of a training"):
        list_layers(ModelFolder.open(PRETRAINED))
