"""A clip as a worker's task: worked on in memory, so that no byte of it lies on a disk in clear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattebox.server.clip_media_types import MIME_BY_FORMAT
from mattebox.server.workers.clip_limits import LimitedFile, limit_progress
from mattebox.server.workers.protocol import CLIP_KEY

if TYPE_CHECKING:
    from mattebox.types import OnProgress, OpenImage
    from mattebox.video.clip_job import ClipJob
    from mattebox.video.clip_result import ClipResult

CLIP_NAME, RESULT_NAME = Path("the clip"), Path("the result")  # for messages


@dataclass(frozen=True)
class ClipTask:
    """What a worker was sent.

    Attributes
    ----------
    header
        The frame's header: recipe and, under CLIP_KEY, the parameters and limits of the clip.
    content
        The clip's bytes.
    threads
        Of the network.
    open_image
        Opens the pictures that were sent with it.
    read_image
        Their bytes, None for a name that is not among them.
    on_progress
        Receives the completed share.
    device
        Where networks run.
    """

    header: dict[str, Any]
    content: bytes
    threads: int
    open_image: OpenImage
    read_image: Callable[[str], bytes | None]
    on_progress: OnProgress
    device: str = "cpu"

    @property
    def clip(self) -> dict[str, Any]:
        """Parameters and limits of the clip."""
        fields: dict[str, Any] = self.header[CLIP_KEY]
        return fields


def run_video_task(task: ClipTask) -> tuple[dict[str, Any], bytes]:
    """Do the work of a clip's task; the metadata of the result, and the result. MatteboxError."""
    work = task.clip.get("work", "cut")  # tasks of jobs that an earlier version stored have none
    return _enhance(task) if work == "enhance" else _cut(task, is_rotoscoped=work == "rotoscope")


def _cut(task: ClipTask, *, is_rotoscoped: bool) -> tuple[dict[str, Any], bytes]:
    from mattebox.models.matte_session import open_session
    from mattebox.recipe.serialization import parse_recipe
    from mattebox.video.clip_cutting import cut_clip
    from mattebox.video.clip_job import ClipJob
    from mattebox.video.clip_key import needs_network
    from mattebox.video.clip_options import ClipOptions
    from mattebox.video.clip_signing import sign_clip_content
    from mattebox.video.option_values import parse_part

    clip = task.clip
    options = ClipOptions.from_recipe(
        parse_recipe(task.header["recipe"]), None, format=clip["format"], every=clip["every"],
        coherence=clip["coherence"], deinterlace=clip.get("deinterlace", False), device=task.device,
        threads=task.threads, **parse_part(clip["start"], clip["until"]),
    )  # fmt: skip
    sink = LimitedFile(clip["max_result_bytes"])
    uses_network = is_rotoscoped or needs_network(options.cut)
    job = ClipJob(
        CLIP_NAME, RESULT_NAME, options, open_image=task.open_image, content=task.content, sink=sink,
        session=open_session(options.cut.model, task.device, task.threads) if uses_network else None,
        max_frame_pixels=clip["max_frame_pixels"], on_progress=limit_progress(clip["max_seconds"], task.on_progress),
    )  # fmt: skip
    result = _rotoscope(job, task) if is_rotoscoped else cut_clip(job)
    metadata = _describe(options.format.name, result.size, result.notes, result.frames, result.scene_cuts) | {
        "found_frames": result.found_frames, "mean_confidence": round(result.confidence, 4),
        "model": options.cut.model if uses_network else None, "seconds": {"clip": round(result.seconds, 4)},
    }  # fmt: skip
    body = sink.getvalue()
    if options.is_signed:
        body = sign_clip_content(body, task.content, options, result.size, task.read_image)
    return metadata, body


def _rotoscope(job: ClipJob, task: ClipTask) -> ClipResult:
    from mattebox.errors import InputMissing
    from mattebox.video.roto_key_names import find_key_numbers
    from mattebox.video.roto_keys import RotoKey, RotoMarks
    from mattebox.video.roto_store import IntervalMemory
    from mattebox.video.rotoscoping import RotoJob, rotoscope_clip

    keys, numbers = [], find_key_numbers(task.clip["keys"], partial(_frame_times, job))
    for number, key in sorted((numbers[name], key) for name, key in task.clip["keys"].items()):
        name = f"the key of frame {number}"
        drawing = task.read_image(key) if isinstance(key, str) else RotoMarks.from_fields(key, name)
        if drawing is None:
            raise InputMissing(f"{key}: is not among the images sent", "send it with the request")
        content = drawing if isinstance(drawing, bytes) else repr(drawing).encode()
        keys.append(RotoKey(number, name, drawing, sha256(content).hexdigest()))
    return rotoscope_clip(RotoJob(job, keys, IntervalMemory()))


def _frame_times(job: ClipJob) -> list[Fraction]:
    from mattebox.video.reader import VideoReader

    options = job.options
    with VideoReader(
        job.source, content=job.content, max_pixels=job.max_frame_pixels, deinterlace=options.deinterlace
    ) as reader:
        return reader.frame_times()


def _enhance(task: ClipTask) -> tuple[dict[str, Any], bytes]:
    from mattebox.recipe.serialization import parse_recipe
    from mattebox.video.clip_enhancement import enhance_clip
    from mattebox.video.enhancement_job import EnhancementJob, EnhancementOptions
    from mattebox.video.formats import find_format
    from mattebox.video.option_values import parse_part

    clip = task.clip
    options = EnhancementOptions(
        format=find_format(clip["format"] or "mp4"), recipe=parse_recipe(task.header["recipe"]), every=clip["every"],
        deinterlace=clip["deinterlace"], device=task.device, threads=task.threads,
        **parse_part(clip["start"], clip["until"]),
    )  # fmt: skip
    sink = LimitedFile(clip["max_result_bytes"])
    job = EnhancementJob(
        CLIP_NAME, RESULT_NAME, options, task.open_image, content=task.content, sink=sink,
        max_frame_pixels=clip["max_frame_pixels"], max_result_pixels=clip["max_result_pixels"],
        on_progress=limit_progress(clip["max_seconds"], task.on_progress),
    )  # fmt: skip
    result = enhance_clip(job)
    metadata = _describe(options.format.name, result.size, result.notes, result.frames, result.scene_cuts)
    return metadata | {"model": None, "seconds": {"clip": round(result.seconds, 4)}}, sink.getvalue()


def _describe(
    format: str, size: tuple[int, int], notes: tuple[str, ...], frames: int, scene_cuts: list[float]
) -> dict[str, Any]:
    width, height = size
    return {
        "mime": MIME_BY_FORMAT[format], "format": format, "width": width, "height": height, "notes": list(notes),
        "frames": frames, "scene_cuts": [round(time, 3) for time in scene_cuts],
    }  # fmt: skip
