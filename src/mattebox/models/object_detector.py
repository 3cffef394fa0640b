"""Detectors of faces and number plates, ready to run: the embedded one, and published ones by their cards."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.io import colour, resampling
from mattebox.models.candidate_verifier import CandidateVerifier
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card, find_card_for_task
from mattebox.models.detection_decoders import DECODERS, NamedOutputs
from mattebox.models.detections import Detections, drop_surrounding, suppress_non_maxima
from mattebox.models.pyramid_detection import SearchTiles, detect_at_levels
from mattebox.models.runtime.free_image_size import free_image_size
from mattebox.models.runtime.inference import session_device, start_card_session
from mattebox.models.shared_networks import share_networks
from mattebox.models.store import weight_store
from mattebox.types import Floats, ImageShape, Picture

DETECTION_TASK = "detect"
MAX_OPEN_DETECTORS = 2
MAX_PART_RATIO = 4.0
"""Of areas, up to which a candidate within a better one is not verified. A far smaller one is: what is around it may be
a car, which the verifier refuses, or a face, of which the smaller box is dropped afterwards."""

RunDetector = Callable[[NDArray[np.float32]], NamedOutputs]
"""1 x 3 x H x W float32, as the card's input says -> the outputs by name, in the graph's order."""


class ObjectDetector:
    """A network ready to run. Threads may share it."""

    def __init__(self, card: Card, run: RunDetector, device: str, verifier: CandidateVerifier | None = None) -> None:
        self.card, self.device, self._run, self._verifier = card, device, run, verifier
        self._max_part_ratio = math.inf if verifier is None else MAX_PART_RATIO

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> ObjectDetector:
        """Start the network. Raises ModelError, also for a model of another task, DeviceError, UsageError."""
        card = find_card_for_task(DETECTION_TASK, model)
        content = _free_graph(card) if card.input.free_size else None
        session = start_card_session(card, device, threads, content)
        (picture_input,), names = session.get_inputs(), [o.name for o in session.get_outputs()]

        def run(x: NDArray[np.float32]) -> NamedOutputs:
            return dict(zip(names, session.run(names, {picture_input.name: x}), strict=True))

        verification = card.detection.verification
        verifier = None if verification is None else CandidateVerifier.open(verification, device, threads)
        return cls(card, run, session_device(session), verifier)

    @property
    def cards(self) -> tuple[Card, ...]:
        """The cards of all networks that decide: its own, and that of its verifier."""
        verification = self.card.detection.verification
        return (self.card,) if verification is None else (self.card, find_card(verification.model))

    def without_verifier(self) -> ObjectDetector:
        """The same detector, whose own scores count: what its verifier would look at."""
        detector = ObjectDetector(self.card, self._run, self.device)
        detector._max_part_ratio = self._max_part_ratio
        return detector

    def detect(self, picture: Picture, *, sensitivity: float = 1.0, enlarge: bool = True) -> Detections:
        """Detect all objects of the card's kinds in a picture; those with the highest score first.

        Parameters
        ----------
        picture : Picture
        sensitivity : float
            The card's lowest scores are divided by it: more than 1 finds more, and errs more often.
        enlarge : bool
            Whether small pictures are also searched at twice their size.
        """
        spec, detection = self.card.input, self.card.detection
        min_scores = np.array(detection.min_scores, np.float32) / np.float32(sensitivity)
        first_scores = self._first_scores(min_scores)
        layout = SearchTiles(spec.side, spec.side if spec.fit == "pad" else spec.multiple, detection.largest)
        levels: dict[ImageShape, NDArray[np.uint8]] = {}

        def resize(size: ImageShape) -> NDArray[np.uint8]:
            pixels = picture.rgb if size == picture.shape else resampling.shrink(picture.rgb, size)
            level = colour.to_srgb(resampling.to_eight_bit(pixels), picture.profile)
            if self._verifier is not None:
                levels[size] = level
            return level

        def detect_tile(tile: NDArray[np.uint8]) -> Detections:
            found = self._decode(self._run(_prepare_tile(tile, self.card)), tile.shape[:2], float(first_scores.min()))
            return found.select(found.scores >= first_scores[found.kinds])

        found = detect_at_levels(picture.shape, resize, detect_tile, layout, enlarge, self._max_part_ratio)
        if self._verifier is None:
            return found
        verified = self._verifier.verify(found, levels, picture.shape)
        verified = suppress_non_maxima(verified.select(verified.scores >= min_scores[verified.kinds]))
        ratios = self._verifier.settings.surrounding_ratios
        return drop_surrounding(verified, ratios) if any(ratios) else verified

    def _first_scores(self, min_scores: Floats) -> Floats:
        """The network's own score from which each kind is looked at again, or counts where nothing does that."""
        if self._verifier is None:
            return min_scores
        return np.array(self._verifier.settings.candidate_scores, np.float32)

    def _decode(self, outputs: NamedOutputs, size: ImageShape, min_score: float) -> Detections:
        try:
            return DECODERS[self.card.detection.decoder](outputs, size, min_score)
        except (KeyError, ValueError, IndexError) as error:
            raise ModelError(
                f"model {self.card.name} does not answer as {self.card.detection.decoder} does ({error})",
                "correct its card",
            ) from error


def _free_graph(card: Card) -> bytes:
    """The card's verified graph for pictures of any size."""
    try:
        return free_image_size(weight_store.read_weights(card))
    except (ValueError, IndexError) as error:
        raise ModelError(f"model {card.name} is no ONNX graph ({error})", "correct its card") from error


def _prepare_tile(tile: NDArray[np.uint8], card: Card) -> NDArray[np.float32]:
    """The network's input for a tile of sRGB bytes."""
    spec = card.input
    x = tile[..., ::-1] if spec.order == "bgr" else tile
    values = x.transpose(2, 0, 1).astype(np.float32)
    if spec.range == "depth":
        values /= 255
    mean, std = (np.array(v, np.float32)[:, None, None] for v in (spec.mean, spec.std))
    return np.ascontiguousarray((values - mean) / std)[None]


@share_networks(max_open=MAX_OPEN_DETECTORS)
def open_object_detector(model: str, device: str = "auto", threads: int | None = None) -> ObjectDetector:
    """Return the shared network of a model, opened at the first call; see `ObjectDetector.open`."""
    return ObjectDetector.open(model, device, threads)
