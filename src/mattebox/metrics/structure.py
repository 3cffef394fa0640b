"""Structural metrics of a matte: weighted F-measure, S-measure and E-measure.

Margolin et al., How to Evaluate Foreground Maps? (2014); Fan et al., Structure-measure (2017); Fan et al.,
Enhanced-alignment Measure (2018). Arrays are H x W floats, 0..1; the truth is thresholded at one half. Every score is
0..1, and 1 for a perfect matte.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.metrics.binary_masks import distance_transform
from mattebox.metrics.segmentation import counts_at_or_above, eight_bit_levels
from mattebox.metrics.separable_filter import filter_separably, gaussian_kernel
from mattebox.types import Floats, Mask

Float64Plane = NDArray[np.float64]
EPSILON = float(np.finfo(np.float64).eps)  # keeps divisors above 0, as in the authors' code
ERROR_BLUR = gaussian_kernel(radius=3, sigma=5)  # of `weighted_f`


def weighted_f(alpha: Floats, truth: Floats) -> float:
    """F-measure (beta 1) in which errors inside the subject count less when their neighbours are right, and errors
    outside count more the further they are from the subject.

    Without a subject, where the paper defines no value: 1 for an empty alpha, else 0.
    """
    subject = truth > 0.5
    if not subject.any():
        return float(alpha.max() <= 0)
    error = np.abs(alpha.astype(np.float64) - subject)
    distance, index = distance_transform(subject)
    nearest_error = error.ravel()[index]  # outside the subject, that of its nearest pixel
    blurred = filter_separably(nearest_error, ERROR_BLUR, ERROR_BLUR, "constant")
    error = np.where(subject, np.minimum(error, blurred), error)
    error = error * np.where(subject, 1.0, 2 - np.exp(np.log(0.5) / 5 * distance))
    true_positives, false_positives = float(subject.sum() - error[subject].sum()), float(error[~subject].sum())
    recall, precision = 1 - float(error[subject].mean()), true_positives / (EPSILON + true_positives + false_positives)
    return 2 * recall * precision / (EPSILON + recall + precision)


def s_measure(alpha: Floats, truth: Floats) -> float:
    """S-measure: the mean of object-aware and region-aware structural similarity."""
    prediction, subject = alpha.astype(np.float64), truth > 0.5
    share = float(subject.mean())
    if share in (0.0, 1.0):
        return float(prediction.mean()) if share else 1 - float(prediction.mean())
    foreground, background = _object_similarity(prediction[subject]), _object_similarity(1 - prediction[~subject])
    object_similarity = share * foreground + (1 - share) * background
    return max(0.0, 0.5 * object_similarity + 0.5 * _region_similarity(prediction, subject))


def e_curve(alpha: Floats, truth: Floats) -> Float64Plane:
    """E-measure at the 256 thresholds alpha >= k / 255, as the mean over the picture (the authors' code divides by one
    pixel less).

    Both maps are binary, so that it follows from the counts of four kinds of pixels.
    """
    subject = truth > 0.5
    level = eight_bit_levels(alpha)
    pixels, true = level.size, int(subject.sum())
    predicted, hits = counts_at_or_above(level.ravel()), counts_at_or_above(level[subject])
    if true in (0, pixels):
        return predicted / pixels if true else 1 - predicted / pixels
    predicted_mean, true_mean = predicted / pixels, true / pixels
    counts = ((1, 1, hits), (1, 0, predicted - hits), (0, 1, true - hits), (0, 0, pixels - predicted - true + hits))
    total = np.zeros(256)
    for predicted_value, true_value, count in counts:
        a, b = predicted_value - predicted_mean, true_value - true_mean
        alignment = 2 * a * b / (a**2 + b**2 + EPSILON)
        total += count * (alignment + 1) ** 2 / 4
    return total / pixels


def max_e(alpha: Floats, truth: Floats) -> float:
    """E-measure at this picture's best threshold."""
    return float(e_curve(alpha, truth).max())


def mean_e(alpha: Floats, truth: Floats) -> float:
    """Mean E-measure over the thresholds."""
    return float(e_curve(alpha, truth).mean())


def _object_similarity(values: Float64Plane) -> float:
    """Similarity, 0..1, of values to a constant 1, by their mean and standard deviation."""
    mean = float(values.mean())
    deviation = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + deviation + EPSILON)


def _region_similarity(prediction: Float64Plane, subject: Mask) -> float:
    """Structural similarity of the four rectangles that meet at the subject's centroid, weighted by their area."""
    rows, columns = np.nonzero(subject)
    # The centroid's own row and column belong to the upper and left rectangles.
    y, x = (int(np.floor(k.mean() + 1.5)) for k in (rows, columns))
    total = 0.0
    for window in (np.s_[:y, :x], np.s_[:y, x:], np.s_[y:, :x], np.s_[y:, x:]):
        true = subject[window]
        if true.size:
            total += true.size / subject.size * _ssim(prediction[window], true.astype(np.float64))
    return total


def _ssim(a: Float64Plane, b: Float64Plane) -> float:
    """Structural similarity (SSIM) of two planes, without its stabilising constants."""
    mean_a, mean_b, divisor = float(a.mean()), float(b.mean()), max(a.size - 1, EPSILON)
    variances = float(((a - mean_a) ** 2).sum() + ((b - mean_b) ** 2).sum()) / divisor
    covariance = float(((a - mean_a) * (b - mean_b)).sum()) / divisor
    numerator, denominator = 4 * mean_a * mean_b * covariance, (mean_a**2 + mean_b**2) * variances
    if numerator != 0:
        return numerator / (denominator + EPSILON)
    return 1.0 if denominator == 0 else 0.0
