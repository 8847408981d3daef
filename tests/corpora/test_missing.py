"""A corpus that is not there: which files were expected, and who offers them."""

import pytest

from emoscope.corpora.registry import load_corpus
from emoscope.errors import InputError
from emoscope.recipes.load import builtin_recipes, load_recipe
from emoscope.recipes.schema import CorpusSection
from emoscope.registry import CORPORA, SHIPPED_CORPORA

EXPECTED = {
    "cedr": ("cedr-main-train.csv", "github.com/sag111/CEDR"),
    "edos": ("mturk_9k.csv", "github.com/anuradha1992/EDOS"),
    "emocontext": ("train.txt", "competitions.codalab.org/competitions/19790"),
    "event2mind": ("train.csv", "github.com/uwnlp/event2mind"),
    "french_election": (".csv", "private"),
    "goemotions": (
        "train.tsv",
        "github.com/google-research/google-research/tree/master/goemotions",
    ),
    "kote": ("train.tsv", "github.com/searle-j/KOTE"),
    "prdect_id": ("prdect-id.csv", "github.com/rhiosutoyo/PRDECT-ID"),
    "red1": ("train.csv", "github.com/Alegzandra/RED-Romanian-Emotions-Dataset"),
    "red2": ("train.json", "github.com/Alegzandra/RED-Romanian-Emotions-Dataset"),
    "semeval2018": ("2018-E-c-En-train.txt", "competitions.codalab.org/competitions/17751"),
    "semeval2025": ("eng.csv", "brighter-dataset.github.io"),
    "xed": ("en-annotated.tsv", "github.com/Helsinki-NLP/XED"),
}


def test_every_corpus_to_bring_is_here():
    assert set(EXPECTED) == set(CORPORA) - set(SHIPPED_CORPORA)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("there", [True, False])
def test_missing_files_are_said_with_where_to_get_them(name, there, tmp_path):
    root = tmp_path if there else tmp_path / "none"
    with pytest.raises(InputError) as caught:
        load_corpus(CorpusSection(name=name), root, "train")
    for part in (str(root), *EXPECTED[name]):
        assert part in str(caught.value)


@pytest.mark.parametrize("language", ["en-tr", "es-tr", "ar-tr", "fr-tr"])
def test_translations_are_the_users_own(language, tmp_path):
    section = CorpusSection(name="semeval2018", languages=(language,))
    with pytest.raises(InputError, match="made by those who use them") as caught:
        load_corpus(section, tmp_path, "train")
    code = language.removesuffix("-tr").capitalize()
    assert f"-Tr/E-c/2018-E-c-{code}-train.txt" in str(caught.value)


@pytest.mark.parametrize("name", builtin_recipes())
def test_a_recipe_says_which_files_it_needs_and_where_they_are(name):
    recipe = load_recipe(name)
    if recipe.corpus.name == "sample":
        assert not recipe.needs
        return
    if recipe.corpus.name == "hub":
        assert "huggingface.co" in recipe.needs
        return
    translated = all(code.endswith("-tr") for code in recipe.corpus.languages or ("en",))
    files, publisher = EXPECTED[recipe.corpus.name]
    places = ("translations of yours",) if translated else (publisher,)
    assert any(place in recipe.needs for place in places)
    of_folder = "the folder" in recipe.needs or "AnnotatedData" in recipe.needs
    assert of_folder or files[-4:] in recipe.needs or ".csv" in files
