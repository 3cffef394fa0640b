"""Encoded pictures of a request: what is refused keeps nothing of the bytes."""

import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from benchmarks.serving.hostile_files import GIF_HEAD, directory_chain, png_chunk, png_head
from mattebox.errors import InputUnreadable
from tests.serving import encode_for_request

SIZE = 6_000_000
HOSTILE_FILES = {
    "TIFF": lambda: directory_chain(SIZE // 6),
    "JPEG of segments": lambda: b"\xff\xd8" + b"\xff\xe1\0\2" * (SIZE // 4),
    "JPEG of fill bytes": lambda: b"\xff\xd8" + b"\xff\xd0" * (SIZE // 2),
    "GIF": lambda: GIF_HEAD + b"!\xfe" + b"\1a" * (SIZE // 2) + b"\0;",
    "PNG": lambda: png_head(64, 64) + png_chunk(b"tEXt", b"") * (SIZE // 12),
    "no picture": lambda: bytes(SIZE),
}


@pytest.fixture
def no_cycle_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


@pytest.mark.usefixtures("no_cycle_collection")
@pytest.mark.parametrize("kind", HOSTILE_FILES)
def test_a_refused_picture_keeps_none_of_its_bytes(kind: str) -> None:
    picture = encode_for_request(HOSTILE_FILES[kind]())
    with pytest.raises(InputUnreadable):
        _ = picture.header
    del picture
    assert tracemalloc.get_traced_memory()[0] < SIZE / 4
