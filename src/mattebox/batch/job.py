"""Runs one job of a batch, from the file's bytes to the written file, and says what came of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, Literal, Protocol

from mattebox._version import __version__
from mattebox.anonymisation.regions import DetectedObject
from mattebox.batch import store_output
from mattebox.batch.pixel_budget import PixelBudget
from mattebox.batch.plan import BatchJob
from mattebox.batch.store_output import StoredResult
from mattebox.batch.tile_checkpoint import TileCheckpoint
from mattebox.composition.marketplace.rules import NO_MARKETPLACE
from mattebox.core import cpu_threads
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.enhancement.tile_sink import OpenTileSink, TileSink
from mattebox.errors import MatteboxError
from mattebox.io import atomic_write, header_check
from mattebox.io.pillow_encoder import HiddenColours
from mattebox.io.reader import read
from mattebox.io.result_mark import mark_exif
from mattebox.io.sources import read_bytes, read_item, read_url
from mattebox.io.store_address import StoreAddress
from mattebox.io.writer import write
from mattebox.models.matte_session import Session
from mattebox.pipeline import marketplace_check, restoration
from mattebox.pipeline.output_provenance import Origin, needs_source, prepare_output
from mattebox.pipeline.result import Result
from mattebox.pipeline.run import run_recipe
from mattebox.pipeline.save_options import save_options
from mattebox.pipeline.stereo import add_measured_depth
from mattebox.provenance.signing import SigningIdentity
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Upscale
from mattebox.types import Box, ImageShape, Picture

MAX_PIXELS_IN_USE = MAX_INPUT_PIXELS  # of all pictures that are worked on at a time


class MatteSummary(Protocol):
    """A matte without its pixels: see `types.Matte`."""

    @property
    def confidence(self) -> float: ...
    @property
    def found(self) -> bool: ...
    @property
    def box(self) -> Box: ...


class JobResult(Protocol):
    """The result of a job, computed here or on a server: see `pipeline.result.Result`."""

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
    @property
    def objects(self) -> tuple[DetectedObject, ...]: ...


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job.

    Attributes
    ----------
    job : BatchJob
    result : JobResult or None
        Of a job that succeeded.
    error : MatteboxError or None
        Of a job that failed.
    seconds : float
        Duration.
    input_hash, output_hash : str
        SHA-256 of the bytes read and written; empty unless requested.
    broken_rules : tuple of str
        Rules of its marketplace that the written file breaks.
    input_version, output_version : str
        What object stores call the versions read and written; empty for files.
    """

    job: BatchJob
    result: JobResult | None = None
    error: MatteboxError | None = None
    seconds: float = 0.0
    input_hash: str = ""
    output_hash: str = ""
    broken_rules: tuple[str, ...] = ()
    input_version: str = ""
    output_version: str = ""


@dataclass(frozen=True)
class LocalJobRunner:
    """Runs jobs in this process.

    Attributes
    ----------
    recipe : Recipe
        Has passed `check_recipe`. A job may have its own, with the same network.
    session : Session or None
        The open network of the cut; None when the recipe needs none.
    max_pixels : int
        Larger files are refused.
    metadata, overwrite, hidden
        As in `io.reader.read` and `io.writer.write`.
    concurrency : int
        Jobs that run at a time: each takes its share of the CPUs.
    needs_hashes : bool
        Whether outcomes have hashes, and upscaled tiles are checkpointed for a later run.
    on_progress : callable or None
        As in `run_recipe`.
    budget : PixelBudget
        Shared by all jobs.
    identity : SigningIdentity or None
        Who signs, where the recipe says so; None for the one that is kept.
    """

    recipe: Recipe
    session: Session | None
    max_pixels: int = MAX_INPUT_PIXELS
    metadata: Literal["safe", "all", "none"] = "safe"
    overwrite: bool = False
    hidden: HiddenColours = "zero"
    concurrency: int = 1
    needs_hashes: bool = False
    on_progress: Callable[[str, float], None] | None = None
    budget: PixelBudget = field(default_factory=lambda: PixelBudget(MAX_PIXELS_IN_USE))
    identity: SigningIdentity | None = None

    def __call__(self, job: BatchJob) -> Outcome:
        """Run one job. A MatteboxError becomes its outcome; other exceptions are raised."""
        if job.recipe is not None and job.recipe != self.recipe:
            return replace(self, recipe=job.recipe)(job)
        start, input_hash = time.perf_counter(), ""
        try:
            with cpu_threads.share_cpus(self.concurrency):
                if isinstance(job.target, StoreAddress) and not (self.overwrite or job.is_resumed):
                    store_output.check_absent(job.target)
                data, version = read_input(job)
                input_hash = sha256_hex(data) if self.needs_hashes else ""
                result, stored = self._process(job, data, input_hash)
                output_hash, broken_rules = self._inspect_output(job, stored)
        except MatteboxError as error:
            return Outcome(job, error=error, seconds=time.perf_counter() - start, input_hash=input_hash)
        return Outcome(
            job, result, None, time.perf_counter() - start, input_hash, output_hash, broken_rules,
            version, stored.version if stored else "",
        )  # fmt: skip

    def _inspect_output(self, job: BatchJob, stored: StoredResult | None) -> tuple[str, tuple[str, ...]]:
        """The hash of the written file if requested, and the rules of the recipe's marketplace that it breaks."""
        marketplace = self.recipe.save_step.check_for
        is_listing = marketplace != NO_MARKETPLACE
        if (job.target_file is None and stored is None) or not (self.needs_hashes or is_listing):
            return "", ()
        data = stored.content if stored is not None else read_bytes(job.target_file)
        output_hash = sha256_hex(data) if self.needs_hashes else ""
        if not is_listing:
            return output_hash, ()
        report = marketplace_check.check_listing(data, marketplace, str(job.target))
        return output_hash, marketplace_check.broken_rules(report)

    def _process(self, job: BatchJob, data: bytes, input_hash: str) -> tuple[Result, StoredResult | None]:
        header = header_check.read_header(data, job.name)
        header_check.check_pixel_limit(header, self.max_pixels, job.name)
        height, width = restoration.target_shape((header.height, header.width), self.recipe)
        with self.budget.reserve(max(header.width * header.height, width * height)):
            picture = read(data, max_pixels=self.max_pixels, metadata=self.metadata, name=job.name)
            picture = add_measured_depth(picture, data, self.recipe, job.name)
            origin = _describe_origin(job, picture, data if needs_source(self.recipe) else None)
            del data
            if isinstance(job.target, Path):
                atomic_write.make_folder(job.target.parent)
            with self._open_tile_checkpoint(job, input_hash) as open_tile_sink:
                result = run_recipe(
                    picture,
                    self.recipe,
                    session=self.session,
                    name=job.name,
                    on_progress=self.on_progress,
                    open_tile_sink=open_tile_sink,
                    is_checked=True,
                )
                return self._write_result(job, result, origin)

    def _write_result(self, job: BatchJob, result: Result, origin: Origin) -> tuple[Result, StoredResult | None]:
        """Write a result, with the mark by which a later run recognises it, unless it has no metadata at all.

        Returns it with the notes that apply to what was written, and what was written to a store.
        """
        result, sign = prepare_output(
            result,
            self.recipe,
            origin,
            title="picture" if job.target is None else job.target.name,
            now=datetime.now(UTC),
            identity=self.identity,
            has_metadata=self.metadata != "none",
        )
        picture = result.picture
        if self.metadata != "none":
            marked = replace(picture.metadata, exif=mark_exif(picture.metadata.exif))
            picture = replace(picture, metadata=marked)
        overwrite = self.overwrite or job.is_resumed
        options: dict[str, Any] = {
            "layers": result.layers, "hidden": self.hidden, "sign": sign, **save_options(self.recipe.save_step),
        }  # fmt: skip
        if isinstance(job.target, StoreAddress):
            return result, store_output.store_picture(picture, job.target, overwrite=overwrite, **options)
        inputs = () if job.source is None or job.url is not None else (job.source,)
        write(picture, "-" if job.target is None else job.target, overwrite=overwrite, inputs=inputs, **options)
        return result, None

    @contextmanager
    def _open_tile_checkpoint(self, job: BatchJob, input_hash: str) -> Iterator[OpenTileSink]:
        """Makes arrays for upscaled results; where the batch can be resumed, finished tiles are also kept on disk."""
        if not input_hash or job.target_file is None or self.recipe.find_step(Upscale) is None:
            yield TileSink
            return
        key_parts = [__version__, input_hash, self.recipe.to_json().decode(), *restoration.weight_hashes(self.recipe)]
        if self.session is not None:
            key_parts.append(self.session.card.sha256)
        checkpoint = TileCheckpoint(job.target_file, sha256_hex("\n".join(key_parts).encode()), resume=job.is_resumed)
        try:
            yield checkpoint.next_tile_sink
        except MatteboxError:
            checkpoint.clear()
            raise
        finally:
            checkpoint.close()
        checkpoint.clear()


def _describe_origin(job: BatchJob, picture: Picture, content: bytes | None) -> Origin:
    """The photograph for the record of its result; its name without folders or address."""
    name = PurePath(job.member or job.source or "photograph").name
    return Origin("photograph" if name == "-" else name, picture.size, content)


def read_input(job: BatchJob) -> tuple[bytes, str]:
    """The bytes of the photograph's file, ZIP member, object, URL or standard input, and its version in a store.

    Raises InputError.
    """
    return read_url(job.url) if job.url is not None else (read_item(job.source, job.member), "")


def sha256_hex(data: bytes) -> str:
    """SHA-256 of the bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
