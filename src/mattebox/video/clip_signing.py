"""The signature of a finished clip: its source, what was done, the background, the network and the recipe.

MP4 and MOV hold it; beside WebM and MKV it lies in a file of the same name with the suffix .c2pa.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from mattebox.errors import OutputError, UsageError
from mattebox.io import atomic_write
from mattebox.io.media_type import identify_media_type
from mattebox.io.writer import SIDECAR_SUFFIX, check_not_input
from mattebox.models.cards.registry import find_card
from mattebox.models.matte_session import Session
from mattebox.pipeline.output_provenance import ReadImageFile, describe_background, describe_recipe, read_image_file
from mattebox.pipeline.signing_keys import load_identity
from mattebox.provenance.actions import EditFacts, NewBackground, list_actions
from mattebox.provenance.manifest import PARENT_LABEL, Ingredient, ManifestFacts, ModelUse, background_ingredient
from mattebox.provenance.signing import SigningIdentity, sign_stream
from mattebox.recipe.recipe import Recipe
from mattebox.types import ImageSize
from mattebox.video.clip_key import needs_network
from mattebox.video.clip_options import ClipOptions
from mattebox.video.sequence_pattern import is_sequence_name

HEADER_BYTES = 64  # that say a file's type
SIGNED_SUFFIX = ".signed"


class ClipSigner:
    """Signs the result of a job, if it is to be signed; the user's keys are opened before anything is cut. UsageError.

    Parameters
    ----------
    source, target : Path
        The clip and its result.
    options : ClipOptions
        How it is cut.
    """

    def __init__(self, source: Path, target: Path, options: ClipOptions) -> None:
        self._source, self._target, self._options = source, target, options
        if options.is_signed and is_sequence_name(source):
            raise UsageError("a clip of numbered pictures is not signed", "leave out --sign, or sign the pictures")
        self._identity = load_identity(datetime.now(UTC)) if options.is_signed else None

    def sign(self, path: Path, session: Session | None, sizes: tuple[ImageSize, ImageSize]) -> None:
        """Sign the complete file in place; `session` is the network that cut it, if one did, and `sizes` are those of
        the clip and of the result. OutputError."""
        if self._identity is None:
            return
        models = [] if session is None else [ModelUse(session.card.name, session.card.sha256)]
        sign_clip(
            path, self._target, self._source, self._options.whole_recipe, models, sizes,
            self._identity, overwrite=self._options.overwrite,
        )  # fmt: skip


def sign_clip(
    path: Path,
    target: Path,
    source: Path,
    recipe: Recipe,
    models: list[ModelUse],
    sizes: tuple[ImageSize, ImageSize],
    identity: SigningIdentity,
    *,
    overwrite: bool,
) -> None:
    """Sign a clip that is complete, in place.

    Parameters
    ----------
    path, target : Path
        The file, and the name that it will get.
    source : Path
        The clip that it was made of.
    recipe : Recipe
        What was done to each frame.
    models : list of ModelUse
        The network that cut, if one did.
    sizes : (width, height), (width, height)
        Of the source and of the result.
    identity : SigningIdentity
        Who signs.
    overwrite : bool
        Whether an existing sidecar may be replaced.

    Raises
    ------
    OutputError
    """
    background = describe_background(recipe, read_image_file)
    with source.open("rb") as parent:
        ingredient = Ingredient(PARENT_LABEL, source.name, _media_type(source), parent)
        facts = _state_facts(target.name, ingredient, recipe, models, sizes, background)
        _sign_file(path, target, source, facts, identity, overwrite=overwrite)


class AnonymisedClipSigner:
    """Signs an anonymised clip; the user's keys are opened before anything is done. UsageError.

    Its source goes by its name alone: the source's own manifest may hold a preview with what is hidden.

    Parameters
    ----------
    source, target : Path
        The clip and its result.
    recipe : Recipe
        What is done to each frame.
    models : list of ModelUse
        The detector, and what looks at its candidates again.
    overwrite : bool
        Whether an existing sidecar may be replaced.
    """

    def __init__(self, source: Path, target: Path, recipe: Recipe, models: list[ModelUse], *, overwrite: bool) -> None:
        self._source, self._target, self._recipe, self._models = source, target, recipe, models
        self._overwrite, self._identity = overwrite, load_identity(datetime.now(UTC))

    def sign(self, path: Path, size: ImageSize, stages: Collection[str]) -> None:
        """Sign the complete file in place; `size` is that of its frames. OutputError."""
        parent = Ingredient(PARENT_LABEL, self._source.name, _media_type(self._source), None)
        facts = _state_facts(self._target.name, parent, self._recipe, self._models, (size, size), None, stages)
        _sign_file(path, self._target, self._source, facts, self._identity, overwrite=self._overwrite)


def _sign_file(
    path: Path, target: Path, source: Path, facts: ManifestFacts, identity: SigningIdentity, *, overwrite: bool
) -> None:
    """Sign a complete file in place, or write its manifest beside `target`. OutputError."""
    signed_path = path.with_name(path.name + SIGNED_SUFFIX)
    try:
        with path.open("rb") as unsigned, signed_path.open("w+b") as signed:
            sidecar = sign_stream(unsigned, signed, _media_type(path), facts, identity)
        if sidecar is None:
            signed_path.replace(path)
            return
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise atomic_write.output_error(error, target) from error
    finally:
        with contextlib.suppress(OSError):
            signed_path.unlink()
    beside = target.with_suffix(SIDECAR_SUFFIX)
    check_not_input(beside, (source,))
    atomic_write.write_bytes(beside, sidecar, overwrite=overwrite)


def sign_clip_content(
    content: bytes, source: bytes, options: ClipOptions, size: ImageSize, read_image: ReadImageFile
) -> bytes:
    """Sign a clip in memory, with the user's keys.

    Parameters
    ----------
    content : bytes
        A complete MP4 or MOV.
    source : bytes
        The clip that it was made of.
    options : ClipOptions
        How it was cut.
    size : (width, height)
        Of the frames.
    read_image : callable
        The bytes of a picture that the steps name.

    Returns
    -------
    bytes
        The file with its manifest.

    Raises
    ------
    UsageError
        There are no keys.
    OutputError
        It cannot be signed.
    """
    signed, recipe = io.BytesIO(), options.whole_recipe
    models = [ModelUse(card.name, card.sha256) for card in [find_card(options.cut.model)] if needs_network(options.cut)]
    ingredient = Ingredient(PARENT_LABEL, "clip", identify_media_type(source[:HEADER_BYTES]), io.BytesIO(source))
    background = describe_background(recipe, read_image)
    facts = _state_facts("clip", ingredient, recipe, models, (size, size), background)
    identity = load_identity(datetime.now(UTC))
    sign_stream(io.BytesIO(content), signed, identify_media_type(content[:HEADER_BYTES]), facts, identity)
    return signed.getvalue()


def _state_facts(
    title: str,
    parent: Ingredient,
    recipe: Recipe,
    models: list[ModelUse],
    sizes: tuple[ImageSize, ImageSize],
    background: NewBackground | None,
    stages: Collection[str] = ("cut", "compose", "label"),
) -> ManifestFacts:
    """What the manifest says."""
    actions = list_actions(recipe, EditFacts(*sizes, stages, background))
    ingredients = [parent]
    if background is not None and background.content:
        ingredients.append(background_ingredient(background, identify_media_type(background.content)))
    return ManifestFacts(title, actions, ingredients, models, describe_recipe(recipe), datetime.now(UTC))


def _media_type(path: Path) -> str:
    with path.open("rb") as file:
        return identify_media_type(file.read(HEADER_BYTES))
