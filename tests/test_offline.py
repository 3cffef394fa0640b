"""Nothing leaves this machine: by the guard of conftest, and for every command by a ban of sockets in the kernel."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.cli.command_group import COMMANDS
from mattebox.types import Picture
from tests import network_ban
from tests.video.clips import write_clip

ROOT = Path(__file__).resolve().parents[1]


def test_connecting_outside_fails_the_test() -> None:
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match="192.0.2.1"):
        outside.connect(("192.0.2.1", 80))


def test_datagrams_fail_the_test() -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as outside,
        pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"),
    ):
        outside.sendto(b"x", ("192.0.2.1", 80))


def test_looking_up_a_name_fails_even_where_errors_are_swallowed() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"example\.org"), contextlib.suppress(Exception):
        urllib.request.urlopen("http://example.org/")


def test_this_machine_may_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        client.sendall(b"x")
        with server.accept()[0] as served:
            assert served.recv(1) == b"x"


def test_the_runtime_keeps_no_diary(tmp_path: Path) -> None:
    """onnxruntime's telemetry would lie in the user's home, and be sent."""
    script = "from mattebox.models.matte_session import open_session; open_session('fast', 'cpu', 1).start()"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", script], env=home, check=True, timeout=50)
    assert list(tmp_path.rglob("*")) == []


PICTURE, CLIP, RESULT = "photo.png", "clip.mp4", "cut.png"
COMMAND_LINES: dict[str, list[list[str]]] = {  # of every command, what it does without a network
    "cut": [["cut", PICTURE, "-o", RESULT, "--model", "fast", "--shadow", "contact", "--save-recipe", "recipe.toml"]],
    "enhance": [
        ["enhance", PICTURE, "-o", "better.png", "--restore", "auto", "--style", "glass", "--label", "ai-edited"]
    ],
    "upscale": [["upscale", PICTURE, "-o", "large.png"]],
    "anonymise": [["anonymise", PICTURE, "-o", "safe.png"], ["anonymise", CLIP, "-o", "safe.mp4"]],
    "portrait": [["portrait", PICTURE, "-o", "portrait.jpg"]],
    "depth": [["depth", PICTURE, "-o", "depth.png"]],
    "run": [["run", "recipe.toml", PICTURE, "-o", "again.png"]],
    "say": [["say", "white background, warmer", PICTURE, "-o", "said.png"]],
    "video": [["video", "cut", CLIP, "-o", "cut.webm", "--model", "fast"]],
    "find": [["find", PICTURE, "--model", "fast"]],
    "analyse": [["analyse", PICTURE]],
    "info": [["info", PICTURE]],
    "check": [["check", "--for", "amazon", PICTURE]],
    "verify": [["verify", PICTURE]],
    "recipes": [["recipes"]],
    "serve": [["serve", "--settings"]],  # to serve is to open a socket
    "page": [["page", "--help"]],  # mattebox-page may not be there
    "mcp": [["mcp", "--help"]],  # the same, over standard input, which ends only with its client
    "keys": [["keys", "create", "her", "--file", "keys.json"]],
    "shop": [["shop", "--help"]],  # a shop is elsewhere
    "models": [["models", "list"]],
    "cache": [["cache"]],
    "provenance": [["provenance", "init", "--name", "Her"]],
    "audit": [["audit", "verify", "audit.jsonl"]],
    "doctor": [["doctor"]],
    "completion": [["completion", "bash"]],
    "help": [["help"]],
}
SCRIPT = """
import sys, json
from mattebox.cli.main import main
codes = {{}}
for words in json.loads({lines!r}):
    try:
        main(words)
    except SystemExit as ended:
        codes[" ".join(words)] = ended.code
json.dump(codes, open("codes.json", "w"))
"""


def under_the_ban(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder, in a process that the kernel kills when it opens a network socket."""
    (folder / "script.py").write_text(script)
    environment = os.environ | {
        "MATTEBOX_HOME": str(folder / "home"), "MATTEBOX_AUDIT": "audit.jsonl", "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.network_ban", "script.py"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def test_every_command_is_tried_without_a_network() -> None:
    assert set(COMMAND_LINES) == set(COMMANDS)


@pytest.mark.skipif(not network_ban.is_supported(), reason="seccomp is of Linux")
def test_the_ban_kills_who_opens_a_socket_even_where_errors_are_swallowed(tmp_path: Path) -> None:
    script = "import socket\ntry:\n    socket.socket()\nexcept OSError:\n    pass\nprint('alive')"
    done = under_the_ban(tmp_path, script)
    assert done.returncode == -signal.SIGSYS
    assert "alive" not in done.stdout
    local = "import socket\na, b = socket.socketpair()\na.send(b'x')\nprint(b.recv(1))"
    assert under_the_ban(tmp_path, local).stdout == "b'x'\n"


@pytest.mark.skipif(not network_ban.is_supported(), reason="seccomp is of Linux")
def test_no_command_opens_a_network_socket(tmp_path: Path, astronaut: Picture) -> None:
    small = Image.fromarray(astronaut.rgb).resize((160, 160))
    small.save(tmp_path / PICTURE)
    write_clip(tmp_path / CLIP, [np.asarray(small)] * 3)
    lines = [words for all_words in COMMAND_LINES.values() for words in all_words]
    done = under_the_ban(tmp_path, SCRIPT.format(lines=json.dumps(lines)))
    assert done.returncode == 0, done.stderr[-2000:]
    codes = json.loads((tmp_path / "codes.json").read_text())
    assert {line: code for line, code in codes.items() if code not in (0, 1)} == {}
    assert len(codes) == len(lines)
    assert (tmp_path / "safe.mp4").exists()
