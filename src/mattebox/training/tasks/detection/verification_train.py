"""Train the verifier of a detector's candidates: its linear layers, on features that the frozen encoder gives once.

    python -m mattebox.training.tasks.detection.verification_train POOL OUT.pt --weights centerface.onnx
        [--steps 2200] [--threads N]

POOL is a folder that `mattebox.training.tasks.detection.candidates` wrote; OUT.pt is what
`mattebox.training.export.verification` takes. A run takes some minutes of one processor, and is not resumed.
"""

from __future__ import annotations

import argparse
import random
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
from mattebox.training.networks.verification_network import CLASSES, CROP_SIDE, VerificationNet, copy_encoder
from mattebox.training.tasks.detection.candidates import NEITHER, STORED_CONTEXT, STORED_SIDE

CONTEXT = STORED_CONTEXT * CROP_SIDE / STORED_SIDE  # what the middle of a stored crop shows
MIN_CANDIDATE_SCORE = 0.25  # of the detector: less likely candidates that are neither are not learned from
SHARES = (0.3, 0.2, 0.5)  # of faces, plates and neither in a batch
BATCH, STEPS, WARMUP, RATE, WEIGHT_DECAY = 128, 2200, 50, 2e-3, 2e-2
DROPOUT, LABEL_SMOOTHING, GAIN_NOISE, AVERAGE = 0.3, 0.02, 0.1, 0.99
ENCODED_CROPS = 64  # at a time


@dataclass(frozen=True, eq=False)
class CandidateCrops:
    """Crops of candidates as `candidates` wrote them: N x side x side x 3 uint8, what they show, and for what the
    detector took them, with what score (-1 and 0 where it did not find them)."""

    crops: NDArray[np.uint8]
    shown: NDArray[np.int64]
    kinds: NDArray[np.int64]
    scores: NDArray[np.float32]

    def select(self, index: NDArray[np.bool_]) -> CandidateCrops:
        """Some of them."""
        return CandidateCrops(self.crops[index], self.shown[index], self.kinds[index], self.scores[index])


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
def encode_crops(net: VerificationNet, crops: NDArray[np.uint8]) -> Tensor:
    """The encoder's features, N x C x h x w, of the middle of stored crops."""
    margin, parts = (crops.shape[1] - CROP_SIDE) // 2, []
    middle = crops[:, margin : margin + CROP_SIDE, margin : margin + CROP_SIDE]
    for start in range(0, len(middle), ENCODED_CROPS):
        rgb = torch.from_numpy(middle[start : start + ENCODED_CROPS].transpose(0, 3, 1, 2).astype(np.float32)) / 255
        parts.append(net.encode(rgb.contiguous(memory_format=torch.channels_last)).contiguous())
    return torch.cat(parts)


def train(net: VerificationNet, features: Tensor, shown: Tensor, steps: int = STEPS) -> None:
    """Fit the linear layers to features and what they show, in place; what remains is a moving average."""
    with torch.no_grad():
        net.reduce.weight.div_(features.std())
    members = [torch.nonzero(shown == number).flatten() for number in range(CLASSES)]
    trained = [p for name, p in net.named_parameters() if not name.startswith(("stem", "blocks"))]
    optimiser = torch.optim.AdamW(trained, lr=RATE, weight_decay=WEIGHT_DECAY)
    average = {name: value.clone() for name, value in net.state_dict().items()}
    net.train()
    for step in range(steps):
        wanted = torch.multinomial(torch.tensor(SHARES), BATCH, replacement=True).tolist()
        index = torch.stack([members[k][torch.randint(len(members[k]), ())] for k in wanted])
        loss = F.cross_entropy(net.classify(_vary(features[index])), shown[index], label_smoothing=LABEL_SMOOTHING)
        for group in optimiser.param_groups:
            group["lr"] = cosine_learning_rate(RATE, step / steps, step, WARMUP)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        decay = min(AVERAGE, (1 + step) / (10 + step))
        for name, value in net.state_dict().items():
            average[name].lerp_(value, 1 - decay)
    net.load_state_dict(average)
    net.eval()


def _vary(features: Tensor) -> Tensor:
    """Half of them mirrored, and each channel a little stronger or weaker."""
    mirrored = torch.where((torch.rand(len(features)) < 0.5)[:, None, None, None], features.flip(3), features)
    return mirrored * (1 + GAIN_NOISE * torch.randn(*features.shape[:2], 1, 1))


@torch.no_grad()
def classify_crops(net: VerificationNet, stored: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities N x CLASSES of stored crops, N x side x side x 3, by a network in evaluation mode."""
    return net.classify(encode_crops(net, stored)).softmax(1).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool", type=Path, help="folder of train.npz")
    parser.add_argument("out", type=Path, help="the checkpoint")
    parser.add_argument("--weights", type=Path, required=True, help="CenterFace's weights (.onnx)")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    random.seed(0)
    torch.manual_seed(0)
    pool = read_candidates(args.pool / "train.npz")
    pool = pool.select((pool.shown != NEITHER) | (pool.scores >= MIN_CANDIDATE_SCORE))
    net = begin_network(args.weights).eval()
    train(net, encode_crops(net, pool.crops), torch.from_numpy(pool.shown).long(), args.steps)
    checkpoint.write({"average": net.state_dict(), "step": args.steps}, args.out)


if __name__ == "__main__":
    main()
