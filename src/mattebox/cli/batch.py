"""Many photographs on the command line: how many at a time, the report, what to look at afterwards, and hot folders."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming, is_folder, make_plan, plan_from_manifest
from mattebox.core import cpu_threads
from mattebox.core.malloc import release_free_memory, tune_malloc
from mattebox.errors import UsageError
from mattebox.io.sources import expand_inputs
from mattebox.models.store.settings import is_offline
from mattebox.recipe.recipe import Recipe

if TYPE_CHECKING:
    from mattebox.batch.comparison_page import ComparisonWriter
    from mattebox.batch.contact_sheet import ContactSheet
    from mattebox.batch.job import Outcome
    from mattebox.batch.report import BatchReport
    from mattebox.batch.saliency_sheet import SaliencyWriter
    from mattebox.cli.output import ConsoleReporter

    JobRunner = Callable[[BatchJob], Outcome]

F = TypeVar("F", bound=Callable[..., Any])

LARGE_RESULT_PIXELS = 40_000_000  # pixels of a result after which memory is given back
MAX_CONCURRENT_PICTURES = 8  # pictures at a time unless told otherwise: memory goes by them

BATCH_OPTIONS: list[Callable[[Any], Any]] = [
    click.option("--fetch", is_flag=True, help="Fetch photographs from http and https addresses, public ones only."),
    click.option(
        "--jobs",
        type=click.IntRange(1),
        help="Photographs at a time.  [default: one for each processor, more on a GPU]",
    ),
    click.option("--manifest", metavar="FILE", help="A CSV file with the columns input and, if wanted, output."),
    click.option("--name", "template", metavar="TEMPLATE",
                 help="Names of the results, from {stem}, {folder}, {index}, {format} and {suffix}."),
    click.option("--report", metavar="FILE", help="A JSON line for each: hashes, confidence, verdict, error."),
    click.option("--resume", is_flag=True, help="Go on with --report's batch: leave out what is done and unchanged."),
    click.option("--review", metavar="DIR", help="Link the results that a person should look at into this folder."),
    click.option("--review-under", type=click.FloatRange(0, 1), default=0.6, show_default=True,
                 help="The confidence under which a person should look."),
    click.option("--sheet", metavar="FILE", help="A contact sheet (HTML) of all results, the least sure first."),
    click.option("--watch", is_flag=True, help="Stay, and do photographs as they come to rest in the folder IN."),
]  # fmt: skip

BATCH_OPTION_NAMES = (
    "fetch",
    "jobs",
    "manifest",
    "template",
    "report",
    "resume",
    "review",
    "review_under",
    "sheet",
    "watch",
)


def batch_options(command: F) -> F:
    """Give a click command the options above."""
    for option in reversed(BATCH_OPTIONS):
        command = option(command)
    return command


def build_naming(output: str | None, suffix: str, stem_suffix: str, options: dict[str, Any]) -> OutputNaming:
    """UsageError when the options do not go together."""
    if options["resume"] and not options["report"]:
        raise UsageError("--resume needs to know what was done", "give --report FILE, the same as before")
    return OutputNaming(output, suffix, options["template"], options["overwrite"], options["resume"], stem_suffix)


def plan_batch(inputs: tuple[str, ...], naming: OutputNaming, options: dict[str, Any]) -> list[BatchJob | BatchFailure]:
    """What is to be done."""
    if options["manifest"]:
        if inputs:
            raise UsageError("photographs and a --manifest are both given", "choose one")
        return plan_from_manifest(Path(options["manifest"]), naming)
    if not inputs:
        raise click.UsageError("give at least one photograph, folder or pattern, or a --manifest")
    if options["fetch"] and is_offline():
        raise UsageError("--fetch needs the network, and it is forbidden", "leave out --fetch, or --offline")
    return make_plan(expand_inputs(inputs, recursive=options["recursive"], allow_urls=options["fetch"]), naming)


def run_batch(plan: list[BatchJob | BatchFailure], recipe: Recipe, options: dict[str, Any], as_json: bool) -> int:
    """Do it all, tell it, and return the exit code."""
    from mattebox.batch.runner import map_in_order
    from mattebox.cli.output import ConsoleReporter

    jobs = [entry for entry in plan if isinstance(entry, BatchJob)]
    beside = options["jobs"] or min(max(len(jobs), 1), _default_concurrency(recipe, options))
    report = ConsoleReporter(len(plan), as_json)
    if len(jobs) > 1:
        tune_malloc()
    with _open_batch(recipe, options, beside, jobs, report) as (work, keep):

        def attempt(entry: BatchJob | BatchFailure) -> Outcome | BatchFailure | None:
            if isinstance(entry, BatchFailure):
                return entry
            return None if keep.is_finished(entry) else work(entry)

        large = False
        for entry, outcome in zip(plan, map_in_order(attempt, plan, beside, report.show_current_job), strict=True):
            keep.record(entry, outcome)
            if large:  # was the one before, which nobody holds any more
                release_free_memory()
            large = _is_large(outcome)
    return report.exit_code


def _is_large(outcome: Outcome | BatchFailure | None) -> bool:
    result = getattr(outcome, "result", None)
    return result is not None and result.shape[0] * result.shape[1] > LARGE_RESULT_PIXELS


def _default_concurrency(recipe: Recipe, options: dict[str, Any]) -> int:
    """Photographs at a time: one for each processor, and more where an accelerator wants whole batches."""
    from mattebox.cli import remote_server
    from mattebox.models.runtime import devices

    if options["server"]:
        return remote_server.MAX_CONCURRENT_UPLOADS
    batches = (
        recipe.cut_step
        and recipe.cut_step.required_model
        and devices.benefits_from_batching(devices.select_provider(options["device"])[0])
    )
    return MAX_CONCURRENT_PICTURES if batches else min(cpu_threads.process_cpu_count(), MAX_CONCURRENT_PICTURES)


def run_watch_folder(
    inputs: tuple[str, ...], recipe: Recipe, naming: OutputNaming, options: dict[str, Any], as_json: bool
) -> int:
    """Do photographs as they come, until interrupted or terminated; then exit code 0."""
    from mattebox.batch.watch_folder import iterate_stable_files
    from mattebox.cli.output import ConsoleReporter

    if len(inputs) != 1 or not Path(inputs[0]).is_dir() or naming.output is None or not is_folder(naming.output):
        raise UsageError("--watch needs one folder, and one for the results", "mattebox cut IN/ -o OUT/ --watch")
    folder, out = Path(inputs[0]), Path(naming.output).resolve()
    naming = replace(naming, resume=True)  # a photograph that has changed replaces its result
    report = ConsoleReporter(0, as_json)
    with _defer_signals() as stop, _open_batch(recipe, options, 1, [], report) as (work, keep):
        arriving = iterate_stable_files(
            folder, recursive=options["recursive"], should_stop=stop, should_skip=lambda p: out in p.resolve().parents
        )
        for item in arriving:
            (entry,) = make_plan([item], naming)
            if isinstance(entry, BatchJob) and _is_up_to_date(entry):
                continue
            if isinstance(entry, BatchJob) and not keep.is_finished(entry):
                keep.record(entry, work(entry))
            elif isinstance(entry, BatchFailure):
                keep.record(entry, entry)
    return 0


def _is_up_to_date(job: BatchJob) -> bool:
    """Whether an earlier watch has done it: its result is newer than the photograph."""
    if job.source is None or job.target is None or not job.target.exists():
        return False
    return job.target.stat().st_mtime_ns >= job.source.stat().st_mtime_ns


class OutcomeRecorder:
    """Everything that is kept of outcomes: told to the user, and written to report, sheet and review folder."""

    def __init__(
        self,
        console: ConsoleReporter,
        batch_report: BatchReport | None,
        contact_sheet: ContactSheet | None,
        comparison: ComparisonWriter | None,
        saliency: SaliencyWriter | None,
        review_folder: Path | None,
        review_confidence: float,
    ) -> None:
        self.console, self.batch_report, self.contact_sheet, self.comparison, self.saliency = (
            console,
            batch_report,
            contact_sheet,
            comparison,
            saliency,
        )
        self.review_folder, self.review_confidence = review_folder, review_confidence

    def is_finished(self, job: BatchJob) -> bool:
        return self.batch_report is not None and self.batch_report.is_finished(job)

    def record(self, entry: BatchJob | BatchFailure, outcome: Outcome | BatchFailure | None) -> None:
        if outcome is None:
            assert isinstance(entry, BatchJob)
            self.console.report_skipped(entry)
            return
        if isinstance(outcome, BatchFailure):
            self.console.report_failure(outcome)
            if self.batch_report is not None:
                self.batch_report.add_failure(outcome)
            return
        if self.batch_report is not None:
            self.batch_report.add(outcome)
        if outcome.error is not None:
            self.console.report_failure(BatchFailure(outcome.job.name, outcome.error), outcome.job)
        else:
            assert outcome.result is not None
            self.console.report_result(outcome.job, outcome.result, outcome.seconds, outcome.broken_rules)
        if self.contact_sheet is not None:
            self.contact_sheet.add(outcome)
        if self.comparison is not None:
            self.comparison.add(outcome)
        if self.saliency is not None:
            self.saliency.add(outcome)
        self._link_for_review(outcome)

    def _link_for_review(self, outcome: Outcome) -> None:
        """A link (or a copy where there are none) to what is doubtful, or what its marketplace would reject."""
        result, target = outcome.result, outcome.job.target
        if self.review_folder is None or target is None or result is None or result.matte is None:
            return
        if result.matte.confidence >= self.review_confidence and not outcome.broken_rules:
            return
        from mattebox.io.atomic_write import make_folder, output_error

        make_folder(self.review_folder)
        link, goal = (
            self.review_folder / f"{result.matte.confidence:.2f}-{target.name}",
            os.path.relpath(target, self.review_folder),
        )
        if link.is_symlink() and os.readlink(link) != goal:  # of the same name, from another folder
            link = link.with_name(f"{result.matte.confidence:.2f}-{'-'.join(target.parts[target.is_absolute() :])}")
        try:
            with contextlib.suppress(FileNotFoundError):
                link.unlink()
            try:
                link.symlink_to(goal)
            except OSError:
                shutil.copyfile(target, link)
        except OSError as error:
            raise output_error(error, link) from error


@contextlib.contextmanager
def _open_batch(
    recipe: Recipe, options: dict[str, Any], concurrency: int, jobs: Iterable[BatchJob], console: ConsoleReporter
) -> Iterator[tuple[JobRunner, OutcomeRecorder]]:
    """Who does the pictures, and what is kept of them, opened."""
    from mattebox.batch.comparison_page import ComparisonWriter
    from mattebox.batch.contact_sheet import ContactSheet
    from mattebox.batch.report import BatchReport
    from mattebox.batch.saliency_sheet import SaliencyWriter
    from mattebox.cli import remote_server
    from mattebox.io.atomic_write import remove_temporary_files

    work, model = (
        remote_server.open_remote_runner(recipe, options)
        if options["server"]
        else _local_runner(recipe, options, concurrency, console)
    )
    ledger = None
    if options["report"]:
        under = options["review_under"]
        ledger = BatchReport(Path(options["report"]), recipe, model, resume=options["resume"], review_confidence=under)
        remove_temporary_files(j.target.parent for j in jobs if j.target and options["resume"])
    sheet = ContactSheet(Path(options["sheet"])) if options["sheet"] else None
    compare = ComparisonWriter(Path(options["compare"])) if options["compare"] else None
    if compare is not None:
        compare.check(list(jobs))
    explain = (
        SaliencyWriter(Path(options["explain"]), getattr(work, "session", None)) if options.get("explain") else None
    )
    if explain is not None:
        explain.check(list(jobs))
    review = Path(options["review"]) if options["review"] else None
    try:
        yield work, OutcomeRecorder(console, ledger, sheet, compare, explain, review, options["review_under"])
    finally:
        if sheet is not None and sheet.cells:
            sheet.write()
        if compare is not None:
            compare.close()
        if ledger is not None:
            ledger.close()
        console.print_summary()


def _local_runner(
    recipe: Recipe, options: dict[str, Any], concurrency: int, console: ConsoleReporter
) -> tuple[JobRunner, str]:
    """Work on this machine, and the hashes of its weights. A missing device is said before any picture is read; for
    more than one the network starts now."""
    from mattebox.batch.job import LocalJobRunner
    from mattebox.models.matte_session import open_session
    from mattebox.pipeline import restoration

    threads = options["threads"] or max(1, cpu_threads.process_cpu_count() // concurrency)
    network = recipe.cut_step.required_model if recipe.cut_step else None
    session = open_session(network, options["device"], threads) if network else None
    if session is not None and console.total != 1:
        session.start()
    model = "+".join([*([session.card.sha256] if session else []), *restoration.weight_hashes(recipe)])
    hidden: Literal["keep", "zero"] = "keep" if options["keep_hidden"] else "zero"
    return LocalJobRunner(
        recipe, session, options["max_pixels"], options["metadata"], options["overwrite"], hidden, concurrency,
        bool(options["report"]), console.show_progress,
    ), model  # fmt: skip


@contextlib.contextmanager
def _defer_signals() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C and SIGTERM are asked about instead of interrupting: the picture in hand is finished."""
    asked: list[int] = []
    before = {s: signal.signal(s, lambda number, _: asked.append(number)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
