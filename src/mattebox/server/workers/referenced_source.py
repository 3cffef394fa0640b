"""Tasks whose source is named instead of sent: an object in a location of the operator's, or an address that a shop
told. It is fetched when the task runs, so that neither the request nor the job holds it.
"""

from __future__ import annotations

from dataclasses import replace

from mattebox.io.url_fetch import fetch_url
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import compact_recipe, parse_recipe
from mattebox.server.clip_preparation import insert_clip
from mattebox.server.content_buffer import ContentBuffer
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.locations import Locations
from mattebox.server.settings import Settings
from mattebox.server.workers.protocol import CLIP_KEY, DEPTH_KEY, OUTPUT_KEY, REFERENCE_KEY, WorkerTask
from mattebox.server.workers.task_execution import check_sent_recipe, image_spans, prepare_task

KEPT_KEYS = (OUTPUT_KEY, DEPTH_KEY)  # of a picture's task, beside those of its recipe

SourceReference = dict[str, str]
"""What names a source: {"object": "LOCATION/KEY"}, or {"url": "https://..."}."""


def prepare_referenced_task(
    settings: Settings,
    recipe: Recipe,
    reference: SourceReference,
    images: dict[str, EncodedPicture] | None = None,
    preview_pixels: int | None = None,
) -> WorkerTask:
    """Validate a recipe and its images, and make a task of them; parameters and errors as of `prepare_task`."""
    images = images or {}
    recipe = check_sent_recipe(settings, recipe, images)
    pixels = sum(picture.count_pixels(settings.max_pixels, name) for name, picture in images.items())
    header = {
        "recipe": compact_recipe(recipe),
        REFERENCE_KEY: reference,
        "images": image_spans(images, 0),
        "preview_pixels": preview_pixels,
    }
    return WorkerTask(header, tuple(picture.content for picture in images.values()), pixels)


def fetch_source(task: WorkerTask, settings: Settings, locations: Locations, buffer: ContentBuffer) -> WorkerTask:
    """The task with its source in it; itself where it has one. Blocks. MatteboxError, Problem."""
    header = task.header
    if REFERENCE_KEY not in header:
        return task
    reference = header[REFERENCE_KEY]
    if CLIP_KEY in header:
        clip = buffer.store_chunks(locations.read_chunks(reference["object"], settings.max_video))
        return insert_clip(without_reference(task), clip)
    if "object" in reference:
        content = buffer.store_chunks(locations.read_chunks(reference["object"], settings.max_upload))
    else:
        content = buffer.store(fetch_url(reference["url"], settings.fetch_policy()))
    (body,) = task.contents
    images = {name: EncodedPicture(body.part(*span), name) for name, span in header["images"].items()}
    ready = prepare_task(
        settings, parse_recipe(header["recipe"]), EncodedPicture(content), images,
        preview_pixels=header["preview_pixels"],
    )  # fmt: skip
    kept = {key: header[key] for key in KEPT_KEYS if key in header}
    return replace(ready, header=ready.header | kept)


def without_reference(task: WorkerTask) -> WorkerTask:
    """A task whose source need not be fetched any more."""
    return replace(task, header={key: value for key, value in task.header.items() if key != REFERENCE_KEY})
