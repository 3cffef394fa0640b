"""From a recipe and images to a worker's answer: what is wrong is found before a decoder runs, and room is made first.

Knows the crew and our header check; knows nothing of requests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mattebox.errors import InputMissing, UsageError
from mattebox.io import header
from mattebox.recipe import Recipe
from mattebox.server import problems
from mattebox.server.crew import Crew, Done
from mattebox.server.protocol import LENGTHS, packed
from mattebox.server.settings import Settings


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
    """A recipe to a picture, shrunk to `most_pixels` first, as a task. MatteboxError for what the header tells."""
    others = images or {}
    check_model(recipe)
    if not source:
        raise InputMissing("no picture was sent", "send one as the form's field `image`")
    pixels = 0
    for name, content in (("the picture", source), *others.items()):
        found = header.sniff(content, name)
        header.check_size(found, settings.max_pixels, name)
        pixels += found.width * found.height
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


async def done(crew: Crew, task: Task) -> Done:
    """Have the crew do a task, if there is room. MatteboxError, Problem."""
    async with crew.admitted(task.pixels):
        made = await crew.do(task.told, task.data)
    if "error" in made.told:
        raise problems.told(made.told)
    return made


def check_model(recipe: Recipe) -> None:
    """UsageError when the recipe names a file: requests choose among models, never among the server's files."""
    from mattebox.zoo.registry import PRESETS, cards

    if recipe.cut is None:
        return
    name = recipe.cut.model.partition("@")[0]
    if name not in PRESETS and name not in cards():
        raise UsageError(f"there is no model {name[:60]!r}", f"choose one of: {', '.join([*PRESETS, *cards()])}")


def builtins(recipe: Recipe) -> object:
    import msgspec

    return msgspec.to_builtins(recipe)
