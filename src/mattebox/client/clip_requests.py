"""Requests with clips: each becomes a background job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

from mattebox.client.awaitables import run_in_thread
from mattebox.client.connection import Connection
from mattebox.client.jobs import ServerJob
from mattebox.client.transport import encode_multipart
from mattebox.client.uploads import UploadSource, take_pictures
from mattebox.io.sources import read_bytes
from mattebox.recipe.flat_parameters import stringify_values

if TYPE_CHECKING:  # a client loads no pipeline
    from mattebox.api.parameters import EnhanceVideoParameters, RotoscopeParameters, VideoParameters


class ClipRequests:
    """The client's methods for clips."""

    _connection: Connection

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
        keys: Mapping[int | str, UploadSource | Mapping[str, str]],
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
            Number of a frame, from 0, or a time at which it is on show ("1.6s", "0:01.6") -> a grey matte of the
            frame's size (path, bytes or file), or marks as texts, as {"keep": "40%,50%", "drop": "10%,10%"}.
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

    acut_video = run_in_thread(cut_video)
    aenhance_video = run_in_thread(enhance_video)
    arotoscope_video = run_in_thread(rotoscope_video)

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
        uploads = {**files, **take_pictures(fields), "video": source}
        contents = {name: read_bytes(content) for name, content in uploads.items()}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        response = self._connection.request("POST", path, encode_multipart(fields, contents), headers)
        return ServerJob(self._connection, str(response.json()["id"]))
