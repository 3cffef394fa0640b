"""A batch on the command line: its plan, its concurrency, and where jobs run: on this machine or a server."""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import click

from mattebox.batch.audited_runner import AuditedJobRunner
from mattebox.batch.job import LocalJobRunner, Outcome
from mattebox.batch.manifest_plan import plan_from_manifest
from mattebox.batch.own_results import leave_out_results
from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming, make_plan
from mattebox.batch.report import hash_recipe, read_outputs
from mattebox.batch.runner import map_in_order
from mattebox.batch.shared_batch import JobState, SharedBatch, repeat_until_done, shuffle_in_chunks
from mattebox.batch.store_plan import plan_lazily
from mattebox.cli import environment, remote_server
from mattebox.cli.batch_options import BatchOptions, needs_hashes
from mattebox.cli.cluster import check_cluster_options, open_cluster_runner
from mattebox.cli.console import echo_stderr
from mattebox.cli.outcome_recorder import OutcomeRecorder
from mattebox.cli.output import ConsoleReporter
from mattebox.core import cpu_threads
from mattebox.core.malloc import release_free_memory, tune_malloc
from mattebox.errors import UsageError
from mattebox.io.file_formats import FORMATS
from mattebox.io.input_items import expand_inputs
from mattebox.io.store_address import is_output_address, is_store_address, parse_store_address
from mattebox.models import matte_session
from mattebox.models.runtime.devices import benefits_from_batching, select_provider
from mattebox.models.store.settings import is_offline
from mattebox.pipeline import restoration
from mattebox.pipeline.signing_keys import load_identity
from mattebox.recipe.recipe import Recipe

BatchEntry: TypeAlias = BatchJob | BatchFailure
BatchOutcome: TypeAlias = Outcome | BatchFailure | JobState
JobRunner: TypeAlias = Callable[[BatchJob], Outcome]

WRITABLE_SUFFIXES = frozenset(suffix for file_format in FORMATS.values() for suffix in file_format.suffixes)
LARGE_RESULT_PIXELS = 40_000_000  # of a result, after which free memory is released
MAX_NAMED_RESULTS = 3  # in the note on results that were left out
MAX_CLUSTER_JOBS = 256  # that this process waits for at a time
MAX_CONCURRENT_PICTURES = 8  # the default's bound: memory grows with it


def plan_batch(naming: OutputNaming, options: BatchOptions, recipe: Recipe) -> Iterable[BatchEntry]:
    """The jobs of a batch, and the inputs that fail before any work: a list, or lazily where stores are involved.

    UsageError when the options do not go together.
    """
    _check_stores(options)
    if options.manifest:
        if options.inputs:
            raise UsageError("photographs and a --manifest are both given", "choose one")
        is_here = not (options.server or options.cluster or options.share)
        return plan_from_manifest(options.manifest, naming, echo_stderr, recipe if is_here else None)
    if not options.inputs:
        raise click.UsageError("give at least one photograph, folder or pattern, or a --manifest")
    if options.fetch and is_offline():
        raise UsageError("--fetch needs the network, and it is forbidden", "leave out --fetch, or --offline")
    _check_last_input(options)
    entries = expand_inputs(options.inputs, recursive=options.recursive, allow_urls=options.fetch)
    if is_output_address(naming.output) or any(map(is_store_address, options.inputs)):
        return plan_lazily(entries, naming, has_one_input=len(options.inputs) == 1)
    reported = read_outputs(Path(options.report)) if options.report and options.resume else {}
    selection = leave_out_results(entries, naming, reported)
    if selection.left_out:
        echo_stderr(_describe_left_out(selection.left_out))
    return make_plan(selection.entries, naming, selection.unmarked)


def _check_stores(options: BatchOptions) -> None:
    """UsageError for places in stores that cannot be used in this way."""
    words = [*options.inputs, options.output, options.manifest]
    if not options.fetch:
        environment.require_network_for_stores(words)
    for name in ("report", "sheet", "compare", "review", "save_recipe", "explain"):
        if is_output_address(getattr(options, name)):
            raise UsageError(f"--{name.replace('_', '-')} cannot be written to a store", "give a local path")
    check_cluster_options(options)
    is_store_output = is_output_address(options.output)
    if is_store_output and options.review:
        raise UsageError("--review links local results, and these go to a store", "use the verdicts of --report")
    if not options.share:
        return
    if not is_store_output or (options.output or "").lower().startswith("http"):
        raise UsageError("--share needs a store to meet at", "give a prefix with -o: s3://, gs:// or az://")
    if options.overwrite or options.watch or "{index}" in (options.name_template or ""):
        raise UsageError("--share cannot be combined with --overwrite, --watch or {index}", "leave it out")


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


def run_batch(plan: Iterable[BatchEntry], recipe: Recipe, options: BatchOptions) -> int:
    """Run a recipe on all photographs of a plan, report each, and return the exit code."""
    is_list = isinstance(plan, list)
    jobs = [entry for entry in plan if isinstance(entry, BatchJob)] if is_list else []
    default = _default_concurrency(recipe, options)
    concurrency = options.concurrency or (min(max(len(jobs), 1), default) if is_list else default)
    console = ConsoleReporter(len(plan) if isinstance(plan, list) else None, options.as_json)
    if not is_list or len(jobs) > 1:
        tune_malloc()
    with (
        open_batch(recipe, options, concurrency, jobs, console) as (run_job, recorder),
        contextlib.ExitStack() as stack,
    ):
        share = _open_share(recipe, options, recorder.model, stack)

        def attempt(entry: BatchEntry) -> tuple[BatchEntry, BatchOutcome]:
            if isinstance(entry, BatchFailure):
                return entry, entry
            if recorder.is_finished(entry):
                return entry, JobState.DONE_BEFORE
            return entry, run_job(entry) if share is None else share.run(entry, run_job)

        postponed: list[BatchEntry] = []
        is_large = False
        for entries in repeat_until_done(plan if share is None else shuffle_in_chunks(plan), postponed):
            for entry, outcome in map_in_order(attempt, entries, concurrency, console.show_current_job):
                if outcome is JobState.IN_PROGRESS:
                    postponed.append(entry)
                    continue
                recorder.record(entry, outcome)
                if is_large:  # the result before, to which nothing refers any more
                    release_free_memory()
                is_large = _is_large(outcome)
    return console.exit_code


def _open_share(recipe: Recipe, options: BatchOptions, model: str, stack: contextlib.ExitStack) -> SharedBatch | None:
    """What the processes of a shared batch agree by, until the end of the context; None for a batch of one process."""
    if not options.share:
        return None
    output = parse_store_address(options.output or "")
    return stack.enter_context(contextlib.closing(SharedBatch(output, hash_recipe(recipe), model, options.lease)))


@contextlib.contextmanager
def open_batch(
    recipe: Recipe, options: BatchOptions, concurrency: int, jobs: Iterable[BatchJob], console: ConsoleReporter
) -> Iterator[tuple[JobRunner, OutcomeRecorder]]:
    """What runs each job of a batch, and what records its outcomes, until the end of the context."""
    run_job: JobRunner
    session = None
    with contextlib.ExitStack() as stack:
        if options.server:
            run_job, model = remote_server.open_remote_runner(recipe, options, options.server)
        elif options.cluster:
            run_job, model = stack.enter_context(open_cluster_runner(recipe, options))
        else:
            run_job, model = _open_local_runner(recipe, options, concurrency, console)
            session = run_job.session
        if not options.server and (audit := environment.audit_log()) is not None:  # a server keeps its own
            action = "+".join(step.tag() for step in recipe.steps)
            run_job = AuditedJobRunner(run_job, action, f"user:{getpass.getuser()}", audit)
        recorder = OutcomeRecorder(recipe, model, options, jobs, console, session)
        yield run_job, stack.enter_context(contextlib.closing(recorder))


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
        "keep" if options.keep_hidden else "zero", concurrency, needs_hashes(options), console.show_progress,
        identity=load_identity(datetime.now(UTC)) if recipe.save_step.sign == "yes" else None,
    )  # fmt: skip
    return runner, "+".join(hashes)


def _default_concurrency(recipe: Recipe, options: BatchOptions) -> int:
    """Photographs at a time: one for each processor, and more where an accelerator is faster with whole batches."""
    if options.server:
        return remote_server.MAX_CONCURRENT_UPLOADS
    if options.cluster:
        return MAX_CLUSTER_JOBS
    if recipe.required_model is not None and benefits_from_batching(select_provider(options.device)[0]):
        return MAX_CONCURRENT_PICTURES
    return min(cpu_threads.process_cpu_count(), MAX_CONCURRENT_PICTURES)


def _is_large(outcome: BatchOutcome) -> bool:
    result = getattr(outcome, "result", None)
    return result is not None and result.shape[0] * result.shape[1] > LARGE_RESULT_PIXELS
