"""Cutting a clip in segments that are kept beside the result, so that a killed run continues after the last of them.

A folder beside the result holds the finished segments, each a file of the result's own kind without sound, and a file
of rows beside it that says which frames it has and when. At the end the packets of all segments are joined, without
encoding anything again, with the clip's sound. Pictures get their own names at once, and the folder holds their rows
only. Segments do not depend on where a run began (`coherence`).
"""

from __future__ import annotations

import contextlib
import shutil
import time as clock
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import msgspec

from mattebox._version import __version__
from mattebox.core.interface import name_parameter
from mattebox.errors import InputUnreadable, OutputExists, UsageError
from mattebox.io.atomic_write import make_folder, replacement_file, write_bytes
from mattebox.io.writer import check_not_input
from mattebox.video.clip_frame import ClipFrame, FrameSource, ResumePoint
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_output import ClipFile, ClipOutput
from mattebox.video.clip_records import ClipRecords
from mattebox.video.clip_result import ClipResult
from mattebox.video.clip_sheet import LeastConfidentFrames, SheetCell
from mattebox.video.clip_signing import ClipSigner
from mattebox.video.clip_stages import open_stages
from mattebox.video.frame_cutout import CutFrame
from mattebox.video.frame_sources import open_frames, source_files
from mattebox.video.joining import join_segments
from mattebox.video.key_frames import KEY_SPAN, MAX_LOOK_AHEAD
from mattebox.video.matte_names import matte_paths
from mattebox.video.report import FrameRow
from mattebox.video.sequence_pattern import check_output_pattern
from mattebox.video.sequence_reader import SequenceReader
from mattebox.video.sequence_writer import SequenceWriter
from mattebox.video.writer import VideoWriter

SEGMENT_FRAMES, SEGMENT_PICTURES = 240, 24  # multiples of KEY_SPAN
FOLDER_SUFFIX = ".mattebox-segments"


class SegmentRows(msgspec.Struct):
    """What a segment holds: the rows of its frames, their time stamps in units of the clip's time base, and what it has
    for a contact sheet."""

    rows: list[FrameRow]
    stamps: list[int]
    cells: list[SheetCell] = []


class SegmentFolder:
    """The finished segments of one job; those of another job are removed.

    Parameters
    ----------
    target : Path
        The result.
    fingerprint : str
        Of the clip and of how it is cut.

    Attributes
    ----------
    is_continued : bool
        Whether an earlier run of the same job left it.
    """

    def __init__(self, target: Path, fingerprint: str) -> None:
        self.path = target.with_name(f".{target.name}{FOLDER_SUFFIX}")
        make_folder(self.path)
        note = self.path / "job.txt"
        self.is_continued = note.exists() and note.read_text(encoding="utf-8") == fingerprint
        if not self.is_continued:
            for file in self.path.iterdir():
                file.unlink()
            write_bytes(note, fingerprint.encode(), overwrite=True)
        self.finished = self._load()

    def segment_path(self, number: int) -> Path:
        """The file of a segment."""
        return self.path / f"{number:06}.clip"

    def add(self, segment: SegmentRows) -> None:
        """Note that the next segment's file is complete."""
        write_bytes(self._rows_path(len(self.finished)), msgspec.json.encode(segment), overwrite=True)
        self.finished.append(segment)

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def forget_unfit(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Leave nothing of a run that met pictures which are not its own: the next must not take them for its own."""
        if isinstance(error, OutputExists) and not self.is_continued and not self.finished:
            self.remove()

    def _rows_path(self, number: int) -> Path:
        return self.path / f"{number:06}.json"

    def _load(self) -> list[SegmentRows]:
        finished: list[SegmentRows] = []
        while (path := self._rows_path(len(finished))).exists():
            finished.append(msgspec.json.decode(path.read_bytes(), type=SegmentRows))
        return finished


def cut_clip_in_segments(job: ClipJob, *, segment_frames: int | None = None) -> ClipResult:
    """Cut the subject out of a clip, continuing where an earlier run with the same parameters was interrupted.

    Errors as for `cut_clip`; `segment_frames` is the length of a segment, a multiple of 6. UsageError for Cryptomatte,
    whose names are those of all frames before.
    """
    options, started = job.options, clock.monotonic()
    check_not_input(job.target, (job.source,))
    if options.cryptomatte:
        raise UsageError(
            "Cryptomatte cannot be resumed: its names are those of the frames before",
            f"leave out {name_parameter('resume', True)} or {name_parameter('cryptomatte', True)}",
        )
    segment_frames = segment_frames or (SEGMENT_PICTURES if options.format.is_sequence else SEGMENT_FRAMES)
    if segment_frames % KEY_SPAN:
        raise ValueError(f"segment_frames is {segment_frames}; give a multiple of {KEY_SPAN}")
    signer = ClipSigner(job.source, job.target, options)
    folder = SegmentFolder(job.target, _fingerprint(job, segment_frames))
    resumed_frames = sum(len(segment.rows) for segment in folder.finished)
    with contextlib.ExitStack() as stack:
        stack.push(folder.forget_unfit)
        reader = stack.enter_context(open_frames(job))
        stages = stack.enter_context(open_stages(job, reader))
        records = stack.enter_context(ClipRecords(job, reader))
        cut_frames = stages.iter_cut_frames(segment_frames=segment_frames, resume_from=_resume_point(folder))
        frames = stack.enter_context(contextlib.closing(cut_frames))
        new_frames = (item for item in frames if item[0].index >= resumed_frames)
        place = _open_place(job, reader, folder)
        for segment in _write_segments(new_frames, folder, place, job, records, segment_frames):
            elapsed, row = max(clock.monotonic() - started, 1e-6), segment.rows[-1]
            job.tell_progress(reader, row.frame + 1, row.time, (row.frame + 1 - resumed_frames) / elapsed)
        if not folder.finished:
            folder.remove()
            raise InputUnreadable(f"{job.source}: there is no frame {job.describe_range()}", "choose other times")
        for segment in folder.finished:
            records.least_confident.merge(segment.cells)
            for row in segment.rows:
                records.add(row)
        result = records.result
        if isinstance(place, SequenceWriter):
            result.size, notes = place.size, place.notes
        else:
            stamps = [segment.stamps for segment in folder.finished]
            paths = [folder.segment_path(number) for number in range(len(stamps))]
            result.size, notes = join_segments(
                paths, stamps, job.target, reader, options,
                lambda path, size: signer.sign(path, stages.session, (reader.info.size, size)),
            )  # fmt: skip
    records.write_summaries()
    folder.remove()
    result.seconds = clock.monotonic() - started
    resumed = (f"{resumed_frames} frames had been done before",) if resumed_frames else ()
    result.notes = (*resumed, *reader.notes(), *notes, *result.subject_notes())
    return result


@dataclass(frozen=True)
class _SegmentFiles:
    """Where the segments of a clip's file are written: a file each."""

    folder: SegmentFolder
    reader: FrameSource
    options: ClipOptions

    @contextlib.contextmanager
    def open_segment(self) -> Iterator[ClipOutput]:
        """The next segment's file, which gets its name when it is complete. OutputError."""
        options, info = self.options, self.reader.info
        info = replace(info, rate=info.rate / options.every, timecode=None, chapters=(), tags={})
        path = self.folder.segment_path(len(self.folder.finished))
        with (
            replacement_file(path, overwrite=True) as temporary_path,
            VideoWriter(temporary_path, options.format, info, transparent=options.is_transparent, name=path) as writer,
        ):
            yield ClipFile(writer, is_from_pictures=isinstance(self.reader, SequenceReader))


def _open_place(job: ClipJob, reader: FrameSource, folder: SegmentFolder) -> _SegmentFiles | SequenceWriter:
    """Where segments are written. Pictures behind the last finished segment may be there, from the killed run."""
    options = job.options
    if not options.format.is_sequence:
        return _SegmentFiles(folder, reader, options)
    writer = SequenceWriter(
        job.target, reader.info, replace(options, overwrite=options.overwrite or folder.is_continued)
    )
    if isinstance(reader, SequenceReader):
        check_output_pattern(writer.pattern, reader.numbers, reader.source_paths)
    return writer


def _write_segments(
    frames: Iterator[tuple[CutFrame, ClipFrame]],
    folder: SegmentFolder,
    place: _SegmentFiles | SequenceWriter,
    job: ClipJob,
    records: ClipRecords,
    segment_frames: int,
) -> Iterator[SegmentRows]:
    """Write frames to segments, and give each one that is complete."""
    is_file = isinstance(place, _SegmentFiles)
    following = next(frames, None)
    while following is not None:
        segment, least_confident = SegmentRows([], []), LeastConfidentFrames()
        with place.open_segment() if isinstance(place, _SegmentFiles) else contextlib.nullcontext(place) as output:
            while following is not None and len(segment.rows) < segment_frames:
                frame, source = following
                row = records.describe(frame, source)
                segment.rows.append(row)
                if job.sheet is not None:
                    least_confident.offer(row, frame)
                segment.stamps.append(source.pts)
                output.write(frame, replace(source, pts=source.pts - segment.stamps[0]) if is_file else source)
                following = next(frames, None)
        segment.cells = least_confident.cells
        folder.add(segment)
        yield segment


def _resume_point(folder: SegmentFolder) -> ResumePoint | None:
    """So many frames before the first that is missing that its matte knows its neighbours."""
    stamps = [stamp for segment in folder.finished for stamp in segment.stamps]
    index = max(len(stamps) - MAX_LOOK_AHEAD, 0)
    return ResumePoint(index, stamps[index]) if stamps else None


def _fingerprint(job: ClipJob, segment_frames: int) -> str:
    """Of the clip's file and of all that decides the result."""
    source, options = job.source, job.options
    drawn = (path for name in matte_paths(options.cut).values() for path in source_files(Path(name)))
    statuses = [path.stat() for path in (*source_files(source), *drawn) if path.exists()]
    files = [(status.st_size, status.st_mtime_ns) for status in statuses]
    parts = (
        __version__, str(source.resolve()), files, options.format.name, options.cut, options.background,
        options.coherence, str(options.start), str(options.end), options.every, segment_frames,
        str(options.rate), options.input_colour, job.sheet is not None, options.deinterlace,
    )  # fmt: skip
    return sha256(msgspec.json.encode(parts)).hexdigest()
