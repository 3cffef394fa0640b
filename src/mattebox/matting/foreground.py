"""The subject's own colours along soft edges, so that no halo of the old background comes along.

After blur fusion (Forte & Pitié, Approximate Fast Foreground Colour Estimation, 2021): blurs weighted by alpha give
foreground and background colours on a reduced grid; at full resolution, where alpha lies strictly between 0 and 1, the
least change of both that blends to the pixel seen is taken (mattebox/training/export/pixel_kernels). All other pixels stay bit for bit.
Knows nothing of networks.
"""

from __future__ import annotations

import numpy as np

from mattebox.core import cpu_threads
from mattebox.io import resampling
from mattebox.matting import tiles
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Floats, ImageShape, Matte, Picture

GRID_SIDE_CELLS = 350  # longer side of the reduced grid, about


def estimate_foreground(picture: Picture, matte: Matte) -> Picture:
    """The cutout: straight foreground colours with the matte's alpha. Matte and picture have one size and depth."""
    check_match(picture, matte)
    peak, step = picture.bit_depth.peak, grid_step(picture.shape)
    rgb = picture.rgb.copy()
    todo = [
        t
        for t in tiles.iter_tiles(picture.shape, step)
        if tiles.has_partial_alpha(matte.alpha[t.rows, t.columns], peak)
    ]
    if not todo:
        return picture.with_pixels(rgb, matte.alpha)
    planes = tiles.pad_grid_planes(_estimate_colours(picture, matte, step))

    def unmix(tile: tiles.Tile) -> None:
        pixels, alpha = (tiles.tile_pixels(p, tile, peak) for p in (picture.rgb, matte.alpha))
        patch = tiles.grid_patch(planes, tile)
        clean = onnx_runtime.run_kernel("unmix", threads=1, tile=pixels, alpha=alpha, patch=patch)
        a, part = matte.alpha[tile.rows, tile.columns], rgb[tile.rows, tile.columns]
        soft = ((a > 0) & (a < peak))[..., None]
        whole = np.rint(clean[: a.shape[0], : a.shape[1]] * peak)
        np.copyto(part, whole.astype(part.dtype), where=soft)

    cpu_threads.parallel_map(unmix, todo)
    return picture.with_pixels(rgb, matte.alpha)


def grid_step(size: ImageShape) -> int:
    return max(1, round(max(size) / GRID_SIDE_CELLS))


def check_match(picture: Picture, matte: Matte) -> None:
    """ValueError unless the matte has the picture's size and depth."""
    if matte.shape != picture.shape or matte.bit_depth != picture.bit_depth:
        raise ValueError(
            f"the matte is {matte.shape} at {matte.bit_depth} bits, the picture {picture.shape} at {picture.bit_depth}; "
            "refine or enlarge the matte first"
        )


def _estimate_colours(picture: Picture, matte: Matte, step: int) -> Floats:
    """6 x h x w: blurred foreground and background colours on the reduced grid."""
    guide = resampling.average_blocks(picture.rgb, step).astype(np.float32) / np.float32(255)
    alpha = resampling.average_blocks(matte.alpha, step).astype(np.float32) / np.float32(255)
    small = np.ascontiguousarray(guide.transpose(2, 0, 1)[None])
    planes: Floats = onnx_runtime.run_kernel("fuse", guide=small, alpha=alpha[None, None])[0]
    return planes
