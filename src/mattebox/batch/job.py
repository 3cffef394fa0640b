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
from mattebox.batch.pixel_budget import PixelBudget
from mattebox.batch.plan import BatchJob
from mattebox.batch.tile_checkpoint import TileCheckpoint
from mattebox.core import cpu_threads
from mattebox.enhancement.tile_sink import OpenTileSink, TileSink
from mattebox.errors import MatteboxError
from mattebox.io import atomic_write, header_check
from mattebox.io.encoding import HiddenColours
from mattebox.io.reader import read
from mattebox.io.sources import read_bytes, read_item
from mattebox.io.writer import write
from mattebox.models.matte_session import Session
from mattebox.pipeline import marketplace_check, restoration
from mattebox.pipeline.run import Result, run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Upscale
from mattebox.types import Box, ImageShape, Picture

MAX_PIXELS_IN_USE = 100_000_000  # in hand at a time
MAX_DOWNLOAD_BYTES = 100_000_000  # bytes from one address


class MatteSummary(Protocol):
    """What is kept of a matte: see `types.Matte`."""

    @property
    def confidence(self) -> float: ...
    @property
    def found(self) -> bool: ...
    @property
    def box(self) -> Box: ...


class JobResult(Protocol):
    """What is to be known of a picture that was made, here or elsewhere: see `Result`."""

    @property
    def picture(self) -> Picture: ...
    @property
    def shape(self) -> ImageShape: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def matte(self) -> MatteSummary | None: ...
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

    job: BatchJob
    result: JobResult | None = None
    error: MatteboxError | None = None
    seconds: float = 0.0
    input_hash: str = ""
    output_hash: str = ""
    broken_rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocalJobRunner:
    """How every job is done. `concurrency` = how many are done at a time; `on_progress` is the pipeline's."""

    recipe: Recipe
    session: Session | None
    max_pixels: int = 100_000_000
    metadata: Literal["safe", "all", "none"] = "safe"
    overwrite: bool = False
    hidden: HiddenColours = "zero"
    concurrency: int = 1
    needs_hashes: bool = False
    on_progress: Callable[[str, float], None] | None = None
    budget: PixelBudget = field(default_factory=lambda: PixelBudget(MAX_PIXELS_IN_USE))

    def __call__(self, job: BatchJob) -> Outcome:
        """Do one. Errors of ours become outcomes; all others pass."""
        begun, taken = time.perf_counter(), ""
        try:
            with cpu_threads.share_cpus(self.concurrency):
                data = read_input(job)
                taken = sha256_hex(data) if self.needs_hashes else ""
                result = self._process(job, data, taken)
                made, broken = self._inspect_output(job)
        except MatteboxError as error:
            return Outcome(job, error=error, seconds=time.perf_counter() - begun, input_hash=taken)
        return Outcome(job, result, None, time.perf_counter() - begun, taken, made, broken)

    def _inspect_output(self, job: BatchJob) -> tuple[str, tuple[str, ...]]:
        """The hash of the written file, and the rules of its marketplace that it breaks, as far as they are wanted."""
        market = self.recipe.save_step.check_for
        if job.target is None or not (self.needs_hashes or market != marketplace_check.NO_MARKETPLACE):
            return "", ()
        data = read_bytes(job.target)
        broken = (
            ()
            if market == marketplace_check.NO_MARKETPLACE
            else marketplace_check.broken_rules(marketplace_check.check_listing(data, market, str(job.target)))
        )
        return sha256_hex(data) if self.needs_hashes else "", broken

    def _process(self, job: BatchJob, data: bytes, input_hash: str) -> Result:
        found = header_check.read_header(data, job.name)
        header_check.check_pixel_limit(found, self.max_pixels, job.name)
        height, width = restoration.target_size((found.height, found.width), self.recipe)
        with self.budget.reserve(max(found.width * found.height, width * height)):
            picture = read(data, max_pixels=self.max_pixels, metadata=self.metadata, name=job.name)
            del data
            if job.target is not None:
                atomic_write.make_folder(job.target.parent)
            with self._open_tile_checkpoint(job, input_hash) as canvas:
                result = run_recipe(
                    picture,
                    self.recipe,
                    session=self.session,
                    name=job.name,
                    on_progress=self.on_progress,
                    open_tile_sink=canvas,
                )
                self._write_result(job, result)
        return result

    def _write_result(self, job: BatchJob, result: Result) -> None:
        saving = self.recipe.save_step
        write(
            result.picture,
            "-" if job.target is None else job.target,
            format=None if saving.format == "auto" else saving.format,
            quality=saving.quality or None,
            max_bytes=saving.max_bytes,
            layers=result.layers,
            overwrite=self.overwrite or job.is_resumed,
            inputs=() if job.source is None else (job.source,),
            hidden=self.hidden,
        )

    @contextmanager
    def _open_tile_checkpoint(self, job: BatchJob, input_hash: str) -> Iterator[OpenTileSink]:
        """What large results grow on; in batches that can be resumed, tiles of an upscaling outlive a kill."""
        if not input_hash or job.target is None or self.recipe.find_step(Upscale) is None:
            yield TileSink
            return
        decisive = [__version__, input_hash, self.recipe.to_json().decode(), *restoration.weight_hashes(self.recipe)]
        if self.session is not None:
            decisive.append(self.session.card.sha256)
        spool = TileCheckpoint(job.target, sha256_hex("\n".join(decisive).encode()), resume=job.is_resumed)
        try:
            yield spool.next_tile_sink
        except MatteboxError:
            spool.clear()
            raise
        finally:
            spool.close()
        spool.clear()


def read_input(job: BatchJob) -> bytes:
    """The photograph's file, from wherever it lies. InputError."""
    if job.url is not None:
        from mattebox.io.url_fetch import FetchPolicy, fetch_url

        return fetch_url(job.url, FetchPolicy(max_bytes=MAX_DOWNLOAD_BYTES))
    return read_item(job.source, job.member)


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
