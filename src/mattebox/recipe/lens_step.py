"""The step that blurs by depth, as a lens does."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mattebox.recipe.field_types import Percent, flat
from mattebox.recipe.step import Step


class LensBlur(Step, frozen=True):
    """Let what is nearer or farther than the focus blur, as through a fast lens."""

    f_number: Annotated[
        str,
        Meta(description="the lens's f-number, such as f/2: the smaller, the stronger the blur; none"),
        flat("bokeh"),
    ] = "none"
    focus: Annotated[
        str,
        Meta(description='what is sharp: subject, or the place "X,Y" in px or % of the photograph'),
        flat("bokeh_focus"),
    ] = "subject"
    aperture: Annotated[
        Literal["disc", "5", "6", "7", "8", "9", "anamorphic", "cats-eye", "swirl"],
        Meta(
            description="the shape that points of light take: disc, a number of straight blades, anamorphic, cats-eye "
            "(discs that are cut off towards the corners), or swirl (around the middle)"
        ),
        flat("bokeh_aperture"),
    ] = "disc"
    depth: Annotated[
        str,
        Meta(
            description="where depth comes from: auto (the photograph's own, else layers), layers (the subject, and a "
            "floor that recedes), tilt (a tilted lens: sharp along the row of the focus), a depth network such as "
            "midas-small, or the path of a depth picture, in which brighter is nearer"
        ),
        flat("bokeh_depth"),
    ] = "auto"
    highlights: Annotated[
        Percent,
        Meta(description="how much brighter than they look lights are taken to be, in percent"),
        flat("bokeh_highlights"),
    ] = 50
    grain: Annotated[
        Percent,
        Meta(description="how much of the photograph's own noise is put back where it is blurred, in percent"),
        flat("bokeh_grain"),
    ] = 100
