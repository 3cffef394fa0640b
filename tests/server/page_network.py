"""The network in the browser, for the page's tests: whether it is there, and the same network in Python."""

from __future__ import annotations

import pytest

from mattebox.models.matte_session import Session
from mattebox.server.page_files.network import NetworkFiles, load_network
from tests.server.page_visit import CHROMIUM

needs_network = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.skipif(
        load_network() is None,
        reason="mattebox-page is not installed, or its runtime could not be fetched from the npm registry: "
        "pip install --no-deps --no-build-isolation -e mattebox-page",
    ),
]


def page_network() -> NetworkFiles:
    """The network's files, which are there."""
    network = load_network()
    assert network is not None
    return network


def open_page_session() -> Session:
    """The network that the page runs, in Python."""
    return Session.open(page_network().card, "cpu")
