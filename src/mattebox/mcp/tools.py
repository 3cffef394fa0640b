"""The tools: their names, descriptions, arguments and what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mattebox.core.suggestions import suggest_name
from mattebox.errors import MatteboxError, UsageError
from mattebox.mcp import schemas
from mattebox.mcp.handlers import (
    Arguments,
    ToolContext,
    call_check,
    call_cut,
    call_enhance,
    call_find,
    call_run_recipe,
    call_say,
    call_upscale,
)
from mattebox.mcp.picture_results import ToolResult, text_result


@dataclass(frozen=True)
class Tool:
    """A tool that agents can call.

    Parameters
    ----------
    name, title, description
        For agents and people.
    schema
        JSON Schema of its arguments.
    call
        Arguments and context -> result. MatteboxError.
    is_read_only
        Whether it writes no file.
    """

    name: str
    title: str
    description: str
    schema: schemas.Schema
    call: Callable[[Arguments, ToolContext], ToolResult]
    is_read_only: bool = False

    def to_fields(self) -> dict[str, Any]:
        """The tool as `tools/list` has it."""
        hints = {
            "title": self.title, "readOnlyHint": self.is_read_only, "destructiveHint": False,
            "idempotentHint": self.is_read_only, "openWorldHint": False,
        }  # fmt: skip
        fields = {"name": self.name, "title": self.title, "description": self.description}
        return {**fields, "inputSchema": self.schema, "annotations": hints}


@cache
def list_tools() -> dict[str, Tool]:
    """All tools by name."""
    photo_only = {"photo": schemas.PHOTO}
    words = {"type": "string", "description": "such as: white background, soft shadow, twice as large, a bit warmer"}
    dry_run = {"type": "boolean", "description": "only tell how the words are read, and write nothing (default: false)"}
    marketplace = {"type": "string", "description": "amazon, ebay, etsy, google, shopify, walmart or zalando"}
    model = {"type": "string", "description": "fast, balanced (the default), best, or the name of an installed model"}
    tools = (
        Tool(
            "cut", "Remove the background",
            "Cut the subject out of a photograph: background removal, with transparent pixels around. Optionally on "
            "another background, cropped, sized, with a shadow or an outline, or by a marketplace's preset. Writes a "
            "new file and returns its path, the confidence and a preview.",
            schemas.photo_schema(schemas.CUT_PARAMETERS, preset=schemas.preset_schema()), call_cut,
        ),
        Tool(
            "enhance", "Enhance a photograph",
            "Correct noise, colour cast and exposure, as far as the photograph needs it; or, with parameters, only "
            "what they say. Nothing is cut out. Writes a new file.",
            schemas.photo_schema(schemas.ENHANCE_PARAMETERS), call_enhance,
        ),
        Tool(
            "upscale", "Enlarge a photograph",
            "Enlarge a photograph with added detail (super-resolution), up to 16 times. Writes a new file.",
            schemas.photo_schema(schemas.UPSCALE_PARAMETERS, ["upscale"]), call_upscale,
        ),
        Tool(
            "find", "List the subjects",
            "List the subjects of a photograph, largest first, with boxes and scores; their numbers are for the "
            "parameter `pick` of `cut`.",
            schemas.object_schema({**photo_only, "model": model}, ["photo"]), call_find, is_read_only=True,
        ),
        Tool(
            "check", "Check a listing picture",
            "Check a picture against the image rules of a marketplace: what was measured, what is wanted, the remedy.",
            schemas.object_schema({**photo_only, "marketplace": marketplace}, ["photo", "marketplace"]), call_check,
            is_read_only=True,
        ),
        Tool(
            "run_recipe", "Run a recipe",
            "Run a recipe, which has every step and parameter there is, on a photograph. Writes a new file.",
            schemas.photo_schema((), ["recipe"], recipe=schemas.recipe_schema()), call_run_recipe,
        ),
        Tool(
            "say", "Do what is said in words",
            "Do what is said in plain English or German. What it was read as comes first; unknown words are an error "
            "and nothing is done; what can mean several things is answered by a question with choices: call again with "
            "clearer words. Without a photo, or with dry_run, nothing is written.",
            schemas.object_schema(
                {"request": words, **photo_only, "output": schemas.OUTPUT, "dry_run": dry_run}, ["request"]
            ), call_say,
        ),
    )  # fmt: skip
    return {tool.name: tool for tool in tools}


def call_tool(name: str, arguments: Arguments, context: ToolContext) -> ToolResult:
    """The result of a tool; a mattebox error is a result, too, so that the agent can read the remedy. KeyError."""
    tool = list_tools()[name]
    try:
        _require_arguments(tool, arguments)
        return tool.call(arguments, context)
    except MatteboxError as error:
        return {**text_result(str(error)), "isError": True}


def _require_arguments(tool: Tool, arguments: Arguments) -> None:
    """UsageError for unknown, missing and wrong arguments; values of recipes are checked by the recipe."""
    known = tool.schema["properties"]
    for name, value in arguments.items():
        if name not in known:
            raise UsageError(f"{tool.name} has no argument {name!r}", suggest_name(name, known, "see the schema"))
        if known[name].get("type") == "string" and not isinstance(value, str):
            raise UsageError(f"{name} is not text", "send a string")
    for name in tool.schema["required"]:
        if name not in arguments:
            raise UsageError(f"{tool.name} needs the argument {name!r}", known[name].get("description", "give it"))
