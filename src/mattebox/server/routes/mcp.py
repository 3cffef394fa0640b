"""Tools for language-model agents over HTTP: the Model Context Protocol's streamable transport, without streams.

Each message is one POST and its answer is JSON; there is no session, so any replica can answer. Tools run on a worker,
as all that decodes pictures; they see the folders that the server was started with and no others.
https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
"""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter, Request, Response

from mattebox.mcp.folders import AllowedFolders
from mattebox.mcp.handlers import ToolContext
from mattebox.mcp.protocol import HANDSHAKE_VERSIONS, STATELESS_VERSIONS, RpcError, RpcRequest, parse_request
from mattebox.mcp.stdio_server import MAX_LINE_BYTES, answer_line
from mattebox.server.auth import require_caller
from mattebox.server.http.disconnection import run_while_connected
from mattebox.server.http.problems import Problem
from mattebox.server.state import AppState, get_state
from mattebox.server.workers.protocol import AGENT_KEY, WorkerTask
from mattebox.server.workers.task_execution import execute_task

PATH = "/mcp"
JSON_TYPE = "application/json"
VERSION_HEADER = "mcp-protocol-version"
TOOL_METHOD = "tools/call"


def create_mcp_router(folders: AllowedFolders) -> APIRouter:
    """The route for agents, who may use these folders.

    GET and DELETE, which are for streams and sessions, are answered 405 as for any other route without them.
    """
    router = APIRouter()

    @router.post(PATH, include_in_schema=False)
    async def answer_message(request: Request) -> Response:
        state = get_state(request)
        caller = require_caller(state.access, request)
        _check_headers(request)
        line = await _read_message(request)
        message = _find_tool_call(line)
        if message is None:
            answer = await asyncio.to_thread(answer_line, line, ToolContext(folders))
            return Response(status_code=202) if answer is None else _json_response(msgspec.json.encode(answer))
        return _json_response(await _run_tool(request, state, caller, message, line, folders))

    return router


def _check_headers(request: Request) -> None:
    """Problem for a body or an answer that is not JSON, and for a version that we do not speak."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        raise Problem(415, "media_type_unsupported", "the message is not JSON", f"send it as {JSON_TYPE}")
    accepted = request.headers.get("accept", "*/*")
    if not any(kind in accepted for kind in (JSON_TYPE, "application/*", "*/*")):
        raise Problem(400, "bad_request", "answers are JSON", f"accept {JSON_TYPE}")
    version = request.headers.get(VERSION_HEADER)
    if version is not None and version not in (*HANDSHAKE_VERSIONS, *STATELESS_VERSIONS):
        supported = ", ".join((*HANDSHAKE_VERSIONS, *STATELESS_VERSIONS))
        raise Problem(400, "bad_request", f"no version {version[:40]!r} of the protocol", f"use one of {supported}")


async def _read_message(request: Request) -> bytes:
    """The body. Problem for one that is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_LINE_BYTES:
            raise Problem(
                413, "upload_too_large", f"a message has at most {MAX_LINE_BYTES} bytes", "send a shorter one"
            )
    return bytes(body)


def _find_tool_call(line: bytes) -> RpcRequest | None:
    """The message if it is the call of a tool; None for others, faulty ones among them."""
    try:
        message = parse_request(line)
    except RpcError:
        return None
    return message if message.method == TOOL_METHOD and message.id is not None else None


async def _run_tool(
    request: Request, state: AppState, caller: str, message: RpcRequest, line: bytes, folders: AllowedFolders
) -> bytes:
    """The answer to the call of a tool, which counts as a picture. Problem, and MatteboxError of the worker pool."""
    paths = [str(folder) for folder in folders.folders]
    header = {"recipe": {"steps": []}, AGENT_KEY: {"message": line.decode(errors="replace"), "folders": paths}}
    task = WorkerTask(header, (), state.settings.max_pixels)
    with state.quota.reserve_picture(caller):
        response = await run_while_connected(request, execute_task(state.worker_pool, task, caller=caller))
        await state.auditor.record(caller, f"{TOOL_METHOD} {str(message.params.get('name'))[:40]}")
        await asyncio.to_thread(state.usage.add_picture, caller, task.pixels, response.seconds)
    return b"".join([chunk async for chunk in response.body.stream_chunks()])


def _json_response(body: bytes) -> Response:
    return Response(body, media_type=JSON_TYPE)
