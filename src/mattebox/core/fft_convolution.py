"""Convolution by the fast Fourier transform, zero outside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mattebox.core import cpu_threads
from mattebox.types import Floats


def convolve(planes: Floats, kernel: Floats) -> Floats:
    """Convolve each plane of (C, H, W) float32 with a kernel of odd sides; zero outside; the size stays."""
    count, height, width = planes.shape
    reach_y, reach_x = kernel.shape[0] // 2, kernel.shape[1] // 2
    size = _good_length(height + 2 * reach_y), _good_length(width + 2 * reach_x)
    response = np.fft.rfft2(kernel, size)
    result = np.empty_like(planes)

    def convolve_plane(index: int) -> None:
        spectrum = np.fft.rfft2(planes[index], size)
        spectrum *= response
        full = np.fft.irfft2(spectrum, size)
        result[index] = full[reach_y : reach_y + height, reach_x : reach_x + width]

    with ThreadPoolExecutor(min(count, cpu_threads.thread_cpu_count())) as pool:
        list(pool.map(convolve_plane, range(count)))
    return result


def _good_length(length: int) -> int:
    """The next length with no prime factors above 5, for which the transform is fast."""
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1
