"""The same app on Ray Serve: several replicas of the model, on one machine or on a cluster."""

import logging
import os
import signal
import threading
from typing import Any

from starlette.types import ASGIApp

from emoscope.errors import require
from emoscope.inference.model_info import ModelSpec
from emoscope.serve.app import AppOptions, create_app
from emoscope.serve.server import Address

NAME = "emoscope"


def start_on_ray(model: ModelSpec, options: AppOptions, address: Address, replicas: int) -> None:
    """Serve on the cluster that `RAY_ADDRESS` names, else on a local one, until a signal ends it.

    A replica that dies is replaced. Limits are those of each replica.

    Args:
        model: which its machines have under the same name.
        options: of the app.
        address: where to listen; on a cluster on every machine.
        replicas: processes that each load the model.

    Raises:
        MissingExtraError: Ray Serve is not installed.
    """
    for module in ("ray", "grpc", "aiohttp"):
        require(module, "scale")
    ray, serve = require("ray", "scale"), require("ray.serve", "scale")
    on_cluster = bool(os.environ.get("RAY_ADDRESS"))
    ray.init(
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        # One for each replica, and one for what Ray Serve itself runs.
        **({} if on_cluster else {"num_cpus": replicas + 1}),
    )
    # Ray has handlers of its own, which would end this process before it has ended the cluster.
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: ended.set())
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    try:
        serve.start(
            http_options={
                "host": address.host,
                "port": address.port,
                "location": "EveryNode" if on_cluster else "HeadOnly",
            },
            logging_config={"enable_access_log": False, "log_level": "WARNING"},
        )
        threads = 1 if on_cluster else max(1, (os.cpu_count() or 1) // replicas)
        deployment = make_deployment(serve, AppBuilder(model, options, threads), replicas)
        serve.run(deployment.bind(), name=NAME, route_prefix="/")
        ended.wait()
    finally:
        serve.shutdown()
        ray.shutdown()


class AppBuilder:
    """Makes the app in a replica.

    Args:
        model: where it is.
        options: of the app.
        threads: of the engine.
    """

    def __init__(self, model: ModelSpec, options: AppOptions, threads: int) -> None:
        self.model = model
        self.options = options
        self.threads = threads

    def __call__(self) -> ASGIApp:
        """The app, its model loaded: a replica takes requests as soon as it is there."""
        annotator = self.model.load(self.threads)
        return create_app(lambda: annotator, self.options)


def make_deployment(serve: Any, build: AppBuilder, replicas: int) -> Any:
    """What Ray Serve runs.

    Args:
        serve: the module `ray.serve`.
        build: makes the app.
        replicas: how many.
    """
    limits = build.options.limits

    # Ray takes a builder without parameters for one, and anything else for an app.
    def build_app() -> ASGIApp:
        return build()

    return serve.deployment(
        name=NAME,
        num_replicas=replicas,
        ray_actor_options={"num_cpus": 1},
        # Its own limit answers with 429 and says when to come back; Ray's would let them wait.
        max_ongoing_requests=2 * limits.requests,
        graceful_shutdown_timeout_s=limits.seconds,
    )(serve.ingress(build_app)())
