"""The files of the page, and `/docs`, written from the OpenAPI document: nothing from elsewhere."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from emoscope.charts.page import Html, element, joined, table, text
from emoscope.serve.problems import KINDS

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
GET = ("GET", "HEAD")


@cache
def load_page_files() -> dict[str, tuple[bytes, str]]:
    """Every file of the page by its name, with its media type. Nothing else is ever sent."""
    folder = files("emoscope.serve") / "page"
    found = {}
    for file in folder.iterdir():
        suffix = f".{file.name.rpartition('.')[2]}"
        if suffix in TYPES:
            found[file.name] = (file.read_bytes(), TYPES[suffix])
    return found


def make_page_router(app: FastAPI) -> APIRouter:
    """The routes of the page.

    Args:
        app: whose OpenAPI document `/docs` shows.
    """
    router = APIRouter(include_in_schema=False)

    def send(name: str) -> Response:
        if name not in load_page_files():
            raise HTTPException(404)
        content, media_type = load_page_files()[name]
        return Response(content, media_type=media_type, headers={"cache-control": "no-cache"})

    @router.api_route("/", methods=list(GET))
    async def index() -> Response:
        return send("index.html")

    @router.api_route("/favicon.ico", methods=list(GET))
    async def icon() -> Response:
        return send("icon.svg")

    @router.api_route("/page/{name}", methods=list(GET))
    async def file(name: str) -> Response:
        return send(name)

    @router.api_route("/docs", methods=list(GET))
    async def docs() -> Response:
        return Response(make_docs_page(app.openapi()), media_type="text/html")

    return router


def make_docs_page(document: dict[str, Any]) -> str:
    """The OpenAPI document as a page."""
    info = document["info"]
    parts = [
        element("h1", text(f"{info['title']} {info['version']}")),
        element("p", text(info["description"])),
        Html('<p><a href="/">The page</a> · <a href="/openapi.json">OpenAPI document</a></p>'),
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(_describe_operation(document, f"{method.upper()} {path}", operation))
    parts.append(element("h2", text("Problems")))
    parts += [
        element("p", text(f"{kind.status} {name}: {kind.title}."), id=name)
        for name, kind in KINDS.items()
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(info['title'])}: interface</title>\n"
        f'<link rel="stylesheet" href="/page/page.css">\n</head>\n<body>\n'
        f"<main>\n{joined(parts)}\n</main>\n</body>\n</html>\n"
    )


def _describe_operation(document: dict[str, Any], title: str, operation: dict[str, Any]) -> Html:
    """One route: what it is for, what it takes, what it answers."""
    parts = [
        element("h2", text(operation["summary"])),
        element("p", element("code", text(title))),
        element("p", text(_plain(operation.get("description", "")))),
    ]
    body = operation.get("requestBody")
    if body is not None:
        schema = _resolve(document, body["content"]["application/json"]["schema"])
        rows = [
            (name, _name_type(document, field), _plain(field.get("description", "")))
            for name, field in schema["properties"].items()
        ]
        parts.append(table(("key", "type", "meaning"), rows, left=3))
        for example in schema.get("examples", ()):
            shown = json.dumps(example, ensure_ascii=False, indent=2)
            parts.append(element("pre", text(shown), tabindex="0"))
    responses = [
        (status, response["description"]) for status, response in operation["responses"].items()
    ]
    parts.append(table(("status", "meaning"), responses, left=2))
    return joined(parts)


def _plain(markdown: str) -> str:
    """A description without the signs of Markdown."""
    return markdown.replace("`", "")


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _name_type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """The type of a field in few words."""
    if "anyOf" in schema:
        kinds = [_name_type(document, part) for part in schema["anyOf"]]
        return " or ".join(kind for kind in dict.fromkeys(kinds) if kind != "null")
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(map(json.dumps, values))
    if schema.get("type") == "array":
        return f"list of {_name_type(document, schema['items'])}"
    if schema.get("type") == "object":
        return "mapping"
    return str(schema.get("type", "anything"))
