"""What every model must satisfy, of one that is no network."""

import shutil

import numpy as np
import pytest

import emoscope
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import evaluate
from emoscope.files import read_json
from emoscope.folder import ModelFolder, resolve_folder


@pytest.fixture(scope="module")
def annotator(trained):
    return emoscope.load(trained)


def test_there_is_a_probability_for_each_label(annotator, texts):
    found = annotator.probabilities(texts)
    assert found.shape == (len(texts), 4)
    assert found.sum(axis=1) == pytest.approx(1)
    assert annotator.annotate([]) == []
    assert annotator.annotate(["one text"])[0][0].label in annotator.taxonomy.names


def test_batch_size_and_order_change_nothing(annotator, texts):
    expected = annotator.probabilities(texts)
    one_by_one = np.concatenate([annotator.probabilities([each]) for each in texts])
    assert one_by_one == pytest.approx(expected, abs=1e-5)
    order = np.random.default_rng(0).permutation(len(texts))
    assert annotator.probabilities([texts[at] for at in order]) == pytest.approx(
        expected[order], abs=1e-5
    )


def test_the_same_seed_gives_the_same_model(small, trained, texts):
    again = small()
    one, other = (resolve_folder(each) for each in (trained, again))
    for name in ("model.txt", "preprocessing.json", "config.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_a_folder_holds_what_annotates(trained, texts, tmp_path):
    """Moved elsewhere it scores as before, and nothing in it is pickled."""
    folder = shutil.copytree(resolve_folder(trained), tmp_path / "copy")
    assert {path.suffix for path in folder.rglob("*")} <= {".txt", ".json", ".npz", ".md"}
    expected = emoscope.load(trained).probabilities(texts)
    assert emoscope.load(folder).probabilities(texts) == pytest.approx(expected)


def test_labels_are_fixed(trained):
    with pytest.raises(InputError, match="fixed set of labels"):
        emoscope.load(trained, "pride")
    with pytest.raises(InputError, match="needs no engine"):
        emoscope.load(trained, engine="torch")


def test_what_training_measures_is_what_the_folder_scores(trained):
    from emoscope.corpora.registry import load_corpus
    from emoscope.recipes.schema import CorpusSection
    from tests.models.combiner.conftest import few_texts

    with few_texts():
        corpus = load_corpus(CorpusSection(name="sample"), None, "dev")
    measured = evaluate(emoscope.load(trained), corpus)
    assert measured.report.to_dict() == read_json(trained / "result.json")["dev"]


@pytest.mark.parametrize("name", ["model.txt", "features.npz", "preprocessing.json"])
def test_a_file_that_is_missing_or_damaged_is_named(name, trained, tmp_path):
    folder = shutil.copytree(resolve_folder(trained), tmp_path / "copy")
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=name):
        emoscope.load(folder)
    (folder / name).unlink()
    with pytest.raises(InputError, match=name):
        emoscope.load(folder)


def test_a_folder_says_what_it_is(trained):
    opened = ModelFolder.open(trained)
    assert opened.model_type == "combiner"
    assert "n-grams" in (opened.path / "README.md").read_text()
