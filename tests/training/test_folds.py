"""Out-of-fold scores: who scores what, what an interruption changes, and that nothing leaks."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import emoscope
from emoscope.corpora.corpus import Corpus
from emoscope.errors import EmoscopeError, InputError
from emoscope.experiments.scored import ScoredTexts
from emoscope.files import write_json
from emoscope.recipes.load import recipe_to_yaml
from emoscope.taxonomy import Label, Taxonomy
from emoscope.training.assign_folds import assign_folds, check_apart, check_chance, hash_ids
from emoscope.training.folds import (
    check_every_label_stays,
    hold_out,
    train_folds,
)
from emoscope.training.folds_folder import find_folds_folder
from emoscope.training.logs import to_params
from emoscope.training.prepare import prepare
from emoscope.training.results import RunOptions
from emoscope.training.run import train_run
from tests.cli.conftest import emoscope as command  # noqa: F401 - a fixture
from tests.conftest import leave_out_plots
from tests.training.test_resume import assert_same_training, interrupted_by

pytestmark = pytest.mark.usefixtures("no_plots")
NAMES = ("calm", "glad", "sore")


def make_corpus(labels, ids=None, exclusive=True, texts=None):
    taxonomy = Taxonomy(
        "mine", tuple(Label(name, (name,)) for name in NAMES), "en", exclusive=exclusive
    )
    ids = ids or [str(place) for place in range(len(labels))]
    return Corpus.from_rows("mine", taxonomy, ids, texts or [["text"]] * len(ids), labels)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 2), min_size=6, max_size=60), st.integers(2, 6), st.integers(0, 2**32)
)
def test_folds_have_the_same_shares_of_each_label(given_labels, folds, seed):
    corpus = make_corpus(np.eye(3)[given_labels])
    assigned = assign_folds(corpus, folds, seed)
    sizes = np.bincount(assigned, minlength=folds + 1)[1:]
    assert sizes.sum() == len(corpus)
    assert np.ptp(sizes) <= 1
    for label in range(3):
        counts = np.bincount(assigned[np.array(given_labels) == label], minlength=folds + 1)[1:]
        assert np.ptp(counts) <= 1
    np.testing.assert_array_equal(assigned, assign_folds(corpus, folds, seed))


def test_another_seed_makes_other_folds():
    corpus = make_corpus(np.eye(3)[np.arange(60) % 3])
    first, second = (assign_folds(corpus, 5, seed) for seed in (0, 1))
    assert (first != second).any()


def test_rare_labels_of_several_a_text_are_spread():
    labels = np.zeros((30, 3))
    labels[:, 0] = 1
    labels[:5, 2] = 1
    assigned = assign_folds(make_corpus(labels, exclusive=False), 5, 0)
    assert sorted(assigned[:5]) == [1, 2, 3, 4, 5]


def test_examples_of_one_id_stay_together():
    corpus = make_corpus(np.eye(3)[[0, 1, 0, 2, 1, 0]], ids=list("abacbd"))
    assigned = assign_folds(corpus, 3, 0)
    assert assigned[0] == assigned[2]
    assert assigned[1] == assigned[4]


def test_more_folds_than_examples_is_said():
    with pytest.raises(InputError, match=r"7 folds need 7 examples.*found 6.*fewer --folds"):
        assign_folds(make_corpus(np.eye(3)[[0, 1, 2] * 2]), 7, 0)


def test_ids_that_look_alike_when_joined_have_other_hashes():
    assert (
        len({hash_ids(ids) for ids in (["a", "b"], ["ab"], ["a,b"], ["b", "a"], ["1:a", ""])}) == 5
    )


@pytest.fixture(scope="module")
def recipe(tiny_recipe):
    return tiny_recipe("training.epochs=2", "training.keep_best=false")


@pytest.fixture(scope="module")
def done(tmp_path_factory, emocontext, recipe):
    """A finished cross-validation of three folds, and the runs that it told of."""
    folder = tmp_path_factory.mktemp("folds") / "three"
    told = []
    options = RunOptions(after_run=lambda run, _: told.append(run.name))
    with pytest.MonkeyPatch.context() as patch:
        leave_out_plots(patch)
        patch.setenv("EMOSCOPE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        results = train_folds(recipe, emocontext, folder, 3, options)
    return folder, results, told


def test_each_text_is_scored_by_the_model_that_has_not_seen_it(done, emocontext, recipe):
    folder, results, told = done
    assert told == ["fold-1", "fold-2", "fold-3", "whole"]
    table = pq.read_table(folder / "held_out.parquet")
    names = ("others", "happy", "sad", "angry")
    assert table.column_names == [
        "id",
        "fold",
        *(f"score_{name}" for name in names),
        *(f"label_{name}" for name in names),
    ]
    assert [str(table.schema.field(place).type) for place in (0, 1, 2, 6)] == [
        "string",
        "int32",
        "float",
        "float",
    ]
    corpus = prepare(recipe, emocontext).train[0]
    assert table["id"].to_pylist() == corpus.ids
    gold = np.stack([table[f"label_{name}"].to_numpy() for name in names], axis=1)
    np.testing.assert_array_equal(gold, corpus.labels)
    scores = np.stack([table[f"score_{name}"].to_numpy() for name in names], axis=1)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    fold_of = table["fold"].to_numpy()
    for fold in (1, 2, 3):
        model = emoscope.load(folder / f"fold-{fold}" / "model")
        rows = np.flatnonzero(fold_of == fold)
        found = model.annotate([corpus.turns[row] for row in rows])
        given_scores = [
            [{s.label: s.probability for s in one}[name] for name in names] for one in found
        ]
        np.testing.assert_allclose(scores[rows], given_scores, atol=1e-5)
    assert results.pooled["texts"] == len(corpus)
    figures = json.loads((folder / "held_out.json").read_text())
    each = [run.test["micro"]["f1"] for run in results.folds]
    assert figures["mean"]["micro_f1"] == pytest.approx(np.mean(each))
    assert figures["sd"]["micro_f1"] == pytest.approx(np.std(each, ddof=1))


def test_the_folder_says_what_its_folds_are(done, recipe):
    described = json.loads((done[0] / "folds.json").read_text())
    assert (described["seed"], described["folds"]) == (0, 3)
    assert (described["corpus"], described["split"]) == (["emocontext"], ["train"])
    table = pq.read_table(done[0] / "held_out.parquet")
    for each in described["held_out"]:
        rows = table["fold"].to_numpy() == each["fold"]
        ids = [name for name, own in zip(table["id"].to_pylist(), rows, strict=True) if own]
        assert (each["examples"], each["ids_sha256"]) == (len(ids), hash_ids(ids))


def test_what_is_fitted_to_words_has_not_seen_those_held_out(done, emocontext, recipe):
    prepared = prepare(recipe, emocontext)
    assigned = [assign_folds(prepared.train[0], 3, 0)]
    words = [prepared.family.encoder.read_words(turns) for turns in prepared.train[0].turns]
    for fold in (1, 2, 3):
        of_training = hold_out(recipe, prepared, assigned, fold).family.encoder.vocabulary
        assert (
            of_training.size
            == json.loads((done[0] / f"fold-{fold}" / "model" / "config.json").read_text())[
                "vocabulary_size"
            ]
        )
        kept = {
            w for own, text in zip(assigned[0], words, strict=True) if own != fold for w in text
        }
        only = {
            w for own, text in zip(assigned[0], words, strict=True) if own == fold for w in text
        }
        only -= kept
        assert only
        ids = of_training.ids(sorted(only))
        # Unknown, or a vector that training has not touched.
        assert all(id_ == 1 or id_ >= of_training.size for id_ in ids)


def test_an_interruption_changes_nothing(monkeypatch, tmp_path, emocontext, recipe, done):
    at = "fold-2"
    # Three steps an epoch: there is a checkpoint, and steps that are lost.
    with interrupted_by(monkeypatch, step=5, run_name=at):
        train_folds(recipe, emocontext, tmp_path / "parts", 3)
    assert not (tmp_path / "parts" / "held_out.parquet").exists()
    again = train_folds(recipe, emocontext, tmp_path / "parts", 3)
    assert again.pooled == done[1].pooled
    for name in ("fold-1", at):
        assert_same_training(done[0] / name, tmp_path / "parts" / name)
    first, second = (
        pq.read_table(one / "held_out.parquet") for one in (done[0], tmp_path / "parts")
    )
    assert first.equals(second)


def test_other_folds_are_not_mixed_with_these(done, emocontext, recipe, tiny_recipe, tmp_path):
    for wanted, folds, said in (
        (tiny_recipe("training.epochs=1"), 3, "another recipe"),
        (recipe.model_copy(update={"seed": 7}), 3, "another seed"),
        (recipe, 4, "another number of folds"),
    ):
        with pytest.raises(InputError, match=f"{said}.*--restart"):
            train_folds(wanted, emocontext, done[0], folds)
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match="holds no folds"):
        train_folds(recipe, emocontext, tmp_path, 3)
    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]


def test_a_label_that_one_of_several_parts_lacks_stays():
    """As the corrected prior is that of all of them together."""
    parts = [make_corpus(np.eye(3)[[0, 1] * 6]), make_corpus(np.eye(3)[[0, 1, 2] * 4])]
    assigned = [assign_folds(part, 2, 0) for part in parts]
    recipe = SimpleNamespace(prior=SimpleNamespace(target="dev"))
    check_every_label_stays(recipe, parts, assigned)
    alone = [make_corpus(np.eye(3)[[0, 1] * 6]), make_corpus(np.eye(3)[[0, 1] * 6 + [2]])]
    assigned = [assign_folds(part, 2, 0) for part in alone]
    with pytest.raises(InputError, match=r"sore has 1 example.*prior\.target=none"):
        check_every_label_stays(recipe, alone, assigned)


def make_probe(seed=0, size=48):
    """Labels at random, and in each text a word of its own: only memory can tell them."""
    rng = np.random.default_rng(seed)
    labels = np.eye(3, dtype=np.float32)[rng.permutation(np.arange(size) % 3)]
    texts = [[f"word{chr(97 + place // 26)}{chr(97 + place % 26)}"] for place in range(size)]
    return make_corpus(labels, texts=texts)


@pytest.fixture
def probe(monkeypatch, tiny_recipe, emocontext):
    """A recipe that learns by heart, and the corpus of `make_probe` in parts."""
    recipe = tiny_recipe(
        "training.epochs=9",
        "training.learning_rate=0.05",
        "training.keep_best=false",
        "training.patience=null",
        "training.batch_size=8",
        "model.hidden_size=12",
        "model.dropout=0",
        "model.spatial_dropout=0",
        "prior.target=none",
    )
    corpus = make_probe()
    monkeypatch.setattr(
        "emoscope.training.prepare.load_corpora", lambda *_: ([corpus], [make_probe(1)])
    )
    return recipe, prepare(recipe, emocontext)


def test_scores_of_held_out_texts_are_no_memory(probe, tmp_path, emocontext):
    recipe, _ = probe
    train_folds(recipe, emocontext, tmp_path / "apart", 2)
    check_chance(*read_scores(tmp_path / "apart" / "held_out.parquet"))


def test_a_planted_leak_is_caught(probe, tmp_path, monkeypatch):
    recipe, prepared = probe
    assigned = [assign_folds(prepared.train[0], 2, 0)]
    apart = hold_out(recipe, prepared, assigned, 1)
    # A model that has learnt what it is asked for.
    leaking = replace(prepared, test=apart.test)
    with pytest.raises(EmoscopeError, match="24 held-out examples are trained on"):
        check_apart(leaking.train, leaking.test)
    train_run(recipe, leaking, tmp_path / "leak", 0)
    texts = ScoredTexts.read(tmp_path / "leak" / "test.parquet")
    with pytest.raises(EmoscopeError, match="A leak"):
        check_chance(texts.gold, texts.probabilities)


def read_scores(path):
    table = pq.read_table(path)
    return [
        np.stack([table[f"{kind}_{name}"].to_numpy() for name in NAMES], axis=1)
        for kind in ("label", "score")
    ]


def test_the_default_folder_is_named_as_that_of_a_training(tmp_path, recipe):
    def begin(recipe, folds=2):
        folder = find_folds_folder(tmp_path, recipe, folds)
        folder.mkdir(exist_ok=True)
        # A kill may come before anything is written.
        assert find_folds_folder(tmp_path, recipe, folds) == folder
        described = {"recipe": to_params(recipe), "seed": recipe.seed, "folds": folds}
        write_json(folder / "folds.json", described)
        return folder.relative_to(tmp_path).as_posix()

    named = recipe.model_copy(update={"naming": ("model.hidden_size", "seed")})
    size = recipe.model.hidden_size
    assert begin(named) == f"NelecEmocontext/{size},0-2-folds_0"
    assert begin(named) == f"NelecEmocontext/{size},0-2-folds_0", "it goes on where it was"
    # The seed draws the folds, so that it counts even where the name does not show it.
    hidden = named.model_copy(update={"naming": ("model.hidden_size",), "seed": 3})
    assert begin(hidden) == f"NelecEmocontext/{size}-2-folds_0"
    assert begin(hidden.model_copy(update={"seed": 4})) == f"NelecEmocontext/{size}-2-folds_1"
    assert begin(named, 3) == f"NelecEmocontext/{size},0-3-folds_0"
    other = named.model_copy(update={"name": "mine", "naming": ("default",), "seed": 9})
    earlier = tmp_path / "NelecEmocontext" / "mine-2-folds"
    earlier.mkdir()
    described = {"recipe": to_params(other), "seed": 9, "folds": 2}
    write_json(earlier / "folds.json", described)
    assert begin(other) == "NelecEmocontext/mine-2-folds", "as an earlier version called it"


def test_the_command_shows_means_and_where_the_scores_are(command, tmp_path, emocontext, recipe):  # noqa: F811
    path = tmp_path / "mine.yaml"
    path.write_text(recipe_to_yaml(recipe.model_copy(update={"name": "mine"})), encoding="utf-8")
    arguments = ["train", path, "--data-dir", emocontext, "-o", tmp_path / "out", "--folds", "2"]
    refused = command(*arguments, "--jobs", "2")
    assert refused.code == 2
    assert "--jobs does not go with --folds" in refused.err
    refused = command(*arguments, "--runs", "2")
    assert "--set seed=1, without --output" in refused.err
    ended = command(*arguments, "--set", "training.epochs=1")
    assert ended.code == 0, ended.err
    assert "held out" in ended.out
    assert " ± " in ended.out
    assert f"Held-out scores: {tmp_path / 'out' / 'held_out.parquet'}" in ended.out
    assert (tmp_path / "out" / "whole" / "model" / "model.safetensors").is_file()


def test_the_command_without_dev(command, tmp_path, emocontext, recipe):  # noqa: F811
    changed = [f"training.{name}" for name in ("keep_best=false", "patience=null", "epochs=1")]
    options = [
        part
        for each in ("corpus.dev=null", "prior.target=none", *changed)
        for part in ("--set", each)
    ]
    path = tmp_path / "mine.yaml"
    path.write_text(recipe_to_yaml(recipe.model_copy(update={"name": "mine"})), encoding="utf-8")
    arguments = ["train", path, "--data-dir", emocontext, "-o", tmp_path / "out", "--folds", "2"]
    ended = command(*arguments, *options)
    assert ended.code == 0, ended.err
    assert "All held-out texts together" in ended.out
    assert "Trained on all of it" not in ended.out
