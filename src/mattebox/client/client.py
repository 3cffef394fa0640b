"""Client for a mattebox server: the parameters of `mb.cut`, encoded files back, and the same exceptions.

    client = mattebox.Client("http://127.0.0.1:7100", api_key="...")
    client.cut("photo.jpg", background="white", format="jpg").save("white.jpg")
    job = client.submit("photo.jpg", {"steps": [{"step": "cut"}]})
    job.result().save("cut.png")
    client.cut_video("clip.mp4", format="webm").result().save("cut.webm")

Methods have asynchronous twins: acut, aenhance, aanonymise, adepth, aplan, asay, arun, asubmit, acut_video,
aenhance_video, arotoscope_video, and aresult of a job. A busy server is asked again when it says. Needs no image
library and no network model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

from mattebox.client.awaitables import run_in_thread
from mattebox.client.clip_requests import ClipRequests
from mattebox.client.connection import Connection
from mattebox.client.jobs import ServerJob
from mattebox.client.results import JsonObject, ServerResult, parse_result
from mattebox.client.transport import Transport, encode_multipart
from mattebox.client.uploads import UploadSource, read_uploads, take_pictures
from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import stringify_values
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import parse_recipe
from mattebox.recipe.steps import Cut

if TYPE_CHECKING:  # a client loads no pipeline
    from mattebox.api import AnonymiseParameters, CutParameters, EnhanceParameters


class Client(ClipRequests):
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
        self._connection = Connection(Transport(url.rstrip("/"), api_key, timeout_seconds), max_wait_seconds)

    @property
    def url(self) -> str:
        """Address of the server."""
        return self._connection.url

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
        answer = self._connection.request("POST", "/v1/plans", ("application/json", body)).json()
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
        response = self._connection.request(
            "POST", "/v1/recipes:run", encode_multipart(fields, read_uploads(source, images)), headers
        )
        return ServerJob(self._connection, str(response.json()["id"]))

    def jobs(self) -> list[ServerJob]:
        """The jobs of this API key, newest first."""
        jobs = self._connection.request("GET", "/v1/jobs").json()["jobs"]
        return [ServerJob(self._connection, str(job["id"])) for job in jobs]

    def job(self, id: str) -> ServerJob:
        """A job by its id, such as one that another program has submitted; nothing is asked of the server yet."""
        return ServerJob(self._connection, id)

    def usage(self) -> JsonObject:
        """Usage of the API key by month, and how many pictures are left in this one."""
        return self._connection.request("GET", "/v1/usage").json()

    acut = run_in_thread(cut)
    aenhance = run_in_thread(enhance)
    aplan = run_in_thread(plan)
    asay = run_in_thread(say)
    aanonymise = run_in_thread(anonymise)
    adepth = run_in_thread(depth)
    arun = run_in_thread(run)
    asubmit = run_in_thread(submit)

    def _request_picture(
        self, path: str, source: UploadSource, fields: dict[str, Any], images: Mapping[str, UploadSource] | None = None
    ) -> ServerResult:
        """Request a picture. Where the server makes a job of a large one, wait for it, and erase it."""
        fields = stringify_values(fields)
        files = take_pictures(fields)
        response = self._connection.request(
            "POST", path, encode_multipart(fields, read_uploads(source, {**files, **(images or {})}))
        )
        if response.status != 202:
            return parse_result(response)
        job = ServerJob(self._connection, str(response.json()["id"]))
        try:
            return job.result()
        finally:
            job.erase()


def _recipe_json(recipe: Recipe | JsonObject) -> str:
    return recipe.to_json().decode() if isinstance(recipe, Recipe) else json.dumps(recipe)
