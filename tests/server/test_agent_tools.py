"""Tools for language-model agents over HTTP: keys, hosts, folders, workers, and the official SDK's client."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from mattebox.errors import UsageError
from mattebox.server.app import create_app
from mattebox.server.settings import Settings, load_settings
from tests.serving import start_server

HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from skimage import data

    folder = tmp_path_factory.mktemp("agents") / "allowed"
    folder.mkdir()
    Image.fromarray(data.astronaut()).save(folder / "photo.jpg", quality=92)
    Image.fromarray(data.astronaut()[:64, :64]).save(folder.parent / "secret.png")
    return folder


@pytest.fixture(scope="module")
def agents(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    keys = tmp_path_factory.mktemp("keys") / "keys"
    keys.write_text("a-long-key-of-an-agent\n")
    data = str(tmp_path_factory.mktemp("data"))
    settings = Settings(model="fast", workers=1, timeout=60, data=data, folders=str(folder), keys=str(keys))
    with TestClient(create_app(settings), headers={"x-api-key": "a-long-key-of-an-agent"}) as client:
        yield client


def send(client: TestClient, method: str, params: dict[str, Any] | None = None, **headers: str) -> Any:
    message = {"jsonrpc": "2.0", "id": 3, "method": method, "params": params or {}}
    return client.post("/mcp", json=message, headers=HEADERS | headers)


def test_tools_are_listed_and_run_on_a_worker(agents: TestClient, folder: Path) -> None:
    hello = send(agents, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {}}).json()
    assert hello["result"]["serverInfo"]["name"] == "mattebox"
    assert len(send(agents, "tools/list").json()["result"]["tools"]) == 7
    call = {
        "name": "say",
        "arguments": {"photo": "photo.jpg", "request": "white background, 200 px", "output": "w.png"},
    }
    made = send(agents, "tools/call", call).json()
    assert (made["id"], made["result"].get("isError")) == (3, None)
    with Image.open(folder / "w.png") as written:
        assert (max(written.size), written.convert("RGB").getpixel((1, 1))) == (200, (255, 255, 255))
    with Image.open(io.BytesIO(base64.b64decode(made["result"]["content"][1]["data"]))) as preview:
        assert max(preview.size) == 200
    assert agents.get("/v1/usage").json()["usage"][0]["pictures"] == 1


@pytest.mark.parametrize("path", ["../secret.png", "/etc/hostname"])
def test_no_other_folder_is_reached(agents: TestClient, path: str) -> None:
    refused = send(agents, "tools/call", {"name": "cut", "arguments": {"photo": path}}).json()["result"]
    assert refused["isError"]
    assert "outside of the allowed folders" in refused["content"][0]["text"]


def test_keys_hosts_and_origins_are_checked(agents: TestClient) -> None:
    assert send(agents, "ping", **{"x-api-key": "another"}).status_code == 401
    assert send(agents, "ping", origin="https://evil.example").status_code == 403
    assert send(agents, "ping").json()["result"] == {}


def test_what_is_no_message_is_refused(agents: TestClient) -> None:
    assert agents.get("/mcp").status_code == 405
    assert agents.delete("/mcp").status_code == 405
    assert agents.post("/mcp", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert send(agents, "ping", accept="image/png").status_code == 400
    assert send(agents, "ping", **{"mcp-protocol-version": "1999-01-01"}).status_code == 400
    json_type = {"content-type": "application/json"}
    assert agents.post("/mcp", content=b"[" * 5_000_000, headers=json_type).status_code == 413
    assert agents.post("/mcp", content=b"{", headers=json_type).json()["error"]["code"] == -32700
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert agents.post("/mcp", json=notification, headers=HEADERS).status_code == 202


def test_there_is_no_such_route_without_folders(client: TestClient) -> None:
    assert send(client, "ping").status_code == 404


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        load_settings({"MATTEBOX_SERVER_FOLDERS": str(tmp_path / "missing")})


CLIENT = """
import asyncio, json, sys
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

async def main():
    async with Client(streamable_http_client(sys.argv[1]), mode=sys.argv[2]) as client:
        tools = (await client.list_tools()).tools
        made = await client.call_tool("cut", {"photo": "photo.jpg", "model": "fast", "output": f"{sys.argv[2]}.png"})
        refused = await client.call_tool("cut", {"photo": "../secret.png"})
        kinds = [content.type for content in made.content]
        print(json.dumps([len(tools), made.is_error, kinds, refused.is_error, made.structured_content["path"]]))

asyncio.run(main())
"""


def test_the_official_client_gets_a_cutout(folder: Path, tmp_path: Path) -> None:
    python = os.environ.get("MATTEBOX_TEST_MCP_PYTHON", sys.executable)
    has_sdk = subprocess.run([python, "-c", "import mcp.client.client"], capture_output=True).returncode == 0
    if not has_sdk:
        pytest.skip("no MCP SDK: set MATTEBOX_TEST_MCP_PYTHON to a Python with mcp>=2")
    with start_server(tmp_path, FOLDERS=str(folder)) as address:
        for mode in ("auto", "legacy"):
            arguments = [python, "-c", CLIENT, f"{address}/mcp", mode]
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout) == [7, False, ["text", "image"], True, f"{mode}.png"]
            assert (folder / f"{mode}.png").is_file()
