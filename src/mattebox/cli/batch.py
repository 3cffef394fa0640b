"""A batch on the command line: its plan, its concurrency, and where jobs run: on this machine or a server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import click

from mattebox.batch.job import LocalJobRunner, Outcome
from mattebox.batch.own_results import leave_out_results
from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming, make_plan, plan_from_manifest
from mattebox.batch.report import read_outputs
from mattebox.batch.runner import map_in_order
from mattebox.cli import remote_server
from mattebox.cli.batch_options import BatchOptions
from mattebox.cli.console import echo_stderr
from mattebox.cli.outcome_recorder import OutcomeRecorder
from mattebox.cli.output import ConsoleReporter
from mattebox.core import cpu_threads
from mattebox.core.malloc import release_free_memory, tune_malloc
from mattebox.errors import UsageError
from mattebox.io.encoding import FORMATS
from mattebox.io.sources import expand_inputs
from mattebox.models import matte_session
from mattebox.models.runtime.devices import benefits_from_batching, select_provider
from mattebox.models.store.settings import is_offline
from mattebox.pipeline import restoration
from mattebox.pipeline.signing_keys import load_identity
from mattebox.recipe.recipe import Recipe

BatchEntry: TypeAlias = BatchJob | BatchFailure
JobRunner: TypeAlias = Callable[[BatchJob], Outcome]

WRITABLE_SUFFIXES = frozenset(suffix for file_format in FORMATS.values() for suffix in file_format.suffixes)
LARGE_RESULT_PIXELS = 40_000_000  # of a result, after which free memory is released
MAX_NAMED_RESULTS = 3  # in the note on results that were left out
MAX_CONCURRENT_PICTURES = 8  # the default's bound: memory grows with it


def plan_batch(naming: OutputNaming, options: BatchOptions) -> list[BatchEntry]:
    """The jobs of a batch, and the inputs that fail before any work. UsageError when the options do not go together."""
    if options.manifest:
        if options.inputs:
            raise UsageError("photographs and a --manifest are both given", "choose one")
        return plan_from_manifest(Path(options.manifest), naming)
    if not options.inputs:
        raise click.UsageError("give at least one photograph, folder or pattern, or a --manifest")
    if options.fetch and is_offline():
        raise UsageError("--fetch needs the network, and it is forbidden", "leave out --fetch, or --offline")
    _check_last_input(options)
    entries = expand_inputs(options.inputs, recursive=options.recursive, allow_urls=options.fetch)
    reported = read_outputs(Path(options.report)) if options.report and options.resume else {}
    selection = leave_out_results(entries, naming, reported)
    if selection.left_out:
        echo_stderr(_describe_left_out(selection.left_out))
    return make_plan(selection.entries, naming, selection.unmarked)


def _describe_left_out(paths: list[Path]) -> str:
    names = ", ".join(map(str, paths[:MAX_NAMED_RESULTS])) + (", ..." if len(paths) > MAX_NAMED_RESULTS else "")
    count = "a result" if len(paths) == 1 else f"{len(paths)} results"
    return f"left out {count} of an earlier run: {names}; to process results, give them without their photographs"


def _check_last_input(options: BatchOptions) -> None:
    """UsageError for `cut in.jpg out.png` and `cut a.jpg b.jpg out/`: the last one is where the results should go."""
    if options.output is not None or len(options.inputs) < 2:
        return
    *inputs, last = options.inputs
    is_output = last.endswith(("/", os.sep)) or (len(inputs) == 1 and Path(last).suffix.lower() in WRITABLE_SUFFIXES)
    if not is_output or os.path.lexists(last) or not os.path.exists(inputs[0]):
        return
    words = " ".join(inputs) if len(inputs) == 1 else "..."
    raise UsageError(f"{last}: no such file or folder to read", f"to write there, use -o: {words} -o {last}")


def run_batch(plan: list[BatchEntry], recipe: Recipe, options: BatchOptions) -> int:
    """Run a recipe on all photographs of a plan, report each, and return the exit code."""
    jobs = [entry for entry in plan if isinstance(entry, BatchJob)]
    concurrency = options.concurrency or min(max(len(jobs), 1), _default_concurrency(recipe, options))
    console = ConsoleReporter(len(plan), options.as_json)
    if len(jobs) > 1:
        tune_malloc()
    with open_batch(recipe, options, concurrency, jobs, console) as (run_job, recorder):

        def attempt(entry: BatchEntry) -> Outcome | BatchFailure | None:
            if isinstance(entry, BatchFailure):
                return entry
            return None if recorder.is_finished(entry) else run_job(entry)

        is_large = False
        outcomes = map_in_order(attempt, plan, concurrency, console.show_current_job)
        for entry, outcome in zip(plan, outcomes, strict=True):
            recorder.record(entry, outcome)
            if is_large:  # the result before, to which nothing refers any more
                release_free_memory()
            is_large = _is_large(outcome)
    return console.exit_code


@contextlib.contextmanager
def open_batch(
    recipe: Recipe, options: BatchOptions, concurrency: int, jobs: Iterable[BatchJob], console: ConsoleReporter
) -> Iterator[tuple[JobRunner, OutcomeRecorder]]:
    """What runs each job of a batch, and what records its outcomes, until the end of the context."""
    run_job: JobRunner
    if options.server:
        run_job, model = remote_server.open_remote_runner(recipe, options, options.server)
        session = None
    else:
        run_job, model = _open_local_runner(recipe, options, concurrency, console)
        session = run_job.session
    with contextlib.closing(OutcomeRecorder(recipe, model, options, jobs, console, session)) as recorder:
        yield run_job, recorder


def _open_local_runner(
    recipe: Recipe, options: BatchOptions, concurrency: int, console: ConsoleReporter
) -> tuple[LocalJobRunner, str]:
    """A runner on this machine, and the hashes of its weights. DeviceError before any picture is read.

    For more than one picture the network starts now.
    """
    threads = options.threads or max(1, cpu_threads.process_cpu_count() // concurrency)
    network = recipe.required_model
    session = matte_session.open_session(network, options.device, threads) if network else None
    if session is not None and console.total != 1:
        session.start()
    hashes = [*([session.card.sha256] if session else []), *restoration.weight_hashes(recipe)]
    runner = LocalJobRunner(
        recipe, session, options.max_pixels, options.metadata, options.overwrite,
        "keep" if options.keep_hidden else "zero", concurrency, bool(options.report), console.show_progress,
        identity=load_identity(datetime.now(UTC)) if recipe.save_step.sign == "yes" else None,
    )  # fmt: skip
    return runner, "+".join(hashes)


def _default_concurrency(recipe: Recipe, options: BatchOptions) -> int:
    """Photographs at a time: one for each processor, and more where an accelerator is faster with whole batches."""
    if options.server:
        return remote_server.MAX_CONCURRENT_UPLOADS
    if recipe.required_model is not None and benefits_from_batching(select_provider(options.device)[0]):
        return MAX_CONCURRENT_PICTURES
    return min(cpu_threads.process_cpu_count(), MAX_CONCURRENT_PICTURES)


def _is_large(outcome: Outcome | BatchFailure | None) -> bool:
    result = getattr(outcome, "result", None)
    return result is not None and result.shape[0] * result.shape[1] > LARGE_RESULT_PIXELS
