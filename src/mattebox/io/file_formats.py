"""The file formats that can be written, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mattebox.errors import OutputError


@dataclass(frozen=True)
class FileFormat:
    """A file format: suffixes (the first is the default), MIME type, capabilities and default quality."""

    name: str
    suffixes: tuple[str, ...]
    mime_type: str
    has_alpha: bool
    has_sixteen_bits: bool = False
    max_side_pixels: int = 1 << 31
    default_quality: int | None = None
    has_layers: bool = False
    has_profile: bool = True
    has_high_dynamic_range: bool = False
    has_gain_map: bool = False


EXR = FileFormat(
    "exr", (".exr",), "image/x-exr",
    has_alpha=True, has_sixteen_bits=True, has_layers=True, has_high_dynamic_range=True,
)  # fmt: skip
FORMATS = {
    f.name: f
    for f in (
        FileFormat("png", (".png",), "image/png", has_alpha=True, has_sixteen_bits=True, has_high_dynamic_range=True),
        # 4:4:4 at 92: chroma subsampling shows as coloured steps where a subject meets a flat background
        FileFormat(
            "jpeg",
            (".jpg", ".jpeg", ".jpe"),
            "image/jpeg",
            has_alpha=False,
            max_side_pixels=65535,
            default_quality=92,
            has_gain_map=True,
        ),
        FileFormat("webp", (".webp",), "image/webp", has_alpha=True, max_side_pixels=16383, default_quality=90),
        FileFormat("avif", (".avif",), "image/avif", has_alpha=True, max_side_pixels=65535, default_quality=80),
        FileFormat(
            "tiff",
            (".tif", ".tiff"),
            "image/tiff",
            has_alpha=True,
            has_sixteen_bits=True,
            has_high_dynamic_range=True,
        ),
        FileFormat("bmp", (".bmp",), "image/bmp", has_alpha=False, has_profile=False),
        FileFormat(
            "psd",
            (".psd",),
            "image/vnd.adobe.photoshop",
            has_alpha=True,
            has_sixteen_bits=True,
            max_side_pixels=30000,
            has_layers=True,
            has_high_dynamic_range=True,
        ),
        EXR,
        replace(EXR, name="exr-straight"),
        FileFormat("zip", (".zip",), "application/zip", has_alpha=True, max_side_pixels=65535, default_quality=92),
    )
}


def find_format(name: str) -> FileFormat:
    """Find a format by name ("png") or suffix (".jpg"). Raises OutputError that lists the known ones."""
    lowered = name.lower()
    for known in FORMATS.values():
        if lowered in (known.name, *known.suffixes, *(s[1:] for s in known.suffixes)):
            return known
    suffixes = ", ".join(dict.fromkeys(s for f in FORMATS.values() for s in f.suffixes))
    raise OutputError(f"{name!r} is not a format that can be written", f"choose one of: {suffixes}")
