"""Verification of a file: its Content Credentials, inside or beside it, and the source type in its XMP."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from mattebox.errors import InputError
from mattebox.io.media_type import identify_media_type
from mattebox.io.reader import read
from mattebox.io.sources import read_bytes
from mattebox.io.writer import SIDECAR_SUFFIX
from mattebox.io.xmp import find_packet
from mattebox.pipeline.signing_keys import trusted_anchors
from mattebox.provenance.verification import ProvenanceReport, verify_content
from mattebox.provenance.watermark.detection import format_identifier, read_watermark
from mattebox.provenance.xmp_record import stated_source_type

MAX_SIDECAR_BYTES = 100_000_000


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
        It cannot be read.
    UsageError
        The library is not installed.
    """
    content, trusted = read_bytes(path), trusted_anchors() + anchors
    media_type = identify_media_type(content)
    report = verify_content(content, media_type, anchors=trusted)
    sidecar = _read_sidecar(path) if report.state == "none" else None
    if sidecar is not None:
        report = verify_content(content, media_type, anchors=trusted, sidecar=sidecar)
    return replace(report, watermark=_find_watermark(content), source_type=stated_source_type(find_packet(content)))


def _find_watermark(content: bytes) -> str:
    """The identifier in a picture's pixels; "" where there is none, or the file is no picture that can be read."""
    with contextlib.suppress(InputError):
        identifier = read_watermark(read(content, metadata="none"))
        return "" if identifier is None else format_identifier(identifier)
    return ""


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
