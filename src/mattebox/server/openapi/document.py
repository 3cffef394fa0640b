"""The OpenAPI document of the application.

FastAPI writes every schema in place. Here objects and choices with a title become components, so that generated
clients have one class for each, with a name of its own.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mattebox.server.openapi import removebg, schemas
from mattebox.server.openapi.schemas import Schema

VALIDATION_ERROR = "#/components/schemas/HTTPValidationError"
DESCRIPTION = """Background removal and photo enhancement. Send a picture, get a picture.

Errors are problem documents (RFC 9457) with a stable `code` and a `remedy`; below `/v1.0` they are remove.bg's."""
TAGS = [
    {"name": "pictures", "description": "Cut out, enhance, or run a recipe; at once, or as a job"},
    {"name": "videos", "description": "Cut out clips, always as jobs"},
    {"name": "photographs", "description": "Send a photograph once, and refer to it by its id"},
    {"name": "jobs", "description": "Follow, fetch, cancel and erase jobs"},
    {"name": "lists", "description": "Models, presets, the schema of recipes, usage"},
    {"name": "removebg", "description": "remove.bg's API: its clients need only another host name"},
]


def openapi_document(app: FastAPI) -> Schema:
    """The document of all routes of an application that are in the schema, built on the first call."""
    if app.openapi_schema is None:
        app.openapi_schema = _build_document(app)
    return app.openapi_schema


def _build_document(app: FastAPI) -> Schema:
    document = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )  # fmt: skip
    for operation in (o for path in document["paths"].values() for o in path.values()):
        if VALIDATION_ERROR in str(operation["responses"].get("422")):  # FastAPI's own, which never occurs
            del operation["responses"]["422"]
    components: dict[str, Schema] = {}
    _hoist_schemas([schemas.RESULT, removebg.RESULT], components)  # named in words only
    document["paths"] = _hoist_schemas(document["paths"], components)
    document.setdefault("components", {})["schemas"] = dict(sorted(components.items()))
    return document


def _hoist_schemas(node: Any, components: dict[str, Schema]) -> Any:
    """A copy of a part of the document with references to `components`, to which its titled schemas are added."""
    if isinstance(node, list):
        return [_hoist_schemas(item, components) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {name: _hoist_schemas(value, components) for name, value in node.items()}
    if isinstance(copy.get("title"), str) and ("properties" in copy or "enum" in copy):
        components[copy["title"]] = copy
        return {"$ref": f"#/components/schemas/{copy['title']}"}
    return copy
