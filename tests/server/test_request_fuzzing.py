"""Headers and bodies made of odd pieces: each request is answered, and none by an error of the server's."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mattebox.errors import MatteboxError
from mattebox.server.app import create_app
from mattebox.server.http.multipart import iter_parts
from mattebox.server.http.problems import Problem
from mattebox.server.settings import Settings
from tests.server.test_request_bodies import BOUNDARY, FORM_TYPE, parse
from tests.serving import make_buffer

FUZZED = settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LINES = (b"\r\n", b"\n", b"\r", b"--", b"--" + BOUNDARY, b"\r\n--" + BOUNDARY, b"--" + BOUNDARY + b"--", b"\0", b"\xff")
DISPOSITION = b"Content-Disposition: form-data; "
PART_PIECES = (
    DISPOSITION,
    DISPOSITION + b'name="image"; filename="a.png"',
    DISPOSITION + b'name="edges"',
    b'name="',
    b'"',
    b";",
    b"name*=utf-8''%ff%",
    b"name*0=a; name*1*=b",
    b"filename*=",
    b"filename=\\",
    b"Content-Type: a/b; charset=\xff",
    b":",
    b"\r\n\r\n",
    b"none",
    b"image_b64",
    b"iVBORw0KGgo=",
    b"Content-Transfer-Encoding: base64",
    "ä€😀".encode(),
)
HEADER_NAMES = (
    "content-type",
    "accept",
    "prefer",
    "idempotency-key",
    "x-api-key",
    "traceparent",
    "tracestate",
    "if-none-match",
    "if-modified-since",
    "range",
    "origin",
    "host",
    "sec-fetch-site",
    "accept-language",
    "accept-encoding",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "expect",
    "cookie",
    "authorization",
    "content-encoding",
    "last-event-id",
    "upgrade",
    "connection",
    "access-control-request-method",
    "content-disposition",
    "transfer-encoding",
    "te",
)
HEADER_PIECES = (
    "multipart/form-data",
    "; boundary=",
    "application/json",
    "image/*",
    "image/jpeg",
    "*/*",
    ";q=",
    "0.5",
    "-1",
    "1e999",
    "nan",
    ",",
    ";",
    "=",
    '"',
    "\\",
    "charset=",
    "utf-7",
    "respond-async",
    "wait=",
    "null",
    "http://localhost",
    "http://[",
    "[::1]:99999",
    "localhost",
    "bytes=",
    "0-",
    "-",
    "00-" + "0" * 32 + "-" + "f" * 16 + "-01",
    "W/",
    "*",
    "\t",
    " ",
    "\xff",
    "100-continue",
    "h2c",
    "websocket",
    "chunked",
    "gzip",
    "same-origin",
    "cross-site",
    "9" * 400,
    "a" * 3000,
    "%00",
    "'",
)
METHODS = ("GET", "HEAD", "POST", "POST", "DELETE", "OPTIONS", "PUT")
CASES_PER_SEED = 40
PATHS = (
    "/v1/cutouts",
    "/v1/enhancements",
    "/v1/plans",
    "/v1/recipes:build",
    "/v1/jobs",
    "/v1/photographs",
    "/v1.0/removebg",
    "/livez",
    "/v1/models",
    "/openapi.json",
    "/v1/jobs/x/events",
)
odd_bytes = st.lists(st.sampled_from(LINES + PART_PIECES) | st.binary(max_size=12), max_size=30).map(b"".join)
odd_text = st.lists(st.sampled_from(HEADER_PIECES), max_size=6).map("".join)


@FUZZED
@given(body=odd_bytes, start=st.sampled_from([b"", b"--" + BOUNDARY, b"--" + BOUNDARY + b"\r\n" + DISPOSITION]))
def test_forms_of_odd_pieces_are_read_or_refused(body: bytes, start: bytes) -> None:
    with contextlib.suppress(Problem, MatteboxError):
        parse(start + body, FORM_TYPE)


@FUZZED
@given(content_type=odd_text, body=odd_bytes)
def test_content_types_of_odd_pieces_are_read_or_refused(content_type: str, body: bytes) -> None:
    with contextlib.suppress(Problem):
        list(iter_parts(make_buffer().store(body), "multipart/form-data;" + content_type))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server that ends with this file: requests for jobs start its queue, of which a process has one."""
    with TestClient(create_app(Settings(model="fast", workers=1, data=str(tmp_path_factory.mktemp("data"))))) as client:
        yield client


@pytest.mark.parametrize("seed", range(8))
def test_headers_of_odd_pieces_are_answered(client: TestClient, seed: int) -> None:
    """Without Hypothesis, which takes the random numbers of the server's threads for its own."""
    rng = random.Random(seed)
    for _ in range(CASES_PER_SEED):
        names = rng.sample(HEADER_NAMES, rng.randrange(5))
        headers = {name.encode(): pick(rng, HEADER_PIECES, 5).encode("latin-1") for name in names}
        body = b"".join(rng.choices(LINES + PART_PIECES, k=rng.randrange(12)))
        path, method = rng.choice(PATHS), rng.choice(METHODS)
        response = client.request(method, path, headers=headers, content=body)  # type: ignore[arg-type]
        assert response.status_code < 500 or response.status_code == 503, (method, path, headers, response.text)


def pick(rng: random.Random, pieces: Sequence[str], count: int) -> str:
    """Up to so many of the pieces, one after another."""
    return "".join(rng.choices(pieces, k=rng.randrange(1, count + 1)))
