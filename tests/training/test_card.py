"""What the model card of a training says of its decisions."""

from types import SimpleNamespace

import pytest

from emoscope.training.card import describe_metrics, describe_prior


def with_target(target):
    return SimpleNamespace(prior=SimpleNamespace(target=target))


@pytest.mark.parametrize(
    ("target", "facts"),
    [
        ("none", []),
        ("dev", ["dev"]),
        ("estimate", ["dev, without its labels"]),
        ({"calm": 3, "angry": 1}, ["calm 0.75", "angry 0.25"]),
    ],
)
def test_the_prior_that_probabilities_are_corrected_to_is_named(target, facts):
    said = describe_prior(with_target(target))
    assert bool(said) == bool(facts)
    assert all(fact in said for fact in facts)


@pytest.mark.parametrize("exclusive", [False, True])
def test_without_dev_the_card_says_how_labels_are_given(exclusive):
    said = describe_metrics(with_target("none"), SimpleNamespace(dev=None, test=None), exclusive)
    assert ("½" in said, "most probable" in said) == (not exclusive, exclusive)
