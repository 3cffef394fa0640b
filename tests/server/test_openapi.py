"""The OpenAPI document is true, and such that generated clients have types and names."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import mattebox.server
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.server.app import create_app
from mattebox.server.http.problems import STATUS_BY_CODE
from mattebox.server.openapi import encoded_document
from mattebox.server.openapi.problem_codes import CODES_BY_STATUS
from mattebox.server.settings import Settings

SOURCES = Path(mattebox.server.__file__).parent


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_the_document_is_encoded_before_the_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    built, build = list[bool](), encoded_document.openapi_document

    def record(app: FastAPI) -> dict[str, Any]:
        built.append(app.state.mattebox.is_ready)
        return build(app)

    monkeypatch.setattr(encoded_document, "openapi_document", record)
    with TestClient(create_app(Settings(model="fast", workers=1))) as other:
        assert other.get("/openapi.json").json()["openapi"].startswith("3.1")
    assert built == [False]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(value)


def test_the_form_has_every_parameter_but_paths(document: dict[str, Any]) -> None:
    form = document["components"]["schemas"]["CutoutForm"]
    assert set(parameters_by_name()) - set(form["properties"]) == {"heal", "trimap", "garbage", "holdout", "core"}
    assert "required" not in form  # a picture may be named by its id


def test_all_routes_are_there_with_simple_names(document: dict[str, Any]) -> None:
    names = {place: operation["operationId"] for place, operation in operations(document)}
    assert names["POST /v1.0/removebg"] == "remove_background"
    assert names["GET /v1.0/account"] == "get_account"
    assert names["POST /v1/jobs/{name}:cancel"] == "cancel_job"
    assert len(set(names.values())) == len(names)
    assert all(re.fullmatch("[a-z_]+", name) for name in names.values())


def test_no_schema_mixes_alternatives_with_properties(document: dict[str, Any]) -> None:
    """Generators turn such a one into "any"."""
    mixed = [n for n in nodes(document) if {"anyOf", "oneOf", "allOf"} & n.keys() and "properties" in n]
    assert mixed == []


def test_every_object_is_a_component(document: dict[str, Any]) -> None:
    """One that stands in place gets another name from every generator."""
    assert not [n for n in nodes(document["paths"]) if n.get("type") == "object" and "properties" in n]
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert set(document["components"]["schemas"]) == references | {"Result", "RemovebgResult"}


def test_no_field_has_a_default(document: dict[str, Any]) -> None:
    """Generated clients would send it, and so override the preset."""
    assert not [n for n in nodes(document["components"]) if "default" in n and "type" in n]


def test_every_picture_comes_as_plain_bytes_first(document: dict[str, Any]) -> None:
    pictures = [o for _, o in operations(document) if "image/png" in o["responses"].get("200", {}).get("content", {})]
    assert len(pictures) == 8
    for operation in pictures:
        content = list(operation["responses"]["200"]["content"])
        assert content[0] == "application/octet-stream"
        assert "application/json" not in content  # many generators prefer it, and then expect what they do not get


def test_links_name_operations(document: dict[str, Any]) -> None:
    names = {operation["operationId"] for _, operation in operations(document)}
    linked = {
        link["operationId"] for n in nodes(document) for link in n.get("links", {}).values() if "operationId" in link
    }
    assert linked
    assert linked <= names


def test_every_problem_of_the_server_is_documented() -> None:
    documented = {(status, code) for status, codes in CODES_BY_STATUS.items() for code in codes}
    raised = {(status, code) for code, status in STATUS_BY_CODE.items()}
    for file in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and len(node.args) > 1:
                status, code = node.args[:2]
                if isinstance(status, ast.Constant) and isinstance(code, ast.Constant):
                    raised.add((status.value, code.value))
    assert len(raised) > 25
    assert raised <= documented


def test_plain_bytes_where_they_are_asked_for(client: TestClient, mug: bytes) -> None:
    answer = client.post("/v1/cutouts", files={"image": mug}, headers={"Accept": "application/octet-stream"})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.content.startswith(b"\x89PNG")
