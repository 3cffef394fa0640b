"""Jobs that earlier versions stored are done by this one, and this one's by theirs as far as the format tells.

The rows were recorded from the versions named; `benchmarks/rolling_upgrade.py` runs two versions at once.
"""

from __future__ import annotations

import json
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.store import JobStore
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.serialization import parse_recipe
from mattebox.server.app import create_app
from mattebox.server.auth import LOCAL_CALLER
from mattebox.server.settings import Settings
from mattebox.server.workers.protocol import WorkerTask
from mattebox.server.workers.task_execution import prepare_task
from tests.server.conftest import decode_image
from tests.serving import encode_for_request, make_buffer
from tests.waiting import wait_until

MAX_SECONDS = 150.0
RECORDED_TASKS = {
    "2026-11-29 (6bbf597)": """{"recipe": {"steps": [{"step": "cut", "model": "fast", "votes": 0, "edges": "refined",
"colours": "clean", "empty": "keep", "region": "all", "keep": "none", "drop": "none", "pick": "all", "trimap": "none",
"garbage": "none", "holdout": "none", "core": "none", "by": "network", "tolerance": "normal", "output": "cutout"},
{"step": "background", "paint": "white", "fit": "cover", "align": "center", "blend": "encoded", "harmonise": 0},
{"step": "save", "format": "png", "quality": 0, "file_limit": "none", "profile": "keep", "depth": "keep",
"check_for": "none"}], "title": ""}, "source": [0, SIZE], "images": {}, "max_pixels": 50000000, "most_pixels": null}""",
    "2026-11-30 (e5c7528)": """{"recipe": {"steps": [{"step": "cut", "model": "fast", "votes": 0, "edges": "colour",
"edge_shift": 0.0, "feather": 0.0, "colours": "clean", "empty": "keep", "region": "all", "keep": "none", "drop": "none",
"pick": "all", "trimap": "none", "garbage": "none", "holdout": "none", "core": "none", "by": "network", "holes": "auto",
"tolerance": "normal", "output": "cutout"}, {"step": "background", "paint": "white", "fit": "cover", "align": "center",
"blend": "encoded", "harmonise": 0}, {"step": "save", "format": "png", "quality": 0, "file_limit": "none",
"profile": "keep", "bit_depth": "keep", "check_for": "none", "sign": "no", "mark_source": "auto",
"watermark": "none"}], "title": ""}, "source": [0, SIZE], "images": {}, "max_pixels": 50000000, "most_pixels": null,
"preview_pixels": null}""",
}
OLD_WORKER_FIELDS = {"recipe", "source", "images", "max_pixels", "most_pixels"}  # that the oldest one needs


def store_old_job(folder: Path, job_id: str, task: str, picture: bytes) -> None:
    """A job as an earlier version left it: no trace, and none of the fields that came later."""
    header = {"task": json.loads(task.replace("SIZE", str(len(picture)))), "pixels": 320 * 240}
    head = json.dumps(header).encode()
    frame = struct.pack(">IQ", len(head), len(picture)) + head + picture
    store = JobStore(folder / "jobs", PlaintextCipher())
    store.prepare()
    job: dict[str, Any] = {"owner": LOCAL_CALLER, "created": time.time(), "fingerprint": "0", "hook": None}
    assert store.add(job_id, job, [frame])


@pytest.mark.timeout(240)
def test_jobs_of_earlier_versions_are_done(tmp_path: Path, mug: bytes) -> None:
    for number, task in enumerate(RECORDED_TASKS.values()):
        store_old_job(tmp_path, f"old{number}", task, mug)
    with TestClient(create_app(Settings(model="fast", workers=1, data=str(tmp_path)))) as client:
        paths = [f"/v1/jobs/old{number}" for number in range(len(RECORDED_TASKS))]
        wait_until(lambda: all(client.get(path).json()["finished"] for path in paths), MAX_SECONDS)
        for path in paths:
            assert client.get(path).json()["error"] is None
            result = decode_image(client.get(f"{path}/result").content)
            assert (result.size, result.getpixel((0, 0))) == ((320, 240), (255, 255, 255))


def test_what_this_version_stores_has_what_earlier_ones_need(mug: bytes) -> None:
    """A worker of an earlier version ignores fields that it does not know; it must miss none."""
    recipe = build_recipe({"background": "white"})
    task = prepare_task(Settings(), recipe, encode_for_request(mug))
    frame = b"".join(task)
    head_length, body_length = struct.unpack(">IQ", frame[:12])
    header = json.loads(frame[12 : 12 + head_length])
    assert set(header) == {"task", "pixels"}
    assert header["task"].keys() >= OLD_WORKER_FIELDS
    # Earlier versions refuse fields that they do not know, hence only those that are not defaults are there.
    assert header["task"]["recipe"] == {
        "steps": [{"step": "cut"}, {"step": "background", "paint": "white"}], "title": "",
    }  # fmt: skip
    assert parse_recipe(header["task"]["recipe"]) == recipe
    assert frame[12 + head_length :] == mug
    assert body_length == len(mug)
    assert WorkerTask.from_chunks([frame], make_buffer()).header == json.loads(json.dumps(task.header))
