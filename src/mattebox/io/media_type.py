"""The media type (MIME) of a file, by its content."""

from __future__ import annotations

from pathlib import Path, PurePath

from mattebox.io import header_check
from mattebox.io.file_formats import FORMATS

SIGNATURE_BYTES = 4096  # in which every format is recognised
UNKNOWN_MEDIA_TYPE = "application/octet-stream"
OTHER_PICTURE_TYPES = {"heif": "image/heic", "gif": "image/gif", "jpeg2000": "image/jp2"}
VIDEO_BRAND_QUICKTIME = b"qt  "
VIDEO_SUFFIXES = frozenset((".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mts", ".m2ts", ".mpg", ".mpeg"))


def is_clip_name(name: str) -> bool:
    """Whether a file's name says that it is a clip."""
    return PurePath(name).suffix.lower() in VIDEO_SUFFIXES


def is_picture_file(path: Path) -> bool:
    """Whether a file's first bytes are those of a picture, whatever its name says; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return header_check.identify_format(file.read(SIGNATURE_BYTES)) is not None
    except OSError:
        return False


def accepted_picture_types() -> list[str]:
    """The types of all pictures that are read."""
    return [_picture_media_type(name) for name in header_check.DIMENSION_READERS]


def identify_media_type(content: bytes) -> str:
    """The type of a picture, MP4 or MOV file; `application/octet-stream` for any other.

    Parameters
    ----------
    content : bytes
        The whole file, or its first bytes.
    """
    name = header_check.identify_format(content)
    if name is not None:
        return _picture_media_type(name)
    if content[4:8] == b"ftyp":
        return "video/quicktime" if content[8:12] == VIDEO_BRAND_QUICKTIME else "video/mp4"
    return UNKNOWN_MEDIA_TYPE


def _picture_media_type(name: str) -> str:
    known = FORMATS.get(name)
    return known.mime_type if known else OTHER_PICTURE_TYPES.get(name, f"image/{name}")
