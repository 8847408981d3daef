"""One training: its folder, its figures, which epoch it keeps."""

import json
from statistics import mean, stdev
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

import emoscope.training.run as run
from emoscope.corpora.emocontext import load
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import evaluate
from emoscope.experiments.log import LOCK, ExperimentLog
from emoscope.files import acquire_lock
from emoscope.folder import ModelFolder
from emoscope.inference.annotator import load as load_annotator
from emoscope.inference.torch_backend import TorchBackend
from emoscope.recipes.load import recipe_to_yaml
from emoscope.training.builder import make_dev_objectives, make_objectives
from emoscope.training.prepare import load_corpora, prepare
from emoscope.training.results import RunOptions
from emoscope.training.run import find_kept_epoch, train_run
from emoscope.training.train import train
from tests.training.conftest import STUCK

pytestmark = pytest.mark.usefixtures("no_plots")
WITHOUT_DEV = ("training.keep_best=false", "training.patience=null", "training.epochs=0")


def interrupt(*_, **__):
    raise KeyboardInterrupt


def test_early_stopping_stops(emocontext, tiny_recipe, whole):
    recipe = tiny_recipe(*STUCK, "training.keep_best=true")
    (result,) = train(recipe, emocontext, whole(recipe))
    assert (result.epochs, result.best_epoch) == (3, 1)


def test_a_run_that_another_process_trains_is_not_deleted(tmp_path, emocontext, tiny_recipe):
    recipe = tiny_recipe("training.epochs=1")
    train(recipe, emocontext, tmp_path, 2)
    held = acquire_lock(tmp_path / "seed-1" / LOCK, wait=False)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(InputError, match=r"Another process trains .*seed-1"):
        train(recipe, emocontext, tmp_path, options=RunOptions(restart=True))
    held.release()
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert len(ExperimentLog.load(tmp_path).runs) == 2


def test_what_is_drawn_for_a_run_depends_on_no_other_run(emocontext, tiny_recipe):
    """The vectors of unknown words are those of any seed, whichever run comes first."""
    families = [prepare(tiny_recipe(f"seed={seed}"), emocontext).family for seed in (0, 5)]
    one, other = (family.make_model().embedding.words.weight for family in families)
    assert torch.equal(one, other)


def test_a_finished_run_is_not_run_again(monkeypatch, tmp_path, emocontext, tiny_recipe):
    recipe = tiny_recipe("training.epochs=1")
    first = train(recipe, emocontext, tmp_path / "out")
    weights = tmp_path / "out" / "seed-0" / "model" / "model.safetensors"
    written = weights.stat().st_mtime_ns
    with monkeypatch.context() as patch:
        patch.setattr(run, "make_trainer", None)
        assert train(recipe, emocontext, tmp_path / "out") == first
    second = train(recipe, emocontext, tmp_path / "out", runs=2)
    assert (second[0], second[1].seed) == (first[0], 1)
    assert weights.stat().st_mtime_ns == written
    train(recipe, emocontext, tmp_path / "out", options=RunOptions(restart=True))
    assert weights.stat().st_mtime_ns != written
    assert not (tmp_path / "out" / "seed-1").exists()


def test_runs_that_are_read_back_are_not_drawn_again(
    monkeypatch, tmp_path, emocontext, tiny_recipe
):
    import emoscope.training.train as module

    recipe, drawn = tiny_recipe("training.epochs=1"), []

    def draw(log, folder, picture_format):
        drawn.append((len(log.runs), picture_format))
        folder.mkdir(exist_ok=True)
        (folder / f"loss.{picture_format}").touch()

    monkeypatch.setattr(module, "draw_log", draw)
    train(recipe, emocontext, tmp_path / "out", runs=2)
    drawn.clear()
    train(recipe, emocontext, tmp_path / "out", runs=3)
    assert drawn == [(3, "png")]
    # What is finished is drawn in another format, and not trained again.
    monkeypatch.setattr(run, "make_trainer", None)
    train(recipe, emocontext, tmp_path / "out", runs=3, options=RunOptions(picture_format="pdf"))
    assert drawn == [(3, "png"), (3, "pdf")]
    monkeypatch.undo()
    monkeypatch.setattr(module, "draw_log", draw)
    drawn.clear()
    train(recipe, emocontext, tmp_path / "out", runs=4)
    assert drawn == [(4, "pdf"), (4, "png")], "no picture lacks a run"


def test_runs_have_seeds_of_their_own(emocontext, tiny_recipe, whole):
    recipe = tiny_recipe("seed=5", "training.epochs=2")
    folder = whole(recipe, runs=3)
    results = train(recipe, emocontext, folder, runs=3)
    assert [result.seed for result in results] == [5, 6, 7]
    models = [load_file(folder / f"seed-{seed}" / "model" / "model.safetensors") for seed in (5, 6)]
    assert not torch.equal(models[0]["classifier.weight"], models[1]["classifier.weight"])
    log = ExperimentLog.load(folder)
    assert [run.seed for run in log.runs] == [5, 6, 7]
    read = {
        "micro_f1": lambda dev: dev["micro"]["f1"],
        "macro_f1": lambda dev: dev["macro"]["f1"],
        "accuracy": lambda dev: dev["accuracy"],
        "jaccard": lambda dev: dev["jaccard"],
        "others_f1": lambda dev: dev["labels"]["others"]["f1"],
        "happy_f1": lambda dev: dev["labels"]["happy"]["f1"],
        "sad_f1": lambda dev: dev["labels"]["sad"]["f1"],
        "angry_f1": lambda dev: dev["labels"]["angry"]["f1"],
    }
    figures = log.aggregated()
    for name, figure in read.items():
        values = [figure(result.dev) for result in results]
        assert figures[f"eval_{name}"].mean == pytest.approx(mean(values)), name
        assert figures[f"eval_{name}"].sd == pytest.approx(stdev(values)), name
        assert figures[f"eval_{name}"].runs == 3
    assert log.values("seconds") == [result.seconds for result in results]


def test_the_folder_of_another_configuration_is_refused(tmp_path, emocontext, tiny_recipe):
    train(tiny_recipe("training.epochs=1"), emocontext, tmp_path / "out")
    with pytest.raises(InputError, match="holds runs of another configuration"):
        train(tiny_recipe("training.epochs=2"), emocontext, tmp_path / "out")


def test_a_folder_with_something_else_is_refused(tmp_path, emocontext, tiny_recipe):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="is not empty and holds no training"):
        train(tiny_recipe(), emocontext, tmp_path, options=RunOptions(restart=True))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match=r"thesis\.txt"):
        train(tiny_recipe(), emocontext, tmp_path / "thesis.txt")


def test_a_training_without_data_leaves_no_folder(tmp_path, tiny_recipe):
    with pytest.raises(InputError, match=r"train\.txt"):
        train(tiny_recipe(), tmp_path / "no-data", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_runs_is_free(monkeypatch, tmp_path, tiny_recipe, emocontext):
    import emoscope.training.train as module

    with monkeypatch.context() as patch:
        patch.setattr(module, "train_run", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(tiny_recipe(), emocontext, tmp_path / "out")
    assert (tmp_path / "out" / "params.yml").is_file()
    train(tiny_recipe("training.epochs=1"), emocontext, tmp_path / "out")


@pytest.mark.parametrize("metric", ["micro_f2", "eval_micro_f1", "fear_f1"])
def test_an_unknown_metric_is_said_before_training(tmp_path, emocontext, tiny_recipe, metric):
    recipe = tiny_recipe(f"training.metric={metric}")
    with pytest.raises(InputError, match=r"training\.metric.*loss.*micro_f1.*sad_f1"):
        train(recipe, emocontext, tmp_path / "out")
    assert not (tmp_path / "out" / "seed-0" / "checkpoints").exists()


@pytest.mark.parametrize("metric", ["loss", "others_f1"])
def test_the_best_epoch_is_kept(tmp_path, emocontext, tiny_recipe, metric):
    """With a wild learning rate the best epoch is not the last one."""
    recipe = tiny_recipe(
        "training.epochs=6",
        "training.learning_rate=0.3",
        "training.patience=6",
        f"training.metric={metric}",
    )
    (result,) = train(recipe, emocontext, tmp_path)
    history = json.loads((tmp_path / "seed-0" / "history.json").read_text())
    scores = dict(history[f"eval_{metric}"])
    best = (min if metric == "loss" else max)(scores, key=scores.__getitem__)
    assert result.best_epoch == best != 6
    kept = dev_logits(tmp_path / "seed-0", emocontext)
    assert kept == pytest.approx(stored_logits(tmp_path / "seed-0", int(best)), abs=1e-5)
    assert kept != pytest.approx(stored_logits(tmp_path / "seed-0", 6), abs=1e-2)


def test_the_last_epoch_is_kept_if_so_asked(emocontext, tiny_recipe, whole):
    recipe = tiny_recipe("training.keep_best=false")
    (result,) = train(recipe, emocontext, whole(recipe))
    assert result.best_epoch == result.epochs == 3
    run_folder = whole(recipe) / "seed-0"
    last = stored_logits(run_folder, 3)
    assert dev_logits(run_folder, emocontext) == pytest.approx(last, abs=1e-5)


NAMES = ("others", "happy", "sad", "angry")


def stored_logits(folder, epoch, split="dev"):
    table = pq.read_table(folder / "predictions" / f"epoch-{epoch:03}-{split}.parquet")
    return np.stack([table[f"logit_{name}"].to_numpy() for name in NAMES], axis=1)


def dev_logits(folder, root):
    backend = TorchBackend.load(ModelFolder.open(folder))
    return backend.logits(backend.encode(load(root, "dev").turns))


@pytest.mark.parametrize("split", ["train", "dev"])
def test_predictions_of_each_epoch_are_kept(trained, split):
    folder, corpus = trained.folder / "seed-0", load(trained.root, split)
    for epoch in range(1, 7):
        table = pq.read_table(folder / "predictions" / f"epoch-{epoch:03}-{split}.parquet")
        expected = ["id", *(f"gold_{name}" for name in NAMES), *(f"logit_{name}" for name in NAMES)]
        assert table.column_names == expected
        assert table["id"].to_pylist() == corpus.ids
        gold = np.stack([table[f"gold_{name}"].to_numpy() for name in NAMES], axis=1)
        assert np.array_equal(gold, corpus.labels)
        assert np.isfinite(stored_logits(folder, epoch, split)).all()
    assert len(list((folder / "predictions").iterdir())) == 12


def test_predictions_may_be_left_out(tmp_path, emocontext, tiny_recipe):
    train(tiny_recipe("training.predictions=false", "training.epochs=1"), emocontext, tmp_path)
    assert not (tmp_path / "seed-0" / "predictions").exists()


def test_the_folder_of_a_run(trained):
    folder = trained.folder / "seed-0"
    assert {path.name for path in trained.folder.iterdir()} == {
        ".lock",
        "params.yml",
        "environment.json",
        "metrics.yml",
        "aggregated_metrics.yml",
        "plots",
        "seed-0",
    }
    assert {path.name for path in folder.iterdir()} == {
        ".lock",
        "dev.parquet",
        "model",
        "plots",
        "predictions",
        "history.json",
        "result.json",
    }
    assert {path.name for path in (folder / "plots").iterdir()} == {
        "network.png",
        "loss.png",
        "cross_entropy.png",
        "micro_f1.png",
        "macro_f1.png",
        "accuracy.png",
        "jaccard.png",
        "emotions_f1.png",
        "learning_rate.png",
        "grad_norm.png",
    }
    assert (trained.folder / "params.yml").read_text(encoding="utf-8") == recipe_to_yaml(
        trained.recipe
    )
    history = json.loads((folder / "history.json").read_text())
    assert [epoch for epoch, _ in history["loss"]] == [1, 2, 3, 4, 5, 6]
    assert [epoch for epoch, _ in history["eval_micro_f1"]] == [1, 2, 3, 4, 5, 6]


def test_the_dev_figures_are_those_of_the_saved_model(trained):
    """Decisions of the model folder, calibration included, give the figures of result.json."""
    measured = evaluate(load_annotator(trained.folder), load(trained.root, "dev"))
    assert measured.report.to_dict() == trained.results[0].dev


def test_training_logits_are_those_trained_on(emocontext, tiny_recipe, tmp_path):
    """Without dropout and hardly moving, training scores are those of the weights."""
    still = [f"model.{name}dropout=0" for name in ("", "spatial_", "layer_")]
    recipe = tiny_recipe("training.epochs=1", "training.learning_rate=1e-9", *still)
    train_run(recipe, prepare(recipe, emocontext), tmp_path / "run", 0)
    backend = TorchBackend.load(ModelFolder.open(tmp_path / "run"))
    expected = backend.logits(backend.encode(load(emocontext, "train").turns))
    found = stored_logits(tmp_path / "run", 1, "train")
    assert found == pytest.approx(expected, abs=1e-4)


def test_several_corpora_with_labels_of_their_own(tables, mixed_recipe, whole):
    """What is kept of each, and that the saved model has the figures that training measured."""
    recipe = mixed_recipe("training.predictions=true")
    folder = whole(recipe, root=tables)
    (result,) = train(recipe, tables, folder)
    assert set(result.parts) == {"posts_en", "news_en"}
    assert list(result.parts["news_en"]["labels"]) == ["awe", "joy"]
    assert list(result.dev["labels"]) == list(result.half["labels"]) == ["joy", "fear", "anger"]
    assert (result.dev["texts"], result.parts["posts_en"]["texts"]) == (64, 40)
    assert {path.name for path in (folder / "seed-0" / "predictions").iterdir()} == {
        f"epoch-00{epoch}-{part}.parquet"
        for epoch in (1, 2, 3)
        for part in ("train-train_en_1", "train-train_en_2", "dev-posts_en", "dev-news_en")
    }
    annotator = load_annotator(folder)
    posts = load_corpora(recipe.corpus, tables)[1][0]
    found = evaluate(annotator, posts).report.to_dict()
    assert found == result.parts["posts_en"]
    (news,) = load_corpora(recipe.mix.corpora[0], tables)[1]
    other = evaluate(annotator.with_labels(news.taxonomy), news).report.to_dict()
    assert other == result.parts["news_en"]
    (logged,) = ExperimentLog.load(folder).runs
    history = json.loads((folder / "seed-0" / "history.json").read_text())
    best = dict(history["eval_half_macro_f1"])[result.best_epoch]
    assert logged.at_final_step()["eval_half_macro_f1"] == best
    card = (folder / "seed-0" / "model" / "README.md").read_text(encoding="utf-8")
    assert f"At ½ throughout: micro-F1 {result.half['micro']['f1']:.3f}" in card
    assert "posts (en, 40 texts), news (en, 24 texts)" in card


def test_the_history_has_the_figures_of_each_part(tables, mixed_recipe, whole):
    recipe = mixed_recipe("training.predictions=true")
    folder = whole(recipe, root=tables)
    history = json.loads((folder / "seed-0" / "history.json").read_text())
    for name in ("micro_f1", "half_macro_f1", "posts_en_micro_f1", "news_en_macro_f1", "awe_f1"):
        assert [epoch for epoch, _ in history[f"eval_{name}"]] == [1, 2, 3]
    scores = dict(history["eval_half_macro_f1"])
    (result,) = train(recipe, tables, folder)
    assert result.best_epoch == max(scores, key=scores.__getitem__)


@pytest.mark.parametrize("alpha", [1, 0])
def test_the_prior_is_that_of_all_corpora_with_the_labels(tmp_path, tiny_recipe, emocontext, alpha):
    """As the model learns from all of them, from each as often as its texts are drawn."""
    for name in ("train", "dev"):
        (tmp_path / f"{name}.txt").write_bytes((emocontext / f"{name}.txt").read_bytes())
        rows = ["text,label", *["what a day,sad"] * 120]
        (tmp_path / f"{name}.csv").write_text("\n".join(rows), encoding="utf-8")
    more = "{name: tabular, train: train.csv, dev: dev.csv, label: label, taxonomy: emocontext}"
    recipe = tiny_recipe(
        f"mix.corpora=[{more}]", f"mix.alpha={alpha}", "objective.class_weights=balanced"
    )
    prepared = prepare(recipe, tmp_path)
    model = prepared.family.make_model()
    trainer, correction = run.make_trainer(recipe, prepared, model, tmp_path / "run", 0)
    shares = np.concatenate([corpus.labels for corpus in prepared.train]).mean(axis=0)
    if alpha == 0:
        shares = np.mean([corpus.labels.mean(axis=0) for corpus in prepared.train], axis=0)
    assert shares[2] > 0.5
    assert correction.class_weights == pytest.approx(0.25 / shares, rel=1e-5)
    assert correction.target[2] > 0.5
    assert trainer.objectives[0] is trainer.objectives[1]


def test_each_corpus_has_the_objective_of_its_own_section(tables, mixed_recipe):
    """Also where another has the same labels."""
    more = "{name: tabular, folder: posts, train: train.csv, dev: posts.csv, "
    more += "labels: [joy, fear, anger], listwise: 0.5}"
    recipe = mixed_recipe(f"mix.corpora=[{more}]")
    prepared = prepare(recipe, tables)
    correction = SimpleNamespace(class_weights=np.array([1.0, 2.0, 3.0]))
    plain, listwise = make_objectives(recipe, prepared, correction)
    assert set(listwise.terms) - set(plain.terms) == {"listwise_cross_entropy"}
    assert make_dev_objectives(recipe, prepared, [plain, listwise]) == [plain, plain]


def test_a_known_prior_needs_no_dev(tmp_path, tiny_recipe, emocontext):
    shares = {"others": 0.7, "happy": 0.1, "sad": 0.1, "angry": 0.1}
    recipe = tiny_recipe("corpus.dev=null", f"prior.target={json.dumps(shares)}", *WITHOUT_DEV)
    prepared = prepare(recipe, emocontext)
    train_run(recipe, prepared, tmp_path / "run", 0)
    source = prepared.train[0].labels.mean(axis=0)
    wanted = [shares[name] for name in prepared.taxonomy.names]
    shift = load_annotator(tmp_path / "run").calibration.prior_shift
    assert shift == pytest.approx(np.log(wanted / source), abs=1e-5)


def test_nothing_learnt_and_no_dev_is_a_run_as_well(tmp_path, tiny_recipe, emocontext):
    recipe = tiny_recipe("corpus.dev=null", "prior.target=none", *WITHOUT_DEV)
    first = train(recipe, emocontext, tmp_path / "out")
    assert train(recipe, emocontext, tmp_path / "out") == first
    (logged,) = ExperimentLog.load(tmp_path / "out").runs
    assert (logged.curves, logged.final["epochs"]) == ({}, 0)


def test_the_kept_epoch_is_the_first_of_equals():
    log = [{"epoch": epoch, "eval_micro_f1": 0.5} for epoch in (1.0, 2.0)]
    trainer = SimpleNamespace(
        section=SimpleNamespace(keep_best=True, metric="micro_f1", epochs=2),
        state=SimpleNamespace(log_history=log, epoch=2.0),
    )
    assert find_kept_epoch(trainer) == 1
