"""A worker's picture: the recipe is run on it, and the result encoded, checked and described."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from mattebox.server.workers.preview import encode_preview, find_changes, shrink_picture
from mattebox.server.workers.protocol import HASHES_KEY, PREDICTIONS_KEY, slice_bytes

if TYPE_CHECKING:
    from mattebox.io.writer import SignOutput
    from mattebox.pipeline.kept_cutouts import KeptCutouts
    from mattebox.pipeline.result import Result
    from mattebox.recipe.steps import Save
    from mattebox.types import OnProgress, Picture


def run_picture_task(
    task: dict[str, Any], data: bytes, threads: int, on_progress: OnProgress, device: str
) -> tuple[dict[str, Any], bytes]:
    """Run a task's recipe on its picture.

    Parameters
    ----------
    task
        The frame's header.
    data
        The frame's body: the encoded pictures, one after another.
    threads
        Threads of the networks.
    on_progress
        Receives the completed share, from 0 to 1.
    device
        Where the networks run.

    Returns
    -------
    tuple of dict and bytes
        The metadata and the encoded result.

    Raises
    ------
    MatteboxError
        A picture cannot be decoded, or the recipe not be run on it.
    """
    from mattebox.io.reader import read
    from mattebox.models.matte_session import open_session
    from mattebox.pipeline.output_provenance import Origin, prepare_output
    from mattebox.pipeline.run import run_recipe
    from mattebox.pipeline.stereo import add_measured_depth
    from mattebox.recipe.serialization import parse_recipe
    from mattebox.server.progress import ProgressReporter

    recipe = parse_recipe(task["recipe"])
    content = slice_bytes(data, task["source"])
    source = read(content, max_pixels=task["max_pixels"], name="the picture")
    source = add_measured_depth(source, content, recipe, "the picture")
    model = recipe.required_model
    result = run_recipe(
        shrink_picture(source, task["most_pixels"]),
        recipe,
        session=open_session(model, device, threads) if model else None,
        device=device,
        threads=threads,
        name="the picture",
        open_image=partial(open_image, task, data),
        on_progress=ProgressReporter(recipe, on_progress),
        kept_cutouts=_kept_cutouts(task, content) if PREDICTIONS_KEY in task else None,
    )
    result, sign = prepare_output(
        result,
        recipe,
        Origin("photograph", source.size, content),
        title="picture",
        now=datetime.now(UTC),
        read_image=lambda name: slice_bytes(data, task["images"][name]),
    )
    metadata = _describe_result(result, recipe.save_step)
    preview, changes = find_changes(shrink_picture(result.picture, task.get("preview_pixels")), task, metadata)
    is_checked, is_preview = recipe.save_step.check_for != "none", preview is not result.picture
    body = b""
    if is_checked or not is_preview:
        body = _encode_result(result, recipe.save_step, sign)
    if is_checked:
        metadata["check"] = _check_marketplace(body, recipe.save_step.check_for)
    if is_preview:
        body, metadata = encode_preview(preview, recipe.save_step, metadata)
    metadata |= changes
    height, width = source.shape
    seconds = {stage: round(value, 4) for stage, value in result.seconds.items()}
    metadata |= {"stored_width": width, "stored_height": height, "model": result.model, "seconds": seconds}
    metadata[HASHES_KEY] = [hashlib.sha256(content).hexdigest(), hashlib.sha256(body).hexdigest()]
    return metadata, body


def _kept_cutouts(task: dict[str, Any], content: bytes) -> KeptCutouts:
    """Where cutouts of a stored photograph are kept, beside the predictions for it."""
    from mattebox.models.result_cache import shared_cache
    from mattebox.pipeline.kept_cutouts import KeptCutouts

    return KeptCutouts(shared_cache, f"{hashlib.sha256(content).hexdigest()} {task['most_pixels']}")


def open_image(task: dict[str, Any], data: bytes, name: str) -> Picture:
    """A picture that the recipe names, among those sent with the request. InputMissing."""
    from mattebox.errors import InputMissing
    from mattebox.io.reader import read

    images = task.get("images", {})
    if name not in images:
        raise InputMissing(f"{name}: is not among the images sent", "send it with the request")
    return read(slice_bytes(data, images[name]), max_pixels=task["max_pixels"], name=name)


def _encode_result(result: Result, save: Save, sign: SignOutput | None) -> bytes:
    """The file of a result."""
    from mattebox.io.file_formats import find_format
    from mattebox.io.writer import write

    file_format = find_format("png" if save.format == "auto" else save.format)
    file = io.BytesIO()
    write(
        result.picture, file, format=file_format.name, quality=save.quality or None, max_bytes=save.max_bytes,
        layers=result.layers if file_format.has_layers else (), sign=sign,
    )  # fmt: skip
    return file.getvalue()


def _describe_result(result: Result, save: Save) -> dict[str, Any]:
    """The metadata of a result."""
    from mattebox.io.file_formats import find_format

    picture, file_format = result.picture, find_format("png" if save.format == "auto" else save.format)
    height, width = picture.shape
    metadata: dict[str, Any] = {"mime": file_format.mime_type, "format": file_format.name}
    metadata |= {"width": width, "height": height, "notes": list(picture.notes)}
    if (matte := result.matte) is not None:
        metadata |= {"confidence": round(matte.confidence, 4), "found": matte.found, "box": matte.box}
    if result.objects:
        metadata["objects"] = [item.to_fields() for item in result.objects]
    if result.scene is not None:
        metadata["scene"] = result.scene.to_fields()
    if result.photograph_bounds is not None:
        metadata["photograph_bounds"] = [round(share, 6) for share in result.photograph_bounds]
    return metadata


def _check_marketplace(body: bytes, market: str) -> dict[str, Any]:
    """Check the encoded result against a marketplace's rules."""
    from mattebox.pipeline import marketplace_check

    verdict = marketplace_check.check_listing(body, market, "the result")
    broken = [
        {"rule": f.rule, "measured": f.measured, "wanted": f.wanted, "advice": f.advice}
        for f in verdict.findings
        if not f.passed
    ]
    return {"for": market, "passed": verdict.passed, "broken": broken}
