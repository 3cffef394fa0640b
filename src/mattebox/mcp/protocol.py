"""JSON-RPC 2.0 and the messages of the Model Context Protocol, in both of its generations.

Up to 2025-11-25 a client shakes hands (`initialize`); since 2026-07-28 each request carries its version in `_meta`.
https://modelcontextprotocol.io/specification
"""

from __future__ import annotations

from typing import Any

import msgspec

from mattebox._version import __version__

HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
STATELESS_VERSIONS = ("2026-07-28",)
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"  # of `_meta`
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
UNSUPPORTED_VERSION = -32022
LIST_LIFETIME_MS = 3_600_000  # how long clients may keep the list of tools
CAPABILITIES = {"tools": {"listChanged": False}}
SERVER_INFO = {"name": "mattebox", "title": "mattebox", "version": __version__}
INSTRUCTIONS = (
    "Background removal and photo enhancement, on this computer. Photographs are paths in the allowed folders; "
    "results are written beside them and nothing is overwritten. The previews that tools return have real "
    "transparency: a checkerboard is never drawn into a picture. Confidence below 0.6 deserves a look. `say` takes a "
    "request in plain English or German."
)


class RpcError(Exception):
    """An error of the protocol, with its JSON-RPC code."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def to_fields(self) -> dict[str, Any]:
        """The member `error` of a response."""
        fields = {"code": self.code, "message": self.message}
        return fields if self.data is None else {**fields, "data": self.data}


class RpcRequest(msgspec.Struct, frozen=True):
    """A request, or, without an id, a notification."""

    method: str
    id: str | int | None = None
    params: dict[str, Any] = {}
    jsonrpc: str = "2.0"

    @property
    def stateless_version(self) -> str | None:
        """The version that the request carries; None in the generation that shakes hands."""
        meta = self.params.get("_meta")
        version = meta.get(VERSION_KEY) if isinstance(meta, dict) else None
        return version if isinstance(version, str) else None


def parse_request(line: bytes) -> RpcRequest:
    """A request from a line of JSON. RpcError."""
    try:
        return msgspec.json.decode(line, type=RpcRequest)
    except msgspec.ValidationError as error:
        raise RpcError(INVALID_REQUEST, f"not a request: {error}") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, "not JSON") from error


def require_version(request: RpcRequest) -> None:
    """RpcError for a request that carries a version we do not speak."""
    version = request.stateless_version
    if version is not None and version not in STATELESS_VERSIONS:
        supported = [*HANDSHAKE_VERSIONS, *STATELESS_VERSIONS]
        raise RpcError(UNSUPPORTED_VERSION, f"no version {version}", {"supported": supported, "requested": version})


def handshake_result(request: RpcRequest) -> dict[str, Any]:
    """The answer to `initialize`: the client's version where we speak it, else our latest."""
    requested = request.params.get("protocolVersion")
    version = requested if requested in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[-1]
    fields = {"capabilities": CAPABILITIES, "serverInfo": SERVER_INFO, "instructions": INSTRUCTIONS}
    return {"protocolVersion": version, **fields}


def discovery_result() -> dict[str, Any]:
    """The answer to `server/discover`."""
    fields = {"supportedVersions": list(STATELESS_VERSIONS), "capabilities": CAPABILITIES, "instructions": INSTRUCTIONS}
    return {**fields, "_meta": {SERVER_KEY: SERVER_INFO}, **_cache_fields()}


def finish_result(request: RpcRequest, result: dict[str, Any]) -> dict[str, Any]:
    """A result with what the request's generation wants in it besides."""
    if request.stateless_version is None:
        return result
    cache_fields = _cache_fields() if request.method == "tools/list" else {}
    return {**result, **cache_fields, "resultType": "complete"}


def _cache_fields() -> dict[str, Any]:
    return {"ttlMs": LIST_LIFETIME_MS, "cacheScope": "private", "resultType": "complete"}
