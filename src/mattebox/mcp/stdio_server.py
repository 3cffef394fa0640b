"""The server's loop: one JSON message a line on standard input, its answer on standard output."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from mattebox.mcp.handlers import ToolContext
from mattebox.mcp.protocol import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
    RpcRequest,
    discovery_result,
    finish_result,
    handshake_result,
    parse_request,
    require_version,
)
from mattebox.mcp.tools import call_tool, list_tools

MAX_LINE_BYTES = 4_000_000


def serve_lines(lines: Iterable[bytes], write: Callable[[bytes], None], context: ToolContext) -> None:
    """Answer messages until the lines end.

    Parameters
    ----------
    lines
        Messages, one a line.
    write
        Writes and flushes a line.
    context
        Of the tools.
    """
    for line in lines:
        if line.strip():
            answer = answer_line(line, context)
            if answer is not None:
                write(msgspec.json.encode(answer) + b"\n")


def answer_line(line: bytes, context: ToolContext) -> dict[str, Any] | None:
    """The response to a message; None for notifications and responses."""
    identifier = None
    try:
        if len(line) > MAX_LINE_BYTES:
            raise RpcError(INVALID_REQUEST, f"a message has at most {MAX_LINE_BYTES} bytes")
        request = parse_request(line)
        identifier = request.id
        if identifier is None:
            return None
        require_version(request)
        result = finish_result(request, _answer_request(request, context))
        return {"jsonrpc": "2.0", "id": identifier, "result": result}
    except RpcError as error:
        if identifier is None and error.code not in (PARSE_ERROR, INVALID_REQUEST):
            return None
        return {"jsonrpc": "2.0", "id": identifier, "error": error.to_fields()}
    except Exception as error:  # noqa: BLE001  a fault of ours must not end the server
        traceback.print_exc()
        fault = RpcError(INTERNAL_ERROR, f"internal error ({type(error).__name__})")
        return {"jsonrpc": "2.0", "id": identifier, "error": fault.to_fields()}


def _answer_request(request: RpcRequest, context: ToolContext) -> dict[str, Any]:
    if request.method == "initialize":
        return handshake_result(request)
    if request.method == "server/discover":
        return discovery_result()
    if request.method == "ping":
        return {}
    if request.method == "tools/list":
        return {"tools": [tool.to_fields() for tool in list_tools().values()]}
    if request.method == "tools/call":
        return _call_tool(request, context)
    raise RpcError(METHOD_NOT_FOUND, f"there is no method {request.method}")


def _call_tool(request: RpcRequest, context: ToolContext) -> dict[str, Any]:
    name, arguments = request.params.get("name"), request.params.get("arguments") or {}
    if name not in list_tools() or not isinstance(arguments, dict):
        raise RpcError(INVALID_PARAMS, f"there is no tool {name!r}: {', '.join(list_tools())}")
    return call_tool(str(name), arguments, context)
