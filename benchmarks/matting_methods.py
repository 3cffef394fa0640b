"""Methods compared by `benchmarks.matting`: from a picture and its coarse matte to alpha and foreground colours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from mattebox.types import Matte, Picture

MattingResult = tuple[np.ndarray, np.ndarray | None]  # alpha, and foreground colours if the method estimates them
MattingMethod = Callable[[Picture, Matte], MattingResult]


def run_mattebox_colour(picture: Picture, coarse_matte: Matte) -> MattingResult:
    from mattebox.matting.colour_refinement import refine

    return with_foreground_colours(picture, refine(picture, coarse_matte))


def run_mattebox_network(picture: Picture, coarse_matte: Matte) -> MattingResult:
    from mattebox.matting.network_refinement import refine_with_network

    return with_foreground_colours(picture, refine_with_network(picture, coarse_matte))


def run_mattebox_auto(picture: Picture, coarse_matte: Matte) -> MattingResult:
    from mattebox.matting.auto_refinement import refine_automatically

    return with_foreground_colours(picture, refine_automatically(picture, coarse_matte))


def run_mattebox_trimap(picture: Picture, coarse_matte: Matte) -> MattingResult:
    from mattebox.matting.trimap_matting import matte_from_trimap

    trimap = np.floor(trimap_from_coarse(picture, coarse_matte) * 255.5 + 0.5).clip(0, 255).astype(np.uint8)
    return with_foreground_colours(picture, matte_from_trimap(picture, trimap))


def run_mattebox_none(picture: Picture, coarse_matte: Matte) -> MattingResult:
    return enlarge_alpha(picture, coarse_matte), None


def with_foreground_colours(picture: Picture, matte: Matte) -> MattingResult:
    from mattebox.matting.foreground import estimate_foreground

    return matte.alpha, estimate_foreground(picture, matte).rgb


def enlarge_alpha(picture: Picture, coarse_matte: Matte) -> np.ndarray:
    """The coarse alpha at the picture's size, 0..255."""
    from mattebox.matting.matte_operations import enlarge_matte

    return enlarge_matte(picture, coarse_matte).alpha


def run_rembg_alpha_matting(picture: Picture, coarse_matte: Matte) -> MattingResult:
    from rembg.bg import alpha_matting_cutout

    mask = rembg_mask(picture, coarse_matte)
    cutout = np.asarray(alpha_matting_cutout(Image.fromarray(picture.rgb), mask, 240, 10, 10))  # its defaults
    return cutout[..., 3], cutout[..., :3]


def run_rembg_post_process(picture: Picture, coarse_matte: Matte) -> MattingResult:
    from rembg.bg import post_process

    return post_process(np.array(rembg_mask(picture, coarse_matte))), None


def run_rembg_default(picture: Picture, coarse_matte: Matte) -> MattingResult:
    from rembg.bg import naive_cutout

    cutout = np.asarray(naive_cutout(Image.fromarray(picture.rgb), rembg_mask(picture, coarse_matte)))
    return cutout[..., 3], cutout[..., :3]


def rembg_mask(picture: Picture, coarse_matte: Matte) -> Image.Image:
    """The coarse alpha, enlarged as rembg's sessions do."""
    small = Image.fromarray((coarse_matte.alpha // 257).astype(np.uint8))
    return small.resize(picture.shape[::-1], Image.Resampling.LANCZOS)


def trimap_from_coarse(picture: Picture, coarse_matte: Matte) -> np.ndarray:
    """0, 0.5 or 1: the enlarged coarse alpha, its uncertain band widened by one coarse sample."""
    from scipy.ndimage import maximum_filter, minimum_filter

    alpha = enlarge_alpha(picture, coarse_matte) / 255
    window = 2 * max(1, picture.shape[0] // coarse_matte.shape[0]) + 1
    is_foreground, is_background = minimum_filter(alpha, window) > 0.95, maximum_filter(alpha, window) < 0.05
    return np.where(is_foreground, 1.0, np.where(is_background, 0.0, 0.5))


def pymatting_method(name: str) -> MattingMethod:
    """PyMatting's alpha from such a trimap, and its multi-level foreground (Germer et al. 2020)."""

    def run(picture: Picture, coarse_matte: Matte) -> MattingResult:
        import pymatting

        rgb = picture.rgb / 255.0
        alpha = getattr(pymatting, f"estimate_alpha_{name}")(rgb, trimap_from_coarse(picture, coarse_matte))
        return to_eight_bits(alpha), to_eight_bits(pymatting.estimate_foreground_ml(rgb, alpha))

    return run


def run_pymatting_colours(picture: Picture, coarse_matte: Matte) -> MattingResult:
    """Our alpha with PyMatting's foreground."""
    import pymatting

    from mattebox.matting.colour_refinement import refine

    alpha = refine(picture, coarse_matte).alpha
    return alpha, to_eight_bits(pymatting.estimate_foreground_ml(picture.rgb / 255.0, alpha / 255.0))


def to_eight_bits(plane: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(255 * np.clip(plane, 0, 1)), np.uint8)


METHODS: dict[str, MattingMethod] = {
    "mattebox colour": run_mattebox_colour,
    "mattebox network": run_mattebox_network,
    "mattebox auto": run_mattebox_auto,
    "mattebox trimap": run_mattebox_trimap,
    "mattebox none": run_mattebox_none,
    "rembg default": run_rembg_default,
    "rembg alpha_matting": run_rembg_alpha_matting,
    "rembg post_process": run_rembg_post_process,
    "pymatting closed form": pymatting_method("cf"),
    "pymatting KNN": pymatting_method("knn"),
    "mattebox colour, pymatting's colours": run_pymatting_colours,
}
