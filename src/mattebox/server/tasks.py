"""From a recipe and images to a worker's answer: what is wrong is found before a decoder runs, and room is made first.

Knows the crew and our header check; knows nothing of requests.
"""

from __future__ import annotations

from mattebox.errors import InputMissing, UsageError
from mattebox.io import header
from mattebox.recipe import Recipe
from mattebox.server import problems
from mattebox.server.crew import Crew, Done


async def carried_out(
    crew: Crew, recipe: Recipe, source: bytes, images: dict[str, bytes] | None = None, most_pixels: int | None = None
) -> Done:
    """Have the crew do a recipe to a picture, shrunk to `most_pixels` first. MatteboxError, Problem."""
    settings, others = crew.settings, images or {}
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
    task = {
        "recipe": builtins(recipe),
        "source": (0, len(source)),
        "images": spans,
        "max_pixels": settings.max_pixels,
        "most_pixels": most_pixels,
    }
    async with crew.admitted(pixels):
        done = await crew.do(task, b"".join(data))
    if "error" in done.told:
        raise problems.told(done.told)
    return done


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
