"""The routes of the service."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from emoscope.errors import InputError
from emoscope.explain.explanation import to_log_odds
from emoscope.serve import metrics as prometheus
from emoscope.serve import schemas
from emoscope.serve.batching import NotReadyError, OverloadError, TextError, TooSlowError
from emoscope.serve.checks import (
    check_scores,
    read_explained,
    read_inputs,
    read_labels,
    read_text,
    read_texts,
    to_problem,
)
from emoscope.serve.guard import ClientLeftError
from emoscope.serve.metrics import Metrics
from emoscope.serve.problems import KINDS, MEDIA_TYPE, Fault, Problem
from emoscope.serve.service import (
    Cuts,
    ExplanationOptions,
    Service,
    describe_taxonomies,
    describe_wheel,
)

NOT_READY = "The model is being loaded, or the service is about to end. Try again."


def document_problems(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Responses of problems for the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/ProblemModel"}
    found: dict[int | str, dict[str, Any]] = {}
    for kind in (*kinds, "unauthorized", "overloaded", "wrong-host", "internal"):
        status, title, _ = KINDS[kind]
        text = f"{found[status]['description']}; {title}" if status in found else title
        found[status] = {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
    return found


PLAIN_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}
OF_BODIES = document_problems(
    "malformed",
    "empty",
    "slow-request",
    "too-large",
    "media-type",
    "invalid",
    "not-ready",
    "timeout",
)


def make_router(service: Service, metrics: Metrics) -> APIRouter:
    """The routes.

    Args:
        service: what answers.
        metrics: shown at `/metrics`.
    """
    router = APIRouter()
    limits = service.limits

    @router.post(
        "/v1/annotate",
        response_model=schemas.AnnotateResponse,
        responses=OF_BODIES,
        summary="Score texts or conversations",
        tags=["emotions"],
    )
    async def annotate(body: schemas.AnnotateRequest, request: Request) -> Response:
        """The labels of each text with their probabilities, the most probable first."""
        texts = read_texts(body, limits)
        taxonomy = read_labels(body, limits)
        count = len(service.batcher.sets.own.annotator.taxonomy if taxonomy is None else taxonomy)
        check_scores(texts, count, limits)
        cuts = Cuts(body.top_k, body.threshold)
        pointer = "/texts" if body.texts is not None else "/conversations"
        work = service.annotate(texts, taxonomy, cuts)
        return JSONResponse(await finish(request, work, pointer))

    @router.post(
        "/v1/explain",
        response_model=schemas.ExplainResponse,
        responses=OF_BODIES,
        summary="Show which words speak for which label",
        tags=["emotions"],
    )
    async def explain(body: schemas.ExplainRequest, request: Request) -> Response:
        """How much each word of one text adds to the log-odds of each label."""
        turns = read_text(body, limits)
        taxonomy = read_labels(body, limits)
        evaluations = min(512, limits.evaluations)
        evaluations = body.evaluations if body.evaluations is not None else evaluations
        if evaluations > limits.evaluations:
            raise Problem(
                "too-large",
                f"Expected at most {limits.evaluations:,} evaluations, got {evaluations:,}.",
            )
        options = ExplanationOptions(read_explained(body, limits), body.method, evaluations)
        work = service.explain(turns, taxonomy, options)
        return JSONResponse(await finish(request, work, "/text"))

    @router.post(
        "/predict",
        response_model=list[schemas.Prediction] | list[list[schemas.Prediction]],
        responses=OF_BODIES,
        summary="Score texts, in the form of text-embeddings-inference",
        tags=["emotions"],
    )
    async def predict(body: schemas.PredictRequest, request: Request) -> Response:
        """All labels of each text, the highest score first; for clients that are there already."""
        texts, batch = read_inputs(body, limits)
        check_scores(texts, len(service.batcher.sets.own.annotator.taxonomy), limits)
        work = service.probabilities(texts)
        probabilities, names = await finish(request, work, "/inputs")
        values = to_log_odds(probabilities) if body.raw_scores else probabilities
        ranked = [
            [{"score": round(float(row[k]), 6), "label": names[k]} for k in np.argsort(-row)]
            for row in values
        ]
        return JSONResponse(ranked if batch else ranked[0])

    @router.get(
        "/v1/models",
        response_model=schemas.ModelsResponse,
        responses=document_problems("not-ready"),
        summary="The model and its labels",
        tags=["service"],
    )
    async def models() -> Response:
        """One model a service."""
        return JSONResponse({"models": [service.describe_model()]})

    @router.get(
        "/v1/taxonomies",
        response_model=schemas.TaxonomiesResponse,
        responses=document_problems(),
        summary="The label sets that ship",
        tags=["service"],
    )
    async def taxonomies() -> Response:
        """Names for `taxonomy`, and Plutchik's wheel."""
        found = {"taxonomies": describe_taxonomies(), "wheel": describe_wheel()}
        return JSONResponse(found)

    @router.get(
        "/v1/info",
        response_model=schemas.InfoResponse,
        responses=document_problems(),
        summary="Version and limits",
        tags=["service"],
    )
    async def info() -> Response:
        """All limits, by their names."""
        return JSONResponse(service.describe())

    @router.get("/health/live", response_model=schemas.Health, summary="It lives", tags=["service"])
    async def live() -> Response:
        """Also while the model is loaded or is busy."""
        return JSONResponse({"status": "live"})

    @router.get(
        "/health/ready",
        response_model=schemas.Health,
        responses=document_problems("not-ready"),
        summary="It takes requests",
        tags=["service"],
    )
    async def ready() -> Response:
        """Not before the model is loaded, and not while the service ends."""
        if service.state != "ready":
            raise Problem("not-ready", f"The service is {service.state}.", wait=1)
        return JSONResponse({"status": "ready"})

    @router.get(
        "/metrics",
        response_class=Response,
        responses=document_problems() | PLAIN_TEXT,
        summary="Counters for Prometheus",
        tags=["service"],
    )
    async def show_metrics() -> Response:
        """Requests, errors, the queue, batches, and where the time goes."""
        return Response(metrics.render(), media_type=prometheus.MEDIA_TYPE)

    return router


async def finish(request: Request, work: Awaitable[Any], pointer: str) -> Any:
    """What the work gives, unless the client leaves before; then its places are freed.

    Args:
        request: its body has been read.
        work: is cancelled if the client leaves.
        pointer: where the texts stand in the body.

    Raises:
        Problem: what the work cannot do.
        ClientLeftError: nobody waits for it.
    """
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(wait_for_disconnect(request))
    try:
        await asyncio.wait((task, left), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientLeftError
        return task.result()
    except InputError as error:
        raise to_problem(error, "/labels") from error
    except OverloadError as error:
        raise Problem(
            "overloaded",
            f"So much waits that this would come too late. Try again in {error.wait} s.",
            wait=error.wait,
        ) from error
    except TooSlowError as error:
        raise Problem(
            "timeout", "The service is too busy. Try again later, or send less.", wait=1
        ) from error
    except NotReadyError as error:
        raise Problem("not-ready", NOT_READY, wait=1) from error
    except TextError as error:
        raise describe_text_error(error, pointer) from error.cause
    finally:
        task.cancel()
        left.cancel()


def describe_text_error(error: TextError, pointer: str) -> Exception:
    """What a text is to blame for; what it is not, is a fault of the service."""
    if not isinstance(error.cause, InputError):
        return error.cause
    fault = Fault(f"{pointer}/{error.place}", str(error.cause))
    return Problem("invalid", f"Text {error.place + 1} cannot be scored: {error.cause}", (fault,))


async def wait_for_disconnect(request: Request) -> None:
    """Return when the client has hung up."""
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return
