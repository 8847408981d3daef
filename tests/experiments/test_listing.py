"""The folder names that the published toolkit's README lists, from recipes and options.

Each is what `emoscope train RECIPE --set … --name-by …` calls the folder of its log.
"""

import json

import pytest
from typer.testing import CliRunner

from emoscope.cli import app
from emoscope.errors import InputError
from emoscope.experiments.log import ExperimentLog
from emoscope.recipes.load import load_recipe
from emoscope.training.logs import open_log

NO_TEST = ("corpus.test=null",)
NO_MIXED_TEST = ("mix.corpora.0.test=null",)
NO_SECOND_TEST = ("mix.corpora.1.test=null",)
# Recipe, options, number of configurations that the name does not tell apart.
ROWS = [
    ("demux-ec-ar-arabert", NO_TEST, 1),
    ("demux-ec-ar-xlmt", NO_TEST, 3),
    ("demux-ec-to-es", (), 1),
    ("demux-ec-ar-xlmt-all", NO_MIXED_TEST, 2),
    ("demux-ec-mix-xlmt-train-dev", NO_TEST, 1),
    ("demux-ec-en-xlmt-all", NO_MIXED_TEST, 2),
    # Begun from a trained model, which the listing's names do not show.
    (
        "demux-ec-mix-xlmt-alpha-0",
        (*NO_TEST, "model.start=runs/goemotions", 'naming=["default", "_from="]'),
        3,
    ),
    ("demux-ec-mix-mbert-alpha-0", NO_TEST, 1),
    ("demux-ec-mix-mbert-alpha-0.5", NO_TEST, 1),
    ("demux-ec-mix-mbert-alpha-1", NO_TEST, 1),
    ("demux-ec-mix-xlmt-alpha-0", NO_TEST, 1),
    ("demux-ec-mix-xlmt-alpha-0.5", NO_TEST, 1),
    ("demux-ec-mix-xlmt-alpha-1", NO_TEST, 1),
    ("demux-ec-es-xlmt-all", NO_MIXED_TEST, 2),
    ("demux-ec-to-ar", (), 1),
    ("demux-ec-mix-es-tr", NO_SECOND_TEST, 2),
    ("demux-ec-en-bertweet", NO_TEST, 1),
    ("demux-ec-en-xlmt", NO_TEST, 2),
    ("demux-ec-without-anger", NO_MIXED_TEST, 3),
    ("demux-ec-without-joy", NO_MIXED_TEST, 3),
    ("demux-ec-without-pessimism", NO_MIXED_TEST, 3),
    ("demux-ec-without-trust", NO_MIXED_TEST, 3),
    ("demux-ec-fr-tr-train-dev", (), 2),
    ("demux-ec-fr-tr", (), 1),
    ("demux-ec-to-en", (), 1),
    ("demux-ec-es-robertuito", NO_TEST, 1),
    ("demux-ec-es-xlmt", NO_TEST, 3),
    ("demux-ec-es-tr-xlmt", NO_MIXED_TEST, 2),
]
LISTED = """
Arabic(train),Arabic(dev),None,bert-base-arabertv02-twitter,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_2
English+Arabic(train),English+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,Spanish(train;dev),0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English+Spanish+Arabic(train;dev),None,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_2
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,bert-base-multilingual-uncased,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,bert-base-multilingual-uncased,0.5,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,bert-base-multilingual-uncased,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,0.5,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),English+Spanish+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish+Arabic(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English+Spanish(train),English+Spanish(dev),None,twitter-xlm-roberta-base-sentiment,Arabic(train;dev),0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish-Tr+Arabic(train),Spanish-Tr(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English+Spanish-Tr+Arabic(train),Spanish-Tr(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,bertweet-base,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,anger,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,anger,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,anger,None,None,cossim,False,0.2,intra_exp_diff,False,None_2
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,joy,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,joy,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,joy,None,None,cossim,False,0.2,intra_exp_diff,False,None_2
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,pessimism,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,pessimism,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,pessimism,None,None,cossim,False,0.2,intra_exp_diff,False,None_2
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,trust,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,trust,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
English(train),English(dev),None,twitter-xlm-roberta-base-sentiment,trust,None,None,cossim,False,0.2,intra_exp_diff,False,None_2
French-Tr(train;dev),None,bertweetfr-base,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
French-Tr(train;dev),None,bertweetfr-base,None,None,cossim,False,0.2,intra_exp_diff,False,None_1
French-Tr(train),French-Tr(dev),None,bertweetfr-base,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish+Arabic(train),Spanish+Arabic(dev),None,twitter-xlm-roberta-base-sentiment,English(train;dev),0.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish(train),Spanish(dev),None,robertuito-sentiment-analysis,None,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
Spanish(train),Spanish(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_2
Spanish-Tr(train),Spanish-Tr(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_0
Spanish-Tr(train),Spanish-Tr(dev),None,twitter-xlm-roberta-base-sentiment,1.0,None,cossim,False,0.2,intra_exp_diff,False,None_1
"""


def open_all(root):
    """The folder of each configuration; those of one name differ in their number of epochs."""
    return [
        open_log(root, load_recipe(recipe, [*options, f"training.epochs={20 + number}"])).folder
        for recipe, options, count in ROWS
        for number in range(count)
    ]


def test_the_listing_of_the_published_readme(tmp_path):
    folders = open_all(tmp_path)
    expected = LISTED.split()
    assert [folder.name for folder in folders] == expected
    there = {path.name for path in folders[0].parent.iterdir() if path.is_dir()}
    assert there == set(expected)
    recipe, options, _ = ROWS[1]
    again = open_log(tmp_path, load_recipe(recipe, [*options, "training.epochs=21"]))
    assert again.folder == folders[2]


def test_a_name_has_every_parameter_and_no_leading_comma(tmp_path):
    folder = open_log(tmp_path, load_recipe("demux-goemotions-bert")).folder
    parts = folder.name.removesuffix("_0").split(",")
    assert parts[:2] == ["goemotions(train)", "goemotions(dev)"]
    assert parts[-6:] == ["cossim", "False", "None", "None", "False", "None"]
    assert all(parts)


def test_a_folder_under_its_old_name_goes_on(tmp_path):
    recipe = load_recipe("demux-goemotions")
    folder = open_log(tmp_path, recipe).folder
    old = folder.rename(folder.with_name("neutral,None,1.0,all-minilm-l6-v2,0.2,exp_diff,intra_0"))
    assert open_log(tmp_path, recipe).folder == old
    renamed = recipe.model_copy(update={"naming": ("training.epochs",)})
    assert open_log(tmp_path, renamed).folder == old
    another = load_recipe("demux-goemotions", ["training.epochs=9"])
    assert open_log(tmp_path, another).folder == folder
    assert open_log(tmp_path, recipe).folder == old


def test_texts_that_are_not_mixed_are_those_mixed_as_they_are(tmp_path):
    """Recipes with an encoder of one language have said `alpha: 1.0` before."""
    one, other = (load_recipe("demux-ec-fr-tr", [f"mix.alpha={value}"]) for value in ("null", 1))
    assert open_log(tmp_path, one).folder == open_log(tmp_path, other).folder


@pytest.mark.parametrize(
    ("naming", "name"),
    [
        (["training.epochs", "_model=large"], "large,20"),
        (["_data", "training.epochs", "_data=mine"], "mine,20"),
        (["objective.local_loss.name"], "None"),
        (["_without", "_data"], "English(train)"),
    ],
)
def test_users_choose_the_parameters(tmp_path, naming, name):
    recipe = load_recipe("demux-ec-en", [f"naming={json.dumps(naming)}"])
    assert open_log(tmp_path, recipe).folder.name == f"{name}_0"


def test_a_parameter_is_added_to_those_of_the_model(tmp_path):
    plain, more = (
        open_log(tmp_path / str(at), load_recipe("demux-ec-en", naming)).folder.name
        for at, naming in enumerate(([], ['naming=["default", "training.epochs"]']))
    )
    assert more == f"{plain.removesuffix('_0')},20_0"


def test_a_parameter_that_is_not_there_is_said():
    with pytest.raises(InputError, match=r"training\.epoch.*did you mean training\.epochs"):
        load_recipe("demux-ec-en", ['naming=["training.epoch"]'])


def test_the_command_takes_the_parameters(monkeypatch, tmp_path):
    """Without training: the folder is made before anything is loaded."""
    made = []

    def stop(root, recipe):
        made.append(open_log(tmp_path, recipe).folder.name)
        raise InputError("stop")

    monkeypatch.setattr("emoscope.training.logs.open_log", stop)
    arguments = ["train", "nelec-sample", "--name-by", "seed", "--name-by", "_data=mine"]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, InputError)
    assert made == ["mine,0_0"]
    with pytest.raises(InputError, match="--output"):
        CliRunner().invoke(app, [*arguments, "--output", "x"], catch_exceptions=False)


def test_any_log_has_names(tmp_path):
    log = ExperimentLog.open(tmp_path, "Other", {"a": None, "b": []}, ["a", "b"])
    assert log.folder.name == "None,None_0"
