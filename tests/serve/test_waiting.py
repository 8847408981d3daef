"""The queue: which texts make the next batch, without a model and without waiting."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.serve.label_sets import LabelSet
from emoscope.serve.limits import Limits, estimate_tokens
from emoscope.serve.scoring import Question
from emoscope.serve.waiting import Ticket, Waiting, WaitingText
from tests.inference.independent import Dependent, independent

OWN = LabelSet(independent())
LIMITS = Limits(batch_texts=4, batch_tokens=100, batch_words=30, queue_texts=50, queue_tokens=1000)


def ticket(texts=1):
    loop = asyncio.new_event_loop()
    try:
        return Ticket(loop.create_future(), [None] * texts)
    finally:
        loop.close()


def text(tokens, arrived=0.0, labels=OWN, place=0, of=None):
    question = Question((f"{tokens} at {arrived}",), labels)
    return WaitingText(question, of or ticket(), place, tokens, arrived)


def queue(*texts, limits=LIMITS):
    waiting = Waiting(limits, lambda: 0.0)
    waiting.add(texts)
    return waiting


def lengths(batch):
    return [each.tokens for each in batch]


def test_the_first_text_chooses_those_of_its_length():
    texts = [text(20), *(text(n, 1.0) for n in (90, 21, 19, 5, 20))]
    waiting = queue(*texts)
    assert sorted(lengths(waiting.take())) == [19, 20, 20, 21]
    # What is left over comes next, the one that waits longest first.
    assert lengths(waiting.take()) == [90]
    assert lengths(waiting.take()) == [5]
    assert (len(waiting), waiting.tokens) == (0, 0)


def test_a_batch_has_no_more_tokens_than_it_may_padding_counted():
    waiting = queue(*(text(30) for _ in range(4)), text(31, 1.0))
    assert lengths(waiting.take()) == [30, 30, 30]
    assert lengths(queue(text(500), text(1)).take()) == [500]


def test_a_short_request_passes_a_long_one():
    long = ticket(1000)
    many = [text(10, 0.0, place=place, of=long) for place in range(20)]
    late = text(10, 0.005)
    waiting = queue(*many, late)
    taken = [waiting.take() for _ in range(3)]
    assert late in taken[1]


def test_labels_that_see_each_other_are_not_mixed():
    first, second = (LabelSet(independent(names, backend=Dependent)) for names in ("a,b", "c,"))
    waiting = queue(text(5, labels=first), text(5, labels=second), text(6, labels=first))
    assert {each.question.labels for each in waiting.take()} == {first}
    assert {each.question.labels for each in waiting.take()} == {second}


def test_independent_labels_share_a_batch_while_they_are_few():
    small = [LabelSet(independent(f"word{n}, other{n}")) for n in range(30)]
    waiting = queue(*(text(5, labels=labels) for labels in small))
    assert len({each.question.labels for each in waiting.take()}) == 4
    # 28 labels of the model and two more are 30; four would be 32.
    waiting = queue(text(5), *(text(5, 1.0, labels=labels) for labels in small[:3]))
    assert {each.question.labels for each in waiting.take()} == {OWN, small[0]}


def test_who_leaves_frees_places():
    gone = ticket(2)
    waiting = queue(text(5, of=gone), text(6), text(7, of=gone, place=1))
    assert not waiting.has_room(48, 0)
    waiting.drop(gone)
    assert waiting.has_room(48, 0)
    assert lengths(waiting.take()) == [6]
    assert waiting.tokens == 0


@given(
    st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1)), min_size=1, max_size=40),
    st.integers(1, 8),
)
def test_every_text_is_taken_once_and_no_batch_is_too_large(texts, most):
    limits = Limits(batch_texts=most, batch_tokens=150)
    waiting = queue(*(text(*each) for each in texts), limits=limits)
    taken = []
    while len(waiting):
        batch = waiting.take()
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or len(batch) * max(lengths(batch)) <= 150
        taken += lengths(batch)
    assert sorted(taken) == sorted(tokens for tokens, _ in texts)


@pytest.mark.parametrize(
    ("turns", "least"), [(("",), 1), (("a" * 400,), 100), (("日本" * 50,), 70)]
)
def test_tokens_are_estimated_by_bytes(turns, least):
    assert least <= estimate_tokens(turns) <= least + 10
