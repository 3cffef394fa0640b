"""One job, from a file's bytes to a file: read, recipe, write; and what is to be known of it afterwards.

Knows nothing of other jobs but the budget they share.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mattebox._version import __version__
from mattebox.batch.pixel_budget import Budget
from mattebox.batch.plan import Job
from mattebox.batch.tile_checkpoint import Spool
from mattebox.core import cpu_threads
from mattebox.enhancement.tile_sink import Canvas, Canvases
from mattebox.errors import MatteboxError
from mattebox.io import atomic_write, header_check
from mattebox.io.encoding import Hidden
from mattebox.io.reader import read
from mattebox.io.sources import read_bytes, read_item
from mattebox.io.writer import write
from mattebox.models.matte_session import Session
from mattebox.pipeline import marketplace_check, restoration
from mattebox.pipeline.run import Result, run_recipe
from mattebox.recipe.recipe import Recipe, Upscale
from mattebox.types import Box, Picture, Size

PIXELS = 100_000_000  # in hand at a time
FETCHED = 100_000_000  # bytes from one address


class Sure(Protocol):
    """What is kept of a matte: see `types.Matte`."""

    @property
    def confidence(self) -> float: ...
    @property
    def found(self) -> bool: ...
    @property
    def box(self) -> Box: ...


class Finished(Protocol):
    """What is to be known of a picture that was made, here or elsewhere: see `Result`."""

    @property
    def picture(self) -> Picture: ...
    @property
    def size(self) -> Size: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def matte(self) -> Sure | None: ...
    @property
    def model(self) -> str | None: ...
    @property
    def device(self) -> str | None: ...
    @property
    def seconds(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class Outcome:
    """A job done (`result`) or failed (`error`); hashes of the bytes read and written, seconds it took; the rules of
    its marketplace that the written file breaks."""

    job: Job
    result: Finished | None = None
    error: MatteboxError | None = None
    seconds: float = 0.0
    input_hash: str = ""
    output_hash: str = ""
    broken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """How every job is done. `beside` = how many are done at a time; `tell` is the pipeline's."""

    recipe: Recipe
    session: Session | None
    max_pixels: int = 100_000_000
    metadata: Literal["safe", "all", "none"] = "safe"
    overwrite: bool = False
    hidden: Hidden = "zero"
    beside: int = 1
    hashed: bool = False
    tell: Callable[[str, float], None] | None = None
    budget: Budget = field(default_factory=lambda: Budget(PIXELS))

    def __call__(self, job: Job) -> Outcome:
        """Do one. Errors of ours become outcomes; all others pass."""
        begun, taken = time.perf_counter(), ""
        try:
            with cpu_threads.shared(self.beside):
                data = bytes_of(job)
                taken = sha256_of(data) if self.hashed else ""
                result = self._done(job, data, taken)
                made, broken = self._looked_at(job)
        except MatteboxError as error:
            return Outcome(job, error=error, seconds=time.perf_counter() - begun, input_hash=taken)
        return Outcome(job, result, None, time.perf_counter() - begun, taken, made, broken)

    def _looked_at(self, job: Job) -> tuple[str, tuple[str, ...]]:
        """The hash of the written file, and the rules of its marketplace that it breaks, as far as they are wanted."""
        market = self.recipe.saving.check_for
        if job.target is None or not (self.hashed or market != marketplace_check.NONE):
            return "", ()
        data = read_bytes(job.target)
        broken = (
            ()
            if market == marketplace_check.NONE
            else marketplace_check.broken(marketplace_check.held(data, market, str(job.target)))
        )
        return sha256_of(data) if self.hashed else "", broken

    def _done(self, job: Job, data: bytes, taken: str) -> Result:
        found = header_check.sniff(data, job.name)
        header_check.check_size(found, self.max_pixels, job.name)
        height, width = restoration.wanted_size((found.height, found.width), self.recipe)
        with self.budget.hold(max(found.width * found.height, width * height)):
            picture = read(data, max_pixels=self.max_pixels, metadata=self.metadata, name=job.name)
            del data
            if job.target is not None:
                atomic_write.make_folder(job.target.parent)
            with self._kept(job, taken) as canvas:
                result = run_recipe(
                    picture, self.recipe, session=self.session, name=job.name, tell=self.tell, canvas=canvas
                )
                self._written(job, result)
        return result

    def _written(self, job: Job, result: Result) -> None:
        saving = self.recipe.saving
        write(
            result.picture,
            "-" if job.target is None else job.target,
            format=None if saving.format == "auto" else saving.format,
            quality=saving.quality or None,
            most_bytes=saving.most_bytes,
            layers=result.layers,
            overwrite=self.overwrite or job.again,
            inputs=() if job.source is None else (job.source,),
            hidden=self.hidden,
        )

    @contextmanager
    def _kept(self, job: Job, taken: str) -> Iterator[Canvases]:
        """What large results grow on; in batches that can be resumed, tiles of an upscaling outlive a kill."""
        if not taken or job.target is None or self.recipe.find(Upscale) is None:
            yield Canvas
            return
        decisive = [__version__, taken, self.recipe.to_json().decode(), *restoration.weights(self.recipe)]
        if self.session is not None:
            decisive.append(self.session.card.sha256)
        spool = Spool(job.target, sha256_of("\n".join(decisive).encode()), resume=job.again)
        try:
            yield spool.canvas
        except MatteboxError:
            spool.clear()
            raise
        finally:
            spool.close()
        spool.clear()


def bytes_of(job: Job) -> bytes:
    """The photograph's file, from wherever it lies. InputError."""
    if job.address is not None:
        from mattebox.io.url_fetch import Rules, fetch

        return fetch(job.address, Rules(most_bytes=FETCHED))
    return read_item(job.source, job.member)


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
