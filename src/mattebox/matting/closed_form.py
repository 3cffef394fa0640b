"""Closed-form matting: the alpha that is, in every small window, as linear as possible in the picture's colours.

Levin, Lischinski & Weiss (2008), see `matting_laplacian`, solved by preconditioned conjugate gradients. Pixels whose
alpha is known are no unknowns of the system; elsewhere a weak data term may say what to expect.
"""

from __future__ import annotations

import numpy as np

from mattebox.matting.matting_laplacian import MattingLaplacian
from mattebox.types import Floats, Mask

TOLERANCE = 1e-10  # of the squared residual, in the preconditioner's norm, for each unknown pixel
MIN_DIAGONAL = 1e-6  # of the system's matrix, for the preconditioner


def solve_closed_form(
    rgb: Floats, start: Floats, unknown: Mask, data_weight: Floats, data: Floats, max_iterations: int
) -> Floats:
    """Solve for alpha where it is unknown.

    Parameters
    ----------
    rgb : Floats
        Colours H x W x 3, 0..1, at least 3 x 3 pixels.
    start : Floats
        H x W: alpha where it is known, and the first guess where it is not.
    unknown : Mask
        H x W: where alpha is solved for.
    data_weight, data : Floats
        H x W: alpha that is expected at unknown pixels, and its weight relative to the matting Laplacian; 0 for none.
    max_iterations : int
        Of conjugate gradients.

    Returns
    -------
    Floats
        Alpha H x W, which may overshoot 0..1 a little; equal to `start` where it is known.
    """
    laplacian = MattingLaplacian(rgb, unknown)
    free = laplacian.band.take(unknown)
    weight, expected, alpha = (laplacian.band.take(plane.astype(np.float32)) for plane in (data_weight, data, start))
    residual: Floats = np.where(free, weight * (expected - alpha) - laplacian.apply(alpha), np.float32(0))
    preconditioner: Floats = free / (laplacian.diagonal + weight + np.float32(MIN_DIAGONAL))
    direction: Floats = preconditioner * residual
    error = float(residual @ direction)
    target = TOLERANCE * np.count_nonzero(free)
    for _ in range(max_iterations):
        if error <= target:
            break
        product = np.where(free, laplacian.apply(direction) + weight * direction, np.float32(0))
        step = np.float32(error / float(direction @ product))
        alpha += step * direction
        residual -= step * product
        preconditioned = preconditioner * residual
        error, previous_error = float(residual @ preconditioned), error
        direction = preconditioned + np.float32(error / previous_error) * direction
    return laplacian.band.put(alpha, start)
