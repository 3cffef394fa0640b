"""The mattebox API: four kinds of requests, flat parameters, problems with stable codes."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mattebox.pipeline.signing_keys import create_identity, trusted_anchors
from mattebox.provenance.verification import verify_content
from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from tests.fakes import composite, disc
from tests.server.conftest import decode_image, encode_image


def test_a_marketplaces_preset_is_checked(client: TestClient, mug: bytes) -> None:
    large = encode_image(composite(disc((1800, 2400)), (230, 110, 30), (40, 70, 180)).rgb, "png")  # not enlarged
    answer = client.post("/v1/cutouts", files={"image": large}, data={"preset": "amazon"})
    assert json.loads(answer.headers["x-check"]) == {"for": "amazon", "passed": True, "broken": []}
    changed = {"preset": "amazon", "background": "grey"}
    body = client.post("/v1/cutouts", files={"image": mug}, data=changed, headers={"Accept": "application/json"}).json()
    assert not body["check"]["passed"]
    assert "white background" in [b["rule"] for b in body["check"]["broken"]]
    assert "x-check" not in client.post("/v1/cutouts", files={"image": mug}, data={"preset": "product"}).headers


def test_a_form_with_a_file(client: TestClient, photo: bytes) -> None:
    answer = client.post("/v1/cutouts", files={"image": photo})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    result = decode_image(answer.content)
    assert (result.mode, result.size) == ("RGBA", (256, 256))
    assert result.getchannel("A").getextrema() == (0, 255)
    assert 0 < float(answer.headers["x-confidence"]) < 1
    assert len(answer.headers["x-box"].split()) == 4
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_composition_by_form_fields(client: TestClient, photo: bytes) -> None:
    fields = {
        "crop": "true",
        "size": "200x300",
        "background": "#102030",
        "shadow": "drop",
        "shadow_opacity": "30",
        "format": "jpg",
    }
    answer = client.post("/v1/cutouts", files={"image": photo}, data=fields)
    result = decode_image(answer.content)
    assert (result.format, result.size) == ("JPEG", (200, 300))
    assert sum(abs(a - b) for a, b in zip(result.getpixel((3, 3)), (16, 32, 48), strict=True)) < 20


def test_json_in_and_json_out(client: TestClient, photo: bytes) -> None:
    fields = {"image_b64": base64.b64encode(photo).decode(), "matte_only": True, "edges": "none"}
    body = client.post("/v1/cutouts", json=fields, headers={"Accept": "application/json"}).json()
    assert body["mime"] == "image/png"
    assert body["found"] is True
    assert decode_image(base64.b64decode(body["image_b64"])).mode in ("RGB", "L")


def test_a_bare_body_with_query_parameters(client: TestClient, photo: bytes) -> None:
    answer = client.post(
        "/v1/cutouts?format=webp&background=white", content=photo, headers={"Content-Type": "image/jpeg"}
    )
    assert decode_image(answer.content).format == "WEBP"


def test_a_background_image(client: TestClient, photo: bytes, mug: bytes) -> None:
    answer = client.post("/v1/cutouts", files={"image": photo, "background_image": mug}, data={"format": "png"})
    result = decode_image(answer.content)
    assert result.mode == "RGB"
    assert result.getpixel((255, 1))[2] > 120


def test_presets(client: TestClient, photo: bytes) -> None:
    assert "amazon" in client.get("/v1/presets").json()
    answer = client.post("/v1/cutouts", files={"image": photo}, data={"preset": "sticker", "size": "100x100"})
    assert decode_image(answer.content).size == (100, 100)


def test_a_recipe_as_json(client: TestClient, photo: bytes) -> None:
    recipe = {"steps": [{"step": "cut", "model": "fast"}, {"step": "background", "paint": "white"}]}
    answer = client.post("/v1/recipes:run", files={"image": photo}, data={"recipe": json.dumps(recipe)})
    assert decode_image(answer.content).mode == "RGB"
    assert "Cut" in client.get("/v1/recipes/schema").text


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"backgruond": "white"}, 422, "invalid_parameter"),
        ({"background": "wite"}, 422, "invalid_parameter"),
        ({"background": "/etc/passwd.png"}, 422, "image_missing"),
        ({"shadow_opacity": "much"}, 422, "invalid_parameter"),
        ({"crop": "perhaps"}, 422, "invalid_parameter"),
        ({"model": "/etc/card.toml"}, 422, "invalid_parameter"),
        ({"model": "u2net"}, 422, "model_unknown"),
        ({"format": "bmp"}, 422, "format_cannot_hold_result"),
        ({"preset": "enhance", "empty": "keep"}, 422, "invalid_parameter"),
        ({"preset": "nothing"}, 422, "invalid_parameter"),
        ({"size": "900000"}, 422, "invalid_parameter"),
        ({"file_limit": "1kB", "format": "webp"}, 422, "format_cannot_hold_result"),
    ],
)
def test_problems_have_codes_and_remedies(
    client: TestClient, photo: bytes, fields: dict[str, str], status: int, code: str
) -> None:
    answer = client.post("/v1/cutouts", files={"image": photo}, data=fields)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["detail"]
    assert body["remedy"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"hello", 422, "image_unreadable"),
        (b"\xff\xd8\xff\xe0 broken", 422, "image_unreadable"),
        (b"", 422, "image_missing"),
    ],
)
def test_broken_pictures(client: TestClient, content: bytes, status: int, code: str) -> None:
    answer = client.post("/v1/cutouts", content=content, headers={"Content-Type": "image/jpeg"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_empty_file_is_said_to_be_empty(client: TestClient) -> None:
    answer = client.post("/v1/cutouts", files={"image": ("mug.jpg", b"", "image/jpeg")})
    assert (answer.status_code, answer.json()["code"]) == (422, "image_missing")
    assert "is empty" in answer.json()["detail"]


def test_an_empty_photograph_has_no_subject(client: TestClient) -> None:
    import numpy as np

    from tests.server.conftest import encode_image

    plain = np.full((200, 300, 3), 128, np.uint8)
    answer = client.post("/v1/cutouts", files={"image": encode_image(plain)})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_subject")


def test_a_rocket_is_delivered_and_doubt_said(client: TestClient, rocket) -> None:  # type: ignore[no-untyped-def]
    import json

    from tests.server.conftest import encode_image

    files = {"image": encode_image(rocket.rgb)}
    answer = client.post("/v1/cutouts", files=files)
    assert answer.status_code == 200, answer.text
    made = json.loads(answer.headers["x-made"])
    assert answer.headers["x-found"] == str(made["found"]).lower()
    assert any("not clear what the subject is" in note for note in made["notes"]) is not made["found"]
    told = client.post("/v1/cutouts", files=files, headers={"Accept": "application/json"}).json()
    assert (told["found"], told["notes"]) == (made["found"], made["notes"])


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{", "application/json"), (b"[1]", "application/json"), (b"[" * 100_000, "application/json"),
     (b"--x\r\nnonsense", "multipart/form-data; boundary=x"), (b"a=1", "multipart/form-data")],
)  # fmt: skip
def test_broken_bodies(client: TestClient, body: bytes, kind: str) -> None:
    answer = client.post("/v1/cutouts", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422)
    assert answer.json()["remedy"]


def test_ten_thousand_fields_are_refused(client: TestClient) -> None:
    answer = client.post("/v1/cutouts", data={f"f{i}": "x" for i in range(10_000)}, files={"image": b"x"})
    assert answer.status_code == 400


def test_an_upload_over_the_limit_is_refused(mug: bytes) -> None:
    with TestClient(create_app(Settings(max_upload=1000, model="fast", workers=1))) as client:
        assert client.post("/v1/cutouts", files={"image": mug}).status_code == 413
        chunks = (mug[i : i + 100] for i in range(0, len(mug), 100))
        answer = client.post("/v1/cutouts", content=chunks, headers={"Content-Type": "image/jpeg"})
        assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


def test_deprecated_words_are_accepted(client: TestClient, photo: bytes) -> None:
    from mattebox.recipe.deprecated_names import DeprecatedNameWarning

    files = {"image": photo}
    today = client.post("/v1/cutouts", data={"edges": "none", "bit_depth": "8", "matte_only": "true"}, files=files)
    with pytest.warns(DeprecatedNameWarning):
        old = client.post("/v1/cutouts", data={"edges": "plain", "depth": "8", "matte_only": "true"}, files=files)
    recipe = {"steps": [{"step": "cut", "edges": "plain", "output": "matte"}, {"step": "save", "depth": "8"}]}
    with pytest.warns(DeprecatedNameWarning):
        run = client.post("/v1/recipes:run", data={"recipe": json.dumps(recipe)}, files=files)
    assert today.status_code == old.status_code == run.status_code == 200
    assert today.content == old.content
    assert today.headers["content-type"] == run.headers["content-type"]


def test_results_are_signed_where_the_server_does(
    tmp_path: Path, photo: bytes, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("c2pa")
    refused = client.post("/v1/cutouts", files={"image": photo}, data={"sign": "true"})
    assert (refused.status_code, "does not sign" in refused.json()["detail"]) == (422, True)
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path))
    create_identity("Studio Test", datetime.now(UTC))
    settings = Settings(model="fast", workers=1, timeout=30, data=str(tmp_path / "data"), sign="always")
    with TestClient(create_app(settings)) as signing_client:
        answer = signing_client.post("/v1/cutouts", files={"image": photo})
    report = verify_content(answer.content, "image/png", anchors=trusted_anchors())
    assert report.state == "trusted"
    assert report.manifests[0].actions[1].description == "Background removed"
