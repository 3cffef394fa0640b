"""Mattes of frames by a network, or by the matte of a nearly identical frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from mattebox.core.flatten import flatten_on_white
from mattebox.io import colour, resampling
from mattebox.matting.tta import plan_views, predict_with_views
from mattebox.models.matte_session import Session
from mattebox.models.result_cache import NamedArrays
from mattebox.types import Floats, ImageShape, LetterboxGeometry, Picture
from mattebox.video.clip_frame import ClipFrame
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.frame_reuse import is_nearly_identical
from mattebox.video.network_window import NetworkWindow, SubjectPlace, find_window
from mattebox.video.scene_cuts import is_scene_cut

GUIDE_SIDE_CELLS = 320  # longer side of the guide where no network asks for another
MIN_WINDOW_ALPHA = 0.5  # that some sample of a window has, or the frame is seen whole
MIN_WINDOW_PRESENCE = 0.5


def describe_frame(picture: Picture, index: int, time: float, shape: ImageShape) -> CoarseMatte:
    """A frame with its guide of this shape, and no matte yet (alpha 0)."""
    reduced = resampling.shrink_quickly(flatten_on_white(picture).rgb, shape)
    guide: Floats = colour.to_srgb(reduced, picture.profile).astype(np.float32) / np.float32(255)
    return CoarseMatte(picture, index, time, guide, np.zeros(shape, np.float32))


def iter_described_frames(frames: Iterable[ClipFrame]) -> Iterator[tuple[CoarseMatte, ClipFrame]]:
    """Frames without mattes, of which it is known whether a new scene starts."""
    before: Floats | None = None
    for frame in frames:
        height, width = frame.picture.shape
        scale = min(GUIDE_SIDE_CELLS / max(height, width), 1.0)
        shape = max(round(height * scale), 1), max(round(width * scale), 1)
        described = describe_frame(frame.picture, frame.index, float(frame.time), shape)
        is_cut = before is not None and is_scene_cut(before, described.guide)
        before = described.guide
        yield replace(described, is_cut=is_cut), frame


class MattePredictor:
    """Gives frames their mattes at the network's resolution, and keeps the last that the network made.

    Parameters
    ----------
    session : Session
        The network.
    votes : int
        Views that it averages; 0 for its card's number.
    reuse : bool
        Whether nearly identical frames get the same matte.
    """

    def __init__(self, session: Session, votes: int = 0, *, reuse: bool = True) -> None:
        self._session, self._votes, self._reuse = session, votes, reuse
        self._reference: CoarseMatte | None = None
        self._place: SubjectPlace | None = None
        self._takes_windows = _takes_windows(session, votes)

    def describe(self, picture: Picture, index: int, time: float) -> CoarseMatte:
        """A frame with its guide, and no matte yet (alpha 0)."""
        return describe_frame(picture, index, time, self._session.input_geometry(picture.shape).content_shape)

    def predict(self, frame: CoarseMatte) -> CoarseMatte:
        """The frame with its matte: that of the reference, if it is nearly identical to that, else the network's."""
        reused = self._find_reused(frame)
        if reused is not None:
            return reused
        self._reference = self.run(frame)
        return self._reference

    def predict_key(self, frame: CoarseMatte) -> CoarseMatte:
        """As `predict`, by a window around the subject of the key frame before, while nothing changes outside of it."""
        reused = self._find_reused(frame)
        if reused is not None:
            return reused
        place, found = self._place, None
        if place is not None and self._takes_windows and not frame.is_cut:
            window = place.find_window(frame.guide, self._session.card.input.multiple)
            found = self._run_window(frame, window) if window is not None else None
        if found is None or place is None:
            found = self.run(frame)
            place = SubjectPlace(frame.guide, found.alpha)
        self._place, self._reference = SubjectPlace(place.whole_guide, found.alpha), found
        return found

    def run_between(self, frame: CoarseMatte, alphas: Sequence[Floats]) -> CoarseMatte:
        """The frame with the network's matte, by a window around the subjects of mattes of frames before and after."""
        window = find_window(alphas, self._session.card.input.multiple) if self._takes_windows else None
        found = self._run_window(frame, window) if window is not None else None
        return found or self.run(frame)

    def run(self, frame: CoarseMatte) -> CoarseMatte:
        """The frame with the network's matte, which does not become the reference."""
        prediction = predict_with_views(flatten_on_white(frame.picture), self._session, self._votes)
        return replace(frame, alpha=prediction.alpha, presence=prediction.presence, origin="network")

    def run_next(self, frame: CoarseMatte, state: NamedArrays | None) -> tuple[CoarseMatte, NamedArrays]:
        """The frame with a recurrent network's matte, and the state for the next one of its scene."""
        prediction, following = self._session.predict_next(flatten_on_white(frame.picture), state)
        return replace(frame, alpha=prediction.alpha, presence=prediction.presence, origin="network"), following

    def _find_reused(self, frame: CoarseMatte) -> CoarseMatte | None:
        reference = self._reference
        if not self._reuse or reference is None or not is_nearly_identical(frame.guide, reference.guide):
            return None
        return replace(frame, alpha=reference.alpha, presence=reference.presence, origin="reused")

    def _run_window(self, frame: CoarseMatte, window: NetworkWindow) -> CoarseMatte | None:
        """The frame with the network's matte by a window of it; None where the subject is not all in it."""
        x, geometry = self._session.preprocess(flatten_on_white(frame.picture))
        part = np.ascontiguousarray(x[..., window.rows, window.columns])
        alpha, presence = self._session.predict_preprocessed(part, LetterboxGeometry(*[window.shape] * 3))
        if presence < MIN_WINDOW_PRESENCE or not (alpha > MIN_WINDOW_ALPHA).any():
            return None
        if window.cuts_off(alpha, geometry.content_shape):
            return None
        whole = window.embed(alpha, geometry.content_shape)
        return replace(frame, alpha=whole, presence=presence, origin="network")

    def forget(self) -> None:
        """Reuse no matte of the frames so far, nor where their subject was."""
        self._reference = self._place = None


def _takes_windows(session: Session, votes: int) -> bool:
    """Whether a network can be shown a part of its input: one that takes any size, and gives one matte of one view."""
    card = session.card
    has_matte = card.output.values not in ("boxes", "queries", "points")
    return card.input.fit == "aspect" and has_matte and not card.input.states and len(plan_views(card, votes)) == 1
