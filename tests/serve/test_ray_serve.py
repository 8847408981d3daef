"""The app on Ray Serve, as far as it is not Ray's: what a replica builds and how it is deployed."""

import pickle
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from emoscope.cli.app import app
from emoscope.errors import InputError
from emoscope.inference.model_info import ModelSpec
from emoscope.serve.app import AppOptions
from emoscope.serve.limits import Limits
from emoscope.serve.ray_serve import AppBuilder, make_deployment
from tests.inference.independent import independent
from tests.serve.running import Running


def test_a_replica_builds_the_same_app(monkeypatch):
    loaded = []

    def load(self, threads=None):
        loaded.append(threads)
        return independent()

    monkeypatch.setattr(ModelSpec, "load", load)
    sent = AppBuilder(ModelSpec(), AppOptions(name="mine", limits=Limits(texts=5)), threads=3)
    builder = pickle.loads(pickle.dumps(sent))
    service = Running(builder())
    # The model is there before the replica takes requests.
    assert loaded == [3]
    service.run(service.until_ready())
    assert service.annotate(texts=["a"]).json()["model"] == "mine"
    assert service.get("/v1/info").json()["limits"]["texts"] == 5
    service.stop()


def test_a_deployment_has_so_many_replicas_and_time_to_end():
    asked = {}

    def deployment(**options):
        asked.update(options)
        return lambda ingress: ("deployed", ingress)

    serve = SimpleNamespace(deployment=deployment, ingress=lambda build: lambda: build)
    limits = Limits(seconds=7, requests=9)
    builder = AppBuilder(ModelSpec(), AppOptions(limits=limits), threads=1)
    kind, build = make_deployment(serve, builder, replicas=4)
    assert kind == "deployed"
    # Ray calls a builder without arguments.
    assert build.__code__.co_argcount == 0
    assert asked["num_replicas"] == 4
    assert asked["graceful_shutdown_timeout_s"] == 7
    # The service itself says 429 before Ray lets requests wait.
    assert asked["max_ongoing_requests"] > limits.requests


@pytest.mark.parametrize(
    "arguments",
    [
        ["--cluster", "ray"],
        ["--workers", "2"],
        ["--cluster", "ray", "--workers", "2", "--threads", "1"],
    ],
)
def test_a_cluster_and_its_workers_go_together(arguments):
    result = CliRunner().invoke(app, ["serve", *arguments])
    assert isinstance(result.exception, InputError)
    assert "--workers" in str(result.exception)
