"""A Postgres cluster of a test's own, where the machine has the programs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.serving import free_port

USER = "postgres"  # the server refuses to run as root

SEARCH_PATH = os.pathsep.join(
    [os.environ["PATH"], *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)  # Debian's own


def postgres_can_run() -> bool:
    """Whether there is a Postgres, and a user that may run it."""
    if shutil.which("pg_ctl", path=SEARCH_PATH) is None:
        return False
    return os.getuid() != 0 or any(entry.pw_name == USER for entry in pwd.getpwall())


@contextmanager
def start_postgres() -> Iterator[str]:
    """The address of a database in a cluster that is gone afterwards."""
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
