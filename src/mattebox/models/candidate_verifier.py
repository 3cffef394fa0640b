"""A second look at what a detector found: a small network says of each candidate what it is, or that it is nothing.

The detector searches everywhere at a low score; the verifier sees only its candidates, larger and with more around
them. The final score is a calibrated product: odds of both to powers that were fitted on validation pictures, and more
where a picture has sure companions of a candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from mattebox.io.square_crops import crop_candidates
from mattebox.models.cards.detection_spec import Verification
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.companions import count_companions
from mattebox.models.detections import Detections
from mattebox.models.runtime.inference import start_card_session
from mattebox.types import Floats, ImageShape

VERIFICATION_TASK = "verify"
BATCH_CROPS = 64
MIN_PROBABILITY = 1e-6

ClassifyCrops = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""N x 3 x side x side 0..1 -> N x (kinds + 1): the probability of each kind, and of none."""


class CandidateVerifier:
    """Scores a detector's candidates anew. Threads may share it.

    Parameters
    ----------
    settings : Verification
        How its detector uses it.
    side : int
        Pixels of a crop.
    classify : ClassifyCrops
    """

    def __init__(self, settings: Verification, side: int, classify: ClassifyCrops) -> None:
        self.settings, self._side, self._classify = settings, side, classify

    @classmethod
    def open(cls, settings: Verification, device: str = "auto", threads: int | None = None) -> CandidateVerifier:
        """Start the network. Raises ModelError, DeviceError."""
        card = find_card_for_task(VERIFICATION_TASK, settings.model)
        session = start_card_session(card, device, threads)
        name = session.get_inputs()[0].name

        def classify(crops: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.asarray(session.run(None, {name: crops})[0], np.float32)

        return cls(settings, card.input.side, classify)

    def verify(
        self, found: Detections, levels: Mapping[ImageShape, NDArray[np.uint8]], shape: ImageShape
    ) -> Detections:
        """Candidates with their final scores, best first.

        Parameters
        ----------
        found : Detections
            What the detector found, in pixels of `shape`.
        levels : dict
            (height, width) -> the picture at that size, sRGB bytes.
        shape : (int, int)
            Height and width.
        """
        parts = [np.zeros(0, np.float32)]
        for start in range(0, len(found.scores), BATCH_CROPS):
            part = slice(start, start + BATCH_CROPS)
            crops = crop_candidates(levels, shape, found.boxes[part], self._side, self.settings.context)
            values = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
            kinds = found.kinds[part]
            own = self._classify(values)[np.arange(len(kinds)), kinds]
            parts.append(combine_logits(found.scores[part], own, kinds, self.settings))
        logits = add_companions(np.concatenate(parts), found.boxes, found.kinds, self.settings)
        verified = found._replace(scores=np.asarray(1 / (1 + np.exp(-logits)), np.float32))
        return verified.select(np.argsort(-verified.scores, kind="stable"))


def combine_logits(first: Floats, second: Floats, kinds: NDArray[np.int64], settings: Verification) -> Floats:
    """The logarithms of the odds that follow from both scores, by the logistic regression of each kind.

    Parameters
    ----------
    first, second : n float32
        Scores of the detector, and the verifier's probabilities of the same kind.
    kinds : n int64
    settings : Verification
    """
    weights = np.array(settings.weights, np.float32)[kinds]
    return np.asarray(weights[:, 0] * _logit(first) + weights[:, 1] * _logit(second) + weights[:, 2], np.float32)


def add_companions(logits: Floats, boxes: Floats, kinds: NDArray[np.int64], settings: Verification) -> Floats:
    """The logarithms of the candidates' odds, raised by their kind's weight for each candidate's companions."""
    if not any(settings.companion_weights):
        return logits
    weights = np.array(settings.companion_weights, np.float32)[kinds]
    return np.asarray(logits + weights * np.log1p(count_companions(boxes, kinds, logits)), np.float32)


def _logit(probabilities: Floats) -> Floats:
    clipped = np.clip(probabilities, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)
