"""Opening of all that the frames of a job go through: network or key, the user's mattes, the background."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction

from mattebox.video.backgrounds import BackgroundRenderer
from mattebox.video.clip_frame import FrameSource
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_key import find_clip_key, needs_network
from mattebox.video.frame_stages import FrameStages
from mattebox.video.user_mattes import UserMattes


@contextlib.contextmanager
def open_stages(job: ClipJob, reader: FrameSource) -> Iterator[FrameStages]:
    """The stages of a job. UsageError, InputError, ModelError, DeviceError."""
    options = job.options
    with contextlib.ExitStack() as stack:
        session = job.open_network() if needs_network(options.cut) else None
        renderer = BackgroundRenderer(options.background, job.open_image)
        stack.callback(renderer.close)
        mattes = UserMattes(options.cut, options.start or Fraction(0), reader.info.rate, job.open_image)
        stack.callback(mattes.close)
        yield FrameStages(reader, options, session, renderer, mattes, find_clip_key(reader, options, job.open_image))
