"""The client against a real server: results, the same exceptions as here, and retries while it is busy."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebox import Client, MatteboxError, NoSubject, Picture, Recipe, steps
from mattebox.errors import InputMissing, InputUnreadable, OutputError, UsageError
from mattebox.language.errors import AmbiguousWords
from tests.serving import start_server
from tests.video.clips import disc_alpha, draw_frame, frame_times, write_clip


def awaited(work: Coroutine[Any, Any, Any]) -> Any:
    """Its result, from a thread of its own: a browser's tests leave an event loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("location")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, location: Path) -> Iterator[str]:
    has_stores = find_spec("obstore") is not None
    names = {"inputs": f"photos={location}", "outputs": f"cutouts={location}"} if has_stores else {}
    with start_server(tmp_path_factory.mktemp("data"), job_pixels="1000000", **names) as address:
        yield address


@pytest.fixture(scope="module")
def photo(astronaut: Picture, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "photo.jpg"
    Image.fromarray(astronaut.rgb).save(path)
    return path


def test_a_cutout_comes_back(url: str, photo: Path, tmp_path: Path) -> None:
    made = Client(url).cut(photo, crop=True, size="200x300", background="white", format="jpg", shadow_opacity=20)
    assert (made.mime, made.width, made.height) == ("image/jpeg", 200, 300)
    assert made.confidence is not None
    assert made.box is not None
    made.save(tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as opened:
        assert opened.size == (200, 300)
    with pytest.raises(OutputError):
        made.save(tmp_path / "a.jpg", overwrite=False)


def test_words_are_planned_and_done(url: str, photo: Path) -> None:
    client = Client(url)
    assert client.plan("white background, a bit warmer").find_step(steps.Background) == steps.Background(paint="white")
    with pytest.raises(AmbiguousWords) as caught:
        client.plan("make it pop")
    assert "white outline" in caught.value.choices
    with pytest.raises(UsageError, match="blorx"):
        client.plan("blorx background")
    with pytest.raises(UsageError, match="at most 100"):
        client.plan("contrast 500")
    made = client.say(photo, "size 60 x 60, a bit brighter, jpg")
    assert (made.mime, made.width, made.height) == ("image/jpeg", 60, 60)


def test_presets_bytes_and_async(url: str, photo: Path) -> None:
    data = photo.read_bytes()

    async def both() -> list[int]:
        client = Client(url)
        return [
            m.width for m in await asyncio.gather(client.acut(data), client.acut(io.BytesIO(data), preset="avatar"))
        ]

    assert awaited(both()) == [512, 512]


def test_enhancing_and_recipes(url: str, photo: Path, tmp_path: Path) -> None:
    client = Client(url)
    better = client.enhance(photo, exposure=1, format="png")
    with Image.open(io.BytesIO(better.content)) as opened, Image.open(photo) as before:
        assert opened.size == before.size
        assert opened.convert("L").resize((1, 1)).getpixel((0, 0)) > before.convert("L").resize((1, 1)).getpixel((0, 0))  # type: ignore[operator]
    assert better.confidence is None
    assert set(better.details["seconds"]) >= {"develop"}
    Image.new("RGB", (60, 40), (0, 255, 0)).save(tmp_path / "green.png")
    flags = client.cut(photo, background=str(tmp_path / "green.png"), empty="keep")
    recipe = Recipe((steps.Cut(empty="keep"), steps.Background(paint="green.png")))
    run = client.run(photo, recipe, images={"green.png": tmp_path / "green.png"})
    for made in (flags, run):
        with Image.open(io.BytesIO(made.content)) as opened:
            assert opened.convert("RGB").getpixel((2, 2)) == (0, 255, 0)


def test_jobs(url: str, photo: Path) -> None:
    client, recipe = Client(url), {"steps": [{"step": "sharpen", "amount": 50}]}
    job = client.submit(photo, recipe, idempotency_key="one")
    assert client.submit(photo, recipe, idempotency_key="one") == job
    assert client.job(job.id) == job
    assert awaited(job.aresult()).width == 512
    assert job.status()["state"] == "done"
    assert client.jobs() == [job]
    job.erase()
    with pytest.raises(MatteboxError, match="no such job"):
        job.status()
    bad = client.submit(_torn(photo), recipe)
    with pytest.raises(InputUnreadable):
        bad.result()
    bad.erase()
    stopped = client.submit(photo, recipe)
    stopped.cancel()
    assert stopped.status()["state"] in ("cancelled", "done")
    stopped.erase()


def test_jobs_from_and_to_locations(url: str, photo: Path, location: Path) -> None:
    pytest.importorskip("obstore", reason="the extra `store` is not installed")
    client = Client(url)
    (location / "photo.jpg").write_bytes(photo.read_bytes())
    names = {"image_object": "photos/photo.jpg", "output_object": "cutouts/new/cut.png"}
    job = client.submit(**names)  # type: ignore[arg-type]
    made = job.wait()["made"]
    content = (location / "new/cut.png").read_bytes()
    assert (made["output_object"], made["output_sha256"]) == (names["output_object"], sha256(content).hexdigest())
    with pytest.raises(MatteboxError, match="the result is the object cutouts/new/cut.png"):
        job.result()
    assert client.submit(photo, {"steps": [{"step": "cut"}]}).result().content == content
    again = client.submit(**names, overwrite=True)  # type: ignore[arg-type]
    assert again.wait()["state"] == "done"
    for source, image_object in ((None, None), (photo, "photos/photo.jpg")):
        with pytest.raises(UsageError, match="a job has one picture"):
            client.submit(source, image_object=image_object)
    for ended in client.jobs():
        ended.erase()


@pytest.mark.timeout(600)  # four jobs are waited for, on a busy machine too
def test_clips(url: str, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [draw_frame(number) for number in range(3)])
    job = Client(url).cut_video(clip, background="#00b140", every=2, start=0.0)
    result = job.result()
    result.save(tmp_path / "cut.mp4")
    assert (result.mime, result.width, result.details["frames"]) == ("video/mp4", 160, 2)
    assert len(frame_times(tmp_path / "cut.mp4")) == 2
    job.erase()
    with pytest.raises(UsageError, match="many files"):
        Client(url).cut_video(clip, format="png")
    enhancement = Client(url).enhance_video(clip, exposure=0.5, format="ffv1")
    enhanced = enhancement.result()
    assert (enhanced.mime, enhanced.details["frames"]) == ("video/x-matroska", 3)
    enhancement.erase()
    keys = {0: {"keep": "35%,50%"}, 2: _matte(2)}
    rotoscoping = awaited(Client(url).arotoscope_video(clip, keys, background="#00b140"))
    rotoscoped = rotoscoping.result()
    assert (rotoscoped.mime, rotoscoped.details["frames"]) == ("video/mp4", 3)
    rotoscoping.erase()
    bad = Client(url).cut_video(b"no clip")
    with pytest.raises(InputUnreadable, match="is not a video"):
        bad.result()
    bad.erase()


def _matte(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.round(disc_alpha(number) * 255).astype(np.uint8)).save(file, "png")
    return file.getvalue()


def _torn(photo: Path) -> bytes:
    return photo.read_bytes()[:3000]


def test_a_picture_of_which_the_server_makes_a_job_comes_all_the_same(url: str, photo: Path) -> None:
    large = io.BytesIO()
    with Image.open(photo) as small:
        small.resize((1200, 1000)).save(large, "jpeg")
    client = Client(url)
    assert client.enhance(large.getvalue(), sharpen=50).width == 1200
    assert client.jobs() == []


def test_errors_are_our_own(url: str, photo: Path, tmp_path: Path) -> None:
    client = Client(url)
    with pytest.raises(UsageError, match="did you mean"):
        client.cut(photo, background="wite")
    with pytest.raises(InputUnreadable, match="text"):
        client.cut(b"hello")
    with pytest.raises(InputMissing):
        client.cut(tmp_path / "none.jpg")
    plain = io.BytesIO()
    Image.new("RGB", (300, 200), "grey").save(plain, "png")
    with pytest.raises(NoSubject):
        client.cut(plain.getvalue())
    kept = client.cut(plain.getvalue(), empty="keep")
    assert (kept.found, kept.notes) == (False, ())
    with pytest.raises(MatteboxError, match="cannot be reached"):
        Client("http://127.0.0.1:9").cut(photo)


def test_a_busy_server_is_asked_again_and_a_strange_one_named(photo: Path) -> None:
    answers = [(503, b""), (503, b""), (418, b"tea")]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = answers.pop(0)
            self.send_response(status)
            self.send_header("Retry-After", "0.01")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(MatteboxError, match="answered 418"):
            Client(address).cut(photo)
        answers.append((503, b""))
        with pytest.raises(MatteboxError, match="is busy"):
            Client(address, max_wait_seconds=0).cut(photo)
        server.shutdown()
        thread.join()
