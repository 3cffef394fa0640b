"""A batch that several processes do together: each picture by one of them, its result written once.

They meet at the output prefix of an object store. A process claims a picture before it works on it; a result that is
there is not made again; results are created, never replaced.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import islice
from typing import TypeVar

import msgspec

from mattebox.batch.job import Outcome
from mattebox.batch.plan import BatchJob
from mattebox.errors import OutputExists, UsageError
from mattebox.io.claim_table import DEFAULT_LEASE_SECONDS, ClaimTable
from mattebox.io.object_store import find_object, read_object, write_object
from mattebox.io.store_address import StoreAddress
from mattebox.io.store_listing import OWN_FOLDER

T = TypeVar("T")

SHUFFLED_ENTRIES = 1000  # among which processes start at different pictures
MAX_AGREEMENT_BYTES = 1 << 16
POLL_SECONDS = 0.5  # between looks at pictures that others work on


class JobState(Enum):
    """What became of a job that has no outcome of its own."""

    DONE_BEFORE = "done before"
    IN_PROGRESS = "in progress elsewhere"


class BatchAgreement(msgspec.Struct, frozen=True):
    """What the processes that share a batch must have in common."""

    recipe: str
    model_sha256: str


class SharedBatch:
    """This process's share of a batch.

    Parameters
    ----------
    output : StoreAddress
        The prefix of all results.
    recipe_hash, model_hash : str
        As in the report.
    lease_seconds : float
        See `ClaimTable`.

    Raises
    ------
    UsageError
        The results there are of another recipe or model.
    """

    def __init__(
        self,
        output: StoreAddress,
        recipe_hash: str,
        model_hash: str,
        lease_seconds: float = DEFAULT_LEASE_SECONDS,
    ) -> None:
        _agree(output.child(f"{OWN_FOLDER}/batch.json"), BatchAgreement(recipe_hash, model_hash))
        owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._claims = ClaimTable(output.child(f"{OWN_FOLDER}/claims/"), owner, lease_seconds)

    def run(self, job: BatchJob, run_job: Callable[[BatchJob], Outcome]) -> Outcome | JobState:
        """Do a job unless it is done, or another process is at it."""
        assert isinstance(job.target, StoreAddress)
        if find_object(job.target) is not None:
            return JobState.DONE_BEFORE
        name = str(job.target)
        if not self._claims.acquire(name):
            return JobState.IN_PROGRESS
        try:
            if find_object(job.target) is not None:  # since the first look
                return JobState.DONE_BEFORE
            outcome = run_job(job)
        finally:
            self._claims.release(name)
        return JobState.DONE_BEFORE if isinstance(outcome.error, OutputExists) else outcome

    def close(self) -> None:
        """Give up all claims."""
        self._claims.close()


def shuffle_in_chunks(entries: Iterable[T]) -> Iterator[T]:
    """The entries, shuffled within chunks, so that processes rarely meet at the same one."""
    iterator = iter(entries)
    generator = random.SystemRandom()
    while chunk := list(islice(iterator, SHUFFLED_ENTRIES)):
        generator.shuffle(chunk)
        yield from chunk


def repeat_until_done(entries: Iterable[T], postponed: list[T]) -> Iterator[Iterable[T]]:
    """The entries, and then again those that were postponed meanwhile, until there are none."""
    yield entries
    while postponed:
        time.sleep(POLL_SECONDS)
        waiting = list(postponed)
        postponed.clear()
        yield waiting


def _agree(address: StoreAddress, agreement: BatchAgreement) -> None:
    try:
        write_object(address, msgspec.json.encode(agreement), overwrite=False)
    except OutputExists:
        content, _ = read_object(address, MAX_AGREEMENT_BYTES)
        if msgspec.json.decode(content, type=BatchAgreement) != agreement:
            raise UsageError(
                f"{address}: the results there are of another recipe or model",
                "give the same options as the other processes, or another output",
            ) from None
