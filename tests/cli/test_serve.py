"""`mattebox serve` before it serves: the address is taken first, and told afterwards."""

from __future__ import annotations

import socket

import pytest

from mattebox.cli.serve import bind_address
from mattebox.errors import UsageError
from tests.cli.conftest import Run


def test_a_port_in_use_is_an_error_before_the_address_is_told(run: Run, tmp_path: object) -> None:
    pytest.importorskip("uvicorn")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = run("serve", "--port", port, "--data", tmp_path)
    assert ran.code == 2
    assert ran.out == ""
    assert f"port {port} of 127.0.0.1 is in use already" in ran.error
    assert "--port" in ran.error
    assert "http://" not in ran.error


def test_a_free_port_is_bound() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with bind_address("127.0.0.1", port) as listener:
        assert listener.getsockname() == ("127.0.0.1", port)
        listener.listen()
        with pytest.raises(UsageError, match="is in use already"):
            bind_address("127.0.0.1", port)


def test_an_unknown_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(UsageError, match="the address nowhere is unknown"):
        bind_address("nowhere", 7100)
