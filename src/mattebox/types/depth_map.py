"""The depth contract: how near each point of a photograph is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.types.pixels import Floats

NEAR_QUANTILE, FAR_QUANTILE = 0.995, 0.005  # of what counts as the nearest and the farthest point


@dataclass(frozen=True, eq=False)
class DepthMap:
    """Inverse depth of a photograph, in any resolution: the map covers the photograph's whole frame.

    Attributes
    ----------
    inverse_depth : (H, W) float32
        Larger is nearer; 1/metres where `unit` says so, else up to an unknown scale and shift. The blur of a thin lens
        is proportional to differences of it.
    source : str
        Where it comes from: "file", "picture", "stereo", "network" or "layers".
    unit : str
        "1/m" or "relative".
    """

    inverse_depth: Floats
    source: str
    unit: str = "relative"

    def __post_init__(self) -> None:
        if self.inverse_depth.ndim != 2 or self.inverse_depth.dtype != np.float32:
            raise ValueError("inverse_depth must be an (H, W) float32 array")
        if not np.isfinite(self.inverse_depth).all():
            raise ValueError("inverse_depth must be finite")

    def nearness(self) -> Floats:
        """The map from 0 (farthest) to 1 (nearest), (H, W) float32; single outliers are clipped; 0 where all is one."""
        far, near = self.limits()
        if near <= far:
            return np.zeros_like(self.inverse_depth)
        scaled: Floats = np.clip((self.inverse_depth - far) / (near - far), 0, 1).astype(np.float32)
        return scaled

    def limits(self) -> tuple[float, float]:
        """Inverse depths of the farthest and the nearest point, outliers left out."""
        far, near = (float(value) for value in np.quantile(self.inverse_depth, (FAR_QUANTILE, NEAR_QUANTILE)))
        return (far, near) if near > far else (float(self.inverse_depth.min()), float(self.inverse_depth.max()))
