"""A clip as a worker's task: cut out in memory, so that no byte of it lies on a disk in clear."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattebox.errors import InputTooLarge, OutputError
from mattebox.server.clip_media_types import MIME_BY_FORMAT
from mattebox.server.progress import IntervalReporter
from mattebox.server.workers.protocol import CLIP_KEY

if TYPE_CHECKING:
    from mattebox.types import OnProgress, OpenImage
    from mattebox.video.clip_result import ClipProgress


class LimitedFile(io.BytesIO):
    """A file in memory that refuses to grow beyond so many bytes. OutputError."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self._max_bytes = max_bytes

    def write(self, data: Any) -> int:
        """Write bytes."""
        if self.tell() + len(data) > self._max_bytes:
            raise OutputError(
                f"the result has more than {self._max_bytes} bytes", "choose webm or mp4, or send a shorter clip"
            )
        return super().write(data)


def run_video_task(
    task: dict[str, Any],
    content: bytes,
    threads: int,
    open_image: OpenImage,
    read_image: Callable[[str], bytes | None],
    on_progress: OnProgress,
    device: str = "cpu",
) -> tuple[dict[str, Any], bytes]:
    """Cut a clip.

    Parameters
    ----------
    task
        The frame's header: recipe and, under CLIP_KEY, the parameters and limits of the clip.
    content
        The clip's bytes.
    threads
        Of the network.
    open_image
        Opens the pictures that were sent with it.
    read_image
        Their bytes.
    on_progress
        Receives the completed share.

    Returns
    -------
    dict and bytes
        The metadata of the result, and the result.

    Raises
    ------
    MatteboxError
    """
    from mattebox.models.matte_session import open_session
    from mattebox.recipe.serialization import parse_recipe
    from mattebox.video.clip_cutting import cut_clip
    from mattebox.video.clip_job import ClipJob
    from mattebox.video.clip_key import needs_network
    from mattebox.video.clip_options import ClipOptions
    from mattebox.video.clip_signing import sign_clip_content
    from mattebox.video.option_values import parse_part

    recipe, clip = parse_recipe(task["recipe"]), task[CLIP_KEY]
    options = ClipOptions.from_recipe(
        recipe, None, format=clip["format"], every=clip["every"], coherence=clip["coherence"], device=device,
        threads=threads, **parse_part(clip["start"], clip["until"]),
    )  # fmt: skip
    sink = LimitedFile(clip["max_result_bytes"])
    job = ClipJob(
        Path("the clip"), Path("the result"), options, open_image=open_image, content=content, sink=sink,
        session=open_session(options.cut.model, device, threads) if needs_network(options.cut) else None,
        max_frame_pixels=clip["max_frame_pixels"],
        on_progress=_limit_progress(clip["max_seconds"], on_progress),
    )  # fmt: skip
    result = cut_clip(job)
    width, height = result.size
    metadata = {
        "mime": MIME_BY_FORMAT[options.format.name], "format": options.format.name, "width": width, "height": height,
        "notes": list(result.notes), "frames": result.frames, "found_frames": result.found_frames,
        "scene_cuts": [round(time, 3) for time in result.scene_cuts],
        "mean_confidence": round(result.confidence, 4),
        "model": options.cut.model if needs_network(options.cut) else None,
        "seconds": {"clip": round(result.seconds, 4)},
    }  # fmt: skip
    body = sink.getvalue()
    if options.is_signed:
        body = sign_clip_content(body, content, options, result.size, read_image)
    return metadata, body


def _limit_progress(max_seconds: float, on_progress: OnProgress) -> Callable[[ClipProgress], None]:
    """Reports the share that is done now and then, and ends a clip that is longer than the server takes."""
    report = IntervalReporter(on_progress)

    def update(progress: ClipProgress) -> None:
        if progress.seconds > max_seconds or (progress.total_seconds or 0) > max_seconds:
            raise InputTooLarge(f"the clip is longer than {max_seconds:g} s", "send a part of it, with from and until")
        if progress.total_seconds:
            report(min(progress.seconds / progress.total_seconds, 0.999))

    return update
