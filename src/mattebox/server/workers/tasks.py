"""From a recipe and images to a worker's answer: what is wrong is found before a decoder runs, and room is made first.

Knows the crew and our header check; knows nothing of requests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mattebox.errors import InputMissing, UsageError
from mattebox.io import header_check
from mattebox.recipe.recipe import Recipe
from mattebox.server.http import problems
from mattebox.server.settings import Settings
from mattebox.server.workers.protocol import LENGTH_PREFIX, pack_frame
from mattebox.server.workers.worker_pool import WorkerPool, WorkerResponse
from mattebox.types import OnProgress


@dataclass(frozen=True)
class WorkerTask:
    """What a worker is told, the bytes it needs, and the pixels it will hold."""

    header: dict[str, Any]
    data: bytes
    pixels: int

    def pack(self) -> bytes:
        """As one piece, for a job; `unpacked` takes it apart."""
        return pack_frame({"task": self.header, "pixels": self.pixels}, self.data)


def unpack_task(packed_task: bytes) -> WorkerTask:
    head, _ = LENGTH_PREFIX.unpack_from(packed_task)
    told = json.loads(packed_task[LENGTH_PREFIX.size : LENGTH_PREFIX.size + head])
    return WorkerTask(told["task"], packed_task[LENGTH_PREFIX.size + head :], told["pixels"])


def prepare_task(
    settings: Settings,
    recipe: Recipe,
    source: bytes,
    images: dict[str, bytes] | None = None,
    max_working_pixels: int | None = None,
) -> WorkerTask:
    """A recipe to a picture, shrunk to `max_working_pixels` first, as a task. MatteboxError for what the recipe or a header
    tells: a job is promised only when no more than its pixels can be wrong."""
    others = images or {}
    check_models(recipe, settings.model)
    _check_recipe(recipe, others)
    if not source:
        raise InputMissing("no picture was sent", "send one as the form's field `image`")
    pixels = 0
    for name, content in (("the picture", source), *others.items()):
        found = header_check.read_header(content, name)
        header_check.check_pixel_limit(found, settings.max_pixels, name)
        pixels += found.width * found.height
    pixels = max(pixels, _result_pixels(settings, recipe, source, max_working_pixels))
    data, spans, at = [source], {}, len(source)
    for name, content in others.items():
        spans[name] = (at, at + len(content))
        data.append(content)
        at += len(content)
    told = {
        "recipe": recipe_to_builtins(recipe),
        "source": (0, len(source)),
        "images": spans,
        "max_pixels": settings.max_pixels,
        "most_pixels": max_working_pixels,
    }
    return WorkerTask(told, b"".join(data), pixels)


async def execute_recipe(
    worker_pool: WorkerPool,
    recipe: Recipe,
    source: bytes,
    images: dict[str, bytes] | None = None,
    max_working_pixels: int | None = None,
) -> WorkerResponse:
    """Have the crew do a recipe to a picture now. MatteboxError, Problem."""
    return await execute_task(
        worker_pool, prepare_task(worker_pool.settings, recipe, source, images, max_working_pixels)
    )


async def execute_task(
    worker_pool: WorkerPool, task: WorkerTask, on_progress: OnProgress | None = None
) -> WorkerResponse:
    """Have the crew do a task, if there is room; `on_progress` is told what share of it is done. MatteboxError, Problem."""
    with worker_pool.tracer.span("picture") as span:
        span.set_attributes(mattebox__pixels=task.pixels)
        async with worker_pool.reserve_pixels(task.pixels):
            made = await worker_pool.run_on_worker(task.header, task.data, on_progress)
        span.set_attributes(
            **{f"mattebox__seconds__{stage}": took for stage, took in made.header.get("seconds", {}).items()}
        )
    if "error" in made.header:
        raise problems.problem_from_worker(made.header)
    return made


def check_models(recipe: Recipe, default_model: str) -> None:
    """UsageError when the recipe names a file: requests choose among models and the server's own, never among files."""
    from mattebox.models.cards.registry import MODEL_PRESETS, RESTORER_PRESETS, UPSCALER_PRESETS, all_cards

    asked = (str(getattr(step, field, default_model)) for step in recipe.steps for field in ("model", "finder"))
    for model in asked:
        name = model.partition("@")[0]
        if model == default_model:
            continue
        if not {name} & {*MODEL_PRESETS, *RESTORER_PRESETS, *UPSCALER_PRESETS} and name not in all_cards():
            raise UsageError(f"there is no model {name[:60]!r}", "GET /v1/models tells which there are")


def _check_recipe(recipe: Recipe, images: dict[str, bytes]) -> None:
    """What no picture could mend. Of pictures that the recipe names, only that they were sent: none is decoded here."""
    import numpy as np

    from mattebox.pipeline.run import check_recipe
    from mattebox.types import Picture

    def sent(name: str) -> Picture:
        if name not in images:
            raise InputMissing(f"{name}: is not among the images sent", "send it with the request")
        return Picture(np.zeros((1, 1, 3), np.uint8))

    check_recipe(recipe, sent)


def _result_pixels(settings: Settings, recipe: Recipe, source: bytes, max_working_pixels: int | None) -> int:
    """Pixels of the result. UsageError when they are more than a picture may have."""
    from mattebox.pipeline.run import max_output_size

    found = header_check.read_header(source)
    shrunk = min(1.0, ((max_working_pixels or settings.max_pixels) / (found.width * found.height)) ** 0.5)
    size = max(1, int(found.height * shrunk)), max(1, int(found.width * shrunk))
    height, width = max_output_size(size, recipe)
    if height * width > settings.max_pixels:
        raise UsageError(f"the result would have {width} x {height} pixels", f"ask for {settings.max_pixels} or fewer")
    return height * width


def recipe_to_builtins(recipe: Recipe) -> object:
    import msgspec

    return msgspec.to_builtins(recipe)
