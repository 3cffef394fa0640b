"""HTML of the reference page: every operation with an example, its fields and its responses, and every schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any

from mattebox.server.openapi.schemas import Schema

CODE = re.compile(r"`([^`]+)`")
COMPONENTS = "#/components/schemas/"


def render_page(document: Schema, server: str) -> str:
    """The page for an OpenAPI document; `server` is the address in its examples."""
    title, version = document["info"]["title"], document["info"]["version"]
    operations = list(_operations(document))
    by_tag = [(tag, [o for o in operations if tag["name"] in o[2].get("tags", ())]) for tag in document["tags"]]
    return "".join((
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}: the API</title>",
        '<link rel="stylesheet" href="/docs/reference.css"></head><body>',
        f"<header><h1>{escape(title)} {escape(version)}</h1>{_paragraphs(document['info']['description'])}",
        '<p>For programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1), for client generators.</p>',
        "</header><nav aria-label=Operations>",
        *(_render_links(tag["name"], group) for tag, group in by_tag),
        '</nav><main>',
        *(_render_group(document, tag, group, server) for tag, group in by_tag),
        "<section><h2 id=schemas>Schemas</h2>",
        *(_render_schema(name, schema) for name, schema in document["components"]["schemas"].items()),
        "</section></main></body></html>",
    ))  # fmt: skip


def _operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Method, path and description of each operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _render_links(tag: str, operations: list[tuple[str, str, Schema]]) -> str:
    links = "".join(
        f'<li><a href="#{o["operationId"]}"><b>{method}</b> {escape(path)}</a>' for method, path, o in operations
    )
    return f"<h2>{escape(tag)}</h2><ul>{links}</ul>"


def _render_group(document: Schema, tag: Schema, operations: list[tuple[str, str, Schema]], server: str) -> str:
    sections = "".join(_render_operation(document, *operation, server) for operation in operations)
    return f"<section><h2>{escape(tag['name'])}</h2>{_paragraphs(tag['description'])}{sections}</section>"


def _render_operation(document: Schema, method: str, path: str, operation: Schema, server: str) -> str:
    parameters = [
        (p["name"], p.get("in", ""), p["schema"] | {"description": p.get("description", "")})
        for p in operation.get("parameters", ())
    ]
    bodies = operation.get("requestBody", {}).get("content", {})
    return "".join((
        f'<article id="{operation["operationId"]}"><h3><b>{method}</b> {escape(path)}</h3>',
        _paragraphs(operation.get("description", "")),
        f"<pre><code>{escape(_example(document, method, path, bodies, server))}</code></pre>",
        _render_parameters(parameters),
        *(_render_body(mime, entry["schema"]) for mime, entry in bodies.items()),
        _render_responses(operation["responses"]),
        "</article>",
    ))  # fmt: skip


def _example(document: Schema, method: str, path: str, bodies: Schema, server: str) -> str:
    """A command that calls the operation."""
    url = server.rstrip("/") + path.replace("{name}", "ID")
    form = bodies.get("multipart/form-data")
    if form is None:
        return f"curl {url}" if method == "GET" else f"curl -X {method} {url}"
    schema = _resolve(document, form["schema"])
    properties = schema["properties"]
    file = next((name for name, schema in properties.items() if schema.get("format") == "binary"), None)
    if file is None:
        return (
            f"curl -F 'words=white background, soft shadow' {url}"
            if "words" in properties
            else f"curl -X {method} {url}"
        )
    recipe = """ -F 'recipe={"steps": [{"step": "cut"}]}'""" if "recipe" in schema.get("required", ()) else ""
    return f"curl -F {file}=@photo.jpg{recipe} {url} -o result.png"


def _resolve(document: Schema, schema: Schema) -> Schema:
    """A schema, or the component that it refers to."""
    resolved: Schema = document["components"]["schemas"].get(_component(schema), schema)
    return resolved


def _component(schema: Schema) -> str:
    return str(schema.get("$ref", "")).removeprefix(COMPONENTS)


def _render_parameters(parameters: list[tuple[str, str, Schema]]) -> str:
    rows = [
        _row(f"<code>{escape(name)}</code>", f"{_type_of(schema)}, {place}", _inline(schema["description"]))
        for name, place, schema in parameters
    ]
    return _table("Parameters", rows)


def _render_body(mime: str, schema: Schema) -> str:
    return f"<p>Body: <code>{escape(mime)}</code>, {_type_of(schema)}</p>"


def _render_responses(responses: Schema) -> str:
    rows = []
    for status, response in responses.items():
        types = ", ".join(_type_of(s) for s in _distinct_schemas(response))
        rows.append(_row(f"<code>{status}</code>", types, _inline(response["description"])))
    return _table("Responses", rows)


def _distinct_schemas(response: Schema) -> list[Schema]:
    schemas: list[Schema] = []
    for entry in response.get("content", {}).values():
        if entry.get("schema") and entry["schema"] not in schemas:
            schemas.append(entry["schema"])
    return schemas


def _render_schema(name: str, schema: Schema) -> str:
    properties, required = schema.get("properties", {}), schema.get("required", ())
    rows = [
        _row(f"<code>{escape(field)}</code>", _type_of(s) + (", required" if field in required else ""),
             _inline(str(s.get("description", ""))))
        for field, s in properties.items()
    ]  # fmt: skip
    content = _table("", rows) if rows else f"<p>{_type_of(schema)} {_inline(str(schema.get('description', '')))}</p>"
    return f'<details id="schema-{name}" open><summary>{escape(name)}</summary>{content}</details>'


def _type_of(schema: Schema) -> str:
    """The type of a value as HTML: a link to its component, a list of its choices, or its kind and range."""
    component = _component(schema)
    if component:
        return f'<a href="#schema-{escape(component)}">{escape(component)}</a>'
    if "anyOf" in schema:
        return " or ".join(_type_of(s) for s in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(choice))}</code>" for choice in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type_of(schema.get('items', {}))}"
    kind = "file" if schema.get("format") == "binary" else str(schema.get("type", "any"))
    bounds = [str(schema[name]) for name in ("minimum", "maximum") if name in schema]
    return escape(kind) + (f", {' to '.join(bounds)}" if len(bounds) == 2 else "")


def _table(caption: str, rows: list[str]) -> str:
    head = f"<caption>{caption}</caption>" if caption else ""
    return f"<table>{head}<tbody>{''.join(rows)}</tbody></table>" if rows else ""


def _row(*cells: Any) -> str:
    first, *others = cells
    return f"<tr><th scope=row>{first}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    """Text as HTML, with `code`."""
    return CODE.sub(r"<code>\1</code>", escape(text, quote=False))
