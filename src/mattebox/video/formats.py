"""The formats that clips are written in: containers, encoders with their settings, and the sound that they take.

Alpha is straight in all of them. What was tried and fails: VP9 with 4:4:4 and alpha (refused on opening), alt-ref
frames with alpha, HEVC with alpha (x265 is built without it), 10 bits with alpha in VP9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import av

from mattebox.core.interface import name_parameter
from mattebox.core.suggestions import suggest_name
from mattebox.errors import OutputError, UsageError

VP9_OPTIONS = {
    "crf": "24", "b": "0", "row-mt": "1", "tile-columns": "2", "deadline": "realtime", "cpu-used": "8", "g": "120",
}  # fmt: skip
SEQUENCE = "image2"
PCM_CODECS = frozenset({"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_s16be", "pcm_s24be", "pcm_s32be"})


@dataclass(frozen=True)
class Encoding:
    """An encoder and its settings.

    Attributes
    ----------
    codec, pixel_format : str
        FFmpeg's names.
    options : mapping
        Of the encoder.
    tag : str
        Code of the codec in the container; "" for the container's own choice.
    needs_even_size : bool
        Whether it takes even widths and heights only: the last column or row is then repeated.
    depth : int
        Bits per channel that it keeps.
    """

    codec: str
    pixel_format: str
    options: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""
    needs_even_size: bool = False
    depth: int = 8


@dataclass(frozen=True)
class ClipFormat:
    """A format of clips.

    Attributes
    ----------
    name, suffix, container : str
        As the user writes it, the files' suffix, and FFmpeg's muxer.
    opaque, transparent : tuple of Encoding
        The encodings without and with alpha, by rising depth; no `transparent` ones where it cannot hold alpha.
    sound_codecs : frozenset of str
        Those that are copied packet by packet; empty for all.
    sound_encoder : str
        Transcodes other sound.
    subtitle_codecs : frozenset of str
        Those that are copied; empty for all.
    keeps_hidden_colours : bool
        Whether pixels keep their colours where they are transparent, as editing programs want it.
    summary : str
        What it is for, for help and documentation.
    """

    name: str
    suffix: str
    container: str
    opaque: tuple[Encoding, ...]
    transparent: tuple[Encoding, ...]
    summary: str
    sound_codecs: frozenset[str] = frozenset()
    sound_encoder: str = "aac"
    subtitle_codecs: frozenset[str] = frozenset()
    keeps_hidden_colours: bool = True

    @property
    def is_sequence(self) -> bool:
        """Whether it is a folder of pictures, and has no sound."""
        return self.container == SEQUENCE

    def choose_encoding(self, *, transparent: bool, depth: int, even_size: bool = True) -> Encoding:
        """The encoding for alpha and depth: the first that is deep enough, else the deepest. OutputError."""
        choices = self.transparent if transparent else self.opaque
        if not choices:
            raise OutputError(
                f"{self.name} cannot hold transparency",
                f"give {name_parameter('background', 'white')}, or choose {name_parameter('format', 'webm')} or prores",
            )
        fitting = [e for e in choices if even_size or not e.needs_even_size] or list(choices)
        return next((e for e in fitting if e.depth >= depth), fitting[-1])


_MOV_SOUND = frozenset({"aac", "mp3", "alac", "ac3", "eac3"}) | PCM_CODECS
_MP4_SOUND = frozenset({"aac", "mp3", "alac", "ac3", "eac3", "opus", "flac"})

FORMATS: Mapping[str, ClipFormat] = {
    f.name: f
    for f in (
        ClipFormat(
            "webm", ".webm", "webm",
            (
                Encoding("libvpx-vp9", "yuv420p", VP9_OPTIONS),
                Encoding("libvpx-vp9", "yuv420p10le", {**VP9_OPTIONS, "profile": "2"}, depth=10),
            ),
            (Encoding("libvpx-vp9", "yuva420p", {**VP9_OPTIONS, "auto-alt-ref": "0"}),),
            "VP9 with alpha: browsers, OBS; small",
            frozenset({"opus", "vorbis"}), "libopus", frozenset({"webvtt"}), keeps_hidden_colours=False,
        ),
        ClipFormat(
            "prores", ".mov", "mov",
            (
                Encoding("prores", "yuv444p10le", needs_even_size=True, depth=10),
                Encoding("prores_ks", "yuv444p10le", {"profile": "4444", "vendor": "apl0"}, depth=10),
            ),
            (
                Encoding("prores", "yuva444p10le", needs_even_size=True, depth=10),
                Encoding(
                    "prores_ks", "yuva444p10le", {"profile": "4444", "alpha_bits": "16", "vendor": "apl0"}, depth=10
                ),
            ),
            "ProRes 4444 with alpha: Premiere, Resolve, After Effects, Final Cut; 10 bits",
            _MOV_SOUND, "pcm_s16le", frozenset({"mov_text"}),
        ),
        ClipFormat(
            "ffv1", ".mkv", "matroska",
            (
                Encoding("ffv1", "bgr0", {"level": "3", "slices": "4", "slicecrc": "1"}),
                Encoding("ffv1", "gbrp16le", {"level": "3", "slices": "4", "slicecrc": "1"}, depth=16),
            ),
            (
                Encoding("ffv1", "bgra", {"level": "3", "slices": "4", "slicecrc": "1"}),
                Encoding("ffv1", "gbrap16le", {"level": "3", "slices": "4", "slicecrc": "1"}, depth=16),
            ),
            "FFV1, lossless with alpha: archives; up to 16 bits",
        ),
        ClipFormat(
            "qtrle", ".mov", "mov",
            (Encoding("qtrle", "rgb24"),),
            (Encoding("qtrle", "argb"),),
            "QuickTime Animation, lossless with alpha, 8 bits: older editors; large",
            _MOV_SOUND, "pcm_s16le", frozenset({"mov_text"}),
        ),
        ClipFormat(
            "png", ".png", SEQUENCE,
            (Encoding("png", "rgb24"), Encoding("png", "rgb48be", depth=16)),
            (Encoding("png", "rgba"), Encoding("png", "rgba64be", depth=16)),
            "a folder of PNG pictures with alpha, lossless, up to 16 bits: Nuke, After Effects; no sound",
        ),
        ClipFormat(
            "exr", ".exr", SEQUENCE,
            (Encoding("exr", "gbrpf32le", depth=32),), (Encoding("exr", "gbrapf32le", depth=32),),
            "OpenEXR pictures: linear light, premultiplied, with the matte as a layer: Nuke, Fusion, Flame",
        ),
        ClipFormat(
            "exr-straight", ".exr", SEQUENCE,
            (Encoding("exr", "gbrpf32le", depth=32),), (Encoding("exr", "gbrapf32le", depth=32),),
            "the same with straight colours",
        ),
        ClipFormat(
            "mp4", ".mp4", "mp4",
            (
                Encoding("libx264", "yuv420p", {"crf": "17", "preset": "veryfast", "bf": "0"}, needs_even_size=True),
                Encoding(
                    "libx265", "yuv420p10le", {"crf": "16", "preset": "fast", "x265-params": "bframes=0:log-level=0"},
                    "hvc1", needs_even_size=True, depth=10,
                ),
            ),
            (),
            "H.264 (HEVC from 10 bits), without alpha, for a background: everywhere",
            _MP4_SOUND, "aac", frozenset({"mov_text"}),
        ),
    )
}  # fmt: skip


def find_format(name: str) -> ClipFormat:
    """The format of a name. UsageError."""
    if name not in FORMATS:
        hint = suggest_name(name, FORMATS)
        raise UsageError(f"there is no video format {name!r}", f"{hint} choose {', '.join(FORMATS)}".strip())
    return FORMATS[name]


def format_of_path(path: Path) -> ClipFormat:
    """The format that a path's suffix says; a folder is a sequence of PNG pictures. OutputError."""
    if not path.suffix or path.is_dir():
        return FORMATS["png"]
    suffix = path.suffix.lower()
    found = next((f for f in FORMATS.values() if f.suffix == suffix), None)
    if found is None:
        known = ", ".join(dict.fromkeys(f.suffix for f in FORMATS.values()))
        raise OutputError(f"{path}: {suffix} is no video format that can be written", f"choose one of {known}")
    return found


def require_encoder(encoding: Encoding, format: ClipFormat) -> None:
    """OutputError where the installed PyAV was built without an encoder."""
    try:
        av.Codec(encoding.codec, "w")
    except (av.error.FFmpegError, ValueError) as error:
        others = ", ".join(sorted(set(FORMATS) - {format.name}))
        raise OutputError(
            f"the installed PyAV was built without {encoding.codec}, which {format.name} needs",
            f"choose {name_parameter('format')} {others}, or PyAV's own build: pip install --force-reinstall av",
        ) from error
