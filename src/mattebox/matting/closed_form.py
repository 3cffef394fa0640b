"""Closed-form matting: the alpha that is, in every small window, as linear as possible in the picture's colours.

Levin, Lischinski & Weiss, A Closed-Form Solution to Natural Image Matting (2008). The matting Laplacian is never
built: its product with a plane is the plane minus its guided filtering (He, Sun & Tang, Fast Matting Using Large Kernel
Matting Laplacian Matrices, 2010), so that conjugate gradients need a few planes of memory and time linear in pixels.
Meant for a network's working resolution.
"""

from __future__ import annotations

import numpy as np

from mattebox.matting.box_sum import box_sum
from mattebox.types import Floats, Mask

WINDOW_RADIUS_PIXELS = 1
MIN_COLOUR_VARIANCE = 1e-4  # added to the colour variance of every window
KNOWN_WEIGHT = 100.0  # weight of the data term at known pixels
MAX_ITERATIONS = 60  # of conjugate gradients
RELATIVE_TOLERANCE = 1e-6  # of the first residual


def solve_closed_form(rgb: Floats, prior: Floats, known: Mask, prior_weight: float) -> Floats:
    """Solve for alpha by preconditioned conjugate gradients.

    Parameters
    ----------
    rgb : Floats
        Colours, 3 x H x W, 0..1.
    prior : Floats
        Alpha H x W, 0..1, expected before looking at the colours.
    known : Mask
        Where the prior is binding.
    prior_weight : float
        Weight of the prior elsewhere, relative to the matting Laplacian.

    Returns
    -------
    Floats
        Alpha H x W, 0..1.
    """
    laplacian = MattingLaplacian(rgb)
    weight: Floats = np.where(known, np.float32(KNOWN_WEIGHT), np.float32(prior_weight)).astype(np.float32)
    alpha: Floats = prior.astype(np.float32)
    residual = -laplacian.apply(alpha)  # the data term is zero at the prior
    preconditioner: Floats = (1 / (weight + 1)).astype(np.float32)
    direction: Floats = preconditioner * residual
    error = first_error = float((residual * direction).sum())
    for _ in range(MAX_ITERATIONS):
        if error <= RELATIVE_TOLERANCE * first_error or error <= 0:
            break
        product = laplacian.apply(direction) + weight * direction
        step = np.float32(error / float((direction * product).sum()))
        alpha = np.add(alpha, step * direction, dtype=np.float32)
        residual = np.subtract(residual, step * product, dtype=np.float32)
        preconditioned = preconditioner * residual
        error, previous_error = float((residual * preconditioned).sum()), error
        direction = np.add(preconditioned, np.float32(error / previous_error) * direction, dtype=np.float32)
    return np.asarray(alpha.clip(0, 1), np.float32)


class MattingLaplacian:
    """The matting Laplacian of a picture, kept as colour statistics of the window around every pixel."""

    def __init__(self, rgb: Floats) -> None:
        """Compute the windows' means and inverse covariances (3 x 3 x H x W) of colours 3 x H x W, 0..1."""
        size = rgb.shape[1:]
        self.rgb, self.pixel_counts = rgb, box_sum(np.ones((1, *size), np.float32), WINDOW_RADIUS_PIXELS)
        self.mean = self.window_means(rgb)
        products = self.window_means((rgb[:, None] * rgb[None]).reshape(9, *size))
        covariance = products.reshape(3, 3, *size) - self.mean[:, None] * self.mean[None]
        matrices = covariance.transpose(2, 3, 0, 1).astype(np.float64) + MIN_COLOUR_VARIANCE * np.eye(3)
        self.inverse_covariance = np.linalg.inv(matrices).transpose(2, 3, 0, 1).astype(np.float32)

    def window_means(self, planes: Floats) -> Floats:
        """Means of C x H x W planes over the part of each window that lies in the picture."""
        return box_sum(planes, WINDOW_RADIUS_PIXELS) / self.pixel_counts

    def apply(self, plane: Floats) -> Floats:
        """The Laplacian times a plane H x W, divided by the window's area: the part that colours cannot explain."""
        means = self.window_means(np.concatenate([self.rgb * plane, plane[None]]))
        slopes = np.einsum("ijhw,jhw->ihw", self.inverse_covariance, means[:3] - self.mean * means[3])
        offset = means[3] - (slopes * self.mean).sum(axis=0)
        sums = box_sum(np.concatenate([slopes, offset[None]]), WINDOW_RADIUS_PIXELS)
        explained = (sums[:3] * self.rgb).sum(axis=0) + sums[3]
        window_area = (2 * WINDOW_RADIUS_PIXELS + 1) ** 2
        return np.asarray((self.pixel_counts[0] * plane - explained) / window_area, np.float32)
