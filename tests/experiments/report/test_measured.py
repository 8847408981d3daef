"""What a report computes: calibration, agreement, mistakes, settings; by hand or the slow way."""

import numpy as np
import pytest

from emoscope.experiments.defaults import list_settings
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.report.agreement import (
    RunAgreement,
    find_hardest_texts,
    measure_agreement,
)
from emoscope.experiments.report.measured import measure_runs
from emoscope.experiments.report.reliability import compute_text_losses, measure_reliability
from emoscope.experiments.report.report import make_agreement_section
from emoscope.experiments.runs import MeanStd
from emoscope.recipes.load import load_recipe
from tests.experiments.synthetic import make_log, taxonomy_of

EMOTIONS = taxonomy_of(("joy", "fear", "anger"))
CHATS = taxonomy_of(("others", "happy", "sad"), exclusive=True, ignored=("others",))


@pytest.fixture(params=[EMOTIONS, CHATS], ids=["any number", "exclusive"])
def measured(request, tmp_path):
    missing = 0.0 if request.param.exclusive else 0.2
    make_log(tmp_path / "log", request.param, 3, 90, missing=missing)
    return measure_runs(ExperimentLog.load(tmp_path / "log"), "test")


def cells_of(measured, run):
    """(probability, truth) of each cell that is judged, one by one."""
    scored = measured.scored[run]
    for probabilities, gold in zip(scored.probabilities, scored.gold, strict=True):
        if measured.taxonomy.exclusive:
            top = int(np.argmax(probabilities))
            yield float(probabilities[top]), float(gold[top])
        else:
            for probability, truth in zip(probabilities, gold, strict=True):
                if not np.isnan(truth):
                    yield float(probability), float(truth)


def test_the_calibration_error_is_the_mean_gap_of_ten_bins(measured):
    expected = []
    for run in range(3):
        bins = [[] for _ in range(10)]
        for probability, truth in cells_of(measured, run):
            bins[min(int(probability * 10), 9)].append((probability, truth))
        total = sum(map(len, bins))
        gaps = [len(one) / total * abs(np.mean([p - t for p, t in one])) for one in bins if one]
        expected.append(sum(gaps))
    found = measure_reliability(measured)
    assert found.error.mean == pytest.approx(np.mean(expected))
    assert found.error.sd == pytest.approx(np.std(expected, ddof=1))
    assert found.counts.sum() == len(list(cells_of(measured, 0)))


def test_the_loss_of_a_text_is_its_cross_entropy(measured):
    losses = compute_text_losses(measured)
    for run, scored in enumerate(measured.scored):
        for row in range(0, 90, 17):
            p, y = scored.probabilities[row].astype(float), scored.gold[row]
            known = ~np.isnan(y)
            if measured.taxonomy.exclusive:
                expected = -np.log(p[y == 1]).sum()
            elif not known.any():
                expected = np.nan
            else:
                terms = y * np.log(p) + (1 - y) * np.log(1 - p)
                expected = -terms[known].mean()
            assert losses[run, row] == pytest.approx(expected, rel=1e-4, nan_ok=True)


def test_the_agreement_of_runs(measured):
    found = measure_agreement(measured)
    annotated = [row for row in range(90) if measured.known[row].any()]
    assert found.texts == len(annotated) == sum(found.right)
    right = [
        sum((one.predictions[row] == (measured.gold[row] >= 0.5)).all() for one in measured.scored)
        for row in annotated
    ]
    assert list(found.right) == [right.count(number) for number in range(4)]


def test_runs_that_leave_nothing_to_agree_on_are_not_said_to_agree_least():
    pairs, nan = MeanStd.of([1.0]), float("nan")
    for kappa, said in (({"joy": nan}, False), ({"joy": nan, "fear": 0.5}, True)):
        section = str(make_agreement_section(RunAgreement(3, (0, 0, 3), pairs, kappa)))
        assert ("lowest for: fear 0.50." in section, "lowest for" in section) == (said, said)


def test_the_hardest_texts_are_wrong_and_in_order(measured):
    found = find_hardest_texts(measured, 8)
    losses = [one.loss.mean for one in found]
    assert losses == sorted(losses, reverse=True)
    means = dict(zip(measured.texts.ids, compute_text_losses(measured).mean(axis=0), strict=True))
    for one in found:
        assert one.wrong > 0
        assert one.loss.mean == pytest.approx(means[one.id])
        given = {vote.name for vote in one.labels if vote.gold or vote.votes}
        assert given <= {vote.name for vote in one.labels}
        assert len(one.labels) <= 3


def test_settings_tell_what_is_set_from_what_is_default():
    recipe = load_recipe("demux-goemotions", ["training.epochs=4"])
    found = {one.name: one for one in list_settings(recipe.model_dump(mode="json"))}
    assert (found["training.epochs"].value, found["training.epochs"].default) == ("4", "10")
    assert found["training.epochs"].changed
    assert found["model.type"].value == "demux"
    assert not found["mix.alpha"].changed
    assert "description" not in found


def test_settings_of_another_program_are_all_set():
    (one,) = list_settings({"mine": {"alpha": 0.5}})
    assert (one.name, one.value, one.default, one.changed) == ("mine.alpha", "0.5", "", True)
