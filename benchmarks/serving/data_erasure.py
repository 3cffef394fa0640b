"""Remains of a job on the disk after its end: uploads and results must be gone after retention and after DELETE.

    python -m benchmarks.serving.data_erasure [--keep 3]

A photograph carries a canary in its EXIF comment, after its end, in its file name, in a form field, in its idempotency
key and in the address of a webhook. Every byte below the data folder, the folder of temporary files and the log is then
searched for the canary, its base64, and pieces of the photograph and of the result. While the job exists the photograph
must be found, which proves that the search works.
"""

from __future__ import annotations

import base64
import io
import json
import os
import tempfile
import time
from pathlib import Path

from PIL import Image

from benchmarks.common import argument_parser, jpeg_photographs
from benchmarks.serving.server_process import ServerProcess, running_server

CANARY = b"canary-3f9c1e-yellow"
PROBE_BYTES = 48
HOOK_URL = b"http://127.0.0.1:9/" + CANARY
EXIF_USER_COMMENT = 0x9286


def make_photograph(source: bytes) -> bytes:
    file, exif = io.BytesIO(), Image.Exif()
    exif[EXIF_USER_COMMENT] = CANARY.decode()
    with Image.open(io.BytesIO(source)) as picture:
        picture.save(file, "jpeg", exif=exif, quality=92)
    return file.getvalue() + CANARY


def build_form(image: bytes, hook_url: bytes) -> bytes:
    parts = (
        b'"empty"\r\n\r\nkeep\r\n',
        b'"hook_url"\r\n\r\n' + hook_url + b"\r\n",
        b'"image"; filename="' + CANARY + b'.jpg"\r\n\r\n' + image + b"\r\n",
    )
    return b"".join(b"--mark\r\nContent-Disposition: form-data; name=" + part for part in parts) + b"--mark--\r\n"


def submit_job(server: ServerProcess, image: bytes) -> str:
    headers = {"Content-Type": "multipart/form-data; boundary=mark"}
    invalid = f"/v1/cutouts?background={CANARY.decode()}"
    response = server.send_request("POST", invalid, build_form(image, b""), headers)
    assert response.status == 422, response.body  # its answer names the canary, which must not be stored either
    headers |= {"Prefer": "respond-async", "Idempotency-Key": CANARY.decode() + str(time.time())}
    response = server.send_request("POST", "/v1/cutouts", build_form(image, HOOK_URL), headers)
    assert response.status == 202, response.body
    return str(json.loads(response.body)["id"])


def find_needles(folder: Path, needles: dict[str, bytes]) -> dict[str, list[str]]:
    """Files that contain each needle, in their content or their name."""
    files_by_needle: dict[str, list[str]] = {}
    for path in (p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes() + os.fsencode(path.name)
        for label, needle in needles.items():
            if needle in content:
                files_by_needle.setdefault(label, []).append(str(path.relative_to(folder)))
    return files_by_needle


def check_erasure(server: ServerProcess, image: bytes, folder: Path, keep_seconds: int | None) -> dict[str, bytes]:
    """Run one job, erase it by DELETE or (with `keep_seconds`) by retention, and return what was searched for."""
    job_id = submit_job(server, image)
    needles = {
        "canary": CANARY,
        "base64": base64.b64encode(CANARY)[:24],
        "upload": image[50_000 : 50_000 + PROBE_BYTES],
    }
    while_queued = find_needles(folder, needles)
    while (status := server.job_status(job_id))["progress"] < 1:
        time.sleep(0.05)
    assert status["state"] == "done", status
    result = server.send_request("GET", f"/v1/jobs/{job_id}/result").body
    needles["result"] = result[len(result) // 2 : len(result) // 2 + PROBE_BYTES]
    when_done = find_needles(folder, needles)
    if keep_seconds is None:
        assert server.send_request("DELETE", f"/v1/jobs/{job_id}").status == 204
    else:
        time.sleep(keep_seconds + 2)
    label = "DELETE" if keep_seconds is None else "retention"
    afterwards = find_needles(folder, needles)
    print(f"{label}: queued {sorted(while_queued)}, done {sorted(when_done)}, afterwards {afterwards}", flush=True)
    return needles


def run(keep_seconds: int) -> None:
    image = make_photograph(next(jpeg_photographs(1, (4000, 3000))))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        settings = {
            "TMPDIR": str(folder / "tmp"),
            "MATTEBOX_SERVER_LOG": "json",
            "MATTEBOX_SERVER_KEEP": str(keep_seconds),
            "MATTEBOX_SERVER_HOOK_SECRET": "x",
            "MATTEBOX_SERVER_URL_NETWORKS": "127.0.0.1/32",
            "MATTEBOX_SERVER_URL_PORTS": "9",
        }
        with running_server(folder, settings=settings) as server:
            check_erasure(server, image, folder, None)
            needles = check_erasure(server, image, folder, keep_seconds)
            server.stop()
        files = sorted(path.name for path in folder.rglob("*") if path.is_file())
        print(f"after the server's end: {find_needles(folder, needles)}; files left: {files}")


def main() -> None:
    run(argument_parser(__doc__, keep=3).parse_args().keep)


if __name__ == "__main__":
    main()
