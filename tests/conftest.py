"""What every test starts from: no network, one thread, no cache of the user's; tiny data."""

import gc
import os
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings

from emoscope.corpora.sample import generate_conversations
from emoscope.recipes.load import load_recipe
from emoscope.text import CHAT_STEPS, TextPipeline

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Tiny networks: a second thread costs more than it gives.
os.environ["OMP_NUM_THREADS"] = "1"

# No deadlines, as machines are busy; half of hypothesis' own number of examples.
# --hypothesis-profile=thorough tries ten times as many.
settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile("quick")

SIZE = 60
HEADER = ("id", "turn1", "turn2", "turn3", "label")
TINY = """
name: tiny
corpus: {name: emocontext}
model: {bidirectional: true, train_embeddings: true}
prior: {target: dev}
training: {learning_rate: 0.01, patience: 4}
"""
# Known to the vectors, in no text of the corpus.
UNSEEN = ("zebra", "giraffe")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Cache files of a test in a folder of its own."""
    monkeypatch.setenv("EMOSCOPE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def emocontext(tmp_path_factory) -> Path:
    """A folder in EmoContext's layout, 60 generated conversations a split."""
    root = tmp_path_factory.mktemp("emocontext")
    for split in ("train", "dev", "test"):
        rows = [
            HEADER,
            *((row.id, *row.turns, row.label) for row in generate_conversations(split, size=SIZE)),
        ]
        text = "".join("\t".join(row) + "\n" for row in rows)
        (root / f"{split}.txt").write_text(text, encoding="utf-8", newline="\n")
    return root


@pytest.fixture(scope="session")
def vectors_file(tmp_path_factory) -> Path:
    """Vectors, 8 dimensions, of the 48 most frequent words of the training split and two more."""
    clean = TextPipeline(CHAT_STEPS)
    texts = (
        " ".join(clean(list(row.turns))).split()
        for row in generate_conversations("train", size=SIZE)
    )
    counts = Counter(word for text in texts for word in text if word != "<eos>")
    words = [word for word, _ in counts.most_common(48)] + list(UNSEEN)
    assert not set(UNSEEN) & set(counts)
    rng = np.random.default_rng(0)
    lines = [f"{word} {' '.join(f'{x:.4f}' for x in rng.normal(size=8))}\n" for word in words]
    path = tmp_path_factory.mktemp("vectors") / "words.txt"
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny_overrides(vectors_file) -> list[str]:
    """What makes any shipped recipe train in a second."""
    return [
        f"vectors.words={vectors_file}",
        "vectors.emoji=none",
        "model.hidden_size=4",
        "training.epochs=3",
        "training.batch_size=16",
    ]


@pytest.fixture(scope="session")
def tiny_recipe(tmp_path_factory, tiny_overrides):
    """Makes a recipe that trains in a second, from overrides; no shipped one, as those change."""
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return lambda *overrides: load_recipe(str(path), [*tiny_overrides, *overrides])


def leave_out_plots(patch: pytest.MonkeyPatch) -> None:
    """Leave out what takes most of a tiny training's time."""
    import emoscope.models.nelec.family as nelec
    import emoscope.training.callbacks as callbacks
    import emoscope.training.train as train

    patch.setattr(nelec, "draw_network", lambda model, path: None)
    patch.setattr(callbacks, "draw_log", lambda *_: None)
    patch.setattr(train, "draw_log", lambda *_: None)
    # Each training collects garbage; what torch and its friends made at import never is any.
    gc.freeze()


def leave_plots_blank(patch: pytest.MonkeyPatch) -> None:
    """Make empty files of plots: painting takes most of a tiny training's time."""
    import emoscope.experiments.plots as plots
    import emoscope.models.nelec.diagram as diagram

    def touch(figure, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    for module in (plots, diagram):
        patch.setattr(module, "save", touch)


@pytest.fixture
def no_plots(monkeypatch):
    """Trainings without plots."""
    leave_out_plots(monkeypatch)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, emocontext, tiny_recipe):
    """A finished training of one run: its `folder`, `recipe`, corpus `root` and `results`.

    Long enough that its texts differ in score and decision.
    """
    from emoscope.training.train import train

    folder = tmp_path_factory.mktemp("trained") / "training"
    recipe = tiny_recipe(
        "model.hidden_size=16",
        "training.epochs=6",
        "training.batch_size=8",
        "training.learning_rate=0.02",
        "training.keep_best=false",
        "training.patience=null",
        "model.dropout=0",
        "model.spatial_dropout=0",
        "prior.target={others: 1, happy: 2, sad: 2, angry: 2}",
    )
    with pytest.MonkeyPatch.context() as patch:
        leave_plots_blank(patch)
        patch.setenv("EMOSCOPE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        results = train(recipe, emocontext, folder)
    return SimpleNamespace(folder=folder, recipe=recipe, root=emocontext, results=results)
