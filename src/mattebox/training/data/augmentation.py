"""From decoded pools to training batches, on the pool's device, in whole-batch tensor operations.

Five kinds of sample: labelled photographs, subjects pasted onto other backgrounds with their true colours (and a soft
shadow, and at times something in front), drawn shapes (signs, stickers and prints are subjects, too), photographs a
teacher has labelled, and empty rooms. Geometry is one grid sampling per picture. Knows nothing of files, networks or
losses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.degradation import degrade, smoothed
from mattebox.training.data.pool import Pool
from mattebox.training.data.synthetic_shapes import drawn, plain, shapes

CUTOUT_SETS = {"magento_white": 0.7, "ccp": 0.35, "cars_jvyou": 1.2, "humanseg290": 1.2, "icoseg": 0.25}
LOOSE_SETS = ("ccp", "feralcats", "coco_small", "msu_animals")  # masks off by 1-3 px
EMPTY = 0.08  # of a batch are rooms without a subject
DRAWN = 0.05  # are shapes
OCCLUDER = (0.1, 0.5)  # half the size of what stands in front, of the picture's


@dataclass
class Batch:
    """`rgb` N x 3 x H x W 0..1, `alpha` and `trust` (pixel weights) N x 1 x H x W, `crisp` N: edges exact."""

    rgb: Tensor
    alpha: Tensor
    trust: Tensor
    crisp: Tensor


class Mixer:
    """Draws batches from three pools: of each, `pasted` and `taught_share` are parts, the rest is labelled photographs.
    Without backgrounds there are neither pasted nor drawn samples, nor empty rooms."""

    def __init__(
        self, labelled: Pool, taught: Pool, backgrounds: Pool | None, pasted: float = 0.34, taught_share: float = 0.16
    ) -> None:
        self.shares = {"pasted": pasted, "drawn": DRAWN, "taught": taught_share, "empty": EMPTY}
        self.labelled, self.taught, self.backgrounds = labelled, taught, backgrounds
        white = {r.set: 0.6 if r.set == "magento_white" else 1.0 for r in labelled.rows}
        ours = any(r.set in CUTOUT_SETS for r in labelled.rows)  # a user's own sets are all taken as cleanly cut
        self.draws = {
            "labelled": labelled.weights(white),
            "pasted": labelled.weights(CUTOUT_SETS if ours else None),
            "taught": taught.weights() * _decided(taught.rgba[:, 3, ::4, ::4]).cpu(),
            "empty": torch.ones(len(backgrounds.rows) if backgrounds else 0),
        }
        device = labelled.rgba.device
        self.loose = torch.tensor([r.set in LOOSE_SETS for r in labelled.rows], device=device)
        self.banded = torch.tensor([r.set == "grabcut" for r in labelled.rows], device=device)
        self.white = torch.tensor([r.set == "magento_white" for r in labelled.rows], device=device)

    def batch(self, count: int, size: tuple[int, int]) -> Batch:
        """`count` samples of height x width `size`."""
        least = int(count >= 4)  # of each kind that is wanted at all
        counts = {kind: max(least * (share > 0), round(count * share)) for kind, share in self.shares.items()}
        if self.backgrounds is None:
            counts["pasted"] = counts["drawn"] = counts["empty"] = 0
        while sum(counts.values()) >= count:  # rounded up; something labelled is always among them
            counts[max(counts, key=lambda kind: counts[kind])] -= 1
        counts = {"labelled": count - sum(counts.values()), **counts}
        draw = {"labelled": self._labelled, "pasted": self._pasted, "drawn": self._drawn, "taught": self._taught,
                "empty": self._empty}  # fmt: skip
        parts = [draw[kind](some, size) for kind, some in counts.items() if some]
        joined = (torch.cat([getattr(p, name) for p in parts]) for name in ("rgb", "alpha", "trust", "crisp"))
        batch = Batch(*joined)
        batch.rgb = degrade(batch.rgb)
        return batch

    def _pick(self, kind: str, count: int) -> Tensor:
        return torch.multinomial(self.draws[kind], count, replacement=True)

    def _labelled(self, count: int, size: tuple[int, int]) -> Batch:
        index = self._pick("labelled", count)
        rgba = view(self.labelled, index, size)
        index = index.to(rgba.device)
        alpha = rgba[:, 3:]
        # the white sets were stored with their true colours: put them back on white
        rgb = torch.where(self.white[index][:, None, None, None], rgba[:, :3] * alpha + 1 - alpha, rgba[:, :3])
        trust = torch.where(self.loose[index][:, None, None, None], 1 - 0.7 * band(alpha, 2), torch.ones_like(alpha))
        unknown = (alpha - 0.5).abs() < 0.12
        trust = torch.where(self.banded[index][:, None, None, None] & unknown, 0.0, trust)
        return Batch(rgb, alpha, trust, torch.zeros(count, device=alpha.device))

    def _pasted(self, count: int, size: tuple[int, int]) -> Batch:
        rgb, alpha = self._scene(count, size), None
        for layer in range(2):
            index = self._pick("pasted", count)
            subject = view(self.labelled, index, size, zoom=(0.85, 3.0) if layer else (0.75, 2.2), outside=True)
            colour, matte = subject[:, :3], subject[:, 3:]
            soft = self.white[index.to(matte.device)][:, None, None, None]
            matte = torch.where(soft, matte, trim(matte))
            if layer:  # a second subject in a quarter of the scenes
                matte = matte * (torch.rand(count, 1, 1, 1, device=matte.device) < 0.25)
            rgb = cast_shadow(rgb, matte)
            rgb = colour * matte + rgb * (1 - matte)
            alpha = matte if alpha is None else 1 - (1 - alpha) * (1 - matte)
        assert alpha is not None
        rgb, alpha = self._occluded(rgb, alpha, size)
        return Batch(rgb, alpha, torch.ones_like(alpha), torch.ones(count, device=alpha.device))

    def _drawn(self, count: int, size: tuple[int, int]) -> Batch:
        """Mostly on plain ground."""
        rgb, device = self._scene(count, size), self.labelled.rgba.device
        even = torch.rand(count, 1, 1, 1, device=device) < 0.7
        rgb, alpha = drawn(torch.where(even, plain(count, size, device), rgb))
        return Batch(rgb, alpha, torch.ones_like(alpha), torch.ones(count, device=device))

    def _scene(self, count: int, size: tuple[int, int]) -> Tensor:
        """Backgrounds: rooms, blurred photographs, gradients, flat colours."""
        assert self.backgrounds is not None
        rgb = view(self.backgrounds, self._pick("empty", count), size, zoom=(0.4, 1.0))[:, :3]
        smooth = F.interpolate(
            F.interpolate(rgb, size=(6, 6), mode="area"), size=size, mode="bicubic", align_corners=False
        )
        dice = torch.rand(count, 1, 1, 1, device=rgb.device)
        rgb = torch.where(dice < 0.30, smooth, rgb)
        return torch.where(dice < 0.22, plain(count, size, rgb.device), rgb).clamp(0, 1)

    def _occluded(self, rgb: Tensor, alpha: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Something of the background in front of the subject, in an eighth of the scenes."""
        index = torch.nonzero(torch.rand(len(rgb), device=rgb.device) < 0.125).flatten()
        if len(index):
            front = shapes(len(index), size, rgb.device, OCCLUDER)
            rgb[index] = torch.lerp(rgb[index], self._scene(len(index), size), front)
            alpha[index] = alpha[index] * (1 - front)
        return rgb, alpha

    def _taught(self, count: int, size: tuple[int, int]) -> Batch:
        rgba = view(self.taught, self._pick("taught", count), size)
        alpha = rgba[:, 3:]
        return Batch(rgba[:, :3], alpha, torch.full_like(alpha, 0.7), torch.zeros(count, device=alpha.device))

    def _empty(self, count: int, size: tuple[int, int]) -> Batch:
        rgb = self._scene(count, size)
        zero = torch.zeros_like(rgb[:, :1])
        return Batch(rgb, zero, torch.ones_like(zero), torch.zeros(count, device=rgb.device))


def view(
    pool: Pool,
    index: Tensor,
    size: tuple[int, int],
    zoom: tuple[float, float] | None = None,
    outside: bool = False,
) -> Tensor:
    """Sample `index` of a pool through random crops, flips and stretches: N x 4 x H x W, 0..1.

    `zoom` is the range of the crop's longer side as a part of the picture; None = half whole frames, half crops.
    `outside` lets the crop leave the picture, which is transparent there.
    """
    count, device = len(index), pool.rgba.device
    aspect = pool.aspect[index].to(device)
    stretch = torch.exp((torch.rand(count, device=device) - 0.5) * 2 * math.log(1.35))
    ratio = size[1] / size[0] * stretch / aspect  # crop width / height in units of the squashed picture
    low, high = zoom or (0.5, 1.0)
    longer = low * (high / low) ** torch.rand(count, device=device)
    wide = longer * torch.where(ratio >= 1, torch.ones_like(ratio), ratio)
    tall = longer * torch.where(ratio >= 1, 1 / ratio, torch.ones_like(ratio))
    if zoom is None:
        whole = torch.rand(count, device=device) < 0.5
        frame = 0.88 + 0.12 * torch.rand(2, count, device=device)
        wide, tall = torch.where(whole, frame[0], wide), torch.where(whole, frame[1], tall)
    shift = torch.rand(2, count, device=device) * 2 - 1
    centre_x, centre_y = shift[0] * (1 - wide).abs(), shift[1] * (1 - tall).abs()
    if outside:  # keep most of the subject's frame in view
        centre_x, centre_y = centre_x * 0.9, centre_y * 0.9
    mirror = torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)
    turn = (torch.rand(count, device=device) - 0.5) * 0.3 * (torch.rand(count, device=device) < 0.25)
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 0, 1], theta[:, 0, 2] = mirror * wide * turn.cos(), -wide * turn.sin(), centre_x
    theta[:, 1, 0], theta[:, 1, 1], theta[:, 1, 2] = mirror * tall * turn.sin(), tall * turn.cos(), centre_y
    grid = F.affine_grid(theta, [count, 4, *size], align_corners=False)
    source = pool.rgba[index.to(device)].float().div_(255)
    return F.grid_sample(source, grid, padding_mode="zeros" if outside else "reflection", align_corners=False)


def trim(matte: Tensor) -> Tensor:
    """Pull a hard mask in by about a pixel and soften it, so that no old background comes along."""
    return smoothed(-F.max_pool2d(-matte, 3, 1, 1), 3)


def band(alpha: Tensor, radius: int) -> Tensor:
    """1 within `radius` pixels of the outline, else 0."""
    size = 2 * radius + 1
    return ((F.max_pool2d(alpha, size, 1, radius) + F.max_pool2d(-alpha, size, 1, radius)) > 0.5).float()


def cast_shadow(rgb: Tensor, matte: Tensor) -> Tensor:
    """Darken the background below and beside the subject in a third of the samples."""
    count, height = len(rgb), rgb.shape[2]
    strength = (
        0.6 * torch.rand(count, 1, 1, 1, device=rgb.device) * (torch.rand(count, 1, 1, 1, device=rgb.device) < 0.35)
    )
    soft = F.interpolate(matte, scale_factor=0.125, mode="area")
    soft = F.interpolate(smoothed(soft, 3), size=rgb.shape[2:], mode="bilinear", align_corners=False)
    return rgb * (1 - strength * torch.roll(soft, (height // 20, height // 30), (2, 3)))


def buckets(side: int, multiple: int = 32) -> Sequence[tuple[int, int]]:
    """Heights and widths of about side x side pixels, at the aspects photographs have."""
    shapes = set()
    for aspect in (0.56, 0.67, 0.75, 0.85, 1.0, 1.0, 1.18, 1.33, 1.5, 1.78):
        height = max(multiple, round(side / math.sqrt(aspect) / multiple) * multiple)
        width = max(multiple, round(side * math.sqrt(aspect) / multiple) * multiple)
        shapes.add((height, width))
    return sorted(shapes)


def _decided(alpha: Tensor) -> Tensor:
    """How decided a teacher's mask is, N values 0..1: expected IoU of its own thresholding, 0 where it saw nothing."""
    p = alpha.flatten(1).float() / 255
    inside = (p > 0.5).float()
    score = (p * inside).sum(1) / torch.maximum(p, inside).sum(1).clamp_min(1)
    return ((score - 0.5) * 2).clamp(0.02, 1) * (inside.mean(1) > 0.01).float().clamp_min(0.05)
