"""Mattes of a clip between key frames, computed interval by interval and kept (`roto_store`).

An interval's mattes depend on its frames and on the keys at its ends, and on nothing else: where one key is edited, the
two intervals beside it are computed anew, and all others are taken from the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from mattebox._version import __version__
from mattebox.errors import UsageError
from mattebox.io import colour, resampling
from mattebox.matting.matte_operations import as_floats
from mattebox.matting.segmentation import segment
from mattebox.models.matte_session import Session
from mattebox.types import Floats, ImageShape, Picture
from mattebox.video.clip_frame import ClipFrame
from mattebox.video.motion import choose_motion_estimator
from mattebox.video.roto_carrying import blend_interval
from mattebox.video.roto_keys import RotoKey
from mattebox.video.roto_store import IntervalStore

GRID_SIDE_CELLS = 448  # longer side of the grid on which mattes are carried, about
MAX_INTERVAL_FRAMES = 300  # between two keys; they are in memory, reduced


class IntervalCarrier:
    """Takes the frames of a clip in their order, and computes the mattes of each interval when its second key comes.

    Parameters
    ----------
    keys : sequence of RotoKey
    store : IntervalStore
    source_identity : str
        Of the clip's files.
    session : Session
        The network, for marks and where no key can be relied on.
    """

    def __init__(self, keys: Sequence[RotoKey], store: IntervalStore, source_identity: str, session: Session) -> None:
        self._keys = {key.number: key for key in keys}
        self._store, self._identity, self._session = store, source_identity, session
        self._estimate_motion = choose_motion_estimator()
        self._guides: list[NDArray[np.uint8]] = []
        self._first: tuple[RotoKey, Floats] | None = None
        self._start = 0
        self._count = 0
        self.unused_keys = set(self._keys)

    def push(self, frame: ClipFrame) -> None:
        """Take the next frame. UsageError, InputError."""
        self._guides.append(_reduce(frame.picture))
        if len(self._guides) > MAX_INTERVAL_FRAMES:
            raise UsageError(
                f"there is no key frame for {MAX_INTERVAL_FRAMES} frames before {self._count}",
                "draw a key frame between",
            )
        number = self._count if frame.number is None else frame.number
        key = self._keys.get(number)
        self._count += 1
        if key is None:
            return
        self.unused_keys.discard(number)
        alpha = key.load_matte(frame.picture, self._session)
        shape = self._guides[-1].shape[0], self._guides[-1].shape[1]
        coarse = as_floats(resampling.shrink(np.rint(alpha * 255).astype(np.uint8), shape))
        self._finish((key, coarse))
        self._guides, self._first, self._start = self._guides[-1:], (key, coarse), self._count - 1

    def flush(self) -> None:
        """Compute the frames after the last key."""
        if self._guides:
            self._finish(None)

    def _finish(self, last: tuple[RotoKey, Floats] | None) -> None:
        """Compute and store an interval; its last frame belongs to the next one, where it is a key."""
        if last is not None and len(self._guides) == 1 and self._first is None:
            return  # the clip begins with a key
        name = f"{self._start:07}-{self._hash_interval(last)[:32]}.npz"
        if self._store.find(name):
            return
        guides = _FloatFrames(self._guides)
        network: dict[int, Floats] = {}

        def network_alpha(place: int) -> Floats:
            if place not in network:
                matte = segment(Picture(self._guides[place]), self._session)
                network[place] = resampling.enlarge(as_floats(matte.alpha), guides[place].shape[:2]).clip(0, 1)
            return network[place]

        alphas = blend_interval(
            guides, None if self._first is None else self._first[1], None if last is None else last[1],
            self._estimate_motion, network_alpha,
        )  # fmt: skip
        kept = alphas if last is None else alphas[:-1]
        self._store.add(name, np.rint(np.stack(kept) * 255).astype(np.uint8))

    def _hash_interval(self, last: tuple[RotoKey, Floats] | None) -> str:
        ends = [None if end is None else (end[0].number, end[0].content_hash) for end in (self._first, last)]
        parts = (__version__, self._identity, self._session.card.sha256, self._start, len(self._guides), ends)
        return sha256(repr(parts).encode()).hexdigest()


class _FloatFrames(Sequence[Floats]):
    """Reduced frames as colours 0..1, converted as they are asked for."""

    def __init__(self, frames: Sequence[NDArray[np.uint8]]) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        if isinstance(place, slice):
            return [self[index] for index in range(*place.indices(len(self)))]
        return self._frames[place].astype(np.float32) / np.float32(255)


def grid_shape(shape: ImageShape) -> ImageShape:
    """(height, width) of the grid for frames of this shape."""
    scale = min(GRID_SIDE_CELLS / max(shape), 1.0)
    return max(round(shape[0] * scale), 1), max(round(shape[1] * scale), 1)


def _reduce(picture: Picture) -> NDArray[np.uint8]:
    reduced = resampling.shrink(picture.rgb, grid_shape(picture.shape))
    return np.ascontiguousarray(colour.to_srgb(resampling.to_eight_bit(reduced), picture.profile))
