"""Scores of other models are features, if they are of texts that these have not seen."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import emoscope
from emoscope.corpora.registry import load_corpus
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import evaluate
from emoscope.files import read_json
from emoscope.folder import resolve_folder
from emoscope.models.combiner.held_out import hash_ids
from emoscope.recipes.load import load_recipe
from emoscope.recipes.schema import CorpusSection
from emoscope.training.folds import train_folds


@pytest.fixture(scope="module")
def corpus(few):
    return load_corpus(CorpusSection(name="sample"), None, "train")


@pytest.fixture(scope="module")
def part(small, corpus, tmp_path_factory):
    """What `emoscope train trees-sample --folds 2` writes, the scores drawn at random."""
    folder = tmp_path_factory.mktemp("part")
    shutil.copytree(small("model.trees.rounds=3", "model.features=[words]"), folder / "whole")
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.ones(4), len(corpus)) + 0.15 * corpus.labels
    write(folder, corpus, scores / scores.sum(axis=1, keepdims=True))
    return folder


def write(folder: Path, corpus, scores, **columns) -> None:
    folds = np.arange(len(corpus)) % 2 + 1
    table = {"id": corpus.ids, "fold": folds.astype(np.int32)}
    for number, name in enumerate(corpus.taxonomy.names):
        table[f"score_{name}"] = scores[:, number].astype(np.float32)
        table[f"label_{name}"] = corpus.labels[:, number]
    pq.write_table(pa.table({**table, **columns}), folder / "held_out.parquet")
    held_out = [
        {
            "fold": fold,
            "ids_sha256": hash_ids([corpus.ids[at] for at in np.flatnonzero(folds == fold)]),
        }
        for fold in (1, 2)
    ]
    (folder / "folds.json").write_text(json.dumps({"held_out": held_out}))


def named(*folders: Path) -> str:
    listed = ", ".join(str(folder) for folder in folders)
    return f"model.parts=[{{name: words, folder: [{listed}]}}]"


@pytest.fixture(scope="module")
def combined(small, part):
    return small(named(part))


def test_a_folder_with_parts_is_whole_and_annotates(combined, part, corpus, tmp_path):
    folder = shutil.copytree(resolve_folder(combined), tmp_path / "elsewhere")
    assert (folder / "parts" / "words" / "0" / "config.json").is_file()
    dev = load_corpus(CorpusSection(name="sample"), None, "dev")
    annotator = emoscope.load(folder)
    measured = evaluate(annotator, dev)
    assert measured.report.to_dict() == read_json(combined / "result.json")["dev"]
    features = annotator.backend.features
    columns = [each.name for each in features.columns][-4:]
    assert columns == [f"part words: {name}" for name in corpus.taxonomy.names]
    scores = features.gather(features.read(dev.turns))[:, -4:]
    assert scores == pytest.approx(emoscope.load(part / "whole").probabilities(dev.turns), abs=1e-6)


def test_of_several_folders_the_mean_counts(small, part, corpus, tmp_path):
    other = shutil.copytree(part, tmp_path / "other")
    write(other, corpus, np.full((len(corpus), 4), 0.25))
    folder = small(named(part, other))
    backend = emoscope.load(folder).backend
    assert [len(each.annotators) for each in backend.features.parts] == [2]


def test_parts_keep_their_order(small, part, corpus, tmp_path):
    """Whatever they are called: their scores are columns of the features of the trees."""
    other = shutil.copytree(part, tmp_path / "other")
    rng = np.random.default_rng(1)
    scores = rng.dirichlet(np.ones(4), len(corpus)) + 0.3 * corpus.labels
    write(other, corpus, scores / scores.sum(axis=1, keepdims=True))
    # Another model than that of the first part, so that exchanged columns show.
    shutil.rmtree(other / "whole")
    shutil.copytree(small("model.trees.rounds=15", "model.features=[style]"), other / "whole")
    folder = small(
        f"model.parts=[{{name: z, folder: {part}}}, {{name: a, folder: {other}}}]",
        "model.features=[]",
        "model.leak_margin=0.9",
    )
    measured = evaluate(
        emoscope.load(folder), load_corpus(CorpusSection(name="sample"), None, "dev")
    )
    assert measured.report.to_dict() == read_json(folder / "result.json")["dev"]


def test_scores_of_texts_that_were_trained_on_are_caught(small, part, corpus, tmp_path):
    """By the whole model; and by another that has seen them, which shows by what it knows."""
    leaky = shutil.copytree(part, tmp_path / "leaky")
    write(leaky, corpus, emoscope.load(part / "whole").probabilities(corpus.turns))
    with pytest.raises(InputError, match=r"leaky.*those of the whole model"):
        small(named(leaky))
    knowing = 0.6 * corpus.labels + 0.1 * np.random.default_rng(0).random((len(corpus), 4))
    write(leaky, corpus, knowing)
    with pytest.raises(InputError, match=r"'words' are too good.*AUC 1\.000"):
        small(named(leaky))


def test_a_text_in_a_fold_that_did_not_hold_it_out_is_caught(small, part, corpus, tmp_path):
    moved = shutil.copytree(part, tmp_path / "moved")
    folds = np.arange(len(corpus)) % 2 + 1
    folds[0] = 2
    scores = np.full((len(corpus), 4), 0.25)
    write(moved, corpus, scores, fold=folds.astype(np.int32))
    with pytest.raises(InputError, match=r"moved.*fold 1 holds other texts than folds\.json"):
        small(named(moved))


def drop_one(table):
    return table.slice(1)


def double_one(table):
    return pa.concat_tables([table, table.slice(0, 1)])


def lose_a_column(table):
    return table.drop_columns(["score_sad"])


def swap_labels(table):
    names = list(table.column_names)
    one, other = names.index("label_sad"), names.index("label_angry")
    names[one], names[other] = names[other], names[one]
    return table.rename_columns(names)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (drop_one, r"1 texts of this recipe's have no score"),
        (double_one, r"more than once"),
        (lose_a_column, r"score_sad"),
        (swap_labels, r"other labels than in the corpus"),
    ],
)
def test_scores_of_something_else_are_refused(change, told, small, part, tmp_path):
    other = shutil.copytree(part, tmp_path / "other")
    table = pq.read_table(other / "held_out.parquet")
    pq.write_table(change(table), other / "held_out.parquet")
    with pytest.raises(InputError, match=rf"other.*{told}"):
        small(named(other))


def test_a_part_that_is_not_trained_yet_says_how_to_train_it(small, part, tmp_path):
    other = shutil.copytree(part, tmp_path / "other")
    (other / "held_out.parquet").unlink()
    with pytest.raises(InputError, match=r"emoscope train RECIPE --folds 5 --output"):
        small(named(other))


def test_parts_of_a_folder_that_was_edited_are_refused(combined, tmp_path):
    folder = shutil.copytree(resolve_folder(combined), tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    [known] = config["parts"]
    edited = [{**known, "name": "../.."}, *({**known, "models": each} for each in (0, True, 2))]
    for parts in ({"words": 1}, [1], [known, known], *([each] for each in edited)):
        (folder / "config.json").write_text(json.dumps({**config, "parts": parts}))
        with pytest.raises(InputError):
            emoscope.load(folder)
    (folder / "config.json").write_text(json.dumps(config))
    inner = folder / "parts" / "words" / "0"
    shutil.rmtree(inner)
    inner.symlink_to(folder)
    with pytest.raises(InputError, match="without parts of its own"):
        emoscope.load(folder)


@pytest.mark.parametrize("ensemble", ["stacking", "averaging"])
def test_folds_of_texts_that_parts_have_seen_are_refused(ensemble, part, tmp_path):
    recipe = load_recipe("trees-sample", [named(part), f"model.ensemble={ensemble}"])
    with pytest.raises(InputError, match=r"model\.parts: .*without --folds"):
        train_folds(recipe, tmp_path, tmp_path / "folds", 2)


@pytest.mark.parametrize(
    "change",
    [
        "vectors.min_count=3",
        "corpus.listwise=0.5",
        "training.metric=macro_f1",
        "training.epochs=3",
        "objective.label_smoothing=0.1",
        "text.max_length=9",
        "mix.alpha=0.5",
    ],
)
def test_an_option_that_trees_do_not_heed_is_refused(change, small):
    with pytest.raises(InputError, match=rf"{change.partition('.')[0]}.*no effect"):
        small(change)


def test_without_dev_trees_are_not_grown(small):
    with pytest.raises(InputError, match=r"cannot be trained without one") as told:
        small("corpus.dev=null")
    assert "keep_best" not in str(told.value)
