"""Train the verifier of a detector's candidates, all but the first blocks of its encoder.

    python -m mattebox.training.tasks.detection.verification_train POOL OUT.pt --weights centerface.onnx|verify-N.onnx
        [--steps N] [--views N] [--mixed SHARE] [--threads N]

With the weights of an exported verifier it goes on learning, from the more likely mistakes more often, at lower rates;
the result is the mean of both, SHARE of it new.

POOL is a folder that `mattebox.training.tasks.detection.candidates` wrote; OUT.pt is what
`mattebox.training.export.verification` takes. The first blocks' features are computed once, of several random views of
each crop. A run takes some minutes of one processor, and is not resumed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mattebox.errors import InputUnreadable
from mattebox.training.convert.centerface import load_centerface_weights
from mattebox.training.convert.detector import is_exported_verifier, load_exported_verifier
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
CONTINUED_RATES = 0.3  # of these, for an exported verifier
LEAST_SAMPLED = 0.05  # of a candidate that the verifier knows to be neither, against one that it errs about
DROPOUT, LABEL_SMOOTHING, GAIN_NOISE, AVERAGE, MAX_GRADIENT_NORM = 0.3, 0.02, 0.05, 0.998, 4.0
ENCODED_CROPS = 64  # at a time
LOGGED_STEPS = 500


@dataclass(frozen=True, eq=False)
class EncodedCrops:
    """Features of N views of crops, in float16, what each shows, what the detector takes it for, and how often it is
    sampled against others that show the same (by default as often)."""

    textures: Tensor
    shown: Tensor
    kinds: Tensor
    frequencies: Tensor | None = None


def read_candidates(file: Path) -> CandidateCrops:
    """Read a pool of candidates. InputUnreadable."""
    try:
        with np.load(file) as arrays:
            return CandidateCrops(*(arrays[name] for name in ("crops", "shown", "kinds", "scores")))
    except (OSError, KeyError, ValueError) as error:
        raise InputUnreadable(f"{file}: no pool of candidates ({error})", "make it with `candidates`") from error


def begin_network(weights: Path) -> tuple[VerificationNet, bool]:
    """An exported verifier's network and True, or a new one with CenterFace's encoder and False. InputUnreadable."""
    net = VerificationNet(DROPOUT)
    if is_exported_verifier(weights):
        load_exported_verifier(net, weights)
        return net, True
    detector = DetectionNet()
    load_centerface_weights(detector, weights)
    copy_encoder(net, detector)
    return net, False


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


@torch.no_grad()
def sample_mistakes(net: VerificationNet, data: EncodedCrops) -> EncodedCrops:
    """The same crops; those that show neither are sampled by how probable the network holds their kind."""
    parts = [net.classify(part.float()).softmax(1) for part in data.textures.split(ENCODED_CROPS)]
    probable = torch.cat(parts)[torch.arange(len(data.kinds)), data.kinds]
    return replace(data, frequencies=torch.where(data.shown == NEITHER, probable + LEAST_SAMPLED, 1.0))


def train(net: VerificationNet, data: EncodedCrops, steps: int = STEPS, *, is_continued: bool = False) -> None:
    """Fit the network to features and what they show, in place; what remains is a moving average."""
    if not is_continued:
        with torch.no_grad():
            net.reduce.weight.div_(net.encode_objects(data.textures[:512].float()).std())
    rates = [rate * (CONTINUED_RATES if is_continued else 1) for rate in (HEAD_RATE, ENCODER_RATE)]
    members = _group_members(data)
    encoder, head = net.select_trained_parameters()
    optimiser = torch.optim.AdamW([{"params": head}, {"params": encoder}], lr=rates[0], weight_decay=WEIGHT_DECAY)
    average = {name: value.clone() for name, value in net.state_dict().items()}
    net.train()
    for step in range(steps):
        index = _sample_index(members)
        logits = net.classify(_vary(data.textures[index].float()))
        loss = F.cross_entropy(logits, data.shown[index], label_smoothing=LABEL_SMOOTHING)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
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
    """Share of a batch and how often each crop is sampled, for each group that there is."""
    frequencies = torch.ones(len(data.kinds)) if data.frequencies is None else data.frequencies
    groups = [
        (share, frequencies * (data.kinds == kind) * (data.shown == shown)) for (kind, shown), share in SHARES.items()
    ]
    return [(share, members) for share, members in groups if members.any()]


def _sample_index(members: list[tuple[float, Tensor]]) -> Tensor:
    drawn = torch.multinomial(torch.tensor([share for share, _ in members]), BATCH, replacement=True)
    counts = torch.bincount(drawn, minlength=len(members)).tolist()
    groups = zip(counts, members, strict=True)
    return torch.cat([torch.multinomial(often, count, replacement=True) for count, (_, often) in groups if count])


def _vary(textures: Tensor) -> Tensor:
    """Half of them mirrored, and each channel a little stronger or weaker."""
    mirrored = torch.where((torch.rand(len(textures)) < 0.5)[:, None, None, None], textures.flip(3), textures)
    return mirrored * (1 + GAIN_NOISE * torch.randn(*textures.shape[:2], 1, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool", type=Path, help="folder of train.npz")
    parser.add_argument("out", type=Path, help="the checkpoint")
    parser.add_argument("--weights", type=Path, required=True, help="CenterFace's, or an exported verifier's (.onnx)")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--views", type=int, default=VIEWS, help="of each crop")
    parser.add_argument("--mixed", type=float, default=1.0, help="share of what was learned, 0 to 1, against --weights")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    net, is_continued = begin_network(args.weights)
    net.eval().to(memory_format=torch.channels_last)
    begun = {name: value.clone() for name, value in net.state_dict().items()}
    data = encode_views(net, read_candidates(args.pool / "train.npz"), args.views)
    train(net, sample_mistakes(net, data) if is_continued else data, args.steps, is_continued=is_continued)
    mixed = {name: begun[name].lerp(value, args.mixed) for name, value in net.state_dict().items()}
    checkpoint.write({"average": mixed, "step": args.steps}, args.out)


if __name__ == "__main__":
    main()
