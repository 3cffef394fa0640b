"""Records each job of a batch in the audit log, wherever it ran."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mattebox.batch.job import Outcome
from mattebox.batch.plan import BatchJob
from mattebox.errors import MatteboxError
from mattebox.io.audit_log import AuditEvent, AuditLog


@dataclass(frozen=True)
class AuditedJobRunner:
    """Runs jobs and appends an entry for each.

    Attributes
    ----------
    run_job : callable
        Runs one job; its outcomes have hashes.
    action : str
        The tags of the recipe's steps.
    actor : str
        Who works.
    audit : AuditLog
        On this machine. A job that cannot be recorded has failed; its result is written all the same.
    """

    run_job: Callable[[BatchJob], Outcome]
    action: str
    actor: str
    audit: AuditLog

    def __call__(self, job: BatchJob) -> Outcome:
        """Run one job. A MatteboxError becomes its outcome."""
        outcome = self.run_job(job)
        code = "ok" if outcome.error is None else outcome.error.code
        try:
            self.audit.append(AuditEvent(self.actor, self.action, code, outcome.input_hash, outcome.output_hash))
        except MatteboxError as error:
            return outcome if outcome.error else replace(outcome, error=error, result=None)
        return outcome
