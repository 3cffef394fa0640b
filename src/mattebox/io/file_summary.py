"""What is inside a photograph's file, beside the picture: depth, mattes, gain map, video, metadata."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from mattebox.core.icc_profiles import profile_name
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.io import colour_signalling, content_credentials, gain_map, header_check, metadata, stereo_pair, xmp
from mattebox.io.decoding import decode
from mattebox.io.orientation import is_sideways
from mattebox.io.reader import read_depth
from mattebox.io.tiff_ifd import TiffStructure
from mattebox.types import DepthMap

APPLE_AUXILIARY_PATTERN = re.compile(rb"urn:com:apple:photo:\d{4}:aux:(\w{1,40})")
APPLE_PARTS = {
    "portraiteffectsmatte": "portrait matte",
    "semanticskinmatte": "matte of skin",
    "semantichairmatte": "matte of hair",
    "semanticteethmatte": "matte of teeth",
    "semanticglassesmatte": "matte of glasses",
    "semanticskymatte": "matte of the sky",
}
KEPT_TAGS = {0x10F: "camera", 0x829A: "exposure", 0xA434: "lens", 0x9003: "date", 0x13B: "author", 0x8298: "copyright"}
DROPPED_TAGS = {0x8825: "position", 0xA431: "serial number", 0xA435: "serial number", 0xA430: "owner",
                0x927C: "maker notes", 0x9286: "comment"}  # fmt: skip


@dataclass(frozen=True)
class FileSummary:
    """A file's contents; what of its metadata results keep by default, and what they drop, is in the last two.

    `profile` names the colour space; `mattes` are auxiliary mattes; `video_bytes` is the clip of a motion photo.
    """

    format: str
    width: int
    height: int
    bits_per_channel: int
    frames: int
    orientation: int
    profile: str
    depth: DepthMap | None
    mattes: tuple[str, ...]
    has_gain_map: bool
    is_stereo_pair: bool
    video_bytes: int
    has_credentials: bool
    metadata_kept: tuple[str, ...]
    metadata_dropped: tuple[str, ...]


def summarise_file(data: bytes, name: str, max_pixels: int = MAX_INPUT_PIXELS) -> FileSummary:
    """Summarise an encoded picture. InputError as `read` raises it."""
    header = header_check.read_header(data, name)
    header_check.check_pixel_limit(header, max_pixels, name)
    decoded = decode(data, header, max_pixels, name)
    profile = colour_signalling.read_colour_signal(data, header.format, decoded.info).profile
    width, height = (header.height, header.width) if is_sideways(decoded.orientation) else (header.width, header.height)
    kept, dropped = _metadata_groups(data if header.format == "tiff" else metadata.extract_exif(decoded.info))
    packet = decoded.info.get("xmp")
    if isinstance(packet, bytes) and packet:
        has_authorship = xmp.extract_authorship(packet) is not None
        kept, dropped = (kept + ("XMP authorship",) * has_authorship, (*dropped, "other XMP"))
    found = {match.decode() for match in APPLE_AUXILIARY_PATTERN.findall(data)}
    return FileSummary(
        header.format, width, height, header.bits_per_channel, header.frames, decoded.orientation,
        _colour_space(profile, decoded.pixel_data.colour_model),
        read_depth(data, header.format, decoded),
        tuple(text for part, text in APPLE_PARTS.items() if part in found),
        gain_map.has_gain_map(data, header.format),
        stereo_pair.has_stereo_pair(data, name),
        _video_bytes(data) if header.format in ("jpeg", "heif") else 0,
        content_credentials.has_content_credentials(data),
        kept, dropped,
    )  # fmt: skip


def _colour_space(profile: bytes | None, colour_model: str) -> str:
    if profile is not None:
        return profile_name(profile)
    return (
        "sRGB (assumed)"
        if colour_model in ("rgb", "grey")
        else f"{colour_model.upper()} without a profile (results are sRGB)"
    )


def _metadata_groups(exif: bytes | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Groups of EXIF that are kept, and that are dropped, by the policy "safe"."""
    try:
        file = TiffStructure(exif or b"")
        tags, following = file.read_ifd(file.first_ifd_offset)
        found = set(tags)
        at = file.integer_value(tags.get(metadata.EXIF_IFD_TAG))
        found |= set(file.read_ifd(at)[0]) if at else set()
    except (ValueError, struct.error):
        return (), ()
    kept = dict.fromkeys(text for tag, text in KEPT_TAGS.items() if tag in found)
    dropped = dict.fromkeys(text for tag, text in DROPPED_TAGS.items() if tag in found)
    return tuple(kept), (*dropped, *("thumbnail",) * bool(following))


def _video_bytes(data: bytes) -> int:
    """Bytes of the clip that follows a motion photo's picture; 0 where none does."""
    at = data.rfind(b"ftypmp4") if b"ftypmp4" in data else data.rfind(b"ftypisom")
    return len(data) - at + 4 if at > 1000 else 0
