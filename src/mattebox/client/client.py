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

from mattebox.api import Enhancing, Parameters
from mattebox.client.transport import Answer, Line, form
from mattebox.errors import MatteboxError
from mattebox.io.atomic_write import write_bytes
from mattebox.io.sources import read_bytes
from mattebox.recipe.recipe import Recipe

Source = str | os.PathLike[str] | bytes | BinaryIO
Told = Mapping[str, Any]

BESIDE = ("background", "style", "trimap", "garbage", "holdout", "core")  # parameters that may name a picture


@dataclass(frozen=True)
class Made:
    """What a server made: the file's bytes, its MIME type, size in pixels, and the matte's confidence and box; `told`
    is all that it tells of it (`notes`, `model`, `seconds` by stage, ...)."""

    content: bytes
    mime: str
    width: int
    height: int
    confidence: float | None
    box: tuple[int, ...] | None
    told: Told

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the file, whole or not at all. OutputError."""
        write_bytes(Path(path), self.content, overwrite=overwrite)


class Client:
    """One server. `patience`: seconds in all that a busy one is waited for; `timeout`: for one answer.

    Every verb raises what it would raise here, and MatteboxError when the server cannot be reached or is too busy.
    """

    def __init__(self, url: str, key: str | None = None, *, patience: float = 60, timeout: float = 120) -> None:
        self.patience, self._line = patience, Line(url.rstrip("/"), key, timeout)

    @property
    def url(self) -> str:
        return self._line.url

    def cut(self, source: Source, *, preset: str | None = None, **parameters: Unpack[Parameters]) -> Made:
        """Cut out a photograph there. The parameters are those of `mattebox.cut`; `preset` names a recipe."""
        return self._picture("/v1/cutouts", source, {"preset": preset, **parameters})

    def enhance(
        self,
        source: Source,
        *,
        preset: str | None = None,
        only: Literal["all", "subject", "background"] | None = None,
        **parameters: Unpack[Enhancing],
    ) -> Made:
        """Make a photograph better there. The parameters are those of `mattebox.enhance`."""
        return self._picture("/v1/enhancements", source, {"preset": preset, "only": only, **parameters})

    def run(self, source: Source, recipe: Recipe | Told, *, images: Mapping[str, Source] | None = None) -> Made:
        """Do a recipe to a photograph there. `images` are the pictures that the recipe names."""
        return self._picture("/v1/recipes:run", source, {"recipe": _told(recipe)}, images)

    def submit(
        self,
        source: Source,
        recipe: Recipe | Told,
        *,
        images: Mapping[str, Source] | None = None,
        key: str | None = None,
        hook: str | None = None,
    ) -> Job:
        """The same as a job, which outlives the server. With the same `key` it is the same job, however often it comes;
        `hook` is an address that is told of the end."""
        headers = {"Prefer": "respond-async"} | ({"Idempotency-Key": key} if key else {})
        fields = {"recipe": _told(recipe), "hook_url": hook}
        answer = self._asked("POST", "/v1/recipes:run", form(fields, _sent(source, images)), headers)
        return Job(self, str(answer.told()["id"]))

    def jobs(self) -> list[Job]:
        """One's own jobs, newest first."""
        return [Job(self, str(each["id"])) for each in self._asked("GET", "/v1/jobs").told()["jobs"]]

    def usage(self) -> Told:
        """What the key used, by month, and how many pictures are left of this one."""
        return self._asked("GET", "/v1/usage").told()

    async def acut(self, source: Source, *, preset: str | None = None, **parameters: Unpack[Parameters]) -> Made:
        return await asyncio.to_thread(lambda: self.cut(source, preset=preset, **parameters))

    async def aenhance(self, source: Source, *, preset: str | None = None, **parameters: Unpack[Enhancing]) -> Made:
        return await asyncio.to_thread(lambda: self.enhance(source, preset=preset, **parameters))

    async def arun(self, source: Source, recipe: Recipe | Told, *, images: Mapping[str, Source] | None = None) -> Made:
        return await asyncio.to_thread(lambda: self.run(source, recipe, images=images))

    async def asubmit(
        self,
        source: Source,
        recipe: Recipe | Told,
        *,
        images: Mapping[str, Source] | None = None,
        key: str | None = None,
        hook: str | None = None,
    ) -> Job:
        return await asyncio.to_thread(lambda: self.submit(source, recipe, images=images, key=key, hook=hook))

    def _picture(
        self, path: str, source: Source, fields: dict[str, Any], images: Mapping[str, Source] | None = None
    ) -> Made:
        """A picture, of which the server may make a job when it is large: then that is waited for, and erased."""
        beside = {f"{n}_image": fields.pop(n) for n in BESIDE if _is_file(fields.get(n))}
        answer = self._asked("POST", path, form(fields, _sent(source, {**beside, **(images or {})})))
        if answer.status != 202:
            return _made(answer)
        job = Job(self, str(answer.told()["id"]))
        try:
            return job.result()
        finally:
            job.erase()

    def _asked(
        self, method: str, path: str, sent: tuple[str, bytes] = ("", b""), headers: Mapping[str, str] | None = None
    ) -> Answer:
        """An answer that is none of "come again"."""
        end = time.monotonic() + self.patience
        while True:
            answer = self._line.ask(method, path, sent, headers or {})
            if answer.wait is None:
                return answer
            if time.monotonic() + answer.wait > end:
                raise MatteboxError(f"{self.url} is busy", "try again later, or give more patience=")
            time.sleep(answer.wait)


@dataclass(frozen=True)
class Job:
    """A job on a server."""

    client: Client
    id: str

    def told(self) -> Told:
        """How it is: `state`, `progress` from 0 to 1, `attempts`, `error`, ... MatteboxError when it is no more."""
        return self.client._asked("GET", f"/v1/jobs/{self.id}").told()

    def result(self, patience: float | None = None) -> Made:
        """Its picture, once it is done; waited for so many seconds, or without end. Raises what it failed of."""
        end = None if patience is None else time.monotonic() + patience
        pause = 0.05
        while self.told()["state"] in ("queued", "running"):
            if end is not None and time.monotonic() + pause > end:
                raise MatteboxError("the job is not done yet", "ask again later")
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)
        return _made(self.client._asked("GET", f"/v1/jobs/{self.id}/result"))

    async def aresult(self, patience: float | None = None) -> Made:
        return await asyncio.to_thread(lambda: self.result(patience))

    def cancel(self) -> None:
        """Stop it, if it is not over."""
        self.client._asked("POST", f"/v1/jobs/{self.id}:cancel")

    def erase(self) -> None:
        """Stop it if need be, and leave nothing of it."""
        self.client._asked("DELETE", f"/v1/jobs/{self.id}")


def _is_file(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and os.path.isfile(value)


def _sent(source: Source, images: Mapping[str, Source] | None) -> dict[str, bytes]:
    return {name: read_bytes(content) for name, content in {**(images or {}), "image": source}.items()}


def _told(recipe: Recipe | Told) -> str:
    return recipe.to_json().decode() if isinstance(recipe, Recipe) else json.dumps(recipe)


def _made(answer: Answer) -> Made:
    told = json.loads(answer.headers["x-made"])
    box = told.get("box")
    return Made(
        answer.body, told["mime"], told["width"], told["height"], told.get("confidence"),
        None if box is None else tuple(box), told,
    )  # fmt: skip
