"""The step that works by how far each point of the photograph is."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mattebox.recipe.field_types import SignedPercent, flat
from mattebox.recipe.step import Step, require_finite


class Distance(Step, frozen=True):
    """Remove the haze that grows with distance, and light what is far otherwise than what is near."""

    haze: Annotated[
        SignedPercent,
        Meta(description="how much of the haze that grows with distance goes, in percent; below 0 some is added"),
        flat("dehaze"),
    ] = 0
    light: Annotated[
        float,
        Meta(description="stops brighter in the far distance, or darker below 0; the nearest point stays", ge=-5, le=5),
        flat("far_light"),
    ] = 0.0
    depth: Annotated[
        str,
        Meta(
            description="where distance comes from, for the areas near and far too: auto (the photograph's own depth, "
            "else layers), layers (the subject, and a floor that recedes), a depth network such as midas-small, or the "
            "path of a depth picture, in which brighter is nearer"
        ),
        flat("distance_depth"),
    ] = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_finite("far light", self.light)
