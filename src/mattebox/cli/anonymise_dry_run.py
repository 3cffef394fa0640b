"""`mattebox anonymise --dry-run`: what would be hidden, listed, and shown on a sheet; no picture is written."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import click

from mattebox.anonymisation.marking import mark_objects
from mattebox.anonymisation.regions import DetectedObject
from mattebox.batch.contact_sheet import ContactSheet
from mattebox.batch.job import Outcome, read_input
from mattebox.batch.plan import BatchFailure, BatchJob
from mattebox.batch.runner import map_in_order
from mattebox.cli.batch_options import BatchOptions
from mattebox.cli.console import combine_exit_codes, report_error
from mattebox.core import cpu_threads
from mattebox.errors import InputMissing, MatteboxError, UsageError
from mattebox.io.input_items import expand_inputs
from mattebox.io.reader import read
from mattebox.io.text_rendering import render_text
from mattebox.models.object_detector import open_object_detector
from mattebox.pipeline.anonymisation import find_objects
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.pipeline.result import Result
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise

SHEET_SIDE_PIXELS = 900  # longer side of the pictures on it: numbers must be legible
EXIT_NOTHING_FOUND = 4


def list_objects(recipe: Recipe, context: click.Context) -> int:
    """List the faces and plates of all photographs of a command, and return the exit code."""
    options = BatchOptions.from_parameters(context.params)
    step = recipe.find_step(Anonymise)
    assert step is not None
    check_recipe(recipe)
    if not options.inputs:
        raise click.UsageError("give at least one photograph, folder or pattern")
    if options.server or options.watch or options.manifest:
        raise UsageError("--dry-run looks at photographs here", "leave out --server, --watch and --manifest")
    sheet = ContactSheet(Path(options.sheet), SHEET_SIDE_PIXELS) if options.sheet else None
    entries = [
        BatchFailure(item.problem, item)
        if isinstance(item, InputMissing)
        else BatchJob(item.path, None, member=item.member)
        for item in expand_inputs(options.inputs, recursive=options.recursive)
    ]
    concurrency = options.concurrency or min(len(entries), cpu_threads.process_cpu_count())

    def attempt(entry: BatchJob | BatchFailure) -> Outcome | BatchFailure:
        return (
            entry if isinstance(entry, BatchFailure) else _look_at(entry, step, options, sheet is not None, concurrency)
        )

    codes = []
    for outcome in map_in_order(attempt, entries, max(1, concurrency)):
        if isinstance(outcome, BatchFailure) or outcome.result is None:
            error = outcome.error
            assert error is not None
            codes.append(report_error(error))
        else:
            _print_objects(outcome.job.name, outcome.result.objects, options.as_json, outcome.result.shape)
            codes.append(EXIT_NOTHING_FOUND if step.empty == "refuse" and not outcome.result.objects else 0)
        if sheet is not None and isinstance(outcome, Outcome):
            sheet.add(outcome)
    if sheet is not None and sheet.cells:
        sheet.write()
    return combine_exit_codes(codes)


def _look_at(job: BatchJob, step: Anonymise, options: BatchOptions, is_shown: bool, concurrency: int) -> Outcome:
    """What is found in one photograph; with the frames drawn where it is shown."""
    start = time.perf_counter()
    try:
        with cpu_threads.share_cpus(concurrency) if concurrency > 1 else contextlib.nullcontext():
            content, _ = read_input(job)
            picture = read(content, max_pixels=options.max_pixels, name=job.name)
            objects = find_objects(picture, open_object_detector(step.detector, options.device, options.threads), step)
            shown = mark_objects(picture, objects, render_text, step.growth / 100) if is_shown else picture
    except MatteboxError as error:
        return Outcome(job, error=error, seconds=time.perf_counter() - start)
    return Outcome(job, Result(shown, objects=objects), seconds=time.perf_counter() - start)


def _print_objects(name: str, objects: tuple[DetectedObject, ...], as_json: bool, shape: tuple[int, int]) -> None:
    if as_json:
        size = {"input": name, "width": shape[1], "height": shape[0]}
        click.echo(json.dumps(size | {"objects": [item.to_fields() for item in objects]}))
        return
    counts = [(sum(item.kind == kind for item in objects), kind) for kind in ("face", "plate")]
    words = " and ".join(f"{count} {kind}{'s' if count != 1 else ''}" for count, kind in counts if count)
    click.echo(f"{name}: {words or 'neither face nor plate'}")
    for item in objects:
        left, top, right, bottom = (round(value) for value in item.box)
        kept = "" if item.is_hidden else ", stays"
        click.echo(
            f"  {item.number:>3}  {item.kind:<5}  {left},{top} to {right},{bottom}  score {item.score:.2f}{kept}"
        )
