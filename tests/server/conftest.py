"""Servers, pictures and a browser for the tests. Workers are real processes with the fastest embedded network."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from tests.fakes import composite, disc
from tests.server.page_visit import draw_two_subjects, start_browser
from tests.serving import start_server

# The test client calls a server "testserver", which no server is called.
TestClient.__init__ = partialmethod(TestClient.__init__, base_url="http://localhost")  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def fresh_queue_log() -> Iterator[None]:
    """The queue's library keeps the standard error of the test that first used it, and fails once that is closed."""
    yield
    logging.getLogger("dbos").handlers.clear()


def encode_image(rgb: np.ndarray, format: str = "jpeg") -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format)
    return file.getvalue()


def decode_image(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.fixture(scope="session")
def photo(astronaut) -> bytes:  # type: ignore[no-untyped-def]
    """A JPEG of a person, 256 x 256."""
    return encode_image(astronaut.rgb[::2, ::2])


@pytest.fixture(scope="session")
def mug() -> bytes:
    """A JPEG of an orange disc on blue, 320 x 240."""
    return encode_image(composite(disc((240, 320)), (230, 110, 30), (40, 70, 180)).rgb)


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(model="fast", workers=1, timeout=30, data=str(tmp_path_factory.mktemp("data")))
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server process; with the default network where pictures for the documentation are made."""
    model = "balanced" if os.environ.get("MATTEBOX_TEST_DOCS") else "fast"
    with start_server(tmp_path_factory.mktemp("served"), model=model) as address:
        yield f"{address}/"


@pytest.fixture(scope="module")  # not longer: while Playwright runs, asyncio.run() fails in this thread
def browser() -> Iterator[Any]:
    with start_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory, astronaut, coffee, chelsea, rocket) -> dict[str, Path]:  # type: ignore[no-untyped-def]
    """Photographs as files, a doubtful one too, a broken file, a drawing of two subjects, and a wall without one."""
    folder = tmp_path_factory.mktemp("photos")
    paths = {n: folder / f"{n}.jpg" for n in ("astronaut", "coffee", "chelsea", "rocket")}
    for name, picture in (("astronaut", astronaut), ("coffee", coffee), ("chelsea", chelsea), ("rocket", rocket)):
        Image.fromarray(picture.rgb).save(paths[name], quality=92)
    paths |= {"two": folder / "two.png", "broken": folder / "broken.png", "wall": folder / "wall.png"}
    Image.fromarray(draw_two_subjects()).save(paths["two"])
    Image.new("RGB", (300, 200), "grey").save(paths["wall"])
    paths["broken"].write_bytes(b"no picture")
    return paths
