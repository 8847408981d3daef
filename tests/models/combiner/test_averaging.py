"""Models may count beside the trees, in a weighted mean of logits."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import emoscope
from emoscope.calibration import log_softmax, softmax
from emoscope.corpora.registry import load_corpus
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import evaluate
from emoscope.files import read_json
from emoscope.folder import resolve_folder
from emoscope.models.combiner.averaging import center, fit_weights, mix
from emoscope.recipes.load import load_recipe
from emoscope.recipes.schema import CorpusSection

TURNS = ["hello", "what is it", "I am so sad 😢 :("]


def averaged(*folders, name="words"):
    listed = ", ".join(map(str, folders))
    return "model.ensemble=averaging", f"model.parts=[{{name: {name}, folder: [{listed}]}}]"


@pytest.fixture(scope="module")
def one(small):
    return small("model.trees.learning_rate=0.3", "model.features=[words]")


@pytest.fixture(scope="module")
def combined(small, one):
    return small(
        *averaged(one), "model.features=[emoji, characters]", "model.trees.learning_rate=0.3"
    )


@pytest.fixture(scope="module")
def annotator(combined):
    return emoscope.load(combined)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_weights_are_the_likeliest(seed, exclusive):
    """No weights near those that are found, and none at random, make the labels likelier."""
    rng = np.random.default_rng(seed)
    logits = list(rng.normal(0, 2, (3, 60, 4)))
    truth = np.eye(4)[rng.integers(0, 4, 60)]
    logits[0] += 2 * truth
    shift = rng.normal(0, 1, 4) if exclusive else 0.0

    def loss(weights):
        scores = mix(logits, weights) + shift
        if exclusive:
            return -(log_softmax(scores) * truth).sum()
        return (np.logaddexp(0, scores) - scores * truth).sum()

    found = np.array(fit_weights(logits, truth, exclusive, shift))
    assert (found >= 0).all()
    for scale in (0.01, 0.1, 1.0):
        for other in found + scale * rng.normal(size=(20, 3)):
            assert loss(found) <= loss(np.maximum(other, 0)) + 1e-3


def test_labels_that_are_not_known_do_not_count():
    rng = np.random.default_rng(0)
    logits, truth = list(rng.normal(0, 2, (2, 80, 3))), rng.integers(0, 2, (80, 3)).astype(float)
    truth[rng.random((80, 3)) < 0.3] = np.nan
    known = ~np.isnan(truth)
    flat = fit_weights([each[known][:, None] for each in logits], truth[known][:, None], False, 0.0)
    assert fit_weights(logits, truth, False, 0.0) == pytest.approx(flat, abs=1e-3)


def test_a_mean_is_the_product_of_powers():
    rng = np.random.default_rng(0)
    one, other = softmax(rng.normal(size=(5, 3))), softmax(rng.normal(size=(5, 3)))
    product = one**0.25 * other**0.75
    logits = [center(np.log(each), True) for each in (one, other)]
    assert softmax(mix(logits, (0.25, 0.75))) == pytest.approx(
        product / product.sum(axis=1, keepdims=True)
    )


def test_the_folder_scores_what_training_measured_and_needs_nothing_else(combined, tmp_path):
    folder = shutil.copytree(resolve_folder(combined), tmp_path / "elsewhere")
    dev = load_corpus(CorpusSection(name="sample"), None, "dev")
    measured = evaluate(emoscope.load(folder), dev)
    assert measured.report.to_dict() == read_json(combined / "result.json")["dev"]
    assert set(read_json(folder / "config.json")["weights"]) == {"lexical", "words"}


def test_features_explain_the_whole_logit(annotator):
    backend = annotator.backend
    features = backend.features.gather(backend.features.read([TURNS]))
    whole = backend.trees.contributions(features)[0]
    assert whole.sum(axis=1) == pytest.approx(backend.logits(backend.encode([TURNS]))[0], abs=1e-4)
    said = [each.said for each in backend.reasons(TURNS).by_label[2]]
    assert any(each.startswith("part words: ") for each in said)
    assert any("the last turn" in each for each in said)


def test_without_lexical_features_the_parts_alone_count(small, one, annotator):
    folder = small(*averaged(one), "model.features=[]")
    assert set(read_json(resolve_folder(folder) / "config.json")["weights"]) == {"words"}
    assert not (resolve_folder(folder) / "model.txt").exists()
    found, alone = emoscope.load(folder), emoscope.load(one)
    rows = [TURNS, ["a"], ["love it", "no", "haha 😂"]]
    assert (found.probabilities(rows).argmax(1) == alone.probabilities(rows).argmax(1)).all()
    assert found.backend.reasons(TURNS).base == pytest.approx((0,) * 4)


def test_every_seed_of_a_training_counts(small, one, tmp_path):
    for seed in range(2):
        shutil.copytree(resolve_folder(one), tmp_path / f"seed-{seed}" / "model")
    backend = emoscope.load(small(*averaged(tmp_path))).backend
    assert [len(part.annotators) for part in backend.features.parts] == [2]


def test_averaging_needs_a_part_whose_name_is_free():
    with pytest.raises(InputError, match="averaging needs a part"):
        load_recipe("trees-sample", ["model.ensemble=averaging"])
    with pytest.raises(InputError, match="lexical"):
        load_recipe("trees-sample", averaged("folder", name="lexical"))


@pytest.mark.parametrize(
    "weights",
    [{"lexical": 1}, {"lexical": 1, "words": -1}, {"lexical": 0, "words": 0}, [1, 1], None]
    + [{"lexical": 1, "words": value} for value in (float("nan"), True, "1", 1e9)],
)
def test_weights_that_were_edited_are_refused(weights, combined, tmp_path):
    folder = shutil.copytree(resolve_folder(combined), tmp_path / "copy")
    config = {**read_json(folder / "config.json"), "weights": weights}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="weights"):
        emoscope.load(folder)
