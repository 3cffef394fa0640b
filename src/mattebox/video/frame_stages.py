"""The stages of cutting a clip, side by side: decoding, mattes in their order, edges and background of each frame.

Each is a generator in a thread of its own (`concurrency`), with few frames between them, so that memory is constant.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from mattebox.core import cpu_threads
from mattebox.matting.keying import ResolvedKey
from mattebox.models.matte_session import Session
from mattebox.video.backgrounds import BackgroundRenderer
from mattebox.video.clip_frame import ClipFrame, FrameSource, ResumePoint
from mattebox.video.clip_options import ClipOptions
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.concurrency import map_ahead, read_ahead
from mattebox.video.cutter import CoarseCutter
from mattebox.video.frame_composition import compose_frame
from mattebox.video.frame_cutout import CutFrame, RefinedFrame, find_edges, key_frame, render_frame, solve_frame
from mattebox.video.matte_prediction import iter_described_frames
from mattebox.video.steady_mattes import SteadyMattes
from mattebox.video.user_mattes import FrameMasks, UserMattes

QUEUED_FRAMES = 3  # between two stages
MAX_FINISHING_WORKERS = 4


class _StagedFrame(NamedTuple):
    """A frame between the sequential and the parallel stage."""

    coarse: CoarseMatte
    source: ClipFrame
    drawn: FrameMasks


@dataclass(frozen=True, eq=False)
class FrameStages:
    """How the frames of a clip are cut.

    Attributes
    ----------
    reader : FrameSource
        Where they come from.
    options : ClipOptions
    session : Session or None
        The network; None where a key or trimaps decide.
    renderer : BackgroundRenderer
        What goes behind the subject.
    mattes : UserMattes
        What the user drew.
    key : ResolvedKey or None
        Of a keyed clip.
    """

    reader: FrameSource
    options: ClipOptions
    session: Session | None
    renderer: BackgroundRenderer
    mattes: UserMattes
    key: ResolvedKey | None

    def iter_cut_frames(
        self, *, segment_frames: int | None = None, resume_from: ResumePoint | None = None
    ) -> Generator[tuple[CutFrame, ClipFrame], None, None]:
        """The finished frames with what they came from, computed side by side in threads.

        Parameters
        ----------
        segment_frames : int, optional
            Length of segments that must not depend on what was reused before them.
        resume_from : ResumePoint, optional
            Where to begin within the clip.
        """
        options = self.options
        frames = read_ahead(
            self.reader.frames(options.start, options.end, options.every, resume_from=resume_from), QUEUED_FRAMES
        )
        staged = read_ahead(self._iter_staged_frames(frames, segment_frames), QUEUED_FRAMES)
        workers = 1 if self.renderer.is_sequential else min(cpu_threads.process_cpu_count(), MAX_FINISHING_WORKERS)
        # The reader's thread is ended last and in any case: it must not decode a file that is closed.
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.closing(frames))
            stack.enter_context(contextlib.closing(staged))
            if self.session is None:
                yield from stack.enter_context(contextlib.closing(map_ahead(self._decide, staged, workers)))
                return
            refined = stack.enter_context(contextlib.closing(map_ahead(self._find_edges, staged, workers)))
            steadied = self._iter_steadied(refined, segment_frames)
            yield from stack.enter_context(contextlib.closing(map_ahead(self._render, steadied, workers)))

    def _iter_staged_frames(self, frames: Iterable[ClipFrame], segment_frames: int | None) -> Iterator[_StagedFrame]:
        """Frames in their order, with their mattes at the network's resolution where one decides."""
        if self.session is None:
            for described, frame in iter_described_frames(frames):
                yield self._stage(described, frame)
            return
        cutter = CoarseCutter(
            self.session, votes=self.options.cut.votes, coherence=self.options.coherence, segment_frames=segment_frames
        )
        sources: deque[ClipFrame] = deque()
        for frame in frames:
            sources.append(frame)
            for coarse in cutter.push(frame.picture, frame.index, float(frame.time)):
                yield self._stage(coarse, sources.popleft())
        for coarse in cutter.flush():
            yield self._stage(coarse, sources.popleft())

    def _stage(self, coarse: CoarseMatte, source: ClipFrame) -> _StagedFrame:
        return _StagedFrame(coarse, source, self.mattes.masks_at(source))

    def _find_edges(self, staged: _StagedFrame) -> tuple[RefinedFrame, ClipFrame]:
        """A frame with its matte at full size, by the network's."""
        assert self.session is not None
        refined = find_edges(staged.coarse, self.options.cut, self.session.card.calibration, staged.drawn)
        return refined, staged.source

    def _iter_steadied(
        self, refined: Iterable[tuple[RefinedFrame, ClipFrame]], segment_frames: int | None
    ) -> Iterator[tuple[RefinedFrame, ClipFrame]]:
        """Frames in their order, with what is learned from others."""
        if self.options.coherence == "frame":
            yield from refined
            return
        steadied, sources = SteadyMattes(segment_frames), deque[ClipFrame]()
        for frame, source in refined:
            sources.append(source)
            for finished in steadied.push(frame):
                yield finished, sources.popleft()
        for finished in steadied.flush():
            yield finished, sources.popleft()

    def _render(self, item: tuple[RefinedFrame, ClipFrame]) -> tuple[CutFrame, ClipFrame]:
        """A frame cut out by its matte, before its background."""
        refined, source = item
        return compose_frame(render_frame(refined, self.options.cut), self.options, self.renderer, source.time), source

    def _decide(self, staged: _StagedFrame) -> tuple[CutFrame, ClipFrame]:
        """A frame cut out by the clip's key or its trimap, before its background."""
        coarse, source, drawn = staged
        step = self.options.cut
        frame = key_frame(coarse, step, self.key, drawn) if self.key is not None else solve_frame(coarse, step, drawn)
        return compose_frame(frame, self.options, self.renderer, source.time), source
