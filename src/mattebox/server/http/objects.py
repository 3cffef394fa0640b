"""Objects of requests: what a job reads and writes in the operator's locations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mattebox.recipe.recipe import Recipe
from mattebox.server.api_keys import LOCATIONS_SCOPE
from mattebox.server.auth import require_scope
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.fields import pop_boolean_field, pop_text_field
from mattebox.server.http.problems import Problem
from mattebox.server.state import AppState
from mattebox.server.workers.protocol import OUTPUT_KEY, WorkerTask

OTHER_SOURCES = ("image", "image_b64", "image_url", "image_id")


@dataclass(frozen=True)
class RequestObjects:
    """The objects that a request names as LOCATION/KEY, or None, and whether the output may be replaced."""

    source: str | None
    output: str | None
    overwrite: bool

    def add_output(self, state: AppState, task: WorkerTask, recipe: Recipe) -> WorkerTask:
        """The task with the output, if there is one. Problem 422 for one that cannot be written."""
        if self.output is None:
            return task
        state.job_service.locations.check_output(self.output, recipe)
        return replace(task, header=task.header | {OUTPUT_KEY: {"object": self.output, "overwrite": self.overwrite}})


def take_objects(
    state: AppState, caller: str, fields: dict[str, Any], images: Mapping[str, EncodedPicture]
) -> RequestObjects:
    """Remove the objects from the fields of a request. Problem 403 without the scope for them, 422."""
    source, output = pop_text_field(fields, "image_object"), pop_text_field(fields, "output_object")
    overwrite = pop_boolean_field(fields, "overwrite")
    if source is None and output is None:
        if overwrite:
            raise Problem(422, "invalid_parameter", "overwrite is for output_object", "send both, or neither")
        return RequestObjects(None, None, False)
    require_scope(state.access, caller, LOCATIONS_SCOPE)
    if source is not None:
        if any(images.get(name) or fields.get(name) for name in OTHER_SOURCES):
            raise Problem(422, "image_missing", "2 pictures were sent", "send one, or image_object alone")
        state.job_service.locations.check_input(source)
    return RequestObjects(source, output, overwrite)
