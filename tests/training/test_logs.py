"""Which log a recipe's runs go into, and what is logged of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from transformers import Trainer, TrainingArguments

from emoscope.calibration import decide
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import evaluate
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import read_yaml
from emoscope.experiments.scored import ScoredTexts
from emoscope.files import write_text
from emoscope.inference.annotator import load as load_annotator
from emoscope.metrics.classification import metrics_of, report
from emoscope.metrics.metric import name_metrics
from emoscope.recipes.load import load_recipe, recipe_to_yaml
from emoscope.training.callbacks import LogRun
from emoscope.training.logs import (
    check_folder,
    is_same_configuration,
    log_finished,
    open_log,
    read_run,
)
from emoscope.training.prepare import load_corpora
from emoscope.training.train import train

HUB = ("goemotions", "emotion")

pytestmark = pytest.mark.usefixtures("no_plots")


def test_a_recipe_has_one_folder(tmp_path):
    log = open_log(tmp_path, load_recipe("demux-goemotions"))
    assert log.folder.parent.name == "DemuxGoemotions"
    assert log.folder.name == (
        "goemotions(train),goemotions(dev),None,all-minilm-l6-v2,neutral,1.0,"
        "None,cossim,False,0.2,intra_exp_diff,False,None_0"
    )
    # Neither the seed, nor what is kept on the way, nor a description is another configuration.
    for change in ("seed=7", "training.predictions=true", "description=other"):
        assert open_log(tmp_path, load_recipe("demux-goemotions", [change])).folder == log.folder
    other = open_log(tmp_path, load_recipe("demux-goemotions", ["training.epochs=4"]))
    assert other.folder.name == f"{log.folder.name[:-2]}_1"
    without = open_log(tmp_path, load_recipe("demux-goemotions", ["objective.local_loss=null"]))
    assert without.folder.name == log.folder.name.replace("0.2,intra_exp_diff", "None,None")


def test_a_data_set_of_the_hub_goes_by_its_own_name(tmp_path):
    log, other = (open_log(tmp_path, load_recipe(f"demux-{name}-hub")) for name in HUB)
    assert (log.folder.parent.name, other.folder.parent.name) == ("DemuxGoEmotions", "DemuxEmotion")
    assert log.folder.name.startswith("go_emotions(train),go_emotions(validation),None,")


def test_the_name_shows_the_encoder_not_its_place(tmp_path):
    recipe = load_recipe("demux-goemotions", ["model.backbone=/data/models/bertweet-base"])
    log = open_log(tmp_path, recipe)
    assert ",bertweet-base," in log.folder.name
    assert log.params["model"]["backbone"] == "/data/models/bertweet-base"


def test_a_log_from_before_a_field_is_still_that_of_the_recipe(tmp_path):
    recipe = load_recipe("nelec-sample")
    log = open_log(tmp_path, recipe)
    params = read_yaml(log.folder / "params.yml")
    del params["objective"]["label_smoothing"], params["mix"]
    (log.folder / "params.yml").write_text(json.dumps(params))
    assert open_log(tmp_path, recipe).folder == log.folder
    params["a_field_that_is_gone"] = 1
    assert not is_same_configuration(params, recipe)


def test_the_parameters_are_a_recipe(trained):
    again = load_recipe(str(trained.folder / "params.yml"))
    assert recipe_to_yaml(again) == recipe_to_yaml(trained.recipe)


def test_a_log_has_the_curves_of_training(trained):
    (run,) = ExperimentLog.load(trained.folder).runs
    history = json.loads((trained.folder / "seed-0" / "history.json").read_text())
    assert {name: [list(pair) for pair in curve] for name, curve in run.curves.items()} == history
    assert (run.name, run.seed) == ("seed-0", 0)
    assert run.final_step == trained.results[0].best_epoch
    dev = name_metrics(metrics_of(trained.results[0].dev))
    at_end = run.at_final_step()
    assert {name: at_end[f"eval_{name}"] for name in dev} == pytest.approx(dev)


def test_a_run_that_finished_before_a_kill_is_logged(trained, tmp_path):
    folder = shutil.copytree(trained.folder, tmp_path / "killed")
    (folder / "metrics.yml").unlink()
    assert log_finished(folder).runs == ExperimentLog.load(trained.folder).runs
    assert ExperimentLog.load(folder).runs == ExperimentLog.load(trained.folder).runs


@pytest.mark.parametrize("at", ["plots/loss.png", "aggregated_metrics.yml", "metrics.yml"])
def test_whenever_a_kill_came_while_a_run_is_logged_it_is_made_good(
    trained, tmp_path, monkeypatch, at
):
    """Pictures and means have the run as soon as the log has it."""
    folder, replace = tmp_path / "killed", Path.replace
    (folder / "plots").mkdir(parents=True)
    (folder / "aggregated_metrics.yml").write_text("of fewer runs")
    (folder / "plots" / "loss.png").write_text("of fewer runs")
    for name in ("params.yml", "seed-0/result.json", "seed-0/history.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(trained.folder / name, folder / name)

    def draw(log):
        write_text(folder / "plots" / "loss.png", f"{len(log.runs)} runs")

    def end(path, target):
        if Path(target) == folder / at:
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", end)
    with pytest.raises(KeyboardInterrupt):
        log_finished(folder, draw)
    monkeypatch.setattr(Path, "replace", replace)
    log_finished(folder, draw)
    assert (folder / "plots" / "loss.png").read_text() == "1 runs"
    for name in ("aggregated_metrics.yml", "metrics.yml"):
        assert (folder / name).read_bytes() == (trained.folder / name).read_bytes()


def test_what_was_left_before_the_parameters_were_written_is_no_other_training(trained, tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".params.yml.partial").write_text("name: ")
    check_folder(tmp_path, trained.recipe)
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(InputError, match="not empty"):
        check_folder(tmp_path, trained.recipe)


def test_the_scored_texts_are_those_of_the_saved_model(trained):
    scored = ScoredTexts.read(trained.folder / "seed-0" / "dev.parquet")
    annotator = load_annotator(trained.folder)
    (corpus,) = load_corpora(trained.recipe.corpus, trained.root)[1]
    assert list(scored.ids) == list(corpus.ids)
    assert [list(turns) for turns in scored.turns] == [list(turns) for turns in corpus.turns]
    assert scored.probabilities == pytest.approx(annotator.probabilities(corpus.turns), abs=1e-5)
    cuts = annotator.calibration.cuts()
    assert (scored.predictions == decide(scored.probabilities, True, cuts)).all()
    figures = report(scored.gold, scored.predictions, annotator.taxonomy).to_dict()
    assert figures == trained.results[0].dev
    names = pq.read_table(trained.folder / "seed-0" / "dev.parquet").column_names
    assert names[:3] == ["id", "part", "turns"]


def test_test_is_measured_once_with_the_finished_model(tmp_path, emocontext, tiny_recipe):
    recipe = tiny_recipe("training.epochs=1", "corpus.test=test")
    (result,) = train(recipe, emocontext, tmp_path / "out")
    annotator = load_annotator(tmp_path / "out")
    (dev,) = load_corpora(recipe.corpus, emocontext)[1]
    assert evaluate(annotator, dev).report.to_dict() == result.dev
    scored = ScoredTexts.read(tmp_path / "out" / "seed-0" / "test.parquet")
    assert report(scored.gold, scored.predictions, annotator.taxonomy).to_dict() == result.test
    (run,) = ExperimentLog.load(tmp_path / "out").runs
    assert run.final["test_micro_f1"] == result.test["micro"]["f1"]


def test_no_epochs_measure_the_weights_begun_with(tables, mixed_recipe, tmp_path):
    train(mixed_recipe("training.epochs=1"), tables, tmp_path / "first")
    start = f"model.start={tmp_path / 'first'}"
    (again,) = train(mixed_recipe("training.epochs=0", start), tables, tmp_path / "second")
    assert (again.epochs, again.best_epoch) == (0, 0)
    one, other = (
        ScoredTexts.read(tmp_path / name / "seed-0" / "dev.parquet") for name in ("first", "second")
    )
    known = ~(one.gold != one.gold)
    assert other.probabilities[known] == pytest.approx(one.probabilities[known], abs=1e-5)
    (run,) = ExperimentLog.load(tmp_path / "second").runs
    assert run.at_final_step()["eval_macro_f1"] > 0


def test_a_run_that_failed_at_its_start_holds_no_folder(tables, mixed_recipe, tmp_path):
    """A recipe that was mended trains into the same folder."""
    folder = tmp_path / "out"
    (folder / "seed-0" / "plots").mkdir(parents=True)
    (folder / "params.yml").write_text(recipe_to_yaml(mixed_recipe("training.epochs=2")))
    (result,) = train(mixed_recipe("training.epochs=1"), tables, folder)
    assert result.epochs == 1
    assert read_yaml(folder / "params.yml")["training"]["epochs"] == 1


def test_labels_that_the_model_has_not_learnt_are_scored_as_well(tables, mixed_recipe, whole):
    """The model's own come first, then those of the other part; what a part lacks has no gold."""
    recipe = mixed_recipe("training.predictions=true")
    folder = whole(recipe, root=tables) / "seed-0"
    scored = ScoredTexts.read(folder / "dev.parquet")
    assert scored.labels == ("joy", "fear", "anger", "awe")
    news = np.array([part == "news_en" for part in scored.parts])
    assert np.isnan(scored.gold[news][:, 1:3]).all()
    assert np.isnan(scored.gold[~news][:, 3]).all()
    assert not scored.predictions[np.isnan(scored.gold)].any()
    parts = json.loads((folder / "result.json").read_text())["parts"]
    gold, decided = scored.gold[news] >= 0.5, scored.predictions[news]
    for name, column in (("joy", 0), ("awe", 3)):
        hits = (gold & decided)[:, column].sum()
        f1 = 2 * hits / max(gold[:, column].sum() + decided[:, column].sum(), 1)
        assert parts["news_en"]["labels"][name]["f1"] == pytest.approx(f1)


def test_test_figures_of_several_parts_are_their_means(tables, mixed_recipe, tmp_path):
    """As those on dev are."""
    more = "{name: tabular, folder: news, train: train.csv, dev: news.csv, test: news.csv, "
    more += "labels: [awe, joy]}"
    recipe = mixed_recipe(
        "training.epochs=1", "corpus.test=posts/posts.csv", f"mix.corpora=[{more}]"
    )
    (result,) = train(recipe, tables, tmp_path / "out")
    (run,) = ExperimentLog.load(tmp_path / "out").runs
    posts, news = (
        name_metrics(metrics_of(result.test_parts[name])) for name in ("posts_en", "news_en")
    )
    assert run.final["test_macro_f1"] == (posts["macro_f1"] + news["macro_f1"]) / 2
    assert run.final["test_awe_f1"] == news["awe_f1"]
    assert run.final["test_(news_en)_joy_f1"] == news["joy_f1"]
    # Test is dev here.
    for name in ("macro_f1", "half_macro_f1", "half_joy_f1"):
        assert run.final[f"test_{name}"] == run.at_final_step()[f"eval_{name}"]
    # A result from before parts were kept at ½ has no such mean.
    path = tmp_path / "out" / "seed-0" / "result.json"
    path.write_text(json.dumps({**vars(result), "test_half_parts": None}))
    older = read_run(path.parent).final
    assert {name: older[name] for name in run.final if "test_half_" not in name} == older


@pytest.mark.parametrize("best", [True, False])
def test_a_run_of_any_transformers_trainer_is_logged(tmp_path, best):
    data = [{"x": torch.tensor([float(n)]), "labels": torch.tensor([2.0 * n])} for n in range(8)]

    class Line(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x, labels):
            return {"loss": (x * self.weight - labels).square().mean(), "logits": x}

    arguments = TrainingArguments(
        str(tmp_path / "out"),
        num_train_epochs=3,
        learning_rate=3.0,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        load_best_model_at_end=best,
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
    )
    log = ExperimentLog.open(tmp_path, "LineNumbers", {"rate": 3.0}, ["rate"])
    trainer = Trainer(Line(), arguments, train_dataset=data, eval_dataset=data)
    trainer.add_callback(LogRun(log, seed=7))
    trainer.train()
    (run,) = ExperimentLog.load(log.folder).runs
    losses = dict(run.curves["eval_loss"])
    assert (run.name, run.seed, sorted(losses)) == ("seed-7", 7, [1.0, 2.0, 3.0])
    expected = min(losses, key=losses.__getitem__) if best else 3.0
    assert run.final_step == pytest.approx(expected)
