"""Preparation and execution of tasks: a recipe and its images become a task, a worker of the pool runs it.

Whatever the recipe and the headers of the images show to be wrong is refused before a decoder runs.
"""

from __future__ import annotations

import time
from importlib import import_module

from mattebox.errors import InputMissing, UsageError
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import compact_recipe
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.problems import Problem
from mattebox.server.settings import Settings
from mattebox.server.workers.protocol import WorkerTask
from mattebox.server.workers.task_queue import QueueEntry, TaskClass
from mattebox.server.workers.worker_pool import WorkerLost, WorkerPool, WorkerResponse
from mattebox.types import OnProgress, Picture


def prepare_task(
    settings: Settings,
    recipe: Recipe,
    source: EncodedPicture,
    images: dict[str, EncodedPicture] | None = None,
    max_working_pixels: int | None = None,
    preview_pixels: int | None = None,
    since: str | None = None,
) -> WorkerTask:
    """Validate a recipe and its images, and make a task of them.

    Parameters
    ----------
    settings
        The server's limits and default model.
    recipe
        What to do.
    source
        The encoded picture to process.
    images
        Encoded pictures that the recipe names, by name.
    max_working_pixels
        The source is shrunk to so many pixels first; None for its full size.
    preview_pixels
        The result is shrunk to so many pixels in the end; None for its full size.
    since
        The fingerprint of a preview that the client has, or another text: what differs is enough. None: all of it.

    Raises
    ------
    MatteboxError
        For whatever the recipe or the image headers show to be wrong; only pixels can still be wrong afterwards.
    """
    images = images or {}
    recipe = check_sent_recipe(settings, recipe, images)
    if not len(source):
        raise InputMissing("the picture is empty (0 bytes)", "send the whole file as the form's field `image`")
    pixels = sum(
        picture.count_pixels(settings.max_pixels, name) for name, picture in (("the picture", source), *images.items())
    )
    pixels = max(pixels, _result_pixels(settings, recipe, source, max_working_pixels))
    header = {
        "recipe": compact_recipe(recipe),
        "source": (0, len(source)),
        "images": image_spans(images, len(source)),
        "max_pixels": settings.max_pixels,
        "most_pixels": max_working_pixels,  # stored with jobs, hence not renamed
        "preview_pixels": preview_pixels,
        "since": since,
    }
    return WorkerTask(header, (source.content, *(picture.content for picture in images.values())), pixels)


def check_sent_recipe(settings: Settings, recipe: Recipe, images: dict[str, EncodedPicture]) -> Recipe:
    """The recipe as this server runs it. MatteboxError for what is wrong with it, or with the images it names."""
    recipe = apply_signing_mode(recipe, settings.sign)
    check_models(recipe, settings.model)
    check_recipe_images(recipe, images)
    return recipe


def image_spans(images: dict[str, EncodedPicture], offset: int) -> dict[str, tuple[int, int]]:
    """Where in a frame's body each image lies, one after another from an offset."""
    spans = {}
    for name, picture in images.items():
        spans[name] = (offset, offset + len(picture))
        offset += len(picture)
    return spans


def apply_signing_mode(recipe: Recipe, mode: str) -> Recipe:
    """The recipe, signed where the server always signs. UsageError where it asks for what this server never does."""
    if mode == "always":
        return build_recipe({"sign": True}, recipe)
    if mode == "never" and recipe.save_step.sign == "yes":
        raise UsageError("this server does not sign results", "leave out `sign`, or ask its operator")
    return recipe


async def execute_task(
    worker_pool: WorkerPool,
    task: WorkerTask,
    *,
    caller: str = "",
    arrived_at: float | None = None,
    is_batch: bool = False,
    on_progress: OnProgress | None = None,
) -> WorkerResponse:
    """Execute a task on a worker when its turn comes.

    Parameters
    ----------
    worker_pool
        The workers.
    task
        From `prepare_task`.
    caller
        Whose share of the workers it takes.
    arrived_at
        When the request was complete, on the monotonic clock; the time limit counts from then. None counts from the
        task's turn.
    is_batch
        Nobody waits for it: interactive tasks go first.
    on_progress
        Receives the completed share of the task, from 0 to 1.

    Raises
    ------
    MatteboxError
        ServerBusy, TaskTimeout or WorkerLost.
    Problem
        The worker refused the task.
    """
    task_class = TaskClass(caller, task.pixels, is_batch, task.is_long)
    with worker_pool.tracer.span("picture") as span:
        span.set_attributes(mattebox__pixels=task.pixels)
        async with worker_pool.queue.hold_turn(task_class) as entry:
            end = (arrived_at or time.monotonic()) + (task.timeout or worker_pool.settings.timeout)
            try:
                response = await _run_until(worker_pool, task, on_progress, end, entry)
            except WorkerLost:
                if is_batch:
                    raise  # jobs count their own attempts
                response = await _run_until(worker_pool, task, on_progress, end, entry)  # it may be innocent
        span.set_attributes(
            **{f"mattebox__seconds__{stage}": s for stage, s in response.header.get("seconds", {}).items()}
        )
    if "trace" in response.header:
        fields = {"kind": response.header["kind"], "trace": response.header["trace"]}
        worker_pool.log.log_event("internal error", "error", process="worker", **fields)
    if "code" in response.header:
        raise Problem.from_worker(response.header)
    return response


async def _run_until(
    worker_pool: WorkerPool, task: WorkerTask, on_progress: OnProgress | None, end: float, entry: QueueEntry
) -> WorkerResponse:
    timeout = max(0.0, end - time.monotonic())
    return await worker_pool.run_on_worker(task, on_progress, timeout, entry)


def check_models(recipe: Recipe, default_model: str) -> None:
    """UsageError for a model that is a file: requests may choose known models and the server's own, never files."""
    from mattebox.models.cards.registry import MODEL_PRESETS, RESTORER_PRESETS, UPSCALER_PRESETS, all_cards

    models = (str(getattr(step, field, default_model)) for step in recipe.steps for field in ("model", "finder"))
    for model in models:
        name = model.partition("@")[0]
        if model == default_model:
            continue
        if name not in {*MODEL_PRESETS, *RESTORER_PRESETS, *UPSCALER_PRESETS} and name not in all_cards():
            raise UsageError(f"there is no model {name[:60]!r}", "GET /v1/models tells which there are")


def import_pipeline() -> None:
    """Import what `prepare_task` needs, which would hold up the event loop at the first request."""
    from mattebox.models.cards.registry import all_cards

    import_module("mattebox.pipeline.run")
    all_cards()


def check_recipe_images(recipe: Recipe, images: dict[str, EncodedPicture]) -> None:
    """Check the recipe, and that the pictures it names were sent; none is decoded here. MatteboxError."""
    import numpy as np

    from mattebox.pipeline.recipe_check import check_recipe

    def open_placeholder(name: str) -> Picture:
        if name not in images:
            raise InputMissing(f"{name}: is not among the images sent", "send it with the request")
        return Picture(np.zeros((1, 1, 3), np.uint8))

    check_recipe(recipe, open_placeholder)


def _result_pixels(settings: Settings, recipe: Recipe, source: EncodedPicture, max_working_pixels: int | None) -> int:
    """Pixels of the result. UsageError when there are more than a picture may have."""
    from mattebox.pipeline.recipe_check import max_output_size

    header = source.header
    scale = min(1.0, ((max_working_pixels or settings.max_pixels) / (header.width * header.height)) ** 0.5)
    shape = max(1, int(header.height * scale)), max(1, int(header.width * scale))
    height, width = max_output_size(shape, recipe)
    if height * width > settings.max_pixels:
        raise UsageError(f"the result would have {width} x {height} pixels", f"ask for {settings.max_pixels} or fewer")
    return height * width
