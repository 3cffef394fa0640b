"""Train the verifier of a detector's candidates, all but the first blocks of its encoder.

    python -m mattebox.training.tasks.detection.verification_train POOL OUT.pt --weights centerface.onnx
        [--steps N] [--views N] [--threads N]

POOL is a folder that `mattebox.training.tasks.detection.candidates` wrote; OUT.pt is what
`mattebox.training.export.verification` takes. The first blocks' features are computed once, of several random views of
each crop. A run takes some minutes of one processor, and is not resumed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mattebox.errors import InputUnreadable
from mattebox.training.convert.centerface import load_centerface_weights
from mattebox.training.core import checkpoint
from mattebox.training.core.schedule import cosine_learning_rate
from mattebox.training.networks.detection_network import DetectionNet
from mattebox.training.networks.verification_network import VerificationNet, copy_encoder
from mattebox.training.tasks.detection.candidates import NEITHER
from mattebox.training.tasks.detection.labelled_pictures import FACE, PLATE
from mattebox.training.tasks.detection.verification_crops import CandidateCrops, vary_crops, view_crops

SHARES = {(FACE, FACE): 0.32, (PLATE, PLATE): 0.18, (FACE, NEITHER): 0.32, (PLATE, NEITHER): 0.18}
"""Of a batch, by what the detector takes a crop for and what it shows."""
VIEWS, BATCH, STEPS, WARMUP, WEIGHT_DECAY = 3, 64, 7000, 100, 2e-2
HEAD_RATE, ENCODER_RATE = 2e-3, 5e-4
DROPOUT, LABEL_SMOOTHING, GAIN_NOISE, AVERAGE, MAX_GRADIENT_NORM = 0.3, 0.02, 0.05, 0.998, 4.0
ENCODED_CROPS = 64  # at a time
LOGGED_STEPS = 500


@dataclass(frozen=True, eq=False)
class EncodedCrops:
    """Features of N views of crops, in float16, what each shows, and what the detector takes it for."""

    textures: Tensor
    shown: Tensor
    kinds: Tensor


def read_candidates(file: Path) -> CandidateCrops:
    """Read a pool of candidates. InputUnreadable."""
    try:
        with np.load(file) as arrays:
            return CandidateCrops(*(arrays[name] for name in ("crops", "shown", "kinds", "scores")))
    except (OSError, KeyError, ValueError) as error:
        raise InputUnreadable(f"{file}: no pool of candidates ({error})", "make it with `candidates`") from error


def begin_network(weights: Path) -> VerificationNet:
    """A new network with CenterFace's encoder. InputUnreadable."""
    detector, net = DetectionNet(), VerificationNet(DROPOUT)
    load_centerface_weights(detector, weights)
    copy_encoder(net, detector)
    return net


@torch.no_grad()
def encode_views(net: VerificationNet, pool: CandidateCrops, views: int = VIEWS) -> EncodedCrops:
    """The first blocks' features of the crops as they are and of `views - 1` random variations of each."""
    parts = []
    for view in range(views):
        for crops in _batches(pool):
            rgb = vary_crops(crops) if view else view_crops(crops)
            parts.append(net.encode_textures(rgb.contiguous(memory_format=torch.channels_last)).half().contiguous())
    shown, kinds = (torch.from_numpy(values).long().repeat(views) for values in (pool.shown, pool.kinds))
    return EncodedCrops(torch.cat(parts), shown, kinds)


def train(net: VerificationNet, data: EncodedCrops, steps: int = STEPS) -> None:
    """Fit the network to features and what they show, in place; what remains is a moving average."""
    with torch.no_grad():
        net.reduce.weight.div_(net.encode_objects(data.textures[:512].float()).std())
    members = _group_members(data)
    encoder, head = net.select_trained_parameters()
    optimiser = torch.optim.AdamW(
        [{"params": head, "lr": HEAD_RATE}, {"params": encoder, "lr": ENCODER_RATE}], weight_decay=WEIGHT_DECAY
    )
    average = {name: value.clone() for name, value in net.state_dict().items()}
    net.train()
    for step in range(steps):
        index = _sample_index(members)
        logits = net.classify(_vary(data.textures[index].float()))
        loss = F.cross_entropy(logits, data.shown[index], label_smoothing=LABEL_SMOOTHING)
        for group, rate in zip(optimiser.param_groups, (HEAD_RATE, ENCODER_RATE), strict=True):
            group["lr"] = cosine_learning_rate(rate, step / steps, step, WARMUP)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*encoder, *head], MAX_GRADIENT_NORM)
        optimiser.step()
        decay = min(AVERAGE, (1 + step) / (10 + step))
        for name, value in net.state_dict().items():
            average[name].lerp_(value, 1 - decay)
        if step % LOGGED_STEPS == LOGGED_STEPS - 1:
            print(f"step {step + 1}: loss {loss.item():.3f}", flush=True)
    net.load_state_dict(average)
    net.eval()


@torch.no_grad()
def classify_crops(net: VerificationNet, pool: CandidateCrops) -> NDArray[np.float32]:
    """Probabilities N x CLASSES of stored crops by a network in evaluation mode."""
    return torch.cat([net(view_crops(crops)).softmax(1) for crops in _batches(pool)]).numpy()


def _batches(pool: CandidateCrops) -> Iterator[NDArray[np.uint8]]:
    return (pool.crops[start : start + ENCODED_CROPS] for start in range(0, len(pool.crops), ENCODED_CROPS))


def _group_members(data: EncodedCrops) -> list[tuple[float, Tensor]]:
    """Share of a batch and numbers of the crops of each group that there is."""
    groups = [
        (share, torch.nonzero((data.kinds == kind) & (data.shown == shown)).flatten())
        for (kind, shown), share in SHARES.items()
    ]
    return [(share, members) for share, members in groups if len(members)]


def _sample_index(members: list[tuple[float, Tensor]]) -> Tensor:
    wanted = torch.multinomial(torch.tensor([share for share, _ in members]), BATCH, replacement=True).tolist()
    return torch.stack([members[k][1][torch.randint(len(members[k][1]), ())] for k in wanted])


def _vary(textures: Tensor) -> Tensor:
    """Half of them mirrored, and each channel a little stronger or weaker."""
    mirrored = torch.where((torch.rand(len(textures)) < 0.5)[:, None, None, None], textures.flip(3), textures)
    return mirrored * (1 + GAIN_NOISE * torch.randn(*textures.shape[:2], 1, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool", type=Path, help="folder of train.npz")
    parser.add_argument("out", type=Path, help="the checkpoint")
    parser.add_argument("--weights", type=Path, required=True, help="CenterFace's weights (.onnx)")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--views", type=int, default=VIEWS, help="of each crop")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    net = begin_network(args.weights).eval().to(memory_format=torch.channels_last)
    train(net, encode_views(net, read_candidates(args.pool / "train.npz"), args.views), args.steps)
    checkpoint.write({"average": net.state_dict(), "step": args.steps}, args.out)


if __name__ == "__main__":
    main()
