"""The step that sets what suits the scene."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mattebox.recipe.field_types import flat
from mattebox.recipe.step import Step

SceneName = Literal[
    "none", "auto", "portrait", "group", "product", "vehicle", "animal", "plant", "food", "building", "document",
    "screenshot", "illustration", "text",
]  # fmt: skip


class Scene(Step, frozen=True):
    """Set parameters by what the photograph shows."""

    kind: Annotated[
        SceneName,
        Meta(
            description="what the picture shows, by which parameters that are at their defaults are set: none (nothing "
            "is set), auto (recognised, and said), or its name"
        ),
        flat("scene"),
    ] = "none"
    keep: Annotated[
        str,
        Meta(
            description='names of parameters that it does not set though they are at their defaults, such as "margin '
            'crop", or none; those that are given with it are added'
        ),
        flat("scene_keep"),
    ] = "none"

    @property
    def kept_names(self) -> frozenset[str]:
        """Names of parameters that the scene does not set."""
        return frozenset(self.keep.split())
