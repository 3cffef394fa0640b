"""Photographs that are sent once: by their id the results are the same, without a second upload or network run; they
are erased when their owner says so, when they expire, and when others need the room."""

from __future__ import annotations

import io
import json
from functools import partial
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from mattebox.models import result_cache
from mattebox.models.runtime.inference import Network
from mattebox.pipeline import cutout
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.problems import Problem
from mattebox.server.photograph_store import PhotographStore
from mattebox.server.settings import Settings
from mattebox.server.state import AppState
from mattebox.server.workers.protocol import PREDICTIONS_KEY, read_frame
from mattebox.server.workers.task_execution import prepare_task
from mattebox.server.workers.worker import answer_task
from mattebox.video.availability import has_video_extra
from tests.server.conftest import decode_image
from tests.serving import encode_for_request, make_buffer


def send(client: TestClient, photo: bytes) -> str:
    response = client.post("/v1/photographs", files={"image": photo})
    assert response.status_code == 201, response.text
    assert response.json().items() >= {"width": 256, "height": 256, "keep_seconds": 900}.items()
    return str(response.json()["id"])


def test_results_by_id_are_the_same(client: TestClient, photo: bytes) -> None:
    photograph_id = send(client, photo)
    fields: dict[str, str]
    for fields in ({}, {"background": "white", "format": "jpg"}, {"drop": "10%,10%"}):
        whole = client.post("/v1/cutouts", files={"image": photo}, data=fields)
        by_id = client.post("/v1/cutouts", data=fields | {"image_id": photograph_id})
        assert by_id.status_code == 200, by_id.text
        assert by_id.content == whole.content
        assert PREDICTIONS_KEY not in by_id.headers["X-Made"]
    enhanced = client.post("/v1/enhancements", json={"image_id": photograph_id, "exposure": 1})
    assert decode_image(enhanced.content).size == (256, 256)


@pytest.mark.parametrize("kind", ["gif", "tiff", "ppm", "jpeg2000"])
def test_the_type_of_a_file_that_comes_back_is_documented(client: TestClient, kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (256, 256)).save(file, kind)
    response = client.get(f"/v1/photographs/{send(client, file.getvalue())}")
    operation = client.get("/openapi.json").json()["paths"]["/v1/photographs/{photograph_id}"]["get"]
    assert response.headers["content-type"] in operation["responses"]["200"]["content"]
    assert response.headers["content-type"].startswith("image/")


def test_a_preview_is_shrunk_and_says_so(client: TestClient, photo: bytes) -> None:
    response = client.post("/v1/cutouts", files={"image": photo}, data={"preview": "10000"})
    assert (response.headers["X-Width"], response.headers["X-Height"]) == ("100", "100")
    assert decode_image(response.content).size == (100, 100)
    assert json.loads(response.headers["X-Made"]).items() >= {"full_width": 256, "full_height": 256}.items()
    whole = client.post("/v1/cutouts", files={"image": photo}, data={"preview": "70000"})
    assert whole.headers["X-Width"] == "256"
    assert "full_width" not in json.loads(whole.headers["X-Made"])
    refused = client.post("/v1/cutouts", files={"image": photo}, data={"preview": "0"})
    assert refused.json()["code"] == "invalid_parameter"


def test_only_what_a_click_changes_is_sent_again(client: TestClient, photo: bytes) -> None:
    """Former preview and patch make what the server would send whole; with one of another size, all is sent."""
    fields = {"image_id": send(client, photo), "preview": "40000"}
    first = client.post("/v1/cutouts", data=fields | {"since": "none"})
    fingerprint = json.loads(first.headers["X-Made"])["fingerprint"]
    marked = fields | {"drop": "52%,90%"}
    whole = client.post("/v1/cutouts", data=marked)
    changed = client.post("/v1/cutouts", data=marked | {"since": fingerprint})
    made = json.loads(changed.headers["X-Made"])
    former, wanted, sent = (np.asarray(decode_image(r.content)).astype(int) for r in (first, whole, changed))
    assert former.shape == wanted.shape == sent.shape == (200, 200, 4)
    side, columns = made["patch"]["side"], -(-200 // made["patch"]["side"])
    assert 0 < len(made["patch"]["tiles"]) < columns**2 / 2
    is_sent = np.zeros((200, 200), bool)
    for number in made["patch"]["tiles"]:
        top, left = side * (number // columns), side * (number % columns)
        is_sent[top : top + side, left : left + side] = True
    assert (sent[~is_sent] == 0).all()
    assert np.array_equal(np.where(is_sent[..., None], sent, former), wanted)
    assert len(changed.content) < 0.6 * len(whole.content)

    again = client.post("/v1/cutouts", data=marked | {"since": made["fingerprint"]})
    assert json.loads(again.headers["X-Made"])["patch"]["tiles"] == []
    for since, preview in ((fingerprint, "10000"), ("none", "40000"), (fingerprint[:-4], "40000")):
        all_of_it = client.post("/v1/cutouts", data=marked | {"since": since, "preview": preview})
        assert "patch" not in json.loads(all_of_it.headers["X-Made"])
    assert all_of_it.content == whole.content


def test_the_file_is_given_back(client: TestClient, photo: bytes) -> None:
    answer = client.get(f"/v1/photographs/{send(client, photo)}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, photo, "image/jpeg")
    assert client.get("/v1/photographs/00").json()["code"] == "photograph_unknown"
    assert client.get("/v1/photographs").json() == {
        "keep_seconds": 900,
        "fetches_urls": False,
        "max_pixels": 50_000_000,
        "max_video_bytes": 200_000_000 if has_video_extra() else 0,
        "max_video_seconds": 600,
    }


def test_erasing(client: TestClient, photo: bytes) -> None:
    state: AppState = client.app.state.mattebox  # type: ignore[attr-defined]
    before = state.buffer.byte_count
    photograph_id = send(client, photo)
    assert client.post("/v1/cutouts", data={"image_id": photograph_id}).status_code == 200
    held = state.buffer.byte_count - before
    assert len(photo) < held < len(photo) + 500_000  # the photograph, and little more
    assert client.delete(f"/v1/photographs/{photograph_id}").status_code == 204
    assert state.buffer.byte_count == before
    for response in (
        client.post("/v1/cutouts", data={"image_id": photograph_id}),
        client.delete(f"/v1/photographs/{photograph_id}"),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "photograph_unknown")


def test_what_is_no_photograph_is_not_kept(client: TestClient) -> None:
    assert client.post("/v1/photographs", files={"image": b"no picture"}).json()["code"] == "image_unreadable"
    assert client.post("/v1/photographs", data={"image_id": "1"}).json()["code"] == "photograph_unknown"


def cut_in_worker(source: EncodedPicture, predictions: bytes | None, **fields: Any) -> tuple[bytes, bytes]:
    """The result of a cutout as a worker makes it, and what is to be kept for the next one."""
    task = prepare_task(Settings(model="fast"), build_recipe({"model": "fast"} | fields), source)
    task = task.with_predictions(None if predictions is None else make_buffer().store(predictions))
    data = b"".join(content.read() for content in task.contents)
    frame = read_frame(io.BytesIO(answer_task(task.header, data, 1, lambda _: None)))
    assert frame is not None
    header, body = frame
    assert "code" not in header, header
    assert result_cache.shared_cache.keys() == set()
    end = len(body) - header[PREDICTIONS_KEY]
    return body[:end], body[end:]


def test_a_later_run_asks_no_network(photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Predictions of the first run go with the task of the second; none stay in the worker."""
    run = partial(cut_in_worker, encode_for_request(photo))
    expected, _ = run(None, background="white")
    _, predictions = run(None)
    assert 0 < len(predictions) < 500_000

    def refuse(*_: object) -> None:
        raise AssertionError("a network runs")

    monkeypatch.setattr(Network, "__call__", refuse)
    monkeypatch.setattr(cutout, "cut_out", refuse)  # nor is anything cut out again
    result, further = run(predictions, background="white")
    assert result == expected
    assert further == b""


def test_another_cut_takes_the_place_of_the_last(photo: bytes) -> None:
    """It is made anew: with marks, edges or pictures of its own; the result is as without anything kept."""
    run = partial(cut_in_worker, encode_for_request(photo))
    _, predictions = run(None)
    for fields in ({"drop": "10%,10%"}, {"edge_shift": -3}, {"colours": "source"}, {"pick": "largest"}, {}):
        expected, _ = run(None, **fields)
        result, further = run(predictions, **fields)
        assert result == expected, fields
        assert len(further) < 1_000_000
        predictions = further or predictions


def test_the_store_forgets() -> None:
    now = 0.0
    store = PhotographStore(keep_seconds=100, max_bytes=1000, now=lambda: now)
    picture = encode_for_request(bytes(300))
    first, second, third = (store.add("me", picture) for _ in range(3))
    now = 60.0
    store.find("me", first)  # used now
    store.add("me", picture)  # the least recently used one makes room
    now = 110.0
    store.find("me", first)
    for owner, photograph_id in (("me", second), ("me", third), ("other", first), ("me", "")):
        with pytest.raises(Problem, match="no such photograph"):
            store.find(owner, photograph_id)
    assert len(store) == 2
    now = 500.0
    store.enforce_limits()
    assert len(store) == 0
    for keeps_none in (PhotographStore(0, 1000), PhotographStore(100, 299)):
        with pytest.raises(Problem, match="keeps no photograph"):
            keeps_none.add("me", picture)
