"""--server: the jobs of a batch run on a server, over the HTTP client; photographs are read and results written here.

Options that only this machine can follow are refused.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from mattebox.anonymisation.regions import DetectedObject
from mattebox.batch.job import MatteSummary, Outcome, read_input, sha256_hex
from mattebox.batch.plan import BatchJob
from mattebox.cli.batch_options import BatchOptions
from mattebox.client.client import Client
from mattebox.client.results import ServerResult
from mattebox.errors import MatteboxError, UsageError
from mattebox.io import atomic_write, header_check
from mattebox.io.object_store import write_object
from mattebox.io.reader import read, read_cached
from mattebox.io.store_address import StoreAddress
from mattebox.io.writer import check_not_input, output_format
from mattebox.models.store import settings
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import AnyStep, Save
from mattebox.types import Box, ImageShape, Picture

API_KEY_VARIABLE = "MATTEBOX_KEY"
MAX_CONCURRENT_UPLOADS = 4  # as many as a server takes at a time
MAX_WAIT_SECONDS = 600.0  # for a busy server
LOCAL_ONLY_DEFAULTS = {"device": "auto", "threads": None, "metadata": "safe", "keep_hidden": False}
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def open_remote_runner(recipe: Recipe, options: BatchOptions, url: str) -> tuple[RemoteJobRunner, str]:
    """A runner on the server at an address, and that address in place of hashes of weights.

    Raises
    ------
    UsageError
        An option or the environment forbids it.
    InputError
        A picture that the recipe names cannot be read.
    """
    for name, default in LOCAL_ONLY_DEFAULTS.items():
        if getattr(options, name) != default:
            flag = "--" + name.replace("_", "-")
            raise UsageError(f"{flag} and --server do not go together", f"leave out one; {flag} is for this machine")
    if settings.is_offline() and urlsplit(url).hostname not in LOOPBACK_HOSTS:
        raise UsageError("--server needs the network, and it is forbidden", "leave out --server, or --offline")
    if settings.is_commercial_only():
        raise UsageError("the licences of a server's models are not known here", "leave out --server, or --commercial")
    recipe, images = bundle_images(recipe)
    client = Client(url, os.environ.get(API_KEY_VARIABLE), max_wait_seconds=MAX_WAIT_SECONDS)
    runner = RemoteJobRunner(client, recipe, images, options.max_pixels, options.overwrite, bool(options.report))
    return runner, url


def bundle_images(recipe: Recipe) -> tuple[Recipe, dict[str, bytes]]:
    """The recipe with upload names in place of the paths in it, and those pictures by name. UsageError, InputError."""
    names: dict[str, str] = {}

    def open_image(path: str) -> Picture:
        names.setdefault(path, f"picture-{len(names) + 1}{Path(path).suffix or '.png'}")
        return read_cached(path)

    check_recipe(recipe, open_image)
    steps = tuple(_rename_paths(step, names) for step in recipe.steps)
    return msgspec.structs.replace(recipe, steps=steps), {new: Path(p).read_bytes() for p, new in names.items()}


def _rename_paths(step: AnyStep, new_names: dict[str, str]) -> AnyStep:
    """The step with every path among its fields, or in the brackets at the end of one, replaced."""
    changed = {}
    for name in step.__struct_fields__:
        value = getattr(step, name)
        for path, new in new_names.items():
            if isinstance(value, str) and (value.strip() == path or value.strip().endswith(f"({path})")):
                changed[name] = value.strip().removesuffix(")").removesuffix(path) + new + ")" * value.endswith(")")
    return msgspec.structs.replace(step, **changed)


@dataclass(frozen=True)
class RemoteJobResult:
    """The result of a job on a server (`batch.job.JobResult`); decoded when its picture is first used."""

    server_result: ServerResult
    url: str

    @cached_property
    def picture(self) -> Picture:
        return read(self.server_result.content, name=f"the answer of {self.url}")

    @property
    def shape(self) -> ImageShape:
        return self.server_result.height, self.server_result.width

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self.server_result.details["notes"])

    @property
    def matte(self) -> MatteSummary | None:
        result = self.server_result
        if result.confidence is None or result.box is None:
            return None
        left, top, right, bottom = result.box
        return RemoteMatteSummary(result.confidence, bool(result.details["found"]), (left, top, right, bottom))

    @property
    def model(self) -> str | None:
        return self.server_result.details.get("model")

    @property
    def device(self) -> str | None:
        return self.url

    @property
    def seconds(self) -> dict[str, float]:
        return dict(self.server_result.details["seconds"])

    @property
    def objects(self) -> tuple[DetectedObject, ...]:
        return tuple(map(DetectedObject.from_fields, self.server_result.details.get("objects", ())))


@dataclass(frozen=True)
class RemoteMatteSummary:
    """What a server's answer says of a matte."""

    confidence: float
    found: bool
    box: Box


@dataclass(frozen=True)
class RemoteJobRunner:
    """Runs jobs on a server."""

    client: Client
    recipe: Recipe
    images: dict[str, bytes]
    max_pixels: int
    overwrite: bool
    needs_hashes: bool

    def __call__(self, job: BatchJob) -> Outcome:
        """Run one job. A MatteboxError becomes its outcome; other exceptions pass."""
        start, input_hash = time.perf_counter(), ""
        try:
            data, _ = read_input(job)
            input_hash = sha256_hex(data) if self.needs_hashes else ""
            header_check.check_pixel_limit(header_check.read_header(data, job.name), self.max_pixels, job.name)
            result = self.client.run(data, self._recipe_with_format(job), images=self.images)
            self._write_result(job, result)
        except MatteboxError as error:
            named = type(error)(error.problem.replace("the picture", job.name, 1), error.remedy)
            return Outcome(job, error=named, seconds=time.perf_counter() - start, input_hash=input_hash)
        output_hash = sha256_hex(result.content) if self.needs_hashes and job.target else ""
        seconds = time.perf_counter() - start
        job_result = RemoteJobResult(result, self.client.url)
        return Outcome(job, job_result, None, seconds, input_hash, output_hash, _broken_rules(result))

    def _recipe_with_format(self, job: BatchJob) -> Recipe:
        """The recipe with the format of the result's suffix, where it leaves that open."""
        save_step = self.recipe.save_step
        if save_step.format != "auto":
            return self.recipe
        has_suffix = job.target is not None and job.target.suffix
        name = output_format(Path(job.target.name)).name if job.target is not None and has_suffix else "png"
        steps = [step for step in self.recipe.steps if not isinstance(step, Save)]
        return msgspec.structs.replace(self.recipe, steps=(*steps, msgspec.structs.replace(save_step, format=name)))

    def _write_result(self, job: BatchJob, server_result: ServerResult) -> None:
        if job.target is None:
            sys.stdout.buffer.write(server_result.content)
            return
        if isinstance(job.target, StoreAddress):
            write_object(job.target, server_result.content, overwrite=self.overwrite or job.is_resumed)
            return
        check_not_input(job.target, () if job.source is None else (job.source,))
        atomic_write.make_folder(job.target.parent)
        server_result.save(job.target, overwrite=self.overwrite or job.is_resumed)


def _broken_rules(result: ServerResult) -> tuple[str, ...]:
    """The rules of its marketplace that a result breaks, as lines."""
    broken = result.details.get("check", {}).get("broken", ())
    return tuple(f"{b['rule']}: {b['measured']} (wanted: {b['wanted']})" for b in broken if not b["advice"])
