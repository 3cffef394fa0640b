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

from mattebox.batch.job import Outcome, Sure, bytes_of, sha256_of
from mattebox.batch.plan import Job
from mattebox.client.client import Client, Made
from mattebox.errors import MatteboxError, UsageError
from mattebox.io import atomic_write, header_check
from mattebox.io.reader import read, read_once
from mattebox.io.writer import format_of, protect
from mattebox.models.store import environment
from mattebox.pipeline.run import check_recipe
from mattebox.recipe.recipe import Recipe, Save
from mattebox.types import Box, Picture, Size

KEY = "MATTEBOX_KEY"
AT_ONCE = 4  # as many uploads as a server takes at a time
PATIENCE = 600.0  # seconds that a busy server is waited for
ONLY_HERE = {"device": "auto", "threads": None, "metadata": "safe", "keep_hidden": False}
NEAR = ("localhost", "127.0.0.1", "::1")


def work(recipe: Recipe, options: dict[str, Any]) -> tuple[Remote, str]:
    """Work on a server; its address stands where the hashes of weights would. UsageError for what cannot be there."""
    for name, usual in ONLY_HERE.items():
        if options[name] != usual:
            flag = "--" + name.replace("_", "-")
            raise UsageError(f"{flag} and --server do not go together", f"leave out one; {flag} is for this machine")
    url = options["server"]
    if environment.offline() and urlsplit(url).hostname not in NEAR:
        raise UsageError("--server needs the network, and it is forbidden", "leave out --server, or --offline")
    if environment.commercial_only():
        raise UsageError("whether a server's models may earn money is not known here", "leave out one of the two")
    recipe, images = sent_along(recipe)
    client = Client(url, os.environ.get(KEY), patience=PATIENCE)
    return Remote(client, recipe, images, options["max_pixels"], options["overwrite"], bool(options["report"])), url


def sent_along(recipe: Recipe) -> tuple[Recipe, dict[str, bytes]]:
    """The recipe with new names for the pictures that it names, and those pictures. UsageError, InputError."""
    named: dict[str, str] = {}

    def album(path: str) -> Picture:
        named.setdefault(path, f"picture-{len(named) + 1}{Path(path).suffix or '.png'}")
        return read_once(path)

    check_recipe(recipe, album)
    steps = tuple(_renamed(step, named) for step in recipe.steps)
    return msgspec.structs.replace(recipe, steps=steps), {new: Path(p).read_bytes() for p, new in named.items()}


def _renamed(step: Any, named: dict[str, str]) -> Any:
    """The step with every path among its fields, or in the brackets at the end of one, replaced."""
    changed = {}
    for name in step.__struct_fields__:
        value = getattr(step, name)
        for path, new in named.items():
            if isinstance(value, str) and (value.strip() == path or value.strip().endswith(f"({path})")):
                changed[name] = value.strip().removesuffix(")").removesuffix(path) + new + ")" * value.endswith(")")
    return msgspec.structs.replace(step, **changed)


@dataclass(frozen=True)
class Far:
    """A picture made elsewhere, as the batch wants to know of it; decoded only where somebody looks at it."""

    made: Made
    url: str

    @cached_property
    def picture(self) -> Picture:
        return read(self.made.content, name=f"what {self.url} sent")

    @property
    def size(self) -> Size:
        return self.made.height, self.made.width

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self.made.told["notes"])

    @property
    def matte(self) -> Sure | None:
        made = self.made
        if made.confidence is None or made.box is None:
            return None
        left, top, right, bottom = made.box
        return Seen(made.confidence, bool(made.told["found"]), (left, top, right, bottom))

    @property
    def model(self) -> str | None:
        return self.made.told.get("model")

    @property
    def device(self) -> str | None:
        return self.url

    @property
    def seconds(self) -> dict[str, float]:
        return dict(self.made.told["seconds"])


@dataclass(frozen=True)
class Seen:
    """What a server tells of a matte."""

    confidence: float
    found: bool
    box: Box


@dataclass(frozen=True)
class Remote:
    """How every job is done there."""

    client: Client
    recipe: Recipe
    images: dict[str, bytes]
    max_pixels: int
    overwrite: bool
    hashed: bool

    def __call__(self, job: Job) -> Outcome:
        """Do one. Errors of ours become outcomes; all others pass."""
        begun, taken = time.perf_counter(), ""
        try:
            data = bytes_of(job)
            taken = sha256_of(data) if self.hashed else ""
            header_check.check_size(header_check.sniff(data, job.name), self.max_pixels, job.name)
            made = self.client.run(data, self._saved_as(job), images=self.images)
            self._written(job, made)
        except MatteboxError as error:
            told = type(error)(error.problem.replace("the picture", job.name, 1), error.remedy)
            return Outcome(job, error=told, seconds=time.perf_counter() - begun, input_hash=taken)
        written = sha256_of(made.content) if self.hashed and job.target else ""
        broken = tuple(f"{b['rule']}: {b['measured']} (wanted: {b['wanted']})"
                       for b in made.told.get("check", {}).get("broken", ()) if not b["advice"])  # fmt: skip
        return Outcome(job, Far(made, self.client.url), None, time.perf_counter() - begun, taken, written, broken)

    def _saved_as(self, job: Job) -> Recipe:
        """The recipe with the format that the result's name asks for."""
        saving = self.recipe.saving
        if saving.format != "auto":
            return self.recipe
        kind = "png" if job.target is None else format_of(job.target).name
        steps = [step for step in self.recipe.steps if not isinstance(step, Save)]
        return msgspec.structs.replace(self.recipe, steps=(*steps, msgspec.structs.replace(saving, format=kind)))

    def _written(self, job: Job, made: Made) -> None:
        if job.target is None:
            sys.stdout.buffer.write(made.content)
            return
        protect(job.target, () if job.source is None else (job.source,))
        atomic_write.make_folder(job.target.parent)
        made.save(job.target, overwrite=self.overwrite or job.again)
