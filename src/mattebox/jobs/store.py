"""Job store: one folder per job on disk, every file written atomically and synced. Tasks and results are written and
read in chunks, however large they are.

    ID/job        owner, time, fingerprint, web hook   encrypted; written once
    ID/task       the recipe and the pictures          encrypted; deleted once there is an outcome
    ID/<sha256>   the result, named by its hash        encrypted; never changed
    ID/outcome    how the job ended                    encrypted; written once, the first one stays
    ID/losses     workers and servers lost over it     two counts
    ID/room       space for the outcome, so that a job can be cancelled, and can fail, on a full disk
    ID/share      progress                             a number, not synced: useless after a crash

A folder appears and disappears by one rename, so that no partial job is ever visible.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattebox.errors import MatteboxError, OutputError
from mattebox.io.atomic_write import write_bytes
from mattebox.jobs.encryption import Cipher
from mattebox.jobs.synced_files import overwrite_and_link, read_chunks, sync_folder, write_synced

INCOMING_PREFIX, DELETING_PREFIX = ".coming-", ".going-"
JOB_FILE, TASK_FILE, OUTCOME_FILE, LOSSES_FILE, PROGRESS_FILE = "job", "task", "outcome", "losses", "share"
ROOM_FILE, ROOM_BYTES = "room", 4096


class StorageFull(MatteboxError):
    """The disk refuses a job."""

    code = "storage_full"


@dataclass(frozen=True)
class JobStore:
    """All jobs below `root`. StorageFull when the disk refuses a file; DecryptionError for files of another key."""

    root: Path
    cipher: Cipher

    def prepare(self, machine: str = "local") -> None:
        """Create the folder, and delete what a crash left: half-added jobs of that machine, half-erased ones of any."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _storage_full_error(error) from error
        for path in self.root.iterdir():
            if path.name.startswith((f"{INCOMING_PREFIX}{machine}-", DELETING_PREFIX)):
                shutil.rmtree(path, ignore_errors=True)

    def add(
        self, job_id: str, job: dict[str, Any], task: Iterable[bytes], machine: str = "local", reserve_bytes: int = 0
    ) -> bool:
        """Store a job; False when one with this id exists, which stays as it is.

        Parameters
        ----------
        job_id
            Its id, and the name of its folder.
        job
            Owner, time, fingerprint and web hook.
        task
            What to do, in chunks.
        machine
            This machine, in the name of the temporary folder.
        reserve_bytes
            Must be free, for the task and its result: a disk full of tasks would have no space to finish any.
        """
        try:
            if shutil.disk_usage(self.root).free < reserve_bytes and not (self.root / job_id).exists():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            incoming = Path(tempfile.mkdtemp(prefix=f"{INCOMING_PREFIX}{machine}-", dir=self.root))
        except OSError as error:
            raise _storage_full_error(error) from error
        try:
            content = self.cipher.encrypt(json.dumps(job).encode(), f"{job_id}/{JOB_FILE}")
            write_synced(incoming / JOB_FILE, [content])
            write_synced(incoming / TASK_FILE, self.cipher.encrypt_stream(task, f"{job_id}/{TASK_FILE}"))
            write_synced(incoming / ROOM_FILE, [bytes(ROOM_BYTES)])
            sync_folder(incoming)
            os.rename(incoming, self.root / job_id)  # fails if it exists, as it is not empty
            sync_folder(self.root)
        except OSError as error:
            if (self.root / job_id).exists():
                return False
            raise _storage_full_error(error) from error
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return True

    def job(self, job_id: str) -> dict[str, Any] | None:
        """Owner, time, fingerprint and web hook; None when there is no such job."""
        return self._read_json(job_id, JOB_FILE)

    def task(self, job_id: str) -> Iterator[bytes] | None:
        """What to do, in chunks; None once the job is finished or erased."""
        stored = read_chunks(self.root / job_id / TASK_FILE)
        return None if stored is None else self.cipher.decrypt_stream(stored, f"{job_id}/{TASK_FILE}")

    def has_task(self, job_id: str) -> bool:
        """Whether the job is neither finished nor erased."""
        return (self.root / job_id / TASK_FILE).exists()

    def outcome(self, job_id: str) -> dict[str, Any] | None:
        """How the job ended; None before."""
        return self._read_json(job_id, OUTCOME_FILE)

    def result(self, job_id: str, stored_as: str) -> Iterator[bytes] | None:
        """The bytes of a result in chunks; None when it is erased. MatteboxError, perhaps after some chunks, when the
        disk has corrupted it."""
        stored = read_chunks(self.root / job_id / stored_as)
        return None if stored is None else self.cipher.decrypt_stream(_verify(stored, stored_as), f"{job_id}/result")

    def finish(self, job_id: str, outcome: dict[str, Any], body: Iterable[bytes] | None = None) -> bool:
        """Store the outcome of a job and its result, and delete the task.

        The result is on disk before the outcome that names it.

        Parameters
        ----------
        job_id
            The job.
        outcome
            How it ended.
        body
            The result, in chunks.

        Returns
        -------
        bool
            False when the job has an outcome already, or is erased.
        """
        folder = self.root / job_id
        outcome = dict(outcome)
        try:
            if body is not None:
                outcome |= self._write_result(job_id, body)
            content = self.cipher.encrypt(json.dumps(outcome).encode(), f"{job_id}/{OUTCOME_FILE}")
            self._write_outcome(folder, content)
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
        """Delete what a finished job no longer needs: the task, and results that came too late."""
        outcome = self.outcome(job_id)
        if outcome is None:
            return
        needed = {JOB_FILE, OUTCOME_FILE, LOSSES_FILE, outcome.get("stored_as")}
        with contextlib.suppress(FileNotFoundError):
            for path in (self.root / job_id).iterdir():
                if path.name not in needed:
                    path.unlink(missing_ok=True)

    def losses(self, job_id: str) -> dict[str, int]:
        """How many workers died over a job, and how many attempts had no known end (`begun`)."""
        losses = {"workers": 0, "begun": 0}
        with contextlib.suppress(OSError, ValueError):
            losses |= json.loads((self.root / job_id / LOSSES_FILE).read_bytes())
        return losses

    def set_losses(self, job_id: str, losses: dict[str, int]) -> None:
        """Store the counts, unless the job is erased."""
        with contextlib.suppress(FileNotFoundError):
            self._write_file(self.root / job_id / LOSSES_FILE, json.dumps(losses).encode(), overwrite=True)

    def progress(self, job_id: str) -> float:
        """Completed share of a running job, from 0 to 1."""
        with contextlib.suppress(OSError, ValueError):
            return float((self.root / job_id / PROGRESS_FILE).read_text())
        return 0.0

    def set_progress(self, job_id: str, progress: float) -> None:
        """Store the completed share. Errors are ignored: it is only for display."""
        with contextlib.suppress(OSError):
            (self.root / job_id / PROGRESS_FILE).write_text(f"{progress:.3f}")

    def erase(self, job_id: str) -> bool:
        """Delete a job with all its bytes; False when there is none."""
        deleting = self.root / f"{DELETING_PREFIX}{job_id}-{os.urandom(4).hex()}"
        try:
            os.rename(self.root / job_id, deleting)
        except FileNotFoundError:
            return False
        sync_folder(self.root)
        shutil.rmtree(deleting, ignore_errors=True)
        return True

    def job_ids(self) -> list[str]:
        """The ids of all jobs."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(p.name for p in self.root.iterdir() if p.is_dir() and not p.name.startswith("."))
        return []

    def count(self) -> int:
        """The number of jobs."""
        with contextlib.suppress(FileNotFoundError):
            return sum(not entry.name.startswith(".") for entry in os.scandir(self.root))
        return 0

    def _write_result(self, job_id: str, body: Iterable[bytes]) -> dict[str, str]:
        """Write a result; the hashes of its content and of the stored file, which is its name. FileNotFoundError
        (erased or finished meanwhile), StorageFull."""
        incoming = self.root / job_id / f"{INCOMING_PREFIX}{os.urandom(4).hex()}"
        content_hash, stored_hash = hashlib.sha256(), hashlib.sha256()
        stored = self.cipher.encrypt_stream(_update_hash(content_hash, body), f"{job_id}/result")
        try:
            write_synced(incoming, _update_hash(stored_hash, stored))
            os.replace(incoming, incoming.with_name(stored_hash.hexdigest()))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _storage_full_error(error) from error
        finally:
            incoming.unlink(missing_ok=True)
        return {"stored_as": stored_hash.hexdigest(), "sha256": content_hash.hexdigest()}

    def _write_outcome(self, folder: Path, content: bytes) -> None:
        """Write the outcome atomically; on a full disk, into the room that was kept for it."""
        try:
            self._write_file(folder / OUTCOME_FILE, content)
        except StorageFull as full:
            if len(content) > ROOM_BYTES:
                raise
            try:
                overwrite_and_link(folder / ROOM_FILE, content, folder / OUTCOME_FILE)
            except FileExistsError:
                raise
            except OSError:
                if not folder.exists():
                    raise FileNotFoundError(folder.name) from None
                raise full from None

    def _write_file(self, path: Path, content: bytes, overwrite: bool = False) -> None:
        """Write a file atomically. FileExistsError, FileNotFoundError (erased meanwhile), StorageFull."""
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
        try:
            stored = (self.root / job_id / kind).read_bytes()
        except FileNotFoundError:
            return None
        fields: dict[str, Any] = json.loads(self.cipher.decrypt(stored, f"{job_id}/{kind}"))
        return fields


def _update_hash(digest: hashlib._Hash, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks, each added to a hash."""
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def _verify(chunks: Iterable[bytes], sha256: str) -> Iterator[bytes]:
    """The chunks. MatteboxError after the last one when they do not have this hash."""
    digest = hashlib.sha256()
    yield from _update_hash(digest, chunks)
    if digest.hexdigest() != sha256:
        raise MatteboxError("a result on disk is not what was written", "check the disk, and send the job again")


def _storage_full_error(error: OSError) -> StorageFull:
    return StorageFull(f"the jobs' folder does not take it ({error.strerror or error})", "free some space, then go on")
