"""What is compared with what, and what cannot be."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from emoscope.errors import InputError
from emoscope.experiments.configurations import gather_configurations, gather_groups
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.scored import ScoredTexts
from emoscope.taxonomy import Taxonomy
from tests.experiments.conftest import EMOCONTEXT, FEW, params
from tests.experiments.synthetic import make_log, make_texts, score, taxonomy_of


@pytest.fixture
def pair(logs, tmp_path):
    """Copies of two configurations, to be spoilt."""
    for folder in (logs.first, logs.second):
        shutil.copytree(folder, tmp_path / folder.name)
    return tmp_path / "size16", tmp_path / "size32"


def rewrite(folder, change, split="test"):
    """Change the scored texts of every run of a configuration."""
    for path in folder.glob(f"seed-*/{split}.parquet"):
        change(ScoredTexts.read(path)).write(path)


def subset(scored, rows):
    return replace(
        scored,
        ids=[scored.ids[row] for row in rows],
        parts=[scored.parts[row] for row in rows],
        turns=[scored.turns[row] for row in rows],
        gold=scored.gold[rows],
        probabilities=scored.probabilities[rows],
        predictions=scored.predictions[rows],
    )


def test_one_folder_that_holds_several(logs):
    together = gather_configurations([logs.exclusive])
    apart = gather_configurations([logs.first, logs.second, logs.first])
    for got in (together, apart):
        assert [one.log.folder for one in got.configurations] == [logs.first, logs.second]
        assert [one.name for one in got.configurations] == ["hidden_size=16", "hidden_size=32"]
        assert got.split == "test"
        assert got.texts.taxonomy.names == EMOCONTEXT.names
        assert got.texts.taxonomy.exclusive
        assert got.texts.taxonomy.ignored == ("others",)
        assert [one.predictions.shape for one in got.configurations] == [(5, 200, 4)] * 2


def test_the_order_is_that_of_the_folders(logs):
    got = gather_configurations([logs.second, logs.first])
    assert [one.name for one in got.configurations] == ["hidden_size=32", "hidden_size=16"]


def test_decisions_are_those_of_the_runs(logs):
    got = gather_configurations([logs.several])
    log = got.configurations[1].log
    for run, predictions, at_fixed in zip(
        log.runs,
        got.configurations[1].predictions,
        got.configurations[1].fixed_threshold_predictions,
        strict=True,
    ):
        scored = ScoredTexts.read(log.folder / run.name / "test.parquet")
        assert (predictions == scored.predictions).all()
        assert (at_fixed == (scored.probabilities >= 0.5)).all()
        assert (predictions != at_fixed).any()


def test_dev_where_one_has_no_test(logs, tmp_path):
    make_log(tmp_path / "third", EMOCONTEXT, splits=("dev",), params=params(model__hidden_size=64))
    assert gather_configurations([logs.exclusive, tmp_path / "third"]).split == "dev"
    assert gather_configurations([logs.exclusive], "dev").split == "dev"
    with pytest.raises(InputError, match=r"third.seed-0.test\.parquet.*corpus\.test.*--split dev"):
        gather_configurations([logs.exclusive, tmp_path / "third"], "test")


def test_the_baseline(logs):
    got = gather_configurations([logs.exclusive], baseline=logs.second)
    assert [one.name for one in got.configurations] == ["hidden_size=16", "hidden_size=32"]
    assert got.baseline == 1
    got = gather_configurations([logs.first], baseline=logs.second)
    assert [one.name for one in got.configurations] == ["hidden_size=32", "hidden_size=16"]
    assert got.baseline == 0
    with pytest.raises(InputError, match=r"baseline .*expected the folder of one configuration"):
        gather_configurations([logs.first], baseline=logs.exclusive)


@pytest.mark.parametrize("kind", ["nothing", "a folder", "a file"])
def test_no_log(tmp_path, kind):
    folder = tmp_path / "place"
    if kind == "a folder":
        folder.mkdir()
    elif kind == "a file":
        folder.write_text("text")
    with pytest.raises(InputError, match=r"place: expected the folder of a configuration"):
        gather_configurations([folder])


def test_the_folder_of_a_run_is_told_to_lie_in_that_of_its_configuration(tmp_path):
    (tmp_path / "params.yml").write_text("{}")
    run = tmp_path / "seed-0" / "model"
    run.mkdir(parents=True)
    with pytest.raises(InputError) as caught:
        gather_configurations([run])
    assert str(caught.value).endswith(f"name {tmp_path}.")


def test_configurations_without_a_finished_run(logs, tmp_path):
    make_log(tmp_path / "empty", EMOCONTEXT, runs=0)
    with pytest.raises(InputError, match="empty: no finished run"):
        gather_configurations([logs.first, tmp_path / "empty"])
    shutil.copytree(logs.first, tmp_path / "full")
    got = gather_configurations([tmp_path])
    assert len(got.configurations) == 1
    assert got.left_out == (tmp_path / "empty",)


def test_scored_texts_of_one_run_missing(pair):
    (pair[1] / "seed-3" / "test.parquet").unlink()
    with pytest.raises(InputError, match=r"size32.seed-3.test\.parquet.*found none; delete that"):
        gather_configurations(pair)


def test_a_damaged_file(pair):
    (pair[1] / "seed-3" / "test.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"seed-3.test\.parquet"):
        gather_configurations(pair)


def test_without_any_model(pair):
    for folder in pair:
        for path in folder.glob("seed-*/model"):
            shutil.rmtree(path)
    with pytest.raises(InputError, match=r"No model .*seed-0.model.config\.json"):
        gather_configurations(pair)


def test_one_model_is_enough(pair):
    for path in [*pair[0].glob("seed-*/model"), *pair[1].glob("seed-[0-3]/model")]:
        shutil.rmtree(path)
    assert gather_configurations(pair).texts.taxonomy.ignored == ("others",)


def test_texts_in_another_order(pair):
    expected = gather_configurations(pair)
    shuffled = np.random.default_rng(0).permutation(200)
    rewrite(pair[1], lambda scored: subset(scored, shuffled))
    got = gather_configurations(pair)
    for one, other in zip(got.configurations, expected.configurations, strict=True):
        assert (one.predictions == other.predictions).all()


def test_labels_in_another_order(pair):
    expected = gather_configurations(pair)
    order = [2, 0, 3, 1]

    def turned(scored):
        return replace(
            scored,
            labels=tuple(scored.labels[k] for k in order),
            gold=scored.gold[:, order],
            probabilities=scored.probabilities[:, order],
            predictions=scored.predictions[:, order],
        )

    rewrite(pair[1], turned)
    got = gather_configurations(pair)
    assert (got.configurations[1].predictions == expected.configurations[1].predictions).all()


def test_other_texts(pair):
    rewrite(pair[1], lambda scored: subset(scored, range(150)))
    with pytest.raises(InputError, match=r"other texts .*150 instead of 200, and 50 .*'t150'"):
        gather_configurations(pair)


def test_the_same_ids_in_other_parts(pair):
    rewrite(pair[1], lambda scored: replace(scored, parts=["es"] * 200))
    with pytest.raises(InputError, match="other texts"):
        gather_configurations(pair)


def test_ids_that_come_twice(pair):
    twice = [f"t{n // 2}" for n in range(200)]
    for folder in pair:
        rewrite(folder, lambda scored: replace(scored, ids=twice))
    assert len(gather_configurations(pair).configurations) == 2
    # In another order nobody knows which is which.
    rewrite(pair[1], lambda scored: subset(scored, [*range(1, 200), 0]))
    with pytest.raises(InputError, match="other texts"):
        gather_configurations(pair)


def test_other_gold_labels(pair):
    def corrected(scored):
        gold = scored.gold.copy()
        gold[3] = np.roll(gold[3], 1)
        return replace(scored, gold=gold)

    rewrite(pair[1], corrected)
    with pytest.raises(InputError, match=r"1 texts have other gold labels.*'t3'"):
        gather_configurations(pair)


def test_other_labels(logs):
    with pytest.raises(InputError, match=r"other labels.*lacks angry, happy.*adds anger, fear"):
        gather_configurations([logs.exclusive, logs.several])


def test_other_texts_and_labels_are_other_groups(logs, tmp_path):
    third = make_log(tmp_path / "third", EMOCONTEXT, runs=2, size=90, params=params())
    groups = gather_groups([logs.exclusive, logs.several, third.folder], baseline=logs.second)
    assert [len(group.configurations) for group in groups] == [2, 2, 1]
    assert [group.baseline for group in groups] == [1, 0, 0]
    assert [len(group.texts.parts) for group in groups] == [200, 200, 90]
    [alone] = gather_groups([logs.exclusive])
    whole = gather_configurations([logs.exclusive])
    assert (alone.split, alone.baseline) == (whole.split, whole.baseline)


def test_tests_that_differ_are_other_groups(logs, tmp_path):
    """One has no test, another no dev: neither is refused."""
    make_log(tmp_path / "dev", EMOCONTEXT, runs=1, splits=("dev",), params=params())
    make_log(tmp_path / "test", EMOCONTEXT, runs=1, size=90, splits=("test",), params=params())
    groups = gather_groups([logs.exclusive, tmp_path / "dev", tmp_path / "test"])
    assert [group.split for group in groups] == ["test", "dev", "test"]


def test_no_gold_at_all(tmp_path):
    make_log(tmp_path / "log", FEW, missing=1.0)
    with pytest.raises(InputError, match="no text of test has a gold label"):
        gather_configurations([tmp_path / "log"])


def test_labels_that_the_model_does_not_know_are_averaged(tmp_path):
    known = Taxonomy.load("ekman")
    log = make_log(tmp_path / "log", known, runs=1, splits=("test",))
    wider = taxonomy_of((*known.names, "pride"))
    rng = np.random.default_rng(0)
    score(wider, make_texts(wider, 50, rng), rng).write(log.folder / "seed-0" / "test.parquet")
    got = gather_configurations([log.folder])
    assert got.texts.taxonomy.names == wider.names
    assert got.texts.taxonomy.averaged == tuple(range(len(wider)))


def test_a_log_without_a_name(tmp_path):
    make_log(tmp_path / "log", FEW, runs=1, params={"training": {"epochs": 3}})
    [one] = gather_configurations([tmp_path / "log"]).configurations
    assert (one.name, one.recipe) == ("log", "")
    assert isinstance(one.log, ExperimentLog)
