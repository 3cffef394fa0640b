"""Search of a clip's frames for faces and plates; doubtful ones too, which their tracks decide on."""

from __future__ import annotations

from mattebox.anonymisation.regions import DetectedObject
from mattebox.models.object_detector import ObjectDetector
from mattebox.pipeline.anonymisation import find_objects
from mattebox.recipe.steps import Anonymise
from mattebox.types import Picture
from mattebox.video.object_tracks import DOUBTFUL_SHARE

ENLARGED_STRIDE = 3  # of frames: small ones are searched at twice their size, too; the others follow the tracks


class FrameSearch:
    """Finds what is hidden in frames.

    Parameters
    ----------
    detector : ObjectDetector
    step : Anonymise
        What is hidden, and from which score in stills.

    Attributes
    ----------
    min_scores : dict
        Kind -> the score from which an object is sure.
    """

    def __init__(self, detector: ObjectDetector, step: Anonymise) -> None:
        detection, sensitivity = detector.card.detection, step.sensitivity / 100
        scores = detection.frame_scores or detection.min_scores
        self.min_scores: dict[str, float] = {
            kind: score / sensitivity for kind, score in zip(detection.kinds, scores, strict=True)
        }
        self._detector, self._step = detector, step
        self._score_share = DOUBTFUL_SHARE * min(a / b for a, b in zip(scores, detection.min_scores, strict=True))

    def find(self, picture: Picture, index: int) -> tuple[DetectedObject, ...]:
        """The objects of a frame, doubtful ones too; every third small one is also searched at twice its size."""
        is_enlarged = index % ENLARGED_STRIDE == 0
        return find_objects(picture, self._detector, self._step, enlarge=is_enlarged, score_share=self._score_share)
