"""The state of a frame between the network and its full-size matte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mattebox.types import Floats, Picture

MatteOrigin = Literal["network", "reused", "carried", "key", "trimap"]


@dataclass(frozen=True, eq=False)
class CoarseMatte:
    """A frame with its matte at the network's resolution.

    Attributes
    ----------
    picture : Picture
        The frame.
    index : int
        Number of the frame, from 0.
    time : float
        Seconds.
    guide : h x w x 3 float32
        The frame's colours, 0..1, on the matte's grid.
    alpha : h x w float32
        0..1.
    presence : float
        Probability that there is a subject.
    origin : "network", "reused", "carried", "key" or "trimap"
        Where the matte comes from: a run of the network on this frame, the same matte as for a nearly identical frame,
        its neighbours' mattes along the motion, the clip's key, or the frame's trimap.
    is_cut : bool
        Whether a new scene starts here.
    motion : pair of h/2 x w/2 x 2 float32, or None
        To the frame before and from it, on half the matte's grid, where it was estimated.
    """

    picture: Picture
    index: int
    time: float
    guide: Floats
    alpha: Floats
    presence: float = 1.0
    origin: MatteOrigin = "network"
    is_cut: bool = False
    motion: tuple[Floats, Floats] | None = None
