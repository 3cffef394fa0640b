"""The MCP server: JSON lines in both generations, folders, and the official SDK's client where it is installed."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mattebox.mcp import protocol
from mattebox.mcp.folders import AllowedFolders
from mattebox.mcp.handlers import ToolContext
from mattebox.mcp.stdio_server import answer_line

META = {protocol.VERSION_KEY: "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from skimage import data

    (tmp_path / "allowed").mkdir()
    Image.fromarray(data.astronaut()).save(tmp_path / "allowed/photo.jpg", quality=92)
    Image.fromarray(data.astronaut()[:64, :64]).save(tmp_path / "secret.png")
    (tmp_path / "allowed/link.png").symlink_to(tmp_path / "secret.png")
    return tmp_path / "allowed"


def context_of(folder: Path) -> ToolContext:
    return ToolContext(AllowedFolders([folder]))


def ask(folder: Path, method: str, params: dict[str, Any] | None = None, identifier: object = 1) -> Any:
    request = {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params or {}}
    answer = answer_line(json.dumps(request).encode(), context_of(folder))
    assert answer is not None
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", identifier)
    return answer.get("result") or answer.get("error")


def call(folder: Path, name: str, **arguments: object) -> Any:
    return ask(folder, "tools/call", {"name": name, "arguments": arguments})


def text_of(result: Any) -> str:
    return str(result["content"][0]["text"])


def test_both_generations_are_answered(folder: Path) -> None:
    for version, agreed in (("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("1999", "2025-11-25")):
        hello = ask(folder, "initialize", {"protocolVersion": version, "capabilities": {}})
        assert (hello["protocolVersion"], hello["serverInfo"]["name"]) == (agreed, "mattebox")
    assert "resultType" not in ask(folder, "tools/list")
    assert ask(folder, "server/discover", {"_meta": META})["supportedVersions"] == ["2026-07-28"]
    listed = ask(folder, "tools/list", {"_meta": META}, identifier="a")
    assert listed["resultType"] == "complete"
    assert listed["cacheScope"] == "private"
    refused = ask(folder, "tools/list", {"_meta": META | {protocol.VERSION_KEY: "2031-01-01"}})
    assert refused["code"] == -32022
    assert "2026-07-28" in refused["data"]["supported"]
    assert answer_line(b'{"jsonrpc": "2.0", "id": 7, "method": "ping"}', context_of(folder)) == {
        "jsonrpc": "2.0", "id": 7, "result": {}
    }  # fmt: skip


def test_faulty_messages_are_errors_and_end_nothing(folder: Path) -> None:
    context = context_of(folder)
    assert answer_line(b"{", context)["error"]["code"] == protocol.PARSE_ERROR  # type: ignore[index]
    assert answer_line(b"[" * 100_000, context)["error"]["code"] == protocol.INVALID_REQUEST  # type: ignore[index]
    assert answer_line(b"[]", context)["error"]["code"] == protocol.INVALID_REQUEST  # type: ignore[index]
    assert answer_line(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}', context) is None
    assert ask(folder, "resources/list")["code"] == protocol.METHOD_NOT_FOUND
    assert ask(folder, "tools/call", {"name": "rm"})["code"] == protocol.INVALID_PARAMS


def test_tools_have_schemas_of_the_recipe_and_hints(folder: Path) -> None:
    tools = {tool["name"]: tool for tool in ask(folder, "tools/list")["tools"]}
    assert list(tools) == ["cut", "enhance", "upscale", "find", "check", "run_recipe", "say"]
    shadow = tools["cut"]["inputSchema"]["properties"]["shadow"]
    assert "contact" in shadow["enum"]
    assert tools["cut"]["inputSchema"]["properties"]["shadow_opacity"]["maximum"] == 100
    hints = {name: (t["annotations"]["readOnlyHint"], t["annotations"]["destructiveHint"]) for name, t in tools.items()}
    assert hints["find"] == hints["check"] == (True, False)
    assert hints["cut"] == hints["say"] == (False, False)
    assert tools["run_recipe"]["inputSchema"]["properties"]["recipe"]["$defs"]


def test_a_cutout_is_written_and_told_with_a_preview(folder: Path) -> None:
    made = call(folder, "cut", photo="photo.jpg", model="fast", background="white", size="700x600")
    assert not made.get("isError"), text_of(made)
    assert made["structuredContent"]["path"] == "photo-cut.png"
    assert "Confidence of the cutout" in text_of(made)
    with Image.open(folder / "photo-cut.png") as result:
        assert (result.size, result.convert("RGB").getpixel((2, 2))) == ((700, 600), (255, 255, 255))
    preview = made["content"][1]
    with Image.open(io.BytesIO(base64.b64decode(preview["data"]))) as shown:
        assert (preview["mimeType"], max(shown.size)) == ("image/png", 512)
    again = call(folder, "cut", photo="photo.jpg", model="fast")
    assert again["isError"]
    assert "exists already" in text_of(again)


def test_words_and_recipes_are_done(folder: Path) -> None:
    dry = call(folder, "say", request="black and white", photo="photo.jpg", dry_run=True)
    assert dry["structuredContent"]["recipe"]["steps"][0]["saturation"] == -100
    made = call(folder, "say", request="black and whtie, size 100 px", photo="photo.jpg", output="grey.png")
    assert 'was read as "white"' in text_of(made)
    recipe = {"steps": [{"step": "colour", "saturation": -100}, {"step": "frame", "size": "100"}]}
    assert not call(folder, "run_recipe", photo="photo.jpg", recipe=recipe, output="same.png").get("isError")
    assert (folder / "grey.png").read_bytes() == (folder / "same.png").read_bytes()
    asked = call(folder, "say", request="make it pop", photo="photo.jpg")
    assert "white outline" in asked["structuredContent"]["question"]["choices"]
    assert not call(folder, "check", photo="same.png", marketplace="amazon")["structuredContent"]["passed"]


def test_arguments_are_checked_with_a_remedy(folder: Path) -> None:
    for name, arguments, hint in (
        ("cut", {"photo": "photo.jpg", "backgroud": "white"}, "did you mean background"),
        ("cut", {"photo": "photo.jpg", "shadow": "blob"}, "choose cast, contact"),
        ("cut", {}, "needs the argument 'photo'"),
        ("cut", {"photo": 3}, "not text"),
        ("run_recipe", {"photo": "photo.jpg", "recipe": {"steps": [{"step": "fly"}]}}, "not valid"),
        ("say", {"request": "add a hat", "photo": "photo.jpg"}, "hat"),
    ):
        result = call(folder, name, **arguments)  # type: ignore[arg-type]
        assert result["isError"], arguments
        assert hint in text_of(result), text_of(result)


@pytest.mark.parametrize("path", ["../secret.png", "link.png", "/etc/hostname", "a\0b.png", "missing.png"])
def test_no_file_outside_of_the_folders_is_read_or_written(folder: Path, path: str) -> None:
    recipe = {"steps": [{"step": "cut"}, {"step": "background", "paint": path}]}
    for result in (
        call(folder, "cut", photo=path),
        call(folder, "find", photo=path),
        call(folder, "check", photo=path, marketplace="amazon"),
        call(folder, "cut", photo="photo.jpg", background=path, model="fast"),
        call(folder, "say", photo="photo.jpg", request=f'background "{path}"'),
        call(folder, "run_recipe", photo="photo.jpg", recipe=recipe),
        call(folder, "cut", photo="photo.jpg", model="../card.toml"),
    ):
        assert result["isError"], path
    if path != "missing.png":
        assert call(folder, "cut", photo="photo.jpg", output=path)["isError"]
    assert sorted(p.name for p in folder.iterdir()) == ["link.png", "photo.jpg"]


def test_the_command_serves_lines(folder: Path) -> None:
    requests = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]
    lines = "".join(json.dumps(request) + "\n" for request in requests).encode()
    command = [sys.executable, "-W", "error", "-m", "mattebox", "mcp", "--folder", str(folder)]
    done = subprocess.run(command, input=lines, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1, 2]


def test_it_starts_without_numpy_and_networks(folder: Path) -> None:
    code = (
        "import sys; from mattebox.mcp import folders, handlers, stdio_server\n"
        f"context = handlers.ToolContext(folders.AllowedFolders([{str(folder)!r}]))\n"
        'stdio_server.answer_line(b\'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}\', context)\n'
        "assert not {'onnxruntime', 'PIL', 'scipy', 'click'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


CLIENT = """
import asyncio, json, os, sys
from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client

async def main():
    command, folder, mode = sys.argv[1:4]
    arguments = ["-m", "mattebox", "mcp", "--folder", folder]
    server = StdioServerParameters(command=command, args=arguments, env=dict(os.environ))
    async with Client(stdio_client(server), mode=mode) as client:
        tools = (await client.list_tools()).tools
        made = await client.call_tool("cut", {"photo": "photo.jpg", "model": "fast", "output": f"{mode}.png"})
        refused = await client.call_tool("cut", {"photo": "../secret.png"})
        kinds = [content.type for content in made.content]
        print(json.dumps([len(tools), made.is_error, kinds, refused.is_error, made.structured_content["path"]]))

asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_official_client_gets_a_cutout(folder: Path, mode: str) -> None:
    python = os.environ.get("MATTEBOX_TEST_MCP_PYTHON", sys.executable)
    has_sdk = subprocess.run([python, "-c", "import mcp.client.client"], capture_output=True).returncode == 0
    if not has_sdk:
        pytest.skip("no MCP SDK: set MATTEBOX_TEST_MCP_PYTHON to a Python with mcp>=2")
    done = subprocess.run(
        [python, "-c", CLIENT, sys.executable, str(folder), mode], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [7, False, ["text", "image"], True, f"{mode}.png"]
    with Image.open(folder / f"{mode}.png") as made:
        assert made.mode == "RGBA"
        assert made.getchannel("A").getextrema() == (0, 255)
