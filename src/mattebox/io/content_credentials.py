"""Detection of Content Credentials (C2PA) in a file, without their library, which is an extra."""

from __future__ import annotations

# The description box of a JUMBF superbox of type "c2pa" (ISO 19566-5; C2PA 2.2, section "Embedding manifests").
# PNG, WebP, TIFF, AVIF and MP4 hold it as it is; JPEG begins its first segment with it.
C2PA_DESCRIPTION_BOX = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"

CREDENTIALS_NOTE = (
    "its Content Credentials (C2PA) are not in the result, of which they would not be true: "
    "sign the result to keep them as its history"
)


def has_content_credentials(data: bytes) -> bool:
    """Whether a file holds a manifest of C2PA; whether it is valid is not asked."""
    return C2PA_DESCRIPTION_BOX in data
