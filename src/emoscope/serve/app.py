"""The ASGI app: routes, rules and pages put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from emoscope._version import __version__
from emoscope.inference.annotator import Annotator
from emoscope.serve.api import NOT_READY, make_router
from emoscope.serve.batching import NotReadyError
from emoscope.serve.guard import ClientLeftError, Guard, Rules
from emoscope.serve.keys import ApiKeys
from emoscope.serve.limits import Limits
from emoscope.serve.metrics import Metrics
from emoscope.serve.pages import make_page_router
from emoscope.serve.problems import MEDIA_TYPE, Fault, Problem, make_pointer
from emoscope.serve.schemas import ProblemModel
from emoscope.serve.service import Service

LEFT = 499
"""What the log calls a request whose client has left; nobody gets it."""
BY_STATUS = {404: "not-found", 405: "method-not-allowed"}
UNIONS = ("labels", "inputs", "threshold")
"""Fields of several forms: an error names each form, and the field alone says where."""
MAX_FAULTS = 20
DESCRIPTION = (
    "Emotions in texts, with any labels. Errors are problem details (RFC 9457). Texts are neither "
    "kept nor logged."
)


@dataclass(frozen=True)
class AppOptions:
    """How an app is put together.

    Attributes:
        name: what the model is called.
        limits: of everything.
        keys: API keys; without any, everybody may ask.
        hosts: the names by which the service may be called; any if empty.
        origins: of pages elsewhere that may ask, such as `https://example.org`.
        page: whether there is a page at `/`.
    """

    name: str = "emoscope"
    limits: Limits = field(default_factory=Limits)
    keys: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    origins: tuple[str, ...] = ()
    page: bool = True


def create_app(
    load: Callable[[], Annotator],
    options: AppOptions | None = None,
    on_failure: Callable[[Exception], None] = lambda error: None,
) -> ASGIApp:
    """The app for a model.

    Args:
        load: loads the model, once the app is started.
        options: how it is put together.
        on_failure: is called if the model cannot be loaded.
    """
    options = AppOptions() if options is None else options
    metrics = Metrics()
    service = Service(load, options.name, options.limits, metrics.observe_batch)
    metrics.watch_queue(lambda: service.queued)
    app = FastAPI(
        title="emoscope",
        version=__version__,
        summary="Emotions in texts",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=make_lifespan(service, on_failure),
    )
    app.include_router(make_router(service, metrics))
    if options.page:
        app.include_router(make_page_router(app))
    handle_errors(app, metrics)
    document_problem_model(app)
    keys = ApiKeys(options.keys, options.limits.requests_per_minute)
    guarded: ASGIApp = Guard(app, Rules(options.limits, keys, options.hosts), metrics)
    if options.origins:
        guarded = CORSMiddleware(
            guarded,
            allow_origins=options.origins,
            allow_methods=("GET", "POST"),
            allow_headers=("authorization", "content-type"),
        )
    return guarded


def make_lifespan(
    service: Service, on_failure: Callable[[Exception], None]
) -> Callable[[FastAPI], Any]:
    """Load the model while the app already says that it lives; at the end finish what waits."""
    import asyncio

    async def load() -> None:
        await service.start()
        if service.failure is not None:
            on_failure(service.failure)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(load())
        yield
        await asyncio.wait((loading,))
        await service.stop()

    return lifespan


def handle_errors(app: FastAPI, metrics: Metrics) -> None:
    """Answer every error with a problem."""

    def answer(request: Request, problem: Problem) -> Response:
        metrics.errors.labels(problem.kind).inc()
        return JSONResponse(
            problem.to_dict(tei=request.url.path == "/predict"),
            problem.status,
            problem.to_headers(),
            MEDIA_TYPE,
        )

    @app.exception_handler(Problem)
    async def of_problem(request: Request, error: Problem) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def of_body(request: Request, error: RequestValidationError) -> Response:
        return answer(request, describe_validation(error))

    @app.exception_handler(HTTPException)
    async def of_route(request: Request, error: HTTPException) -> Response:
        return answer(request, describe_http_error(error))

    @app.exception_handler(NotReadyError)
    async def of_state(request: Request, error: NotReadyError) -> Response:
        return answer(request, Problem("not-ready", NOT_READY, wait=1))

    @app.exception_handler(ClientLeftError)
    async def of_client(request: Request, error: ClientLeftError) -> Response:
        metrics.left.inc()
        return Response(status_code=LEFT)

    # What is raised beyond this is logged by the guard.
    @app.exception_handler(Exception)
    async def of_fault(request: Request, error: Exception) -> Response:
        problem = Problem("internal", "This is a fault of the service, not of the request.")
        return JSONResponse(problem.to_dict(), problem.status, media_type=MEDIA_TYPE)


def describe_validation(error: RequestValidationError) -> Problem:
    """What is wrong with a body, without quoting it."""
    found = error.errors()
    first = found[0] if found else {"type": "", "loc": (), "msg": ""}
    if first["type"] == "json_invalid":
        return Problem("malformed", "Expected a body in JSON, and it cannot be parsed.")
    if tuple(first["loc"]) == ("body",) and first["type"] in ("missing", "model_attributes_type"):
        return Problem("invalid", "Expected a JSON object; see /docs.")
    faults: dict[str, str] = {}
    for each in found:
        parts = list(each["loc"])[1:]
        parts = parts[:1] if parts and parts[0] in UNIONS else parts
        faults.setdefault(make_pointer(parts), str(each["msg"]))
        if len(faults) == MAX_FAULTS:
            break
    pointer, detail = next(iter(faults.items()))
    return Problem(
        "invalid",
        f"{pointer or 'the body'}: {detail}; see /docs for what is expected.",
        [Fault(*fault) for fault in faults.items()],
    )


def describe_http_error(error: HTTPException) -> Problem:
    """An error of the framework as a problem."""
    if error.status_code == 400:
        return Problem("malformed", "Expected a body in JSON, and it cannot be parsed.")
    kind = BY_STATUS.get(error.status_code, "invalid")
    details = {
        "not-found": "Expected one of the addresses of /docs.",
        "method-not-allowed": "Expected another method; see /docs.",
    }
    return Problem(kind, details.get(kind, "See /docs."), headers=dict(error.headers or {}))


def document_problem_model(app: FastAPI) -> None:
    """Put the model of problems into the OpenAPI document, as no route names it itself."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schemas = document["components"]["schemas"]
        if "ProblemModel" not in schemas:
            schema = ProblemModel.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= schema.pop("$defs", {})
            schemas["ProblemModel"] = schema
            document["components"]["securitySchemes"] = {
                "key": {"type": "http", "scheme": "bearer"}
            }
            document["security"] = [{}, {"key": []}]
        return document

    app.openapi = openapi  # type: ignore[method-assign]
