"""What goes with a result that says how it was made: its signature and its XMP, by the recipe's step Save."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from mattebox.composition.background_spec import BackgroundBlur, BackgroundImage, parse_background
from mattebox.errors import InputError
from mattebox.io.content_credentials import CREDENTIALS_NOTE
from mattebox.io.encoding import EncodedOutput
from mattebox.io.file_formats import FileFormat
from mattebox.io.media_type import identify_media_type
from mattebox.io.sources import read_bytes
from mattebox.io.writer import SignOutput
from mattebox.io.xmp import find_packet
from mattebox.pipeline.anonymisation import anonymise_step
from mattebox.pipeline.model_use import list_models
from mattebox.pipeline.result import Result
from mattebox.pipeline.signing_keys import load_identity
from mattebox.provenance.actions import EditFacts, NewBackground, list_actions
from mattebox.provenance.manifest import PARENT_LABEL, Ingredient, ManifestFacts, background_ingredient
from mattebox.provenance.signing import SigningIdentity, sign_content
from mattebox.provenance.source_types import parse_source_type
from mattebox.provenance.watermark.detection import format_identifier
from mattebox.provenance.xmp_record import (
    XmpRecord,
    combined_source_type,
    document_id_of,
    mark_packet,
    stated_source_type,
)
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background
from mattebox.types import ImageSize

PATH_FIELD = re.compile(r"(plate\()?(.*?)(\)?)", re.DOTALL)


@dataclass(frozen=True)
class Origin:
    """The photograph that a result was made of.

    Attributes
    ----------
    name : str
        Its file's name, without the folder; or "photograph".
    size : (width, height)
        In pixels.
    content : bytes or None
        The encoded file; None where it was a picture in memory.
    """

    name: str
    size: ImageSize
    content: bytes | None = None


ReadImageFile = Callable[[str], bytes | None]


def read_image_file(path: str) -> bytes | None:
    """The bytes of a picture that a recipe names; None for one in memory, or that cannot be read."""
    try:
        return None if path.startswith("<") else read_bytes(path)
    except InputError:
        return None


def needs_source(recipe: Recipe) -> bool:
    """Whether `prepare_output` needs the photograph's encoded file. Not where faces are hidden: its own manifest, which
    would go along, may hold a preview of them."""
    return anonymise_step(recipe) is None and (recipe.save_step.sign == "yes" or recipe.save_step.mark_source == "yes")


def prepare_output(
    result: Result,
    recipe: Recipe,
    origin: Origin,
    *,
    title: str,
    now: datetime,
    identity: SigningIdentity | None = None,
    read_image: ReadImageFile = read_image_file,
    has_metadata: bool = True,
) -> tuple[Result, SignOutput | None]:
    """What the step Save asks for besides the picture itself.

    Parameters
    ----------
    result : Result
        Of the recipe.
    recipe : Recipe
        What was done.
    origin : Origin
        The photograph.
    title : str
        The result's file name.
    now : datetime
        The time of the actions, with a zone.
    identity : SigningIdentity, optional
        Who signs; by default the one that is kept.
    read_image : callable
        Gives the bytes of pictures that the recipe names.
    has_metadata : bool
        Whether the result keeps metadata: without, its XMP says how it was made only if the recipe asks for that.

    Returns
    -------
    Result, callable or None
        The result to write, and what signs its encoded picture, for `io.writer.write`.

    Raises
    ------
    UsageError
        There is nobody to sign, or the library is missing.
    """
    recipe = result.scene_recipe or recipe
    save = recipe.save_step
    may_mark = save.mark_source == "yes" or (save.mark_source == "auto" and has_metadata)
    if save.sign != "yes" and not may_mark:
        return result, None
    origin = origin if needs_source(recipe) else replace(origin, content=None)
    facts = collect_facts(result, recipe, origin, read_image)
    if may_mark:
        result = _mark_result(result, recipe, origin, facts, now)
    if save.sign != "yes":
        return result, None
    identity = identity or load_identity(now)
    sign = partial(_sign_output, facts=_manifest_facts(result, recipe, origin, facts, title, now), identity=identity)
    notes = tuple(note for note in result.picture.notes if note != CREDENTIALS_NOTE)
    return replace(result, picture=replace(result.picture, notes=notes)), sign


def _mark_result(result: Result, recipe: Recipe, origin: Origin, facts: EditFacts, now: datetime) -> Result:
    """The result with XMP that says how it was made, where the recipe asks for that.

    Unasked, where a generative network drew something, or the photograph states a source type, which must not become
    untrue.
    """
    picture, actions = result.picture, list_actions(recipe, facts)
    source_type = combined_source_type(picture.metadata.xmp, actions)
    is_due = stated_source_type(picture.metadata.xmp) or (source_type is not None and source_type.is_generative)
    if recipe.save_step.mark_source != "yes" and not is_due:
        return result
    record = XmpRecord(
        actions,
        [model.name for model in list_models(recipe, result)],
        now,
        f"xmp.did:{uuid.uuid4()}",
        "" if origin.content is None else document_id_of(origin.content),
    )
    metadata = replace(picture.metadata, xmp=mark_packet(picture.metadata.xmp, record))
    return replace(result, picture=replace(picture, metadata=metadata))


def collect_facts(result: Result, recipe: Recipe, origin: Origin, read_image: ReadImageFile) -> EditFacts:
    """What the recipe did to the photograph."""
    identifier = recipe.save_step.watermark_id
    return EditFacts(
        origin.size,
        result.picture.size,
        result.effective_stages,
        describe_background(recipe, read_image),
        "" if identifier is None else format_identifier(identifier),
    )


def _manifest_facts(
    result: Result, recipe: Recipe, origin: Origin, facts: EditFacts, title: str, now: datetime
) -> ManifestFacts:
    ingredients = [Ingredient(PARENT_LABEL, origin.name, _media_type(origin.content), origin.content)]
    if facts.background is not None and facts.background.content:
        content = facts.background.content
        ingredients.append(background_ingredient(facts.background, _media_type(content)))
    return ManifestFacts(
        title,
        list_actions(recipe, facts),
        ingredients,
        list_models(recipe, result),
        describe_recipe(recipe),
        now,
        facts.watermark,
    )


def _sign_output(
    content: bytes, file_format: FileFormat, *, facts: ManifestFacts, identity: SigningIdentity
) -> EncodedOutput:
    return sign_content(content, file_format.mime_type, facts, identity)


def describe_recipe(recipe: Recipe) -> dict[str, Any]:
    """The recipe as data, with the names of files in place of their paths: folders are nobody else's concern."""
    data: dict[str, Any] = msgspec.to_builtins(recipe)
    for step in data["steps"]:
        defaults = msgspec.structs.asdict(type(next(s for s in recipe.steps if s.tag() == step["step"]))())
        for name, value in list(step.items()):
            if name != "step" and defaults.get(name) == value:
                del step[name]
            elif isinstance(value, str):
                step[name] = _hide_folders(value)
    return data


def _hide_folders(value: str) -> str:
    match = PATH_FIELD.fullmatch(value)
    if match is None or not re.search(r"[/\\]", match[2]) or (not match[1] and "(" in match[2]):
        return value
    name = re.split(r"[/\\]", match[2])[-1]
    return f"{match[1] or ''}{name}{match[3]}"


def describe_background(recipe: Recipe, read_image: ReadImageFile) -> NewBackground | None:
    """What a recipe puts behind the subject; None where that stays transparent."""
    step = recipe.find_step(Background)
    spec = None if step is None else parse_background(step.paint)
    if spec is None:
        return None
    if isinstance(spec, BackgroundBlur):
        return NewBackground("the photograph's own, blurred")
    if not isinstance(spec, BackgroundImage):
        return NewBackground("a painted one (a colour, gradient or studio)")
    content = read_image(spec.path)
    if content is None:
        return NewBackground("another picture")
    stated = parse_source_type(stated_source_type(find_packet(content)))
    return NewBackground("another picture", content, os.path.basename(spec.path), stated)


def _media_type(content: bytes | None) -> str:
    return "image/png" if content is None else identify_media_type(content)
