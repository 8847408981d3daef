"""What a recipe's objective is made of: terms, coefficients, columns."""

import dataclasses

import numpy as np
import pytest
import torch

from emoscope.errors import InputError
from emoscope.losses.conditional import ConditionalWeights
from emoscope.losses.correlation import data_correlation, make_pair_weights, wheel_correlation
from emoscope.losses.functional import binary_cross_entropy, cross_entropy
from emoscope.losses.local import PairWeights, complete, inter, intra
from emoscope.losses.objective import Objective, check_objective, make_objective
from emoscope.losses.structure import global_loss
from emoscope.models.shared.output import EmotionOutput
from emoscope.recipes.objective import ObjectiveSection
from emoscope.registry import LOSSES, LossEntry
from emoscope.taxonomy import Label, Taxonomy

NAMES = ("joy", "fear", "anger", "trust")
LABELS = tuple(Label(name, (name,)) for name in NAMES)
SEVERAL = Taxonomy("several", LABELS)
ONE = Taxonomy("one", LABELS, exclusive=True)
WEIGHTS = np.array([0.5, 2.0, 1.0, 1.5])
TRAIN = (np.random.default_rng(0).random((60, 4)) < [0.5, 0.3, 0.4, 0.2]).astype(np.float32)
OUTPUT = EmotionOutput(
    logits=torch.tensor([[2.0, -1.0, 0.5, 0.1], [0.0, 0.3, 0.0, -2.0], [-3.0, 4.0, 1.0, 0.2]]),
    representations=torch.from_numpy(
        np.random.default_rng(1).normal(size=(3, 4, 5)).astype(np.float32)
    ),
)
GOLD = torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0]])
ONE_HOT = torch.eye(4)[[0, 2, 1]]


def made(taxonomy=SEVERAL, weights=None, **section):
    return make_objective(ObjectiveSection.model_validate(section), taxonomy, TRAIN, weights)


def test_an_objective_sums_its_terms_and_returns_each():
    objective = Objective(
        terms={
            "first": lambda output, _, __: output.logits.sum(),
            "second": lambda *_: OUTPUT.logits.max(),
        },
        coefficients={"first": 0.5, "second": 2.0},
    )
    total, terms = objective(EmotionOutput(logits=OUTPUT.logits), GOLD)
    assert float(total) == pytest.approx(0.5 * 2.1 + 2.0 * 4.0)
    assert {name: float(value) for name, value in terms.items()} == pytest.approx(
        {"first": 2.1, "second": 4.0}
    )


def test_terms_are_told_without_their_gradient():
    logits = OUTPUT.logits.clone().requires_grad_()
    total, terms = made()(EmotionOutput(logits=logits), GOLD)
    assert total.requires_grad
    assert not any(value.requires_grad for value in terms.values())


@pytest.mark.parametrize(
    ("taxonomy", "function", "labels"),
    [(ONE, cross_entropy, ONE_HOT), (SEVERAL, binary_cross_entropy, GOLD)],
)
def test_the_likelihood_follows_the_taxonomy(taxonomy, function, labels):
    total, terms = made(taxonomy, WEIGHTS, label_smoothing=0.1)(OUTPUT, labels)
    expected = function(OUTPUT.logits, labels, torch.tensor(WEIGHTS).float(), 0.1)
    torch.testing.assert_close(total, expected)
    assert list(terms) == [function.__name__]


LOCAL = {"inter": inter, "intra": intra, "complete": complete}


@pytest.mark.parametrize("name", LOCAL)
@pytest.mark.parametrize("options", [{}, {"distance": "sq_diff", "on": "logits"}])
def test_coefficients_of_the_local_loss(name, options):
    """(1 - c) · cross-entropy + c · local."""
    objective = made(local_loss={"name": name, "coefficient": 0.3, **options})
    assert objective.coefficients == pytest.approx(
        {"binary_cross_entropy": 0.7, f"{name}_loss": 0.3}
    )
    total, terms = objective(OUTPUT, GOLD)
    chosen = {"distance": "exp_diff", "on": "predictions"} | options
    likelihood = binary_cross_entropy(OUTPUT.logits, GOLD)
    local = LOCAL[name](OUTPUT.logits, GOLD, OUTPUT.representations, None, **chosen)
    torch.testing.assert_close(terms["binary_cross_entropy"], likelihood)
    torch.testing.assert_close(terms[f"{name}_loss"], local)
    assert float(local) != 0
    torch.testing.assert_close(total, 0.7 * likelihood + 0.3 * local)


@pytest.mark.parametrize("distance", ["cossim", "sq_diff"])
@pytest.mark.parametrize("source", ["data", "wheel"])
def test_the_global_loss_comes_on_top(distance, source):
    """(1 - c) · cross-entropy + c · local + g · global."""
    objective = made(
        local_loss={"coefficient": 0.25},
        global_loss={"coefficient": 0.6, "distance": distance, "correlation": source},
    )
    total, terms = objective(OUTPUT, GOLD)
    assert list(terms) == ["binary_cross_entropy", "intra_loss", "global_loss"]
    correlation = data_correlation(TRAIN) if source == "data" else wheel_correlation(NAMES)
    pull = global_loss(OUTPUT.representations, torch.tensor(correlation).float(), distance)
    torch.testing.assert_close(terms["global_loss"], pull)
    expected = 0.75 * terms["binary_cross_entropy"] + 0.25 * terms["intra_loss"] + 0.6 * pull
    torch.testing.assert_close(total, expected)
    # Alone it takes nothing from the cross-entropy.
    alone = made(global_loss={"coefficient": 0.6})
    assert alone.coefficients == {"binary_cross_entropy": 1.0, "global_loss": 0.6}


def pairs(source, **options):
    correlation = data_correlation(TRAIN) if source == "data" else wheel_correlation(NAMES)
    return make_pair_weights(correlation, options["transform"], options["plus_one"])


@pytest.mark.parametrize("source", ["data", "wheel"])
@pytest.mark.parametrize("transform", ["identity", "square"])
def test_pairs_are_weighed_by_their_correlation(source, transform):
    options = {"transform": transform, "plus_one": True}
    _, terms = made(local_loss={"weights": source, **options})(OUTPUT, GOLD)
    weighed, plain = (
        intra(OUTPUT.logits, GOLD, None, each, distance="exp_diff", on="predictions")
        for each in (pairs(source, **options), None)
    )
    torch.testing.assert_close(terms["intra_loss"], weighed)
    assert float(weighed) != pytest.approx(float(plain))


@pytest.mark.parametrize("order", [1, 2])
def test_cells_are_weighed_by_how_surprising_they_are(order):
    total, terms = made(conditional_order=order)(OUTPUT, GOLD)
    cells = ConditionalWeights.fit(TRAIN, order)(GOLD)
    expected = binary_cross_entropy(OUTPUT.logits, GOLD, cells=cells)
    torch.testing.assert_close(total, expected)
    assert list(terms) == ["binary_cross_entropy"]
    assert float(total) != pytest.approx(float(binary_cross_entropy(OUTPUT.logits, GOLD)))


def test_columns_choose_what_belongs_to_the_labels_left():
    """Of a batch without some labels, weights and correlations are those of the others."""
    columns = torch.tensor([0, 1, 3])
    output = EmotionOutput(
        logits=OUTPUT.logits[:, columns], representations=OUTPUT.representations[:, columns]
    )
    labels = GOLD[:, columns]
    objective = made(
        weights=WEIGHTS,
        local_loss={"weights": "wheel"},
        global_loss={"correlation": "data"},
    )
    _, terms = objective(output, labels, columns)
    few = np.ix_([0, 1, 3], [0, 1, 3])
    whole = make_pair_weights(wheel_correlation(NAMES), "identity", False)
    kept = PairWeights(*(one[few] for one in (whole.within, whole.between)))
    expected = {
        "binary_cross_entropy": binary_cross_entropy(
            output.logits, labels, torch.tensor(WEIGHTS[[0, 1, 3]]).float()
        ),
        "intra_loss": intra(
            output.logits, labels, None, kept, distance="exp_diff", on="predictions"
        ),
        "global_loss": global_loss(
            output.representations, torch.tensor(data_correlation(TRAIN)[few]).float(), "cossim"
        ),
    }
    assert list(terms) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value)


def test_every_column_is_as_none():
    objective = made(weights=WEIGHTS, local_loss={"weights": "data"}, global_loss={})
    torch.testing.assert_close(
        objective(OUTPUT, GOLD, torch.arange(4))[0], objective(OUTPUT, GOLD)[0]
    )


def test_conditional_weights_need_every_label():
    columns = torch.tensor([0, 1, 3])
    output = EmotionOutput(logits=OUTPUT.logits[:, columns])
    with pytest.raises(InputError, match=r"objective\.conditional_order.*model\.drop_labels"):
        made(conditional_order=1)(output, GOLD[:, columns], columns)


def test_a_global_loss_needs_representations():
    with pytest.raises(InputError, match=r"objective\.global_loss.*this model has none"):
        made(global_loss={})(EmotionOutput(logits=OUTPUT.logits), GOLD)


@pytest.mark.parametrize(
    "section", [{"local_loss": {}}, {"global_loss": {}}, {"conditional_order": 1}]
)
def test_labels_that_exclude_each_other_have_no_relations(section):
    """In a mixture such a part has its cross-entropy alone; a recipe of nothing else is refused."""
    objective = made(ONE, label_smoothing=0.1, **section)
    assert objective.coefficients == {"cross_entropy": 1.0}
    expected = cross_entropy(OUTPUT.logits, ONE_HOT, None, 0.1)
    torch.testing.assert_close(objective(OUTPUT, ONE_HOT)[0], expected)
    chosen = ObjectiveSection.model_validate(section)
    check_objective(chosen, [ONE, SEVERAL])
    check_objective(ObjectiveSection(), [ONE])
    with pytest.raises(InputError, match=r"those of 'one' exclude each other\. Leave them out"):
        check_objective(chosen, [ONE, ONE])


def test_labels_without_a_place_on_the_wheel_are_said():
    odd = Taxonomy("odd", (*LABELS[:3], Label("neutral", ("neutral",))))
    with pytest.raises(InputError, match="neutral"):
        made(odd, global_loss={"correlation": "wheel"})


def test_a_term_of_ones_own_is_added_with_its_coefficient(monkeypatch):
    entry = LossEntry("tests.losses.test_objective:size_term", pairwise=False)
    monkeypatch.setitem(LOSSES, "size", entry)
    section = ObjectiveSection.model_validate({"terms": {"size": 0.5}})
    for exclusive in (False, True):
        taxonomy = dataclasses.replace(Taxonomy.load("ekman"), exclusive=exclusive)
        labels = torch.eye(len(taxonomy))
        output = EmotionOutput(logits=torch.randn(labels.shape))
        loss, terms = make_objective(section, taxonomy, labels.numpy())(output, labels)
        first, second = terms.values()
        assert loss == first + 0.5 * second
        assert second == size_term(output, labels, None)
    for wrong in ("sise", "intra"):
        with pytest.raises(ValueError, match=f"no loss {wrong!r}"):
            ObjectiveSection.model_validate({"terms": {wrong: 1}})
    with pytest.raises(ValueError, match="no local loss 'size'"):
        ObjectiveSection.model_validate({"local_loss": "size"})


def size_term(output, labels, columns):
    return output.logits.square().mean()
