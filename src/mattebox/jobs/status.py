"""Status of a job: its state, progress and outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
FINISHED_STATES = (DONE, FAILED, CANCELLED)


@dataclass(frozen=True)
class JobStatus:
    """A job at one moment.

    Attributes
    ----------
    job_id
        Name of the job.
    state
        queued, running, done, failed or cancelled.
    created_at
        Seconds since 1970.
    attempts
        How often the task was begun.
    outcome
        Metadata of the result or the error of a finished job; else empty.
    webhook_url
        Notified when the job is finished.
    progress
        Completed share, from 0 to 1.
    """

    job_id: str
    state: str
    created_at: float
    attempts: int
    outcome: dict[str, Any]
    webhook_url: str | None
    progress: float = 0.0

    @property
    def is_finished(self) -> bool:
        """Whether the outcome is known and no longer changes."""
        return self.state in FINISHED_STATES
