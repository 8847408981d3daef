"""The bootstrap of differences against one that draws texts and counts them anew each time."""

import numpy as np
import pytest

from emoscope.metrics.bootstrap import Difference, draw_texts
from emoscope.metrics.classification import report
from emoscope.metrics.metric import AVERAGES, JACCARD, MICRO_F1, f1_of, read_metric
from emoscope.metrics.paired import CHUNK, GoldTexts, measure_systems
from emoscope.taxonomy import Label, Taxonomy

EMOCONTEXT = Taxonomy.load("emocontext")


def several(count, ignored=()):
    labels = tuple(Label(f"l{k}", ("word",)) for k in range(count))
    return Taxonomy("several", labels, ignored=ignored)


def exclusive_texts(size, rng):
    return np.eye(4)[rng.choice(4, size=size, p=[0.6, 0.2, 0.1, 0.1])]


def noisy(gold, rng, runs, right):
    """Decisions of runs that are right with some probability, cell by cell or text by text."""
    shape = (runs, *gold.shape)
    if (gold.sum(axis=1) == 1).all():
        other = np.eye(gold.shape[1], dtype=bool)[rng.integers(0, gold.shape[1], shape[:2])]
        return np.where(rng.random(shape[:2])[..., None] < right, gold >= 0.5, other)
    return np.where(rng.random(shape) < right, gold >= 0.5, rng.random(shape) < 0.3)


def slow_figures(gold, predictions, taxonomy):
    """Of one run on one part; NaN where the part was not annotated for a label."""
    known = ~np.isnan(gold)
    chosen = [k for k in range(len(taxonomy)) if known[:, k].any()]
    part = taxonomy.subset([taxonomy.names[k] for k in chosen])
    truth = np.where(known, gold, 0.0)[:, chosen]
    return report(truth, (predictions & known)[:, chosen], part).metrics()


def slow_resamples(texts, systems, metric, resamples, seed):
    """Means over runs on resamples that are drawn and counted text by text, (S, C)."""
    parts = np.asarray(texts.parts)
    found = np.zeros((resamples, len(systems)))
    names = list(dict.fromkeys(texts.parts))
    generators = [np.random.default_rng((seed, place)) for place in range(len(names))]
    drawn = [
        draw_texts(int((parts == name).sum()), resamples, generator)
        for name, generator in zip(names, generators, strict=True)
    ]
    for s in range(resamples):
        for c, predictions in enumerate(systems):
            runs = []
            for run in predictions:
                values = []
                for name, rows in zip(names, drawn, strict=True):
                    places = np.flatnonzero(parts == name)[rows[s]]
                    values_of = slow_figures(texts.gold[places], run[places], texts.taxonomy)
                    # A resample may miss all texts that were annotated for a label.
                    values.append(values_of[metric])
                runs.append(np.mean(values))
            found[s, c] = np.mean(runs)
    return found


@pytest.mark.parametrize("metric", [*AVERAGES, f1_of("angry")])
def test_equals_drawing_and_counting_texts_of_exclusive_labels(metric):
    rng = np.random.default_rng(0)
    gold = exclusive_texts(80, rng)
    systems = [noisy(gold, rng, 3, 0.6), noisy(gold, rng, 2, 0.8)]
    texts = GoldTexts(EMOCONTEXT, gold, ["sample"] * 80)
    got = measure_systems(texts, systems, [metric], resamples=60, seed=3)
    expected = slow_resamples(texts, systems, metric, 60, 3)
    np.testing.assert_allclose(got.resampled[..., 0], expected, atol=1e-6)
    for predictions, runs in zip(systems, got.runs, strict=True):
        slow = [slow_figures(gold, run, EMOCONTEXT)[metric] for run in predictions]
        np.testing.assert_allclose(runs[:, 0], slow, atol=1e-12)


@pytest.mark.parametrize("metric", [*AVERAGES, f1_of("l2")])
def test_equals_drawing_and_counting_texts_of_several_labels_and_parts(metric):
    rng = np.random.default_rng(1)
    taxonomy = several(5, ignored=("l4",))
    gold = (rng.random((70, 5)) < 0.3).astype(float)
    gold[0] = 0
    gold[:30, 3] = np.nan  # The first part was not annotated for it.
    parts = ["en"] * 30 + ["es"] * 40
    systems = [noisy(gold, rng, 2, 0.7), noisy(gold, rng, 2, 0.9)]
    texts = GoldTexts(taxonomy, gold, parts)
    got = measure_systems(texts, systems, [metric], resamples=40, seed=5)
    expected = slow_resamples(texts, systems, metric, 40, 5)
    np.testing.assert_allclose(got.resampled[..., 0], expected, atol=1e-6)


def test_chunks_make_no_difference(monkeypatch):
    rng = np.random.default_rng(0)
    gold = exclusive_texts(50, rng)
    texts = GoldTexts(EMOCONTEXT, gold, ["sample"] * 50)
    systems = [noisy(gold, rng, 2, 0.7)]
    whole = measure_systems(texts, systems, [MICRO_F1], resamples=CHUNK + 37)
    monkeypatch.setattr("emoscope.metrics.paired.CHUNK", 10)
    parts = measure_systems(texts, systems, [MICRO_F1], resamples=CHUNK + 37)
    np.testing.assert_allclose(whole.resampled, parts.resampled, atol=1e-6)


def test_a_label_that_one_part_lacks_is_averaged_over_the_others():
    taxonomy = several(2)
    gold = np.array([[1, np.nan], [0, np.nan], [1, 1], [1, 0]])
    predictions = np.array([[[1, 1], [0, 1], [1, 1], [0, 0]]], dtype=bool)
    texts = GoldTexts(taxonomy, gold, ["en", "en", "es", "es"])
    names = ["l0_f1", "l1_f1", "macro_f1", "en_macro_f1", "es_macro_f1", "es_accuracy"]
    metrics = list(map(read_metric, names))
    [[values]] = measure_systems(texts, [predictions], metrics, resamples=0).runs
    # English: l0 right throughout. Spanish: l0 TP 1, FN 1, so 2/3; l1 right throughout.
    expected = [(1 + 2 / 3) / 2, 1, (1 + (2 / 3 + 1) / 2) / 2, 1, (2 / 3 + 1) / 2, 0.5]
    assert values.tolist() == pytest.approx(expected)


def test_a_part_without_any_of_the_labels_does_not_count():
    gold = np.array([[np.nan, np.nan], [1, 0]])
    predictions = np.array([[[1, 1], [1, 0]]], dtype=bool)
    texts = GoldTexts(several(2), gold, ["en", "es"])
    [[values]] = measure_systems(texts, [predictions], AVERAGES, resamples=0).runs
    # The second label has no case.
    assert values.tolist() == pytest.approx([1, 1, 1, 1])


def test_ignored_labels_are_not_averaged():
    # others is right throughout; happy once right, once missed; sad and angry do not occur.
    gold = np.eye(4)[[0, 0, 1, 1]]
    predictions = np.eye(4, dtype=bool)[[0, 0, 1, 0]][None]
    texts = GoldTexts(EMOCONTEXT, gold, ["sample"] * 4)
    [[values]] = measure_systems(texts, [predictions], AVERAGES, resamples=0).runs
    assert values.tolist() == pytest.approx([2 / 3, 2 / 3, 3 / 4, 3 / 4])


def test_names_of_figures():
    gold = np.array([[1, np.nan], [0, np.nan]])
    names = list(map(str, GoldTexts(several(2), gold, ["a", "a"]).metrics))
    assert names[:5] == ["micro_f1", "macro_f1", "jaccard", "accuracy", "l0_f1"]
    assert names[-2:] == ["l0_precision", "l0_recall"]
    assert "l1_recall" not in names
    assert JACCARD.of_part("a") in GoldTexts(several(2), gold, ["a", "b"]).metrics


def test_the_same_decisions_do_not_differ():
    rng = np.random.default_rng(0)
    gold = exclusive_texts(60, rng)
    predictions = noisy(gold, rng, 3, 0.7)
    texts = GoldTexts(EMOCONTEXT, gold, ["sample"] * 60)
    for metric in range(len(AVERAGES)):
        # In another place of the matrix, where sums may be rounded in another way.
        measured = measure_systems(
            texts, [predictions, predictions[:1], predictions], AVERAGES, resamples=300
        )
        assert measured.difference(0, 2, metric) == Difference(0.0, 0.0, 0.0, 1.0)


def test_is_seeded():
    rng = np.random.default_rng(0)
    gold = exclusive_texts(60, rng)
    texts = GoldTexts(EMOCONTEXT, gold, ["sample"] * 60)
    systems = [noisy(gold, rng, 2, 0.7)]
    first, again, other = (
        measure_systems(texts, systems, [MICRO_F1], resamples=20, seed=seed).resampled
        for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert (first != other).any()


def p_values(right, trials, metric=MICRO_F1):
    """p of as many comparisons of two systems that are right with these probabilities."""
    found = []
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        gold = exclusive_texts(300, rng)
        texts = GoldTexts(EMOCONTEXT, gold, ["sample"] * 300)
        systems = [noisy(gold, rng, 2, share) for share in right]
        measured = measure_systems(texts, systems, [metric], resamples=400, seed=trial)
        found.append(measured.difference(0, 1, 0).p)
    return np.array(found)


def test_without_a_difference_p_is_about_uniform():
    p = p_values((0.7, 0.7), 250)
    for level in (0.05, 0.2, 0.5, 0.8):
        # Three standard deviations of a share of 250, and what the bootstrap itself is off.
        allowed = 3 * np.sqrt(level * (1 - level) / 250) + 0.02
        assert (p <= level).mean() == pytest.approx(level, abs=allowed)


def test_a_difference_is_found():
    p = p_values((0.8, 0.6), 40)
    assert (p < 0.05).mean() > 0.95


def test_precision_and_recall_are_those_of_a_report():
    rng = np.random.default_rng(3)
    gold = exclusive_texts(80, rng)
    predictions = noisy(gold, rng, 1, 0.6)
    texts = GoldTexts(EMOCONTEXT, gold, ["a"] * 80)
    names = ["micro_precision", "micro_recall", "macro_precision", "macro_recall"]
    names += ["harmonic_macro_f1", "sad_precision", "others_recall"]
    found = measure_systems(texts, [predictions], list(map(read_metric, names)), resamples=3)
    figures = report(gold, predictions[0], EMOCONTEXT)
    precision, recall = figures.macro.precision, figures.macro.recall
    expected = [figures.micro.precision, figures.micro.recall, precision, recall]
    expected += [2 * precision * recall / (precision + recall)]
    expected += [figures.labels["sad"].precision, figures.labels["others"].recall]
    assert found.runs[0][0] == pytest.approx(expected)
    assert figures.harmonic_macro_f1 == pytest.approx(expected[4])
