"""What a training step is made of must not change what is learnt: halves of a batch, precision."""

import csv
import json

import numpy as np
import pytest

import emoscope
from emoscope.errors import InputError
from emoscope.training.prepare import prepare
from emoscope.training.train import train
from tests import tiny

pytestmark = pytest.mark.usefixtures("no_plots")

ALONE = "mix.corpora=[]"
INTRA = "objective.local_loss={coefficient: 0.3}"


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A folder with an encoder without dropout."""
    folder = tmp_path_factory.mktemp("encoder")
    model = tiny.encoder("bert", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model.save_pretrained(folder)
    tiny.fast_tokenizer("bert").save_pretrained(folder)
    return folder


@pytest.fixture
def history(mixed_recipe, tables, backbone, tmp_path):
    """Trains without dropout; the figures of each epoch, and the scores of some texts."""

    def run(name, *overrides):
        recipe = mixed_recipe(
            f"model.backbone={backbone}", "model.dropout=0", INTRA, ALONE, *overrides
        )
        train(recipe, tables, tmp_path / name)
        text = (tmp_path / name / "seed-0" / "history.json").read_text(encoding="utf-8")
        values = {key: np.array(rows)[:, 1] for key, rows in json.loads(text).items()}
        texts = [[text] for text in tiny.SENTENCES]
        return values, emoscope.load(tmp_path / name).probabilities(texts)

    return run


def test_two_halves_of_a_batch_make_one_step(history):
    """All 40 texts at a time, so that both see the same ones in each step."""
    rate = "training.learning_rate=0.002"
    whole, scores = history("whole", "training.batch_size=40", rate)
    halves, found = history("halves", "training.batch_size=20", "training.accumulation=2", rate)
    for name in ("loss", "binary_cross_entropy", "intra_loss", "eval_loss"):
        assert halves[name] == pytest.approx(whole[name], abs=1e-4), name
    assert found == pytest.approx(scores, abs=1e-3)
    assert np.ptp(whole["loss"]) > 1e-3, "the test needs a training that learns"


def test_half_precision_learns_the_same(history):
    single, scores = history("single")
    half, found = history("half", "training.bfloat16=true")
    for name in ("loss", "binary_cross_entropy", "intra_loss", "eval_loss"):
        assert np.isfinite(half[name]).all()
        assert half[name] == pytest.approx(single[name], abs=0.02), name
    assert any(half["loss"] != single["loss"]), "the test needs another precision"
    assert found == pytest.approx(scores, abs=0.1)
    assert np.ptp(single["loss"]) > 0.02, "the test needs a training that learns"


def test_targets_move_to_the_scores_of_the_last_epoch(history):
    """Slowly and by the definition: what one epoch scored, the next one's loss is made of."""
    plain, _ = history("plain")
    moved, _ = history("moved", "objective.self_distillation=0.9")
    assert moved["loss"][0] == plain["loss"][0], "there is nothing to move to"
    assert moved["self_distillation"][0] == 0
    for epoch in (1, 2):
        share = 0.9 * (epoch + 1) / 3
        objective = 0.7 * moved["binary_cross_entropy"] + 0.3 * moved["intra_loss"]
        expected = (1 - share) * objective[epoch] + share * moved["self_distillation"][epoch]
        assert moved["loss"][epoch] == pytest.approx(expected, abs=1e-5)
    assert "self_distillation" not in plain


@pytest.fixture
def moods(tables):
    """A further corpus, whose labels exclude each other, beside the two of `tables`."""
    (tables / "moods").mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    with (tables / "moods" / "moods.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "mood"])
        writer.writerows(
            [f"{rng.choice(tiny.SENTENCES)[:20]} {mood}", mood]
            for mood in rng.choice(["happy", "sad", "angry", "others"], 24)
        )
    return (
        "{name: tabular, folder: moods, train: moods.csv, dev: moods.csv, label: mood, "
        "taxonomy: emocontext}"
    )


def test_labels_that_exclude_each_other_mix_with_others(mixed_recipe, tables, moods, tmp_path):
    """The local loss relates the labels of the other corpus alone."""
    recipe = mixed_recipe(f"mix.corpora=[{moods}]", INTRA)
    (result,) = train(recipe, tables, tmp_path / "mixed")
    assert set(result.parts) == {"posts_en", "moods_en"}
    history = json.loads((tmp_path / "mixed" / "seed-0" / "history.json").read_text("utf-8"))
    for name in ("loss", "intra_loss", "binary_cross_entropy", "cross_entropy", "eval_loss"):
        assert np.isfinite(np.array(history[name])).all(), name
    alone = mixed_recipe(f"corpus={moods}", ALONE, INTRA, "training.metric=macro_f1")
    with pytest.raises(InputError, match=r"'emocontext' exclude each other\. Leave them out"):
        prepare(alone, tables)


def test_gold_labels_that_are_left_out_of_a_prompt(mixed_recipe, tables, moods, tmp_path):
    """A batch may have none left; weights of the labels then have nothing to weigh."""
    recipe = mixed_recipe(
        f"corpus={moods}",
        ALONE,
        "model.drop_labels=0.7",
        "objective.class_weights=balanced",
        "training.batch_size=1",
        "training.epochs=1",
        "training.metric=macro_f1",
    )
    train(recipe, tables, tmp_path / "dropped")
    history = json.loads((tmp_path / "dropped" / "seed-0" / "history.json").read_text("utf-8"))
    assert np.isfinite(np.array(history["loss"])).all()
    assert np.isfinite(emoscope.load(tmp_path / "dropped").probabilities([["so happy"]])).all()


def test_a_part_may_choose_the_weights(mixed_recipe, tables, moods, tmp_path):
    recipe = mixed_recipe(f"mix.corpora=[{moods}]", "training.metric=moods_en_macro_f1")
    train(recipe, tables, tmp_path / "chosen")
    history = json.loads((tmp_path / "chosen" / "seed-0" / "history.json").read_text("utf-8"))
    assert "eval_moods_en_macro_f1" in history
