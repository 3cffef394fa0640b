"""A teacher's opinion of unlabelled photographs: soft masks for distillation, one file for all of them.

    python -m workshop.teach DATA u2netp.onnx soft.npz

The teacher is U2-Netp (Qin et al., U2-Net, 2020; Apache-2.0 weights): used to label, never shipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from workshop.material import stream
from workshop.predictors import u2net_predictor

SIDE = 160


def teach(data: Path, teacher: Path) -> np.ndarray:
    """N x SIDE x SIDE uint8 masks of the unlabelled training pictures, in manifest order."""
    predict = u2net_predictor(teacher)
    masks = []
    for _, picture, _ in stream(data, "unlabelled", "train"):
        alpha = np.round(predict(np.asarray(picture)) * 255).astype(np.uint8)
        masks.append(np.asarray(Image.fromarray(alpha).resize((SIDE, SIDE), Image.Resampling.BOX)))
    return np.stack(masks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    np.savez_compressed(args.out, masks=teach(args.data, args.teacher))


if __name__ == "__main__":
    main()
