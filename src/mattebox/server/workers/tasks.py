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
from mattebox.server.workers.protocol import LENGTHS, packed
from mattebox.server.workers.worker_pool import Crew, Done, Tell


@dataclass(frozen=True)
class Task:
    """What a worker is told, the bytes it needs, and the pixels it will hold."""

    told: dict[str, Any]
    data: bytes
    pixels: int

    def packed(self) -> bytes:
        """As one piece, for a job; `unpacked` takes it apart."""
        return packed({"task": self.told, "pixels": self.pixels}, self.data)


def unpacked(piece: bytes) -> Task:
    head, _ = LENGTHS.unpack_from(piece)
    told = json.loads(piece[LENGTHS.size : LENGTHS.size + head])
    return Task(told["task"], piece[LENGTHS.size + head :], told["pixels"])


def prepared(
    settings: Settings,
    recipe: Recipe,
    source: bytes,
    images: dict[str, bytes] | None = None,
    most_pixels: int | None = None,
) -> Task:
    """A recipe to a picture, shrunk to `most_pixels` first, as a task. MatteboxError for what the recipe or a header
    tells: a job is promised only when no more than its pixels can be wrong."""
    others = images or {}
    check_models(recipe, settings.model)
    _check_recipe(recipe, others)
    if not source:
        raise InputMissing("no picture was sent", "send one as the form's field `image`")
    pixels = 0
    for name, content in (("the picture", source), *others.items()):
        found = header_check.sniff(content, name)
        header_check.check_size(found, settings.max_pixels, name)
        pixels += found.width * found.height
    pixels = max(pixels, _expected(settings, recipe, source, most_pixels))
    data, spans, at = [source], {}, len(source)
    for name, content in others.items():
        spans[name] = (at, at + len(content))
        data.append(content)
        at += len(content)
    told = {
        "recipe": builtins(recipe),
        "source": (0, len(source)),
        "images": spans,
        "max_pixels": settings.max_pixels,
        "most_pixels": most_pixels,
    }
    return Task(told, b"".join(data), pixels)


async def carried_out(
    crew: Crew, recipe: Recipe, source: bytes, images: dict[str, bytes] | None = None, most_pixels: int | None = None
) -> Done:
    """Have the crew do a recipe to a picture now. MatteboxError, Problem."""
    return await done(crew, prepared(crew.settings, recipe, source, images, most_pixels))


async def done(crew: Crew, task: Task, tell: Tell | None = None) -> Done:
    """Have the crew do a task, if there is room; `tell` is told what share of it is done. MatteboxError, Problem."""
    with crew.traces.span("picture") as span:
        span.tell(mattebox__pixels=task.pixels)
        async with crew.admitted(task.pixels):
            made = await crew.do(task.told, task.data, tell)
        span.tell(**{f"mattebox__seconds__{stage}": took for stage, took in made.told.get("seconds", {}).items()})
    if "error" in made.told:
        raise problems.told(made.told)
    return made


def check_models(recipe: Recipe, own: str) -> None:
    """UsageError when the recipe names a file: requests choose among models and the server's own, never among files."""
    from mattebox.models.cards.registry import PRESETS, RESTORERS, UPSCALERS, cards

    asked = (str(getattr(step, field, own)) for step in recipe.steps for field in ("model", "finder"))
    for model in asked:
        name = model.partition("@")[0]
        if model == own:
            continue
        if not {name} & {*PRESETS, *RESTORERS, *UPSCALERS} and name not in cards():
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


def _expected(settings: Settings, recipe: Recipe, source: bytes, most_pixels: int | None) -> int:
    """Pixels of the result. UsageError when they are more than a picture may have."""
    from mattebox.pipeline.run import expected_size

    found = header_check.sniff(source)
    shrunk = min(1.0, ((most_pixels or settings.max_pixels) / (found.width * found.height)) ** 0.5)
    size = max(1, int(found.height * shrunk)), max(1, int(found.width * shrunk))
    height, width = expected_size(size, recipe)
    if height * width > settings.max_pixels:
        raise UsageError(f"the result would have {width} x {height} pixels", f"ask for {settings.max_pixels} or fewer")
    return height * width


def builtins(recipe: Recipe) -> object:
    import msgspec

    return msgspec.to_builtins(recipe)
