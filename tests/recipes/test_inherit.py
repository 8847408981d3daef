"""Recipes that say only how they differ from another one."""

import pytest

from emoscope.errors import InputError
from emoscope.recipes.load import load_recipe, recipe_to_yaml

PARENT = """
name: parent
description: the first
needs: much
time: 1 h
corpus: {name: sample, holdout: {share: 0.3, seed: 1}}
model: {type: demux, cluster: max, dropout: 0.2}
objective: {local_loss: {name: inter, weights: data}, label_smoothing: 0.1}
training: {epochs: 7, schedule: {kind: linear, warmup: 0.3}, patience: 3}
"""


@pytest.fixture
def child(tmp_path):
    """Writes a recipe that extends another, and returns its path."""
    (tmp_path / "parent.yaml").write_text(PARENT, encoding="utf-8")

    def write(text, extends="parent.yaml", name="child"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"name: {name}\nextends: {extends}\n{text}", encoding="utf-8")
        return str(path)

    return write


def test_all_is_taken_over_but_the_name(child, tmp_path):
    parent = load_recipe(str(tmp_path / "parent.yaml"))
    assert load_recipe(child("")) == parent.model_copy(update={"name": "child"})
    path = tmp_path / "nameless.yaml"
    path.write_text("extends: parent.yaml\n", encoding="utf-8")
    with pytest.raises(InputError, match="name: Field required"):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("text", "read", "expected"),
    [
        ("training: {epochs: 9}", lambda r: (r.training.epochs, r.training.patience), (9, 3)),
        ("training: {schedule: {warmup: 0.5}}", lambda r: r.training.schedule.warmup, 0.5),
        ("training: {schedule: {kind: constant}}", lambda r: r.training.schedule.kind, "constant"),
        ("training: {patience: null}", lambda r: r.training.patience, None),
        ("model: {dropout: 0.4}", lambda r: (r.model.cluster, r.model.dropout), ("max", 0.4)),
        ("model: {type: memo}", lambda r: (r.model.type, r.model.dropout), ("memo", 0.1)),
        ("objective: {local_loss: null}", lambda r: r.objective.local_loss, None),
        ("objective: {local_loss: null}", lambda r: r.objective.label_smoothing, 0.1),
        ("objective: null", lambda r: r.objective.label_smoothing, 0.0),
        ("corpus: {holdout: null}", lambda r: r.corpus.holdout, None),
        ("corpus: {labels: [a, b]}", lambda r: r.corpus.labels, ("a", "b")),
        ("description: other", lambda r: (r.description, r.needs), ("other", "much")),
    ],
)
def test_the_child_wins(child, text, read, expected):
    assert read(load_recipe(child(text))) == expected


def test_files_are_seen_from_the_folder_of_the_one_that_names_them(child, tmp_path, monkeypatch):
    (tmp_path / "deeper").mkdir()
    child("training: {epochs: 9}")
    last = child("seed: 4", extends="../child.yaml", name="deeper/last")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    recipe = load_recipe(last)
    assert (recipe.seed, recipe.training.epochs, recipe.training.patience) == (4, 9, 3)


def test_a_file_may_extend_a_recipe_that_ships(child):
    recipe = load_recipe(child("training: {epochs: 1}", extends="nelec-sample"))
    shipped = load_recipe("nelec-sample")
    assert recipe.training.epochs == 1
    assert recipe.model == shipped.model


def test_overrides_come_last_and_the_yaml_is_whole(child, tmp_path):
    recipe = load_recipe(child("training: {epochs: 9}"), ["training.epochs=2"])
    assert recipe.training.epochs == 2
    path = tmp_path / "whole.yaml"
    path.write_text(recipe_to_yaml(recipe), encoding="utf-8")
    assert "extends" not in path.read_text(encoding="utf-8")
    assert load_recipe(str(path)) == recipe


def test_circles_are_said(child):
    path = child("", extends="child.yaml")
    with pytest.raises(InputError, match=r"extends itself: .*child\.yaml extends .*child\.yaml"):
        load_recipe(path)
    child("", extends="one.yaml", name="two")
    path = child("", extends="two.yaml", name="one")
    with pytest.raises(InputError, match=r"one\.yaml extends .*two\.yaml extends .*one\.yaml"):
        load_recipe(path)


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("none.yaml", r"No recipe '.*none\.yaml'"),
        ("[a, b]", r"child\.yaml: extends: expected the name of a recipe or a YAML file"),
        ("3", "extends: expected"),
        ("''", "extends: expected"),
        ("../..", "No recipe"),
    ],
)
def test_parents_that_are_none_are_said(child, extends, message):
    with pytest.raises(InputError, match=message):
        load_recipe(child("", extends=extends))


def test_fields_for_people_are_no_settings(child):
    first, second = (
        load_recipe(child(f"description: {word}\nneeds: {word}\ntime: {word}"))
        for word in ("one", "two")
    )
    assert first != second
    assert first.settings() == second.settings()
    other = load_recipe(child("training: {epochs: 8}"))
    assert other.settings() != first.settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("corpus: {train: null}", r"corpus\.train: expected a split"),
        ("corpus: {dev: null}", r"corpus\.dev: found null in every corpus"),
    ],
)
def test_a_training_needs_texts_to_learn_from_and_to_choose_on(child, text, message):
    with pytest.raises(InputError, match=message):
        load_recipe(child(text))
    mixed = load_recipe(child("corpus: {dev: null}\nmix: {corpora: [{name: sample, train: null}]}"))
    assert mixed.dev_split == "dev"
