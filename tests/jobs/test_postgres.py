"""The same jobs on Postgres: one setting, another machine, nothing else changed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.manager import JobManager
from mattebox.jobs.queue import JobQueue
from mattebox.jobs.store import JobStore
from tests.jobs.fakes import FakeTaskRunner, wait_until_finished
from tests.serving import free_port

USER = "postgres"  # the server refuses to run as root


SEARCH_PATH = os.pathsep.join(
    [os.environ["PATH"], *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)  # Debian's own


def _postgres_can_run() -> bool:
    if shutil.which("pg_ctl", path=SEARCH_PATH) is None:
        return False
    return os.getuid() != 0 or any(entry.pw_name == USER for entry in pwd.getpwall())


pytestmark = pytest.mark.skipif(not _postgres_can_run(), reason="no Postgres on this machine: apt install postgresql")


@pytest.fixture
def address() -> Iterator[str]:
    """A cluster of its own, gone afterwards."""
    as_user = {"user": USER} if os.getuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="mattebox-postgres-"))
    if as_user:
        shutil.chown(home, USER)
    port = free_port()

    def run(*words: str) -> None:
        words = (str(shutil.which(words[0], path=SEARCH_PATH)), *words[1:])
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=home, timeout=40, **as_user)  # type: ignore[call-overload]

    run("initdb", "-D", str(home / "data"), "-U", "mattebox", "-A", "trust", "--no-sync")
    options = f"-p {port} -k {home} -h 127.0.0.1 -F"
    run("pg_ctl", "-D", str(home / "data"), "-l", str(home / "log"), "-w", "-o", options, "start")
    try:
        yield f"postgresql://mattebox@127.0.0.1:{port}/jobs"
    finally:
        run("pg_ctl", "-D", str(home / "data"), "-m", "immediate", "stop")
        shutil.rmtree(home)


def test_jobs_on_postgres(address: str, tmp_path: Path) -> None:
    for machine in ("one", "two"):
        jobs = JobManager(JobStore(tmp_path / "jobs", PlaintextCipher()), JobQueue(address, machine), FakeTaskRunner())
        jobs.start(4)
        try:
            names = {jobs.submit("me", [b"%d" % i], idempotency_key=str(i)) for i in range(8)}
            assert {wait_until_finished(jobs, name).state for name in names} == {"done"}
            assert len(names) == len(jobs.store.job_ids()) == 8
            assert jobs.erase(names.pop(), "me")
        finally:
            jobs.stop()
    assert list(tmp_path.glob("*.sqlite*")) == []
