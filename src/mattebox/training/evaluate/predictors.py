"""Networks as predictors: functions from an H x W x 3 uint8 picture to an H x W alpha 0..1.

So the house's own and a teacher are judged alike. Needs no torch; knows nothing of scores.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mattebox.matting.tta import predict_with_views
from mattebox.models.matte_session import Session
from mattebox.types import Picture

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
AlphaPredictor = Callable[[Any], Any]
SubjectPredictor = Callable[[Any], tuple[Any, float]]
"""A picture -> alpha, and how likely it is that there is a subject at all."""


def u2net_predictor(path: Path) -> AlphaPredictor:
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


def card_predictor(card_name: str) -> AlphaPredictor:
    """A card's network in the house's own session."""
    return session_predictor(Session.open(card_name))


def session_predictor(session: Session) -> AlphaPredictor:
    """A session's alpha, enlarged to the picture without refinement."""

    see = session_subject_predictor(session)
    return lambda rgb: see(rgb)[0]


def session_subject_predictor(session: Session) -> SubjectPredictor:
    """The same, and what the network says of there being a subject."""

    def see(rgb: np.ndarray) -> tuple[np.ndarray, float]:
        seen, size = predict_with_views(Picture(np.ascontiguousarray(rgb)), session), (rgb.shape[1], rgb.shape[0])
        large = Image.fromarray(seen.alpha).resize(size, Image.Resampling.BILINEAR)
        return np.clip(np.asarray(large), 0, 1), seen.presence

    return see


def assume_subject_present(predict: AlphaPredictor) -> SubjectPredictor:
    """A network that does not say whether there is a subject."""
    return lambda rgb: (predict(rgb), 1.0)
