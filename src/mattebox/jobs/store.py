"""Jobs on disk, one folder each: what was asked, the pictures, what came of it; written whole and synced, or not.

    ID/job        who asked, when, for what            sealed; written once
    ID/task       the recipe and the pictures          sealed; gone as soon as there is an outcome
    ID/<sha256>   the result, named by its own bytes   sealed; never changed
    ID/outcome    how it ended                         sealed; written once, and first come stays
    ID/losses     workers and servers lost over it     two counts
    ID/share      what part of it is done              a number, not synced: worth nothing after a crash

A folder appears by one rename and vanishes by one, so that no half of a job is ever seen. Knows nothing of queues.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattebox.errors import MatteboxError, OutputError
from mattebox.io.atomic_write import write_bytes
from mattebox.jobs.encryption import Seal

COMING, GOING = ".coming-", ".going-"
JOB, TASK, OUTCOME, LOSSES, SHARE = "job", "task", "outcome", "losses", "share"


class NoRoom(MatteboxError):
    """The disk does not take a job."""


@dataclass(frozen=True)
class Shelf:
    """All jobs below `root`. NoRoom when the disk does not take what is written; Unsealable for another key's files."""

    root: Path
    seal: Seal

    def prepare(self, machine: str = "local") -> None:
        """Make the folder, and clear away what a crash of that machine left half come, or anyone half gone."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _no_room(error) from error
        for path in self.root.iterdir():
            if path.name.startswith((f"{COMING}{machine}-", GOING)):
                shutil.rmtree(path, ignore_errors=True)

    def add(self, name: str, job: dict[str, Any], task: bytes, machine: str = "local", room: int = 0) -> bool:
        """Put a job on the shelf; False when one of that name is there already, which stays as it is.

        `room` are the bytes that have to be free beside it: a disk full of tasks had none left to finish any.
        """
        try:
            if shutil.disk_usage(self.root).free < len(task) + room and not (self.root / name).exists():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            coming = Path(tempfile.mkdtemp(prefix=f"{COMING}{machine}-", dir=self.root))
        except OSError as error:
            raise _no_room(error) from error
        try:
            for kind, content in ((JOB, json.dumps(job).encode()), (TASK, task)):
                _write_new(coming / kind, self.seal.close(content, f"{name}/{kind}"))
            _sync(coming)
            os.rename(coming, self.root / name)  # fails where there is one: no job's folder is empty
            _sync(self.root)
        except OSError as error:
            if (self.root / name).exists():
                return False
            raise _no_room(error) from error
        finally:
            shutil.rmtree(coming, ignore_errors=True)
        return True

    def job(self, name: str) -> dict[str, Any] | None:
        return self._told(name, JOB)

    def task(self, name: str) -> bytes | None:
        return self._read(name, TASK)

    def outcome(self, name: str) -> dict[str, Any] | None:
        return self._told(name, OUTCOME)

    def result(self, name: str, stored_as: str) -> bytes | None:
        """The bytes of a result; None when it is gone; MatteboxError when the disk has changed it."""
        stored = self._stored(name, stored_as)
        if stored is None:
            return None
        if hashlib.sha256(stored).hexdigest() != stored_as:
            raise MatteboxError("a result on disk is not what was written", "check the disk, and send the job again")
        return self.seal.open(stored, f"{name}/result")

    def finish(self, name: str, outcome: dict[str, Any], body: bytes | None = None) -> bool:
        """Write how a job ended, with its result; False when that is told already, or the job is gone.

        What was sent is cleared away. The result is on disk before the outcome that names it is.
        """
        folder = self.root / name
        told = dict(outcome)
        try:
            if body is not None:
                stored = self.seal.close(body, f"{name}/result")
                told |= {"stored_as": hashlib.sha256(stored).hexdigest(), "sha256": hashlib.sha256(body).hexdigest()}
                self._put(folder / told["stored_as"], stored, overwrite=True)
            self._write(folder / OUTCOME, json.dumps(told).encode(), f"{name}/{OUTCOME}")
        except (FileExistsError, FileNotFoundError):
            self.tidy(name)
            return False
        self.tidy(name)
        return True

    def finished_at(self, name: str) -> float | None:
        """When the outcome was written, in seconds since 1970; None before."""
        try:
            return (self.root / name / OUTCOME).stat().st_mtime
        except FileNotFoundError:
            return None

    def tidy(self, name: str) -> None:
        """Clear away what a finished job needs no more: what was sent, and results that came second."""
        outcome = self.outcome(name)
        if outcome is None:
            return
        kept = {JOB, OUTCOME, LOSSES, outcome.get("stored_as")}
        with contextlib.suppress(FileNotFoundError):
            for path in (self.root / name).iterdir():
                if path.name not in kept:
                    path.unlink(missing_ok=True)

    def losses(self, name: str) -> dict[str, int]:
        """How many workers died over a job, and how many servers: `begun` counts starts whose end nobody saw."""
        losses = {"workers": 0, "begun": 0}
        with contextlib.suppress(OSError, ValueError):
            losses |= json.loads((self.root / name / LOSSES).read_bytes())
        return losses

    def set_losses(self, name: str, losses: dict[str, int]) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._put(self.root / name / LOSSES, json.dumps(losses).encode(), overwrite=True)

    def share(self, name: str) -> float:
        """What part of a running job is done, 0..1."""
        with contextlib.suppress(OSError, ValueError):
            return float((self.root / name / SHARE).read_text())
        return 0.0

    def set_share(self, name: str, share: float) -> None:
        """Of use to who looks, and to nobody else: a full disk or an erased job is no matter."""
        with contextlib.suppress(OSError):
            (self.root / name / SHARE).write_text(f"{share:.3f}")

    def erase(self, name: str) -> bool:
        """Take a job and all its bytes away; False when there is none."""
        going = self.root / f"{GOING}{name}-{os.urandom(4).hex()}"
        try:
            os.rename(self.root / name, going)
        except FileNotFoundError:
            return False
        _sync(self.root)
        shutil.rmtree(going, ignore_errors=True)
        return True

    def names(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return sorted(p.name for p in self.root.iterdir() if p.is_dir() and not p.name.startswith("."))
        return []

    def count(self) -> int:
        """How many there are."""
        with contextlib.suppress(FileNotFoundError):
            return sum(not entry.name.startswith(".") for entry in os.scandir(self.root))
        return 0

    def _write(self, path: Path, content: bytes, about: str) -> None:
        self._put(path, self.seal.close(content, about))

    def _put(self, path: Path, content: bytes, overwrite: bool = False) -> None:
        """`write_bytes`, its errors told apart: FileExistsError, FileNotFoundError (erased meanwhile), NoRoom."""
        try:
            write_bytes(path, content, overwrite=overwrite)
        except OutputError as error:
            cause = error.__cause__ or error.__context__
            if isinstance(cause, FileNotFoundError | FileExistsError):
                raise cause from None
            if path.exists() and not overwrite:
                raise FileExistsError(path.name) from None
            raise _no_room(cause if isinstance(cause, OSError) else OSError(str(error))) from error

    def _told(self, name: str, kind: str) -> dict[str, Any] | None:
        content = self._read(name, kind)
        told: dict[str, Any] | None = None if content is None else json.loads(content)
        return told

    def _read(self, name: str, kind: str) -> bytes | None:
        stored = self._stored(name, kind)
        return None if stored is None else self.seal.open(stored, f"{name}/{kind}")

    def _stored(self, name: str, kind: str) -> bytes | None:
        try:
            return (self.root / name / kind).read_bytes()
        except FileNotFoundError:
            return None


def _no_room(error: OSError) -> NoRoom:
    return NoRoom(f"the jobs' folder does not take it ({error.strerror or error})", "free some space, then go on")


def _write_new(path: Path, content: bytes) -> None:
    """Synced, but for its name; nobody sees the folder yet. OSError."""
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make names in a folder durable, where folders can be synced."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
