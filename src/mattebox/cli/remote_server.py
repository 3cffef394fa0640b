"""--server: the photographs are read and the results written here, and done there. In all else the batch is the same.

What only this machine could do is refused, never left out. Knows the client, not HTTP.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mattebox.batch.job import MatteSummary, Outcome, read_input, sha256_hex
from mattebox.batch.plan import BatchJob
from mattebox.client.client import Client, ServerResult
from mattebox.errors import MatteboxError, UsageError
from mattebox.io import atomic_write, header_check
from mattebox.io.reader import read, read_cached
from mattebox.io.writer import check_not_input, output_format
from mattebox.models.store import environment
from mattebox.pipeline.run import check_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Save
from mattebox.types import Box, ImageShape, Picture

API_KEY_VARIABLE = "MATTEBOX_KEY"
MAX_CONCURRENT_UPLOADS = 4  # as many uploads as a server takes at a time
MAX_WAIT_SECONDS = 600.0  # seconds that a busy server is waited for
LOCAL_ONLY_DEFAULTS = {"device": "auto", "threads": None, "metadata": "safe", "keep_hidden": False}
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def open_remote_runner(recipe: Recipe, options: dict[str, Any]) -> tuple[RemoteJobRunner, str]:
    """Work on a server; its address stands where the hashes of weights would. UsageError for what cannot be there."""
    for name, usual in LOCAL_ONLY_DEFAULTS.items():
        if options[name] != usual:
            flag = "--" + name.replace("_", "-")
            raise UsageError(f"{flag} and --server do not go together", f"leave out one; {flag} is for this machine")
    url = options["server"]
    if environment.is_offline() and urlsplit(url).hostname not in LOOPBACK_HOSTS:
        raise UsageError("--server needs the network, and it is forbidden", "leave out --server, or --offline")
    if environment.is_commercial_only():
        raise UsageError("whether a server's models may earn money is not known here", "leave out one of the two")
    recipe, images = bundle_images(recipe)
    client = Client(url, os.environ.get(API_KEY_VARIABLE), max_wait_seconds=MAX_WAIT_SECONDS)
    return RemoteJobRunner(
        client, recipe, images, options["max_pixels"], options["overwrite"], bool(options["report"])
    ), url


def bundle_images(recipe: Recipe) -> tuple[Recipe, dict[str, bytes]]:
    """The recipe with new names for the pictures that it names, and those pictures. UsageError, InputError."""
    named: dict[str, str] = {}

    def album(path: str) -> Picture:
        named.setdefault(path, f"picture-{len(named) + 1}{Path(path).suffix or '.png'}")
        return read_cached(path)

    check_recipe(recipe, album)
    steps = tuple(_rename_paths(step, named) for step in recipe.steps)
    return msgspec.structs.replace(recipe, steps=steps), {new: Path(p).read_bytes() for p, new in named.items()}


def _rename_paths(step: Any, new_names: dict[str, str]) -> Any:
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
    """A picture made elsewhere, as the batch wants to know of it; decoded only where somebody looks at it."""

    server_result: ServerResult
    url: str

    @cached_property
    def picture(self) -> Picture:
        return read(self.server_result.content, name=f"what {self.url} sent")

    @property
    def shape(self) -> ImageShape:
        return self.server_result.height, self.server_result.width

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self.server_result.details["notes"])

    @property
    def matte(self) -> MatteSummary | None:
        made = self.server_result
        if made.confidence is None or made.box is None:
            return None
        left, top, right, bottom = made.box
        return RemoteMatteSummary(made.confidence, bool(made.details["found"]), (left, top, right, bottom))

    @property
    def model(self) -> str | None:
        return self.server_result.details.get("model")

    @property
    def device(self) -> str | None:
        return self.url

    @property
    def seconds(self) -> dict[str, float]:
        return dict(self.server_result.details["seconds"])


@dataclass(frozen=True)
class RemoteMatteSummary:
    """What a server tells of a matte."""

    confidence: float
    found: bool
    box: Box


@dataclass(frozen=True)
class RemoteJobRunner:
    """How every job is done there."""

    client: Client
    recipe: Recipe
    images: dict[str, bytes]
    max_pixels: int
    overwrite: bool
    needs_hashes: bool

    def __call__(self, job: BatchJob) -> Outcome:
        """Do one. Errors of ours become outcomes; all others pass."""
        begun, taken = time.perf_counter(), ""
        try:
            data = read_input(job)
            taken = sha256_hex(data) if self.needs_hashes else ""
            header_check.check_pixel_limit(header_check.read_header(data, job.name), self.max_pixels, job.name)
            made = self.client.run(data, self._recipe_with_format(job), images=self.images)
            self._write_result(job, made)
        except MatteboxError as error:
            told = type(error)(error.problem.replace("the picture", job.name, 1), error.remedy)
            return Outcome(job, error=told, seconds=time.perf_counter() - begun, input_hash=taken)
        written = sha256_hex(made.content) if self.needs_hashes and job.target else ""
        broken = tuple(f"{b['rule']}: {b['measured']} (wanted: {b['wanted']})"
                       for b in made.details.get("check", {}).get("broken", ()) if not b["advice"])  # fmt: skip
        return Outcome(
            job, RemoteJobResult(made, self.client.url), None, time.perf_counter() - begun, taken, written, broken
        )

    def _recipe_with_format(self, job: BatchJob) -> Recipe:
        """The recipe with the format that the result's name asks for."""
        saving = self.recipe.save_step
        if saving.format != "auto":
            return self.recipe
        kind = "png" if job.target is None else output_format(job.target).name
        steps = [step for step in self.recipe.steps if not isinstance(step, Save)]
        return msgspec.structs.replace(self.recipe, steps=(*steps, msgspec.structs.replace(saving, format=kind)))

    def _write_result(self, job: BatchJob, server_result: ServerResult) -> None:
        if job.target is None:
            sys.stdout.buffer.write(server_result.content)
            return
        check_not_input(job.target, () if job.source is None else (job.source,))
        atomic_write.make_folder(job.target.parent)
        server_result.save(job.target, overwrite=self.overwrite or job.is_resumed)
