"""Export of a trained verifier: its ONNX file, large weights in int8, its card, and how the detector uses it.

    python -m mattebox.training.export.verification RUN.pt POOL --name verify-3 --thresholds 0.133 0.009 [--out FOLDER]

POOL/val.npz, which no training saw, decides the powers of the calibrated product, a logistic regression for each kind;
they are written into the detector's card, whose weights of companions stay. `--thresholds` are the probabilities from
which a face and a plate count.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mattebox.models.cards.registry import find_card
from mattebox.training.core import checkpoint
from mattebox.training.core.logistic_regression import fit_logistic_regression, logit
from mattebox.training.export import cards
from mattebox.training.export.detection import store_as_int8
from mattebox.training.export.onnx_trace import trace_to_onnx
from mattebox.training.networks.complexity import count_parameters
from mattebox.training.networks.detection_network import KINDS
from mattebox.training.networks.verification_network import CROP_SIDE, VerificationNet
from mattebox.training.tasks.detection.candidates import MIN_CANDIDATE_SCORE
from mattebox.training.tasks.detection.verification_crops import CONTEXT, CandidateCrops
from mattebox.training.tasks.detection.verification_train import classify_crops, read_candidates

CARD_SUMMARY = "looks at the detector's candidates again: face, number plate or neither"
LICENCE_NOTES = (
    "The encoder is the beginning of CenterFace's (MIT, Copyright its authors), the other weights are ours. The "
    "photographs belong to others; the sets are listed under data."
)
TRAINING_DATA = [
    "WIDER FACE (validation part), people with and without masks: four fifths, by the SHA-256 of the file's name",
    "cars of many countries with number plates, and from a dash camera: four fifths, likewise",
    "what the detector finds in photographs of the cutout sets: hard negatives",
    "labels of its candidates, given by looking (runs/faces-and-plates.json)",
    "number plates drawn by mattebox/training/tasks/detection/synthetic_plates.py",
]
DEFAULT_SCORE = 0.2  # of the card, from which all kinds count
KEPT_SETTINGS = ("companion_weights", "surrounding_ratios")  # of the card that a verifier is exchanged in
RIDGE = 0.5  # penalty of each weight of the logistic regression


class ExportedVerifier(nn.Module):
    """The network with probabilities."""

    def __init__(self, net: VerificationNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: Tensor) -> Tensor:
        return self.net(crops).softmax(1)


def read_network(checkpoint_file: Path) -> tuple[VerificationNet, int]:
    """The averaged network of a checkpoint, in evaluation mode, and its step. InputUnreadable."""
    state = checkpoint.read(checkpoint_file, torch.device("cpu"))
    net = VerificationNet()
    net.load_state_dict(state["average"])
    return net.eval(), int(state["step"])


def export_network(net: VerificationNet, path: Path) -> None:
    """Write the ONNX graph: N x 3 x 64 x 64 sRGB 0..1 -> N x 3 probabilities."""
    graph = trace_to_onnx(
        ExportedVerifier(net), (torch.zeros(2, 3, CROP_SIDE, CROP_SIDE),), ["crops"], ["probabilities"],
        {name: {0: "count"} for name in ("crops", "probabilities")},
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(store_as_int8(graph), path)


def fit_weights(pool: CandidateCrops, probabilities: NDArray[np.float32]) -> list[list[float]]:
    """For each kind the logistic regression on the logits of both scores: their weights, and a constant."""
    weights = []
    for kind in range(len(KINDS)):
        chosen = pool.kinds == kind
        first, second = (
            logit(values.astype(np.float64)) for values in (pool.scores[chosen], probabilities[chosen, kind])
        )
        inputs = np.stack([first, second, np.ones_like(first)], 1)
        fitted = fit_logistic_regression(
            inputs, pool.shown[chosen] == kind, np.ones(len(first)), np.full(3, RIDGE), np.zeros(3)
        )
        weights.append([round(float(v), 4) for v in fitted])
    return weights


def move_thresholds(weights: list[list[float]], thresholds: Sequence[float]) -> list[list[float]]:
    """The weights with other constants: what has a kind's threshold then has DEFAULT_SCORE.

    Few candidates are plates, so the probability from which one counts is small; scores are easier to read, and
    sensitivities to choose, where it is the same for all kinds.
    """
    shifts = logit(np.full(len(weights), DEFAULT_SCORE)) - logit(np.array(thresholds, np.float64))
    return [
        [first, second, round(constant + float(shift), 4)]
        for (first, second, constant), shift in zip(weights, shifts, strict=True)
    ]


def card_facts(weights: Path, step: int, net: nn.Module) -> dict[str, Any]:
    """The fields of the verifier's card."""
    facts = cards.bundled_network_facts(
        weights, "verify", "MobileNetV2 classifier", CARD_SUMMARY, LICENCE_NOTES, TRAINING_DATA,
        f"python -m mattebox.training.tasks.detection.verification_train, {step} steps",
        input={"side": CROP_SIDE, "mean": [0.0] * 3, "std": [1.0] * 3},
    )  # fmt: skip
    command = "python -m mattebox.training.export.verification"
    return facts | {"figures": [cards.parameter_figure(count_parameters(net), command)]}


def verified_detector_facts(detector: str, verifier: str, weights: list[list[float]]) -> dict[str, Any]:
    """The fields of the detector's card, with its verifier."""
    card = find_card(detector)
    facts: dict[str, Any] = json.loads((Path(card.folder) / f"{card.name}.json").read_text())
    kept = {k: v for k, v in facts["detection"].get("verification", {}).items() if k in KEPT_SETTINGS}
    facts["detection"]["verification"] = {
        "model": verifier, "context": CONTEXT, "candidate_scores": [MIN_CANDIDATE_SCORE] * len(KINDS),
        "weights": weights,
    } | kept  # fmt: skip
    facts["detection"]["min_scores"] = [DEFAULT_SCORE] * len(KINDS)
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="what verification_train wrote")
    parser.add_argument("pool", type=Path, help="folder of val.npz")
    parser.add_argument("--name", required=True)
    parser.add_argument("--detector", default="detect-1")
    parser.add_argument("--thresholds", type=float, nargs=2, required=True, help="probabilities of faces and plates")
    parser.add_argument("--out", type=Path, default=Path())
    args = parser.parse_args()
    net, step = read_network(args.run)
    path = args.out / f"{args.name}.onnx"
    export_network(net, path)
    cards.write_facts(path.with_suffix(".json"), card_facts(path, step, net))
    validation = read_candidates(args.pool / "val.npz")
    weights = move_thresholds(fit_weights(validation, classify_crops(net, validation)), args.thresholds)
    cards.write_facts(args.out / f"{args.detector}.json", verified_detector_facts(args.detector, args.name, weights))
    print(f"wrote {path} ({path.stat().st_size} bytes), weights {weights}")


if __name__ == "__main__":
    main()
