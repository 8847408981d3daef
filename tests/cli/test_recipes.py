"""`emoscope recipes`: the list, its rows as JSON, one recipe."""

import json

import pytest

from emoscope.recipes.load import builtin_recipes, load_recipe, recipe_to_yaml
from emoscope.recipes.published import load_published_tables
from emoscope.recipes.shipped import find_table, list_recipes


def test_the_list_has_every_recipe_under_its_table(emoscope, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    ended = emoscope("recipes")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert max(map(len, lines)) <= 80
    table, listed = "", []
    for line in lines:
        if line and not line.startswith(" ") and line.split()[0] in load_published_tables():
            table = line.split()[0]
        name = line.split()[0] if line.startswith("  ") else ""
        if name in builtin_recipes():
            assert find_table(name) == table
            listed.append(name)
    assert sorted(listed) == list(builtin_recipes())


def test_a_line_says_what_a_recipe_needs(emoscope):
    out = " ".join(emoscope("recipes", "--table", "emocontext").out.split())
    assert "needs nothing recipe encoder time nelec-sample glove-6b-50d 1 to 2 min" in out
    assert "competitions.codalab.org/competitions/19790" in out
    assert "demux-ec" not in out


def test_the_list_as_json(emoscope):
    rows = json.loads(emoscope("recipes", "--json").out)
    assert sorted(row["name"] for row in rows) == list(builtin_recipes())
    [row] = [row for row in rows if row["name"] == "demux-french-election-start"]
    assert row["table"] == "french-election"
    assert row["encoder"] == "cardiffnlp/twitter-xlm-roberta-base-sentiment"
    assert row["start"] == "runs/demux-ec-mix-xlmt-alpha-0"
    assert row["corpora"] == [
        {
            "name": "french_election",
            "languages": None,
            "train": "train",
            "dev": "dev",
            "test": "test",
        }
    ]
    rows = json.loads(emoscope("recipes", "--json", "--table", "ec-transfer").out)
    assert tuple(row["name"] for row in rows) == list_recipes("ec-transfer")


@pytest.mark.parametrize("name", ["nelec-sample", "demux-ec-to-es", "memo-ec-ar-complete-wheel"])
def test_one_is_shown_as_yaml_with_all_that_it_takes_over(emoscope, name):
    ended = emoscope("recipes", name)
    assert (ended.code, ended.out) == (0, recipe_to_yaml(load_recipe(name)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", "goemotion"], "No table 'goemotion' of recipes; did you mean goemotions?"),
        (["nelec-sampl"], "did you mean nelec-sample"),
        (["nelec-sample", "--json"], "--table and --json are for the list"),
    ],
)
def test_what_is_not_there_is_said(emoscope, arguments, message):
    ended = emoscope("recipes", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


@pytest.mark.parametrize("name", ["nelec-emocontext", "demux-ec-en-intra", "demux-semeval2025"])
def test_training_without_the_data_says_what_is_missing(emoscope, name):
    ended = emoscope("train", name)
    assert (ended.code, ended.out) == (2, "")
    assert "--data-dir" in ended.err
    assert load_recipe(name).needs in ended.err


def test_training_with_another_folder_says_which_files_are_missing(emoscope, tmp_path):
    ended = emoscope("train", "demux-ec-es-intra", "--data-dir", tmp_path, "-o", tmp_path / "out")
    assert (ended.code, ended.out) == (2, "")
    assert f"{tmp_path}/Spanish/E-c/2018-E-c-Es-train.txt" in ended.err
    assert "https://competitions.codalab.org/competitions/17751" in ended.err
