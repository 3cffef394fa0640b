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

from mattebox.training.data.degradation import box_blur, degrade_batch
from mattebox.training.data.pool import PicturePool
from mattebox.training.data.synthetic_shapes import draw_plain_colours, draw_shape_mattes, draw_shapes_over
from mattebox.training.data.tar_shards import UNKNOWN_ALPHA_MARGIN, UNKNOWN_PIXEL_SETS

CUTOUT_SET_WEIGHTS = {
    "magento_white": 0.7, "ccp": 0.35, "cars_jvyou": 1.2, "humanseg290": 1.2, "icoseg": 0.25, "davis16": 1.0,
    "weizmann_horses": 0.6,
}  # fmt: skip
IMPRECISE_MASK_SETS = (  # masks off by 1-3 px
    "ccp", "feralcats", "coco_small", "coco_taming", "msu_animals", "vocdemo_voc", "vocdemo_sbd",
)  # fmt: skip
EMPTY_BACKGROUND_SHARE = 0.08  # of a batch are rooms without a subject
DRAWN_SHAPE_SHARE = 0.05  # are shapes
OCCLUDER_RADIUS_RANGE = (0.1, 0.5)  # half the size of what stands in front, of the picture's


@dataclass
class TrainingBatch:
    """`rgb` N x 3 x H x W 0..1, `alpha` and `pixel_weights` (pixel weights) N x 1 x H x W, `has_exact_edges` N: edges exact."""

    rgb: Tensor
    alpha: Tensor
    pixel_weights: Tensor
    has_exact_edges: Tensor


class BatchSampler:
    """Draws batches from three pools: of each, `pasted` and `taught_share` are parts, the rest is labelled photographs.
    Without backgrounds there are neither pasted nor drawn samples, nor empty rooms."""

    def __init__(
        self,
        labelled: PicturePool,
        teacher_labelled: PicturePool,
        backgrounds: PicturePool | None,
        composite_share: float = 0.34,
        teacher_share: float = 0.16,
    ) -> None:
        self.kind_shares = {
            "pasted": composite_share,
            "drawn": DRAWN_SHAPE_SHARE,
            "taught": teacher_share,
            "empty": EMPTY_BACKGROUND_SHARE,
        }
        self.labelled, self.teacher_labelled, self.backgrounds = labelled, teacher_labelled, backgrounds
        white = {r.set: 0.6 if r.set == "magento_white" else 1.0 for r in labelled.rows}
        ours = any(r.set in CUTOUT_SET_WEIGHTS for r in labelled.rows)  # a user's own sets are all taken as cleanly cut
        self.sampling_weights = {
            "labelled": labelled.sampling_weights(white),
            "pasted": labelled.sampling_weights(CUTOUT_SET_WEIGHTS if ours else None),
            "taught": teacher_labelled.sampling_weights()
            * _teacher_certainty(teacher_labelled.rgba[:, 3, ::4, ::4]).cpu(),
            "empty": torch.ones(len(backgrounds.rows) if backgrounds else 0),
        }
        device = labelled.rgba.device
        self.is_imprecise = torch.tensor([r.set in IMPRECISE_MASK_SETS for r in labelled.rows], device=device)
        self.has_unknown_band = torch.tensor([r.set in UNKNOWN_PIXEL_SETS for r in labelled.rows], device=device)
        self.is_on_white = torch.tensor([r.set == "magento_white" for r in labelled.rows], device=device)

    def sample_batch(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        """`count` samples of height x width `size`."""
        least = int(count >= 4)  # of each kind that is wanted at all
        counts = {kind: max(least * (share > 0), round(count * share)) for kind, share in self.kind_shares.items()}
        if self.backgrounds is None:
            counts["pasted"] = counts["drawn"] = counts["empty"] = 0
        while sum(counts.values()) >= count:  # rounded up; something labelled is always among them
            counts[max(counts, key=lambda kind: counts[kind])] -= 1
        counts = {"labelled": count - sum(counts.values()), **counts}
        draw = {"labelled": self._sample_labelled, "pasted": self._sample_composites, "drawn": self._sample_shapes, "taught": self._sample_teacher_labelled,
                "empty": self._sample_empty}  # fmt: skip
        parts = [draw[kind](some, size) for kind, some in counts.items() if some]
        joined = (
            torch.cat([getattr(p, name) for p in parts])
            for name in ("rgb", "alpha", "pixel_weights", "has_exact_edges")
        )
        batch = TrainingBatch(*joined)
        batch.rgb = degrade_batch(batch.rgb)
        return batch

    def _sample_indices(self, kind: str, count: int) -> Tensor:
        return torch.multinomial(self.sampling_weights[kind], count, replacement=True)

    def _sample_labelled(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        index = self._sample_indices("labelled", count)
        rgba = crop_randomly(self.labelled, index, size)
        index = index.to(rgba.device)
        alpha = rgba[:, 3:]
        # the white sets were stored with their true colours: put them back on white
        rgb = torch.where(self.is_on_white[index][:, None, None, None], rgba[:, :3] * alpha + 1 - alpha, rgba[:, :3])
        trust = torch.where(
            self.is_imprecise[index][:, None, None, None], 1 - 0.7 * edge_band(alpha, 2), torch.ones_like(alpha)
        )
        unknown = (alpha - 0.5).abs() < UNKNOWN_ALPHA_MARGIN
        trust = torch.where(self.has_unknown_band[index][:, None, None, None] & unknown, 0.0, trust)
        return TrainingBatch(rgb, alpha, trust, torch.zeros(count, device=alpha.device))

    def _sample_composites(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        rgb, alpha = self._sample_backgrounds(count, size), None
        for layer in range(2):
            index = self._sample_indices("pasted", count)
            subject = crop_randomly(
                self.labelled, index, size, crop_range=(0.85, 3.0) if layer else (0.75, 2.2), allow_outside=True
            )
            colour, matte = subject[:, :3], subject[:, 3:]
            soft = self.is_on_white[index.to(matte.device)][:, None, None, None]
            matte = torch.where(soft, matte, shrink_mask(matte))
            if layer:  # a second subject in a quarter of the scenes
                matte = matte * (torch.rand(count, 1, 1, 1, device=matte.device) < 0.25)
            rgb = cast_shadow(rgb, matte)
            rgb = colour * matte + rgb * (1 - matte)
            alpha = matte if alpha is None else 1 - (1 - alpha) * (1 - matte)
        assert alpha is not None
        rgb, alpha = self._add_occluders(rgb, alpha, size)
        return TrainingBatch(rgb, alpha, torch.ones_like(alpha), torch.ones(count, device=alpha.device))

    def _sample_shapes(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        """Mostly on plain ground."""
        rgb, device = self._sample_backgrounds(count, size), self.labelled.rgba.device
        even = torch.rand(count, 1, 1, 1, device=device) < 0.7
        rgb, alpha = draw_shapes_over(torch.where(even, draw_plain_colours(count, size, device), rgb))
        return TrainingBatch(rgb, alpha, torch.ones_like(alpha), torch.ones(count, device=device))

    def _sample_backgrounds(self, count: int, size: tuple[int, int]) -> Tensor:
        """Backgrounds: rooms, blurred photographs, gradients, flat colours."""
        assert self.backgrounds is not None
        rgb = crop_randomly(self.backgrounds, self._sample_indices("empty", count), size, crop_range=(0.4, 1.0))[:, :3]
        smooth = F.interpolate(
            F.interpolate(rgb, size=(6, 6), mode="area"), size=size, mode="bicubic", align_corners=False
        )
        dice = torch.rand(count, 1, 1, 1, device=rgb.device)
        rgb = torch.where(dice < 0.30, smooth, rgb)
        return torch.where(dice < 0.22, draw_plain_colours(count, size, rgb.device), rgb).clamp(0, 1)

    def _add_occluders(self, rgb: Tensor, alpha: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Something of the background in front of the subject, in an eighth of the scenes."""
        index = torch.nonzero(torch.rand(len(rgb), device=rgb.device) < 0.125).flatten()
        if len(index):
            front = draw_shape_mattes(len(index), size, rgb.device, OCCLUDER_RADIUS_RANGE)
            rgb[index] = torch.lerp(rgb[index], self._sample_backgrounds(len(index), size), front)
            alpha[index] = alpha[index] * (1 - front)
        return rgb, alpha

    def _sample_teacher_labelled(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        rgba = crop_randomly(self.teacher_labelled, self._sample_indices("taught", count), size)
        alpha = rgba[:, 3:]
        return TrainingBatch(rgba[:, :3], alpha, torch.full_like(alpha, 0.7), torch.zeros(count, device=alpha.device))

    def _sample_empty(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        rgb = self._sample_backgrounds(count, size)
        zero = torch.zeros_like(rgb[:, :1])
        return TrainingBatch(rgb, zero, torch.ones_like(zero), torch.zeros(count, device=rgb.device))


def crop_randomly(
    pool: PicturePool,
    indices: Tensor,
    size: tuple[int, int],
    crop_range: tuple[float, float] | None = None,
    allow_outside: bool = False,
) -> Tensor:
    """Sample `indices` of a pool through random crops, flips and stretches: N x 4 x H x W, 0..1.

    `crop_range` is the range of the crop's longer side as a part of the picture; None = half whole frames, half crops.
    `allow_outside` lets the crop leave the picture, which is transparent there.
    """
    count, device = len(indices), pool.rgba.device
    aspect = pool.aspect_ratios[indices].to(device)
    stretch = torch.exp((torch.rand(count, device=device) - 0.5) * 2 * math.log(1.35))
    ratio = size[1] / size[0] * stretch / aspect  # crop width / height in units of the squashed picture
    low, high = crop_range or (0.5, 1.0)
    longer = low * (high / low) ** torch.rand(count, device=device)
    wide = longer * torch.where(ratio >= 1, torch.ones_like(ratio), ratio)
    tall = longer * torch.where(ratio >= 1, 1 / ratio, torch.ones_like(ratio))
    if crop_range is None:
        whole = torch.rand(count, device=device) < 0.5
        frame = 0.88 + 0.12 * torch.rand(2, count, device=device)
        wide, tall = torch.where(whole, frame[0], wide), torch.where(whole, frame[1], tall)
    shift = torch.rand(2, count, device=device) * 2 - 1
    centre_x, centre_y = shift[0] * (1 - wide).abs(), shift[1] * (1 - tall).abs()
    if allow_outside:  # keep most of the subject's frame in view
        centre_x, centre_y = centre_x * 0.9, centre_y * 0.9
    mirror = torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)
    turn = (torch.rand(count, device=device) - 0.5) * 0.3 * (torch.rand(count, device=device) < 0.25)
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 0, 1], theta[:, 0, 2] = mirror * wide * turn.cos(), -wide * turn.sin(), centre_x
    theta[:, 1, 0], theta[:, 1, 1], theta[:, 1, 2] = mirror * tall * turn.sin(), tall * turn.cos(), centre_y
    grid = F.affine_grid(theta, [count, 4, *size], align_corners=False)
    source = pool.rgba[indices.to(device)].float().div_(255)
    return F.grid_sample(source, grid, padding_mode="zeros" if allow_outside else "reflection", align_corners=False)


def shrink_mask(matte: Tensor) -> Tensor:
    """Pull a hard mask in by about a pixel and soften it, so that no old background comes along."""
    return box_blur(-F.max_pool2d(-matte, 3, 1, 1), 3)


def edge_band(alpha: Tensor, radius: int) -> Tensor:
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
    soft = F.interpolate(box_blur(soft, 3), size=rgb.shape[2:], mode="bilinear", align_corners=False)
    return rgb * (1 - strength * torch.roll(soft, (height // 20, height // 30), (2, 3)))


def bucket_sizes(side: int, multiple: int = 32) -> Sequence[tuple[int, int]]:
    """Heights and widths of about side x side pixels, at the aspects photographs have."""
    shapes = set()
    for aspect in (0.56, 0.67, 0.75, 0.85, 1.0, 1.0, 1.18, 1.33, 1.5, 1.78):
        height = max(multiple, round(side / math.sqrt(aspect) / multiple) * multiple)
        width = max(multiple, round(side * math.sqrt(aspect) / multiple) * multiple)
        shapes.add((height, width))
    return sorted(shapes)


def _teacher_certainty(alpha: Tensor) -> Tensor:
    """How decided a teacher's mask is, N values 0..1: expected IoU of its own thresholding, 0 where it saw nothing."""
    p = alpha.flatten(1).float() / 255
    inside = (p > 0.5).float()
    score = (p * inside).sum(1) / torch.maximum(p, inside).sum(1).clamp_min(1)
    return ((score - 0.5) * 2).clamp(0.02, 1) * (inside.mean(1) > 0.01).float().clamp_min(0.05)
