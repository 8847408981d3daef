"""Demux and MEmo from a recipe to a model folder, with a tiny encoder."""

import json
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import emoscope
from emoscope.corpora.corpus import Corpus
from emoscope.corpora.registry import load_corpus
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import evaluate
from emoscope.folder import ModelFolder
from emoscope.inference.torch_backend import TorchBackend, load_network
from emoscope.models.memo.family import make_memo_family
from emoscope.recipes.load import load_recipe
from emoscope.taxonomy import Taxonomy
from emoscope.training.prepare import prepare
from emoscope.training.train import train
from tests.tiny import SENTENCES
from tests.training.prompted.conftest import EMOTIONS, MLM, dev_logits

pytestmark = pytest.mark.usefixtures("no_plots")


def test_demux_goemotions_from_recipe_to_scores(trained, root, backbones):
    folder = trained("demux-goemotions").folder
    annotator = emoscope.load(folder)
    assert annotator.taxonomy.names == EMOTIONS
    scored = annotator.annotate(["what a lovely day 🎉", ["why?", "my team lost :("], ""])
    assert [len(scores) for scores in scored] == [27, 27, 27]
    assert {score.label for score in scored[0]} == set(EMOTIONS)
    assert all(0 < score.probability < 1 for scores in scored for score in scores)
    assert scored[0] != scored[1]
    model = ModelFolder.open(folder).path
    assert {path.name for path in model.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
        "preprocessing.json",
        "tokenizer.json",
    }
    for name in ("config.json", "preprocessing.json"):
        assert str(backbones("bert")) not in (model / name).read_text(encoding="utf-8"), name
    told = (model / "README.md").read_text(encoding="utf-8")
    assert "of the 256 tokens that it reads" in told


def test_the_dev_figures_are_those_of_the_saved_model(trained, root):
    one = trained("demux-goemotions")
    section = load_recipe("demux-goemotions").corpus
    measured = evaluate(emoscope.load(one.folder), load_corpus(section, root, "dev"))
    assert measured.report.to_dict() == one.result.dev


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_demux_scores_other_labels(trained, kind):
    folder = trained("demux-goemotions", kind=kind).folder
    asked = emoscope.load(folder, labels="pride, anger|rage")
    scored = asked.annotate(["what a lovely day", "grrr"])
    assert [{score.label for score in scores} for scores in scored] == [{"pride", "anger"}] * 2
    assert asked.calibration.temperature == emoscope.load(folder).calibration.temperature
    known = dict(zip(EMOTIONS, emoscope.load(folder).calibration.thresholds, strict=True))
    assert asked.calibration.thresholds == (known["pride"], known["anger"])
    spanish = Taxonomy.parse_labels("ira, alegría|felicidad", language="es")
    assert len(emoscope.load(folder, labels=spanish).annotate(["qué día"])[0]) == 2


def test_the_same_labels_asked_for_are_the_same_scores(trained):
    folder, texts = trained("demux-goemotions").folder, ["what a lovely day", "grrr"]
    asked = emoscope.load(folder, labels=Taxonomy.load("goemotions").without("neutral"))
    conversations = [[text] for text in texts]
    expected = emoscope.load(folder).probabilities(conversations)
    assert asked.probabilities(conversations) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("head", ["ffn", "projections"])
def test_memo_from_recipe_to_scores(trained, head):
    folder = trained("memo", f"model.head={head}").folder
    scored = emoscope.load(folder).annotate(["what a lovely day", ["why?", "no"]])
    assert [len(scores) for scores in scored] == [27, 27]
    with pytest.raises(InputError, match=r"admiration.*cannot score others.*mlm"):
        emoscope.load(folder, labels="pride, anger|rage")


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
def test_memo_with_the_language_head_scores_other_labels(trained, kind):
    overrides = ("model.head=mlm", "model.template='{text} is {mask}'")
    folder = trained("memo", *overrides, kind=kind).folder
    assert len(emoscope.load(folder).annotate(["what a lovely day"])[0]) == 27
    scored = emoscope.load(folder, labels="pride, anger|rage").annotate(["what a day", "no"])
    assert [{score.label for score in scores} for scores in scored] == [{"pride", "anger"}] * 2


def test_a_language_head_that_the_encoder_lacks_is_said(recipe, root, backbones, tmp_path):
    chosen = recipe("memo", "model.head=mlm", f"model.backbone={backbones('bert')}")
    with pytest.raises(InputError, match="head that guesses masked words"):
        train(chosen, root, tmp_path / "out")


def test_the_template_is_the_recipes_or_the_languages(recipe, root):
    assert prepare(recipe("memo"), root).family.encoder.sentence == "emotion {mask} in tweet {text}"
    own = prepare(recipe("memo", "model.template='{mask}? {text}'"), root).family
    assert own.encoder.sentence == "{mask}? {text}"
    assert own.notes[0] == "Template: {mask}? {text}"
    with pytest.raises(InputError, match="template"):
        prepare(recipe("memo", "model.template=no places"), root)


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_labels_shuffled_and_dropped(recipe, root, tmp_path, kind):
    chosen = recipe(
        "demux-goemotions",
        "model.shuffle_labels=true",
        "model.drop_labels=0.9",
        "model.cluster=max",
        kind=kind,
    )
    prepared = prepare(chosen, root)
    batch = prepared.train_set.__getitems__([3, 1, 2])
    columns = batch["columns"].tolist()
    assert len(columns) < 27
    assert columns == sorted(columns)
    assert batch["labels"].tolist() == prepared.train[0].labels[[3, 1, 2]][:, columns].tolist()
    shown = batch["word_labels"].tolist()
    assert sorted(shown) == list(range(len(columns))) != shown, "shuffled"
    train(chosen, root, tmp_path / "out")
    assert len(emoscope.load(tmp_path / "out").annotate(["such a day"])[0]) == 27


def test_a_dropped_label_is_scored_in_its_own_column(recipe, root):
    """Logits of a part of the labels are those of a prompt with that part, column by column."""
    chosen = recipe("demux-goemotions", "model.drop_labels=0.8", "model.dropout=0")
    prepared = prepare(chosen, root)
    batch = prepared.train_set.__getitems__([3, 1, 2])
    columns = batch["columns"].tolist()
    model = prepared.family.make_model().eval()
    inputs = {k: v for k, v in batch.items() if k not in ("labels", "rows", "part", "columns")}
    encoder = prepared.family.encoder
    fewer = encoder.for_taxonomy(encoder.taxonomy.subset([EMOTIONS[k] for k in columns]))
    encoded = fewer.encode([prepared.train[0].turns[k] for k in (3, 1, 2)])
    with torch.no_grad():
        found = model(**inputs).logits.numpy()
    expected = TorchBackend(model, fewer).logits(encoded)
    assert found == pytest.approx(expected, abs=1e-5)


def test_two_corpora_with_labels_of_their_own(mixed_recipe, tables, tmp_path):
    (result,) = train(mixed_recipe(), tables, tmp_path / "out")
    labels = [tuple(part["labels"]) for part in result.parts.values()]
    assert labels == [("joy", "fear", "anger"), ("awe", "joy")]
    annotator = emoscope.load(tmp_path / "out")
    assert annotator.taxonomy.names == ("joy", "fear", "anger")
    assert len(emoscope.load(tmp_path / "out", labels="awe, joy").annotate(["oh"])[0]) == 2


def test_memo_learns_one_set_of_labels(mixed_recipe, tables, tmp_path):
    with pytest.raises(InputError, match=r"joy, fear, anger.*cannot score others"):
        train(mixed_recipe("model.type=memo"), tables, tmp_path / "out")


@pytest.fixture
def moving(recipe, root):
    """Makes the network that a training of the recipe begins from."""
    return lambda *arguments, **options: prepare(
        recipe(*arguments, **options), root
    ).family.make_model()


def weights_of(folder):
    return load_file(ModelFolder.open(folder).path / "model.safetensors")


def test_a_training_begins_from_another(trained, moving):
    folder = trained("demux-goemotions").folder
    started, weights = moving("demux-goemotions", f"model.start={folder}"), weights_of(folder)
    for name, one in started.state_dict().items():
        assert torch.equal(one, weights[name]), name


def test_a_training_begins_from_the_encoder_of_another(trained, moving):
    folder = trained("demux-goemotions").folder
    options = (f"model.start={folder}", "model.start_head=false")
    for started in (moving("demux-goemotions", *options), moving("memo", *options)):
        weights = weights_of(folder)
        for name, one in started.state_dict().items():
            if name.startswith("backbone."):
                assert torch.equal(one, weights[name]), name
    torch.manual_seed(0)
    first = moving("demux-goemotions", *options).head[0].weight
    assert not torch.equal(first, weights["head.0.weight"])


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
@pytest.mark.parametrize("head", ["true", "false"])
def test_a_language_head_begins_from_another(trained, moving, kind, head):
    """Its words are those of the embeddings, stored once."""
    overrides = ("model.head=mlm", "model.template='{text} is {mask}'")
    folder = trained("memo", *overrides, kind=kind).folder
    options = (f"model.start={folder}", f"model.start_head={head}")
    started, weights = moving("memo", *overrides, *options, kind=kind), weights_of(folder)
    for name, one in weights.items():
        assert torch.equal(started.state_dict()[name], one), name
    words = started.backbone.get_input_embeddings().weight
    assert started.backbone.get_output_embeddings().weight is words


def test_weights_that_do_not_fit_are_named(trained, moving, tmp_path):
    folder = trained("memo", "model.head=ffn").folder
    with pytest.raises(InputError, match=r"model\.start.*dense\.(bias|weight).*start_head=false"):
        moving("demux-goemotions", f"model.start={folder}")
    with pytest.raises(InputError, match=r"scorer\.(bias|weight)"):
        moving("memo", f"model.start={folder}", "corpus.exclude=[neutral, joy]")
    with pytest.raises(InputError, match=r"word_embeddings\.weight"):
        moving("memo", f"model.start={folder}", "model.start_head=false", kind="roberta")


@pytest.mark.parametrize("head", ["ffn", "projections", "mlm"])
def test_a_head_is_that_of_its_labels(trained, recipe, root, head):
    """As many labels of other names or in another order have no use for a head of their own."""
    overrides = (f"model.head={head}", *MLM * (head == "mlm"))
    folder = trained("memo", *overrides).folder
    chosen = recipe("memo", *overrides, f"model.start={folder}")
    corpora = prepare(recipe("memo", *overrides), root).train
    names = EMOTIONS[::-1]
    turned = [
        Corpus.from_rows(
            "turned", one.taxonomy.subset(names), one.ids, one.turns, one.labels[:, ::-1]
        )
        for one in corpora
    ]
    family = make_memo_family(chosen, turned)
    if head == "mlm":
        family.make_model()
        return
    with pytest.raises(InputError, match=r"scores admiration, .*labels are .*, admiration\. Set"):
        family.make_model()
    encoder = recipe("memo", *overrides, f"model.start={folder}", "model.start_head=false")
    make_memo_family(encoder, turned).make_model()


def test_damaged_weights_are_no_start(trained, moving, tmp_path):
    source = ModelFolder.open(trained("demux-goemotions").folder).path
    for path in source.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    options = ("demux-goemotions", f"model.start={tmp_path}")
    weights = load_file(tmp_path / "model.safetensors")
    del weights["head.0.bias"]
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=r"do not fit.*head\.0\.bias"):
        moving(*options)
    (tmp_path / "model.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"model\.start: .*cannot be read"):
        moving(*options)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model\.start: .*cannot be read"):
        moving(*options)
    with pytest.raises(InputError, match="No model at"):
        moving("demux-goemotions", f"model.start={tmp_path / 'nowhere'}")


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_the_words_of_labels_stay_through_a_training(trained, moving, kind, root, recipe):
    overrides = ("model.freeze=labels", "training.weight_decay=0.1")
    folder = trained("demux-goemotions", *overrides, kind=kind).folder
    before = moving("demux-goemotions", kind=kind).backbone.get_input_embeddings().weight
    after = weights_of(folder)["backbone.embeddings.word_embeddings.weight"]
    prompt = prepare(recipe("demux-goemotions", kind=kind), root).family.encoder.prompt
    labels = np.array(prompt.frame.before)[prompt.word_mask.any(axis=0)]
    still = {row for row in range(len(after)) if torch.equal(before[row], after[row])}
    assert set(labels.tolist()) <= still
    assert len(still) < len(after)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_words_are_frozen_as_they_stand_first_and_later(moving, recipe, root, kind):
    model = moving("demux-goemotions", "model.freeze=labels", kind=kind)
    frozen = set(model.backbone.get_input_embeddings().weight.frozen_rows)
    tokenizer = prepare(recipe("demux-goemotions", kind=kind), root).family.encoder.tokenizer
    first, later = (
        {token for ids in tokenizer.ids([space + name for name in EMOTIONS]) for token in ids}
        for space in ("", " ")
    )
    assert frozen == first | later
    assert (kind == "roberta") == bool(first - later)


def test_a_training_with_low_rank_updates(trained, moving, root):
    overrides = ("model.lora={rank: 2}",)
    folder = trained("demux-goemotions", *overrides).folder
    before, after = moving("demux-goemotions").state_dict(), weights_of(folder)
    assert set(before) == set(after), "no trace of the updates"
    changed = {name for name, one in after.items() if not torch.equal(one, before[name])}
    targets = ("query.weight", "value.weight")
    assert changed == {
        name for name in before if name.startswith("head.") or name.endswith(targets)
    }
    assert len(emoscope.load(folder).annotate(["such a day"])[0]) == 27


def test_figures_of_low_rank_updates_are_those_of_the_merged_model(trained, root):
    import pyarrow.parquet as pq

    one = trained("demux-goemotions", "model.lora={rank: 2}", "training.bfloat16=false")
    epoch = round(one.result.best_epoch)
    table = pq.read_table(one.folder / "seed-0" / "predictions" / f"epoch-{epoch:03}-dev.parquet")
    stored = np.stack([table[f"logit_{name}"].to_numpy() for name in EMOTIONS], axis=1)
    assert dev_logits(one.folder, root) == pytest.approx(stored, abs=1e-4)


def test_the_same_seed_is_the_same_training(trained, root, recipe, tmp_path):
    once = trained("demux-goemotions").folder
    train(recipe("demux-goemotions"), root, tmp_path / "again")
    expected = dev_logits(once, root)
    assert dev_logits(tmp_path / "again", root) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("model", ["demux-goemotions", "memo"])
def test_the_encoder_travels_to_other_processes(recipe, root, model):
    encoder = prepare(recipe(model), root).family.encoder
    texts = [[text] for text in SENTENCES]
    again = pickle.loads(pickle.dumps(encoder))
    assert np.array_equal(again.encode(texts).values, encoder.encode(texts).values)


def test_an_edited_folder_is_refused(trained, tmp_path):
    source = ModelFolder.open(trained("demux-goemotions").folder).path
    for path in source.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    config["backbone"]["hidden_size"] = 32
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(InputError, match=r"head\.0\.weight"):
        load_network(ModelFolder.open(tmp_path))
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"tokenizer\.json is missing"):
        emoscope.load(tmp_path)
