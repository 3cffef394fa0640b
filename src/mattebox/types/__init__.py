"""The data types that every package shares, and the pixel contract: what the arrays in them hold.

Arrays are C-contiguous, rows from the top, upright. Colours are straight (never premultiplied) and encoded as the
ICC profile beside them says; no profile means sRGB.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mattebox.types.depth_map import DepthMap as DepthMap
from mattebox.types.gain_map import GainMap as GainMap
from mattebox.types.matte import Matte as Matte
from mattebox.types.matte import subject_box as subject_box
from mattebox.types.picture import Layer as Layer
from mattebox.types.picture import Metadata as Metadata
from mattebox.types.picture import OpenImage as OpenImage
from mattebox.types.picture import Picture as Picture
from mattebox.types.pixels import BitDepth as BitDepth
from mattebox.types.pixels import Box as Box
from mattebox.types.pixels import Floats as Floats
from mattebox.types.pixels import ImageShape as ImageShape
from mattebox.types.pixels import ImageSize as ImageSize
from mattebox.types.pixels import LetterboxGeometry as LetterboxGeometry
from mattebox.types.pixels import Mask as Mask
from mattebox.types.pixels import Pixels as Pixels

OnProgress: TypeAlias = Callable[[float], None]
"""Called with the share, 0..1, of the work that is done."""
