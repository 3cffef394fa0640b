"""Bodies of requests: forms, JSON and base64, bounded before they are parsed."""

from __future__ import annotations

import base64
import json
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from starlette.requests import Request

from mattebox.server.http.base64_decoding import decode_base64, iter_pieces
from mattebox.server.http.json_body import MAX_DEPTH, MAX_VALUES
from mattebox.server.http.percent_encoding import unquote_pieces
from mattebox.server.http.problems import Problem
from mattebox.server.http.requests import MAX_FORM_FIELDS, RequestData, parse_body
from tests.serving import make_buffer

BOUNDARY = b"frontier"
FORM_TYPE = "multipart/form-data; boundary=frontier"
LARGE = bytes(range(256)) * 1500 + b"\r\n--fronti\r\n--frontie"  # beyond three chunks, with half boundaries


def parse(body: bytes, content_type: str, query: str = "") -> RequestData:
    headers = [(b"content-type", content_type.encode())]
    request = Request({"type": "http", "headers": headers, "query_string": query.encode()})
    buffer = make_buffer()
    return parse_body(buffer.store(body), content_type.split(";")[0], request, buffer)


def form(*parts: tuple[bytes, bytes], end: bytes = b"--") -> bytes:
    lines = (b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + c + b"\r\n"
             for head, c in parts)  # fmt: skip
    return b"".join(lines) + b"--" + BOUNDARY + end


def contents(data: RequestData) -> dict[str, bytes]:
    return {name: picture.content.read() for name, picture in data.images.items()}


def test_a_form_of_fields_and_files() -> None:
    body = form((b'name="edges"', b"none"), (b'name="image"; filename="a.png"', LARGE), (b'name="empty"', b""))
    data = parse(body, FORM_TYPE, "edges=colour&preset=a+b")
    assert data.fields == {"edges": "none", "preset": "a b", "empty": ""}
    assert contents(data) == {"image": LARGE}


def test_a_form_without_parts() -> None:
    assert parse(form(), FORM_TYPE, "preset=a") == RequestData({"preset": "a"})


def test_a_form_of_base64() -> None:
    data = parse(form((b'name="image_b64"', base64.b64encode(LARGE))), FORM_TYPE)
    assert (data.fields, contents(data)) == ({}, {"image_b64": LARGE})


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "no end"),
        (form((b'name="a"', b"b"))[:-20], "no end"),
        (form((b"nothing", b"b")), "without a name"),
        (b"--frontier\r\n" + b"a" * 9000 + b"\r\n--frontier--", "without a header"),
        (form(*[(b'name="a"', b"")] * (MAX_FORM_FIELDS + 1)), "more than 200 fields"),
        (form(*[(b'name="a"; filename="b"', b"")] * 17), "more than 16 files"),
        (b"\r\n" * 1_000_000, "no end"),
        (b"\r\n--frontie" * 100_000, "no end"),
        (b"\r\n--frontier" * 1000, "without a header"),
    ],
)
def test_malformed_forms_are_refused(body: bytes, problem: str) -> None:
    with pytest.raises(Problem, match="form cannot be read") as caught:
        parse(body, FORM_TYPE)
    assert problem in caught.value.problem
    assert caught.value.status == 400


def test_a_form_without_a_boundary() -> None:
    with pytest.raises(Problem, match="no boundary"):
        parse(form((b'name="a"', b"b")), "multipart/form-data")


def test_an_urlencoded_form() -> None:
    encoded = base64.b64encode(LARGE).decode()
    data = parse(urlencode({"a": "b c%&=é", "image_b64": encoded}).encode(), "application/x-www-form-urlencoded")
    assert data.fields == {"a": "b c%&=é"}
    assert contents(data) == {"image_b64": LARGE}


@pytest.mark.parametrize("offset", range(4))
def test_percent_encoding_in_pieces(offset: int) -> None:
    text = b"x" * offset + b"%41%5a%zz%%2B+%4" * 40_000 + b"%4"
    assert b"".join(unquote_pieces(text)) == unquote_to_bytes(text.replace(b"+", b" "))


@pytest.mark.parametrize("body", [b"a=1&" * 300, b"a=" + b"b" * 20_001, b"b" * 20_001 + b"=1"])
def test_urlencoded_forms_are_bounded(body: bytes) -> None:
    with pytest.raises(Problem):
        parse(body, "application/x-www-form-urlencoded")


@pytest.mark.parametrize("escape", [False, True])
def test_json_with_a_picture(escape: bool) -> None:
    encoded = base64.b64encode(LARGE).decode()
    recipe = {"steps": [{"step": "cut"}]}
    text = json.dumps({"image_b64": encoded, "empty": "keep", "recipe": recipe, "other_b64": None})
    data = parse((text.replace("/", "\\/") if escape else text).encode(), "application/json")
    assert data.fields == {"empty": "keep", "recipe": recipe}
    assert contents(data) == {"image_b64": LARGE}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"[" * 20_000 + b"]" * 20_000, f"more than {MAX_VALUES} values"),
        (b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}", ""),
        (b'{"a":[' + b"[]," * 5_000_000 + b"[]]}", f"more than {MAX_VALUES} values"),
        (b"{" + b'"a":1,' * 20_000 + b'"b":2}', f"more than {MAX_VALUES} values"),
        (b'{"a":' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}", f"more than {MAX_DEPTH} deep"),
        (b'{"a":"' + b"b" * 300_000 + b'"}', "a is too long"),
        (b'{"image_b64": 3}', "image_b64 is not text"),
        (b'{"image_b64": "?"}', "image_b64 is not base64"),
        (b"[1]", "not an object"),
        (b'{"a":', "not JSON"),
        (b'{"a": "\xff"}', "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_json_is_bounded_before_it_is_parsed(body: bytes, problem: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(body, "application/json")
    assert problem in caught.value.problem
    assert caught.value.status in (400, 422)


def test_json_at_the_limit_of_depth() -> None:
    value = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse(b'{"a":' + value + b', "b":"[[[[\\"[["}', "application/json").fields["a"] == json.loads(value)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 179_999, 180_000, 180_001, 500_000])
@pytest.mark.parametrize("prefix", [b"", b"data:image/png;base64,", b" \r\n"])
def test_base64_in_pieces(size: int, prefix: bytes) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    lines = base64.encodebytes(data).replace(b"\n", b"\r\n")
    for encoded in (base64.b64encode(data), lines):
        assert decode_base64(iter_pieces(prefix + encoded), make_buffer(), "a_b64").read() == data


@pytest.mark.parametrize(
    "text", [b"?", b"A", b"AAAA=", b"AA==AAAA", b"AA==" * 70_000, b"data:x", b"AAAA AAAA", b"\xe9AAA"]
)
def test_what_is_no_base64(text: bytes) -> None:
    with pytest.raises(Problem, match="not base64"):
        decode_base64(iter_pieces(text), make_buffer(), "a_b64")
