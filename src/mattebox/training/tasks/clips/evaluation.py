"""Evaluation of a clip network on the validation split: with a disturbed prior, and alone.

python -m mattebox.training.tasks.clips.evaluation DATA --card runs/weights/clip-1.json
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from mattebox.models.matte_session import Session
from mattebox.training.data.dataset import stream_samples
from mattebox.training.data.tensors import picture_to_tensor
from mattebox.training.evaluate.torch_predictor import fit_network_size
from mattebox.training.networks.normalisation import normalise_rgb
from mattebox.training.tasks.clips.prior_mattes import disturb_mattes
from mattebox.types import LetterboxGeometry

PriorPredictor: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Normalised picture 1 x 3 x H x W and prior 1 x 1 x H x W -> alpha 1 x 1 x H x W."""

SEED = 26
MIN_UNION = 1.0  # samples
SCORES = ("iou", "mae", "iou_alone", "mae_alone", "iou_of_prior")


def evaluate_with_priors(predict: PriorPredictor, data: Path, side: int, stride: int = 1) -> dict[str, float]:
    """Score a network that sees true mattes, disturbed alike in every call, and one that sees none.

    Parameters
    ----------
    predict : callable
        See `PriorPredictor`.
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
    torch.manual_seed(SEED)
    rows = []
    for _, picture, mask in stream_samples(data, "labelled", "val", stride):
        assert mask is not None
        size = fit_network_size(picture.size[::-1], side)
        resized = [np.asarray(im.resize(size[::-1], Image.Resampling.LANCZOS)) for im in (picture, mask)]
        truth = torch.from_numpy(resized[1].copy())[None, None].float().div(255)
        prior, x = disturb_mattes(truth), normalise_rgb(picture_to_tensor(resized[0]))
        answers = [predict(x, told) for told in (prior, torch.zeros_like(prior))]
        rows.append([score for alpha in (*answers, prior) for score in _score(alpha, truth)])
    return {name: round(float(value), 4) for name, value in zip(SCORES, np.mean(rows, 0), strict=False)}


def network_predictor(net: nn.Module) -> PriorPredictor:
    """Predictor of a network in evaluation mode that takes picture and prior as four channels, and gives logits."""
    device = next(net.parameters()).device

    def predict(x: Tensor, prior: Tensor) -> Tensor:
        with torch.no_grad():
            alpha: Tensor = net(torch.cat([x, prior], 1).to(device)).float().sigmoid().cpu()
        return alpha

    return predict


def card_predictor(session: Session) -> PriorPredictor:
    """Predictor of a card whose state is the prior."""

    def predict(x: Tensor, prior: Tensor) -> Tensor:
        size = prior.shape[2], prior.shape[3]
        state = {"prior": prior.numpy()}
        found, _ = session.predict_next_preprocessed(x.numpy(), LetterboxGeometry(size, size, size), state)
        return torch.from_numpy(found.alpha.copy())[None, None]

    return predict


def _score(alpha: Tensor, truth: Tensor) -> tuple[float, float]:
    """IoU at 0.5, and mean absolute error."""
    found, inside = alpha > 0.5, truth > 0.5
    union = (found | inside).sum().clamp_min(MIN_UNION)
    return float((found & inside).sum() / union), float((alpha - truth).abs().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--card", required=True)
    args = parser.parse_args()
    session = Session.open(args.card)
    print(evaluate_with_priors(card_predictor(session), args.data, session.card.input.side))


if __name__ == "__main__":
    main()
