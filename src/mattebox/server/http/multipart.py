"""Multipart forms (RFC 7578) as ranges of the buffered body; boundaries are found by `bytes.find`.

Nothing is copied. A parser that looks at each byte costs seconds for a body of line breaks or half boundaries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from python_multipart.multipart import parse_options_header

from mattebox.server.content_buffer import CHUNK_BYTES, Content
from mattebox.server.http.problems import Problem

MAX_PART_HEADER_BYTES = 8_000
MAX_BOUNDARY_CHARACTERS = 200
REMEDY = "check its encoding"


@dataclass(frozen=True)
class Part:
    """A field of a form; `is_file` when it has a file name."""

    name: str
    is_file: bool
    content: Content


def iter_parts(body: Content, content_type: str) -> Iterator[Part]:
    """The parts of a form. Problem 400 when it is malformed or breaks off."""
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not 0 < len(boundary) <= MAX_BOUNDARY_CHARACTERS:
        raise _form_problem("no boundary in its Content-Type")
    delimiter = b"\r\n--" + boundary
    if body.read(0, len(delimiter)) == delimiter[2:] + b"--":  # no parts
        return
    at = _find(body, delimiter, 0) + len(delimiter)
    if body.read(0, len(delimiter) - 2) == delimiter[2:]:  # the first one stands without a line break
        at = len(delimiter) - 2
    while body.read(at, at + 2) != b"--":
        head = body.read(at, at + MAX_PART_HEADER_BYTES)
        head_end = head.find(b"\r\n\r\n")
        if head[:2] != b"\r\n" or head_end < 0:
            raise _form_problem("a part without a header")
        start = at + head_end + 4
        end = _find(body, delimiter, start - 2)  # an empty part shares its line break with the header
        yield _read_part(head[2:head_end], body.part(start, max(start, end)))
        at = end + len(delimiter)


def _read_part(head: bytes, content: Content) -> Part:
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    kind, options = parse_options_header(headers.get(b"content-disposition", b""))
    if kind != b"form-data" or b"name" not in options:
        raise _form_problem("a part without a name")
    return Part(decode_text(options[b"name"]), b"filename" in options, content)


def decode_text(text: bytes) -> str:
    """Text as UTF-8, or as Latin-1 where it is none."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _find(body: Content, mark: bytes, start: int) -> int:
    """The position of a mark. Problem 400 when there is none."""
    overlap = len(mark) - 1
    for at in range(start, len(body), CHUNK_BYTES):
        found = body.read(at, at + CHUNK_BYTES + overlap).find(mark)
        if found >= 0:
            return at + found
    raise _form_problem("it has no end")


def _form_problem(reason: str) -> Problem:
    return Problem(400, "bad_request", f"the form cannot be read ({reason})", REMEDY)
