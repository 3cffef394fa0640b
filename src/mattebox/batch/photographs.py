"""Photographs of a batch's jobs, read again for its pages and sheets."""

from __future__ import annotations

from mattebox.batch.plan import BatchJob
from mattebox.io.reader import read
from mattebox.io.sources import read_item
from mattebox.types import Picture


def read_photograph(job: BatchJob) -> Picture:
    """The photograph of a job, read again. InputError."""
    return read(read_item(job.source, job.member, job.url), name=job.name)
