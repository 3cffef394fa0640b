"""remove.bg's API: fields, sizes, formats, headers and errors."""

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from mattebox.recipe.steps import Background, Cut, Frame, Save, Shadow
from mattebox.server.app import create_app
from mattebox.server.http.requests import RequestData
from mattebox.server.removebg.errors import RemovebgError
from mattebox.server.removebg.mapping import convert_request
from mattebox.server.settings import Settings
from tests.server.conftest import decode_image, encode_image
from tests.serving import encode_for_request

URL = "/v1.0/removebg"


def request_of(fields: dict[str, str], data: bytes) -> RequestData:
    return RequestData(fields, {"image_file": encode_for_request(data)})


def test_the_default_is_a_preview_with_alpha(client: TestClient) -> None:
    rgb = np.full((1000, 1500, 3), 200, np.uint8)
    rgb[300:900, 500:1000] = (160, 40, 20)
    answer = client.post(URL, files={"image_file": encode_image(rgb)})
    assert answer.status_code == 200, answer.text
    result = decode_image(answer.content)
    assert (result.format, result.mode) == ("PNG", "RGBA")
    assert result.width * result.height <= 250_000
    assert result.width / result.height == pytest.approx(1.5, abs=0.01)
    for name in ("type", "width", "height", "max-width", "max-height", "credits-charged", "foreground-top",
                 "foreground-left", "foreground-width", "foreground-height", "ratelimit-limit",
                 "ratelimit-remaining", "ratelimit-reset"):  # fmt: skip
        assert f"x-{name}" in answer.headers
    assert (answer.headers["x-width"], answer.headers["x-max-width"]) == (str(result.width), "1500")


def test_a_doubtful_foreground_is_delivered(client: TestClient, rocket) -> None:  # type: ignore[no-untyped-def]
    answer = client.post(URL, files={"image_file": encode_image(rocket.rgb)})
    assert answer.status_code == 200, answer.text
    assert np.asarray(decode_image(answer.content).getchannel("A")).max() == 255


@pytest.mark.parametrize(
    ("fields", "format", "mode"),
    [
        ({"size": "full"}, "PNG", "RGBA"),
        ({"size": "auto", "bg_color": "81d4fa"}, "JPEG", "RGB"),
        ({"bg_color": "fa0", "format": "png"}, "PNG", "RGB"),
        ({"bg_color": "81d4fa77"}, "PNG", "RGBA"),  # auto: what shines through needs a format that holds it
        ({"bg_color": "81d4fa77", "format": "jpg"}, "JPEG", "refused"),
        ({"bg_color": "81d4fa77", "format": "png"}, "PNG", "RGBA"),
        ({"bg_color": "81d4faff"}, "JPEG", "RGB"),
        ({"format": "jpg"}, "JPEG", "RGB"),  # on white
        ({"bg_color": "0000", "format": "png"}, "PNG", "RGBA"),
        ({"bg_color": "transparent"}, "PNG", "RGBA"),
        ({"bg_color": "rgba(0, 0, 0, 0)"}, "PNG", "RGBA"),
        ({"bg_color": "rgba(129, 212, 250, 0.5)"}, "PNG", "RGBA"),
        ({"bg_color": "RGBA(129,212,250,100%)"}, "JPEG", "RGB"),
        ({"bg_color": "rgb(129, 212, 250)"}, "JPEG", "RGB"),
        ({"format": "webp"}, "WEBP", "RGBA"),
        ({"channels": "alpha"}, "PNG", "L"),
        ({"channels": "alpha", "format": "jpg"}, "JPEG", "L"),
        ({"shadow_type": "drop"}, "PNG", "RGBA"),
    ],
)
def test_formats(client: TestClient, photo: bytes, fields: dict[str, str], format: str, mode: str) -> None:
    answer = client.post(URL, files={"image_file": photo}, data=fields)
    if mode == "refused":  # a translucent colour needs a format that holds it
        assert answer.status_code == 400
        return
    result = decode_image(answer.content)
    assert (result.format, result.mode) == (format, mode)


def test_zip_and_json(client: TestClient, photo: bytes) -> None:
    answer = client.post(URL, files={"image_file": photo}, data={"format": "zip", "size": "full"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["color.jpg", "alpha.png"]
    body = {"image_file_b64": base64.b64encode(photo).decode(), "crop": True}
    data = client.post(URL, json=body, headers={"Accept": "application/json"}).json()["data"]
    assert set(data) == {"result_b64", "foreground_top", "foreground_left", "foreground_width", "foreground_height"}
    assert decode_image(base64.b64decode(data["result_b64"])).format == "PNG"


def test_a_background_image_covers_the_result(client: TestClient, photo: bytes, mug: bytes) -> None:
    result = decode_image(
        client.post(URL, files={"image_file": photo, "bg_image_file": mug}, data={"size": "full"}).content
    )
    assert (result.format, result.size) == ("JPEG", (256, 256))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "missing_source"),
        ({"image_url": "http://x/y.jpg"}, "failed_image_download"),
        ({"image_url": "no address"}, "invalid_image_url"),
        ({"image": "x", "bg_image_url": "ftp://x"}, "invalid_bg_image_url"),
        ({"image": "x", "image_file_b64": "aGVsbG8="}, "multiple_sources"),
        ({"image": "nothing"}, "invalid_dimensions"),
        ({"image": "heavy"}, "file_too_large"),
        ({"image_file_b64": "aGVsbG8="}, "invalid_file_type"),
        ({"image": "x", "image_url": "http://x/y.jpg"}, "multiple_sources"),
        ({"image": "text"}, "invalid_file_type"),
        ({"image_file_b64": "?"}, "failed_to_read_image"),
        ({"image": "x", "size": "huge"}, "invalid_size"),
        ({"image": "x", "format": "bmp"}, "invalid_format"),
        ({"image": "x", "channels": "rgb"}, "invalid_channels"),
        ({"image": "x", "bg_color": "nocolour"}, "invalid_bg_color"),
        ({"image": "x", "bg_image_url": "http://x"}, "failed_bg_download"),
        ({"image": "x", "bg_image_url": "http://x", "bg_color": "fff"}, "multiple_bg_sources"),
        ({"image": "x", "type": "dragon"}, "invalid_type"),
        ({"image": "x", "type_level": "3"}, "invalid_type_level"),
        ({"image": "x", "bg_color": "rgba(1, 2, 300, 1)"}, "invalid_bg_color"),
        ({"image": "x", "bg_color": "rgba(1, 2, 3, 1.5)"}, "invalid_bg_color"),
        ({"image": "x", "crop": "true", "crop_margin": "-5%"}, "invalid_crop_margin"),
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
    image = fields.pop("image", None)
    plain = np.full((200, 300, 3), 128, np.uint8)
    images = {
        "x": photo,
        "text": b"hello",
        "empty": encode_image(plain),
        "large": large_png_header(),
        "torn": photo[:2000],
        "nothing": large_png_header(0),
        "heavy": photo + bytes(22_000_000),
    }
    files = {"image_file": images[image]} if image else None
    answer = client.post(URL, files=files, data=fields)
    assert answer.status_code == 400, answer.text
    error = answer.json()["errors"][0]
    assert error["code"] == code
    assert error["title"]


def test_margins_beyond_the_maximum_are_the_maximum(photo: bytes) -> None:
    def margin(text: str) -> str:
        fields = {"crop": "true", "crop_margin": text}
        steps = convert_request(request_of(fields, photo), "balanced").recipe.steps
        return next(s for s in steps if isinstance(s, Frame)).margin

    assert margin("60%") == margin("50%")
    assert margin("501px 9000px") == margin("500px")


def test_a_translucent_background_colour(client: TestClient, mug: bytes) -> None:
    answer = client.post(URL, files={"image_file": mug}, data={"bg_color": "rgba(10, 20, 30, 0.5)"})
    corner = decode_image(answer.content).getpixel((2, 2))
    assert corner == (10, 20, 30, 128)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_base64_with_line_breaks(client: TestClient, mug: bytes, ending: str) -> None:
    text = base64.encodebytes(mug).decode().replace("\n", ending)
    assert client.post(URL, json={"image_file_b64": text}).status_code == 200
    assert client.post(URL, data={"image_file_b64": text}).status_code == 200
    assert client.post("/v1/cutouts", json={"image_b64": text}).status_code == 200


def test_errors_beside_the_routes_are_in_its_format(client: TestClient, photo: bytes, monkeypatch: Any) -> None:
    from mattebox.server.routes import removebg

    for method, path, status in (("GET", "/v1.0/nothing", 404), ("GET", URL, 405), ("DELETE", "/v1.0/account", 405)):
        answer = client.request(method, path)
        assert (answer.status_code, set(answer.json())) == (status, {"errors"})
    assert client.get(URL).headers["allow"] == "POST"

    def broken(*_: object) -> None:
        raise ValueError("the secret")

    monkeypatch.setattr(removebg, "convert_request", broken)
    answer = client.post(URL, files={"image_file": photo})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "internal")
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", [URL, "/v1/cutouts"])
def test_errors_state_the_limits(client: TestClient, path: str) -> None:
    answer = client.post(path, files={"image": encode_image(np.full((200, 300, 3), 128, np.uint8))})
    assert answer.status_code >= 400
    assert answer.headers["x-ratelimit-limit"] == "500"
    assert 0 <= int(answer.headers["x-ratelimit-remaining"]) < 500
    assert int(answer.headers["x-ratelimit-reset"]) > 1e9


def test_the_servers_own_limit_of_bytes(tmp_path: Path, photo: bytes) -> None:
    settings = Settings(model="fast", workers=1, max_upload=len(photo) - 1, data=str(tmp_path))
    with TestClient(create_app(settings)) as client:
        for sent in ({"files": {"image_file": photo}}, {"json": {"image_file_b64": base64.b64encode(photo).decode()}}):
            answer = client.post(URL, **sent)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "file_too_large")


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("application/json, */*;q=0.5", True),
        ("application/json, text/plain, */*", False),  # what axios sends
        ("image/*, application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_json_only_where_it_is_preferred(client: TestClient, mug: bytes, accept: str, is_json: bool) -> None:
    for path in (URL, "/v1/cutouts"):
        answer = client.post(path, files={"image_file" if path == URL else "image": mug}, headers={"Accept": accept})
        assert answer.headers["content-type"] == ("application/json" if is_json else "image/png")


def large_png_header(width: int = 10_000) -> bytes:
    """A PNG with a header of `width` x 6,000 pixels and almost no content."""
    import struct
    import zlib

    head = struct.pack(">IIBBBBB", width, 6_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    parts = (struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_fields_are_mapped_to_steps(photo: bytes) -> None:
    fields = {"size": "full", "crop": "true", "crop_margin": "10%", "scale": "80%", "position": "20% 80%",
              "roi": "0 0 128 256", "shadow_type": "drop", "shadow_opacity": "60", "bg_color": "white"}  # fmt: skip
    result = convert_request(request_of(fields, photo), "balanced")
    cut, frame, shadow, background, save = result.recipe.steps
    assert isinstance(cut, Cut)
    assert cut.region == "0.0000% 0.0000% 50.0000% 100.0000%"
    assert isinstance(frame, Frame)
    assert (frame.crop, frame.fill, frame.position) == ("subject", "80%", "20% 80%")
    assert frame.margin.split() == ["8.3333%"] * 4  # a tenth of the subject on either side is a twelfth of the whole
    assert isinstance(shadow, Shadow)
    assert (shadow.kind, shadow.opacity) == ("drop", 60)
    assert background == Background(paint="white")
    assert save == Save(format="jpg")
    assert result.max_working_pixels == 256 * 256


def test_too_large_a_file() -> None:
    with pytest.raises(RemovebgError, match="File too large"):
        convert_request(request_of({}, b"\xff\xd8\xff" + bytes(22_000_000)), "balanced")


SIZES = {"small": 0.25, "regular": 0.25, "preview": 0.25, "medium": 1.5, "hd": 4, "full": 25, "4k": 25, "50MP": 50,
         "auto": 50}  # fmt: skip


@pytest.mark.parametrize("kind", ["multipart", "urlencoded", "json"])
def test_every_kind_of_body(client: TestClient, photo: bytes, kind: str) -> None:
    encoded, fields = base64.b64encode(photo).decode(), {"size": "full", "type": "person", "type_level": "2"}
    sent = {
        "multipart": {"files": {"image_file": photo}, "data": fields},
        "urlencoded": {"data": fields | {"image_file_b64": encoded}},
        "json": {"json": fields | {"image_file_b64": encoded, "semitransparency": False}},
    }[kind]
    answer = client.post(URL, **sent)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-type"] == "person"
    assert answer.headers["x-credits-charged"] == "0"
    assert decode_image(answer.content).size == (256, 256)


@pytest.mark.parametrize(("size", "most"), SIZES.items())
def test_every_size(size: str, most: float) -> None:
    source = jpeg_header(8000, 5000)
    result = convert_request(request_of({"size": size, "format": "webp"}, source), "balanced")
    assert result.max_working_pixels == pytest.approx(min(most, 40) * 1e6, rel=1e-6)
    assert (
        convert_request(request_of({"size": size}, source), "m").max_working_pixels <= 10_000_000
    )  # PNG holds no more


def jpeg_header(width: int, height: int) -> bytes:
    frame = b"\xff\xc0" + (17).to_bytes(2, "big") + b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return b"\xff\xd8" + frame + b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01" + bytes(100)


FINE: list[dict[str, object]] = [
    *({"type": t} for t in ("auto", "person", "product", "car", "animal", "graphic", "transportation", "other")),
    *({"type_level": level} for level in ("none", "1", "2", "latest")),
    *({"format": f} for f in ("auto", "png", "jpg", "zip", "webp")),
    *({"crop": "true", "crop_margin": m} for m in ("0", "30px", "10%", "10% 20%", "1px 2px 3px 4px", "50%", "500px")),
    *({"scale": s} for s in ("original", "10%", "100%", "62.5%")),
    *({"position": p} for p in ("original", "center", "25%", "25% 75%")),
    *({"channels": c} for c in ("rgba", "alpha")),
    *({"semitransparency": s} for s in ("true", "false", True)),
    *({"add_shadow": s} for s in ("true", "false")),
    *({"shadow_type": s, "shadow_opacity": "70"} for s in ("none", "auto", "drop", "3D", "car")),
    *({"bg_color": c} for c in ("81d", "81d8", "81d4fa", "81d4fa77", "#81d4fa", "green")),
    *({"roi": r} for r in ("0 0 100 100", "0px 0px 100px 100px", "0% 0% 100% 100%", "10% 10px 90% 200px")),
]


@pytest.mark.parametrize("fields", FINE, ids=str)
def test_all_fields_are_accepted(photo: bytes, fields: dict[str, object]) -> None:
    result = convert_request(request_of(fields, photo), "balanced")
    assert isinstance(result.recipe.steps[0], Cut)
    assert isinstance(result.recipe.steps[-1], Save)


def test_scale_implies_the_centre(photo: bytes) -> None:
    (frame,) = (
        s for s in convert_request(request_of({"scale": "50%"}, photo), "m").recipe.steps if isinstance(s, Frame)
    )
    assert (frame.fill, frame.position) == ("50%", "center")


def test_the_zip_recombines_to_the_cutout(client: TestClient, photo: bytes) -> None:
    """color.jpg under alpha.png is the PNG, but for what JPEG costs."""
    sent = {"files": {"image_file": photo}}
    whole = decode_image(client.post(URL, **sent, data={"size": "full"}).content)  # type: ignore[arg-type]
    answer = client.post(URL, **sent, data={"size": "full", "format": "zip"})  # type: ignore[arg-type]
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        colour, alpha = (decode_image(archive.read(name)) for name in ("color.jpg", "alpha.png"))
    assert (colour.format, colour.mode, alpha.format, alpha.mode) == ("JPEG", "RGB", "PNG", "L")
    known = np.asarray(whole)
    assert np.array_equal(np.asarray(alpha), known[..., 3])
    seen = known[..., 3] > 0
    assert np.abs(np.asarray(colour).astype(int) - known[..., :3])[seen].mean() < 4


def test_foreground_headers_are_the_subject_box(client: TestClient, mug: bytes) -> None:
    answer = client.post(URL, files={"image_file": mug}, data={"size": "full"})
    top, left, width, height = (int(answer.headers[f"x-foreground-{n}"]) for n in ("top", "left", "width", "height"))
    alpha = np.asarray(decode_image(answer.content))[..., 3]
    assert alpha[top : top + height, left : left + width].sum() > 0.98 * alpha.sum()
    told = client.post(URL, files={"image_file": mug}, data={"size": "full"}, headers={"Accept": "application/json"})
    data = told.json()["data"]
    found = [data[f"foreground_{n}"] for n in ("top", "left", "width", "height")]
    assert found == [top, left, width, height]


def test_authentication(tmp_path: Path, photo: bytes) -> None:
    """403 for no key, 402 for none left, 429 with Retry-After for too fast."""
    from mattebox.server import api_keys

    book = tmp_path / "keys"
    _, quick = api_keys.create_key(book, "quick", (api_keys.PICTURES_SCOPE,), 1, 0)
    _, few = api_keys.create_key(book, "few", (api_keys.PICTURES_SCOPE,), 500, 1)
    settings = Settings(model="fast", workers=1, keys=str(book), data=str(tmp_path / "data"))
    with TestClient(create_app(settings)) as client:

        def request_status(key: str | None) -> tuple[int, str, Any]:
            headers = {"X-API-Key": key} if key else {}
            answer = client.post(URL, files={"image_file": photo}, headers=headers)
            code = "" if answer.status_code == 200 else answer.json()["errors"][0]["code"]
            return answer.status_code, code, answer.headers

        assert request_status(None)[:2] == (403, "auth_failed")
        assert request_status("wrong")[:2] == (403, "auth_failed")
        assert request_status(quick)[:2] == (200, "")
        status, code, headers = request_status(quick)
        assert (status, code) == (429, "rate_limit_exceeded")
        assert 0 < int(headers["retry-after"]) <= 61
        assert headers["x-ratelimit-remaining"] == "0"
        status, _, headers = request_status(few)
        assert (status, headers["x-credits-charged"]) == (200, "1")
        assert request_status(few)[:2] == (402, "insufficient_credits")
        told = client.get("/v1.0/account", headers={"X-API-Key": few}).json()["data"]["attributes"]
        assert told["credits"]["total"] == 0
        assert client.get("/v1.0/account").status_code == 403


def test_account(client: TestClient) -> None:
    attributes = client.get("/v1.0/account").json()["data"]["attributes"]
    assert set(attributes["credits"]) == {"total", "subscription", "payg", "enterprise"}
    assert set(attributes["api"]) == {"free_calls", "sizes"}
    assert attributes["credits"]["total"] >= 1_000_000  # no quota; clients stop at none
