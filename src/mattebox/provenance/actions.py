"""The actions of a manifest: what the steps of a recipe did to the photograph, in C2PA's terms and in words.

C2PA has no action for a cutout: it is `c2pa.edited` with a description. Vocabulary of C2PA 2.2, section "Actions".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mattebox.models.cards.registry import style_names
from mattebox.provenance.source_types import SourceType
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import (
    Anonymise,
    Balance,
    Colour,
    Distance,
    Faces,
    Frame,
    Heal,
    Label,
    LensBlur,
    Light,
    Outline,
    Restore,
    Shadow,
    Sharpen,
    Style,
    Upscale,
)
from mattebox.types import ImageSize

BACKGROUND_LABEL = "background"  # of the ingredient that a placed background refers to
COLOUR_ACTION, EDIT_ACTION, FILTER_ACTION, ENHANCE_ACTION = (
    "c2pa.color_adjustments",
    "c2pa.edited",
    "c2pa.filtered",
    "c2pa.enhanced",
)


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes
    ----------
    name : str
        Of C2PA's vocabulary.
    description : str
        What was done, in words.
    source_type : SourceType
        Of what it put into the picture.
    ingredient : str
        Label of the ingredient that it refers to, or "".
    """

    name: str
    description: str
    source_type: SourceType = SourceType.ENHANCED
    ingredient: str = ""


@dataclass(frozen=True)
class NewBackground:
    """What lies behind the subject.

    Attributes
    ----------
    description : str
        In words: "a plain colour".
    content : bytes
        The file of another picture; empty for what is painted.
    name : str
        The picture's file name.
    source_type : SourceType or None
        What that picture says of itself.
    """

    description: str
    content: bytes = b""
    name: str = ""
    source_type: SourceType | None = None


@dataclass(frozen=True)
class EditFacts:
    """What happened when a recipe ran.

    Attributes
    ----------
    source_size, result_size : (width, height)
        In pixels.
    effective_stages : collection of str
        The stages that changed a pixel, of those in `pipeline.run`.
    background : NewBackground or None
        What the background was replaced by.
    watermark : str
        The identifier that was embedded, or "".
    """

    source_size: ImageSize
    result_size: ImageSize
    effective_stages: Collection[str]
    background: NewBackground | None = None
    watermark: str = ""


def list_actions(recipe: Recipe, facts: EditFacts) -> list[Action]:
    """The actions of a recipe that has run, in order. A step that changed nothing is none.

    Parameters
    ----------
    recipe : Recipe
        The steps.
    facts : EditFacts
        What they did.

    Returns
    -------
    list of Action
        One that says that the file was only encoded anew where nothing changed.
    """
    actions = [*_restoration_actions(recipe, facts), *_develop_actions(recipe, facts)]
    actions += [*_lens_actions(recipe, facts), *_canvas_actions(recipe, facts)]
    label = recipe.find_step(Label)
    if "label" in facts.effective_stages and label is not None:
        words = f'the label "{label.words}"' if label.words else "a logo"
        actions.append(Action(EDIT_ACTION, f"Marked visibly: {words}"))
    if facts.watermark:
        actions.append(Action("c2pa.watermarked.bound", f"Invisible watermark {facts.watermark} embedded"))
    return actions or [Action("c2pa.transcoded", "Encoded anew; no pixel was changed on purpose")]


def _restoration_actions(recipe: Recipe, facts: EditFacts) -> Iterator[Action]:
    anonymise = recipe.find_step(Anonymise)
    if "anonymise" in facts.effective_stages and anonymise is not None:
        what = {"all": "Faces and number plates", "faces": "Faces", "plates": "Number plates"}[anonymise.hide]
        how = {"fill": "covered", "mosaic": "reduced to a mosaic", "blur": "blurred"}[anonymise.method]
        yield Action(EDIT_ACTION, f"{what} {how}, to hide who they belong to")
    if "heal" in facts.effective_stages and recipe.find_step(Heal) is not None:
        yield Action(EDIT_ACTION, "Marked objects removed, and filled with pieces of the photograph")
    if "restore" in facts.effective_stages and recipe.find_step(Restore) is not None:
        yield Action(ENHANCE_ACTION, "Noise, slight blur and compression artefacts reduced by a neural network")
    if recipe.cut_step is not None:
        if recipe.cut_step.output == "matte":
            yield Action(EDIT_ACTION, "Replaced by the matte of its subject (a map of its opacity)")
        else:
            yield Action(EDIT_ACTION, "Background removed")
    if "upscale" in facts.effective_stages and (upscale := recipe.find_step(Upscale)) is not None:
        by = "a neural network" if upscale.detail else "interpolation"
        yield Action("c2pa.resized", f"Enlarged by {by}")
    if "faces" in facts.effective_stages and recipe.find_step(Faces) is not None:
        yield Action(EDIT_ACTION, "Faces redrawn by a generative neural network", SourceType.GENERATIVE_EDIT)


def _develop_actions(recipe: Recipe, facts: EditFacts) -> Iterator[Action]:
    if "develop" not in facts.effective_stages:
        return
    distance = recipe.find_step(Distance)
    if distance is not None and distance.haze:
        yield Action(COLOUR_ACTION, f"Haze {'reduced' if distance.haze > 0 else 'added'} by distance")
    if distance is not None and distance.light:
        yield Action(COLOUR_ACTION, "Light adjusted by distance")
    balance, light, colour = recipe.find_step(Balance), recipe.find_step(Light), recipe.find_step(Colour)
    if balance is not None and balance.white != "none":
        yield Action(COLOUR_ACTION, "White balance corrected")
    if light is not None and light != Light():
        yield Action(COLOUR_ACTION, "Exposure and contrast adjusted")
    if colour is not None and (colour.saturation or colour.vibrance):
        yield Action(COLOUR_ACTION, "Saturation adjusted")
    style = recipe.find_step(Style)
    if style is not None and style.picture != "none":
        yield _style_action(style)
    sharpen = recipe.find_step(Sharpen)
    if sharpen is not None and sharpen.amount:
        yield Action(ENHANCE_ACTION, "Sharpened")


def _lens_actions(recipe: Recipe, facts: EditFacts) -> Iterator[Action]:
    if "lens" in facts.effective_stages and recipe.find_step(LensBlur) is not None:
        yield Action(FILTER_ACTION, "Blurred by depth, as by a lens")


def _style_action(style: Style) -> Action:
    if style.picture in style_names() or style.method == "adain":
        return Action(FILTER_ACTION, "Redrawn in an artistic style by a neural network", SourceType.GENERATIVE_EDIT)
    return Action(FILTER_ACTION, "Colours taken over from another picture")


def _canvas_actions(recipe: Recipe, facts: EditFacts) -> Iterator[Action]:
    if not recipe.has_composition:
        return
    frame = recipe.find_step(Frame)
    if frame is not None:
        yield from _frame_actions(frame, facts)
    outline, shadow = recipe.find_step(Outline), recipe.find_step(Shadow)
    if facts.background is not None:
        yield _background_action(facts.background)
    if shadow is not None and shadow.kind != "none":
        kind = "A reflection" if shadow.kind == "reflection" else f"A {shadow.kind} shadow"
        yield Action(EDIT_ACTION, f"{kind} of the subject drawn")
    if outline is not None and outline.width != "0":
        yield Action(EDIT_ACTION, "An outline drawn around the subject")


def _frame_actions(frame: Frame, facts: EditFacts) -> Iterator[Action]:
    if frame.rotate != "0":
        yield Action("c2pa.orientation", "Rotated")
    if frame.crop == "subject" or frame.aspect != "original" or frame.fill != "any" or frame.around == "head":
        yield Action("c2pa.cropped", "Cropped or put on a larger canvas")
    if facts.result_size != facts.source_size:
        before, after = ("{} x {}".format(*size) for size in (facts.source_size, facts.result_size))
        yield Action("c2pa.resized", f"{before} pixels became {after}")


def _background_action(background: NewBackground) -> Action:
    description = f"Background replaced by {background.description}"
    if not background.content:
        return Action(EDIT_ACTION, description)
    is_generated = background.source_type is not None and background.source_type.is_generative
    source_type = SourceType.COMPOSITE_SYNTHETIC if is_generated else SourceType.COMPOSITE_CAPTURE
    return Action("c2pa.placed", description, source_type, BACKGROUND_LABEL)
