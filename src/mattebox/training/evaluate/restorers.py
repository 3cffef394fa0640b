"""Networks for super-resolution and restoration as functions of tensors 1 x 3 x H x W, 0..1."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.enhancement.tiled_inference import plan_tile_spans
from mattebox.models.image_to_image import ImageToImageNetwork

RestoreFunction = Callable[[Tensor], Tensor]


def network_restorer(net: torch.nn.Module, multiple: int = 1, dtype: torch.dtype = torch.float32) -> RestoreFunction:
    """A torch network on pictures of any size, which are padded to a multiple by reflection."""

    def restore(picture: Tensor) -> Tensor:
        height, width = picture.shape[2:]
        padding = [0, -width % multiple, 0, -height % multiple]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            result = net(F.pad(picture, padding, mode="reflect"))
        is_upscaled = result.shape[2] > picture.shape[2] + padding[3]
        return result if is_upscaled else result[:, :, :height, :width]

    return restore


def card_restorer(network: ImageToImageNetwork) -> RestoreFunction:
    """A card's network on whole pictures, padded as in tiled inference."""
    tiles = network.tiles

    def restore(picture: Tensor) -> Tensor:
        padding = []
        for side in picture.shape[:1:-1]:
            (span,) = plan_tile_spans(side, side * tiles.scale, tiles, side)
            padding += [-span.network_input.start, span.network_input.stop - side]
        result = torch.from_numpy(network.run(F.pad(picture, padding, mode="reflect").contiguous().numpy()))
        return result[:, :, : picture.shape[2] * tiles.scale, : picture.shape[3] * tiles.scale]

    return restore


def bicubic_upscaler(scale: int) -> RestoreFunction:
    """Bicubic interpolation by a factor, to compare with."""

    def upscale(picture: Tensor) -> Tensor:
        return F.interpolate(picture, scale_factor=scale, mode="bicubic")

    return upscale
