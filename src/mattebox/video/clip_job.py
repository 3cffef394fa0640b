"""Cutting a clip: read, matte, edges, background and encoding side by side, in constant memory.

Each stage is a generator in a thread of its own (`concurrency`). The file gets its name when it is complete.
"""

from __future__ import annotations

import contextlib
import time as clock
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from mattebox.core import cpu_threads
from mattebox.errors import InputUnreadable
from mattebox.io.reader import read_cached
from mattebox.io.writer import check_not_input
from mattebox.models.matte_session import Session, open_session
from mattebox.pipeline.signing_keys import load_identity
from mattebox.provenance.manifest import ModelUse
from mattebox.types import OpenImage
from mattebox.video.backgrounds import BackgroundRenderer
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_output import open_clip_output
from mattebox.video.clip_signing import sign_clip
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.concurrency import map_ahead, read_ahead
from mattebox.video.cutter import CoarseCutter
from mattebox.video.frame_cutout import CutFrame, cut_frame
from mattebox.video.reader import ClipFrame, VideoReader
from mattebox.video.report import open_report
from mattebox.video.time_text import format_time

QUEUED_FRAMES = 3  # between two stages
MAX_FINISHING_WORKERS = 4


class ClipProgress(NamedTuple):
    """How far a clip is: frames done, seconds of the clip, its length (None where unknown), frames per second."""

    frames: int
    seconds: float
    total_seconds: float | None
    rate: float


@dataclass
class ClipResult:
    """What became of a clip.

    Attributes
    ----------
    path : Path
        The result.
    frames : int
        Frames that were written.
    network_frames, reused_frames, carried_frames : int
        Where their mattes come from.
    found_frames : int
        Frames in which it is clear that there is a subject.
    scene_cuts : list of float
        Times in seconds at which new scenes start.
    confidence : float
        Mean over the frames, 0 to 1.
    size : (int, int)
        Width and height of the result.
    seconds : float
        That it took.
    notes : tuple of str
        Remarks for the user.
    """

    path: Path
    frames: int = 0
    network_frames: int = 0
    reused_frames: int = 0
    carried_frames: int = 0
    found_frames: int = 0
    scene_cuts: list[float] = field(default_factory=list)
    confidence: float = 0.0
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def add(self, frame: CutFrame) -> None:
        """Count a frame."""
        self.frames += 1
        self.network_frames += frame.origin == "network"
        self.reused_frames += frame.origin == "reused"
        self.carried_frames += frame.origin == "carried"
        self.found_frames += frame.matte.found
        self.confidence += (frame.matte.confidence - self.confidence) / self.frames
        if frame.is_cut:
            self.scene_cuts.append(frame.time)


def cut_clip(
    source: Path,
    target: Path,
    options: ClipOptions,
    *,
    session: Session | None = None,
    open_image: OpenImage = read_cached,
    report: Path | None = None,
    on_progress: Callable[[ClipProgress], None] | None = None,
) -> ClipResult:
    """Cut the subject out of a clip.

    Parameters
    ----------
    source, target : Path
        The clip, and the result: a file, or for a sequence a folder or pattern.
    options : ClipOptions
    session : Session, optional
        An open network in place of the step's model.
    open_image : callable
        Opens the picture that the background names.
    report : Path, optional
        Takes a line of JSON for each frame.
    on_progress : callable, optional
        Called after each frame that was written.

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError
        Nothing is left under the target's name.
    """
    check_not_input(target, (source,))
    identity = load_identity(datetime.now(UTC)) if options.is_signed else None
    started, result = clock.monotonic(), ClipResult(target)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(VideoReader(source))
        renderer = BackgroundRenderer(options.background, open_image)
        stack.callback(renderer.close)
        network = session or open_session(options.cut.model, options.device, options.threads)

        def sign(path: Path) -> None:
            if identity is not None:
                card = network.card
                sign_clip(path, target, source, options.whole_recipe, ModelUse(card.name, card.sha256),
                          (reader.info.size, output.size), identity, overwrite=options.overwrite)  # fmt: skip

        output = stack.enter_context(
            open_clip_output(target, reader, options.format, transparent=options.is_transparent, start=options.start,
                             end=options.end, every=options.every, overwrite=options.overwrite, finish=sign)
        )  # fmt: skip
        lines = None if report is None else stack.enter_context(open_report(report, source.name))
        frames = stack.enter_context(contextlib.closing(iter_cut_frames(reader, options, network, renderer)))
        for frame, pts in frames:
            output.write(frame.picture, pts)
            result.add(frame)
            if lines is not None:
                lines.add(frame)
            if on_progress is not None:
                elapsed = max(clock.monotonic() - started, 1e-6)
                on_progress(ClipProgress(result.frames, frame.time, _length(reader, options), result.frames / elapsed))
        if not result.frames:
            raise InputUnreadable(f"{source}: there is no frame {_describe_range(options)}", "choose other times")
        result.size = output.size
    result.seconds = clock.monotonic() - started
    result.notes = (*reader.notes(), *output.notes, *_subject_notes(result))
    return result


def iter_cut_frames(
    reader: VideoReader, options: ClipOptions, session: Session, renderer: BackgroundRenderer
) -> Generator[tuple[CutFrame, int], None, None]:
    """The finished frames of a clip with their time stamps, computed side by side in threads."""
    frames = read_ahead(reader.frames(options.start, options.end, options.every), QUEUED_FRAMES)
    coarse = read_ahead(_iter_coarse_mattes(frames, options, session), QUEUED_FRAMES)
    calibration = session.card.calibration

    def finish(item: tuple[CoarseMatte, int]) -> tuple[CutFrame, int]:
        frame = cut_frame(item[0], options.cut, calibration)
        if options.cut.output == "matte":
            return frame, item[1]
        picture = renderer.render(frame.photograph, frame.picture, item[1] * reader.info.time_base)
        return replace(frame, picture=picture), item[1]

    workers = 1 if renderer.is_sequential else min(cpu_threads.process_cpu_count(), MAX_FINISHING_WORKERS)
    with contextlib.closing(coarse), contextlib.closing(map_ahead(finish, coarse, workers)) as finished:
        yield from finished


def _iter_coarse_mattes(
    frames: Iterable[ClipFrame], options: ClipOptions, session: Session
) -> Iterator[tuple[CoarseMatte, int]]:
    """Frames with their mattes at the network's resolution, and their time stamps."""
    cutter = CoarseCutter(session, votes=options.cut.votes, coherence=options.coherence)
    stamps: deque[int] = deque()
    for frame in frames:
        stamps.append(frame.pts)
        for coarse in cutter.push(frame.picture, frame.index, float(frame.time)):
            yield coarse, stamps.popleft()
    for coarse in cutter.flush():
        yield coarse, stamps.popleft()


def _length(reader: VideoReader, options: ClipOptions) -> float | None:
    """Seconds of the clip that are cut, where they are known."""
    ends = [end for end in (options.end, reader.info.duration) if end is not None]
    return float(min(ends) - (options.start or 0)) if ends else None


def _describe_range(options: ClipOptions) -> str:
    words = []
    if options.start is not None:
        words.append(f"from {format_time(options.start)}")
    if options.end is not None:
        words.append(f"until {format_time(options.end)}")
    return " ".join(words) or "that can be decoded"


def _subject_notes(result: ClipResult) -> tuple[str, ...]:
    if result.found_frames == result.frames:
        return ()
    count = result.frames - result.found_frames
    return (f"in {count} of {result.frames} frames it is not clear what the subject is: please check them",)
