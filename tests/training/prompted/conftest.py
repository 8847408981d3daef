"""Tiny trainings of Demux and MEmo that several tests look at."""

from types import SimpleNamespace

import numpy as np
import pytest

from emoscope.corpora.goemotions import load
from emoscope.folder import ModelFolder
from emoscope.inference.torch_backend import TorchBackend
from emoscope.recipes.load import load_recipe
from emoscope.taxonomy import Taxonomy
from emoscope.training.train import train
from tests.tiny import SENTENCES, save

EMOTIONS = Taxonomy.load("goemotions").without("neutral").names


MEMO = """
name: memo
corpus: {name: goemotions, exclude: [neutral]}
text: {steps: [], max_length: 24, truncation: end}
model: {type: memo}
training: {epochs: 1, batch_size: 16, learning_rate: 0.01, metric: half_macro_f1}
"""


MLM = ("model.template='{text} is {mask}'",)


QUICK = [
    "training.epochs=2",
    "training.batch_size=16",
    "training.learning_rate=0.01",
    "training.predictions=true",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """60 texts for training and 30 for dev in GoEmotions' format, some of several emotions."""
    folder = tmp_path_factory.mktemp("goemotions")
    rng = np.random.default_rng(0)
    for split, size in (("train", 60), ("dev", 30)):
        lines = []
        for place in range(size):
            labels = sorted(rng.choice(28, rng.integers(1, 3), replace=False).tolist())
            words = rng.choice(SENTENCES).split()[: rng.integers(1, 8)]
            text = " ".join([*words, *((*EMOTIONS, "")[label] for label in labels)])
            lines.append(f"{text}\t{','.join(map(str, labels))}\t{split}{place}\n")
        (folder / f"{split}.tsv").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def backbones(tmp_path_factory):
    made = {}

    def folder(kind, masked=False):
        if (kind, masked) not in made:
            made[kind, masked] = save(kind, tmp_path_factory.mktemp("encoder"), masked)
        return made[kind, masked]

    return folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory, backbones):
    """Makes a recipe with a tiny encoder, from overrides."""
    path = tmp_path_factory.mktemp("recipe") / "memo.yaml"
    path.write_text(MEMO, encoding="utf-8")

    def make(model, *overrides, kind="bert"):
        masked = "model.head=mlm" in overrides
        name = str(path) if model == "memo" else model
        quick = [] if model == "memo" else QUICK
        chosen = [f"model.backbone={backbones(kind, masked)}", *quick, *overrides]
        return load_recipe(name, chosen)

    return make


@pytest.fixture(scope="module")
def trained(tmp_path_factory, root, recipe):
    """Trainings by recipe and overrides, each made once."""
    made = {}

    def folder(model, *overrides, kind="bert"):
        key = (model, kind, *overrides)
        if key not in made:
            output = tmp_path_factory.mktemp("training") / "output"
            results = train(recipe(model, *overrides, kind=kind), root, output)
            made[key] = SimpleNamespace(folder=output, result=results[0])
        return made[key]

    return folder


def dev_logits(folder, root):
    backend = TorchBackend.load(ModelFolder.open(folder))
    return backend.logits(backend.encode(load(root, "dev").turns))
