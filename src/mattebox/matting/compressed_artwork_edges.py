"""Blended pixels along the edges of compressed artwork: which share of each is artwork, and in which colour.

JPEG stores brightness (Y) at full size, but chroma (Cb, Cr) mostly at half of it: along an edge each pixel's chroma is
a blend of both sides, also where its brightness is not. So brightness says where the edge is, and chroma only as far
as both sides are equally bright; and the colour is that which the artwork has a few pixels further in. ITU-T T.871.
"""

from __future__ import annotations

import numpy as np

from mattebox.matting.artwork_edges import EdgePixels, Indices
from mattebox.types import Floats, Mask

COMPRESSED_WIDTH_PIXELS, COMPRESSED_CLIMB_PIXELS = 4, 6  # how far compression spreads an edge; to an unblended colour
NOISE_FACTOR = 3  # of the ringing: colours closer to the backdrop are ringing
MAX_CHROMA_LINE_DISTANCE = 0.12  # of a blend's chroma from the line between both colours', relative to their distance
CHROMA_SHARE_ERROR = 0.25  # of the share that chroma says a pixel has, along an edge
SHARE_MARGIN = 0.15  # by which ringing moves the share of a blend beyond 0 and 1
AVERAGE_REACH_PIXELS = 2  # around an unblended pixel, over which ringing is averaged
YCC_FROM_RGB = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], np.float32)
RGB_FROM_YCC = np.linalg.inv(YCC_FROM_RGB).astype(np.float32)


class CompressedEdgePixels(EdgePixels):
    """The pixels within four steps of what lies below compressed artwork. Their offsets are in Y, Cb, Cr."""

    width, climb_steps = COMPRESSED_WIDTH_PIXELS, COMPRESSED_CLIMB_PIXELS

    def blend_shares(self) -> Floats:
        noise, summits = self._backdrop.noise, self._summits
        luma, chroma = summits[:, 0], summits[:, 1:]
        luma_share = self._own[:, 0] * luma / np.maximum(luma * luma, 1e-6)
        chroma_share = (self._own[:, 1:] * chroma).sum(axis=1) / np.maximum((chroma * chroma).sum(axis=1), 1e-6)
        luma_weight = (luma / noise) ** 2
        chroma_weight = 1 / (CHROMA_SHARE_ERROR**2 + noise**2 / np.maximum((chroma * chroma).sum(axis=1), 1e-6))
        share = (luma_weight * luma_share + chroma_weight * chroma_share) / (luma_weight + chroma_weight)
        share[np.abs(summits @ RGB_FROM_YCC.T).max(axis=1) <= NOISE_FACTOR * noise] = 0
        share[np.abs(self._own @ RGB_FROM_YCC.T).max(axis=1) <= noise] = 0
        clipped: Floats = share.clip(0, 1)
        return clipped

    def unblended_offsets(self) -> Floats:
        """The artwork's own colour at each pixel relative to the backdrop, in RGB, N x 3."""
        return np.asarray((self._summits + self._base) @ RGB_FROM_YCC.T)

    def _offsets(self, y: Indices, x: Indices) -> Floats:
        offsets = super()._offsets(y, x)
        offsets[np.abs(offsets).max(axis=1) <= self._backdrop.noise] = 0
        return np.asarray(offsets @ YCC_FROM_RGB.T)

    def _is_on_line(self, other: Floats) -> Mask:
        luma, chroma, noise = other[:, 0], other[:, 1:], self._backdrop.noise
        own_luma = self._own[:, 0] * np.sign(luma)
        is_between = (own_luma >= -SHARE_MARGIN * np.abs(luma) - noise) & (
            own_luma <= (1 + SHARE_MARGIN) * np.abs(luma) + noise
        )
        length = np.sqrt((chroma * chroma).sum(axis=1))
        across = np.abs(self._own[:, 1] * chroma[:, 1] - self._own[:, 2] * chroma[:, 0]) / np.maximum(length, 1e-6)
        along = (self._own[:, 1:] * chroma).sum(axis=1) / np.maximum(length, 1e-6)
        most = MAX_CHROMA_LINE_DISTANCE * length + noise
        is_chroma_blend = (across <= most) & (along >= -most) & (along <= length + most)
        return np.asarray(is_between & is_chroma_blend)

    def _climb(self) -> tuple[Floats, Indices, Indices]:
        """As without compression, with the mean of similar colours around the place that the climb leads to."""
        summit, at_y, at_x = super()._climb()
        total, count = summit.copy(), np.ones((len(summit), 1), np.float32)
        reach = range(-AVERAGE_REACH_PIXELS, AVERAGE_REACH_PIXELS + 1)
        for dy, dx in [(dy, dx) for dy in reach for dx in reach if dy or dx]:
            y, x, inside = self._move(at_y, at_x, dy, dx)
            other = self._offsets(y, x) - self._base
            is_similar = inside & (np.abs(other - summit).max(axis=1) <= self._backdrop.noise)
            total[is_similar] += other[is_similar]
            count[is_similar] += 1
        return total / count, at_y, at_x

    def _replace_thin_summits(self, summit: Floats) -> Floats:
        """As they are: strokes too thin to show their ink are left in the colour that they show."""
        return summit
