"""`cut_many`: many photographs cut out side by side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Literal, Unpack, overload

from mattebox.api.documentation import document_parameters
from mattebox.api.operations import Operation, Preset, cut_base_recipe
from mattebox.api.parameters import CutParameters, PictureSource
from mattebox.api.result import CutoutResult
from mattebox.api.sources import is_image
from mattebox.batch.runner import map_in_order
from mattebox.core import cpu_threads
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.core.malloc import tune_malloc
from mattebox.errors import MatteboxError, UsageError
from mattebox.models.matte_session import Session, open_session

MAX_WORKERS = 8
WAITING_PICTURES_PER_WORKER = 2  # begun ahead of the result that is asked for next


@overload
def cut_many(
    sources: Iterable[PictureSource],
    *,
    errors: Literal["raise"] = "raise",
    workers: int | None = None,
    preset: Preset | None = None,
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
    **parameters: Unpack[CutParameters],
) -> Iterator[CutoutResult]: ...
@overload
def cut_many(
    sources: Iterable[PictureSource],
    *,
    errors: Literal["return"],
    workers: int | None = None,
    preset: Preset | None = None,
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
    **parameters: Unpack[CutParameters],
) -> Iterator[CutoutResult | MatteboxError]: ...
@document_parameters(CutParameters)
def cut_many(
    sources: Iterable[PictureSource],
    *,
    errors: Literal["raise", "return"] = "raise",
    workers: int | None = None,
    preset: Preset | None = None,
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
    **parameters: Unpack[CutParameters],
) -> Iterator[CutoutResult | MatteboxError]:
    """Cut out many photographs in parallel, with one model; the results come in the order of the photographs.

    Memory is bounded: photographs are taken from `sources` as results are asked for, at most two for each worker
    ahead. So `sources` may be a generator without end, and results that were saved should not be kept.

    Parameters
    ----------
    sources : iterable of path, bytes, binary file object, Picture, PIL.Image.Image or NumPy array
        The photographs.
    errors : {"raise", "return"}
        What becomes of a photograph that cannot be cut out: its error is raised and ends the iteration, or is returned
        in its place, and the others are done.
    workers : int, optional
        Photographs at a time; by default one for each processor, up to 8.
    preset, device, session, max_pixels
        As for `cut`.
    threads : int, optional
        CPU threads of the network; by default the processors are shared among the workers.
    {parameters}

    Returns
    -------
    iterator of CutoutResult
        And of MatteboxError with `errors="return"`.

    Raises
    ------
    UsageError, ModelError, DeviceError
        At once; errors of a photograph when its result is asked for.

    Examples
    --------
        for path, result in zip(paths, mb.cut_many(paths, background="white")):
            result.save(path.with_suffix(".png"))
    """
    if errors not in ("raise", "return"):
        raise UsageError(f"errors: {errors!r} is not understood", 'choose "raise" or "return"')
    if isinstance(sources, str | bytes | os.PathLike) or is_image(sources):
        raise UsageError("cut_many takes a list of photographs, and this is one", "put it into a list, or call `cut`")
    count = workers or min(cpu_threads.process_cpu_count(), MAX_WORKERS)
    operation = Operation(parameters, cut_base_recipe(preset), device=device, threads=threads, max_pixels=max_pixels)
    model = operation.recipe.required_model
    if session is None and model is not None:
        session = open_session(model, device, threads or max(1, cpu_threads.process_cpu_count() // count))
    tune_malloc()

    def attempt(source: PictureSource) -> CutoutResult | MatteboxError:
        try:
            with cpu_threads.share_cpus(count):
                return operation.run(source, session)
        except MatteboxError as error:
            if errors == "raise":
                raise
            return error

    return map_in_order(attempt, sources, count, waiting_per_worker=WAITING_PICTURES_PER_WORKER)
