"""Compressed texts of PNG that are longer than Pillow takes: they are left out, and the picture is read.

Generators of pictures store whole prompts and workflows. Portable Network Graphics Specification, 11.3.3.
"""

from __future__ import annotations

import zlib

from mattebox.io.dimensions import iter_png_chunks

MAX_TEXT_BYTES = 1 << 20  # of a decompressed text, in Pillow; a longer one is an error there
LONG_TEXT_NOTE = "a text of more than a megabyte in the file was left out"
CHUNK_FRAME_BYTES = 8, 4  # before a chunk's content its length and type, after it its checksum


def leave_out_long_texts(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The PNG without compressed texts that are too long, with a note where there are any."""
    before, after = CHUNK_FRAME_BYTES
    long_texts = [
        (start - before, end + after)
        for kind, start, end in iter_png_chunks(data)
        if kind in (b"zTXt", b"iTXt") and _is_too_long(kind, data[start:end])
    ]
    if not long_texts:
        return data, ()
    kept, at = [], 0
    for start, end in long_texts:
        kept.append(data[at:start])
        at = end
    return b"".join([*kept, data[at:]]), (LONG_TEXT_NOTE,)


def _is_too_long(kind: bytes, content: bytes) -> bool:
    _, _, rest = content.partition(b"\0")  # the keyword
    if kind == b"zTXt":
        compressed = rest[1:]
    elif rest[:1] == b"\1":
        compressed = rest[2:].split(b"\0", 2)[-1]  # after the language and the translated keyword
    else:
        return False
    try:
        return len(zlib.decompressobj().decompress(compressed, MAX_TEXT_BYTES + 1)) > MAX_TEXT_BYTES
    except zlib.error:
        return False
