"""Batches on a Ray cluster on this machine: the same bytes as here, and a killed worker's picture is done again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mattebox.batch.plan import BatchJob
from mattebox.batch.ray_runner import RayJobRunner, open_cluster
from mattebox.errors import UsageError
from tests.batch.ray_session import ray_options
from tests.cli.conftest import Run
from tests.cli.conftest import photo as photo
from tests.cli.conftest import run as run

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_the_same_bytes_as_here_though_a_worker_is_killed(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray (79 MB) is in no lock")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "tests.batch.ray_session", str(tmp_path)]  # Ray leaves processes to be collected
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=280)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("the same bytes\n")  # before it, Ray says that a worker died


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--on", "spark"), "is no cluster"),
        (("--on", "ray", "--json"), "Ray writes to standard output"),
        (("--on", "ray", "--server", "http://h"), "choose one"),
        (("--on", "ray://head:10001"), "do not see this machine's disk"),
    ],
)
def test_what_cannot_be_is_said(run: Run, photo: Path, words: tuple[str, ...], reason: str) -> None:
    assert reason in run("cut", photo, "-o", "out/", *words).error


def test_without_ray_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(UsageError, match=r"mattebox\[cluster\]"), open_cluster("ray"):
        pass


def test_a_worker_that_is_lost_again_and_again_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class FakeRay:
        class exceptions:  # noqa: N801  as Ray has it
            class RayActorError(Exception):
                pass

        @staticmethod
        def put(value: Any) -> Any:
            return value

        @staticmethod
        def remote(**_: Any) -> Any:
            return lambda _: FakeActor

        @staticmethod
        def get(_: Any) -> Any:
            raise FakeRay.exceptions.RayActorError

    class FakeActor:
        run = type("Method", (), {"remote": staticmethod(lambda job: job)})

        @staticmethod
        def remote(_: Any) -> type[FakeActor]:
            return FakeActor

    monkeypatch.setitem(__import__("sys").modules, "ray", FakeRay)
    outcome = RayJobRunner(ray_options(), 1)(BatchJob(Path("a.jpg"), Path("a.png")))
    assert "lost its worker 4 times" in str(outcome.error)
