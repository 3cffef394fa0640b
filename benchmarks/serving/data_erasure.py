"""What was sent and what was made, looked for on the disk when it should be gone: by retention, and by DELETE.

    python -m benchmarks.serving.data_erasure [--keep 3]

A photograph carries a canary in its EXIF comment, behind its end, in its file's name, in a field, in its key and in
the address of a hook. Then every byte below the data folder, the folder of temporary files and the log is
searched for it, for its base64, and for pieces of the photograph and of the result. While the job is there, the
photograph must be found, or the search finds nothing at all.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import tempfile
import time
from pathlib import Path

from PIL import Image

from benchmarks.batch import write_photographs
from benchmarks.serving.server_process import ServerProcess, running_server

CANARY = b"canary-3f9c1e-yellow"
PROBE_BYTES = 48


def make_photograph(source: Path) -> bytes:
    made, exif = io.BytesIO(), Image.Exif()
    exif[0x9286] = CANARY.decode()
    with Image.open(source) as picture:
        picture.save(made, "jpeg", exif=exif, quality=92)
    return made.getvalue() + CANARY


def submit_job(server: ServerProcess, image: bytes) -> str:
    mark = b"--mark\r\n"
    name = b"Content-Disposition: form-data; name="
    parts = (b'"empty"\r\n\r\nkeep\r\n', b'"hook_url"\r\n\r\nhttp://127.0.0.1:9/' + CANARY + b"\r\n",
             b'"image"; filename="' + CANARY + b'.jpg"\r\n\r\n' + image + b"\r\n")  # fmt: skip
    body = b"".join(mark + name + part for part in parts) + b"--mark--\r\n"
    headers = {"Content_Type": "multipart/form-data; boundary=mark", "Prefer": "respond-async",
               "Idempotency_Key": CANARY.decode() + str(time.time())}  # fmt: skip
    no_hook = body.replace(b"http://127.0.0.1:9/" + CANARY, b"")
    kind = headers["Content_Type"]
    status, _, answer = server.send_request(
        "POST", f"/v1/cutouts?background={CANARY.decode()}", no_hook, Content_Type=kind
    )
    assert status == 422, answer  # what makes no sense is told, and kept nowhere
    status, _, answer = server.send_request("POST", "/v1/cutouts", body, **headers)
    assert status == 202, answer
    return str(json.loads(answer)["id"])


def find_needles(folder: Path, needles: dict[str, bytes]) -> dict[str, list[str]]:
    """Which needles lie in which files, names of files included."""
    places: dict[str, list[str]] = {}
    for path in (p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes() + os.fsencode(path.name)
        for what, needle in needles.items():
            if needle in content:
                places.setdefault(what, []).append(str(path.relative_to(folder)))
    return places


def run(keep_seconds: int) -> None:
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as elsewhere:
        folder = Path(name)
        write_photographs(Path(elsewhere) / "in", 1, (4000, 3000))
        image = make_photograph(next((Path(elsewhere) / "in").iterdir()))
        (folder / "tmp").mkdir()
        settings = {"TMPDIR": str(folder / "tmp"), "MATTEBOX_SERVER_LOG": "json", "MATTEBOX_SERVER_KEEP": str(keep_seconds),
                    "MATTEBOX_SERVER_HOOK_SECRET": "x", "MATTEBOX_SERVER_URL_NETWORKS": "127.0.0.1/32",
                    "MATTEBOX_SERVER_URL_PORTS": "9"}  # fmt: skip
        with running_server(folder, **settings) as served:
            for how in ("DELETE", "retention"):
                job = submit_job(served, image)
                needles = {
                    "canary": CANARY,
                    "base64": base64.b64encode(CANARY)[:24],
                    "sent": image[50_000 : 50_000 + PROBE_BYTES],
                }
                there = find_needles(folder, needles)
                while (told := served.job_status(job))["progress"] < 1:
                    time.sleep(0.05)
                assert told["state"] == "done", told
                result = served.send_request("GET", f"/v1/jobs/{job}/result")[2]
                needles["made"] = result[len(result) // 2 : len(result) // 2 + PROBE_BYTES]
                done = find_needles(folder, needles)
                if how == "DELETE":
                    assert served.send_request("DELETE", f"/v1/jobs/{job}")[0] == 204
                else:
                    time.sleep(keep_seconds + 2)
                print(f"{how}: queued {sorted(there)}, done {sorted(done)}, afterwards {find_needles(folder, needles)}")
            served.stop()
        print(f"after the server's end: {find_needles(folder, needles)}; "
              f"files left: {sorted(p.name for p in folder.rglob('*') if p.is_file())}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=int, default=3)
    run(parser.parse_args().keep)


if __name__ == "__main__":
    main()
