"""Networks as predictors: functions from an H x W x 3 uint8 picture to an H x W alpha 0..1.

So the house's own and a teacher are judged alike. Needs no torch; knows nothing of scores.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Predict = Callable[[Any], Any]


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
