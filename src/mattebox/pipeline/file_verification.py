"""Verification of a file: its Content Credentials, inside or beside it, and the source type in its XMP."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from mattebox.errors import InputError, InputTooLarge, InputUnreadable
from mattebox.io import header_check
from mattebox.io.box_lengths import is_cut_off
from mattebox.io.media_type import UNKNOWN_MEDIA_TYPE, identify_media_type
from mattebox.io.reader import read
from mattebox.io.sources import read_bytes, source_display_name
from mattebox.io.writer import SIDECAR_SUFFIX
from mattebox.io.xmp import find_packet
from mattebox.pipeline.signing_keys import trusted_anchors
from mattebox.provenance.certificates import check_anchors
from mattebox.provenance.verification import ProvenanceReport, verify_content
from mattebox.provenance.watermark.detection import format_identifier, read_watermark
from mattebox.provenance.xmp_record import stated_source_type

MAX_SIDECAR_BYTES = 100_000_000
SIDECAR_ONLY_CONTENT = ("a video", "a Photoshop document", "a ZIP archive")  # kinds of results that hold no manifest
GET_IT_AGAIN = "copy, export or download it again"


def verify_file(path: str | Path, anchors: bytes = b"") -> ProvenanceReport:
    """Verify one file.

    Parameters
    ----------
    path : path
        A picture, a video, or any file with a sidecar (NAME.c2pa) beside it; "-" is standard input.
    anchors : bytes
        Authorities (PEM) to trust besides those of MATTEBOX_HOME/signing.

    Raises
    ------
    InputError
        It cannot be read, is empty, of a type that is not known, or holds no Content Credentials and is damaged.
    UsageError
        The library is not installed, or the anchors are no certificates.
    """
    if anchors:
        check_anchors(anchors)
    content, trusted, name = read_bytes(path), trusted_anchors() + anchors, source_display_name(path)
    if not content:
        raise InputUnreadable(f"{name} is empty", GET_IT_AGAIN)
    media_type = identify_media_type(content)
    report = verify_content(content, media_type, anchors=trusted)
    sidecar = _read_sidecar(path) if report.state == "none" else None
    if sidecar is not None:
        report = verify_content(content, media_type, anchors=trusted, sidecar=sidecar)
    elif report.state == "none" and media_type == UNKNOWN_MEDIA_TYPE:
        _check_type(content, name)
    watermark, damage = _examine_pixels(content, media_type, name)
    if damage is not None and report.state == "none":
        raise damage
    return replace(
        report, watermark=watermark, source_type=stated_source_type(find_packet(content)),
        damage="" if damage is None else damage.problem,
    )  # fmt: skip


def _check_type(content: bytes, name: str) -> None:
    """Raise InputError for what is no picture or clip, of which it is not known whether it holds a manifest."""
    if header_check.describe_content(content) not in SIDECAR_ONLY_CONTENT:
        header_check.read_header(content, name)


def _examine_pixels(content: bytes, media_type: str, name: str) -> tuple[str, InputError | None]:
    """The identifier in a picture's pixels, "" where there is none, and the error of a file that is not whole.

    Pictures that are larger than the limit are not decoded; of clips the lengths of the outermost parts are compared.
    """
    if media_type.startswith("video/"):
        damage = InputUnreadable(f"{name} is a clip that is cut off", GET_IT_AGAIN)
        return "", damage if is_cut_off(content) else None
    if media_type == UNKNOWN_MEDIA_TYPE:
        return "", None
    try:
        identifier = read_watermark(read(content, metadata="none", name=name))
    except InputTooLarge:
        return "", None
    except InputError as error:
        return "", error
    return "" if identifier is None else format_identifier(identifier), None


def _read_sidecar(path: str | Path) -> bytes | None:
    """The manifest beside a file; None where there is none."""
    if str(path) == "-":
        return None
    beside = Path(path).with_suffix(SIDECAR_SUFFIX) if Path(path).name else None
    if beside is None or beside == Path(path):
        return None
    with contextlib.suppress(OSError, InputError):
        if beside.stat().st_size <= MAX_SIDECAR_BYTES:
            return beside.read_bytes()
    return None
