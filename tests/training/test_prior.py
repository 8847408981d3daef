from types import SimpleNamespace

import numpy as np
import pytest

from emoscope.calibration import Calibration, estimate_prior
from emoscope.errors import InputError
from emoscope.taxonomy import Taxonomy
from emoscope.training.prior import PriorCorrection, compute_class_weights, find_groups, to_prior

TAXONOMY = Taxonomy.load("emocontext")
NAMES = TAXONOMY.names
SHARES = np.array([0.5, 0.25, 0.125, 0.125])
RARE = np.array([0.85, 0.05, 0.05, 0.05])


def one_hot(shares, texts=1000):
    counts = np.round(np.asarray(shares) * texts).astype(int)
    return np.repeat(np.eye(len(shares), dtype=np.float32), counts, axis=0)


def make_recipe(target, weights, sampling="natural"):
    return SimpleNamespace(
        prior=SimpleNamespace(target=target),
        decision=SimpleNamespace(rule="most_probable"),
        objective=SimpleNamespace(class_weights=weights),
        model=SimpleNamespace(),
        training=SimpleNamespace(sampling=sampling),
    )


def correction(
    target="none", weights="none", train=SHARES, dev=RARE, taxonomy=TAXONOMY, sampling="natural"
):
    recipe = make_recipe(target, weights, sampling)
    return PriorCorrection(recipe, taxonomy, one_hot(train), one_hot(dev))


def test_without_a_target_nothing_is_shifted():
    plain = correction()
    assert plain.class_weights is None
    assert plain.target is None
    assert plain.source == pytest.approx(SHARES)
    assert plain.calibrate(np.zeros((3, 4))) == Calibration()


def test_the_target_is_the_devs_shares():
    shift = correction("dev").calibrate(np.zeros((3, 4))).prior_shift
    assert shift == pytest.approx(np.log(RARE / SHARES), abs=1e-6)


def test_given_shares_are_read_by_name_and_scaled():
    assert correction({"angry": 1, "sad": 1, "happy": 1, "others": 17}).target == pytest.approx(
        RARE
    )
    assert to_prior({"angry": 2, "sad": 1, "happy": 1, "others": 0}, TAXONOMY) == pytest.approx(
        [{"angry": 0.5, "sad": 0.25, "happy": 0.25, "others": 0}[name] for name in NAMES]
    )


@pytest.mark.parametrize(
    "shares",
    [
        {"others": 0.85, "happy": 0.15},
        {"others": 0.7, "happy": 0.1, "sad": 0.1, "angry": 0.05, "afraid": 0.05},
        dict.fromkeys(NAMES, 0.0),
    ],
)
def test_shares_must_cover_the_labels(shares):
    with pytest.raises(InputError, match=r"prior\.target: expected a share for each of"):
        correction(shares)


def test_an_estimated_target_comes_from_the_logits():
    """Logits of a model that is certain show the shares of the texts."""
    logits = one_hot(RARE, 200) * 30
    shift = correction("estimate").calibrate(logits).prior_shift
    estimated = estimate_prior(Calibration().probabilities(logits, exclusive=True), SHARES)
    assert shift == pytest.approx(np.log(estimated / SHARES))
    assert estimated == pytest.approx(RARE, abs=1e-6)


def test_class_weights_make_the_source_what_they_say():
    none, balanced, prior = (correction("dev", kind) for kind in ("none", "balanced", "prior"))
    assert none.class_weights is None
    assert balanced.class_weights == pytest.approx(0.25 / SHARES)
    assert balanced.source == pytest.approx([0.25] * 4)
    assert prior.class_weights == pytest.approx(RARE / SHARES, rel=1e-5)
    assert prior.source == pytest.approx(RARE)
    # The loss has moved the prior already, so nothing is left to shift.
    assert prior.calibrate(np.zeros((1, 4))).prior_shift == pytest.approx([0] * 4, abs=1e-6)


def test_weights_of_the_target_need_a_target():
    with pytest.raises(InputError, match=r"objective\.class_weights=prior needs prior\.target"):
        correction("none", "prior")
    assert compute_class_weights("none", SHARES, None) is None


@pytest.mark.parametrize("target", ["dev", "estimate", dict.fromkeys(NAMES, 0.25)])
def test_only_exclusive_labels_have_a_prior_to_shift(target):
    several = Taxonomy("several", TAXONOMY.labels, exclusive=False)
    with pytest.raises(InputError, match=r"prior\.target corrects exclusive labels"):
        correction(target, taxonomy=several)
    assert correction("none", taxonomy=several).target is None


@pytest.mark.parametrize("target", ["dev", "estimate", dict.fromkeys(NAMES, 0.25)])
def test_a_label_without_a_training_example_cannot_be_corrected(target):
    """Said before anything is trained, not after an epoch."""
    with pytest.raises(InputError, match="no example in training"):
        correction(target, train=[0.5, 0.25, 0.25, 0])


def test_exclusive_labels_have_a_temperature_and_others_thresholds_too():
    labels = one_hot([0.25] * 4, 200)
    logits = labels * 20 + np.roll(labels, 25, axis=0) * 18
    fitted = correction("dev").fit(logits, labels)
    assert fitted.temperature != 1
    assert fitted.prior_shift == correction("dev").calibrate(logits).prior_shift
    assert fitted.thresholds == ()
    several = Taxonomy("several", TAXONOMY.labels, exclusive=False)
    other = correction(taxonomy=several).fit(logits, labels)
    assert other == Calibration().fitted(logits, labels, exclusive=False)
    assert (other.prior_shift, len(other.thresholds)) == ((), 4)


def test_cells_that_a_corpus_does_not_know_have_no_say():
    train = one_hot(SHARES)
    holed = np.concatenate([train, np.full((50, 4), np.nan)])
    recipe = make_recipe("dev", "balanced")
    found = PriorCorrection(recipe, TAXONOMY, holed, np.concatenate([one_hot(RARE), holed[-50:]]))
    expected = correction("dev", "balanced")
    assert found.class_weights == pytest.approx(expected.class_weights)
    assert found.source == pytest.approx(expected.source)
    assert found.target == pytest.approx(expected.target)


def test_a_group_of_two_taxonomies_gets_one_threshold():
    ekman, sentiment = (Taxonomy.load(name).made_of for name in ("ekman", "sentiment"))
    assert ekman["joy"] != sentiment["positive"]
    groups = find_groups(Taxonomy.load("goemotions").names)
    assert sorted(map(len, groups)) == [2, 3, 4, 5, 11, 12]
    assert groups.count(tuple(sorted(ekman["joy"]))) == 1


def test_oversampling_makes_the_source_even():
    drawn = correction("dev", sampling="balanced")
    assert drawn.source == pytest.approx([0.25] * 4)
    shift = drawn.calibrate(np.zeros((3, 4))).prior_shift
    assert shift == pytest.approx(np.log(RARE / 0.25), abs=1e-6)
    without_sad = correction(sampling="balanced", train=[0.5, 0.25, 0, 0.25])
    assert without_sad.source == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])


def test_labels_are_balanced_once_and_only_where_a_text_has_one():
    with pytest.raises(InputError, match="both balance"):
        correction(weights="balanced", sampling="balanced")
    several = Taxonomy("several", TAXONOMY.labels, "en")
    with pytest.raises(InputError, match=r"sampling=natural"):
        correction(taxonomy=several, sampling="balanced")


def test_the_estimate_is_from_texts_that_could_have_any_of_the_labels():
    """A part that lacks a label has no logits for it."""
    logits, labels = one_hot(RARE, 200) * 30, one_hot(RARE, 200)
    holed, of_holed = logits[:50].copy(), labels[:50].copy()
    holed[:, 3] = of_holed[:, 3] = np.nan
    more = np.concatenate([logits, holed]), np.concatenate([labels, of_holed])
    assert correction("estimate").fit(*more) == correction("estimate").fit(logits, labels)


def test_rows_weigh_as_often_as_they_are_drawn():
    train = one_hot(SHARES)
    recipe = make_recipe("dev", "balanced")
    drawn = np.where(train[:, 0] == 1, 0.5, 2.0)
    found = PriorCorrection(recipe, TAXONOMY, train, one_hot(RARE), drawn)
    expected = SHARES * [0.5, 2, 2, 2]
    expected /= expected.sum()
    assert found.class_weights == pytest.approx(0.25 / expected)
    assert found.source == pytest.approx([0.25] * 4)
    recipe.objective.class_weights = "none"
    assert PriorCorrection(recipe, TAXONOMY, train, one_hot(RARE), drawn).source == pytest.approx(
        expected
    )


@pytest.mark.parametrize("labels", ["independent", "joint"])
def test_a_label_that_no_dev_text_is_annotated_for_is_named_before_training(labels):
    """Where dev has to tell its share: of each independent label, and for the target dev."""
    independent = labels == "independent"
    recipe = make_recipe("none" if independent else "dev", "none")
    recipe.model.labels = labels
    recipe.corpus = SimpleNamespace(exclude=("calm",))
    taxonomy = Taxonomy("several", TAXONOMY.labels, "en", exclusive=not independent)
    dev = one_hot(RARE)
    dev[:, 2] = np.nan
    advice = r"corpus\.exclude=\[calm,sad\]" if independent else r"prior\.target=none"
    with pytest.raises(InputError, match=f"annotated for sad.*{advice}"):
        PriorCorrection(recipe, taxonomy, one_hot(SHARES), dev)
    # Without dev there is nothing to fit.
    if independent:
        PriorCorrection(recipe, taxonomy, one_hot(SHARES), dev[:0])


def test_a_rule_for_all_labels_needs_a_dev_text_annotated_for_all_of_them():
    recipe = make_recipe("none", "none")
    recipe.decision.rule = "micro_f1"
    dev = one_hot(RARE)
    dev[:, 2] = np.nan
    with pytest.raises(InputError, match=r"decision\.rule=most_probable"):
        PriorCorrection(recipe, TAXONOMY, one_hot(SHARES), dev)
    dev[0] = [1, 0, 0, 0]
    assert PriorCorrection(recipe, TAXONOMY, one_hot(SHARES), dev).by_f1
    assert PriorCorrection(recipe, TAXONOMY, one_hot(SHARES), dev[:0]).by_f1
