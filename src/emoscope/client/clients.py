"""A client of the service, in two forms: one that waits, and one that is awaited."""

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from emoscope.client.messages import (
    Annotations,
    Call,
    Conversation,
    Labels,
    Retries,
    ServiceError,
    find_wait,
    make_annotate_call,
    make_explain_call,
    make_options,
    read_annotations,
    read_response,
    unreachable,
)
from emoscope.errors import require
from emoscope.inference.ranking import Threshold

if TYPE_CHECKING:
    import httpx


class Client:
    """Asks a service, and waits for its answers.

    Args:
        url: of the service, such as `http://127.0.0.1:8000`.
        api_key: if the service asks for one.
        timeout: seconds for an answer.
        retries: how often a busy service is asked again.
        transport: of `httpx`, for tests and proxies.

    Raises:
        MissingExtraError: `httpx` is not installed.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        retries: Retries | None = None,
        transport: "httpx.BaseTransport | None" = None,
    ) -> None:
        self._errors = require("httpx", "client")
        self._retries = Retries() if retries is None else retries
        self._http: httpx.Client = self._errors.Client(
            **make_options(url, api_key, timeout), transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def annotate(
        self,
        texts: Sequence[str] | None = None,
        *,
        conversations: Sequence[Conversation] | None = None,
        labels: Labels | None = None,
        taxonomy: str | None = None,
        top_k: int | None = None,
        threshold: Threshold | None = None,
    ) -> Annotations:
        """The labels of each text, or of each conversation, the most probable first.

        Args:
            texts: each scored by itself.
            conversations: in their place: each a list of turns, oldest first.
            labels: to score instead of the model's own; a mapping gives the words of each.
            taxonomy: the same by the name of a label set that ships.
            top_k: as of `Annotator.annotate`.
            threshold: as of `Annotator.annotate`.

        Raises:
            InputError: texts, conversations or labels that are no list.
            ServiceError: what the service says.
        """
        options = {"labels": labels, "taxonomy": taxonomy, "top_k": top_k, "threshold": threshold}
        return read_annotations(self._ask(make_annotate_call(texts, conversations, options)))

    def explain(
        self,
        text: str | Conversation,
        explain: Sequence[str] | None = None,
        *,
        labels: Labels | None = None,
        taxonomy: str | None = None,
        method: Literal["shapley", "occlusion"] | None = None,
        evaluations: int | None = None,
    ) -> dict[str, Any]:
        """Which words speak for which label, as `Explanation.to_dict` has it.

        Raises:
            ServiceError: what the service says.
        """
        options = {
            "labels": labels,
            "taxonomy": taxonomy,
            "method": method,
            "evaluations": evaluations,
        }
        found: dict[str, Any] = self._ask(make_explain_call(text, explain, options))
        return found

    def info(self) -> dict[str, Any]:
        """The version of the service and its limits."""
        found: dict[str, Any] = self._ask(Call("GET", "/v1/info"))
        return found

    def models(self) -> list[dict[str, Any]]:
        """The models and their labels."""
        found: list[dict[str, Any]] = self._ask(Call("GET", "/v1/models"))["models"]
        return found

    def _ask(self, call: Call) -> Any:
        for done in range(self._retries.times + 1):
            try:
                response = self._http.request(call.method, call.path, json=call.body)
                return read_response(response)
            except self._errors.TransportError as error:
                raise unreachable(error) from error
            except ServiceError as error:
                time.sleep(find_wait(error, self._retries, done))
        raise AssertionError("the last try returns or raises")


class AsyncClient:
    """Asks a service, for programs with an event loop; see `Client`."""

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        retries: Retries | None = None,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        self._errors = require("httpx", "client")
        self._retries = Retries() if retries is None else retries
        self._http: httpx.AsyncClient = self._errors.AsyncClient(
            **make_options(url, api_key, timeout), transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def annotate(
        self,
        texts: Sequence[str] | None = None,
        *,
        conversations: Sequence[Conversation] | None = None,
        labels: Labels | None = None,
        taxonomy: str | None = None,
        top_k: int | None = None,
        threshold: Threshold | None = None,
    ) -> Annotations:
        """As `Client.annotate`."""
        options = {"labels": labels, "taxonomy": taxonomy, "top_k": top_k, "threshold": threshold}
        call = make_annotate_call(texts, conversations, options)
        return read_annotations(await self._ask(call))

    async def explain(
        self,
        text: str | Conversation,
        explain: Sequence[str] | None = None,
        *,
        labels: Labels | None = None,
        taxonomy: str | None = None,
        method: Literal["shapley", "occlusion"] | None = None,
        evaluations: int | None = None,
    ) -> dict[str, Any]:
        """As `Client.explain`."""
        options = {
            "labels": labels,
            "taxonomy": taxonomy,
            "method": method,
            "evaluations": evaluations,
        }
        found: dict[str, Any] = await self._ask(make_explain_call(text, explain, options))
        return found

    async def info(self) -> dict[str, Any]:
        """As `Client.info`."""
        found: dict[str, Any] = await self._ask(Call("GET", "/v1/info"))
        return found

    async def models(self) -> list[dict[str, Any]]:
        """As `Client.models`."""
        found: list[dict[str, Any]] = (await self._ask(Call("GET", "/v1/models")))["models"]
        return found

    async def _ask(self, call: Call) -> Any:
        for done in range(self._retries.times + 1):
            try:
                response = await self._http.request(call.method, call.path, json=call.body)
                return read_response(response)
            except self._errors.TransportError as error:
                raise unreachable(error) from error
            except ServiceError as error:
                await asyncio.sleep(find_wait(error, self._retries, done))
        raise AssertionError("the last try returns or raises")
