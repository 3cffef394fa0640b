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
from mattebox.jobs.encryption import Cipher

INCOMING_PREFIX, DELETING_PREFIX = ".coming-", ".going-"
JOB_FILE, TASK_FILE, OUTCOME_FILE, LOSSES_FILE, PROGRESS_FILE = "job", "task", "outcome", "losses", "share"


class StorageFull(MatteboxError):
    """The disk does not take a job."""


@dataclass(frozen=True)
class JobStore:
    """All jobs below `root`. NoRoom when the disk does not take what is written; Unsealable for another key's files."""

    root: Path
    cipher: Cipher

    def prepare(self, machine: str = "local") -> None:
        """Make the folder, and clear away what a crash of that machine left half come, or anyone half gone."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _storage_full_error(error) from error
        for path in self.root.iterdir():
            if path.name.startswith((f"{INCOMING_PREFIX}{machine}-", DELETING_PREFIX)):
                shutil.rmtree(path, ignore_errors=True)

    def add(
        self, job_id: str, job: dict[str, Any], task: bytes, machine: str = "local", reserve_bytes: int = 0
    ) -> bool:
        """Put a job on the shelf; False when one of that name is there already, which stays as it is.

        `reserve_bytes` are the bytes that have to be free beside it: a disk full of tasks had none left to finish any.
        """
        try:
            if shutil.disk_usage(self.root).free < len(task) + reserve_bytes and not (self.root / job_id).exists():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            coming = Path(tempfile.mkdtemp(prefix=f"{INCOMING_PREFIX}{machine}-", dir=self.root))
        except OSError as error:
            raise _storage_full_error(error) from error
        try:
            for kind, content in ((JOB_FILE, json.dumps(job).encode()), (TASK_FILE, task)):
                _write_synced(coming / kind, self.cipher.encrypt(content, f"{job_id}/{kind}"))
            _sync_folder(coming)
            os.rename(coming, self.root / job_id)  # fails where there is one: no job's folder is empty
            _sync_folder(self.root)
        except OSError as error:
            if (self.root / job_id).exists():
                return False
            raise _storage_full_error(error) from error
        finally:
            shutil.rmtree(coming, ignore_errors=True)
        return True

    def job(self, job_id: str) -> dict[str, Any] | None:
        return self._read_json(job_id, JOB_FILE)

    def task(self, job_id: str) -> bytes | None:
        return self._read_decrypted(job_id, TASK_FILE)

    def outcome(self, job_id: str) -> dict[str, Any] | None:
        return self._read_json(job_id, OUTCOME_FILE)

    def result(self, job_id: str, stored_as: str) -> bytes | None:
        """The bytes of a result; None when it is gone; MatteboxError when the disk has changed it."""
        stored = self._read_stored(job_id, stored_as)
        if stored is None:
            return None
        if hashlib.sha256(stored).hexdigest() != stored_as:
            raise MatteboxError("a result on disk is not what was written", "check the disk, and send the job again")
        return self.cipher.decrypt(stored, f"{job_id}/result")

    def finish(self, job_id: str, outcome: dict[str, Any], body: bytes | None = None) -> bool:
        """Write how a job ended, with its result; False when that is told already, or the job is gone.

        What was sent is cleared away. The result is on disk before the outcome that names it is.
        """
        folder = self.root / job_id
        told = dict(outcome)
        try:
            if body is not None:
                stored = self.cipher.encrypt(body, f"{job_id}/result")
                told |= {"stored_as": hashlib.sha256(stored).hexdigest(), "sha256": hashlib.sha256(body).hexdigest()}
                self._write_file(folder / told["stored_as"], stored, overwrite=True)
            self._write_encrypted(folder / OUTCOME_FILE, json.dumps(told).encode(), f"{job_id}/{OUTCOME_FILE}")
        except (FileExistsError, FileNotFoundError):
            self.clean_up_finished(job_id)
            return False
        self.clean_up_finished(job_id)
        return True

    def finished_at(self, job_id: str) -> float | None:
        """When the outcome was written, in seconds since 1970; None before."""
        try:
            return (self.root / job_id / OUTCOME_FILE).stat().st_mtime
        except FileNotFoundError:
            return None

    def clean_up_finished(self, job_id: str) -> None:
        """Clear away what a finished job needs no more: what was sent, and results that came second."""
        outcome = self.outcome(job_id)
        if outcome is None:
            return
        kept = {JOB_FILE, OUTCOME_FILE, LOSSES_FILE, outcome.get("stored_as")}
        with contextlib.suppress(FileNotFoundError):
            for path in (self.root / job_id).iterdir():
                if path.name not in kept:
                    path.unlink(missing_ok=True)

    def losses(self, job_id: str) -> dict[str, int]:
        """How many workers died over a job, and how many servers: `begun` counts starts whose end nobody saw."""
        losses = {"workers": 0, "begun": 0}
        with contextlib.suppress(OSError, ValueError):
            losses |= json.loads((self.root / job_id / LOSSES_FILE).read_bytes())
        return losses

    def set_losses(self, job_id: str, losses: dict[str, int]) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._write_file(self.root / job_id / LOSSES_FILE, json.dumps(losses).encode(), overwrite=True)

    def progress(self, job_id: str) -> float:
        """What part of a running job is done, 0..1."""
        with contextlib.suppress(OSError, ValueError):
            return float((self.root / job_id / PROGRESS_FILE).read_text())
        return 0.0

    def set_progress(self, job_id: str, progress: float) -> None:
        """Of use to who looks, and to nobody else: a full disk or an erased job is no matter."""
        with contextlib.suppress(OSError):
            (self.root / job_id / PROGRESS_FILE).write_text(f"{progress:.3f}")

    def erase(self, job_id: str) -> bool:
        """Take a job and all its bytes away; False when there is none."""
        going = self.root / f"{DELETING_PREFIX}{job_id}-{os.urandom(4).hex()}"
        try:
            os.rename(self.root / job_id, going)
        except FileNotFoundError:
            return False
        _sync_folder(self.root)
        shutil.rmtree(going, ignore_errors=True)
        return True

    def job_ids(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return sorted(p.name for p in self.root.iterdir() if p.is_dir() and not p.name.startswith("."))
        return []

    def count(self) -> int:
        """How many there are."""
        with contextlib.suppress(FileNotFoundError):
            return sum(not entry.name.startswith(".") for entry in os.scandir(self.root))
        return 0

    def _write_encrypted(self, path: Path, content: bytes, associated_data: str) -> None:
        self._write_file(path, self.cipher.encrypt(content, associated_data))

    def _write_file(self, path: Path, content: bytes, overwrite: bool = False) -> None:
        """`write_bytes`, its errors told apart: FileExistsError, FileNotFoundError (erased meanwhile), NoRoom."""
        try:
            write_bytes(path, content, overwrite=overwrite)
        except OutputError as error:
            cause = error.__cause__ or error.__context__
            if isinstance(cause, FileNotFoundError | FileExistsError):
                raise cause from None
            if path.exists() and not overwrite:
                raise FileExistsError(path.name) from None
            raise _storage_full_error(cause if isinstance(cause, OSError) else OSError(str(error))) from error

    def _read_json(self, job_id: str, kind: str) -> dict[str, Any] | None:
        content = self._read_decrypted(job_id, kind)
        told: dict[str, Any] | None = None if content is None else json.loads(content)
        return told

    def _read_decrypted(self, job_id: str, kind: str) -> bytes | None:
        stored = self._read_stored(job_id, kind)
        return None if stored is None else self.cipher.decrypt(stored, f"{job_id}/{kind}")

    def _read_stored(self, job_id: str, kind: str) -> bytes | None:
        try:
            return (self.root / job_id / kind).read_bytes()
        except FileNotFoundError:
            return None


def _storage_full_error(error: OSError) -> StorageFull:
    return StorageFull(f"the jobs' folder does not take it ({error.strerror or error})", "free some space, then go on")


def _write_synced(path: Path, content: bytes) -> None:
    """Synced, but for its name; nobody sees the folder yet. OSError."""
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make names in a folder durable, where folders can be synced."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
