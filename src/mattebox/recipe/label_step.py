"""The step that draws a visible label or logo on the finished picture."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mattebox.errors import UsageError
from mattebox.recipe.field_types import Percent, flat
from mattebox.recipe.step import Step

AI_EDITED = "ai-edited"
AI_EDITED_TEXT = "AI-edited"
MAX_TEXT_CHARACTERS = 200


class Label(Step, frozen=True):
    """Draw a visible label or logo on the result."""

    text: Annotated[
        str,
        Meta(description=f'one line of text, {AI_EDITED} for the words "{AI_EDITED_TEXT}", or none'),
        flat("label"),
    ] = "none"
    logo: Annotated[
        str, Meta(description="the path of a picture, best with transparency, or none"), flat("label_logo")
    ] = "none"
    position: Annotated[
        Literal[
            "bottom-right", "bottom-left", "bottom", "top-right", "top-left", "top", "left", "right", "centre"
        ],
        Meta(description="where it stands"),
        flat("label_position"),
    ] = "bottom-right"  # fmt: skip
    size: Annotated[
        float,
        Meta(description="its height in percent of the picture's shorter side", ge=0.5, le=100),
        flat("label_size"),
    ] = 4.0
    opacity: Annotated[Percent, Meta(description="in percent"), flat("label_opacity")] = 80
    colour: Annotated[str, Meta(description="of the text"), flat("label_colour")] = "white"

    def __post_init__(self) -> None:
        super().__post_init__()
        if "\n" in self.text or len(self.text) > MAX_TEXT_CHARACTERS:
            raise UsageError("a label is one line", f"give at most {MAX_TEXT_CHARACTERS} characters")

    @property
    def words(self) -> str:
        """What is written; "" for nothing."""
        return {"none": "", AI_EDITED: AI_EDITED_TEXT}.get(self.text, self.text).strip()

    @property
    def is_drawn(self) -> bool:
        """Whether it draws anything."""
        return self.opacity > 0 and (self.words != "" or self.logo != "none")
