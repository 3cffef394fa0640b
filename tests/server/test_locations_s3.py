"""Jobs from and to locations on a server that speaks S3 (moto), where one is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("obstore", reason="the extra `store` is not installed")
pytest.importorskip("moto.server", reason="moto[server] is in no lock: it brings fifty packages")

from fastapi.testclient import TestClient

from benchmarks.store_crash_recovery import INPUT, OUTPUT
from mattebox.io.object_store import list_objects, read_object, write_object
from mattebox.io.store_address import StoreAddress
from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from tests.io.test_s3_server import server as server
from tests.server.test_jobs import wait_until_finished
from tests.server.test_locations import send_clip
from tests.video.clips import write_clip
from tests.video.test_keying import screen_frame

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def client(server: None, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(
        model="fast", workers=1, data=str(tmp_path), inputs=f"photos={INPUT}/in/", outputs=f"cutouts={OUTPUT}/out/",
        timeout=120,
    )  # fmt: skip
    with TestClient(create_app(settings)) as client:
        yield client


def test_pictures_depths_and_clips(client: TestClient, mug: bytes, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "green.mkv", [screen_frame(n) for n in range(3)], codec="ffv1", pixel_format="bgr0")
    for key, content in (("in/blue mug.jpg", mug), ("in/a/green.mkv", clip.read_bytes())):
        write_object(StoreAddress(INPUT, key), content, overwrite=True)
    picture, cut = {"image_object": "photos/blue mug.jpg"}, {"empty": "keep", "by": "network"}
    sent = [
        client.post("/v1/cutouts", json={**picture, **cut, "output_object": "cutouts/blue mug.png"}),
        client.post("/v1/depths", json={**picture, "output_object": "cutouts/near.png"}),
        send_clip(client, "/v1/videos", video_object="photos/a/green.mkv", by="screen",
                  output_object="cutouts/a/cut.webm"),
        send_clip(client, "/v1/video-enhancements", video_object="photos/a/green.mkv", exposure="0.5",
                  output_object="cutouts/light.mp4"),
    ]  # fmt: skip
    for response in sent:
        job = wait_until_finished(client, response.json()["id"])
        assert job["state"] == "done", job["error"]
    keys = [found.address.key for found in list_objects(StoreAddress(OUTPUT, ""))]
    assert keys == ["out/a/cut.webm", "out/blue mug.png", "out/light.mp4", "out/near.png"]
    direct = client.post("/v1/cutouts", files={"image": mug}, data=cut)
    assert read_object(StoreAddress(OUTPUT, "out/blue mug.png"), 1 << 30)[0] == direct.content
    again = client.post("/v1/depths", json={**picture, "colour": True, "output_object": "cutouts/near.png"})
    job = wait_until_finished(client, again.json()["id"])
    assert (job["state"], job["error"]["code"]) == ("failed", "object_exists")
    missing = client.post("/v1/cutouts", json={"image_object": "photos/none.jpg"})
    assert wait_until_finished(client, missing.json()["id"])["error"]["code"] == "image_missing"
