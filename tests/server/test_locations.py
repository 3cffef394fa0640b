"""Jobs that read from and write to the operator's locations, and to nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from mattebox.errors import UsageError
from mattebox.io.object_store import find_object, read_object, write_object
from mattebox.io.store_address import StoreAddress, parse_store_address
from mattebox.server.api_keys import ApiKey, create_key, hash_key
from mattebox.server.app import create_app
from mattebox.server.http.problems import Problem
from mattebox.server.locations import Locations
from mattebox.server.settings import Settings, load_settings
from tests.server.conftest import decode_image
from tests.server.test_jobs import wait_until_finished
from tests.stores import memory_stores
from tests.video.clips import decode_rgba, write_clip
from tests.video.test_keying import screen_frame

pytestmark = pytest.mark.timeout(180)  # a server starts

INPUTS = "photos=s3://shop/in/,scans={folder}"
OUTPUTS = "cutouts=s3://shop/out/,drop={folder}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scans")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[TestClient]:
    """A server with two locations to read from and two to write to, of a store in memory and of a folder."""
    from mattebox.io import object_store

    open_folder = object_store.open_store
    with pytest.MonkeyPatch.context() as patch:
        opened = memory_stores(patch)
        open_memory = object_store.open_store
        patch.setattr(
            object_store, "open_store", lambda root: (open_memory if "://shop" in root else open_folder)(root)
        )
        settings = Settings(
            model="fast", workers=1, data=str(tmp_path_factory.mktemp("data")), inputs=INPUTS.format(folder=folder),
            outputs=OUTPUTS.format(folder=folder), max_video=1_000_000, timeout=120,
        )  # fmt: skip
        with TestClient(create_app(settings)) as client:
            yield client
        assert set(opened) == {"s3://shop"}


def run(client: TestClient, **fields: Any) -> dict[str, Any]:
    """The job of a request with these fields, when it has ended."""
    sent = client.post("/v1/cutouts", json={"empty": "keep", "by": "network", **fields})
    assert sent.status_code == 202, sent.text
    return wait_until_finished(client, sent.json()["id"])


def put_object(key: str, content: bytes) -> None:
    write_object(parse_store_address(f"s3://shop/in/{key}"), content, overwrite=True)


def get(key: str) -> bytes:
    return read_object(parse_store_address(f"s3://shop/out/{key}"), 1 << 30)[0]


def test_from_one_location_to_another(client: TestClient, mug: bytes) -> None:
    put_object("mugs/blue mug.jpg", mug)
    job = run(client, image_object="photos/mugs/blue mug.jpg", output_object="cutouts/mugs/blue.png")
    content = get("mugs/blue.png")
    assert decode_image(content).size == (320, 240)
    assert job["made"]["output_object"] == "cutouts/mugs/blue.png"
    assert job["made"]["output_sha256"] == hashlib.sha256(content).hexdigest()
    assert "result" not in job["links"]
    refused = client.get(f"/v1/jobs/{job['id']}/result")
    assert (refused.status_code, refused.json()["code"]) == (409, "result_in_location")
    direct = client.post("/v1/cutouts", files={"image": mug}, data={"empty": "keep", "by": "network"})
    assert direct.content == content  # the same as a picture that is sent
    files = [path for path in (client.app.state.mattebox.settings.data_folder() / "jobs").rglob("*") if path.is_file()]  # type: ignore[attr-defined]
    assert sum(path.stat().st_size for path in files) < len(mug)  # neither the picture nor the result lies with the job


def test_only_the_source_or_only_the_result(client: TestClient, mug: bytes, folder: Path) -> None:
    (folder / "mug.jpg").write_bytes(mug)
    job = run(client, image_object="scans/mug.jpg")
    result = client.get(job["links"]["result"])
    assert (result.status_code, result.headers["content-type"]) == (200, "image/png")
    sent = client.post("/v1/cutouts", files={"image": mug}, data={"empty": "keep", "by": "network",
                                                                 "output_object": "drop/new/mug.png"})  # fmt: skip
    assert wait_until_finished(client, sent.json()["id"])["state"] == "done"
    assert (folder / "new/mug.png").read_bytes() == result.content


def test_extra_pictures_and_recipes(client: TestClient, mug: bytes, photo: bytes) -> None:
    put_object("mug.jpg", mug)
    fields = {"image_object": "photos/mug.jpg", "output_object": "cutouts/on.jpg", "format": "jpg", "empty": "keep"}
    sent = client.post("/v1/cutouts", data=fields, files={"background_image": photo})
    assert wait_until_finished(client, sent.json()["id"])["state"] == "done"
    assert decode_image(get("on.jpg")).mode == "RGB"
    recipe = {"steps": [{"step": "save", "format": "webp"}]}
    sent = client.post("/v1/recipes:run", json={"recipe": recipe, "image_object": "photos/mug.jpg",
                                                "output_object": "cutouts/plain.webp"})  # fmt: skip
    assert wait_until_finished(client, sent.json()["id"])["state"] == "done"
    assert decode_image(get("plain.webp")).format == "WEBP"


def test_depths(client: TestClient, mug: bytes) -> None:
    put_object("mug.jpg", mug)
    sent = client.post("/v1/depths", json={"image_object": "photos/mug.jpg", "output_object": "cutouts/near.png"})
    job = wait_until_finished(client, sent.json()["id"])
    assert (job["state"], job["made"]["output_object"]) == ("done", "cutouts/near.png")
    direct = client.post("/v1/depths", files={"image": mug})
    assert get("near.png") == direct.content
    refused = client.post("/v1/depths", json={"image_object": "photos/mug.jpg", "output_object": "cutouts/near.jpg"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameter")


def send_clip(client: TestClient, path: str, **fields: Any) -> Any:
    """The response to a form of these fields without a file."""
    return client.post(path, files={name: (None, str(value)) for name, value in fields.items()})


def test_clips(client: TestClient, tmp_path: Path, photo: bytes) -> None:
    clip = write_clip(tmp_path / "green.mkv", [screen_frame(n) for n in range(3)], codec="ffv1", pixel_format="bgr0")
    put_object("green.mkv", clip.read_bytes())
    names = {"video_object": "photos/green.mkv", "output_object": "cutouts/cut.webm"}
    job = wait_until_finished(client, send_clip(client, "/v1/videos", **names, by="screen").json()["id"])
    assert (job["state"], job["made"]["output_object"]) == ("done", "cutouts/cut.webm"), job
    sent = client.post("/v1/videos", files={"video": clip.read_bytes()}, data={"by": "screen", "format": "webm"})
    direct = wait_until_finished(client, sent.json()["id"])
    (tmp_path / "cut.webm").write_bytes(get("cut.webm"))
    (tmp_path / "direct.webm").write_bytes(client.get(direct["links"]["result"]).content)
    np.testing.assert_array_equal(decode_rgba(tmp_path / "cut.webm"), decode_rgba(tmp_path / "direct.webm"))
    files = {"background_image": photo} | {n: (None, v) for n, v in names.items()}  # a picture beside the object
    files |= {"output_object": (None, "cutouts/on.mp4"), "by": (None, "screen")}
    on_photo = wait_until_finished(client, client.post("/v1/videos", files=files).json()["id"])
    assert on_photo["state"] == "done", on_photo
    enhanced = send_clip(client, "/v1/video-enhancements", video_object="photos/green.mkv", exposure="0.5",
                         output_object="drop/light.mp4")  # fmt: skip
    assert wait_until_finished(client, enhanced.json()["id"])["state"] == "done"


def test_clips_that_cannot_be_used(client: TestClient, folder: Path) -> None:
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "large.mp4").write_bytes(bytes(1_000_001))
    codes = {"none.mp4": "image_missing", "empty.mp4": "image_missing", "large.mp4": "image_too_large"}
    for name, code in codes.items():
        sent = send_clip(client, "/v1/videos", video_object=f"scans/{name}")
        job = wait_until_finished(client, sent.json()["id"])
        assert (job["state"], job["error"]["code"]) == ("failed", code)
    for fields, code in (
        ({"video_object": "secret/a.mp4"}, "location_unknown"),
        ({"video_object": "scans/a.mp4", "output_object": "cutouts/a.mp4"}, "invalid_parameter"),  # it is a WebM
        ({"output_object": "cutouts/a.webm"}, "video_missing"),
    ):
        refused = send_clip(client, "/v1/videos", **fields)
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    both = client.post("/v1/videos", files={"video": b"x", "video_object": (None, "scans/empty.mp4")})
    assert (both.status_code, both.json()["code"]) == (422, "video_missing")


def test_what_is_there_stays_unless_it_may_be_replaced(client: TestClient, mug: bytes) -> None:
    put_object("mug.jpg", mug)
    names = {"image_object": "photos/mug.jpg", "output_object": "cutouts/kept.png"}
    first = run(client, **names)
    assert run(client, **names)["made"]["output_sha256"] == first["made"]["output_sha256"]  # as after a crash: the same
    write_object(parse_store_address("s3://shop/out/kept.png"), b"someone else's", overwrite=True)
    job = run(client, **names)
    assert (job["state"], job["error"]["code"]) == ("failed", "object_exists")
    assert get("kept.png") == b"someone else's"
    assert run(client, **names, overwrite=True)["state"] == "done"
    assert get("kept.png") != b"someone else's"


def test_sources_that_cannot_be_used(client: TestClient, folder: Path) -> None:
    put_object("text.jpg", b"no picture")
    (folder / "big.jpg").write_bytes(bytes(26_000_000))
    expected = {
        "photos/none.jpg": "image_missing", "photos/text.jpg": "image_unreadable", "scans/big.jpg": "image_too_large",
    }  # fmt: skip
    for name, code in expected.items():
        job = run(client, image_object=name)
        assert (job["state"], job["error"]["code"]) == ("failed", code)
        assert "s3://" not in str(job)
        assert str(folder) not in str(job)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"image_object": "secret/a.jpg"}, "location_unknown"),
        ({"image_object": "cutouts/a.jpg"}, "location_unknown"),  # written to, never read from
        ({"image_object": "s3://shop/in/a.jpg"}, "invalid_parameter"),
        ({"image_object": "photos/../out/a.jpg"}, "invalid_parameter"),
        ({"image_object": "scans/../../etc/passwd"}, "invalid_parameter"),
        ({"image_object": "scans//etc/passwd"}, "invalid_parameter"),
        ({"image_object": "scans/a\\..\\b.jpg"}, "invalid_parameter"),
        ({"image_object": "photos/"}, "invalid_parameter"),
        ({"image_object": "photos"}, "invalid_parameter"),
        ({"image_object": "photos/a\x00.jpg"}, "invalid_parameter"),
        ({"image_object": "photos/" + "a" * 1100}, "invalid_parameter"),
        ({"image_object": "photos/a.jpg", "output_object": "photos/a.png"}, "location_unknown"),
        ({"image_object": "photos/a.jpg", "output_object": "cutouts/a.jpg"}, "invalid_parameter"),  # it is a PNG
        ({"image_object": "photos/a.jpg", "image_url": "http://h/a.jpg"}, "image_missing"),
        ({"overwrite": True}, "invalid_parameter"),
        ({"image_object": "photos/a.jpg", "no_such_field": "1"}, "invalid_parameter"),
    ],
)
def test_names_that_are_refused(client: TestClient, fields: dict[str, Any], code: str) -> None:
    refused = client.post("/v1/cutouts", json=fields)
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert "s3://shop/in" not in refused.json()["remedy"]


def test_symbolic_links_are_the_operators_and_nothing_is_written_beside(client: TestClient, folder: Path) -> None:
    listed = {path.name for path in folder.parent.iterdir()}
    for name in ("drop/..%2fescaped.png", "drop/./escaped.png", "drop/a/../../escaped.png"):
        client.post("/v1/cutouts", json={"image_object": "photos/mug.jpg", "output_object": name})
    assert {path.name for path in folder.parent.iterdir()} == listed


def test_keys_need_the_scope(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, plain = create_key(tmp_path / "keys", "plain", ("pictures", "jobs"), 500, 0)
    _, entitled = create_key(tmp_path / "keys", "entitled", ("pictures", "jobs", "locations"), 500, 0)
    access = client.app.state.mattebox.access  # type: ignore[attr-defined]
    monkeypatch.setattr(access, "keys", {})  # what it is afterwards
    monkeypatch.setattr(access, "path", tmp_path / "keys")
    for key, status, code in ((plain, 403, "scope_missing"), (entitled, 422, "location_unknown")):
        refused = client.post("/v1/cutouts", json={"image_object": "none/a.jpg"}, headers={"X-API-Key": key})
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert "locations" not in ApiKey("i", hash_key("k")).scopes


def test_without_locations_there_are_none(tmp_path: Path) -> None:
    locations = Locations.from_settings(Settings(data=str(tmp_path)))
    with pytest.raises(Problem, match="no location") as raised:
        locations.check_input("photos/a.jpg")
    assert raised.value.remedy == "this server has none"


@pytest.mark.parametrize("inputs", ["photos", "Ph otos=s3://x/", "=s3://x/", "a=ftp://x/", "a=relative/folder"])
def test_settings_that_are_no_locations(inputs: str) -> None:
    with pytest.raises(UsageError):
        load_settings({"MATTEBOX_SERVER_INPUTS": inputs})


def test_a_location_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    locations = Locations({}, {"drop": StoreAddress((blocked / "folder").as_uri(), "")})
    locations.check_output("drop/a.png", "png", (".png",))
    with pytest.raises(Problem) as raised:
        locations.write("drop/a.png", b"x", overwrite=False)
    assert (raised.value.status, raised.value.code) == (503, "location_unavailable")
    assert find_object(StoreAddress(tmp_path.as_uri(), "file")) is not None
