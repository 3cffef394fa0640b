"""Clips over HTTP: always jobs, with events, limits of their own, and nothing readable left on the disk."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fastapi.testclient import TestClient

from mattebox.errors import UsageError
from mattebox.io.reader import read
from mattebox.pipeline.signing_keys import create_identity, trusted_anchors
from mattebox.provenance.verification import verify_content
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.server.app import create_app
from mattebox.server.clip_preparation import ClipParameters
from mattebox.server.settings import Settings
from mattebox.server.video_preparation import prepare_video_task
from mattebox.server.workers.protocol import WorkerTask
from mattebox.server.workers.video_task import ClipTask, run_video_task
from tests.server.conftest import encode_image
from tests.video.clips import SIZE, click_time, decode_rgba, disc_alpha, draw_frame, frame_times, write_clip
from tests.video.test_keying import screen_frame

pytestmark = pytest.mark.timeout(600)  # a server starts, and jobs are waited for, on a busy machine too

COUNT = 8
TITLE = b"A title that is easy to find"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return write_clip(path, [draw_frame(number) for number in range(COUNT)], sound="aac")


@pytest.fixture(scope="module")
def green(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "green.mkv"
    frames = [screen_frame(number) for number in range(4)]
    return write_clip(path, frames, codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def videos_client(data: Path) -> Iterator[TestClient]:
    settings = Settings(
        model="fast", workers=1, data=str(data), data_key=bytes(range(32)).hex(), max_video=400_000,
        max_video_pixels=200_000, max_video_seconds=2, max_pixels=1_000_000, timeout=30,
    )  # fmt: skip
    with TestClient(create_app(settings)) as client:
        yield client


def submit(client: TestClient, clip: Path, **fields: str) -> Any:
    return client.post("/v1/videos", files={"video": (clip.name, clip.read_bytes())}, data=fields)


def wait_until_finished(client: TestClient, job: str) -> dict[str, Any]:
    for _ in range(6000):
        status: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
        if status["progress"] == 1:
            return status
        time.sleep(0.05)
    raise AssertionError(status)


def test_a_clip_becomes_a_job_with_events_and_a_result(videos_client: TestClient, clip: Path, tmp_path: Path) -> None:
    answer = submit(videos_client, clip, background="#00b140", every="1", start="0.1")
    assert answer.status_code == 202, answer.text
    links = answer.json()["links"]
    assert answer.headers["location"] == links["self"]
    events = videos_client.get(links["events"]).text
    kinds = [line.removeprefix("event: ") for line in events.splitlines() if line.startswith("event: ")]
    assert kinds[-1] == "done"
    made = json.loads([line for line in events.splitlines() if line.startswith("data: ")][-1][6:])["made"]
    assert (made["mime"], made["frames"], made["width"], made["height"]) == ("video/mp4", COUNT - 1, *SIZE)
    result = videos_client.get(f"{links['self']}/result")
    assert result.headers["content-type"] == "video/mp4"
    (tmp_path / "cut.mp4").write_bytes(result.content)
    assert frame_times(tmp_path / "cut.mp4") == pytest.approx([n / 10 for n in range(COUNT - 1)], abs=1e-4)
    assert abs(click_time(tmp_path / "cut.mp4") - 0.4) < 1e-3
    assert np.abs(decode_rgba(tmp_path / "cut.mp4")[0][3, 3, :3].astype(int) - (0, 0xB1, 0x40)).max() < 6


def test_a_screen_a_garbage_matte_and_a_logo(videos_client: TestClient, green: Path, tmp_path: Path) -> None:
    garbage = np.zeros((96, 160, 3), np.uint8)
    garbage[:, :50] = 255
    answer = videos_client.post(
        "/v1/videos",
        files={
            "video": green.read_bytes(), "garbage_image": encode_image(garbage, "png"),
            "logo_image": encode_image(np.full((20, 20, 3), (200, 0, 200), np.uint8), "png"),
        },
        data={"by": "screen", "format": "ffv1", "label_position": "left", "label_size": "20", "label_opacity": "100"},
    )  # fmt: skip
    status = wait_until_finished(videos_client, answer.json()["id"])
    assert status["state"] == "done", status
    assert status["made"]["model"] is None
    (tmp_path / "cut.mkv").write_bytes(videos_client.get(status["links"]["result"]).content)
    frame = decode_rgba(tmp_path / "cut.mkv")[2]
    assert (frame[42:54, 5:18] == (200, 0, 200, 255)).all()
    alpha = frame[..., 3] / 255
    assert alpha[:, 25:50].max() == 0
    assert np.abs(alpha[:, 50:] - disc_alpha(2)[:, 50:]).mean() < 0.006


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({"format": "png"}, "invalid_parameter", "many files"),
        ({"format": "mp4"}, "format_cannot_hold_result", "cannot hold transparency"),
        ({"background": "/etc/secret.mp4"}, "invalid_parameter", "not taken over HTTP"),
        ({"garbage": "/etc/mattes.####.png"}, "invalid_parameter", "not taken over HTTP"),
        ({"garbage": "/etc/passwd"}, "image_missing", "is not among the images sent"),
        ({"label_logo": "/etc/passwd"}, "image_missing", "is not among the images sent"),
        ({"coherence": "magic"}, "invalid_parameter", "coherence"),
        ({"every": "0"}, "invalid_parameter", "every"),
        ({"start": "soon"}, "invalid_parameter", "not a time"),
        ({"crop": "true"}, "invalid_parameter", "clips have no step"),
        ({"sign": "true"}, "invalid_parameter", "does not sign"),
        ({"model": "u3net"}, "invalid_parameter", "no model"),
        ({"format": "avi"}, "invalid_parameter", "no video format"),
    ],
)
def test_wrong_fields_are_refused_at_submission(
    videos_client: TestClient, clip: Path, fields: dict[str, str], code: str, text: str
) -> None:
    answer = submit(videos_client, clip, **fields)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == code
    assert text in answer.json()["detail"]


def test_a_clip_is_signed_where_the_server_signs(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("c2pa")
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path))
    create_identity("Studio Test", datetime.now(UTC))
    settings, content = Settings(model="fast", sign="always"), clip.read_bytes()

    def prepare(format: str) -> WorkerTask:
        parameters = ClipParameters(format, None, "0.2", 1, "frame")
        return prepare_video_task(settings, Recipe((Cut(model="fast"),)), content, parameters, {})

    with pytest.raises(UsageError, match="webm has no place for a signature; choose mp4 or prores"):
        prepare("webm")
    task = ClipTask(prepare("prores").header, content, 1, lambda name: read(name), lambda _: None, lambda _: None)
    metadata, body = run_video_task(task)
    assert (metadata["mime"], metadata["frames"]) == ("video/quicktime", 2)
    report = verify_content(body, "video/quicktime", anchors=trusted_anchors())
    assert report.state == "trusted"
    assert "Background removed" in [action.description for action in report.manifests[0].actions]
    altered = bytearray(body)
    altered[len(body) // 2] ^= 1
    assert verify_content(bytes(altered), "video/quicktime", anchors=trusted_anchors()).state == "altered"


def test_limits(videos_client: TestClient, tmp_path: Path) -> None:
    large = videos_client.post("/v1/videos", files={"video": bytes(500_000)})
    assert (large.status_code, large.json()["code"]) == (413, "upload_too_large")
    assert videos_client.post("/v1/videos", files={"video": b""}).json()["code"] == "video_missing"
    assert videos_client.post("/v1/videos", data={"format": "webm"}).json()["code"] == "video_missing"
    wide = write_clip(tmp_path / "wide.mp4", [np.zeros((400, 600, 3), np.uint8)] * 2)
    long = write_clip(tmp_path / "long.mp4", [draw_frame(0)] * 30)
    (tmp_path / "text.mp4").write_text("hello " * 50)
    expected = [
        (wide, 413, "image_too_large", "600 x 400 pixels"), (long, 413, "image_too_large", "longer than 2 s"),
        (tmp_path / "text.mp4", 422, "image_unreadable", "the clip: is not a video"),
    ]  # fmt: skip
    for path, status_code, code, text in expected:
        status = wait_until_finished(videos_client, submit(videos_client, path).json()["id"])
        error = status["error"]
        assert (error["status"], error["code"]) == (status_code, code), error
        assert text in error["detail"]


def test_the_bare_file_and_the_same_key(videos_client: TestClient, clip: Path) -> None:
    headers = {"Content-Type": "video/mp4", "Idempotency-Key": "a-key"}
    answers = [videos_client.post("/v1/videos?format=webm", content=clip.read_bytes(), headers=headers) for _ in "ab"]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    status = wait_until_finished(videos_client, answers[0].json()["id"])
    assert status["made"]["mime"] == "video/webm"
    assert videos_client.post("/v1/cutouts", content=b"x", headers={"Content-Type": "video/mp4"}).status_code == 415


def test_nothing_readable_is_stored_and_erasure_leaves_nothing(
    videos_client: TestClient, data: Path, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mkv"
    write_clip(clip, [draw_frame(number) for number in range(3)], codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))
    with av.open(str(clip)) as source, av.open(str(tmp_path / "titled.mkv"), "w") as titled:
        titled.metadata["title"] = TITLE.decode()
        stream = titled.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                titled.mux(packet)
    assert TITLE in (tmp_path / "titled.mkv").read_bytes()
    job = submit(videos_client, tmp_path / "titled.mkv", format="ffv1").json()["id"]
    folder = data / "jobs" / job
    seen = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert wait_until_finished(videos_client, job)["state"] == "done"
    assert TITLE in videos_client.get(f"/v1/jobs/{job}/result").content
    seen += [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert len(seen) > 4
    assert not any(TITLE in content or b"matroska" in content for content in seen)
    assert folder.is_dir()
    assert videos_client.delete(f"/v1/jobs/{job}").status_code == 204
    assert not folder.exists()
    assert videos_client.get(f"/v1/jobs/{job}/result").status_code == 404


def test_a_clip_is_enhanced(videos_client: TestClient, clip: Path, tmp_path: Path) -> None:
    answer = videos_client.post(
        "/v1/video-enhancements", files={"video": clip.read_bytes()},
        data={"exposure": "0.8", "format": "ffv1", "start": "0.2", "every": "2"},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    status = wait_until_finished(videos_client, answer.json()["id"])
    assert status["state"] == "done", status
    assert (status["made"]["mime"], status["made"]["frames"]) == ("video/x-matroska", COUNT // 2 - 1)
    (tmp_path / "made.mkv").write_bytes(videos_client.get(status["links"]["result"]).content)
    assert frame_times(tmp_path / "made.mkv") == pytest.approx([0, 0.2, 0.4], abs=6e-4)
    before, after = decode_rgba(clip)[2][..., :3], decode_rgba(tmp_path / "made.mkv")[0][..., :3]
    assert after.mean() > before.mean() + 15


def test_a_clip_is_rotoscoped_by_a_matte_and_marks(videos_client: TestClient, clip: Path, tmp_path: Path) -> None:
    matte = np.repeat(np.round(disc_alpha(1)[..., None] * 255).astype(np.uint8), 3, axis=2)
    answer = videos_client.post(
        "/v1/rotoscopings", files={"video": clip.read_bytes(), "first": encode_image(matte, "png")},
        data={"keys": '{"1": "first", "6": {"keep": "42%,50%"}}', "format": "ffv1"},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    status = wait_until_finished(videos_client, answer.json()["id"])
    assert status["state"] == "done", status
    (tmp_path / "made.mkv").write_bytes(videos_client.get(status["links"]["result"]).content)
    frames = decode_rgba(tmp_path / "made.mkv")
    assert len(frames) == COUNT
    assert np.array_equal(frames[1][..., 3], matte[..., 0])  # a key is what was drawn
    named = videos_client.post(
        "/v1/rotoscopings", files={"video": clip.read_bytes(), "first": encode_image(matte, "png")},
        data={"keys": '{"0.15s": "first", "0:00.6": {"keep": "42%,50%"}}', "format": "ffv1"},
    )  # fmt: skip
    links = wait_until_finished(videos_client, named.json()["id"])["links"]
    (tmp_path / "named.mkv").write_bytes(videos_client.get(links["result"]).content)
    assert all(np.array_equal(a, b) for a, b in zip(frames, decode_rgba(tmp_path / "named.mkv"), strict=True))
    for number, frame in enumerate(frames):
        assert np.abs(frame[..., 3] / 255 - disc_alpha(number)).mean() < 0.02, number


@pytest.mark.parametrize(
    ("path", "fields", "code", "text"),
    [
        ("video-enhancements", {"upscale": "16x"}, "invalid_parameter", "the result would have 2560 x 1536 pixels"),
        ("video-enhancements", {"model": "fast"}, "invalid_parameter", "is not for enhancing a clip"),
        ("video-enhancements", {"bokeh": "2"}, "invalid_parameter", "is not for enhancing a clip"),
        ("video-enhancements", {"style": "/etc/passwd"}, "image_missing", "is not among the images sent"),
        ("video-enhancements", {"format": "exr"}, "invalid_parameter", "OpenEXR"),
        ("video-enhancements", {"deinterlace": "maybe"}, "invalid_parameter", "deinterlace must be true or false"),
        ("rotoscopings", {}, "invalid_parameter", "there is no key frame"),
        ("rotoscopings", {"keys": "1"}, "invalid_parameter", "keys cannot be read"),
        ("rotoscopings", {"keys": '{"-1": "a"}'}, "invalid_parameter", "keys are numbered by frames"),
        ("rotoscopings", {"keys": '{"1": {"hold": "2"}}'}, "invalid_parameter", "'hold' is unknown"),
        ("rotoscopings", {"keys": '{"1": "/etc/passwd"}'}, "image_missing", "is not among the images sent"),
        ("rotoscopings", {"keys": '{"1": {"keep": "1%,1%"}}', "start": "1"}, "invalid_parameter", "start is not for"),
    ],
)
def test_wrong_fields_of_other_work(
    videos_client: TestClient, clip: Path, path: str, fields: dict[str, str], code: str, text: str
) -> None:
    answer = videos_client.post(f"/v1/{path}", files={"video": clip.read_bytes()}, data=fields)
    error = answer.json()
    if answer.status_code == 202:  # what only the clip's frames can show
        error = wait_until_finished(videos_client, error["id"])["error"]
    assert (error["status"], error["code"]) == (422, code), error
    assert text in error["detail"]


def test_a_server_without_clips(videos_client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    state = videos_client.app.state.mattebox  # type: ignore[attr-defined]
    monkeypatch.setattr(state, "settings", replace(state.settings, max_video=0))
    answer = videos_client.post("/v1/videos", files={"video": b"x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "no_videos")
