"""POST /v1/enhancements: fields of steps, automatic corrections, and nothing of a cutout."""

import io

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.io.gain_map_files import join, jpeg, read_stored, with_xmp
from tests.server.conftest import decode_image, encode_image


@pytest.fixture(scope="module")
def dim() -> bytes:
    """A photograph two stops too dark, with a cast."""
    from skimage.data import coffee

    return encode_image((coffee()[::2, ::2] * np.array([0.25, 0.25, 0.4])).astype(np.uint8), "png")


def test_automatic_corrections(client: TestClient, dim: bytes) -> None:
    answer = client.post("/v1/enhancements", files={"image": dim})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), answer.text
    result, source = np.asarray(decode_image(answer.content).convert("RGB")), np.asarray(decode_image(dim))
    assert result.shape == source.shape
    assert result.mean() > 1.3 * source.mean()
    assert "x-confidence" not in answer.headers


def test_named_steps_only(client: TestClient, dim: bytes) -> None:
    answer = client.post("/v1/enhancements", files={"image": dim}, data={"upscale": "2x"})
    result, source = decode_image(answer.content), decode_image(dim)
    assert result.size == (2 * source.width, 2 * source.height)
    back = np.asarray(result.resize(source.size, Image.Resampling.BOX)).astype(int)
    assert np.abs(back - np.asarray(source)).mean() < 2


def test_only_the_background(client: TestClient, photo: bytes) -> None:
    fields = {"exposure": "-2", "only": "background", "format": "png"}
    answer = client.post("/v1/enhancements", files={"image": photo}, data=fields)
    result, source = (np.asarray(decode_image(x).convert("RGB")).astype(int) for x in (answer.content, photo))
    assert np.abs(result - source)[50:100, 100:130].mean() < 2  # her face
    assert (source - result)[:30, 220:].mean() > 20


def test_style_image(client: TestClient, photo: bytes, mug: bytes) -> None:
    answer = client.post("/v1/enhancements", files={"image": photo, "style_image": mug}, data={"style_strength": "100"})
    result, source = (np.asarray(decode_image(x).convert("RGB")).astype(int) for x in (answer.content, photo))
    assert np.abs(result - source).mean() > 10


def test_what_is_near_by_a_depth_picture(client: TestClient) -> None:
    grey = encode_image(np.full((96, 128, 3), 90, np.uint8))
    depth = encode_image(np.repeat(np.repeat(np.linspace(0, 255, 96).astype(np.uint8)[:, None, None], 128, 1), 3, 2))
    files = {"image": grey, "distance_depth_image": depth}
    answer = client.post("/v1/enhancements", files=files, data={"exposure": "1", "only": "near", "format": "png"})
    result = np.asarray(decode_image(answer.content)).astype(int)
    assert (result[:20] == 90).all()
    assert result[-20:].min() > 110
    answer = client.post("/v1/enhancements", files=files, data={"far_light": "1", "format": "png"})
    result = np.asarray(decode_image(answer.content)).astype(int)
    assert result[0].mean() > 115
    assert abs(result[-1].mean() - 90) < 2


def test_a_gain_map_goes_along_into_jpegs(client: TestClient) -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(80, 120, (96, 128, 3), np.uint8))
    shining = Image.fromarray(np.full((48, 64), 255, np.uint8))
    numbers = 'hdrgm:Version="1.0" hdrgm:GainMapMin="0" hdrgm:GainMapMax="2" hdrgm:HDRCapacityMax="2"'
    files = {"image": join(jpeg(photo), with_xmp(jpeg(shining), numbers))}
    answer = client.post("/v1/enhancements", files=files, data={"exposure": "0.3", "format": "jpg"})
    stored = read_stored(answer.content)
    assert stored is not None
    assert stored.gains_by_iso == pytest.approx(np.full((48, 64), 2), abs=0.05)
    answer = client.post("/v1/enhancements", files=files, data={"style": "glass", "format": "jpg"})
    assert read_stored(answer.content) is None


def test_cut_and_enhance(client: TestClient, photo: bytes) -> None:
    answer = client.post("/v1/cutouts", files={"image": photo}, data={"upscale": "512px", "saturation": "-100"})
    result = decode_image(answer.content)
    assert (result.mode, result.size) == ("RGBA", (512, 512))
    rgb = np.asarray(result).astype(int)
    assert np.ptp(rgb[..., :3], axis=2)[rgb[..., 3] == 255].max() <= 3


@pytest.mark.parametrize(
    ("place", "fields", "code"),
    [
        ("/v1/enhancements", {"shadow": "drop"}, "invalid_parameter"),
        ("/v1/enhancements", {"only": "sky", "light": "auto"}, "invalid_parameter"),
        ("/v1/enhancements", {"only": "subject", "upscale": "2x"}, "invalid_parameter"),
        ("/v1/enhancements", {"upscale": "16x"}, "invalid_parameter"),  # 8192 x 8192: more than the server makes
        ("/v1/enhancements", {"upscale_model": "/etc/card.toml", "upscale": "2x"}, "invalid_parameter"),
        ("/v1/enhancements", {"restore_model": "/etc/card.toml", "restore": "0.5"}, "invalid_parameter"),
        ("/v1/enhancements", {"faces_model": "/etc/card.toml", "faces": "50"}, "invalid_parameter"),
        ("/v1/enhancements", {"faces_finder": "/etc/card.toml", "faces": "50"}, "invalid_parameter"),
        ("/v1/enhancements", {"bokeh": "f/2", "bokeh_depth": "/etc/card.toml"}, "image_missing"),
        ("/v1/enhancements", {"dehaze": "50", "distance_depth": "/etc/card.toml"}, "image_missing"),
        ("/v1/enhancements", {"dehaze": "50", "distance_depth": "midas-small"}, "model_unknown"),
        ("/v1/enhancements", {"style": "/etc/hostname"}, "image_missing"),
        ("/v1/cutouts", {"trimap": "/etc/hostname"}, "image_missing"),
        ("/v1/cutouts", {"by": "plate(/etc/hostname)"}, "image_missing"),
        ("/v1/cutouts", {"size": "20000x20000"}, "invalid_parameter"),
        ("/v1/cutouts", {"margin": "49%"}, "invalid_parameter"),  # 25 times as wide and high
    ],
)
def test_invalid_parameters(client: TestClient, place: str, fields: dict[str, str], code: str) -> None:
    grey = encode_image(np.full((512, 512, 3), 90, np.uint8))
    answer = client.post(place, files={"image": grey}, data=fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.json()["remedy"]


def test_a_recipe_without_a_cut(client: TestClient, photo: bytes) -> None:
    recipe = '{"steps": [{"step": "upscale", "to": "600px"}]}'
    answer = client.post("/v1/recipes:run", files={"image": photo}, data={"recipe": recipe})
    assert decode_image(answer.content).size == (600, 600)


def test_sixteen_bits_are_kept(client: TestClient) -> None:
    tifffile = pytest.importorskip("tifffile")
    deep, file = np.linspace(0, 65535, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint16), io.BytesIO()
    tifffile.imwrite(file, deep, photometric="rgb")
    fields = {"exposure": "0.5", "format": "tiff"}
    answer = client.post("/v1/enhancements", files={"image": file.getvalue()}, data=fields)
    assert tifffile.imread(io.BytesIO(answer.content)).dtype == np.uint16


def test_models_and_schema(client: TestClient) -> None:
    found = {m["name"]: m for m in client.get("/v1/models").json()["models"]}
    assert found["up2-1"]["task"] == "upscale"
    assert "watercolour" in found["style-1"]["styles"]


def test_an_unknown_path_is_a_problem(client: TestClient) -> None:
    for answer, code in (
        (client.get("/v1/nothing"), "no_such_place"),
        (client.get("/v1/cutouts"), "method_not_allowed"),
    ):
        assert answer.json()["code"] == code
        assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_marked_is_healed_and_nothing_else_changes(client: TestClient) -> None:
    """Also where the mask has another size; one of another shape is refused with its reason."""
    scene = np.repeat(np.linspace(60, 200, 160).astype(np.uint8)[None, :, None], 120, 0).repeat(3, 2)
    photograph, mask = scene.copy(), np.zeros((60, 80, 3), np.uint8)
    photograph[50:70, 70:90] = (0, 255, 0)
    mask[23:37, 33:47] = 255
    files = {"image": encode_image(photograph, "png"), "heal_image": encode_image(mask, "png")}
    answer = client.post("/v1/enhancements", files=files, data={"format": "png"})
    assert answer.status_code == 200, answer.text
    result = np.asarray(decode_image(answer.content).convert("RGB"))
    marked = np.zeros((120, 160), bool)
    marked[44:76, 64:96] = True
    assert np.array_equal(result[~marked], photograph[~marked])
    assert np.abs(result.astype(int) - scene).max() < 25
    files["heal_image"] = encode_image(mask[:30], "png")
    refused = client.post("/v1/enhancements", files=files).json()
    assert refused["detail"].endswith("is 80 x 30, the photograph 160 x 120")


def test_a_kept_cutout_is_not_taken_for_a_healed_photograph(client: TestClient, mug: bytes) -> None:
    spotted = np.array(decode_image(mug))
    spotted[114:126, 154:166] = 255
    sent = client.post("/v1/photographs", files={"image": encode_image(spotted, "png")}).json()["id"]
    fields = {"image_id": sent, "format": "png"}
    before = np.asarray(decode_image(client.post("/v1/cutouts", data=fields).content))
    mask = np.zeros((240, 320, 3), np.uint8)
    mask[112:128, 152:168] = 255
    for _ in range(2):
        answer = client.post("/v1/cutouts", data=fields, files={"heal_image": encode_image(mask, "png")})
        healed = np.asarray(decode_image(answer.content))
        assert healed[114:126, 154:166, 2].max() < 60 < before[114:126, 154:166, 2].min()
    again = np.asarray(decode_image(client.post("/v1/cutouts", data=fields).content))
    assert np.array_equal(again, before)
