"""The reference page: all operations and fields, readable without scripts, and nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from fastapi.testclient import TestClient

from mattebox.server.reference.page import render_page


class Reader(HTMLParser):
    """Collects the tags, addresses, ids and words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("href", "src")]
        self.ids += [value or "" for name, value in attributes if name == "id"]

    def handle_data(self, data: str) -> None:
        self.words += data + " "


def read_page(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def test_every_operation_and_field_is_there(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    page = read_page(client.get("/docs").text)
    for path, item in document["paths"].items():
        assert path in page.words
        assert {operation["operationId"] for operation in item.values()} <= set(page.ids)
    for name, schema in document["components"]["schemas"].items():
        assert f"schema-{name}" in page.ids
        assert all(field in page.words for field in schema.get("properties", {}))
    assert "curl -F image=@photo.jpg http://localhost/v1/cutouts" in page.words


def test_it_needs_no_script_and_nothing_from_elsewhere(client: TestClient) -> None:
    answer = client.get("/docs")
    page = read_page(answer.text)
    assert "script" not in page.tags
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert all(address.startswith(("/", "#")) and not address.startswith("//") for address in page.addresses)
    assert all(address[1:] in page.ids for address in page.addresses if address.startswith("#"))
    assert len(set(page.ids)) == len(page.ids)
    style = client.get("/docs/reference.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert not re.search(r"url\(|@import|//", style.text)


def test_texts_are_escaped() -> None:
    document: dict[str, Any] = {
        "info": {"title": "<b>", "version": "1", "description": "a < b and `<i>`"},
        "tags": [{"name": "t", "description": "&"}],
        "paths": {"/x": {"get": {"operationId": "x", "tags": ["t"], "description": "<script>", "responses": {}}}},
        "components": {"schemas": {}},
    }
    text = render_page(document, 'http://"><script>/')
    assert "<script>" not in text
    assert "<code>&lt;i&gt;</code>" in text


def test_there_is_nothing_else(client: TestClient) -> None:
    assert client.get("/docs/openapi.py").status_code == 404
    assert client.get("/redoc").status_code == 404
