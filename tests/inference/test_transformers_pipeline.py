"""A pipeline scores as the annotator of the same folder, however it is called."""

import numpy as np
import pytest
import torch

import emoscope
from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.folder import GRAPH, WEIGHTS, complete_folder
from emoscope.inference.annotator import Annotator, load
from emoscope.inference.transformers_pipeline import EmotionPipeline, emotion_pipeline
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.memo.encoder import MemoEncoder, check_template
from emoscope.models.memo.network import Memo, MemoConfig
from emoscope.models.shared.backbone import drop_pooler, to_shape
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline
from tests.tiny import SENTENCES, encoder, text_tokenizer

LABELS = Taxonomy.parse_labels("anger|rage, joy, mixed feelings|surprise|hope, positive")
TEXTS = ["such a day", " ".join(SENTENCES * 3), "", *SENTENCES[5:9], ["two", "turns"]]
TEMPLATE = "emotion {mask} in tweet {text}"
CALIBRATION = Calibration(temperature=1.5, thresholds=(0.4, 0.5, 0.6, 0.5))


def save(folder, model, reader):
    model.save_pretrained(folder)
    reader.save(folder)
    complete_folder(folder, LABELS, CALIBRATION, reader.to_config(), "# A model")
    return folder


@pytest.fixture(scope="module")
def demux(tmp_path_factory):
    torch.manual_seed(0)
    backbone = drop_pooler(encoder("bert"))
    model = Demux(DemuxConfig(to_shape(backbone.config)), backbone)
    reader = DemuxEncoder(TextPipeline(()), text_tokenizer("bert"), LABELS, max_length=24)
    return save(tmp_path_factory.mktemp("demux") / "model", model, reader)


@pytest.fixture(scope="module")
def memo(tmp_path_factory):
    torch.manual_seed(0)
    backbone = drop_pooler(encoder("distilbert"))
    named = {"id2label": dict(enumerate(LABELS.names))}
    named["label2id"] = {name: k for k, name in named["id2label"].items()}
    model = Memo(
        MemoConfig(backbone=to_shape(backbone.config), masks=check_template(TEMPLATE), **named),
        backbone,
    )
    reader = MemoEncoder(TextPipeline(()), text_tokenizer("distilbert"), LABELS, template=TEMPLATE)
    return save(tmp_path_factory.mktemp("memo") / "model", model, reader)


@pytest.fixture(params=["demux", "memo", "nelec"])
def folder(request):
    if request.param == "nelec":
        return request.getfixturevalue("trained").folder
    return request.getfixturevalue(request.param)


def check(found, expected):
    """Compare lists of labels, their order and their scores."""
    assert len(found) == len(expected)
    for got, scores in zip(found, expected, strict=True):
        assert type(got) is list
        assert [one.keys() for one in got] == [{"label", "score"}] * len(scores)
        assert [one["label"] for one in got] == [score.label for score in scores]
        assert all(type(one["score"]) is float for one in got)
        probabilities = [score.probability for score in scores]
        assert [one["score"] for one in got] == pytest.approx(probabilities, abs=1e-5)


def test_it_scores_as_the_annotator(folder):
    """Long texts, empty ones and conversations among them."""
    annotator, pipe = load(folder), emotion_pipeline(folder)
    expected = annotator.annotate(TEXTS)
    assert np.ptp([dict(scores)[expected[0][0].label] for scores in expected]) > 1e-4
    for batch_size in (None, 1, 3, 8, 100):
        check(pipe(TEXTS, batch_size=batch_size), expected)
    for text, scores in zip(TEXTS, expected, strict=True):
        check(pipe([text]), [scores])
        if isinstance(text, str):  # Two turns would be two texts.
            check([pipe(text)], [scores])
    assert pipe([]) == []


@pytest.mark.parametrize(("top_k", "threshold"), [(1, None), (3, None), (None, 0.5), (2, "fitted")])
def test_labels_are_left_out_as_asked(demux, top_k, threshold):
    pipe, expected = emotion_pipeline(demux), load(demux).annotate(TEXTS, top_k, threshold)
    check(pipe(TEXTS, top_k=top_k, threshold=threshold, batch_size=4), expected)
    check([pipe(TEXTS[0], top_k=top_k, threshold=threshold)], expected[:1])


@pytest.mark.parametrize("labels", ["fear", "joy, anger|rage, hope, such a day, positive"])
def test_a_model_that_reads_its_labels_takes_others(demux, labels):
    expected = load(demux, labels).annotate(TEXTS)
    check(emotion_pipeline(demux, labels)(TEXTS, batch_size=3), expected)
    check(emotion_pipeline(demux, Taxonomy.load(labels))(TEXTS), expected)


def test_a_stream_gives_a_stream(demux):
    from torch.utils.data import Dataset

    class Texts(Dataset):
        def __len__(self):
            return len(TEXTS)

        def __getitem__(self, place):
            return TEXTS[place]

    pipe, expected = emotion_pipeline(demux), load(demux).annotate(TEXTS, 2)
    check(list(pipe((text for text in TEXTS), batch_size=3, top_k=2)), expected)
    check(list(pipe(Texts(), batch_size=3, top_k=2)), expected)


def test_an_annotator_becomes_a_pipeline_with_its_settings(demux):
    with_truncation = load(demux, long_texts="truncate")
    expected = with_truncation.annotate(TEXTS)
    check(EmotionPipeline(with_truncation, device="cpu")(TEXTS, batch_size=3), expected)
    check(
        EmotionPipeline(with_truncation.with_truncation(), device="cpu")(TEXTS, batch_size=3),
        expected,
    )
    whole = load(demux).annotate(TEXTS)[1]
    assert dict(whole) != pytest.approx(dict(expected[1]), abs=1e-4)


def test_it_is_a_pipeline_of_transformers(demux):
    import transformers

    pipe = emotion_pipeline(demux)
    assert isinstance(pipe, transformers.Pipeline)
    assert pipe.task == "text-classification"
    assert pipe.device == pipe.model.device
    assert "EmotionPipeline" in repr(pipe)


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        (3, {}, "string or a list of turns, got int"),
        (["a", None], {}, "string or a list of turns, got NoneType"),
        ("a", {"top_k": 0}, "top_k of at least 1"),
        ("a", {"threshold": "0.5"}, "or 'fitted'"),
    ],
)
def test_what_it_cannot_score_is_said(demux, inputs, options, message):
    with pytest.raises(InputError, match=message):
        emotion_pipeline(demux)(inputs, **options)


def test_an_unknown_option_is_an_error(demux):
    with pytest.raises(TypeError, match="return_all_scores"):
        emotion_pipeline(demux)("a", return_all_scores=True)


def test_an_exported_model_is_for_the_annotator():
    """The one that ships is such a model."""
    from emoscope.inference.annotator import PRETRAINED

    assert (PRETRAINED / GRAPH).is_file()
    assert not (PRETRAINED / WEIGHTS).exists()
    with pytest.raises(InputError, match=r"annotate with emoscope\.load"):
        emotion_pipeline(PRETRAINED)
    with pytest.raises(InputError, match=r"annotate with emoscope\.load"):
        EmotionPipeline(Annotator(object(), LABELS, CALIBRATION))
    assert "pipeline" not in emoscope.__all__, "it would make `from emoscope import *` need torch"
