"""The stages of cutting a clip, side by side: decoding, mattes in their order, edges and background of each frame.

Each is a generator in a thread of its own (`concurrency`), with few frames between them, so that memory is constant.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace

from mattebox.core import cpu_threads
from mattebox.models.matte_session import Session
from mattebox.video.backgrounds import BackgroundRenderer
from mattebox.video.clip_frame import ClipFrame, FrameSource, ResumePoint
from mattebox.video.clip_options import ClipOptions
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.concurrency import map_ahead, read_ahead
from mattebox.video.cutter import CoarseCutter
from mattebox.video.frame_cutout import CutFrame, cut_frame

QUEUED_FRAMES = 3  # between two stages
MAX_FINISHING_WORKERS = 4


def iter_cut_frames(
    reader: FrameSource,
    options: ClipOptions,
    session: Session,
    renderer: BackgroundRenderer,
    *,
    segment_frames: int | None = None,
    resume_from: ResumePoint | None = None,
) -> Generator[tuple[CutFrame, ClipFrame], None, None]:
    """The finished frames of a clip with what they came from, computed side by side in threads.

    Parameters
    ----------
    reader, options, session, renderer
        The clip, how it is cut, the network, and what goes behind the subject.
    segment_frames : int, optional
        Length of segments that must not depend on what was reused before them.
    resume_from : ResumePoint, optional
        Where to begin within the clip.
    """
    frames = read_ahead(
        reader.frames(options.start, options.end, options.every, resume_from=resume_from), QUEUED_FRAMES
    )
    coarse = read_ahead(_iter_coarse_mattes(frames, options, session, segment_frames), QUEUED_FRAMES)
    calibration = session.card.calibration

    def finish(item: tuple[CoarseMatte, ClipFrame]) -> tuple[CutFrame, ClipFrame]:
        coarse_matte, source = item
        frame = cut_frame(coarse_matte, options.cut, calibration)
        if options.cut.output == "matte":
            return frame, source
        picture = renderer.render(frame.photograph, frame.picture, source.time)
        return replace(frame, picture=picture), source

    workers = 1 if renderer.is_sequential else min(cpu_threads.process_cpu_count(), MAX_FINISHING_WORKERS)
    with contextlib.closing(coarse), contextlib.closing(map_ahead(finish, coarse, workers)) as finished:
        yield from finished


def _iter_coarse_mattes(
    frames: Iterable[ClipFrame], options: ClipOptions, session: Session, segment_frames: int | None
) -> Iterator[tuple[CoarseMatte, ClipFrame]]:
    """Frames with their mattes at the network's resolution, and what they came from."""
    cutter = CoarseCutter(session, votes=options.cut.votes, coherence=options.coherence, segment_frames=segment_frames)
    sources: deque[ClipFrame] = deque()
    for frame in frames:
        sources.append(frame)
        for coarse in cutter.push(frame.picture, frame.index, float(frame.time)):
            yield coarse, sources.popleft()
    for coarse in cutter.flush():
        yield coarse, sources.popleft()
