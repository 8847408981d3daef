"""Concurrent requests: what shares a batch, what is refused, what becomes of those who leave."""

import asyncio
import threading
import time

import pytest

from emoscope.serve.app import AppOptions
from emoscope.serve.batching import Batcher, FairLock, OverloadError
from emoscope.serve.label_sets import LabelSets
from emoscope.serve.limits import Limits
from emoscope.serve.service import QueuedAnnotator
from tests.inference.independent import Independent, independent
from tests.serve.running import HELD, gated, metric, running, wait_until


def start(service, *bodies):
    """Send requests at the same time, and do not wait for their answers."""
    return [service.begin(service.http.post("/v1/annotate", json=body)) for body in bodies]


def answers(asked):
    return [each.result(20) for each in asked]


@pytest.fixture
def busy():
    """A service whose model reads `first` until the gate is opened, and its backend's class."""
    annotator, backend = gated()
    with running(annotator, AppOptions(limits=Limits(requests=64, queue_texts=20))) as service:
        [held] = start(service, {"texts": ["first"]})
        wait_until(lambda: backend.batches)
        yield service, backend, held
        backend.gate.set()


def queue_length(service):
    return metric(service, "emoscope_queue_texts")


def wait_for_queue(service, texts):
    # One batch may already be tokenised, and waits for the model outside the queue.
    wait_until(lambda: queue_length(service) + metric(service, "emoscope_requests_under_way") > 0)
    wait_until(lambda: metric(service, "emoscope_requests_under_way") >= texts)


def test_who_comes_while_the_model_is_busy_shares_a_batch(busy):
    service, backend, held = busy
    labels = [{"labels": [f"word{n % 3}", "joy"]} for n in range(12)]
    asked = start(service, *({"texts": [f"text {n}"], **labels[n]} for n in range(12)))
    wait_for_queue(service, 13)
    backend.gate.set()
    found = answers([held, *asked])
    assert {each.status_code for each in found} == {200}
    # The first alone; then those that were there, whatever their labels, in very few.
    assert len(backend.batches) <= 4
    for n, each in enumerate(found[1:]):
        scores = {s["label"]: s["probability"] for s in each.json()["results"][0]["scores"]}
        [alone] = independent(labels[n]["labels"]).annotate([f"text {n}"])
        assert scores == {score.label: round(score.probability, 6) for score in alone}


def test_health_and_metrics_answer_while_the_model_is_busy(busy):
    service, _, _ = busy
    assert service.get("/health/live").status_code == 200
    assert service.get("/health/ready").status_code == 200
    assert metric(service, "emoscope_requests_under_way") == 1


def test_a_bad_text_fails_alone_and_is_not_logged(busy, caplog):
    service, backend, held = busy
    asked = start(
        service,
        *({"texts": [f"text {n}"]} for n in range(6)),
        {"texts": ["good", "POISON secret"]},
    )
    wait_for_queue(service, 8)
    backend.gate.set()
    *good, bad = answers([held, *asked])
    assert {each.status_code for each in good} == {200}
    assert bad.status_code == 500
    assert bad.json()["type"] == "/docs#internal"
    assert "secret" not in bad.text + caplog.text
    assert "RuntimeError" in caplog.text
    assert service.annotate(texts=["after"]).status_code == 200


def test_a_full_queue_sheds_load_and_says_when_to_come_back(busy):
    service, backend, held = busy
    asked = start(service, *({"texts": ["a text"] * 7} for _ in range(5)))
    refused = [each for each in asked if wait_for_one(each)]
    assert refused
    for each in refused:
        response = each.result(0)
        assert response.status_code == 429
        assert int(response.headers["retry-after"]) >= 1
        assert response.json()["type"] == "/docs#overloaded"
    backend.gate.set()
    taken = [each for each in asked if each not in refused]
    assert taken
    assert {each.status_code for each in answers([held, *taken])} == {200}
    assert metric(service, 'emoscope_errors_total{kind="overloaded"}') == len(refused)


def wait_for_one(asked):
    try:
        asked.result(0.3)
    except TimeoutError:
        return False
    return True


def test_more_requests_than_may_be_under_way_are_refused():
    annotator, backend = gated()
    with running(annotator, AppOptions(limits=Limits(requests=3))) as service:
        asked = start(service, *({"texts": [f"text {n}"]} for n in range(5)))
        refused = [each for each in asked if wait_for_one(each)]
        assert len(refused) == 2
        assert {each.result(0).status_code for each in refused} == {429}
        backend.gate.set()
        assert sum(each.status_code == 200 for each in answers(asked)) == 3


def test_too_slow_is_an_error_and_frees_the_queue():
    annotator, backend = gated()
    with running(annotator, AppOptions(limits=Limits(seconds=0.2))) as service:
        held = start(service, *({"texts": [f"text {n}"]} for n in range(4)))
        found = answers(held)
        assert {each.status_code for each in found} == {503}
        assert {each.json()["type"] for each in found} == {"/docs#timeout"}
        assert queue_length(service) == 0
        backend.gate.set()
        assert service.annotate(texts=["after"]).status_code == 200


def test_an_expected_wait_that_is_too_long_is_told_at_once():
    async def check():
        limits = Limits(seconds=1, queue_tokens=10**6, batch_texts=4)
        batcher = Batcher(LabelSets(independent(), 4), limits)
        batcher._measure_pace(0.01)
        batcher.waiting.tokens = 300
        with pytest.raises(OverloadError) as refused:
            await batcher.score([("a",)], batcher.sets.own)
        assert refused.value.wait == 3

    asyncio.run(check())


def test_whoever_leaves_frees_the_place():
    annotator, backend = gated()

    async def check(service):
        own = [asyncio.create_task(score(n)) for n in range(8)]
        while not backend.batches:
            await asyncio.sleep(0.002)
        waiting = len(batcher.waiting)
        assert waiting
        for task in own:
            task.cancel()
        await asyncio.gather(*own, return_exceptions=True)
        assert len(batcher.waiting) == 0
        backend.gate.set()

    async def score(n):
        return await batcher.score([(f"text {n}",)], batcher.sets.own)

    async def run():
        nonlocal batcher
        batcher = Batcher(LabelSets(annotator, 4), Limits(batch_texts=1, batch_wait=0))
        batcher.start()
        await check(batcher)
        await batcher.stop()

    batcher = None
    asyncio.run(run())
    # Those under way were read; of the others none.
    assert len(backend.batches) <= 2


def test_what_was_accepted_is_finished_at_the_end():
    annotator, backend = gated()
    with running(annotator) as service:
        asked = start(service, *({"texts": [f"text {n}"]} for n in range(9)))
        wait_for_queue(service, 9)
        service.loop.call_soon_threadsafe(
            service.incoming.put_nowait, {"type": "lifespan.shutdown"}
        )
        wait_until(lambda: service.get("/health/ready").status_code == 503)
        late = service.annotate(texts=["late"])
        assert late.status_code == 503
        assert late.json()["type"] == "/docs#not-ready"
        backend.gate.set()
        assert {each.status_code for each in answers(asked)} == {200}
        service.incoming.put_nowait = lambda message: None


def test_the_same_new_labels_are_prepared_once():
    made = []

    class Counting(LabelSets):
        def make(self, taxonomy):
            made.append(taxonomy)
            return super().make(taxonomy)

    async def run():
        from emoscope.taxonomy import Taxonomy

        batcher = Batcher(Counting(independent(), 4), Limits())
        batcher.start()
        taxonomy = Taxonomy.of(["calm"])
        sets = await asyncio.gather(*(batcher.find_labels(taxonomy) for _ in range(5)))
        await batcher.stop()
        return set(sets)

    assert len(asyncio.run(run())) == len(made) == 1


def test_joint_labels_are_batched_apart_and_right():
    annotator, backend = gated(independent_labels=False)
    backend.gate.set()
    with running(annotator) as service:
        sets = [["joy", f"word{n}"] for n in range(3)]
        asked = start(service, *({"texts": [f"text {n}"], "labels": sets[n % 3]} for n in range(9)))
        for n, each in enumerate(answers(asked)):
            [alone] = annotator.with_labels(sets[n % 3]).annotate([f"text {n}"])
            scores = each.json()["results"][0]["scores"]
            assert [s["label"] for s in scores] == [score.label for score in alone]


def test_few_explanations_run_at_a_time(busy):
    service, backend, held = busy
    body = {"text": "so very happy", "explain": ["joy"]}
    asked = [service.begin(service.http.post("/v1/explain", json=body)) for _ in range(2)]
    wait_for_queue(service, 3)
    # What they ask of the model is tokenised, and waits for it.
    time.sleep(0.1)
    refused = service.post("/v1/explain", body)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    backend.gate.set()
    assert {each.status_code for each in answers([held, *asked])} == {200}
    assert service.post("/v1/explain", body).status_code == 200


def test_labels_that_are_prepared_are_bounded():
    annotator, backend = gated()
    options = AppOptions(limits=Limits(label_sets=2))
    with running(annotator, options) as service:
        [held] = start(service, {"texts": ["first"]})
        wait_until(lambda: backend.batches)
        asked = start(service, *({"texts": ["a"], "labels": [f"word{n}"]} for n in range(4)))
        refused = [each for each in asked if wait_for_one(each)]
        assert {each.result(0).status_code for each in refused} == {429}
        assert len(refused) == 2
        backend.gate.set()
        taken = [held, *(each for each in asked if each not in refused)]
        assert {each.status_code for each in answers(taken)} == {200}


def test_texts_are_tokenised_while_labels_of_others_are_prepared():
    tokenised = set()

    class Slow(Independent):
        gate = threading.Event()

        def encode(self, conversations):
            tokenised.update(turns[0] for turns in conversations)
            return super().encode(conversations)

        def logits(self, encoded):
            # Of labels that it was not trained on.
            if self.taxonomy.names[0].startswith("word"):
                assert self.gate.wait(HELD)
            return super().logits(encoded)

    with running(independent(backend=Slow)) as service:
        asked = start(service, *({"texts": ["a"], "labels": [f"word{n}"]} for n in range(4)))
        try:
            wait_until(lambda: metric(service, "emoscope_requests_under_way") == 4)
            asked += start(service, {"texts": ["own labels"]})
            wait_until(lambda: "own labels" in tokenised, 5)
        finally:
            Slow.gate.set()
        assert {each.status_code for each in answers(asked)} == {200}


def test_the_engine_is_given_in_the_order_in_which_it_is_asked_for():
    engine, order = FairLock(), []

    def wait():
        with engine:
            order.append("batch")

    batch = threading.Thread(target=wait)
    with engine:
        batch.start()
        wait_until(lambda: engine._waiting)
    with engine:
        order.append("labels again")
    batch.join()
    assert order == ["batch", "labels again"]


def test_labels_that_take_too_long_are_an_error():
    annotator, backend = gated()
    with running(annotator, AppOptions(limits=Limits(seconds=0.3))) as service:
        start(service, {"texts": ["first"]})
        wait_until(lambda: backend.batches)
        [asked] = start(service, {"texts": ["a"], "labels": ["pride"]})
        try:
            found = asked.result(5)
        finally:
            backend.gate.set()
        assert (found.status_code, found.json()["type"]) == (503, "/docs#timeout")


def test_health_answers_while_a_large_answer_is_made():
    annotator = independent()

    def read_slowly(texts):
        time.sleep(1)
        return [None] * len(texts)

    annotator.reads = read_slowly
    with running(annotator) as service:
        [asked] = start(service, {"texts": ["a" * 19_000 + f"{n}" for n in range(5)]})
        wait_until(lambda: metric(service, "emoscope_texts_total") >= 5)
        # Measured in the middle of it.
        assert not asked.done()
        assert service.get("/health/live").status_code == 200
        assert not asked.done()
        assert len(asked.result(20).json()["results"]) == 5


def test_an_explanation_that_nobody_waits_for_asks_no_more():
    async def check():
        batches = []
        batcher = Batcher(LabelSets(independent(), 4), Limits(), batches.append)
        batcher.start()
        asking = QueuedAnnotator(batcher.sets.own, batcher, asyncio.get_running_loop())
        assert (await asyncio.to_thread(asking.probabilities, [["a"]])).shape[0] == 1
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.to_thread(asking.probabilities, [["b"]])
        await batcher.stop()
        assert sum(batch.texts for batch in batches) == 1

    asyncio.run(check())
