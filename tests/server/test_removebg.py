"""The contract of remove.bg's API, point by point: fields, sizes, formats, headers, errors."""

import base64
import io
import zipfile

import numpy as np
import pytest
from fastapi.testclient import TestClient

from mattebox.recipe import Background, Cut, Frame, Save, Shadow
from mattebox.server.removebg import Refused, order
from mattebox.server.requests import Asked
from tests.server.conftest import encoded, opened

URL = "/v1.0/removebg"


def test_the_default_is_a_preview_with_alpha(client: TestClient) -> None:
    rgb = np.full((1000, 1500, 3), 200, np.uint8)
    rgb[300:900, 500:1000] = (160, 40, 20)
    answer = client.post(URL, files={"image_file": encoded(rgb)})
    assert answer.status_code == 200, answer.text
    made = opened(answer.content)
    assert (made.format, made.mode) == ("PNG", "RGBA")
    assert made.width * made.height <= 250_000
    assert made.width / made.height == pytest.approx(1.5, abs=0.01)
    for name in ("type", "width", "height", "max-width", "max-height", "credits-charged", "foreground-top",
                 "foreground-left", "foreground-width", "foreground-height", "ratelimit-limit",
                 "ratelimit-remaining", "ratelimit-reset"):  # fmt: skip
        assert f"x-{name}" in answer.headers
    assert (answer.headers["x-width"], answer.headers["x-max-width"]) == (str(made.width), "1500")


@pytest.mark.parametrize(
    ("fields", "format", "mode"),
    [
        ({"size": "full"}, "PNG", "RGBA"),
        ({"size": "auto", "bg_color": "81d4fa"}, "JPEG", "RGB"),
        ({"bg_color": "fa0", "format": "png"}, "PNG", "RGB"),
        ({"bg_color": "81d4fa77"}, "JPEG", "refused"),
        ({"bg_color": "81d4fa77", "format": "png"}, "PNG", "RGBA"),
        ({"bg_color": "0000", "format": "png"}, "PNG", "RGBA"),
        ({"format": "webp"}, "WEBP", "RGBA"),
        ({"channels": "alpha"}, "PNG", "RGB"),
        ({"shadow_type": "drop"}, "PNG", "RGBA"),
    ],
)
def test_formats(client: TestClient, photo: bytes, fields: dict[str, str], format: str, mode: str) -> None:
    answer = client.post(URL, files={"image_file": photo}, data=fields)
    if mode == "refused":  # a translucent colour needs a format that holds it
        assert answer.status_code == 400
        return
    made = opened(answer.content)
    assert (made.format, made.mode) == (format, mode)


def test_zip_and_json(client: TestClient, photo: bytes) -> None:
    answer = client.post(URL, files={"image_file": photo}, data={"format": "zip", "size": "full"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["color.jpg", "alpha.png"]
    body = {"image_file_b64": base64.b64encode(photo).decode(), "crop": True}
    data = client.post(URL, json=body, headers={"Accept": "application/json"}).json()["data"]
    assert set(data) == {"result_b64", "foreground_top", "foreground_left", "foreground_width", "foreground_height"}
    assert opened(base64.b64decode(data["result_b64"])).format == "PNG"


def test_a_picture_behind_is_cover_fitted(client: TestClient, photo: bytes, mug: bytes) -> None:
    made = opened(client.post(URL, files={"image_file": photo, "bg_image_file": mug}, data={"size": "full"}).content)
    assert (made.format, made.size) == ("JPEG", (512, 512))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "missing_source"),
        ({"image_url": "http://x/y.jpg"}, "failed_image_download"),
        ({"image": "x", "image_url": "http://x/y.jpg"}, "multiple_sources"),
        ({"image": "text"}, "invalid_file_type"),
        ({"image_file_b64": "?"}, "failed_to_read_image"),
        ({"image": "x", "size": "huge"}, "invalid_size"),
        ({"image": "x", "format": "bmp"}, "invalid_format"),
        ({"image": "x", "channels": "rgb"}, "invalid_channels"),
        ({"image": "x", "bg_color": "nocolour"}, "invalid_bg_color"),
        ({"image": "x", "bg_image_url": "http://x"}, "failed_bg_download"),
        ({"image": "x", "bg_image_url": "http://x", "bg_color": "fff"}, "multiple_bg_sources"),
        ({"image": "x", "crop": "true", "crop_margin": "60%"}, "invalid_crop_margin"),
        ({"image": "x", "crop": "true", "crop_margin": "501px"}, "invalid_crop_margin"),
        ({"image": "x", "crop": "true", "crop_margin": "1 2 3"}, "invalid_crop_margin"),
        ({"image": "x", "scale": "5%"}, "invalid_scale"),
        ({"image": "x", "position": "up"}, "invalid_position"),
        ({"image": "x", "position": "120%"}, "invalid_position"),
        ({"image": "x", "semitransparency": "maybe"}, "invalid_semitransparency"),
        ({"image": "x", "roi": "1 2 3"}, "invalid_roi"),
        ({"image": "x", "roi": "0 0 9999 10"}, "roi_exceeds_bounds"),
        ({"image": "x", "roi": "50% 0% 50% 100%"}, "roi_region_empty"),
        ({"image": "empty"}, "unknown_foreground"),
        ({"image": "large"}, "resolution_too_high"),
        ({"image": "torn"}, "failed_to_read_image"),
    ],
)
def test_errors_have_their_codes(client: TestClient, photo: bytes, fields: dict[str, str], code: str) -> None:
    fields = dict(fields)
    what = fields.pop("image", None)
    plain = np.full((200, 300, 3), 128, np.uint8)
    known = {"x": photo, "text": b"hello", "empty": encoded(plain), "large": large(), "torn": photo[:2000]}
    files = {"image_file": known[what]} if what else None
    answer = client.post(URL, files=files, data=fields)
    assert answer.status_code == 400, answer.text
    error = answer.json()["errors"][0]
    assert error["code"] == code
    assert error["title"]


def large() -> bytes:
    """The header of a PNG of 60 megapixels, and nothing else worth decoding."""
    import struct
    import zlib

    head = struct.pack(">IIBBBBB", 10_000, 6_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    parts = (struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_fields_become_the_recipe(photo: bytes) -> None:
    fields = {"size": "full", "crop": "true", "crop_margin": "10%", "scale": "80%", "position": "20% 80%",
              "roi": "0 0 256 512", "shadow_type": "drop", "shadow_opacity": "60", "bg_color": "white"}  # fmt: skip
    made = order(Asked(fields, {"image_file": photo}), "balanced")
    cut, frame, shadow, background, save = made.recipe.steps
    assert isinstance(cut, Cut)
    assert cut.region == "0.0000% 0.0000% 50.0000% 100.0000%"
    assert isinstance(frame, Frame)
    assert (frame.crop, frame.fill, frame.position) == ("subject", "80%", "20% 80%")
    assert frame.margin.split() == ["8.3333%"] * 4  # a tenth of the subject on either side is a twelfth of the whole
    assert isinstance(shadow, Shadow)
    assert (shadow.kind, shadow.opacity) == ("drop", 60)
    assert background == Background(paint="white")
    assert save == Save(format="jpg")
    assert made.most_pixels == 512 * 512


def test_too_large_a_file() -> None:
    with pytest.raises(Refused, match="File too large"):
        order(Asked({}, {"image_file": b"\xff\xd8\xff" + bytes(22_000_000)}), "balanced")


def test_account(client: TestClient) -> None:
    attributes = client.get("/v1.0/account").json()["data"]["attributes"]
    assert set(attributes["credits"]) == {"total", "subscription", "payg", "enterprise"}
    assert set(attributes["api"]) == {"free_calls", "sizes"}
