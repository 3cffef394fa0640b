"""A server of its own for the tests, its workers real processes with the embedded network at its fastest."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from tests.fakes import composite, disc
from tests.server.page_visit import start_browser, two_things
from tests.serving import serving


def encoded(rgb: np.ndarray, format: str = "jpeg") -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.fixture(scope="session")
def photo(astronaut) -> bytes:  # type: ignore[no-untyped-def]
    """A JPEG of a person, 512 x 512."""
    return encoded(astronaut.rgb)


@pytest.fixture(scope="session")
def mug() -> bytes:
    """A JPEG of an orange disc on blue, 320 x 240."""
    return encoded(composite(disc((240, 320)), (230, 110, 30), (40, 70, 180)).rgb)


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(model="fast", workers=1, timeout=30, data=str(tmp_path_factory.mktemp("data")))
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server process as users start it."""
    with serving(tmp_path_factory.mktemp("served")) as address:
        yield f"{address}/"


@pytest.fixture(scope="module")  # not longer: while Playwright runs, asyncio.run() fails in this thread
def browser() -> Iterator[Any]:
    with start_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory, astronaut, coffee, chelsea) -> dict[str, Path]:  # type: ignore[no-untyped-def]
    """Photographs as files, one that is none, and a made one of two things."""
    folder = tmp_path_factory.mktemp("photos")
    made = {n: folder / f"{n}.jpg" for n in ("astronaut", "coffee", "chelsea")}
    for name, picture in (("astronaut", astronaut), ("coffee", coffee), ("chelsea", chelsea)):
        Image.fromarray(picture.rgb).save(made[name], quality=92)
    made |= {"two": folder / "two.png", "broken": folder / "broken.png"}
    Image.fromarray(two_things()).save(made["two"])
    made["broken"].write_bytes(b"no picture")
    return made
