"""Interactive correction of a matte by scribbles: geodesic segmentation, without another run of the network.

A scribble selects the region around it (see `region_growing`) on the matte's grid: what likely changes sides with it,
judged by edges, colours, distances and the matte, inside the connected component that it marks. A small component
without opposing scribbles, a piece apart or a hole, is taken as a whole where that is likely.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mattebox.core.connected_components import label_components
from mattebox.matting.box_sum import box_sum
from mattebox.matting.click_likelihood import ClickGrid
from mattebox.matting.colour_odds import colour_log_odds
from mattebox.matting.geodesic_features import geodesic_features
from mattebox.matting.matte_operations import as_floats, as_pixels, has_subject
from mattebox.matting.region_growing import grow_region, segment_box
from mattebox.matting.scribbles import Scribble, Stroke, split_scribbles
from mattebox.types import Floats, ImageShape, Mask, Matte, Picture

MIN_SCRIBBLE_ALPHA = 0.25  # a scribble with less alpha under it changes nothing
MAX_WHOLE_SHARE = 0.5  # of the main subject: a smaller component apart from the largest may be taken as a whole
SEAM_RADIUS_PIXELS = 2  # half the width over which the edge of a region is blended


def apply_scribbles(picture: Picture, matte: Matte, keep: Sequence[Scribble], drop: Sequence[Scribble]) -> Matte:
    """Correct a coarse matte by scribbles.

    Parameters
    ----------
    picture : Picture
        The picture that the matte belongs to.
    matte : Matte
        Coarse matte of the whole picture.
    keep, drop : sequence of Scribble
        What is subject and what is not. A dropped rectangle becomes empty; of a kept one, what stands out from its
        surroundings is kept. Where they contradict each other, `keep` wins.

    Returns
    -------
    Matte
        At the same resolution; the matte itself when there are no scribbles.
    """
    if not keep and not drop:
        return matte
    alpha, size = as_floats(matte.alpha), matte.shape
    features = geodesic_features(picture, alpha)
    odds = colour_log_odds(features, alpha)
    keep_strokes, keep_boxes = split_scribbles(keep)
    drop_strokes, drop_boxes = split_scribbles(drop)
    reduced = remove_regions(alpha, odds, features, drop_strokes, keep_strokes)
    for box in drop_boxes:
        reduced = np.where(box.seed_mask(size), np.float32(0), reduced)
    increased = 1 - remove_regions(1 - alpha, -odds, features, keep_strokes, drop_strokes)
    result = np.where(increased > alpha, np.maximum(increased, reduced), reduced)
    for mask in (box.seed_mask(size) for box in keep_boxes):
        region = segment_box(mask, alpha > 0.5, features)
        result = np.maximum(result, _region_weight(region, np.zeros_like(mask)))
    pixels = as_pixels(result, matte.bit_depth)
    return matte.with_alpha(pixels, found=has_subject(pixels))


def remove_regions(
    alpha: Floats, odds: Floats, features: Floats, strokes: Sequence[Stroke], opposing: Sequence[Stroke]
) -> Floats:
    """Remove the regions of strokes from a matte. To keep them instead, pass 1 - alpha and -odds, and subtract the
    result from 1.

    Parameters
    ----------
    alpha : Floats
        H x W, 0..1.
    odds : Floats
        See `colour_log_odds`.
    features : Floats
        H x W x C, see `geodesic_features`.
    strokes, opposing : sequence of Stroke
        Strokes on the regions, and strokes on what must stay.

    Returns
    -------
    Floats
        Alpha H x W, 0 in the regions, blended along their edges.
    """
    size = (alpha.shape[0], alpha.shape[1])
    result, opposing_mask = alpha, _union_mask(opposing, size)
    for seeds in (stroke.seed_mask(size) for stroke in strokes):
        max_alpha = float(alpha[seeds].max())
        if max_alpha < MIN_SCRIBBLE_ALPHA:
            continue
        subject = alpha > min(0.5, max_alpha / 2)
        labels, components = label_components(subject)
        main_area = min(components[0].area, int((~subject).sum()))
        for label in np.unique(labels[seeds & subject]):
            component: Mask = labels == label
            grid = ClickGrid(component, alpha, odds, features)
            is_small = label > 1 and component.sum() < MAX_WHOLE_SHARE * main_area
            region = grow_region(seeds & component, grid, opposing_mask & component, is_small=is_small)
            result = result * (1 - _region_weight(region, component & ~region))
    return result


def _region_weight(region: Mask, rest: Mask) -> Floats:
    """Weight of a region, 0..1: 1 inside, 0 in the rest and far away, blended where neither lies."""
    region_count, rest_count = (box_sum(mask.astype(np.float32), SEAM_RADIUS_PIXELS) for mask in (region, rest))
    share = region_count / np.maximum(region_count + rest_count, 1e-6)
    return np.where(region, np.float32(1), np.where(rest, np.float32(0), share)).astype(np.float32)


def _union_mask(strokes: Sequence[Stroke], size: ImageShape) -> Mask:
    """The pixels under any of the strokes."""
    mask = np.zeros(size, np.bool_)
    for stroke in strokes:
        mask |= stroke.seed_mask(size)
    return mask
