"""The step that hides faces and number plates."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta

from mattebox.errors import UsageError
from mattebox.recipe.field_types import flat, switch
from mattebox.recipe.step import Step


class Anonymise(Step, frozen=True):
    """Hide faces and number plates, before all other steps."""

    hide: Annotated[
        Literal["none", "all", "faces", "plates"],
        Meta(description="none, all, faces or plates (number plates) are made unrecognisable"),
    ] = "none"
    method: Annotated[
        Literal["fill", "mosaic", "blur"],
        Meta(
            description="fill with black, which nothing undoes; mosaic of at most 8 x 8 colours; or blur, the weakest: "
            "both may be matched with other photographs of a person"
        ),
        flat("hide_method"),
    ] = "fill"
    shape: Annotated[
        Literal["ellipse", "box"], Meta(description="of faces; plates are hidden by boxes"), flat("hide_shape")
    ] = "ellipse"
    keep: Annotated[
        str,
        Meta(description='the numbers of those that stay as they are, such as "2 5" (a dry run shows them), or none'),
        flat("hide_except"),
    ] = "none"
    empty: Annotated[
        Literal["warn", "refuse"],
        Meta(description="when none is found: warn adds a note, refuse is an error"),
        switch("hide_require", "refuse", "it is an error when none is found, and nothing is written"),
    ] = "warn"
    growth: Annotated[
        int,
        Meta(description="how far beyond hair, ears and frames it reaches, in percent of the usual", ge=0, le=400),
        flat("hide_growth"),
    ] = 100
    sensitivity: Annotated[
        int,
        Meta(description="in percent: more than 100 finds more, and hides more that is neither", ge=10, le=1000),
        flat("hide_sensitivity"),
    ] = 100
    detector: Annotated[
        str,
        Meta(
            description="the network that finds them: detect-1, yunet or centerface (faces), yolo-v9-plates (plates), "
            "or a card's path"
        ),
        flat("hide_detector"),
    ] = "detect-1"

    @property
    def kept_numbers(self) -> frozenset[int]:
        """The numbers of those that stay. UsageError where `keep` is no list of numbers."""
        if self.keep == "none":
            return frozenset()
        if not re.fullmatch(r"\s*\d+([\s,]+\d+)*\s*", self.keep) or "0" in re.split(r"[\s,]+", self.keep.strip()):
            raise UsageError(f"{self.keep!r} is no list of numbers", "give those of a dry run, such as 2 5, or none")
        return frozenset(int(number) for number in re.split(r"[\s,]+", self.keep.strip()))
