"""`Matte`: how much of each pixel is subject."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mattebox.types.pixels import BitDepth, Box, Floats, ImageShape, ImageSize, Pixels


@dataclass(frozen=True, eq=False)
class Matte:
    """Alpha matte: how much of each pixel is subject.

    Attributes
    ----------
    alpha : (H, W) uint8 or uint16
        0 = background, peak = subject.
    confidence : float
        Expected intersection over union with the true matte, 0 to 1.
    found : bool
        Whether it is clear that there is a subject; a doubtful matte may still show one.
    box : (left, top, right, bottom)
        Bounding box in pixels of `alpha` of what is at least half subject; the whole picture when nothing is.
    uncertainty : (h, w) float32 or None
        Spread of the views of test-time augmentation, 0 to 1, at the network's resolution; None with a single view.
    """

    alpha: Pixels
    confidence: float
    found: bool
    box: Box
    uncertainty: Floats | None = None

    def __post_init__(self) -> None:
        if self.alpha.ndim != 2:
            raise ValueError(f"alpha has shape {self.alpha.shape}; give height x width")
        BitDepth.of_pixels(self.alpha)

    @property
    def shape(self) -> ImageShape:
        """(height, width) in pixels, as in NumPy."""
        return self.alpha.shape[0], self.alpha.shape[1]

    @property
    def size(self) -> ImageSize:
        """(width, height) in pixels, as in Pillow."""
        return self.alpha.shape[1], self.alpha.shape[0]

    @property
    def bit_depth(self) -> BitDepth:
        """Bits of `alpha`."""
        return BitDepth.of_pixels(self.alpha)

    def __repr__(self) -> str:
        """Size and what is known of the subject, without the pixels."""
        confidence = f"confidence {self.confidence:.2f}, found {self.found}, box {self.box}"
        return f"Matte({self.size[0]} x {self.size[1]}, {confidence})"

    def with_alpha(self, alpha: Pixels, *, found: bool | None = None) -> Matte:
        """The same matte with another alpha and the box around it; `found` stays unless given."""
        return replace(self, alpha=alpha, found=self.found if found is None else found, box=subject_box(alpha))


def subject_box(alpha: Pixels) -> Box:
    """Bounding box of what is at least half subject; the whole plane when nothing is."""
    inside = alpha > np.iinfo(alpha.dtype).max // 2
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not rows.size:
        return (0, 0, alpha.shape[1], alpha.shape[0])
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
