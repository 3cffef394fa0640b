"""POST /v1/depths: assumed, of a file, of a stereo pair, in colours, as a preview; bad requests."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from tests.io.test_dynamic_depth import dynamic_depth_jpeg
from tests.io.test_stereo_pair import mpo


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("depths")
    settings = Settings(workers=1, threads=2, model="fast", data=str(folder), audit=str(folder / "audit.jsonl"))
    with TestClient(create_app(settings)) as client:
        yield client


def open_image(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_the_depth_of_a_file(client: TestClient, tmp_path_factory: pytest.TempPathFactory) -> None:
    response = client.post("/v1/depths", files={"image": dynamic_depth_jpeg()})
    assert response.status_code == 200, response.text
    values = np.asarray(open_image(response.content)).astype(int)
    assert values.shape == (30, 40)
    assert values[0, 0] == 65535
    assert values[0, -1] == 0
    depth = json.loads(response.headers["X-Made"])["depth"]
    assert (depth["source"], depth["unit"]) == ("file", "1/m")
    assert depth["inverse_depth_near"] == pytest.approx(2, rel=0.02)


def test_an_assumption_is_said_to_be_one(client: TestClient, photo: bytes) -> None:
    response = client.post(
        "/v1/depths", files={"image": photo}, data={"colour": "true", "preview": "2000"},
        headers={"Accept": "application/json"},
    )  # fmt: skip
    made = response.json()
    assert made["depth"]["source"] == "layers"
    assert made["width"] * made["height"] <= 2000
    assert made["stored_width"] > made["width"]


def test_a_stereo_pair(client: TestClient) -> None:
    wall = np.random.default_rng(0).integers(0, 255, (80, 170, 3), np.uint8)
    right = wall[:, 12:162].copy()
    right[:, 68:138] = wall[:, 85:155]
    files = {"image": png(wall[:, 5:155]), "right_image": png(right)}
    response = client.post("/v1/depths", files=files)
    assert json.loads(response.headers["X-Made"])["depth"]["source"] == "stereo"
    values = np.asarray(open_image(response.content)).astype(int)
    assert values[40, 120] > values[40, 30]
    even = client.post("/v1/depths", files={"image": mpo()})  # read as a pair of even pictures
    assert json.loads(even.headers["X-Made"])["depth"]["source"] == "stereo"


@pytest.mark.parametrize(
    ("files", "fields", "said"),
    [
        ({}, {}, "no picture was sent"),
        ({"image": png(np.zeros((40, 40, 3), np.uint8))}, {"colour": "blue"}, "true or false"),
        ({"image": png(np.zeros((40, 40, 3), np.uint8))}, {"sharpen": "80"}, "unknown parameter 'sharpen'"),
        ({"image": png(np.zeros((40, 40, 3), np.uint8)), "right_image": png(np.zeros((40, 50, 3), np.uint8))}, {},
         "different sizes"),
    ],
)  # fmt: skip
def test_bad_requests(client: TestClient, files: dict[str, bytes], fields: dict[str, str], said: str) -> None:
    response = client.post("/v1/depths", files=files, data=fields)
    assert response.status_code == 422, response.text
    assert said in response.json()["detail"]
