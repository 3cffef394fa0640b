"""A mattebox server from Python: the same parameters as `mb.cut`, the picture's bytes back, our own errors.

    client = mattebox.Client("http://127.0.0.1:7100", key="...")
    client.cut("photo.jpg", background="white", format="jpg").save("white.jpg")
    job = client.submit("photo.jpg", {"steps": [{"step": "cut"}]})
    job.result().save("cut.png")

Each verb has an asynchronous twin: acut, aenhance, arun, asubmit, aresult. Standard library only. A busy server is
asked again as it says. Knows nothing of how pictures are made.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Unpack

from mattebox.api import CutParameters, EnhanceParameters
from mattebox.client.transport import ServerResponse, Transport, encode_multipart
from mattebox.errors import MatteboxError
from mattebox.io.atomic_write import write_bytes
from mattebox.io.sources import read_bytes
from mattebox.recipe.recipe import Recipe

UploadSource = str | os.PathLike[str] | bytes | BinaryIO
JsonObject = Mapping[str, Any]

IMAGE_PARAMETERS = ("background", "style", "trimap", "garbage", "holdout", "core")  # parameters that may name a picture


@dataclass(frozen=True)
class ServerResult:
    """What a server made: the file's bytes, its MIME type, size in pixels, and the matte's confidence and box; `details`
    is all that it tells of it (`notes`, `model`, `seconds` by stage, ...)."""

    content: bytes
    mime: str
    width: int
    height: int
    confidence: float | None
    box: tuple[int, ...] | None
    details: JsonObject

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the file, whole or not at all. OutputError."""
        write_bytes(Path(path), self.content, overwrite=overwrite)


class Client:
    """One server. `max_wait_seconds`: seconds in all that a busy one is waited for; `timeout`: for one answer.

    Every verb raises what it would raise here, and MatteboxError when the server cannot be reached or is too busy.
    """

    def __init__(
        self, url: str, api_key: str | None = None, *, max_wait_seconds: float = 60, timeout_seconds: float = 120
    ) -> None:
        self.max_wait_seconds, self._transport = max_wait_seconds, Transport(url.rstrip("/"), api_key, timeout_seconds)

    @property
    def url(self) -> str:
        return self._transport.url

    def cut(
        self, source: UploadSource, *, preset: str | None = None, **parameters: Unpack[CutParameters]
    ) -> ServerResult:
        """Cut out a photograph there. The parameters are those of `mattebox.cut`; `preset` names a recipe."""
        return self._request_picture("/v1/cutouts", source, {"preset": preset, **parameters})

    def enhance(
        self,
        source: UploadSource,
        *,
        preset: str | None = None,
        only: Literal["all", "subject", "background"] | None = None,
        **parameters: Unpack[EnhanceParameters],
    ) -> ServerResult:
        """Make a photograph better there. The parameters are those of `mattebox.enhance`."""
        return self._request_picture("/v1/enhancements", source, {"preset": preset, "only": only, **parameters})

    def run(
        self, source: UploadSource, recipe: Recipe | JsonObject, *, images: Mapping[str, UploadSource] | None = None
    ) -> ServerResult:
        """Do a recipe to a photograph there. `images` are the pictures that the recipe names."""
        return self._request_picture("/v1/recipes:run", source, {"recipe": _recipe_json(recipe)}, images)

    def submit(
        self,
        source: UploadSource,
        recipe: Recipe | JsonObject,
        *,
        images: Mapping[str, UploadSource] | None = None,
        idempotency_key: str | None = None,
        hook_url: str | None = None,
    ) -> ServerJob:
        """The same as a job, which outlives the server. With the same `idempotency_key` it is the same job, however often it comes;
        `hook_url` is an address that is told of the end."""
        headers = {"Prefer": "respond-async"} | ({"Idempotency-Key": idempotency_key} if idempotency_key else {})
        fields = {"recipe": _recipe_json(recipe), "hook_url": hook_url}
        answer = self._request_with_retry(
            "POST", "/v1/recipes:run", encode_multipart(fields, _read_uploads(source, images)), headers
        )
        return ServerJob(self, str(answer.json()["id"]))

    def jobs(self) -> list[ServerJob]:
        """One's own jobs, newest first."""
        return [ServerJob(self, str(each["id"])) for each in self._request_with_retry("GET", "/v1/jobs").json()["jobs"]]

    def usage(self) -> JsonObject:
        """What the key used, by month, and how many pictures are left of this one."""
        return self._request_with_retry("GET", "/v1/usage").json()

    async def acut(
        self, source: UploadSource, *, preset: str | None = None, **parameters: Unpack[CutParameters]
    ) -> ServerResult:
        return await asyncio.to_thread(lambda: self.cut(source, preset=preset, **parameters))

    async def aenhance(
        self, source: UploadSource, *, preset: str | None = None, **parameters: Unpack[EnhanceParameters]
    ) -> ServerResult:
        return await asyncio.to_thread(lambda: self.enhance(source, preset=preset, **parameters))

    async def arun(
        self, source: UploadSource, recipe: Recipe | JsonObject, *, images: Mapping[str, UploadSource] | None = None
    ) -> ServerResult:
        return await asyncio.to_thread(lambda: self.run(source, recipe, images=images))

    async def asubmit(
        self,
        source: UploadSource,
        recipe: Recipe | JsonObject,
        *,
        images: Mapping[str, UploadSource] | None = None,
        idempotency_key: str | None = None,
        hook_url: str | None = None,
    ) -> ServerJob:
        return await asyncio.to_thread(
            lambda: self.submit(source, recipe, images=images, idempotency_key=idempotency_key, hook_url=hook_url)
        )

    def _request_picture(
        self, path: str, source: UploadSource, fields: dict[str, Any], images: Mapping[str, UploadSource] | None = None
    ) -> ServerResult:
        """A picture, of which the server may make a job when it is large: then that is waited for, and erased."""
        beside = {f"{n}_image": fields.pop(n) for n in IMAGE_PARAMETERS if _is_file(fields.get(n))}
        answer = self._request_with_retry(
            "POST", path, encode_multipart(fields, _read_uploads(source, {**beside, **(images or {})}))
        )
        if answer.status != 202:
            return _parse_result(answer)
        job = ServerJob(self, str(answer.json()["id"]))
        try:
            return job.result()
        finally:
            job.erase()

    def _request_with_retry(
        self, method: str, path: str, payload: tuple[str, bytes] = ("", b""), headers: Mapping[str, str] | None = None
    ) -> ServerResponse:
        """An answer that is none of "come again"."""
        end = time.monotonic() + self.max_wait_seconds
        while True:
            answer = self._transport.send_request(method, path, payload, headers or {})
            if answer.retry_after_seconds is None:
                return answer
            if time.monotonic() + answer.retry_after_seconds > end:
                raise MatteboxError(f"{self.url} is busy", "try again later, or give more patience=")
            time.sleep(answer.retry_after_seconds)


@dataclass(frozen=True)
class ServerJob:
    """A job on a server."""

    client: Client
    id: str

    def status(self) -> JsonObject:
        """How it is: `state`, `progress` from 0 to 1, `attempts`, `error`, ... MatteboxError when it is no more."""
        return self.client._request_with_retry("GET", f"/v1/jobs/{self.id}").json()

    def result(self, max_wait_seconds: float | None = None) -> ServerResult:
        """Its picture, once it is done; waited for so many seconds, or without end. Raises what it failed of."""
        end = None if max_wait_seconds is None else time.monotonic() + max_wait_seconds
        pause = 0.05
        while self.status()["state"] in ("queued", "running"):
            if end is not None and time.monotonic() + pause > end:
                raise MatteboxError("the job is not done yet", "ask again later")
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)
        return _parse_result(self.client._request_with_retry("GET", f"/v1/jobs/{self.id}/result"))

    async def aresult(self, max_wait_seconds: float | None = None) -> ServerResult:
        return await asyncio.to_thread(lambda: self.result(max_wait_seconds))

    def cancel(self) -> None:
        """Stop it, if it is not over."""
        self.client._request_with_retry("POST", f"/v1/jobs/{self.id}:cancel")

    def erase(self) -> None:
        """Stop it if need be, and leave nothing of it."""
        self.client._request_with_retry("DELETE", f"/v1/jobs/{self.id}")


def _is_file(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and os.path.isfile(value)


def _read_uploads(source: UploadSource, images: Mapping[str, UploadSource] | None) -> dict[str, bytes]:
    return {name: read_bytes(content) for name, content in {**(images or {}), "image": source}.items()}


def _recipe_json(recipe: Recipe | JsonObject) -> str:
    return recipe.to_json().decode() if isinstance(recipe, Recipe) else json.dumps(recipe)


def _parse_result(response: ServerResponse) -> ServerResult:
    told = json.loads(response.headers["x-made"])
    box = told.get("box")
    return ServerResult(
        response.body, told["mime"], told["width"], told["height"], told.get("confidence"),
        None if box is None else tuple(box), told,
    )  # fmt: skip
