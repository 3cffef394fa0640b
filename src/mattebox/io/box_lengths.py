"""Whether a file of boxes (MP4, MOV, AVIF, HEIC) is whole, by the lengths that its outermost boxes state."""

from __future__ import annotations

HEADER_BYTES = 8  # length and type; ISO/IEC 14496-12, 4.2
MAX_BOXES = 10_000  # that are looked at


def is_cut_off(data: bytes) -> bool:
    """Whether the file ends within one of its outermost boxes; False where it has too many of them to say."""
    offset = 0
    for _ in range(MAX_BOXES):
        size = int.from_bytes(data[offset : offset + 4], "big")
        if size == 1:  # the length follows in 64 bits
            size = int.from_bytes(data[offset + HEADER_BYTES : offset + 2 * HEADER_BYTES], "big")
        if offset >= len(data) or size < HEADER_BYTES:  # the end; a box up to the end; no box
            break
        offset += size
    return offset > len(data)
