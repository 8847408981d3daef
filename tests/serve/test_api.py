"""The contract of the interface: what each route takes, what it answers, what it refuses."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from emoscope.serve.app import AppOptions
from emoscope.serve.limits import Limits
from emoscope.serve.problems import KINDS
from emoscope.serve.schemas import AnnotateRequest, ExplainRequest, PredictRequest
from tests.inference.independent import TRAINED, independent
from tests.serve.running import metric, running

TEXTS = ["I got the job!", "leave me alone", "the bus is late again, and it is raining on us"]


def scores(response):
    assert response.status_code == 200, response.text
    return [result["scores"] for result in response.json()["results"]]


def check_problem(response, kind):
    """A problem as RFC 9457 has it."""
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert found["type"] == f"/docs#{kind}"
    assert response.status_code == found["status"] == KINDS[kind].status
    assert found["title"] == KINDS[kind].title
    return found


def test_texts_have_the_scores_of_the_annotator(service):
    found = scores(service.annotate(texts=TEXTS))
    for shown, expected in zip(found, independent().annotate(TEXTS), strict=True):
        assert [(s["label"], s["probability"]) for s in shown] == [
            (score.label, round(score.probability, 6)) for score in expected
        ]


def test_labels_are_given_at_their_thresholds(service):
    found = scores(service.annotate(texts=TEXTS))
    fitted = independent().annotate(TEXTS, threshold="fitted")
    for shown, expected in zip(found, fitted, strict=True):
        assert [s["label"] for s in shown if s["given"]] == [score.label for score in expected]
    cut = scores(service.annotate(texts=TEXTS, threshold="fitted"))
    assert [len(shown) for shown in cut] == [len(expected) for expected in fitted]


def test_labels_are_cut(service):
    assert [len(each) for each in scores(service.annotate(texts=TEXTS, top_k=2))] == [2, 2, 2]
    [few] = scores(service.annotate(texts=TEXTS[:1], threshold=0.5))
    assert 0 < len(few) < len(TRAINED)
    assert all(s["probability"] >= 0.5 for s in few)
    assert scores(service.annotate(texts=TEXTS[:1], threshold=1)) == [[]]


def test_conversations_are_scored_as_wholes(service):
    turns = ["guess what", "what?", "I got the job!"]
    [found] = scores(service.annotate(conversations=[turns], top_k=1))
    [expected] = independent().annotate_conversations([turns], top_k=1)
    assert found[0]["label"] == expected[0].label


@pytest.mark.parametrize(
    ("body", "names", "trained"),
    [
        ({"labels": ["joy", "calm"]}, ["joy", "calm"], [True, False]),
        ({"labels": {"wrath": ["anger", "fury"], "x": "joy"}}, ["wrath", "x"], [False, True]),
        ({"taxonomy": "ekman"}, None, None),
        ({"taxonomy": "semeval2018:es"}, None, None),
        # Neither comma nor | is special in a list.
        ({"labels": ["mixed, feelings"]}, ["mixed, feelings"], [False]),
    ],
)
def test_other_labels_can_be_asked_for(service, body, names, trained):
    response = service.annotate(texts=TEXTS, **body)
    labels = response.json()["labels"]
    if names is None:
        assert len(labels) > 2
        assert {s["label"] for s in scores(response)[0]} == {label["name"] for label in labels}
        return
    assert [label["name"] for label in labels] == names
    assert [label["trained"] for label in labels] == trained


def test_a_label_says_what_it_is(service):
    [joy, calm] = service.annotate(texts=["a"], labels=["joy", "calm"]).json()["labels"]
    place = TRAINED.index("joy")
    assert joy["threshold"] == round(independent().calibration.thresholds[place], 6)
    assert (joy["wheel"], joy["words"], joy["threshold_guessed"]) == ("joy", ["joy"], False)
    assert (calm["wheel"], calm["threshold_guessed"]) == (None, True)


@pytest.mark.parametrize(
    ("body", "kind", "pointer"),
    [
        ({"texts": []}, "empty", None),
        ({"texts": ["a", " \n"]}, "empty", "/texts/1"),
        ({"conversations": [["a"], ["", ""]]}, "empty", "/conversations/1"),
        ({"conversations": [[]]}, "empty", "/conversations/0"),
        ({}, "invalid", None),
        ({"texts": ["a"], "conversations": [["a"]]}, "invalid", None),
        ({"texts": "a"}, "invalid", "/texts"),
        ({"texts": ["a", 3]}, "invalid", "/texts/1"),
        ({"texts": ["a", None]}, "invalid", "/texts/1"),
        ({"texts": ["a"], "top_k": 0}, "invalid", "/top_k"),
        ({"texts": ["a"], "top_k": 1.5}, "invalid", "/top_k"),
        ({"texts": ["a"], "top_k": True}, "invalid", "/top_k"),
        ({"texts": ["a"], "threshold": 2}, "invalid", "/threshold"),
        ({"texts": ["a"], "threshold": "often"}, "invalid", "/threshold"),
        ({"texts": ["a"], "file": "/etc/passwd"}, "invalid", "/file"),
        ({"texts": ["a"], "labels": []}, "invalid", "/labels"),
        ({"texts": ["a"], "labels": ["joy", "joy"]}, "invalid", "/labels"),
        ({"texts": ["a"], "labels": [" joy"]}, "invalid", "/labels"),
        ({"texts": ["a"], "labels": ["a\u0000b"]}, "invalid", "/labels"),
        ({"texts": ["a"], "labels": {"x": []}}, "invalid", "/labels"),
        ({"texts": ["a"], "labels": {"x": 3}}, "invalid", "/labels"),
        ({"texts": ["a"], "labels": ["joy"], "taxonomy": "ekman"}, "invalid", None),
        ({"texts": ["a"], "taxonomy": "nothing"}, "invalid", "/taxonomy"),
        ({"texts": ["a"], "taxonomy": "ekman:xx"}, "invalid", "/taxonomy"),
        ({"texts": ["a"], "taxonomy": "pride, joy"}, "invalid", "/taxonomy"),
        ({"texts": ["a"], "taxonomy": "../../secret.yaml"}, "invalid", "/taxonomy"),
        ({"texts": ["a"] * 1001}, "too-large", "/texts"),
        ({"texts": ["a" * 20_001]}, "too-large", "/texts/0"),
        ({"conversations": [["a"] * 101]}, "too-large", "/conversations/0"),
        ({"texts": ["a"], "labels": [f"l{n}" for n in range(257)]}, "too-large", "/labels"),
        ({"texts": ["a"], "labels": ["l" * 201]}, "too-large", "/labels"),
        (
            {"texts": ["a"], "labels": {"x": [f"w{n}" for n in range(513)]}},
            "too-large",
            "/labels",
        ),
        (
            {"texts": ["a"] * 1000, "labels": [f"l{n}" for n in range(101)]},
            "too-large",
            None,
        ),
    ],
)
def test_what_cannot_be_scored_is_refused(service, body, kind, pointer):
    found = check_problem(service.post("/v1/annotate", body), kind)
    pointers = [fault["pointer"] for fault in found.get("errors", ())]
    assert pointer is None or pointer in pointers


MANY = 1_000


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (AnnotateRequest, {"texts": [1] * MANY}),
        (AnnotateRequest, {"conversations": [1] * MANY}),
        (AnnotateRequest, {"conversations": [[1] * MANY]}),
        (AnnotateRequest, {"texts": ["a"], "labels": [1] * MANY}),
        (AnnotateRequest, {"texts": ["a"], "labels": {f"{n}": n for n in range(MANY)}}),
        (AnnotateRequest, {"texts": ["a"], "labels": {f"{n}": [n] for n in range(MANY)}}),
        (AnnotateRequest, {"texts": ["a"], "labels": {"a": [1] * MANY}}),
        (AnnotateRequest, {"texts": ["a"]} | {f"{n}": n for n in range(MANY)}),
        (ExplainRequest, {"text": "a", "explain": [1] * MANY}),
        (ExplainRequest, {"conversation": [1] * MANY}),
        (PredictRequest, {"inputs": [1] * MANY}),
        (PredictRequest, {"inputs": ["a", ["b"]] * MANY}),
    ],
)
def test_a_body_of_nothing_but_faults_has_few(model, body):
    # A million of them would take a gigabyte.
    with pytest.raises(ValidationError) as raised:
        model.model_validate(body)
    assert raised.value.error_count() <= 20


def test_what_is_refused_is_not_quoted(service):
    for texts in (["a", 3, "secret"], "secret", ["secret", ""], ["secret" * 9999]):
        assert "secret" not in service.annotate(texts=texts).text


@pytest.mark.parametrize(
    ("content", "media_type", "kind"),
    [
        (b"{", "application/json", "malformed"),
        (b"\xff\xfe\x00", "application/json", "malformed"),
        (b"[" * 100_000, "application/json", "malformed"),
        (b"", "application/json", "invalid"),
        (b"null", "application/json", "invalid"),
        (b"[]", "application/json", "invalid"),
        (b'"texts"', "application/json", "invalid"),
        (b'{"texts": ["\\ud800"]}', "application/json", "invalid"),
        (b'{"texts": ["a"], "\\ud800/~": 1}', "application/json", "invalid"),
        (b'{"texts": ["a"], "labels": ["\\ud800"]}', "application/json", "invalid"),
        (b'{"texts": ["a"], "taxonomy": "\\ud800"}', "application/json", "invalid"),
        (b'{"texts": ["a"], "threshold": NaN}', "application/json", "invalid"),
        (b'{"texts": ["a"], "top_k": 1' + b"0" * 5000 + b"}", "application/json", "malformed"),
        (b'{"texts": ["a"]}', "text/plain", "media-type"),
        (b'{"texts": ["a"]}', "", "media-type"),
        (b"texts=a", "application/x-www-form-urlencoded", "media-type"),
    ],
)
def test_a_body_that_is_no_request_is_refused(service, content, media_type, kind):
    headers = {"content-type": media_type}
    check_problem(service.post("/v1/annotate", content=content, headers=headers), kind)


def test_a_large_body_is_refused_before_it_is_read(service):
    headers = {"content-type": "application/json"}
    large = service.post("/v1/annotate", content=b"a" * 2_000_001, headers=headers)
    check_problem(large, "too-large")

    async def parts():
        for _ in range(30):
            yield b" " * 100_000

    check_problem(service.post("/v1/annotate", content=parts(), headers=headers), "too-large")


def test_words_are_explained(service):
    body = {"text": "so happy and so tired", "explain": ["joy"]}
    found = service.post("/v1/explain", body).json()
    expected = independent().explain("so happy and so tired", ["joy"]).to_dict()
    assert {key: found[key] for key in expected} == expected
    assert [label["name"] for label in found["labels_asked"]] == list(TRAINED.names)
    turns = service.post("/v1/explain", {"conversation": ["a", "b"], "labels": ["calm"]}).json()
    assert list(turns["labels"]) == ["calm"]
    assert turns["turns"] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "invalid"),
        ({"text": "a", "conversation": ["a"]}, "invalid"),
        ({"text": ""}, "empty"),
        ({"conversation": []}, "empty"),
        ({"text": "a " * 1001}, "too-large"),
        ({"text": "a", "explain": ["no such label"]}, "invalid"),
        ({"text": "a", "explain": ["x" * 201]}, "too-large"),
        ({"text": "a", "evaluations": 100}, "invalid"),
        ({"text": "a", "evaluations": 1000}, "too-large"),
        ({"text": "a", "method": "magic"}, "invalid"),
        ({"conversation": ["a"] * 65}, "invalid"),
    ],
)
def test_what_cannot_be_explained_is_refused(service, body, kind):
    check_problem(service.post("/v1/explain", body), kind)


def test_clients_of_text_embeddings_inference_are_answered(service):
    probabilities = independent().probabilities([["a text"], ["one", "two"]])
    one = service.post("/predict", {"inputs": "a text"}).json()
    assert [each["score"] for each in one] == sorted(probabilities[0].round(6), reverse=True)
    assert {each["label"] for each in one} == set(TRAINED.names)
    assert service.post("/predict", {"inputs": [["a text"], ["one", "two"]]}).json()[0] == one
    [pair] = service.post("/predict", {"inputs": [["one", "two"]]}).json()
    assert service.post("/predict", {"inputs": ["one", "two"]}).json() == pair
    raw = service.post("/predict", {"inputs": "a text", "raw_scores": True}).json()
    best = probabilities[0].max()
    assert raw[0]["score"] == pytest.approx(np.log(best / (1 - best)), abs=1e-5)


@pytest.mark.parametrize(
    ("inputs", "status", "kind"),
    [
        ("", 400, "empty"),
        ([], 400, "empty"),
        (["a", "b", "c"], 422, "validation"),
        (3, 422, "validation"),
    ],
)
def test_and_told_what_is_wrong_in_its_words(service, inputs, status, kind):
    response = service.post("/predict", {"inputs": inputs})
    assert response.status_code == status
    assert response.json()["error_type"] == kind
    assert response.json()["error"]


def test_the_model_and_the_label_sets_are_listed(service):
    [model] = service.get("/v1/models").json()["models"]
    assert model["id"] == "emoscope"
    assert model["independent_labels"] is model["any_labels"] is True
    assert [label["name"] for label in model["labels"]] == list(TRAINED.names)
    found = service.get("/v1/taxonomies").json()
    ekman = next(each for each in found["taxonomies"] if each["name"] == "ekman")
    assert "joy" in ekman["labels"]
    assert (len(found["wheel"]), found["wheel"][0]) == (16, "fear")


def test_all_limits_are_told(service):
    info = service.get("/v1/info").json()
    assert info["limits"] == Limits().to_dict()
    assert info["state"] == "ready"


def test_what_is_counted(service):
    before = metric(service, "emoscope_texts_total")
    service.annotate(texts=TEXTS)
    assert metric(service, "emoscope_texts_total") == before + 3
    names = ("queue", "tokenizing", "inference", "request")
    assert all(metric(service, f"emoscope_{name}_seconds_count") > 0 for name in names)
    assert metric(service, "emoscope_batch_texts_count") > 0
    service.get("/no/such/path/secret")
    assert "secret" not in service.get("/metrics").text


def test_other_addresses_and_methods_are_problems(service):
    check_problem(service.get("/v1/nothing"), "not-found")
    response = service.get("/v1/annotate")
    check_problem(response, "method-not-allowed")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/", "/v1/info", "/nothing", "/docs", "/page/main.js"])
def test_every_response_has_its_headers(service, path):
    headers = service.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers
    assert headers["cache-control"] in ("no-store", "no-cache")


def test_the_examples_of_the_document_are_true(service):
    document = service.get("/openapi.json").json()
    asked = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "requestBody" not in operation:
                continue
            name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            schema = document["components"]["schemas"][name.rpartition("/")[2]]
            for example in schema["examples"]:
                assert method == "post"
                response = service.post(path, json.loads(json.dumps(example)))
                assert response.status_code == 200, response.text
                asked += 1
    assert asked == 7


def test_a_model_that_is_not_there_is_not_ready():
    from emoscope.serve.app import create_app
    from tests.serve.running import Running, wait_until

    failures = []

    def fail():
        raise OSError("disk is gone")

    service = Running(create_app(fail, AppOptions(), failures.append))
    wait_until(lambda: failures)
    assert service.get("/health/live").status_code == 200
    check_problem(service.get("/health/ready"), "not-ready")
    check_problem(service.annotate(texts=["a"]), "not-ready")
    check_problem(service.get("/v1/models"), "not-ready")
    service.stop()


def test_a_page_elsewhere_may_ask_only_if_it_is_named():
    options = AppOptions(origins=("https://example.org",), hosts=frozenset({"localhost"}))
    with running(options=options) as service:
        for origin, allowed in (("https://example.org", True), ("https://evil.example", False)):
            response = service.post("/v1/annotate", {"texts": ["a"]}, headers={"origin": origin})
            assert ("access-control-allow-origin" in response.headers) == allowed
        other = service.get("/v1/info", headers={"host": "evil.example:8000"})
        check_problem(other, "wrong-host")
        assert service.get("/v1/info", headers={"host": "localhost:8000"}).status_code == 200


def test_without_a_page_there_is_none():
    with running(options=AppOptions(page=False)) as service:
        check_problem(service.get("/"), "not-found")
        assert service.annotate(texts=["a"]).status_code == 200
