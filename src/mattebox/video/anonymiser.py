"""`VideoAnonymiser`: frames in, frames without faces and plates out; for those who bring their own frames."""

from __future__ import annotations

import inspect
import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Never

from mattebox.anonymisation.obscuring import obscure_objects
from mattebox.anonymisation.regions import DetectedObject
from mattebox.core.suggestions import suggest_name
from mattebox.errors import UsageError
from mattebox.io.metadata import keep_safe_metadata
from mattebox.models.object_detector import open_object_detector
from mattebox.pipeline.anonymisation import anonymise_step, check_anonymise_step
from mattebox.recipe.flat_parameters import build_recipe, stringify_values
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Save
from mattebox.types import Picture
from mattebox.video.cutter import convert_frame
from mattebox.video.frame_search import FrameSearch
from mattebox.video.object_tracks import MAX_GAP_FRAMES, ObjectTracks

DEFAULT_DETECTOR = Anonymise().detector


@dataclass(frozen=True, eq=False)
class AnonymisedFrame:
    """A frame without its faces and plates.

    Attributes
    ----------
    index : int
        Number of the frame, from 0.
    time : float
        Seconds, as they were given.
    picture : Picture
        The frame with its objects hidden; without previews, depth and mattes of a file, which could show them.
    objects : tuple of DetectedObject
        What is hidden, the largest first.
    """

    index: int
    time: float
    picture: Picture
    objects: tuple[DetectedObject, ...]


@dataclass(frozen=True, eq=False)
class _WaitingFrame:
    index: int
    time: float
    picture: Picture


class VideoAnonymiser:
    """Hides the faces and number plates of a video's frames, one after the other, in constant memory.

    No detector finds everything: look at the result before you publish it.

    Parameters
    ----------
    hide : {"all", "faces", "plates"}
        What is hidden.
    hide_method, hide_shape, hide_growth, hide_sensitivity, hide_detector
        As for `anonymise`.
    look_ahead : int
        Frames by which results are late, 0 to 12: the followers that decide with what is hidden in a frame. With 12,
        the result is that of `anonymise_video`: a face is hidden six frames before and after those in which it is
        found, and in gaps of up to twelve. With 0, each frame comes back at once, as a live picture must: a face stays
        hidden for twelve frames after it was last found, so that no such gap shows it, but nothing is known of it
        before it is found for the first time.
    device, threads
        Where the detector runs, as for `cut`.

    Raises
    ------
    UsageError
        A value is none of those that are allowed.
    ModelError
        There is no such detector.

    Examples
    --------
        anonymiser = mb.VideoAnonymiser("faces", look_ahead=0)
        for number, frame in enumerate(camera):        # H x W x 3 arrays
            for safe in anonymiser.push(frame, number / 25):
                show(safe.picture)
    """

    def __init__(
        self,
        hide: Literal["all", "faces", "plates"] = "all",
        *,
        hide_method: Literal["fill", "mosaic", "blur"] = "fill",
        hide_shape: Literal["ellipse", "box"] = "ellipse",
        hide_growth: int = 100,
        hide_sensitivity: int = 100,
        hide_detector: str | os.PathLike[str] = DEFAULT_DETECTOR,
        look_ahead: int = MAX_GAP_FRAMES,
        device: str = "auto",
        threads: int | None = None,
        **unknown: Never,
    ) -> None:
        for name in unknown:
            known = inspect.signature(type(self)).parameters
            raise UsageError(f"VideoAnonymiser has no parameter {name!r}", suggest_name(name, known))
        if not 0 <= look_ahead <= MAX_GAP_FRAMES:
            raise UsageError(f"look_ahead = {look_ahead} is out of range", f"give 0 to {MAX_GAP_FRAMES} frames")
        self._step = _build_step({
            "hide": hide, "hide_method": hide_method, "hide_shape": hide_shape, "hide_growth": hide_growth,
            "hide_sensitivity": hide_sensitivity, "hide_detector": hide_detector,
        })  # fmt: skip
        self._search = FrameSearch(open_object_detector(self._step.detector, device, threads), self._step)
        self._tracks = ObjectTracks(self._search.min_scores, look_ahead)
        self._waiting: deque[_WaitingFrame] = deque()
        self._count = 0

    def push(self, frame: Any, time: float) -> list[AnonymisedFrame]:
        """Take the next frame.

        Parameters
        ----------
        frame : Picture, Pillow image or NumPy array
            Of any size and bit depth; all of one size within a video.
        time : float
            Seconds, handed back with the result.

        Returns
        -------
        list of AnonymisedFrame
            The frame that is finished: none for the first `look_ahead`, then one for each.
        """
        picture = convert_frame(frame)
        found = self._search.find(picture, self._count)
        self._waiting.append(_WaitingFrame(self._count, time, picture))
        self._count += 1
        return [self._hide(objects) for objects in self._tracks.push(found)]

    def flush(self) -> list[AnonymisedFrame]:
        """The frames that are still waiting; afterwards another video may begin."""
        finished = [self._hide(objects) for objects in self._tracks.flush()]
        self._count = 0
        return finished

    def iterate(self, frames: Iterable[tuple[Any, float]]) -> Iterator[AnonymisedFrame]:
        """The results of pairs of a frame and its time, one for each, in their order."""
        for frame, time in frames:
            yield from self.push(frame, time)
        yield from self.flush()

    def _hide(self, objects: tuple[DetectedObject, ...]) -> AnonymisedFrame:
        waiting, step = self._waiting.popleft(), self._step
        hidden = obscure_objects(waiting.picture, objects, step.method, step.shape, step.growth / 100)
        metadata = keep_safe_metadata(hidden.metadata)
        return AnonymisedFrame(
            waiting.index, waiting.time, replace(hidden, metadata=metadata, depth=None, mattes={}), objects
        )


def _build_step(values: dict[str, Any]) -> Anonymise:
    """The step of these values, checked as a recipe's is. UsageError, ModelError."""
    recipe = build_recipe(stringify_values(values), Recipe((Save(),)))
    check_anonymise_step(recipe)
    step = anonymise_step(recipe)
    if step is None:
        raise UsageError("hide = 'none' hides nothing", "choose all, faces or plates")
    return step
