"""Attacks on a server: hostile files and requests, floods, slow connections, addresses that never answer. Those on HTTP
itself are in `protocol_attacks`, those by the values of fields in `value_attacks`.

Each attack is one round of one client, which is repeated until the end. What must not happen is recorded: a status that
the contract does not allow, or a refusal without a reason.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.serving.hostile_files import broken_picture, encode, hostile_file, hostile_json, mutate
from benchmarks.serving.server_process import CUTOUT_PATH, Response, send_request

PICTURE_PATHS = ("/v1/cutouts", "/v1/enhancements", "/v1/recipes:run", "/v1.0/removebg")
EXPECTED_SERVER_ERRORS = {503, 507}
FLOOD_REQUESTS = 20
MAX_ROUND_SECONDS = 60.0


@dataclass
class AttackContext:
    """What an attack needs to know, and where it counts its responses.

    Attributes
    ----------
    port
        The server's port on loopback.
    key
        The API key of the attackers.
    silent_url
        An address that accepts connections and never answers.
    file_bytes
        Size of the largest files.
    """

    port: int
    key: str
    silent_url: str
    file_bytes: int
    stop: threading.Event = field(default_factory=threading.Event)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response | None:
        """Send a request and check its response; None when the server closes the connection."""
        own_headers = {"X-API-Key": self.key, **(headers or {})}
        try:
            response = send_request(self.port, method, path, body, own_headers, MAX_ROUND_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            self.statuses[type(error).__name__] += 1
            return None
        self.statuses[str(response.status)] += 1
        self._check(method, path, response)
        return response

    def open_connection(self) -> socket.socket:
        """A connection to the server."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def request_head(self, content_type: str = "image/jpeg") -> bytes:
        """The start of an upload, up to its length."""
        lines = (f"POST {CUTOUT_PATH} HTTP/1.1", "Host: 127.0.0.1", f"X-API-Key: {self.key}",
                 f"Content-Type: {content_type}", "")  # fmt: skip
        return "\r\n".join(lines).encode()

    def _check(self, method: str, path: str, response: Response) -> None:
        """Record a server error other than those with a reason, and a refusal without one."""
        if response.status < 500:
            return
        is_explained = b'"code"' in response.body
        if response.status not in EXPECTED_SERVER_ERRORS or not is_explained:
            self.faults[f"{method} {path[:60]}: {response.status} {response.body[:160]!r}"] += 1


Attack = Callable[[AttackContext, random.Random], None]


def send_hostile_file(context: AttackContext, rng: random.Random) -> None:
    content = hostile_file(rng, context.file_bytes)
    context.send("POST", rng.choice(PICTURE_PATHS), content, {"Content-Type": "application/octet-stream"})


def send_broken_picture(context: AttackContext, rng: random.Random) -> None:
    content = broken_picture(rng)
    context.send("POST", rng.choice(PICTURE_PATHS), content, {"Content-Type": "application/octet-stream"})


def send_hostile_json(context: AttackContext, rng: random.Random) -> None:
    content = hostile_json(rng, context.file_bytes // 2)
    content = mutate(rng, content) if rng.random() < 0.3 else content
    context.send("POST", rng.choice(PICTURE_PATHS), content, {"Content-Type": "application/json"})


def send_odd_request(context: AttackContext, rng: random.Random) -> None:
    """Fields, names and headers that make no sense."""
    odd = rng.choice(("x" * 300, "x" * 9000, "..%2f..%2f", "%00", "-1", "1e999", "[", "\\", "%F0%9F%98%80", "nan"))
    path = rng.choice(
        (f"/v1/jobs/{odd}", f"/v1/jobs/{odd}/result", f"/v1/cutouts?model={odd}", f"/v1/cutouts?crop={odd}",
         f"/v1/cutouts?background={odd}&image_url={odd}", f"/v1.0/removebg?bg_color={odd}&size={odd}",
         f"/v1/enhancements?upscale={odd}", f"/v1/cutouts?hook_url={odd}", f"/{odd}")
    )  # fmt: skip
    headers = rng.choice(
        ({}, {"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Prefer": "respond-async"},
         {"Sec-Fetch-Site": "cross-site"}, {"Idempotency-Key": "x" * 300}, {"X-API-Key": "\xff"},
         {"Content-Type": "multipart/form-data"}, {"Content-Type": "text/plain"}, {"Accept": "\x7f" * 99})
    )  # fmt: skip
    body = encode(rng, "jpeg", 64) if rng.random() < 0.5 else rng.randbytes(100)
    context.send(rng.choice(("GET", "POST", "DELETE", "HEAD", "PUT")), path, body, headers)


def flood_with_pictures(context: AttackContext, rng: random.Random) -> None:
    """Many small pictures at once."""
    picture = encode(rng, "jpeg", 256)
    threads = [
        threading.Thread(target=context.send, args=("POST", CUTOUT_PATH, picture, {"Content-Type": "image/jpeg"}))
        for _ in range(FLOOD_REQUESTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def abandon_upscaling(context: AttackContext, rng: random.Random) -> None:
    """Send a picture that takes long, and go."""
    picture = encode(rng, "jpeg", 1000)
    head = context.request_head().replace(CUTOUT_PATH.encode(), b"/v1/enhancements?upscale=4x")
    with context.open_connection() as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(picture) + picture)
        context.stop.wait(rng.uniform(0, 2))


def ask_for_silent_address(context: AttackContext, rng: random.Random) -> None:
    body = json.dumps({"image_url": context.silent_url}).encode()
    context.send("POST", "/v1/cutouts", body, {"Content-Type": "application/json"})


def submit_jobs(context: AttackContext, rng: random.Random) -> None:
    """Jobs with a web hook that never answers; some are cancelled, erased, or asked for at once."""
    headers = {"Content-Type": "image/jpeg", "Prefer": "respond-async"}
    path = f"{CUTOUT_PATH}&hook_url={context.silent_url}"
    response = context.send("POST", path, encode(rng, "jpeg", 200), headers)
    if response is None or response.status != 202:
        context.stop.wait(1)
        return
    job = f"/v1/jobs/{json.loads(response.body)['id']}"
    method, path = rng.choice(
        (("POST", f"{job}:cancel"), ("DELETE", job), ("GET", f"{job}/result"), ("GET", "/v1/jobs"))
    )
    context.send(method, path)


def stay_silent(context: AttackContext, rng: random.Random) -> None:
    with context.open_connection() as connection:
        connection.sendall(b"POST /v1/cutouts HTTP/1.1\r\nHo")
        read_until_stopped(connection, context.stop)


def drip_upload(context: AttackContext, rng: random.Random) -> None:
    with context.open_connection() as connection:
        connection.sendall(context.request_head() + b"Content-Length: 20000000\r\n\r\n\xff\xd8\xff\xfe")
        while not context.stop.wait(1):
            connection.sendall(bytes(1000))


def hold_back_last_byte(context: AttackContext, rng: random.Random) -> None:
    with context.open_connection() as connection:
        size = context.file_bytes
        connection.sendall(context.request_head() + b"Content-Length: %d\r\n\r\n\xff\xd8\xff\xfe" % size)
        connection.sendall(bytes(size - 5))
        read_until_stopped(connection, context.stop)


def send_endless_chunks(context: AttackContext, rng: random.Random) -> None:
    with context.open_connection() as connection:
        connection.sendall(context.request_head() + b"Transfer-Encoding: chunked\r\n\r\n")
        while not context.stop.is_set():
            connection.sendall(b"40000\r\n" + bytes(0x40000) + b"\r\n")


def never_read_responses(context: AttackContext, rng: random.Random) -> None:
    with context.open_connection() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with contextlib.suppress(OSError):
            while not context.stop.is_set():
                connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        context.stop.wait(5)


def read_until_stopped(connection: socket.socket, stop: threading.Event) -> None:
    while not stop.is_set() and connection.recv(1000):
        pass
