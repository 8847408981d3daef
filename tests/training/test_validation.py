"""Figures on dev parts against counts made one cell after the other."""

from itertools import chain
from types import SimpleNamespace

import numpy as np
import pytest

from emoscope.calibration import Calibration, decide, fit_calibration, sigmoid
from emoscope.corpora.corpus import Corpus
from emoscope.metrics.metric import MICRO_F1, name_metrics, read_metric
from emoscope.taxonomy import Taxonomy
from emoscope.training.prepare import Prepared, check_metric, name_parts
from emoscope.training.prior import PriorCorrection
from emoscope.training.validation import (
    evaluate_logits,
    make_scored_texts,
    measure_parts,
    validate_dev,
)

PAIR = Taxonomy.load("joy, fear")
TRIPLE = Taxonomy.load("fear, awe, joy")
EXCLUSIVE = Taxonomy.load("emocontext")


class Plain:
    """An encoder that is never asked to encode."""

    def for_taxonomy(self, taxonomy):
        return self


def corpus(name, taxonomy, labels, language="en"):
    ids = [str(number) for number in range(len(labels))]
    return Corpus.from_rows(name, taxonomy, ids, [["text"]] * len(ids), labels, language)


def drawn(name, taxonomy, texts, seed, language="en"):
    """A corpus, and logits that tell something of its labels."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((texts, len(taxonomy))) < 0.3).astype(np.float32)
    logits = (3 * labels - 2.5 + rng.normal(0, 1.5, labels.shape)).astype(np.float32)
    return corpus(name, taxonomy, labels, language), logits


def judged(taxonomy, *parts, target="none"):
    """The judgement of dev parts under a model of this taxonomy."""
    dev = tuple(part for part, _ in parts)
    train = corpus("train", taxonomy, np.eye(len(taxonomy)))
    prepared = Prepared((train,), dev, SimpleNamespace(encoder=Plain(), reads_labels=True))
    recipe = SimpleNamespace(
        prior=SimpleNamespace(target=target),
        decision=SimpleNamespace(rule="most_probable"),
        objective=SimpleNamespace(class_weights="none"),
        model=SimpleNamespace(),
        training=SimpleNamespace(sampling="natural"),
    )
    labels = prepared.of_model([part.labels for part in dev])
    correction = PriorCorrection(recipe, taxonomy, train.labels, labels)
    return validate_dev(prepared, correction, [logits for _, logits in parts])


def counted(cells):
    """F1 of (true, decided) pairs."""
    hits = sum(1 for truth, decided in cells if truth and decided)
    wrong = sum(1 for truth, decided in cells if truth != decided)
    return 2 * hits / (2 * hits + wrong) if hits or wrong else 0.0


def cells(part, logits, name, temperature, threshold):
    """(true, decided) of one label of one part; none if the part does not know it."""
    if name not in part.taxonomy.names:
        return []
    k = part.taxonomy.index(name)
    decided = sigmoid(logits[:, k].astype(np.float64) / temperature) >= threshold
    return list(zip(part.labels[:, k] == 1, decided, strict=True))


@pytest.mark.parametrize("taxonomy", [PAIR, TRIPLE], ids=["pair", "triple"])
def test_parts_and_pooled_figures(taxonomy):
    """One part knows two labels, the other three; a label without a threshold has the median."""
    parts = drawn("a", PAIR, 40, 0), drawn("b", TRIPLE, 60, 1)
    found = judged(taxonomy, *parts)
    assert list(found.parts) == list(found.parts_at_fixed) == ["a_en", "b_en"]
    temperature = found.calibration.temperature
    fitted = dict(zip(taxonomy.names, found.calibration.thresholds, strict=True))
    middle = float(np.median(found.calibration.thresholds))
    of_parts = {"a_en": parts[0], "b_en": parts[1]}

    def own(name):
        return fitted.get(name, middle)

    for chosen, threshold in (
        ((found.pooled, found.parts), own),
        ((found.at_fixed, found.parts_at_fixed), lambda _: 0.5),
    ):
        pooled, single = chosen
        for part_name, report in single.items():
            part, logits = of_parts[part_name]
            assert tuple(report.labels) == part.taxonomy.names
            table = {
                name: cells(part, logits, name, temperature, threshold(name))
                for name in part.taxonomy.names
            }
            for name, pairs in table.items():
                assert report.labels[name].f1 == pytest.approx(counted(pairs)), (part_name, name)
            assert report.micro.f1 == pytest.approx(counted([*chain(*table.values())]))
            assert report.texts == len(part)
        table = {
            name: [
                pair
                for part, logits in parts
                for pair in cells(part, logits, name, temperature, threshold(name))
            ]
            for name in taxonomy.names
        }
        assert tuple(pooled.labels) == taxonomy.names
        for name, pairs in table.items():
            assert pooled.labels[name].f1 == pytest.approx(counted(pairs)), name
            assert pooled.labels[name].support == sum(truth for truth, _ in pairs)
        assert pooled.micro.f1 == pytest.approx(counted([*chain(*table.values())]))
        assert pooled.texts == 100
    assert found.pooled.macro.f1 > found.at_fixed.macro.f1, "the test needs thresholds that help"


def test_the_calibration_is_fitted_to_all_parts():
    (a, of_a), (b, of_b) = drawn("a", PAIR, 40, 0), drawn("b", TRIPLE, 60, 1)
    nan = np.full((40, 1), np.nan)
    logits = np.concatenate([np.hstack([of_a[:, [1]], nan, of_a[:, [0]]]), of_b])
    labels = np.concatenate([np.hstack([a.labels[:, [1]], nan, a.labels[:, [0]]]), b.labels])
    expected = Calibration().fitted(logits, labels, exclusive=False)
    assert judged(TRIPLE, (a, of_a), (b, of_b)).calibration == expected


def test_figures_that_are_followed():
    """Means over the parts that have them; each part's averages besides."""
    parts = drawn("a", PAIR, 40, 0), drawn("b", TRIPLE, 60, 1)
    found = judged(TRIPLE, *parts)
    followed, (one, other) = name_metrics(found.metrics()), found.parts.values()
    for name in ("micro_f1", "macro_f1", "accuracy", "jaccard", "joy_f1", "fear_f1"):
        metric = read_metric(name)
        mean = (one.metrics()[metric] + other.metrics()[metric]) / 2
        assert followed[name] == pytest.approx(mean), name
        half = [report.metrics()[metric] for report in found.parts_at_fixed.values()]
        assert followed[f"half_{name}"] == pytest.approx(sum(half) / 2), name
    assert followed["awe_f1"] == other.labels["awe"].f1
    assert followed["a_en_micro_f1"] == one.micro.f1
    assert followed["b_en_macro_f1"] == other.macro.f1
    alone = judged(PAIR, parts[0])
    assert list(alone.parts) == ["a"]
    assert set(name_metrics(alone.metrics())) == {
        f"{half}{name}"
        for half in ("", "half_")
        for name in ("micro_f1", "macro_f1", "accuracy", "jaccard", "joy_f1", "fear_f1")
    }
    assert alone.metrics()[MICRO_F1] == alone.pooled.micro.f1


@pytest.mark.parametrize("target", ["none", "dev"])
def test_labels_that_exclude_each_other_have_no_half_figures(target):
    """Decided is the most probable after the shift, which the parts have in common."""
    rng = np.random.default_rng(0)
    languages = ("en", "fr")
    parts = []
    for language in languages:
        labels = np.eye(4, dtype=np.float32)[rng.choice(4, 50, p=[0.7, 0.1, 0.1, 0.1])]
        logits = (labels + rng.normal(0, 1, labels.shape)).astype(np.float32)
        parts.append((corpus("a", EXCLUSIVE, labels, language), logits))
    found = judged(EXCLUSIVE, *parts, target=target)
    assert found.at_fixed is None
    assert not [metric for metric in found.metrics() if metric.fixed]
    assert found.calibration.thresholds == ()
    assert bool(found.calibration.prior_shift) == (target == "dev")
    shift = np.array(found.calibration.prior_shift or 0.0)
    right = []
    for language, (part, logits) in zip(languages, parts, strict=True):
        own = (logits + shift).argmax(axis=1) == part.labels.argmax(axis=1)
        assert found.parts[language].accuracy == pytest.approx(own.mean())
        right += own.tolist()
    assert found.pooled.accuracy == pytest.approx(np.mean(right))


def test_a_label_that_is_not_known_counts_for_nothing():
    labels = np.array([[1, np.nan], [0, 1], [0, np.nan]])
    logits = np.array([[2.0, np.nan], [-1.0, -1.0], [3.0, 9.0]])
    found = evaluate_logits(labels, logits, PAIR, Calibration())
    assert (found.labels["joy"].precision, found.labels["joy"].recall) == (0.5, 1.0)
    assert (found.labels["fear"].support, found.labels["fear"].recall) == (1, 0.0)
    assert found.micro.f1 == pytest.approx(2 / 4)


def test_every_figure_that_is_followed_may_choose_the_weights():
    parts = (
        drawn("a", PAIR, 9, seed=0),
        drawn("a", PAIR, 9, seed=1, language="eng"),
        drawn("b", TRIPLE, 9, seed=2),
    )
    for dev in (parts, parts[:2], parts[:1]):
        followed = name_metrics(judged(PAIR, *dev).metrics())
        for name in followed:
            check_metric(name, [corpus for corpus, _ in dev])
        assert ("eng_macro_f1" in followed) == (len(dev) == 2)


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ([("a", "en")], ["a"]),
        ([("a", "en"), ("a", "fr")], ["en", "fr"]),
        ([("a", "en"), ("b", "fr")], ["en", "fr"]),
        ([("a", "en"), ("b", "en")], ["a_en", "b_en"]),
        ([("a", "en"), ("a", "fr"), ("b", "en")], ["a_en", "a_fr", "b_en"]),
        ([("a", "en"), ("a", "en")], ["a_en_1", "a_en_2"]),
        ([("a", "en"), ("b", "fr"), ("a", "en")], ["a_en_1", "b_fr", "a_en_3"]),
    ],
)
def test_names_of_parts_tell_them_apart(parts, names):
    corpora = [corpus(name, PAIR, [[1, 0]], language) for name, language in parts]
    assert name_parts(corpora) == names


def test_independent_labels_keep_their_shifts_whatever_a_part_asks_for():
    """In another order, or beside a label that the model has not learnt."""
    part, logits = drawn("a", PAIR, 200, 0)
    logits -= 3
    parts = (
        part,
        corpus("b", Taxonomy.load("fear, joy"), part.labels[:, ::-1]),
        corpus("c", Taxonomy.load("joy, fear, awe"), np.hstack([part.labels, part.labels[:, :1]])),
    )
    of_parts = [logits, logits[:, ::-1], np.hstack([logits, logits[:, :1]])]
    encoder = Plain()
    encoder.independent = True
    family = SimpleNamespace(encoder=encoder, reads_labels=True)
    prepared = Prepared((part,), parts, family)
    calibration = fit_calibration(logits, part.labels, PAIR.names)
    found = measure_parts(prepared, prepared.dev_set, of_parts, calibration)
    for reports in (found.parts, found.parts_at_fixed):
        first, turned, more = reports.values()
        assert first.micro.f1 == turned.micro.f1 > 0.5
        assert [more.labels[name].f1 for name in PAIR.names] == [
            first.labels[name].f1 for name in PAIR.names
        ]
    shifted = (logits[:, 0] + calibration.untrained_shift) / calibration.temperature
    awe = found.parts_at_fixed["c_en"].labels["awe"]
    pairs = list(zip(part.labels[:, 0] == 1, shifted >= 0, strict=True))
    assert awe.f1 == pytest.approx(counted(pairs))
    scored = make_scored_texts(prepared, prepared.dev_set, of_parts, calibration)
    own = calibration.probabilities(logits, exclusive=False)
    for start in (0, 200, 400):
        assert scored.probabilities[start : start + 200, :2] == pytest.approx(own)
        assert (
            scored.predictions[start : start + 200, :2] == decide(own, False, calibration.cuts())
        ).all()


def test_an_exclusive_label_that_a_part_lacks_is_no_choice():
    nan = np.nan
    labels = np.array([[0, 1, 0, nan], [1, 0, 0, nan], [nan] * 4])
    logits = np.array([[-3, -1, -3, nan], [-1, -3, -3, nan], [nan] * 4])
    found = evaluate_logits(labels, logits, EXCLUSIVE, Calibration(prior_shift=(0.1,) * 4))
    assert (found.labels["happy"].f1, found.labels["others"].f1) == (1, 1)
    assert found.micro.f1 == 1
