"""The steps and their parameters, declared once. CLI flags, schemas and recipe files derive from these classes.

A recipe is an ordered list of typed, frozen steps; a field's description is the help text everywhere. This file
knows nothing of how a step is done: that is the pipeline's and the rooms' business.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from mattebox.errors import UsageError


class Cut(Struct, frozen=True, tag="cut", tag_field="step", forbid_unknown_fields=True):
    """Cut the subject out of its background."""

    model: Annotated[str, Meta(description="fast, balanced, best, a card's name, or the path of a card")] = "balanced"
    edges: Annotated[
        Literal["refined", "plain"],
        Meta(description="refined follows the photograph's own edges at full size; plain only enlarges the matte"),
    ] = "refined"
    colours: Annotated[
        Literal["clean", "source"],
        Meta(description="clean estimates the subject's own colours along soft edges; source keeps the photograph's"),
    ] = "clean"
    empty: Annotated[
        Literal["refuse", "keep"],
        Meta(description="when no subject is found: refuse is an error, keep takes what little there is"),
    ] = "refuse"
    output: Annotated[Literal["cutout", "matte"], Meta(description="the cutout, or its matte as a grey picture")] = (
        "cutout"
    )


class Background(Struct, frozen=True, tag="background", tag_field="step", forbid_unknown_fields=True):
    """Put something behind the subject."""

    colour: Annotated[
        str, Meta(description="transparent, or a colour: a CSS name, #rgb, #rrggbb or r,g,b (sRGB, 0-255)")
    ] = "transparent"


Step = Cut | Background


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done to a photograph, in order."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        kinds = [type(s) for s in self.steps]
        if not kinds:
            raise UsageError("the recipe has no steps", "add at least one, such as cut")
        if len(set(kinds)) < len(kinds):
            raise UsageError("the recipe has the same step twice", "merge the two")
        if Background in kinds and Cut in kinds and kinds.index(Background) < kinds.index(Cut):
            raise UsageError("the background comes before the cut", "put cut first")
        if self.cut and self.cut.output == "matte" and Background in kinds:
            raise UsageError("a matte has no background", 'leave out the background or ask for output = "cutout"')

    @property
    def cut(self) -> Cut | None:
        return next((s for s in self.steps if isinstance(s, Cut)), None)

    def to_json(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self))


def load_recipe(path: str | Path) -> Recipe:
    """Read a recipe from a TOML or JSON file. UsageError when it is missing, malformed or has unknown steps."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".toml", ".json"):
        raise UsageError(f"{path}: a recipe is a .toml or .json file", "rename it or convert it")
    try:
        content = path.read_bytes()
        if suffix == ".toml":
            return msgspec.toml.decode(content, type=Recipe)
        return msgspec.json.decode(content, type=Recipe)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "check the path of the recipe") from error
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: {error}", "see the steps and their fields in the README") from error
