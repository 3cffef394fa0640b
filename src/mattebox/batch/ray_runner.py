"""Runs the jobs of a batch on a Ray cluster: actors hold the networks, and what a lost node had is done again.

Each job runs as it would here: `LocalJobRunner` in an actor's process, with the same recipe, so that results are the
same bytes on the same kind of processor. Pictures do not travel through this process: actors read and write them.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from mattebox.anonymisation.regions import DetectedObject
from mattebox.batch.job import JobResult, LocalJobRunner, Outcome
from mattebox.batch.plan import BatchJob
from mattebox.errors import DeviceError, UsageError
from mattebox.io.pillow_encoder import HiddenColours
from mattebox.io.reader import read
from mattebox.io.sources import read_item, read_url
from mattebox.io.store_address import StoreAddress
from mattebox.recipe.recipe import Recipe
from mattebox.types import Box, ImageShape, Picture

LOCAL_ADDRESS = "ray"  # a cluster on this machine alone, for as long as the batch takes
REMOTE_PREFIX = "ray://"
MAX_ATTEMPTS = 4  # of a job whose actors are lost
CARD_SHARE = 0.5  # of a card for each actor: one decodes while the other computes
START_ATTEMPTS = 3  # of a cluster on this machine: Ray gives it half a minute, which a busy one may not do
LOCAL_OBJECT_STORE_BYTES = 100_000_000  # pictures do not go through it


@dataclass(frozen=True)
class RayOptions:
    """What the actors of a batch share; attributes as of `LocalJobRunner`.

    Attributes
    ----------
    device : str
        As in `open_session`.
    threads : int
        Of each actor's network, and the processors that the cluster reserves for it.
    """

    recipe: Recipe
    device: str
    threads: int
    max_pixels: int
    metadata: Literal["safe", "all", "none"]
    overwrite: bool
    hidden: HiddenColours
    needs_hashes: bool


@dataclass(frozen=True)
class RemoteMatte:
    """What an actor says of a matte."""

    confidence: float
    found: bool
    box: Box


@dataclass(frozen=True)
class RayJobResult:
    """The result of a job on a cluster (`batch.job.JobResult`); its picture is read where it was written."""

    target: Path | StoreAddress
    shape: ImageShape
    notes: tuple[str, ...]
    matte: RemoteMatte | None
    model: str | None
    device: str | None
    seconds: dict[str, float] = field(default_factory=dict)
    objects: tuple[DetectedObject, ...] = ()

    @classmethod
    def of(cls, result: JobResult, target: Path | StoreAddress) -> RayJobResult:
        """The same without pixels."""
        matte = result.matte
        summary = None if matte is None else RemoteMatte(matte.confidence, matte.found, matte.box)
        return cls(
            target, result.shape, result.notes, summary, result.model, result.device, dict(result.seconds),
            result.objects,
        )  # fmt: skip

    @cached_property
    def picture(self) -> Picture:
        target = self.target
        content = read_item(target) if isinstance(target, Path) else read_url(str(target))[0]
        return read(content, name=str(target))


class JobActor:
    """An actor's process: one network, one job at a time."""

    def __init__(self, options: RayOptions) -> None:
        from mattebox.models import matte_session

        network = options.recipe.required_model
        session = matte_session.open_session(network, options.device, options.threads) if network else None
        if session is not None:
            session.start()
        self._run = LocalJobRunner(
            options.recipe, session, options.max_pixels, options.metadata, options.overwrite, options.hidden,
            needs_hashes=options.needs_hashes,
        )  # fmt: skip

    def run(self, job: BatchJob) -> Outcome:
        """Run a job; its outcome without pixels."""
        outcome = self._run(job)
        if outcome.result is None or job.target is None:
            return outcome
        return replace(outcome, result=RayJobResult.of(outcome.result, job.target))


class RayJobRunner:
    """Runs jobs on a cluster, as many at a time as there are actors. Safe for threads."""

    def __init__(self, options: RayOptions, actor_count: int) -> None:
        import ray

        resources: dict[str, Any] = {"num_cpus": options.threads, "max_concurrency": 1}
        if options.device.startswith("cuda"):
            resources["num_gpus"] = CARD_SHARE
        self._ray = ray
        self._options = ray.put(options)
        self._actor_class = ray.remote(**resources)(JobActor)
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(actor_count):
            self._idle.put(self._actor_class.remote(self._options))

    def __call__(self, job: BatchJob) -> Outcome:
        """Run a job; again on another actor where one is lost with its node. DeviceError where none stays."""
        attempt_job = job
        for _ in range(MAX_ATTEMPTS):
            actor = self._idle.get()
            try:
                outcome: Outcome = self._ray.get(actor.run.remote(attempt_job))
            except self._ray.exceptions.RayActorError:
                self._idle.put(self._actor_class.remote(self._options))
                attempt_job = replace(job, is_resumed=True)  # the lost actor may have written the result
            except BaseException:
                self._idle.put(actor)
                raise
            else:
                self._idle.put(actor)
                return replace(outcome, job=job)
        error = DeviceError(f"{job.name}: the cluster lost its worker {MAX_ATTEMPTS} times", "give workers more memory")
        return Outcome(job, error=error)


@contextmanager
def open_cluster(address: str) -> Iterator[None]:
    """A connection to a cluster, or a cluster on this machine. UsageError where Ray is missing or not reached."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError("--on ray needs the package ray", "pip install 'mattebox[cluster]'") from error
    options: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False, "configure_logging": False}
    if address == LOCAL_ADDRESS:
        options |= {
            "address": "local", "include_dashboard": False, "object_store_memory": LOCAL_OBJECT_STORE_BYTES,
        }  # fmt: skip
    else:
        options["address"] = address
    attempts = START_ATTEMPTS if address == LOCAL_ADDRESS else 1
    for attempt in range(1, attempts + 1):
        try:
            ray.init(**options)
            break
        except Exception as error:  # Ray raises bare ones
            ray.shutdown()
            if attempt == attempts:
                raise UsageError(
                    f"{address}: no cluster answers ({error})",
                    "check the address, its ports, and RAY_AUTH_MODE=token where it wants a token",
                ) from error
    try:
        yield
    finally:
        ray.shutdown()


def count_actors(threads: int, device: str) -> int:
    """How many actors the connected cluster has room for."""
    import ray

    resources = ray.cluster_resources()
    count = int(resources.get("CPU", 1)) // threads
    if device.startswith("cuda"):
        count = min(count, int(resources.get("GPU", 0) / CARD_SHARE))
    if count < 1:
        raise DeviceError("the cluster has no room for a worker", "give it nodes, or ask for fewer threads or the cpu")
    return count
