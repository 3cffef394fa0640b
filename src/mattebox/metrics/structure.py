"""How well a matte keeps the subject's structure: weighted F, S-measure, E-measure.

Margolin et al., How to Evaluate Foreground Maps? (2014); Fan et al., Structure-measure (2017); Fan et al.,
Enhanced-alignment Measure (2018). Alpha is H x W 0..1, truth is H x W 0..1 and read at one half; every score is 0..1,
1 for the same. Knows nothing of pictures or networks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.metrics.binary_masks import Mask, distance_transform
from mattebox.metrics.segmentation import counts_at_or_above
from mattebox.types import Floats

Float64Plane = NDArray[np.float64]
EPSILON = float(np.finfo(np.float64).eps)


def weighted_f(alpha: Floats, truth: Floats) -> float:
    """F (beta 1) of errors that weigh less near others inside the subject, and more far from it outside.

    Without a subject, where the paper has no value: 1 for an empty alpha, else 0."""
    subject = truth > 0.5
    if not subject.any():
        return float(alpha.max() <= 0)
    error = np.abs(alpha.astype(np.float64) - subject)
    distance, index = distance_transform(subject)
    spread = _gaussian_blur(error.ravel()[index])  # outside, each pixel takes the error of the subject's nearest
    error = np.where(subject, np.minimum(error, spread), error)
    error = error * np.where(subject, 1.0, 2 - np.exp(np.log(0.5) / 5 * distance))
    hits, false = float(subject.sum() - error[subject].sum()), float(error[~subject].sum())
    recall, precision = 1 - float(error[subject].mean()), hits / (EPSILON + hits + false)
    return 2 * recall * precision / (EPSILON + recall + precision)


def s_measure(alpha: Floats, truth: Floats) -> float:
    """Half likeness of object and background, half structural similarity of the four parts about the centroid."""
    p, subject = alpha.astype(np.float64), truth > 0.5
    share = float(subject.mean())
    if share in (0.0, 1.0):
        return float(p.mean()) if share else 1 - float(p.mean())
    objects = share * _object_similarity(p[subject]) + (1 - share) * _object_similarity(1 - p[~subject])
    return max(0.0, 0.5 * objects + 0.5 * _region_similarity(p, subject))


def e_curve(alpha: Floats, truth: Floats) -> Float64Plane:
    """Enhanced alignment at the 256 thresholds alpha >= k / 255: mean over the picture, as the paper has it.

    (The authors' code divides by one pixel less.) Both maps are binary, so there are four kinds of pixel to count."""
    subject = truth > 0.5
    level = np.round(np.clip(alpha, 0, 1) * 255).astype(np.uint8)
    pixels, known = level.size, int(subject.sum())
    found, hits = counts_at_or_above(level.ravel()), counts_at_or_above(level[subject])
    if known in (0, pixels):
        return found / pixels if known else 1 - found / pixels
    mean_found, mean_known = found / pixels, known / pixels
    counts = ((1, 1, hits), (1, 0, found - hits), (0, 1, known - hits), (0, 0, pixels - found - known + hits))
    total = np.zeros(256)
    for value, true, count in counts:
        one, other = value - mean_found, true - mean_known
        aligned = 2 * one * other / (one**2 + other**2 + EPSILON)
        total += count * (aligned + 1) ** 2 / 4
    return total / pixels


def max_e(alpha: Floats, truth: Floats) -> float:
    """E at this picture's best threshold."""
    return float(e_curve(alpha, truth).max())


def mean_e(alpha: Floats, truth: Floats) -> float:
    """E, mean over thresholds."""
    return float(e_curve(alpha, truth).mean())


def _gaussian_blur(plane: Float64Plane) -> Float64Plane:
    """A 7 x 7 Gaussian of sigma 5, zeros outside."""
    weights = np.exp(-(np.arange(-3, 4) ** 2) / (2 * 5**2))
    weights /= weights.sum()
    height, width = plane.shape
    wide = np.pad(plane, 3)
    rows = sum(w * wide[i : i + height] for i, w in enumerate(weights))
    return np.asarray(sum(w * rows[:, i : i + width] for i, w in enumerate(weights)))


def _object_similarity(values: Float64Plane) -> float:
    """Of values that should all be 1: high mean, small deviation."""
    mean = float(values.mean())
    deviation = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + deviation + EPSILON)


def _region_similarity(prediction: Float64Plane, subject: Mask) -> float:
    """Structural similarity of the four rectangles that meet at the subject's centroid, weighted by their area."""
    rows, columns = np.nonzero(subject)
    y, x = (int(np.floor(k.mean() + 1.5)) for k in (rows, columns))  # the centre's own row and column lie above, left
    total = 0.0
    for part in (np.s_[:y, :x], np.s_[:y, x:], np.s_[y:, :x], np.s_[y:, x:]):
        if subject[part].size:
            total += subject[part].size / subject.size * _ssim(prediction[part], subject[part].astype(np.float64))
    return total


def _ssim(a: Float64Plane, b: Float64Plane) -> float:
    """SSIM without its constants: luminance x contrast x structure of two planes."""
    mean_a, mean_b, divisor = float(a.mean()), float(b.mean()), max(a.size - 1, EPSILON)
    spread = float(((a - mean_a) ** 2).sum() + ((b - mean_b) ** 2).sum()) / divisor
    shared = float(((a - mean_a) * (b - mean_b)).sum()) / divisor
    above, below = 4 * mean_a * mean_b * shared, (mean_a**2 + mean_b**2) * spread
    if above != 0:
        return above / (below + EPSILON)
    return 1.0 if below == 0 else 0.0
