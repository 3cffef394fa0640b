"""JSON Schemas of the tools' arguments, from the recipe's own declarations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.recipe.presets import preset_names
from mattebox.recipe.recipe import Recipe

Schema = dict[str, Any]
CUT_PARAMETERS = (
    "background", "crop", "margin", "size", "aspect", "fill", "position", "rotate", "shadow", "shadow_opacity",
    "shadow_softness", "outline", "outline_colour", "model", "edges", "pick", "keep", "drop", "matte_only", "harmonise",
    "format", "quality", "file_limit",
)  # fmt: skip
ENHANCE_PARAMETERS = (
    "restore", "balance", "light", "exposure", "contrast", "highlights", "shadows", "clarity", "saturation", "vibrance",
    "warmth", "sharpen", "style", "style_strength", "faces", "light_only", "colour_only", "sharpen_only", "format",
    "quality", "file_limit",
)  # fmt: skip
UPSCALE_PARAMETERS = ("upscale", "upscale_model", "upscale_detail", "restore", "format", "quality")
PHOTO: Schema = {"type": "string", "description": "path of the photograph, in an allowed folder"}
OUTPUT: Schema = {
    "type": "string",
    "description": "path of the result, in an allowed folder; its suffix is the format. By default beside the "
    "photograph. Nothing is overwritten",
}
PRESET: Schema = {"description": "a recipe that the other parameters change"}


def object_schema(properties: dict[str, Schema], required: Iterable[str] = ()) -> Schema:
    """An object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def photo_schema(names: Iterable[str], required: Iterable[str] = (), **properties: Schema) -> Schema:
    """The arguments of a tool that makes a picture: photo, output, these parameters of recipes, and others."""
    parameters = {name: parameter_schema(name) for name in names}
    return object_schema({"photo": PHOTO, "output": OUTPUT, **properties, **parameters}, ["photo", *required])


def parameter_schema(name: str) -> Schema:
    """The schema of a recipe's parameter, by its flat name."""
    parameter = parameters_by_name()[name]
    is_switch = parameter.switch_value is not None
    schema = {"type": "boolean"} if is_switch else _inline(msgspec.json.schema(parameter.field.type))
    return {**schema, "description": f"{parameter.help} (default: {str(parameter.default).lower()})"}


def preset_schema() -> Schema:
    """One of the presets that cut."""
    return {**PRESET, "type": "string", "enum": [name for name in preset_names() if name != "enhance"]}


def recipe_schema() -> Schema:
    """A whole recipe."""
    _, definitions = msgspec.json.schema_components([Recipe], ref_template="#/$defs/{name}")
    return {**definitions["Recipe"], "$defs": {n: s for n, s in definitions.items() if n != "Recipe"}} | {
        "description": "a recipe: its steps in order, each with the fields that differ from their defaults"
    }


def _inline(schema: Schema) -> Schema:
    """A schema without references."""
    reference, definitions = schema.get("$ref"), schema.get("$defs", {})
    return definitions[reference.rpartition("/")[2]] if reference else schema
