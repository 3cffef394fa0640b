"""Client for a mattebox server: the parameters of `mb.cut`, encoded files back, and the same exceptions.

    client = mattebox.Client("http://127.0.0.1:7100", api_key="...")
    client.cut("photo.jpg", background="white", format="jpg").save("white.jpg")
    job = client.submit("photo.jpg", {"steps": [{"step": "cut"}]})
    job.result().save("cut.png")
    client.cut_video("clip.mp4", format="webm").result().save("cut.webm")

Methods have asynchronous twins: acut, aenhance, aplan, asay, arun, asubmit, acut_video, aenhance_video,
arotoscope_video, and aresult of a job. A busy server is asked again when it says. Needs no image library and no
network model.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Concatenate, Literal, ParamSpec, TypeVar, Unpack

from mattebox.client.transport import ServerResponse, Transport, encode_multipart
from mattebox.errors import MatteboxError, UsageError
from mattebox.io.atomic_write import write_bytes
from mattebox.io.sources import read_bytes
from mattebox.recipe.flat_parameters import stringify_values
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import parse_recipe
from mattebox.recipe.steps import Cut

if TYPE_CHECKING:  # a client loads no pipeline
    from mattebox.api import AnonymiseParameters, CutParameters, EnhanceParameters
    from mattebox.api.parameters import EnhanceVideoParameters, RotoscopeParameters, VideoParameters

UploadSource = str | os.PathLike[str] | bytes | BinaryIO
JsonObject = Mapping[str, Any]

IMAGE_PARAMETERS = (
    "background",
    "style",
    "bokeh_depth",
    "distance_depth",
    "trimap",
    "garbage",
    "holdout",
    "core",
)  # parameters that may name a picture


OwnerT = TypeVar("OwnerT")
ReturnT = TypeVar("ReturnT")
Params = ParamSpec("Params")


def _awaitable(
    method: Callable[Concatenate[OwnerT, Params], ReturnT],
) -> Callable[Concatenate[OwnerT, Params], Awaitable[ReturnT]]:
    """The asynchronous twin of a method, which runs it in a thread."""

    async def call(self: OwnerT, /, *args: Params.args, **kwargs: Params.kwargs) -> ReturnT:
        return await asyncio.to_thread(method, self, *args, **kwargs)

    functools.update_wrapper(call, method)
    return call


@dataclass(frozen=True)
class ServerResult:
    """A result from a server.

    Attributes
    ----------
    content : bytes
        The encoded file.
    mime : str
        Its MIME type.
    width, height : int
        Its size in pixels.
    confidence : float or None
        Of the matte, 0 to 1; None when nothing was cut.
    box : (left, top, right, bottom) or None
        Of the subject, in pixels of the matte.
    details : mapping
        Everything that the server reports: `notes`, `model`, `seconds` by stage, ...
    """

    content: bytes
    mime: str
    width: int
    height: int
    confidence: float | None
    box: tuple[int, ...] | None
    details: JsonObject

    @property
    def found(self) -> bool | None:
        """Whether it is clear that there is a subject, else `notes` says so; None when nothing was cut."""
        return self.details.get("found")

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user."""
        return tuple(self.details.get("notes", ()))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the file, completely or not at all. OutputError."""
        write_bytes(Path(path), self.content, overwrite=overwrite)


class Client:
    """A connection to one server.

    Parameters
    ----------
    url : str
        Such as "http://127.0.0.1:7100".
    api_key : str, optional
        Where the server asks for one.
    max_wait_seconds : float
        How long a request is repeated while the server is busy.
    timeout_seconds : float
        Of a single response.

    All methods raise what the local functions raise, and MatteboxError when the server cannot be reached or stays busy.
    """

    def __init__(
        self, url: str, api_key: str | None = None, *, max_wait_seconds: float = 60, timeout_seconds: float = 120
    ) -> None:
        self.max_wait_seconds, self._transport = max_wait_seconds, Transport(url.rstrip("/"), api_key, timeout_seconds)

    @property
    def url(self) -> str:
        """Address of the server."""
        return self._transport.url

    def cut(
        self, source: UploadSource, *, preset: str | None = None, **parameters: Unpack[CutParameters]
    ) -> ServerResult:
        """Cut out a subject on the server. The parameters are those of `mattebox.cut`."""
        return self._request_picture("/v1/cutouts", source, {"preset": preset, **parameters})

    def enhance(
        self,
        source: UploadSource,
        *,
        preset: str | None = None,
        only: Literal["all", "subject", "background"] | None = None,
        **parameters: Unpack[EnhanceParameters],
    ) -> ServerResult:
        """Enhance a photograph on the server, with the parameters of `mattebox.enhance`; `only` is for all steps."""
        return self._request_picture("/v1/enhancements", source, {"preset": preset, "only": only, **parameters})

    def anonymise(
        self,
        source: UploadSource,
        hide: Literal["all", "faces", "plates"] = "all",
        **parameters: Unpack[AnonymiseParameters],
    ) -> ServerResult:
        """Hide faces and number plates on the server, with the parameters of `mattebox.anonymise`."""
        return self._request_picture("/v1/anonymisations", source, {"hide": hide, **parameters})

    def depth(self, source: UploadSource, *, colour: bool = False) -> ServerResult:
        """Tell the depth of a photograph on the server: a grey picture of 16 bits, white is near, or in colours. Where
        it comes from, and its limits, are in the result's `details`."""
        return self._request_picture("/v1/depths", source, {"colour": colour})

    def plan(self, words: str, *, preset: str | None = None, language: str = "auto") -> Recipe:
        """Read a request in words on the server, without doing it.

        Parameters
        ----------
        words, preset, language
            As for `mattebox.plan`.

        Returns
        -------
        Recipe
            For `run`.

        Raises
        ------
        AmbiguousWords
            The words can mean several things; `question` and `choices` say which.
        UsageError
            A word is unknown, or a value is out of its range.
        """
        from mattebox.language.errors import AmbiguousWords

        fields = {"words": words, "preset": preset, "language": language}
        body = json.dumps({name: value for name, value in fields.items() if value is not None}).encode()
        answer = self._request_with_retry("POST", "/v1/plans", ("application/json", body)).json()
        question = answer["question"]
        if question is not None:
            raise AmbiguousWords(question["words"], question["ask"], [c["words"] for c in question["choices"]])
        return parse_recipe(answer["plan"]["recipe"])

    def say(
        self,
        source: UploadSource,
        words: str,
        *,
        preset: str | None = None,
        language: str = "auto",
        images: Mapping[str, UploadSource] | None = None,
    ) -> ServerResult:
        """Do to a photograph what is said in words: what `plan` reads, by `run`; `images` as there."""
        return self.run(source, self.plan(words, preset=preset, language=language), images=images)

    def run(
        self, source: UploadSource, recipe: Recipe | JsonObject, *, images: Mapping[str, UploadSource] | None = None
    ) -> ServerResult:
        """Run a recipe on the server. `images` maps the names of pictures in the recipe to the pictures."""
        return self._request_picture("/v1/recipes:run", source, {"recipe": _recipe_json(recipe)}, images)

    def submit(
        self,
        source: UploadSource | None = None,
        recipe: Recipe | JsonObject | None = None,
        *,
        images: Mapping[str, UploadSource] | None = None,
        image_object: str | None = None,
        output_object: str | None = None,
        overwrite: bool = False,
        idempotency_key: str | None = None,
        hook_url: str | None = None,
    ) -> ServerJob:
        """Run a recipe as a background job, which survives restarts of the server.

        Parameters
        ----------
        source, images
            As for `run`; no source where there is an `image_object`.
        recipe : Recipe or mapping, optional
            As for `run`; by default a cutout.
        image_object : str, optional
            The picture in one of the server's locations, as LOCATION/KEY, in place of `source`.
        output_object : str, optional
            What the result becomes, as LOCATION/KEY; it is read there, not from the job.
        overwrite : bool
            Whether `output_object` may replace one that is there.
        idempotency_key : str, optional
            Requests with the same key give the same job, however often they are sent.
        hook_url : str, optional
            Address of a webhook that is called when the job ends.

        Raises
        ------
        UsageError
            Both of source and image_object are given, or neither.
        """
        if (source is None) == (image_object is None):
            raise UsageError("a job has one picture", "give the source, or image_object=LOCATION/KEY")
        headers = {"Prefer": "respond-async"} | ({"Idempotency-Key": idempotency_key} if idempotency_key else {})
        fields = {
            "recipe": _recipe_json(recipe or Recipe((Cut(),))), "hook_url": hook_url, "image_object": image_object,
            "output_object": output_object, "overwrite": "true" if overwrite else None,
        }  # fmt: skip
        response = self._request_with_retry(
            "POST", "/v1/recipes:run", encode_multipart(fields, _read_uploads(source, images)), headers
        )
        return ServerJob(self, str(response.json()["id"]))

    def cut_video(
        self,
        source: UploadSource,
        *,
        format: str | None = None,
        start: str | float | None = None,
        until: str | float | None = None,
        every: int | None = None,
        coherence: Literal["auto", "keys", "motion", "frame", "recurrent"] | None = None,
        idempotency_key: str | None = None,
        hook_url: str | None = None,
        **parameters: Unpack[VideoParameters],
    ) -> ServerJob:
        """Cut the subject out of a clip on the server, as a background job whose result is a video file.

        Parameters
        ----------
        source : path, bytes or file
            The clip.
        format : {"webm", "mp4", "prores", "qtrle", "ffv1"}, optional
            WebM without, or MP4 where the background is opaque.
        start, until, every, coherence
            As for `mattebox.cut_video`.
        idempotency_key, hook_url
            As for `submit`.
        **parameters
            Those of `mattebox.cut_video` for the cut and its background.
        """
        own = {"format": format, "start": start, "until": until, "every": every, "coherence": coherence}
        fields = {**own, "hook_url": hook_url, **parameters}
        return self._submit_clip("/v1/videos", source, fields, {}, idempotency_key)

    def enhance_video(
        self,
        source: UploadSource,
        *,
        format: str | None = None,
        start: str | float | None = None,
        until: str | float | None = None,
        every: int | None = None,
        deinterlace: bool | None = None,
        idempotency_key: str | None = None,
        hook_url: str | None = None,
        **parameters: Unpack[EnhanceVideoParameters],
    ) -> ServerJob:
        """Enhance a clip on the server, as a background job whose result is a video file.

        Parameters
        ----------
        source : path, bytes or file
            The clip.
        format : {"webm", "mp4", "prores", "qtrle", "ffv1"}, optional
            MP4 without.
        start, until, every, deinterlace
            As for `mattebox.enhance_video`.
        idempotency_key, hook_url
            As for `submit`.
        **parameters
            Those of `mattebox.enhance_video` for its steps.
        """
        own = {"format": format, "start": start, "until": until, "every": every, "deinterlace": deinterlace}
        fields = {**own, "hook_url": hook_url, **parameters}
        return self._submit_clip("/v1/video-enhancements", source, fields, {}, idempotency_key)

    def rotoscope_video(
        self,
        source: UploadSource,
        keys: Mapping[int, UploadSource | Mapping[str, str]],
        *,
        format: str | None = None,
        deinterlace: bool | None = None,
        idempotency_key: str | None = None,
        hook_url: str | None = None,
        **parameters: Unpack[RotoscopeParameters],
    ) -> ServerJob:
        """Cut a clip out by key frames on the server, as a background job whose result is a video file.

        Parameters
        ----------
        source : path, bytes or file
            The clip.
        keys : mapping
            Number of a frame, from 0 -> a grey matte of the frame's size (path, bytes or file), or marks as texts, as
            {"keep": "40%,50%", "drop": "10%,10%"}.
        format, idempotency_key, hook_url
            As for `cut_video`.
        deinterlace
            As for `mattebox.rotoscope_video`.
        **parameters
            Those of `mattebox.rotoscope_video` for the cut and its background.
        """
        drawings = {f"key{n}": key for n, key in keys.items() if not isinstance(key, Mapping)}
        named = {str(n): dict(key) if isinstance(key, Mapping) else f"key{n}" for n, key in keys.items()}
        own = {"keys": json.dumps(named), "format": format, "deinterlace": deinterlace}
        fields = {**own, "hook_url": hook_url, **parameters}
        return self._submit_clip("/v1/rotoscopings", source, fields, drawings, idempotency_key)

    def jobs(self) -> list[ServerJob]:
        """The jobs of this API key, newest first."""
        jobs = self._request_with_retry("GET", "/v1/jobs").json()["jobs"]
        return [ServerJob(self, str(job["id"])) for job in jobs]

    def usage(self) -> JsonObject:
        """Usage of the API key by month, and how many pictures are left in this one."""
        return self._request_with_retry("GET", "/v1/usage").json()

    acut = _awaitable(cut)
    aenhance = _awaitable(enhance)
    aplan = _awaitable(plan)
    asay = _awaitable(say)
    arun = _awaitable(run)
    asubmit = _awaitable(submit)
    acut_video = _awaitable(cut_video)
    aenhance_video = _awaitable(enhance_video)
    arotoscope_video = _awaitable(rotoscope_video)

    def _submit_clip(
        self,
        path: str,
        source: UploadSource,
        parameters: dict[str, Any],
        files: dict[str, UploadSource],
        idempotency_key: str | None,
    ) -> ServerJob:
        """A job of a clip and its parameters, some of which may name pictures."""
        fields = stringify_values(parameters)
        pictures = {f"{n}_image": fields.pop(n) for n in IMAGE_PARAMETERS if _is_file(fields.get(n))}
        contents = {name: read_bytes(content) for name, content in {**files, **pictures, "video": source}.items()}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        response = self._request_with_retry("POST", path, encode_multipart(fields, contents), headers)
        return ServerJob(self, str(response.json()["id"]))

    def _request_picture(
        self, path: str, source: UploadSource, fields: dict[str, Any], images: Mapping[str, UploadSource] | None = None
    ) -> ServerResult:
        """Request a picture. Where the server makes a job of a large one, wait for it, and erase it."""
        fields = stringify_values(fields)
        files = {f"{n}_image": fields.pop(n) for n in IMAGE_PARAMETERS if _is_file(fields.get(n))}
        response = self._request_with_retry(
            "POST", path, encode_multipart(fields, _read_uploads(source, {**files, **(images or {})}))
        )
        if response.status != 202:
            return _parse_result(response)
        job = ServerJob(self, str(response.json()["id"]))
        try:
            return job.result()
        finally:
            job.erase()

    def _request_with_retry(
        self, method: str, path: str, payload: tuple[str, bytes] = ("", b""), headers: Mapping[str, str] | None = None
    ) -> ServerResponse:
        """Send a request, again as long as the server is busy. MatteboxError after `max_wait_seconds`."""
        end = time.monotonic() + self.max_wait_seconds
        while True:
            response = self._transport.send_request(method, path, payload, headers or {})
            if response.retry_after_seconds is None:
                return response
            if time.monotonic() + response.retry_after_seconds > end:
                raise MatteboxError(f"{self.url} is busy", "try again later, or raise max_wait_seconds")
            time.sleep(response.retry_after_seconds)


@dataclass(frozen=True)
class ServerJob:
    """A background job on a server."""

    client: Client
    id: str

    def status(self) -> JsonObject:
        """Its `state`, `progress` (0 to 1), `attempts`, `error`, ... MatteboxError when it no longer exists."""
        return self.client._request_with_retry("GET", f"/v1/jobs/{self.id}").json()

    def wait(self, max_wait_seconds: float | None = None) -> JsonObject:
        """Wait for its end, without limit unless given; its last status, which says of an `output_object` in `made`
        where it is and its SHA-256. MatteboxError when it takes longer."""
        end = None if max_wait_seconds is None else time.monotonic() + max_wait_seconds
        pause = 0.05
        while (status := self.status())["state"] in ("queued", "running"):
            if end is not None and time.monotonic() + pause > end:
                raise MatteboxError("the job is not done yet", "ask again later")
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)
        return status

    def result(self, max_wait_seconds: float | None = None) -> ServerResult:
        """Wait for its picture, without limit unless given. Raises the error of a job that failed, and MatteboxError
        where the picture is an `output_object`."""
        self.wait(max_wait_seconds)
        return _parse_result(self.client._request_with_retry("GET", f"/v1/jobs/{self.id}/result"))

    aresult = _awaitable(result)

    def cancel(self) -> None:
        """Stop it, if it has not ended."""
        self.client._request_with_retry("POST", f"/v1/jobs/{self.id}:cancel")

    def erase(self) -> None:
        """Stop it if necessary, and delete its files."""
        self.client._request_with_retry("DELETE", f"/v1/jobs/{self.id}")


def _is_file(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and os.path.isfile(value)


def _read_uploads(source: UploadSource | None, images: Mapping[str, UploadSource] | None) -> dict[str, bytes]:
    pictures = {"image": source} if source is not None else {}
    return {name: read_bytes(content) for name, content in {**(images or {}), **pictures}.items()}


def _recipe_json(recipe: Recipe | JsonObject) -> str:
    return recipe.to_json().decode() if isinstance(recipe, Recipe) else json.dumps(recipe)


def _parse_result(response: ServerResponse) -> ServerResult:
    details = json.loads(response.headers["x-made"])
    box = details.get("box")
    return ServerResult(
        response.body, details["mime"], details["width"], details["height"], details.get("confidence"),
        None if box is None else tuple(box), details,
    )  # fmt: skip
