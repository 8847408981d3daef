"""Published figures against the recipes that repeat them."""

import pytest

from emoscope.errors import InputError
from emoscope.metrics.metric import FURTHER, OF_LABEL
from emoscope.recipes.load import builtin_recipes, load_recipe
from emoscope.recipes.published import (
    find_published_table,
    load_published_tables,
    published,
)
from emoscope.recipes.shipped import find_table, list_recipes, list_tables
from emoscope.taxonomy import Taxonomy

ROWS = [(key, row) for key, table in load_published_tables().items() for row in table.rows]
LABELS = {"emocontext": "emocontext", "goemotions": "goemotions"}


def test_every_table_of_recipes_has_a_title_and_every_row_its_recipe():
    assert set(load_published_tables()) == set(list_tables())
    assert sorted(name for table in list_tables() for name in list_recipes(table)) == list(
        builtin_recipes()
    )
    for key, row in ROWS:
        assert row.recipe is None or find_table(row.recipe) == key


@pytest.mark.parametrize(("key", "row"), ROWS, ids=[f"{key}-{row.name}" for key, row in ROWS])
def test_figures_are_shares_of_what_is_measured_here(key, row):
    averages = {"micro_f1", "macro_f1", "accuracy", "jaccard"}
    averages |= set(FURTHER)
    averages |= {f"{code}_macro_f1" for code in ("eng", "deu", "esp", "hin", "arq", "ary")}
    labels = Taxonomy.load(LABELS.get(key, "semeval2018")).names
    assert set(row.metrics) <= averages | {f"{x}_{score}" for x in labels for score in OF_LABEL}
    for figure in row.metrics.values():
        assert 0 <= figure.mean <= 1
        assert figure.sd is None or 0 <= figure.sd < 0.1
    if row.recipe is not None:
        corpus = load_recipe(row.recipe).corpus
        assert getattr(corpus, row.split) is not None or key == "emocontext"


@pytest.mark.parametrize("key", ["ec-en", "ec-es", "ec-ar"])
def test_the_mean_of_the_eleven_emotions_is_their_mean(key):
    """It is the one figure that is computed here."""
    [row] = [row for row in published(key).rows if row.recipe is not None]
    emotions = [row.metrics[f"{label}_f1"].mean for label in Taxonomy.load("semeval2018").names]
    assert row.metrics["macro_f1"].mean == pytest.approx(sum(emotions) / 11, abs=6e-4)


def row_of(recipe):
    """The published row of a recipe, if there is one."""
    return next((row for row in find_published_table(recipe).rows if row.recipe == recipe), None)


def test_figures_as_printed():
    row = row_of("demux-goemotions-bert-intra")
    assert row.name == "Demux, intra 1 e^y"
    assert row.metrics == {"macro_f1": (0.523, 0.006), "micro_f1": (0.581, 0.006)}
    assert (row.half, row.split) == (True, "test")
    assert row_of("nelec-report-keras").metrics["micro_f1"] == (0.6483, None)
    assert row_of("demux-ec-ar-intra-data").metrics["surprise_f1"] == (0.0, 0.0)


def test_a_recipe_without_figures_of_its_own_has_those_of_its_table():
    assert row_of("nelec-emocontext") is None
    assert find_published_table("nelec-emocontext") == published("emocontext")
    assert find_published_table("mine") is None
    assert published("french-election").rows == ()


def test_an_unknown_table_is_said():
    with pytest.raises(InputError, match="No published table 'goemotion'; did you mean goemotions"):
        published("goemotion")
    with pytest.raises(InputError, match="No table 'ec' of recipes"):
        list_recipes("ec")
