"""JSON bodies: bounded in size, values and depth before anything of them is parsed, one field at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from mattebox.server.http.problems import Problem

MAX_VALUES = 10_000  # commas, colons and brackets; recipes have some hundreds, base64 none
MAX_DEPTH = 32
MAX_FIELD_BYTES = 200_000  # of a field without a picture
COUNTED_BYTES = 1_000_000  # at a time
_BACKSLASH = re.compile(rb"\\")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def parse_json_fields(body: bytes) -> Iterator[tuple[str, msgspec.Raw]]:
    """Names and unparsed values of a JSON object. Problem 400, also for too many values."""
    _check_value_count(body)
    yield from _decode(body, dict[str, msgspec.Raw]).items()


def parse_json_value(name: str, raw: msgspec.Raw) -> Any:
    """The value of a field. Problem 422 when it is too long, 400 when it nests too deep."""
    text = memoryview(raw)
    if len(text) > MAX_FIELD_BYTES:
        raise Problem(422, "invalid_parameter", f"{name[:40]} is too long", "send files as files")
    _check_depth(text)
    return _decode(text, Any)


def string_bytes(name: str, raw: msgspec.Raw) -> bytes | memoryview:
    """The characters of a string, without a copy where it has no escapes; empty for null. Problem 422 for others."""
    text = memoryview(raw)
    if bytes(text[:5]) == b"null":
        return b""
    if bytes(text[:1]) != b'"':
        raise Problem(422, "invalid_parameter", f"{name} is not text", "send a string, or leave it out")
    if _BACKSLASH.search(text) is None:
        return text[1:-1]
    characters: str = _decode(text, str)
    return characters.encode()


def _decode(text: bytes | memoryview, expected_type: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=expected_type)
    except msgspec.ValidationError:
        raise Problem(400, "bad_request", "the JSON is not an object", "send {...}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Problem(400, "bad_request", "the body is not JSON", "check its syntax and its Content-Type") from None


def _check_value_count(body: bytes) -> None:
    count = 0
    for start in range(0, len(body), COUNTED_BYTES):
        count += sum(body.count(mark, start, start + COUNTED_BYTES) for mark in (b",", b":", b"[", b"{"))
        if count > MAX_VALUES:
            raise Problem(400, "bad_request", f"the JSON has more than {MAX_VALUES} values", "send files as files")


def _check_depth(text: memoryview) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if depth > MAX_DEPTH:
            raise Problem(400, "bad_request", f"the JSON nests more than {MAX_DEPTH} deep", "send a flatter one")
