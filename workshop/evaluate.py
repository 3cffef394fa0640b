"""Scores of a cutout network on a split: per-picture metrics at the picture's own size, and their means.

Takes any function from an H x W x 3 uint8 picture to an H x W alpha 0..1, so that ours and a teacher are judged alike.
Needs no torch.
    python -m workshop.evaluate DATA --card NAME | --u2netp FILE
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mattebox.metrics.segmentation import f_curve, iou, mae
from mattebox.types import Floats
from workshop.material import stream

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Predict = Callable[[Any], Any]


def score(alpha: Floats, truth: Floats) -> dict[str, Any]:
    """One picture's IoU, MAE and F curve."""
    return {"iou": iou(alpha, truth), "mae": mae(alpha, truth), "f": f_curve(alpha, truth)}


def summarise(scores: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Means over pictures. `max_f` lets every picture have its best threshold; `max_f_one` has one for all."""
    rows = list(scores)
    mean = {k: float(np.mean([r[k] for r in rows])) for k in ("iou", "mae")}
    curves = np.stack([r["f"] for r in rows])
    best = {"max_f": float(curves.max(1).mean()), "max_f_one": float(curves.mean(0).max())}
    return {**best, **mean, "pictures": len(rows)}


def judge(predict: Predict, folder: Path, detail: bool = False) -> dict[str, float]:
    """Means over the validation split; with `detail`, printed per set as well."""
    by_set: dict[str, list[dict[str, Any]]] = {}
    for row, picture, mask in stream(folder, "labelled", "val"):
        truth = np.asarray(mask, np.float32) / np.float32(255)
        by_set.setdefault(row.set, []).append(score(predict(np.asarray(picture)), truth))
    if detail:
        for name, rows in sorted(by_set.items()):
            print(f"{name:16s}", {k: round(v, 4) for k, v in summarise(rows).items()})
    return summarise(s for rows in by_set.values() for s in rows)


def u2net_predictor(path: Path) -> Predict:
    """A U2-Net with its own preparation: squashed to 320 x 320, divided by the picture's brightest."""
    import onnxruntime as ort

    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def predict(rgb: np.ndarray) -> np.ndarray:
        x = np.asarray(Image.fromarray(rgb).resize((320, 320), Image.Resampling.BILINEAR), np.float32)
        x = (x / max(x.max(), 1) - MEAN) / STD
        y = session.run(None, {name: x.transpose(2, 0, 1)[None].astype(np.float32)})[0][0, 0]
        size = (rgb.shape[1], rgb.shape[0])
        return np.clip(np.asarray(Image.fromarray(y).resize(size, Image.Resampling.BILINEAR)), 0, 1)

    return predict


def house_predictor(model: str) -> Predict:
    """The house's own session: H x W x 3 uint8 -> H x W alpha 0..1, enlarged without refinement."""
    from mattebox.types import Picture
    from mattebox.zoo.session import Session

    session = Session.open(model)

    def predict(rgb: np.ndarray) -> np.ndarray:
        x, geometry = session.prepare(Picture(np.ascontiguousarray(rgb)))
        small = session.restore(session.run(x), geometry)
        size = (rgb.shape[1], rgb.shape[0])
        return np.clip(np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BILINEAR)), 0, 1)

    return predict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--card")
    parser.add_argument("--u2netp", type=Path)
    args = parser.parse_args()
    print(judge(house_predictor(args.card) if args.card else u2net_predictor(args.u2netp), args.data, detail=True))


if __name__ == "__main__":
    main()
