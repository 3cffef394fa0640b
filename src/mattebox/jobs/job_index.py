"""Index of the jobs in a store: who owns each, whether it is finished, and its turn among the waiting ones.

Turns are start-time fair queueing of jobs of equal cost (Goyal, Vin and Cheng 1996): a job's turn follows the last one
of its owner's unfinished jobs, and those that run already. So owners take turns, however many jobs one of them has.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from mattebox.jobs.store import JobStore


@dataclass
class IndexEntry:
    """What is known of a job: `is_stored` once it is written, `is_counted` once it is in its owner's usage."""

    owner: str
    created_at: float
    turn: int
    is_stored: bool = True
    is_finished: bool = False
    is_counted: bool = False


class JobIndex:
    """Entries of all jobs, by id. Several machines may use one store: `refresh` finds what the others did."""

    def __init__(self, store: JobStore) -> None:
        self.store = store
        self._entries: dict[str, IndexEntry] = {}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Read the store's new jobs, and forget those that are erased. Blocks on the disk, without the lock."""
        with self._lock:
            before = {job_id: entry for job_id, entry in self._entries.items() if entry.is_stored}
        job_ids = set(self.store.job_ids())
        found = {job_id: job for job_id in job_ids - before.keys() if (job := self.store.job(job_id)) is not None}
        for job_id, entry in before.items():
            entry.is_finished = entry.is_finished or self.store.finished_at(job_id) is not None
        with self._lock:
            for job_id in before.keys() - job_ids:
                self._entries.pop(job_id, None)
            for job_id, job in found.items():
                is_finished = self.store.finished_at(job_id) is not None
                entry = IndexEntry(job["owner"], job["created"], job.get("turn", 0), is_finished=is_finished)
                self._entries.setdefault(job_id, entry)

    def add(self, job_id: str, owner: str, created_at: float, max_unfinished: int | None) -> IndexEntry | None:
        """The entry of a job that is about to be stored, or that is stored already; None when its owner has too many
        unfinished ones."""
        with self._lock:
            unfinished = [e for e in self._entries.values() if not e.is_finished]
            own_turns = [e.turn for e in unfinished if e.owner == owner]
            if (known := self._entries.get(job_id)) is not None:
                return known
            if max_unfinished is not None and len(own_turns) >= max_unfinished:
                return None
            current_turn = min((e.turn for e in unfinished), default=0)
            turn = max(current_turn, *own_turns, 0) + 1
            self._entries[job_id] = entry = IndexEntry(owner, created_at, turn, is_stored=False)
            return entry

    def discard(self, job_id: str) -> None:
        """Forget a job that is erased, or was not stored after all."""
        with self._lock:
            self._entries.pop(job_id, None)

    def mark_finished(self, job_id: str) -> None:
        """Note that a job has an outcome."""
        with self._lock:
            if job_id in self._entries:
                self._entries[job_id].is_finished = True

    def mark_counted(self, job_id: str) -> None:
        """Note that a job is counted in its owner's usage, which is before it has an outcome."""
        with self._lock:
            if job_id in self._entries:
                self._entries[job_id].is_counted = True

    def uncounted_count(self, owner: str) -> int:
        """How many jobs of an owner may still be counted in its usage."""
        with self._lock:
            entries = [entry for entry in self._entries.values() if entry.owner == owner]
        return sum(not entry.is_finished and not entry.is_counted for entry in entries)

    def newest_ids(self, owner: str, limit: int) -> list[str]:
        """Ids of an owner's newest jobs, newest first."""
        with self._lock:
            own = [(e.created_at, job_id) for job_id, e in self._entries.items() if e.owner == owner]
        return [job_id for _, job_id in sorted(own, reverse=True)[:limit]]
