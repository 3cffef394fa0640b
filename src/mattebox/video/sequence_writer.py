"""`SequenceWriter`: frames as numbered pictures, each written completely or not at all, numbered as their source."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import OutputError
from mattebox.io.atomic_write import make_folder, replacement_file
from mattebox.io.cryptomatte import encode_cryptomatte
from mattebox.io.exr_frame import SOURCE_ATTRIBUTE, ExrFrame, light_of_cutout, write_exr_frame
from mattebox.io.writer import write
from mattebox.matting.matte_operations import as_floats
from mattebox.video.clip_frame import ClipFrame, FinishedFrame
from mattebox.video.clip_info import ClipInfo
from mattebox.video.clip_options import ClipOptions
from mattebox.video.formats import ClipFormat
from mattebox.video.frame_cutout import CutFrame
from mattebox.video.output_options import OutputOptions
from mattebox.video.sequence_pattern import SequencePattern, is_sequence_name, parse_sequence
from mattebox.video.subject_tracks import SubjectTracker
from mattebox.video.time_text import advance_timecode

DEFAULT_DIGITS = 6
MATTE_CHANNEL = "matte.A"
SHADOW_LAYER = "shadow"


class SequenceWriter:
    """Writes frames to `shots/000000.png`, or to a pattern with %04d or ####.

    Frames of a sequence keep their numbers; those of a clip are numbered from 0, as in the report. OpenEXR files hold
    the cutout as R, G, B and A, its matte as matte.A, and on request its shadow as shadow.R, G, B and A, and the
    subjects as Cryptomatte.

    Parameters
    ----------
    target : Path
        A folder, which is made where it does not exist, or the pattern of the files.
    info : ClipInfo
        Of the clip that the frames come from.
    options : OutputOptions
        How it is written.
    cryptomatte : bool
        Whether OpenEXR files get a Cryptomatte of the subjects.

    Raises
    ------
    OutputError
        The folder cannot be made, or a file exists.
    """

    def __init__(self, target: Path, info: ClipInfo, options: OutputOptions, cryptomatte: bool = False) -> None:
        self.size, self.notes, self._info, self._options = info.size, list[str](), info, options
        self.pattern = output_pattern(target, options.format)
        self._tracker = SubjectTracker() if cryptomatte else None
        make_folder(self.pattern.folder)

    def write(self, frame: FinishedFrame, source: ClipFrame) -> None:
        """Write the next frame. OutputError."""
        path = self.pattern.path_of(source.index if source.number is None else source.number)
        if self._options.format.suffix != ".exr":
            write(frame.picture, path, format="png", overwrite=self._options.overwrite)
            return
        assert isinstance(frame, CutFrame)
        exr = self._convert(frame, source)
        with replacement_file(path, overwrite=self._options.overwrite, durable=False) as temporary_path:
            write_exr_frame(temporary_path, exr, straight=self._is_straight)

    @property
    def _is_straight(self) -> bool:
        """Whether colours are not multiplied by alpha."""
        return self._options.format.name == "exr-straight"

    def _shadow_channels(self, frame: CutFrame, source: ClipFrame, dtype: type) -> dict[str, Any]:
        """The layer `shadow` in linear light; nothing where the frame has no shadow."""
        if frame.shadow is None or frame.shadow.alpha is None:
            values: NDArray[Any] = np.zeros((*frame.matte.shape, 4), dtype)
        else:
            light = light_of_cutout(frame.shadow, np.zeros_like(frame.shadow.alpha), source.light)
            alpha = as_floats(frame.shadow.alpha)[..., None]
            values = np.concatenate([light.rgb * ((alpha > 0) if self._is_straight else alpha), alpha], 2).astype(dtype)
        return {f"{SHADOW_LAYER}.{name}": values[..., place] for place, name in enumerate("RGBA")}

    def _convert(self, frame: CutFrame, source: ClipFrame) -> ExrFrame:
        light = light_of_cutout(frame.picture, frame.matte.alpha, source.light)
        alpha, dtype = as_floats(frame.matte.alpha), np.float16 if light.is_half else np.float32
        layers: dict[str, Any] = {MATTE_CHANNEL: alpha.astype(dtype)}
        strings: Mapping[str, str] = {}
        if isinstance(self._options, ClipOptions) and self._options.shadow is not None:
            layers |= self._shadow_channels(frame, source, dtype)
        if self._tracker is not None:
            mattes = self._tracker.split(frame)
            cryptomatte = encode_cryptomatte(mattes, names=self._tracker.names)
            layers, strings = {**layers, **cryptomatte.channels}, cryptomatte.attributes
        opacity = None if frame.picture.alpha is None else as_floats(frame.picture.alpha)
        timecode = self._info.timecode
        if timecode is not None:
            start = round((self._options.start or Fraction(0)) * self._info.rate)
            timecode = advance_timecode(timecode, start + round(source.time * self._info.rate), self._info.rate)
        number = "" if source.number is None else f" {source.number}"
        return ExrFrame(
            light.rgb, opacity, light.primaries, light.is_half, layers,
            {**strings, SOURCE_ATTRIBUTE: f"frame{number} at {float(source.time):.6f} s"}, timecode,
            self._info.rate,
        )  # fmt: skip


def output_pattern(target: Path, format: ClipFormat) -> SequencePattern:
    """The names of the pictures of a target. OutputError where it names one file."""
    if is_sequence_name(target):
        return parse_sequence(target)
    if target.suffix and not target.is_dir():
        raise OutputError(
            f"{target}: one file cannot hold all frames as {format.suffix[1:].upper()}",
            f"give a folder, or a name such as shot.%04d{format.suffix}",
        )
    return SequencePattern(target, "", format.suffix, DEFAULT_DIGITS)
