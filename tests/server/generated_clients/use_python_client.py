"""Uses the client that openapi-python-client made: python use_python_client.py SERVER PHOTO FOLDER

Run by test_generated_clients.py, with the generator's own Python.
"""

import sys
import time
from pathlib import Path

from mattebox_client import Client
from mattebox_client.api.jobs import erase_job, get_job, get_job_result
from mattebox_client.api.pictures import create_cutout
from mattebox_client.api.removebg import remove_background
from mattebox_client.models import CutoutForm, Job, Problem, RemovebgForm, Shadow
from mattebox_client.types import File

SECONDS = 120


def main(server: str, photo: Path, folder: Path) -> None:
    client = Client(base_url=server, timeout=SECONDS)
    with photo.open("rb") as file:
        form = CutoutForm(image=File(file, "photo.jpg", "image/jpeg"), shadow=Shadow.DROP, crop=True)
        save(create_cutout.sync(client=client, body=form), folder / "cutout.png")
    with photo.open("rb") as file:
        form = CutoutForm(image=File(file, "photo.jpg", "image/jpeg"))
        job = create_cutout.sync(client=client, body=form, prefer="respond-async")
    assert isinstance(job, Job), job
    end = time.monotonic() + SECONDS
    while job.state not in ("done", "failed") and time.monotonic() < end:
        time.sleep(0.2)
        job = get_job.sync(job.id, client=client)
        assert isinstance(job, Job), job
    assert job.made is not None, job
    assert job.made.width > 0
    save(get_job_result.sync(job.id, client=client), folder / "job.png")
    assert erase_job.sync_detailed(job.id, client=client).status_code == 204
    missing = get_job.sync(job.id, client=client)
    assert isinstance(missing, Problem)
    assert missing.code == "job_unknown"
    with photo.open("rb") as file:
        form = RemovebgForm(image_file=File(file, "photo.jpg", "image/jpeg"))
        save(remove_background.sync(client=client, body=form), folder / "removebg.png")


def save(result: object, path: Path) -> None:
    assert isinstance(result, File), result
    path.write_bytes(result.payload.read())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
