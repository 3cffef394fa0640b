"""Sampling of training batches from pools of decoded pictures, on the pools' device.

Five kinds of sample: labelled photographs; composites, subjects over other backgrounds in their true colours, with a
soft shadow and at times an occluder; drawn shapes (signs, stickers and prints are subjects, too); teacher-labelled
photographs; and empty backgrounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.augmentation import cast_shadow, crop_randomly, edge_band, shrink_mask
from mattebox.training.data.degradation import degrade_batch
from mattebox.training.data.drawn_objects import draw_object_mattes
from mattebox.training.data.pool import PicturePool
from mattebox.training.data.synthetic_shapes import draw_plain_colours, draw_shape_mattes, draw_shapes_over, punch_holes
from mattebox.training.data.tar_shards import UNKNOWN_ALPHA_MARGIN, UNKNOWN_PIXEL_SETS

CUTOUT_SET_WEIGHTS = {
    "magento_white": 0.7, "ccp": 0.35, "cars_jvyou": 1.2, "humanseg290": 1.2, "icoseg": 0.25, "davis16": 1.0,
    "weizmann_horses": 0.6,
}  # fmt: skip
IMPRECISE_MASK_SETS = (  # outlines off by 1-3 px
    "ccp", "feralcats", "coco_small", "coco_taming", "msu_animals", "vocdemo_voc", "vocdemo_sbd",
)  # fmt: skip
EMPTY_BACKGROUND_SHARE = 0.08  # of a batch
DRAWN_SHAPE_SHARE = 0.05  # of a batch
DRAWN_OBJECT_SHARE = 0.6  # of the drawn samples; the others are shapes
TEXTURE_SHARE = 0.5  # of an object's colour, where it has a texture
UNWEIGHTED_TEACHER_PIXEL = 0.7  # weight of a teacher's pixel where the labels give none
HOLE_SHARE = 0.12  # of the composites: their subjects have holes
OCCLUDER_RADIUS_RANGE = (0.1, 0.5)  # half the picture's side being 1


@dataclass
class TrainingBatch:
    """A batch: `rgb` N x 3 x H x W, `alpha` and `pixel_weights` N x 1 x H x W, `has_exact_edges` N; all 0..1."""

    rgb: Tensor
    alpha: Tensor
    pixel_weights: Tensor
    has_exact_edges: Tensor


class BatchSampler:
    """Samples batches from three pools.

    Parameters
    ----------
    labelled, teacher_labelled : PicturePool
        Photographs with masks, and with teachers' masks.
    backgrounds : PicturePool or None
        Photographs without a subject; without them batches have no composites, drawn shapes or empty backgrounds.
    composite_share, teacher_share : float
        Share of a batch, 0..1; what remains is labelled photographs.
    set_weights : mapping, optional
        Factor of the frequency of sets, of all kinds; 1 for sets that it does not have.
    """

    def __init__(
        self,
        labelled: PicturePool,
        teacher_labelled: PicturePool,
        backgrounds: PicturePool | None,
        composite_share: float = 0.34,
        teacher_share: float = 0.16,
        set_weights: Mapping[str, float] | None = None,
    ) -> None:
        self.kind_shares = {
            "pasted": composite_share,
            "drawn": DRAWN_SHAPE_SHARE,
            "taught": teacher_share,
            "empty": EMPTY_BACKGROUND_SHARE,
        }
        self.labelled, self.teacher_labelled, self.backgrounds = labelled, teacher_labelled, backgrounds
        own_weights = {"magento_white": 0.6, **(set_weights or {})}
        # sets of users are assumed to be cut out cleanly
        has_known_sets = any(r.set in CUTOUT_SET_WEIGHTS for r in labelled.rows)
        self.sampling_weights = {
            "labelled": labelled.sampling_weights(own_weights, 1.0),
            "pasted": labelled.sampling_weights(CUTOUT_SET_WEIGHTS, 0.0 if has_known_sets else 1.0),
            "taught": teacher_labelled.sampling_weights(set_weights or {}, 1.0) * _picture_weights(teacher_labelled),
            "empty": torch.ones(len(backgrounds.rows) if backgrounds else 0),
        }
        device = labelled.rgba.device
        self.is_imprecise = torch.tensor([r.set in IMPRECISE_MASK_SETS for r in labelled.rows], device=device)
        self.has_unknown_band = torch.tensor([r.set in UNKNOWN_PIXEL_SETS for r in labelled.rows], device=device)
        self.is_on_white = torch.tensor([r.set == "magento_white" for r in labelled.rows], device=device)

    def sample_batch(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        """Sample a batch of `count` pictures of `size` (height, width)."""
        minimum = int(count >= 4)  # of each kind with a share
        counts = {kind: max(minimum * (share > 0), round(count * share)) for kind, share in self.kind_shares.items()}
        if self.backgrounds is None:
            counts["pasted"] = counts["drawn"] = counts["empty"] = 0
        while sum(counts.values()) >= count:  # at least one picture is labelled
            counts[max(counts, key=lambda kind: counts[kind])] -= 1
        counts = {"labelled": count - sum(counts.values()), **counts}
        samplers = {
            "labelled": self._sample_labelled,
            "pasted": self._sample_composites,
            "drawn": self._sample_shapes,
            "taught": self._sample_teacher_labelled,
            "empty": self._sample_empty,
        }
        parts = [samplers[kind](kind_count, size) for kind, kind_count in counts.items() if kind_count]
        batch = TrainingBatch(*(torch.cat([getattr(part, f.name) for part in parts]) for f in fields(TrainingBatch)))
        batch.rgb = degrade_batch(batch.rgb)
        return batch

    def _sample_indices(self, kind: str, count: int) -> Tensor:
        return torch.multinomial(self.sampling_weights[kind], count, replacement=True)

    def _sample_labelled(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        index = self._sample_indices("labelled", count)
        rgba = crop_randomly(self.labelled, index, size)
        index = index.to(rgba.device)
        alpha = rgba[:, 3:]
        # pictures on white were stored with their true foreground colours: composite them on white again
        rgb = torch.where(self.is_on_white[index][:, None, None, None], rgba[:, :3] * alpha + 1 - alpha, rgba[:, :3])
        weights = torch.where(
            self.is_imprecise[index][:, None, None, None], 1 - 0.7 * edge_band(alpha, 2), torch.ones_like(alpha)
        )
        unknown = (alpha - 0.5).abs() < UNKNOWN_ALPHA_MARGIN
        weights = torch.where(self.has_unknown_band[index][:, None, None, None] & unknown, 0.0, weights)
        return TrainingBatch(rgb, alpha, weights, torch.zeros(count, device=alpha.device))

    def _sample_composites(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        rgb, alpha = self._sample_backgrounds(count, size), None
        for layer in range(2):
            index = self._sample_indices("pasted", count)
            subject = crop_randomly(
                self.labelled, index, size, crop_range=(0.85, 3.0) if layer else (0.75, 2.2), allow_outside=True
            )
            colour, matte = subject[:, :3], subject[:, 3:]
            has_soft_matte = self.is_on_white[index.to(matte.device)][:, None, None, None]
            matte = torch.where(has_soft_matte, matte, shrink_mask(matte))
            matte = punch_holes(matte, HOLE_SHARE)
            if layer:  # a second subject in a quarter of the scenes
                matte = matte * (torch.rand(count, 1, 1, 1, device=matte.device) < 0.25)
            rgb = cast_shadow(rgb, matte)
            rgb = colour * matte + rgb * (1 - matte)
            alpha = matte if alpha is None else 1 - (1 - alpha) * (1 - matte)
        assert alpha is not None
        rgb, alpha = self._add_occluders(rgb, alpha, size)
        return TrainingBatch(rgb, alpha, torch.ones_like(alpha), torch.ones(count, device=alpha.device))

    def _sample_shapes(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        """Drawn shapes, mostly over plain colours, or objects with holes, over photographs."""
        rgb, device = self._sample_backgrounds(count, size), self.labelled.rgba.device
        if float(torch.rand(())) < DRAWN_OBJECT_SHARE:
            return self._draw_objects(rgb)
        is_plain = torch.rand(count, 1, 1, 1, device=device) < 0.7
        rgb, alpha = draw_shapes_over(torch.where(is_plain, draw_plain_colours(count, size, device), rgb))
        return TrainingBatch(rgb, alpha, torch.ones_like(alpha), torch.ones(count, device=device))

    def _draw_objects(self, backdrop: Tensor) -> TrainingBatch:
        """Objects with holes over each backdrop, in a plain colour or with the texture of another photograph."""
        count, size = len(backdrop), (backdrop.shape[2], backdrop.shape[3])
        alpha = draw_object_mattes(count, size, backdrop.device)
        colour = draw_plain_colours(count, size, backdrop.device)
        is_plain = torch.rand(count, 1, 1, 1, device=backdrop.device) < 0.5
        texture = self._sample_backgrounds(count, size)
        colour = torch.where(is_plain, colour, torch.lerp(colour, texture, TEXTURE_SHARE))
        rgb = torch.lerp(cast_shadow(backdrop, alpha), colour, alpha)
        return TrainingBatch(rgb, alpha, torch.ones_like(alpha), torch.ones(count, device=alpha.device))

    def _sample_backgrounds(self, count: int, size: tuple[int, int]) -> Tensor:
        """Backgrounds: photographs, strongly blurred photographs, gradients, flat colours."""
        assert self.backgrounds is not None
        rgb = crop_randomly(self.backgrounds, self._sample_indices("empty", count), size, crop_range=(0.4, 1.0))[:, :3]
        smooth = F.interpolate(
            F.interpolate(rgb, size=(6, 6), mode="area"), size=size, mode="bicubic", align_corners=False
        )
        choice = torch.rand(count, 1, 1, 1, device=rgb.device)
        rgb = torch.where(choice < 0.30, smooth, rgb)
        return torch.where(choice < 0.22, draw_plain_colours(count, size, rgb.device), rgb).clamp(0, 1)

    def _add_occluders(self, rgb: Tensor, alpha: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Put a shape filled with another background in front of the subject, in an eighth of the scenes."""
        index = torch.nonzero(torch.rand(len(rgb), device=rgb.device) < 0.125).flatten()
        if len(index):
            front = draw_shape_mattes(len(index), size, rgb.device, OCCLUDER_RADIUS_RANGE)
            rgb[index] = torch.lerp(rgb[index], self._sample_backgrounds(len(index), size), front)
            alpha[index] = alpha[index] * (1 - front)
        return rgb, alpha

    def _sample_teacher_labelled(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        rgba = crop_randomly(self.teacher_labelled, self._sample_indices("taught", count), size)
        alpha = rgba[:, 3:4]
        weights = rgba[:, 4:] if rgba.shape[1] > 4 else torch.full_like(alpha, UNWEIGHTED_TEACHER_PIXEL)
        return TrainingBatch(rgba[:, :3], alpha, weights, torch.zeros(count, device=alpha.device))

    def _sample_empty(self, count: int, size: tuple[int, int]) -> TrainingBatch:
        rgb = self._sample_backgrounds(count, size)
        zero = torch.zeros_like(rgb[:, :1])
        return TrainingBatch(rgb, zero, torch.ones_like(zero), torch.zeros(count, device=rgb.device))


def _picture_weights(pool: PicturePool) -> Tensor:
    """Frequency of each teacher-labelled picture beside the manifest's weight."""
    if pool.picture_weights is not None:
        return pool.picture_weights
    return _teacher_certainty(pool.rgba[:, 3, ::4, ::4]).cpu()


def _teacher_certainty(alpha: Tensor) -> Tensor:
    """Certainty of teachers' masks N x H x W uint8: N weights, 0..1, from the expected IoU of their thresholding."""
    p = alpha.flatten(1).float() / 255
    inside = (p > 0.5).float()
    score = (p * inside).sum(1) / torch.maximum(p, inside).sum(1).clamp_min(1)
    return ((score - 0.5) * 2).clamp(0.02, 1) * (inside.mean(1) > 0.01).float().clamp_min(0.05)
