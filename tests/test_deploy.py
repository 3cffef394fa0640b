"""deploy/: what it tells the server are settings that there are; every environment variable of ours is documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
SERVER = "MATTEBOX_SERVER_"


def composed() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    return found


def variables(service: str) -> dict[str, str]:
    """As Compose would give them."""
    given: dict[str, str] = composed()["services"][service]["environment"]
    return {name: re.sub(r"\$\{\w+:\?[^}]*\}", "secret", value) for name, value in given.items()}


def image_variables() -> dict[str, str]:
    return dict(re.findall(r"(MATTEBOX_\w+)=(\S+)", DOCKERFILE))


@pytest.mark.parametrize("service", ["api", "worker"])
def test_the_server_takes_what_compose_tells_it(service: str) -> None:
    from mattebox.server.settings import load_settings

    made = load_settings(image_variables() | variables(service))
    assert (made.host, made.role, made.data) == ("0.0.0.0", service, "/data/server")
    assert made.database == "postgresql://mattebox:secret@postgres/mattebox"
    assert made.machine not in ("local", "hostname")
    assert made.keys == "/run/secrets/keys"


def test_the_image_alone_lets_nobody_in_without_keys() -> None:
    from mattebox.errors import UsageError
    from mattebox.server.settings import load_settings

    with pytest.raises(UsageError, match="without keys"):
        load_settings(image_variables())


def test_the_image_is_not_root_watched_and_pinned() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "--require-hashes" in DOCKERFILE
    assert last.index("USER ") < last.index("ENTRYPOINT")
    assert not re.search(r"^ADD |curl|:latest|apt-get", DOCKERFILE, re.MULTILINE)
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert sent[0] == "*"
    assert {f"!{name}" for line in copied for name in line.split()} <= set(sent)
    assert all((ROOT / name).exists() for line in copied for name in line.split())


def test_containers_may_do_no_more_than_they_need() -> None:
    services = composed()["services"]
    assert set(services) == {"api", "worker", "postgres"}
    for name in ("api", "worker"):
        told = services[name]
        assert told["read_only"]
        assert told["cap_drop"] == ["ALL"]
        assert told["security_opt"] == ["no-new-privileges:true"]
        assert told["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert services["api"]["ports"] == ["127.0.0.1:7100:7100"]
    assert "ports" not in services["postgres"]


def test_every_variable_of_ours_is_documented() -> None:
    """Those of the server are made into a table from its settings; tests/server/test_settings.py holds that."""
    told = "".join((ROOT / "docs" / name).read_text() for name in ("deploy.md", "server.md", "cli.md"))
    named: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        named |= set(re.findall(r"\bMATTEBOX_[A-Z_]+[A-Z]\b", path.read_text()))
    from mattebox.models.store import settings

    named |= {
        settings.HOME_VARIABLE,
        settings.MIRROR_VARIABLE,
        settings.OFFLINE_VARIABLE,
        settings.COMMERCIAL_VARIABLE,
    }
    assert {name for name in named if not re.search(rf"\b{name}\b", told)} == set()
