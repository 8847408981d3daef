"""The client against a service: what comes back has types, and errors say what is wrong."""

import asyncio
import json
import re

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")

from emoscope.client import AsyncClient, Client, Retries, ServiceError  # noqa: E402
from emoscope.errors import InputError  # noqa: E402
from tests.inference.independent import independent  # noqa: E402
from tests.serve.running import listening  # noqa: E402

QUICK = Retries(times=2, wait=0.001)


@pytest.fixture(scope="module")
def url():
    with listening() as server:
        yield server.url


@pytest.fixture(scope="module")
def client(url):
    with Client(url) as opened:
        yield opened


def test_scores_are_those_of_the_annotator(client):
    found = client.annotate(["I got the job!", "leave me alone"], top_k=3)
    expected = independent().annotate(["I got the job!", "leave me alone"], top_k=3)
    for scores, same in zip(found.scores, expected, strict=True):
        assert [score.label for score in scores] == [score.label for score in same]
        assert [score.probability for score in scores] == pytest.approx(
            [score.probability for score in same], abs=1e-6
        )
    fitted = independent().annotate(["I got the job!", "leave me alone"], threshold="fitted")
    given = [[score.label for score in scores] for scores in fitted]
    for own, most in zip(found.given, given, strict=True):
        assert list(own) == most[: len(own)]
    assert (found.model, found.readable) == ("emoscope", (None, None))
    assert next(label for label in found.labels if label.name == "joy").wheel == "joy"


def test_labels_are_given_as_in_python(client):
    mapping = client.annotate(conversations=[["a", "b"]], labels={"calm": ("calm", "serene")})
    assert [label.words for label in mapping.labels] == [("calm", "serene")]
    assert not mapping.labels[0].trained
    named = client.annotate(["a"], labels=("joy",), threshold=0.0)
    assert [score.label for score in named.scores[0]] == ["joy"]
    assert len(client.annotate(["a"], taxonomy="ekman").labels) > 3


@pytest.mark.parametrize(
    "asked",
    [
        {"texts": "happy"},
        {"texts": [["a", "b"]]},
        {"texts": ["a", None]},
        {"conversations": ["happy"]},
        {"conversations": "happy"},
        {"texts": ["a"], "labels": "calm"},
    ],
)
def test_the_letters_of_a_string_are_no_texts_and_no_labels(client, asked):
    with pytest.raises(InputError, match="Expected"):
        client.annotate(**asked)


def test_the_letters_of_a_string_are_no_labels_to_explain(client):
    with pytest.raises(InputError, match=re.escape("['joy']")):
        client.explain("so happy", "joy")


def test_texts_may_come_one_by_one(client):
    assert len(client.annotate(iter(["a", "b"]), top_k=1).scores) == 2


def test_the_rest_is_as_the_service_says_it(client):
    assert client.models()[0]["any_labels"] is True
    assert client.info()["limits"]["texts"] == 1000
    found = client.explain("so happy", ["joy"], method="occlusion")
    assert [span["text"] for span in found["spans"]] == ["so", "happy"]


def test_both_forms_say_the_same(url, client):
    async def ask():
        async with AsyncClient(url) as other:
            return (
                await asyncio.gather(*(other.annotate([f"text {n}"]) for n in range(5))),
                await other.explain(["so", "happy"], ["joy"]),
                await other.info(),
                await other.models(),
            )

    annotations, explained, info, models = asyncio.run(ask())
    assert annotations == [client.annotate([f"text {n}"]) for n in range(5)]
    assert explained == client.explain(["so", "happy"], ["joy"])
    assert (info, models) == (client.info(), client.models())


def test_an_error_says_what_the_service_says(client):
    with pytest.raises(ServiceError, match="cannot be scored") as refused:
        client.annotate(["fine", ""])
    assert (refused.value.status, refused.value.kind) == (400, "empty")
    assert refused.value.errors[0]["pointer"] == "/texts/1"
    with pytest.raises(ServiceError) as refused:
        client.annotate()
    assert (refused.value.status, refused.value.exit_code) == (422, 1)


def answering(*statuses):
    """A transport that answers so, one after the other, and how often it was asked."""
    left, asked = list(statuses), []

    def answer(request):
        asked.append(json.loads(request.content) if request.content else None)
        status = left.pop(0)
        headers = {"retry-after": "0"} if status == 429 else {}
        return httpx.Response(status, json={"models": []}, headers=headers)

    return httpx.MockTransport(answer), asked


@pytest.mark.parametrize(
    ("statuses", "status"),
    [((429, 503, 200), None), ((503, 503, 503), 503), ((500,), 500), ((422,), 422)],
)
def test_a_busy_service_is_asked_again_but_not_for_ever(statuses, status):
    transport, asked = answering(*statuses)
    with Client("http://x", transport=transport, retries=QUICK) as client:
        if status is None:
            assert client.models() == []
        else:
            with pytest.raises(ServiceError) as refused:
                client.models()
            assert refused.value.status == status
    assert len(asked) == len(statuses)

    async def ask():
        transport, asked = answering(*statuses)
        async with AsyncClient("http://x", transport=transport, retries=QUICK) as client:
            if status is None:
                assert await client.models() == []
            else:
                with pytest.raises(ServiceError):
                    await client.models()
        assert len(asked) == len(statuses)

    asyncio.run(ask())


def test_no_json_is_an_error_too():
    transport = httpx.MockTransport(lambda request: httpx.Response(502, text="<html>proxy"))
    with Client("http://x", transport=transport) as client, pytest.raises(ServiceError) as refused:
        client.info()
    assert refused.value.status == 502


def test_a_key_is_sent():
    seen = []

    def answer(request):
        seen.append(request.headers["authorization"])
        return httpx.Response(200, json={})

    with Client("http://x", "my-key", transport=httpx.MockTransport(answer)) as client:
        client.info()
    assert seen == ["Bearer my-key"]


def test_a_service_that_is_not_there_is_told_in_words():
    with (
        Client("http://127.0.0.1:9") as client,
        pytest.raises(ServiceError, match="emoscope serve"),
    ):
        client.info()
