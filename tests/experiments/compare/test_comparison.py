"""Comparisons: figures, corrections, and when the best is said to be better."""

from dataclasses import replace

import numpy as np
import pytest

from emoscope.errors import InputError
from emoscope.experiments.compare.comparison import compare
from emoscope.experiments.compare.references import Reference, find_references
from emoscope.experiments.compare.verdicts import count_runs_needed, judge_best, judge_differences
from emoscope.experiments.configurations import gather_configurations
from emoscope.metrics.metric import ACCURACY, read_metric
from emoscope.metrics.paired import PairedMetrics
from emoscope.metrics.permutation import adjust_holm, permutation_test
from emoscope.recipes.load import load_recipe
from tests.experiments.conftest import EMOCONTEXT, FEW, params
from tests.experiments.synthetic import make_log

QUICK = {"resamples": 2000}


@pytest.fixture(scope="module")
def exclusive(logs):
    return gather_configurations([logs.exclusive])


@pytest.fixture(scope="module")
def compared(exclusive):
    return compare(exclusive, **QUICK)


def test_figures_are_those_of_the_log(compared):
    for row in compared.rows:
        logged = row.configuration.log.aggregated()
        for metric in ("micro_f1", "macro_f1", "accuracy"):
            mean_std = row.results[read_metric(metric)]
            assert mean_std.mean == pytest.approx(logged[f"test_{metric}"].mean, abs=1e-12)
            assert mean_std.sd == pytest.approx(logged[f"test_{metric}"].sd, abs=1e-12)
            assert mean_std.runs == 5


def test_figures_of_several_labels(logs):
    got = compare(
        gather_configurations([logs.several]), ["jaccard", "half_macro_f1", "joy_f1"], **QUICK
    )
    assert tuple(map(str, got.metrics)) == ("jaccard", "half_macro_f1", "joy_f1")
    for row in got.rows:
        logged = row.configuration.log.aggregated()
        assert row.results[read_metric("jaccard")].mean == pytest.approx(
            logged["test_jaccard"].mean
        )
        assert row.results[read_metric("joy_f1")].mean == pytest.approx(logged["test_joy_f1"].mean)
        assert row.results[read_metric("half_macro_f1")].mean != pytest.approx(
            logged["test_macro_f1"].mean
        )


def test_the_default_figures(compared, logs):
    assert tuple(map(str, compared.metrics)) == ("micro_f1", "macro_f1", "accuracy")
    several = compare(gather_configurations([logs.several]), resamples=100)
    assert tuple(map(str, several.metrics)) == ("micro_f1", "macro_f1", "jaccard")


def test_an_unknown_figure(exclusive, logs):
    with pytest.raises(InputError, match=r"'micro' to compare; expected one of micro_f1, .*happy_"):
        compare(exclusive, ["micro"])
    with pytest.raises(InputError, match="'half_micro_f1'"):
        compare(exclusive, ["half_micro_f1"])
    with pytest.raises(InputError, match="after half_"):
        compare(gather_configurations([logs.several]), ["half"])


def test_a_figure_named_twice_is_one(exclusive):
    assert compare(exclusive, ["accuracy", "accuracy"], resamples=100).metrics == (ACCURACY,)


def test_a_clear_difference_stands(compared):
    assert compared.baseline == "hidden_size=16"
    assert not compared.rows[0].against_baseline
    for metric, judged in compared.rows[1].against_baseline.items():
        values = [row.results[metric].mean for row in compared.rows]
        assert judged.by_texts.value == pytest.approx(values[1] - values[0])
        assert 0 < judged.by_texts.low < judged.by_texts.value < judged.by_texts.high
        # All five runs of one above all five of the other: 2 of 252 splits.
        assert judged.by_runs == pytest.approx(2 / 252)
        best = compared.best[metric]
        assert (best.name, best.stands) == ("hidden_size=32", True)
    assert compared.tests == 3
    found = list(compared.rows[1].against_baseline.values())
    assert [one.by_runs_adjusted for one in found] == adjust_holm([one.by_runs for one in found])
    assert [one.by_texts_adjusted for one in found] == adjust_holm(
        [one.by_texts.p for one in found]
    )


def test_another_baseline_turns_the_sign(logs, compared):
    other = compare(gather_configurations([logs.exclusive], baseline=logs.second), **QUICK)
    for metric in compared.metrics:
        one = compared.rows[1].against_baseline[metric].by_texts
        turned = other.rows[0].against_baseline[metric].by_texts
        expected = (-one.value, -one.high, -one.low, one.p)
        assert (turned.value, turned.low, turned.high, turned.p) == pytest.approx(expected)


def test_the_same_decisions_do_not_differ(logs):
    got = compare(gather_configurations([logs.several]), **QUICK)
    for metric, judged in got.rows[1].against_baseline.items():
        assert (judged.by_texts.value, judged.by_texts.p, judged.by_runs) == (0, 1, 1)
        assert not got.best[metric].stands


def test_is_deterministic(exclusive, compared):
    again = compare(exclusive, **QUICK)
    assert [row.against_baseline for row in again.rows] == [
        row.against_baseline for row in compared.rows
    ]
    assert again.best == compared.best


def test_one_configuration_has_figures_alone(logs):
    got = compare(gather_configurations([logs.first]), **QUICK)
    assert len(got.rows) == 1
    assert (got.tests, got.best, dict(got.rows[0].against_baseline)) == (0, {}, {})


def test_single_runs_are_judged_by_the_texts_alone(tmp_path):
    for size, skill in ((16, 1.0), (32, 2.5)):
        kind = params(model__hidden_size=size)
        make_log(tmp_path / str(size), EMOCONTEXT, runs=1, params=kind, skill=skill)
    got = compare(gather_configurations([tmp_path]), **QUICK)
    for metric, judged in got.rows[1].against_baseline.items():
        assert (judged.by_runs, judged.by_runs_adjusted) == (None, None)
        assert judged.by_texts_adjusted < 0.05
        assert (got.best[metric].by_runs, got.best[metric].stands) == (None, True)


def measured_of(*runs, mean_std=0.01):
    """Figures of systems with their runs, M = 1, and resamples around their means."""
    noise = np.random.default_rng(0).normal(0, mean_std, (1000, len(runs)))
    means = np.array([np.mean(one) for one in runs])
    return PairedMetrics(tuple(np.array(one)[:, None] for one in runs), (means + noise)[..., None])


FIVE = np.array([0.0, 0.001, 0.002, 0.003, 0.004])


def test_the_best_must_be_better_than_every_other():
    names = ["a", "b", "c"]
    clear = judge_best(measured_of(0.5 + FIVE, 0.6 + FIVE, 0.7 + FIVE), names, ["f"], 0)["f"]
    assert (clear.name, clear.stands) == ("c", True)
    assert clear.by_runs == pytest.approx(2 * 2 / 252)
    close = judge_best(measured_of(0.5 + FIVE, 0.699 + FIVE, 0.7 + FIVE), names, ["f"], 0)["f"]
    assert (close.name, close.stands) == ("c", False)
    # The texts part the two, the runs do not.
    runs = 0.7 + np.array([-0.1, 0.1, 0.0, 0.05, -0.03])
    apart = measured_of(0.5 + FIVE, runs - 0.02, runs, mean_std=0.001)
    best = judge_best(apart, names, ["f"], 0)["f"]
    assert best.by_texts < 0.05 < best.by_runs
    assert not best.stands


def test_too_few_runs_leave_it_to_the_texts():
    three = FIVE[:3]
    best = judge_best(measured_of(0.5 + three, 0.6 + three), ["a", "b"], ["f"], 0)["f"]
    assert (best.by_runs, best.stands) == (None, True)
    # Five and five can pass one test, but not ten of them at once.
    many = measured_of(0.5 + FIVE, 0.6 + FIVE)
    assert judge_best(many, ["a", "b"], ["f"], 0)["f"].by_runs == pytest.approx(2 / 252)
    ten = PairedMetrics(
        tuple(np.repeat(one, 10, axis=1) for one in many.runs),
        np.repeat(many.resampled, 10, axis=2),
    )
    every = judge_best(ten, ["a", "b"], [f"f{k}" for k in range(10)], 0)
    assert {best.by_runs for best in every.values()} == {None}


@pytest.mark.parametrize(
    ("others", "metrics", "expected"),
    # 2/70 = 0.029; 2/252 · 6 = 0.048; 2/924 · 9 = 0.019 where 2/252 · 9 = 0.071.
    [(1, 1, 4), (2, 3, 5), (3, 3, 6), (400, 3, None)],
)
def test_runs_that_would_do(others, metrics, expected):
    assert count_runs_needed(others, metrics) == expected


def test_a_series_of_one_run_is_left_out_of_the_correction():
    measured = measured_of(0.5 + FIVE, 0.6 + FIVE, 0.7 + FIVE[:1])
    judged = judge_differences(measured, ["f"], 0, 0)
    assert judged[2]["f"].by_runs is None
    assert judged[1]["f"].by_runs_adjusted == permutation_test(0.6 + FIVE, 0.5 + FIVE).p


def test_of_equal_systems_the_best_seldom_stands():
    """The best is picked out of three that are alike: the correction must make up for that."""
    rng = np.random.default_rng(0)
    stood = []
    for _ in range(400):
        of_texts = rng.normal(0, 0.02, 3)
        runs = [0.6 + one + rng.normal(0, 0.01, 5) for one in of_texts]
        means = np.array([one.mean() for one in runs])
        resampled = means + rng.normal(0, np.hypot(0.02, 0.01 / 5**0.5), (500, 3))
        measured = PairedMetrics(tuple(one[:, None] for one in runs), resampled[..., None])
        stood.append(judge_best(measured, ["a", "b", "c"], ["f"], 0)["f"].stands)
    assert np.mean(stood) < 0.05


def params_of(name, *overrides):
    return load_recipe(name, overrides).model_dump(mode="json")


def test_published_rows_of_a_recipe():
    rows = find_references([params_of("nelec-report-keras")], "dev").rows
    [keras] = [one for one in rows if "Keras" in one.name]
    assert keras.results[read_metric("micro_f1")] == (0.6483, None)
    assert keras.source
    bert = params_of("demux-goemotions-bert")
    half = find_references([bert], "test")
    assert half.rows[0].results[read_metric("half_macro_f1")] == (0.492, 0.005)
    both = find_references([bert, params_of("demux-goemotions-bert-intra")], "test", 5427)
    assert both.rows == half.rows
    # The systems that know 28 labels are not of the same labels.
    assert len(half.rows) == 4
    assert "BERT-base" in " ".join(half.left_out)


@pytest.mark.parametrize(
    ("recipe", "overrides", "split", "texts", "reason"),
    [
        ("nelec-sample", [], "dev", None, "measured on sample, the publication on emocontext"),
        ("nelec-report-keras", [], "dev", 200, "200 texts, the publication on 2,755"),
        ("nelec-report-keras", ["corpus.dev=test"], "dev", None, "dev split is test"),
        ("demux-goemotions-bert", ["corpus.exclude=[]"], "test", None, "publication: neutral"),
        ("demux-goemotions-bert", ["corpus.exclude=[joy]"], "test", 5427, "left out of it: joy"),
        ("demux-ec-en", ["corpus.languages=[es]"], "test", None, "languages are es"),
        ("demux-ec-en", ["corpus.test=null"], "test", None, "not measured on test"),
    ],
)
def test_figures_of_other_data_do_not_stand_beside(recipe, overrides, split, texts, reason):
    found = find_references([params_of(recipe, *overrides)], split, texts)
    assert not [row.name for row in found.rows if row.name.startswith(("Demux", "NELEC"))]
    assert reason in " ".join(found.left_out)


def test_nothing_published():
    with pytest.raises(InputError, match="these configurations are of my-own, without a name"):
        find_references([{"name": "my-own"}, {}], "test")
    with pytest.raises(InputError, match="no figures on dev in GoEmotions; those published are of"):
        find_references([params_of("demux-goemotions-bert")], "dev")


def test_figures_are_chosen_to_match_published_ones(logs):
    several = gather_configurations([logs.several])

    def chosen(*names):
        reference = Reference("them", dict.fromkeys(map(read_metric, names), (0.5, None)), "paper")
        found = compare(several, resamples=100, references=[reference])
        return tuple(map(str, found.metrics))

    default = ("micro_f1", "macro_f1", "jaccard")
    assert chosen("half_macro_f1", "half_micro_f1") == ("half_micro_f1", "half_macro_f1")
    assert chosen("macro_f1", "half_macro_f1") == (*default, "half_macro_f1")
    assert chosen("joy_f1") == default


def test_parts_are_compared_by_themselves(tmp_path):
    for rate in (1, 2):
        kind = params(training__learning_rate=rate)
        make_log(tmp_path / str(rate), FEW, runs=2, params=kind, parts=("en", "es"))
    got = gather_configurations([tmp_path])
    comparison = compare(got, ["macro_f1", "en_macro_f1", "es_macro_f1"], resamples=100)
    for row in comparison.rows:
        whole, *parts = (row.results[name].mean for name in comparison.metrics)
        assert whole == pytest.approx(np.mean(parts))
    assert replace(got.texts, parts=["en"] * 200).metrics[-1].part is None
