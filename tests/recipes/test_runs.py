"""Every recipe that ships is trained, on a few texts with a tiny encoder."""

import gc
import math
import shutil
from pathlib import Path

import pytest

import emoscope.corpora.sample as sample
import emoscope.models.nelec.family as nelec
import emoscope.models.shared.backbone as backbone
import emoscope.training.callbacks as callbacks
from emoscope.corpora import hub
from emoscope.corpora.registry import load_corpus
from emoscope.errors import InputError
from emoscope.recipes.load import load_recipe
from emoscope.recipes.shipped import list_recipes, list_tables
from emoscope.training.prepare import prepare
from emoscope.training.run import train_run

QUICK = ("training.batch_size=64", "training.checkpoints=false", "training.bfloat16=false")
TREES = (
    "model.trees.rounds=1",
    "model.trees.min_leaf=1",
    "model.ensemble=stacking",
    "model.parts=[]",
)
STARTS = ("demux-ec-mix-xlmt-alpha-0", "demux-ec-fr-tr", "nelec-goemotions", "nelec-edos")


@pytest.fixture(scope="module", autouse=True)
def workplace(tmp_path_factory, encoder_for):
    """A folder to train in, no network and no pictures."""
    folder = tmp_path_factory.mktemp("recipes")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(backbone, "find_backbone", encoder_for)
        patch.setattr(nelec, "draw_network", lambda model, path: None)
        patch.setattr(callbacks, "draw_log", lambda *_: None)
        patch.setitem(sample.SIZES, "train", 60)
        patch.setitem(sample.SIZES, "dev", 40)
        gc.freeze()
        yield folder


@pytest.fixture(scope="module")
def trained(data, vectors_file, workplace):
    """Trains a recipe into `runs/NAME`, once, and returns its result."""
    made = {}
    (workplace / "together").mkdir()
    for name in ("goemotions", "edos", "event2mind", "xed", "taught"):
        (workplace / "together" / name).symlink_to(data[name])
    (workplace / "together" / "semeval2025_task11").symlink_to(data["semeval2025"])

    def root_of(recipe):
        """The corpus' folder, or one with those of several corpora."""
        alone = recipe.corpus.folder is None or recipe.corpus.name == "hub"
        return data[recipe.corpus.name] if alone else workplace / "together"

    def run(name):
        if name not in made and load_recipe(name).model.type == "combiner":
            recipe = load_recipe(name, TREES)
            folder = workplace / "runs" / name
            made[name] = train_run(recipe, prepare(recipe, root_of(recipe)), folder, recipe.seed)
        if name not in made:
            recipe = load_recipe(name, QUICK)
            epochs = min(recipe.training.epochs, 1)
            extra = [f"training.epochs={epochs}", "training.evaluation_steps=null"]
            if recipe.model.type == "nelec":
                extra += [f"vectors.words={vectors_file}", "vectors.emoji=none"]
                extra += ["model.hidden_size=4", "vectors.extension=0"]
            if getattr(recipe.model, "joint_layers", None) is not None:
                extra.append("model.joint_layers=1")
            if getattr(recipe.model, "frozen_layers", 0):
                extra.append("model.frozen_layers=1")
            if recipe.corpus.words == "own" and recipe.corpus.name in ("cedr", "kote"):
                # The tiny encoders know neither Cyrillic nor Korean letters.
                extra.append("corpus.words=en")
            recipe = load_recipe(name, [*QUICK, *extra])
            folder = workplace / "runs" / name
            prepared = prepare(recipe, root_of(recipe))
            made[name] = train_run(recipe, prepared, folder, recipe.seed)
            if name not in STARTS:
                shutil.rmtree(folder)
        return made[name]

    return run


def find_starts(recipe):
    """The recipe that one begins from, the one that that begins from, and so on."""
    while getattr(recipe.model, "start", None) is not None:
        name = recipe.model.start.removeprefix("runs/")
        yield name
        recipe = load_recipe(name)


@pytest.mark.parametrize("name", [name for table in list_tables() for name in list_recipes(table)])
def test_a_shipped_recipe_trains(name, trained):
    recipe = load_recipe(name)
    for start in reversed(list(find_starts(recipe))):
        trained(start)
    result = trained(name)
    assert result.epochs == min(recipe.training.epochs, 1)
    assert bool(result.dev) == (recipe.dev_split is not None)
    for report in (result.dev, result.test):
        if report:
            assert all(math.isfinite(report[key]["f1"]) for key in ("micro", "macro"))
    assert (result.test is None) == all(one.test is None for one in recipe.corpora)


@pytest.mark.parametrize("name", ["demux-goemotions-hub", "demux-emotion-hub"])
def test_a_data_set_of_the_hub_needs_no_folder(name, tmp_path, monkeypatch):
    """It goes by its name, whatever folder other corpora are in."""
    recipe = load_recipe(name)
    asked = []

    def keep(place, *_):
        asked.append(place)
        raise InputError("kept")

    monkeypatch.setattr(hub, "load", keep)
    for root in (Path(), tmp_path):
        with pytest.raises(InputError, match="kept"):
            load_corpus(recipe.corpus, root, "train")
    assert not recipe.needs_folder
    assert [place.as_posix() for place in asked] == [recipe.corpus.folder] * 2
    # One that was saved in that folder is read there.
    (tmp_path / recipe.corpus.folder).mkdir(parents=True)
    with pytest.raises(InputError, match="kept"):
        load_corpus(recipe.corpus, tmp_path, "train")
    assert asked[-1] == tmp_path / recipe.corpus.folder


@pytest.mark.parametrize("emotion", ["anger", "joy", "pessimism", "trust"])
def test_an_emotion_never_trained_on_is_measured(emotion, trained):
    result = trained(f"demux-ec-without-{emotion}")
    assert emotion not in result.dev["labels"]
    [part] = result.test_parts.values()
    assert set(part["labels"]) == {*result.dev["labels"], emotion}


def test_a_language_never_trained_on_is_measured(trained, data):
    result = trained("demux-ec-to-es")
    assert set(result.parts) == {"en", "ar"}
    assert result.test["texts"] == 16  # train and dev of Spanish
    result = trained("demux-semeval2025-to-eng")
    assert set(result.parts) == {"deu", "hin"}
    # What the language has no label of counts in no average.
    assert "disgust" in result.test["without_cases"]
    assert result.test["labels"]["disgust"]["support"] == 0


def test_dev_of_one_language_chooses_among_three(trained):
    result = trained("demux-ec-es-xlmt-all")
    assert result.parts is None
    assert result.dev["texts"] == 6


def test_a_model_to_begin_from_that_is_not_there_is_said(data):
    recipe = load_recipe("demux-french-election-zero-shot", ["model.start=runs/none"])
    prepared = prepare(recipe, data["french_election"])
    with pytest.raises(InputError, match=r"model\.start: No model at runs/none.* Train it first"):
        prepared.family.make_model()
