import json
import shutil
from itertools import count, islice
from threading import Event

import numpy as np
import pytest

from emoscope.calibration import Calibration
from emoscope.corpora.corpus import Corpus
from emoscope.corpora.emocontext import load as load_corpus
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import evaluate
from emoscope.inference import annotator as annotators
from emoscope.inference.annotator import Annotator, Score, load, select
from emoscope.taxonomy import Taxonomy
from tests.inference.fakes import Fixed

NAMES = ("others", "happy", "sad", "angry")


@pytest.fixture
def fixed():
    return Annotator(Fixed(), Taxonomy.load("emocontext"), Calibration())


@pytest.fixture(scope="module")
def annotator(trained):
    return load(trained.folder)


@pytest.fixture(scope="module")
def conversations(trained):
    return load_corpus(trained.root, "dev").turns


def test_labels_come_most_probable_first(fixed):
    (scores,) = fixed.annotate(["1 3 2 0"])
    assert [score.label for score in scores] == ["happy", "sad", "others", "angry"]
    exponentials = np.exp([3, 2, 1, 0])
    expected = exponentials / exponentials.sum()
    assert [score.probability for score in scores] == pytest.approx(expected)
    assert all(type(score.probability) is float for score in scores)


def test_equal_probabilities_keep_the_order_of_the_labels(fixed):
    (scores,) = fixed.annotate(["0 0 0 0"])
    assert tuple(score.label for score in scores) == NAMES


def test_a_text_is_a_conversation_of_one_turn(fixed):
    one, two = fixed.annotate(["1 3 2 0", ["1 3", "2 0"]])
    assert one == two


@pytest.mark.parametrize("top_k", [None, 1, 2, 9])
@pytest.mark.parametrize("threshold", [None, 0.0, 0.2, 0.99, 1.0])
def test_there_is_a_list_for_each_text(fixed, top_k, threshold):
    texts = ["1 3 2 0", ["5", "0 0 0"], "0 0 0 0"]
    found = fixed.annotate(texts, top_k=top_k, threshold=threshold)
    assert len(found) == 3
    for scores, whole in zip(found, fixed.annotate(texts), strict=True):
        kept = [score for score in whole if threshold is None or score.probability >= threshold]
        assert scores == kept[:top_k]
        assert isinstance(scores, list)
    assert fixed.annotate([], top_k=top_k, threshold=threshold) == []


def test_the_threshold_itself_is_enough():
    scores = [Score("a", 0.5), Score("b", 0.25)]
    assert select(scores, None, 0.25) == scores
    assert select(scores, None, 0.26) == scores[:1]


def test_a_single_string_is_no_list_of_texts(fixed):
    with pytest.raises(InputError, match=r"pass \[text\]"):
        fixed.annotate("1 3 2 0")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (None, "list of texts, got NoneType"),
        ({"1 3 2 0": 1}, "list of texts, got dict"),
        (b"1 3 2 0", "list of texts, got bytes"),
        (["0 0 0 0", float("nan")], "text 2 to be a string or a list of turns, got float"),
        ([{"role": "user"}], "text 1 to be a string or a list of turns, got dict"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(fixed, texts, message):
    for annotate in (fixed.annotate, fixed.annotate_stream):
        with pytest.raises(InputError, match=message):
            list(annotate(texts))


@pytest.mark.parametrize("texts", [("1 3 2 0",), iter(["1 3 2 0"]), np.array(["1 3 2 0"])])
def test_any_list_of_texts_will_do(fixed, texts):
    assert fixed.annotate(texts) == fixed.annotate(["1 3 2 0"])


def test_conversations_are_scored_as_annotate_does(fixed):
    conversations = [["1 3", "2 0"], ("5", "0 0 0"), np.array(["1", "1", "1", "1"])]
    for top_k, threshold in [(None, None), (2, None), (None, 0.2), (1, "fitted")]:
        found = fixed.annotate_conversations(conversations, top_k, threshold)
        assert found == fixed.annotate(conversations, top_k, threshold)
    assert fixed.annotate_conversations([]) == []


@pytest.mark.parametrize(
    ("conversations", "message"),
    [
        ("1 3 2 0", r"conversations.*, got str; for one text pass \[\[text\]\]"),
        (["1 3 2 0"], r"conversation 1 to be a list of turns, got str. Pass \[text\]"),
        ([["1 3 2 0"], "1 3 2 0"], "conversation 2"),
        ([["1 3 2 0"], {"turn": "1 3 2 0"}], "conversation 2 to be a list of turns, got dict"),
    ],
)
def test_a_conversation_is_a_list_of_turns(fixed, conversations, message):
    with pytest.raises(InputError, match=message):
        fixed.annotate_conversations(conversations)


CALLS = ("annotate", "annotate_conversations", "annotate_stream")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("top_k", [0, -1])
def test_a_number_of_labels_is_at_least_one(fixed, call, top_k):
    with pytest.raises(InputError, match="top_k of at least 1"):
        getattr(fixed, call)([["1 3 2 0"]], top_k=top_k)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("threshold", ["0.5", "", float("nan"), 30, -1])
def test_a_threshold_is_a_number_or_the_word_fitted(fixed, call, threshold):
    with pytest.raises(InputError, match="number from 0 to 1 or 'fitted'"):
        getattr(fixed, call)([["1 3 2 0"]], threshold=threshold)


def test_fitted_thresholds_keep_the_labels_that_the_model_gives():
    several = Taxonomy("several", Taxonomy.load("emocontext").labels, exclusive=False)
    calibration = Calibration(thresholds=(0.1, 0.96, 0.8, 0.3))
    annotator = Annotator(Fixed(), several, calibration)
    texts = ["-1 3 2 -2", "-9 -9 -9 -9"]
    first, second = annotator.annotate(texts, threshold="fitted")
    assert [score.label for score in first] == ["sad", "others"]
    assert second == []
    assert [scores[:1] for scores in (first, second)] == annotator.annotate(texts, 1, "fitted")
    plain = Annotator(Fixed(), several, Calibration())
    assert plain.annotate(texts, threshold="fitted") == plain.annotate(texts, threshold=0.5)


def test_of_labels_that_exclude_each_other_the_most_probable_one_is_given(fixed):
    texts = ["0.1 0.2 0 0", "0 0 0 0"]
    assert fixed.annotate(texts, threshold="fitted") == fixed.annotate(texts, top_k=1)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(("top_k", "threshold"), [(None, None), (2, 0.2), (1, "fitted")])
def test_a_stream_is_scored_as_a_list_is(fixed, batch_size, top_k, threshold):
    texts = [f"{number} 3 2 0" for number in range(6)] + [["1 3", "2 0"]]
    found = fixed.annotate_stream(iter(texts), top_k, threshold, batch_size)
    assert list(found) == fixed.annotate(texts, top_k, threshold)
    assert list(fixed.annotate_stream([], top_k, threshold, batch_size)) == []


def test_a_stream_may_never_end(fixed):
    drawn = []
    texts = (drawn.append(number) or f"{number} 3 2 0" for number in count())
    stream = fixed.annotate_stream(texts, batch_size=4)
    assert drawn == [], "nothing is read before it is asked for"
    for place, scores in enumerate(islice(stream, 30)):
        assert scores == fixed.annotate([f"{place} 3 2 0"])[0]
        assert len(drawn) <= (place // 4 + 2) * 4
    stream.close()


def test_memory_is_given_back_after_every_batch_of_a_stream(fixed, monkeypatch):
    given = []
    monkeypatch.setattr(annotators, "trim_memory", lambda: given.append(len(found)))
    found = []
    for scores in fixed.annotate_stream(["0 3 2 0"] * 7, batch_size=3):
        found.append(scores)
    assert given == [3, 6, 7]


def test_the_next_batch_is_encoded_while_one_is_scored():
    begun = Event()

    class Waiting(Fixed):
        def encode(self, conversations):
            if conversations == [["1 0 0 0"]]:
                begun.set()
            return super().encode(conversations)

        def logits(self, encoded):
            assert begun.wait(30)
            return super().logits(encoded)

    annotator = Annotator(Waiting(), Taxonomy.load("emocontext"), Calibration())
    assert len(list(annotator.annotate_stream(["0 0 0 0", "1 0 0 0"], batch_size=1))) == 2


def test_what_is_wrong_with_a_stream_is_said_after_the_batches_before(fixed):
    stream = fixed.annotate_stream(["0 0 0 0", "1 0 0 0", 3], batch_size=2)
    assert len(list(islice(stream, 2))) == 2
    with pytest.raises(InputError, match="text 3 to be a string"):
        next(stream)
    with pytest.raises(InputError, match="batch_size of at least 1, got 0"):
        fixed.annotate_stream(["0 0 0 0"], batch_size=0)
    with pytest.raises(InputError, match=r"pass \[text\]"):
        fixed.annotate_stream("0 0 0 0")


def test_labels_that_do_not_exclude_each_other_are_scored_alone():
    several = Taxonomy("several", Taxonomy.load("emocontext").labels, exclusive=False)
    (scores,) = Annotator(Fixed(), several, Calibration()).annotate(["2 2 -1 0"])
    found = {score.label: score.probability for score in scores}
    logistic = {name: 1 / (1 + np.exp(-z)) for name, z in zip(NAMES, (2, 2, -1, 0), strict=True)}
    assert found == pytest.approx(logistic)


@pytest.mark.parametrize("exclusive", [True, False])
def test_decisions(exclusive):
    probabilities = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.6, 0.55, 0.3]])
    taxonomy = Taxonomy("mine", Taxonomy.load("emocontext").labels, exclusive=exclusive)
    plain = Annotator(Fixed(), taxonomy, Calibration())
    own = Annotator(Fixed(), taxonomy, Calibration(thresholds=(0.4, 0.61, 0.1, 0.2)))
    found = [one.decide(probabilities).astype(int).tolist() for one in (plain, own)]
    if exclusive:
        # With thresholds, the label that exceeds its own by the highest factor.
        assert found == [[[1, 0, 0, 0], [0, 1, 0, 0]], [[0, 0, 1, 0], [0, 0, 1, 0]]]
    else:
        assert found == [
            [[0, 0, 0, 0], [0, 1, 1, 0]],
            [[1, 0, 1, 0], [0, 0, 1, 1]],
        ]


class Reading(Fixed):
    """A backend that reads its labels: the logit of one is the length of its name."""

    def __init__(self, taxonomy):
        self.taxonomy = taxonomy

    def logits(self, encoded):
        return np.tile([float(len(name)) for name in self.taxonomy.names], (len(encoded), 1))

    def for_taxonomy(self, taxonomy):
        return Reading(taxonomy)


def test_a_model_that_reads_its_labels_takes_others():
    known = Taxonomy("known", Taxonomy.load("emocontext").labels, exclusive=False)
    calibration = Calibration(2.0, thresholds=(0.9, 0.2, 0.4, 0.1))
    annotator = Annotator(Reading(known), known, calibration)
    other = annotator.with_labels(Taxonomy.load("joy, angry, sad"))
    (scores,) = other.annotate(["0"])
    assert [score.label for score in scores] == ["angry", "joy", "sad"]
    assert dict(scores)["angry"] == pytest.approx(1 / (1 + np.exp(-5 / 2)))
    # Known labels keep their threshold, the new one has the median of all.
    assert other.calibration.thresholds == pytest.approx((0.3, 0.1, 0.4))
    assert other.decide(np.array([[0.29, 0.1, 0.41]])).tolist() == [[False, True, True]]
    (scores,) = annotator.annotate(["0"])
    assert scores[0].label == "others", "as it was"


def test_a_label_that_is_only_called_otherwise_keeps_its_threshold():
    known = Taxonomy.of({"joy": ["joy", "glee"], "anger": "anger", "fear": ["fear"]})
    calibration = Calibration(2.0, (1.0, 2.0, 3.0), thresholds=(0.9, 0.2, 0.4))
    annotator = Annotator(Reading(known), known, calibration)
    renamed = annotator.with_labels({"Freude": ["glee", "joy"], "Wut": "anger", "Angst": "fear"})
    assert renamed.taxonomy.names == ("Freude", "Wut", "Angst")
    assert renamed.calibration == calibration
    assert renamed.scoring.untrained == ()
    other = annotator.with_labels({"Angst": "fear", "joy": "sorrow", "anger": ["anger", "rage"]})
    # The second has a known name and another meaning; the third is the known one, and more.
    assert other.calibration.thresholds == pytest.approx((0.4, 0.4, 0.2))
    assert other.scoring.untrained == ("joy",)
    again = renamed.with_labels({"ire": "anger"})
    assert again.calibration.thresholds == (0.2,)


@pytest.mark.parametrize(
    "labels", ["joy, angry", ["joy", "angry"], ("joy", "angry"), {"joy": "glee", "angry": ["rage"]}]
)
def test_labels_may_be_asked_for_as_a_program_has_them(labels, monkeypatch, trained):
    asked = Annotator(Reading(Taxonomy.load("joy,")), Taxonomy.load("joy,"), Calibration())
    asked = asked.with_labels(labels)
    assert asked.taxonomy == asked.backend.taxonomy == Taxonomy.of(labels)
    assert asked.taxonomy.names == ("joy", "angry")
    monkeypatch.setattr(annotators, "load_backend", lambda *how: Reading(None))
    monkeypatch.setattr(annotators, "LongTextBackend", lambda backend, how: backend)
    assert load(trained.folder, labels).taxonomy == asked.taxonomy


def test_a_model_of_fixed_labels_takes_no_others(trained, annotator):
    with pytest.raises(InputError, match="learnt a fixed set of labels"):
        annotator.with_labels(Taxonomy.load("joy, fear"))
    with pytest.raises(InputError, match="learnt a fixed set of labels"):
        load(trained.folder, "joy, fear")


def test_the_calibration_is_applied():
    taxonomy = Taxonomy.load("emocontext")
    calibration = Calibration(2.0, (0.0, 0.0, 3.0, 0.0))
    (scores,) = Annotator(Fixed(), taxonomy, calibration).annotate(["1 3 2 0"])
    exponentials = np.exp(np.array([1, 3, 5, 0]) / 2)
    expected = dict(zip(NAMES, exponentials / exponentials.sum(), strict=True))
    assert dict(scores) == pytest.approx(expected)


def test_batch_mates_change_nothing(annotator, conversations):
    together = annotator.probabilities(conversations)
    alone = np.concatenate([annotator.probabilities([turns]) for turns in conversations])
    assert alone == pytest.approx(together, abs=1e-5)
    inner = annotator.with_truncation().backend
    inner.batch_size, size = 7, inner.batch_size
    try:
        assert annotator.probabilities(conversations) == pytest.approx(together, abs=1e-5)
    finally:
        inner.batch_size = size
    backwards = annotator.probabilities(conversations[::-1])[::-1]
    assert backwards == pytest.approx(together, abs=1e-5)
    assert np.ptp(together, axis=0).min() > 1e-3, "the test needs texts that differ"


@pytest.mark.parametrize("text", ["", "   ", [], ["", ""], "🦓", "x" * 5000, "a " * 5000, "\ud83d"])
def test_any_text_has_scores(annotator, text):
    (scores,) = annotator.annotate([text])
    assert {score.label for score in scores} == set(NAMES)
    assert sum(score.probability for score in scores) == pytest.approx(1)


def test_what_is_no_text_is_refused(annotator):
    with pytest.raises(InputError, match="int as turn 2"):
        annotator.annotate([["a", 3]])


def test_a_word_that_only_the_vectors_know_counts(annotator):
    vocabulary = annotator.backend.encoder.vocabulary
    assert {"zebra", "giraffe"} <= set(vocabulary.extension)
    assert "qwxzvk" not in vocabulary
    zebra, giraffe, unknown, other = annotator.probabilities(
        [["zebra"], ["giraffe"], ["qwxzvk"], ["qwxzvj"]]
    )
    assert np.array_equal(unknown, other)
    for known in (zebra, giraffe):
        assert np.abs(known - unknown).max() > 1e-4
    assert np.abs(zebra - giraffe).max() > 1e-4


def reordered(corpus, order):
    """The corpus with its labels in another order."""
    taxonomy = corpus.taxonomy
    labels = tuple(taxonomy.labels[k] for k in order)
    other = Taxonomy(taxonomy.name, labels, exclusive=True, ignored=taxonomy.ignored)
    return Corpus.from_rows("other", other, corpus.ids, corpus.turns, corpus.labels[:, order])


@pytest.mark.parametrize("order", [[3, 1, 0, 2], [1, 2, 3, 0]])
def test_the_order_of_a_corpus_labels_does_not_matter(annotator, trained, order):
    corpus = load_corpus(trained.root, "test")
    measured = evaluate(annotator, corpus)
    assert len(set(measured.decisions.argmax(axis=1))) > 1, "the test needs several decisions"
    expected = measured.to_dict()
    assert evaluate(annotator, reordered(corpus, order)).to_dict() == expected


def test_a_corpus_with_other_labels_cannot_be_evaluated(annotator, trained):
    corpus = load_corpus(trained.root, "test")
    fewer = corpus.taxonomy.subset(["happy", "sad"])
    other = Corpus.from_rows("other", fewer, ["1"], [["hi"]], [[1, 0]])
    with pytest.raises(InputError, match="The model knows the labels others"):
        evaluate(annotator, other)
    blank = Corpus.from_rows("blank", corpus.taxonomy, ["1"], [["hi"]])
    with pytest.raises(InputError, match="blank: expected texts labelled"):
        evaluate(annotator, blank)


def test_it_annotates_what_a_moved_folder_holds(annotator, trained, tmp_path, conversations):
    """A model folder needs nothing outside itself."""
    moved = tmp_path / "moved"
    shutil.copytree(trained.folder / "seed-0" / "model", moved)
    assert np.array_equal(
        load(moved).probabilities(conversations), annotator.probabilities(conversations)
    )
    config = json.loads((moved / "config.json").read_text(encoding="utf-8"))
    assert str(trained.folder) not in json.dumps(config)
