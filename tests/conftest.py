"""What every test may ask for: real photographs, the shared data where there is any, and the promise of no network."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import skimage.data

from mattebox.models import result_cache
from mattebox.types import Picture

ROOT = Path(__file__).resolve().parent.parent

# The same examples on every run, and no failure because the machine was busy.
hypothesis.settings.register_profile("mattebox", derandomize=True, deadline=None)
hypothesis.settings.load_profile("mattebox")


@pytest.fixture(scope="session")
def astronaut() -> Picture:
    """A person, 512 x 512 (NASA, public domain)."""
    return _photograph("astronaut")


@pytest.fixture(scope="session")
def chelsea() -> Picture:
    """A cat's face filling the frame, 300 x 451 (CC0)."""
    return _photograph("chelsea")


@pytest.fixture(scope="session")
def coffee() -> Picture:
    """A cup from above, 400 x 600 (CC0)."""
    return _photograph("coffee")


@pytest.fixture(scope="session")
def rocket() -> Picture:
    """A rocket on its pad at dusk, 427 x 640 (SpaceX, CC0)."""
    return _photograph("rocket")


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data("data/cutout")`: that path in the `shared` folder beside the checkout; skips where it is absent."""

    def find(path: str) -> Path:
        found = ROOT.parent / "shared" / path
        if not found.exists():
            pytest.skip(f"needs ../shared/{path}, which is not part of the repository")
        return found

    return find


@pytest.fixture(scope="session", autouse=True)
def _nothing_kept() -> None:
    """No test, nor any process that it starts, keeps or uses mattes in this user's folders."""
    os.environ["MATTEBOX_CACHE"] = "0"


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test asked a network is not kept for the next."""
    monkeypatch.setattr(result_cache, "shared_cache", result_cache.ResultCache())


@pytest.fixture(scope="session", autouse=True)
def _offline() -> None:
    """No test reaches beyond this machine: Python itself reports every look-up and connection, and ours fails the test.

    An audit hook sees what any module does, however it imported `socket`; it cannot see into child processes.
    """
    sys.addaudithook(_refuse_network)


def _photograph(name: str) -> Picture:
    rgb = getattr(skimage.data, name)()
    rgb.flags.writeable = False  # shared by all tests of the session
    return Picture(rgb)


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # None: a Unix socket, or one already connected
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if not _local(host):
        pytest.fail(f"{event} to {host}: tests run offline; give the code a fake instead")


def _local(host: object) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False
