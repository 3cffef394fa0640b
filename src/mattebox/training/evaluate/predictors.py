"""Predictors: networks as functions from a picture H x W x 3 uint8 to an alpha H x W, 0..1.

So networks of cards, networks in training and foreign ones are evaluated alike. Needs no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mattebox.matting.tta import predict_with_views
from mattebox.models.matte_session import Session
from mattebox.training.networks.normalisation import IMAGENET_MEAN, IMAGENET_STD
from mattebox.types import Picture

AlphaPredictor = Callable[[Any], Any]
SubjectPredictor = Callable[[Any], tuple[Any, float]]
"""A picture -> its alpha, and the probability that there is a subject."""


def u2net_predictor(path: Path) -> AlphaPredictor:
    """Predictor of a U2-Net's ONNX file, with its own preprocessing: 320 x 320, divided by the brightest value."""
    import onnxruntime as ort

    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def predict(rgb: np.ndarray) -> np.ndarray:
        x = np.asarray(Image.fromarray(rgb).resize((320, 320), Image.Resampling.BILINEAR), np.float32)
        x = (x / max(x.max(), 1) - IMAGENET_MEAN) / IMAGENET_STD
        y = session.run(None, {name: x.transpose(2, 0, 1)[None].astype(np.float32)})[0][0, 0]
        return _resize_alpha(y, rgb)

    return predict


def card_predictor(card_name: str) -> AlphaPredictor:
    """Predictor of a card's network, by a session as in a cutout."""
    return session_predictor(Session.open(card_name))


def session_predictor(session: Session) -> AlphaPredictor:
    """Predictor of a session: its alpha, resized to the picture without edge refinement."""
    predict = session_subject_predictor(session)
    return lambda rgb: predict(rgb)[0]


def session_subject_predictor(session: Session) -> SubjectPredictor:
    """Predictor of a session that also gives the network's probability of a subject."""

    def predict(rgb: np.ndarray) -> tuple[np.ndarray, float]:
        prediction = predict_with_views(Picture(np.ascontiguousarray(rgb)), session)
        return _resize_alpha(prediction.alpha, rgb), prediction.presence

    return predict


def assume_subject_present(predict: AlphaPredictor) -> SubjectPredictor:
    """Predictor with a subject in every picture, for networks that do not predict its presence."""
    return lambda rgb: (predict(rgb), 1.0)


def _resize_alpha(alpha: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    size = (rgb.shape[1], rgb.shape[0])
    return np.clip(np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BILINEAR)), 0, 1)
