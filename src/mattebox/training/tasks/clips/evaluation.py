"""Evaluation of a clip network on the validation split: with a disturbed prior, and alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from mattebox.training.data.dataset import stream_samples
from mattebox.training.data.tensors import picture_to_tensor
from mattebox.training.evaluate.torch_predictor import fit_network_size
from mattebox.training.networks.normalisation import normalise_rgb
from mattebox.training.tasks.clips.prior_mattes import disturb_mattes

SEED = 26
MIN_UNION = 1.0  # samples


def evaluate_with_priors(net: nn.Module, data: Path, side: int, stride: int = 1) -> dict[str, float]:
    """Score a network that sees true mattes, disturbed alike in every call, and one that sees none.

    Parameters
    ----------
    net : Module
        In evaluation mode; N x 4 x H x W -> logits.
    data : Path
        Shards, a folder or a CSV.
    side : int
        The input has about `side` squared pixels.
    stride : int
        Every `stride`-th validation picture is used.

    Returns
    -------
    dict
        Means on the network's grid: `iou` and `mae` with the prior, `iou_alone`, `mae_alone`, `iou_of_prior`.
    """
    device, rows = next(net.parameters()).device, []
    torch.manual_seed(SEED)
    for _, picture, mask in stream_samples(data, "labelled", "val", stride):
        assert mask is not None
        size = fit_network_size(picture.size[::-1], side)
        resized = [np.asarray(im.resize(size[::-1], Image.Resampling.LANCZOS)) for im in (picture, mask)]
        truth = torch.from_numpy(resized[1].copy())[None, None].float().div(255)
        prior = disturb_mattes(truth)
        x = normalise_rgb(picture_to_tensor(resized[0]))
        answers = []
        with torch.no_grad():
            for told in (prior, torch.zeros_like(prior)):
                answers.append(net(torch.cat([x, told], 1).to(device)).float().sigmoid().cpu())
        rows.append([score for alpha in (*answers, prior) for score in _score(alpha, truth)])
    means = np.mean(rows, 0)
    names = ("iou", "mae", "iou_alone", "mae_alone", "iou_of_prior")
    return {name: round(float(value), 4) for name, value in zip(names, means, strict=False)}


def _score(alpha: torch.Tensor, truth: torch.Tensor) -> tuple[float, float]:
    """IoU at 0.5, and mean absolute error."""
    found, inside = alpha > 0.5, truth > 0.5
    union = (found | inside).sum().clamp_min(MIN_UNION)
    return float((found & inside).sum() / union), float((alpha - truth).abs().mean())
