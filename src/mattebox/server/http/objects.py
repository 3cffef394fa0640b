"""Objects of requests: what a job reads and writes in the operator's locations."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import dataclass, replace
from typing import Any

from mattebox.io.file_formats import find_format
from mattebox.recipe.recipe import Recipe
from mattebox.server.api_keys import LOCATIONS_SCOPE
from mattebox.server.auth import require_scope
from mattebox.server.http.fields import pop_boolean_field, pop_text_field
from mattebox.server.http.problems import Problem
from mattebox.server.state import AppState
from mattebox.server.workers.protocol import OUTPUT_KEY, WorkerTask

IMAGE_OBJECT, VIDEO_OBJECT = "image_object", "video_object"
OTHER_SOURCES = {IMAGE_OBJECT: ("image", "image_b64", "image_url", "image_id"), VIDEO_OBJECT: ("video",)}
MISSING_CODES = {IMAGE_OBJECT: "image_missing", VIDEO_OBJECT: "video_missing"}


@dataclass(frozen=True)
class RequestObjects:
    """The objects that a request names as LOCATION/KEY, or None, and whether the output may be replaced."""

    source: str | None
    output: str | None
    overwrite: bool

    def add_picture_output(self, state: AppState, task: WorkerTask, recipe: Recipe) -> WorkerTask:
        """The task of a recipe with the output, if there is one. Problem 422 for one that cannot be written."""
        save_format = find_format("png" if recipe.save_step.format == "auto" else recipe.save_step.format)
        return self.add_output(state, task, save_format.name, save_format.suffixes)

    def add_output(self, state: AppState, task: WorkerTask, format: str, suffixes: tuple[str, ...]) -> WorkerTask:
        """The task with the output, if there is one, of a format with these suffixes. Problem 422."""
        if self.output is None:
            return task
        state.job_service.locations.check_output(self.output, format, suffixes)
        return replace(task, header=task.header | {OUTPUT_KEY: {"object": self.output, "overwrite": self.overwrite}})


def take_objects(
    state: AppState,
    caller: str,
    fields: dict[str, Any],
    files: Mapping[str, Sized],
    source_field: str = IMAGE_OBJECT,
) -> RequestObjects:
    """Remove the objects from the fields of a request with these files. Problem 403 without the scope for them, 422."""
    source, output = pop_text_field(fields, source_field), pop_text_field(fields, "output_object")
    overwrite = pop_boolean_field(fields, "overwrite")
    if source is None and output is None:
        if overwrite:
            raise Problem(422, "invalid_parameter", "overwrite is for output_object", "send both, or neither")
        return RequestObjects(None, None, False)
    require_scope(state.access, caller, LOCATIONS_SCOPE)
    if source is not None:
        if any(files.get(name) or fields.get(name) for name in OTHER_SOURCES[source_field]):
            problem = f"2 sources were sent, one of them {source_field}"
            raise Problem(422, MISSING_CODES[source_field], problem, "send one")
        state.job_service.locations.check_input(source)
    return RequestObjects(source, output, overwrite)
