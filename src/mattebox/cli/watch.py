"""--watch: photographs are done as they arrive in a folder, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from mattebox.batch import watch_folder
from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming, is_folder, make_plan
from mattebox.cli.batch import open_batch
from mattebox.cli.batch_options import BatchOptions
from mattebox.cli.output import ConsoleReporter
from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe


def run_watch_folder(recipe: Recipe, naming: OutputNaming, options: BatchOptions) -> int:
    """Run a recipe on photographs as they arrive, until interrupted or terminated; then exit code 0."""
    inputs, output = options.inputs, naming.output
    if len(inputs) != 1 or not os.path.isdir(inputs[0]) or output is None or not is_folder(output):
        raise UsageError("--watch needs one folder, and one for the results", "mattebox cut IN/ -o OUT/ --watch")
    folder, output_folder = Path(inputs[0]), Path(os.path.realpath(output))
    if output_folder in (real_folder := Path(os.path.realpath(folder)), *real_folder.parents):
        raise UsageError("--watch would take its own results for photographs", "give the results a folder of their own")
    naming = replace(naming, resume=True)  # a photograph that has changed replaces its result
    console = ConsoleReporter(0, options.as_json)
    with _defer_signals() as should_stop, open_batch(recipe, options, 1, [], console) as (run_job, recorder):
        arrivals = watch_folder.iterate_stable_files(
            folder,
            recursive=options.recursive,
            should_stop=should_stop,
            should_skip=lambda path: output_folder in Path(os.path.realpath(path)).parents,
        )
        for item in arrivals:
            (entry,) = make_plan([item], naming)
            if isinstance(entry, BatchFailure):
                recorder.record(entry, entry)
            elif not _is_up_to_date(entry) and not recorder.is_finished(entry):
                recorder.record(entry, run_job(entry))
    return 0


def _is_up_to_date(job: BatchJob) -> bool:
    """Whether an earlier watch has done it: its result is newer than the photograph."""
    if job.source is None or job.target_file is None:
        return False
    try:
        return job.target_file.stat().st_mtime_ns >= job.source.stat().st_mtime_ns
    except OSError:  # no result yet, or the photograph is gone again
        return False


@contextlib.contextmanager
def _defer_signals() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C and SIGTERM do not interrupt the picture at work; the yielded function says whether one came."""
    received: list[int] = []
    handlers = {s: signal.signal(s, lambda number, _: received.append(number)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
