"""The step that removes what is marked."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mattebox.recipe.field_types import flat
from mattebox.recipe.step import Step


class Heal(Step, frozen=True):
    """Remove what is marked, and fill its place from its surroundings."""

    mask: Annotated[
        str,
        Meta(
            description="path of a grey picture, white on what should go (a spot, a wire, a smaller object), which is "
            "filled from its surroundings; or none"
        ),
        flat("heal"),
    ] = "none"
