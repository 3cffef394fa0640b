"""`Composition`: the layers that a cutout is composed of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mattebox.composition.alpha_compositing import BlendSpace, composite_over
from mattebox.composition.placement import Placement
from mattebox.types import Box, Layer, Picture


@dataclass(frozen=True, eq=False)
class Composition:
    """Layers of one size, depth and profile.

    Attributes
    ----------
    subject
        The topmost layer, with its outline.
    box
        The subject's.
    shadow, backdrop
        The layers beneath; None for none.
    blend
        The space in which layers are blended.
    photograph_bounds
        Where the photograph lies: left, top, width and height in shares of the canvas; None where it was rotated.
    rotation_degrees, placement
        How the photograph was turned, clockwise about its middle, and then put on the canvas.
    """

    subject: Picture
    box: Box
    shadow: Picture | None = None
    backdrop: Picture | None = None
    blend: BlendSpace = "encoded"
    photograph_bounds: tuple[float, float, float, float] | None = None
    rotation_degrees: float = 0.0
    placement: Placement | None = None

    def layers(self) -> tuple[Layer, ...]:
        """From the bottom: background, shadow and subject, as far as there are any."""
        pictures = {"background": self.backdrop, "shadow": self.shadow, "subject": self.subject}
        return tuple(Layer(name, picture) for name, picture in pictures.items() if picture is not None)

    def flatten(self) -> Picture:
        """All layers in one picture; opaque where the backdrop is."""
        front = self.subject if self.shadow is None else composite_over(self.subject, self.shadow, self.blend)
        return front if self.backdrop is None else composite_over(front, self.backdrop, self.blend)

    def add_note(self, note: str) -> Composition:
        """The same with one more remark for the user."""
        return replace(self, subject=replace(self.subject, notes=(*self.subject.notes, note)))
