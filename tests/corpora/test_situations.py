from pathlib import Path

import pytest
import yaml

from emoscope.corpora import situations
from emoscope.corpora.feelings import load_feelings
from emoscope.corpora.situations import load_situations, read_situations
from emoscope.corpora.splits import SPLITS
from emoscope.errors import InputError
from emoscope.taxonomy import Taxonomy

# Of the sentences in benchmarks/label_sentences.py: no training has texts for them.
KEPT_OUT = {
    "boredom",
    "homesickness",
    "awe",
    "contempt",
    "betrayal",
    "schadenfreude",
    "impatience",
    "suspicion",
    "exhaustion",
    "helplessness",
    "serenity",
    "infatuation",
}


def test_the_texts_that_ship():
    shipped = load_situations()
    assert set(shipped) == set(load_feelings()) - KEPT_OUT
    assert list(shipped) == sorted(shipped)
    assert all(len(texts) >= 10 for texts in shipped.values())
    assert Taxonomy.load("situations").names == tuple(shipped)


def test_splits_part_the_texts():
    texts = {split: {x[0] for x in situations.load(Path(), split).turns} for split in SPLITS}
    every = [text for texts in load_situations().values() for text in texts]
    assert sum(map(len, texts.values())) == len(every) == len(set.union(*texts.values()))
    assert len(texts["test"]) == pytest.approx(len(every) / 10, rel=0.2)


def test_each_text_has_the_feeling_that_it_was_written_for():
    corpus = situations.load(Path(), "dev")
    shipped = load_situations()
    assert (corpus.labels.sum(axis=1) == 1).all()
    for turns, place in zip(corpus.turns, corpus.labels.argmax(axis=1), strict=True):
        assert turns[0] in shipped[corpus.taxonomy.names[place]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hoy": ["Hurrah!"]}, "'hoy'.*no family"),
        ({"joy": ["So HAPPY today"]}, "joy: a text must not name.*'happy'"),
        ({"joy": ["Hurrah!"], "delight": ["Hurrah!"]}, "Hurrah!"),
        ({"joy": [""]}, "a text of 'joy'"),
        ({"joy": "Hurrah!"}, "feeling 'joy'"),
    ],
)
def test_what_is_no_list_of_situations(values, message):
    with pytest.raises(InputError, match=message):
        read_situations(yaml.safe_dump(values))


def test_a_form_within_a_word_is_no_name():
    assert read_situations('{hate: ["whatever, we are late"]}')["hate"]
