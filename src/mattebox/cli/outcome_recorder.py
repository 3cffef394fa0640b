"""Outcomes of a batch to wherever they are recorded: console, report, sheets and review folder."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mattebox.batch.comparison_page import ComparisonWriter
from mattebox.batch.contact_sheet import ContactSheet
from mattebox.batch.plan import BatchFailure, BatchJob
from mattebox.batch.report import BatchReport, is_doubtful
from mattebox.batch.saliency_sheet import SaliencyWriter
from mattebox.batch.shared_batch import JobState
from mattebox.cli.batch_options import BatchOptions
from mattebox.cli.console import echo_stderr
from mattebox.cli.output import ConsoleReporter
from mattebox.errors import MatteboxError
from mattebox.io.atomic_write import make_folder, output_error, remove_temporary_files
from mattebox.models.matte_session import Session
from mattebox.recipe.recipe import Recipe

if TYPE_CHECKING:
    from mattebox.batch.job import Outcome


MAX_NAME_BYTES = 255  # of most file systems


class OutcomeSink(Protocol):
    """A page or sheet that shows outcomes."""

    def add(self, outcome: Outcome) -> None: ...


class OutcomeRecorder:
    """Records each outcome of a batch; `close` writes what is written at its end.

    Parameters
    ----------
    recipe, model
        The recipe, and the hashes of the weights or the server's address, for the report.
    options
        Which files are written.
    jobs
        The jobs known beforehand: pages and sheets refuse those they cannot show.
    console
        Reports to the user.
    session
        The network that `--explain` asks which parts decided.
    """

    def __init__(
        self,
        recipe: Recipe,
        model: str,
        options: BatchOptions,
        jobs: Iterable[BatchJob],
        console: ConsoleReporter,
        session: Session | None,
    ) -> None:
        jobs = list(jobs)
        self.console, self.model = console, model
        self.review_folder = Path(options.review) if options.review else None
        self.review_confidence = options.review_under
        self.report = _open_report(recipe, model, options, jobs)
        self.contact_sheet = ContactSheet(Path(options.sheet)) if options.sheet else None
        self.comparison = ComparisonWriter(Path(options.compare)) if options.compare else None
        saliency = SaliencyWriter(Path(options.explain), session) if options.explain else None
        for writer in (self.comparison, saliency):
            if writer is not None:
                writer.check(jobs)
        sinks: tuple[OutcomeSink | None, ...] = (self.contact_sheet, self.comparison, saliency)
        self.sinks = [sink for sink in sinks if sink is not None]

    def is_finished(self, job: BatchJob) -> bool:
        """Whether an earlier run has done the job, by the report."""
        return self.report is not None and self.report.is_finished(job)

    def record(self, entry: BatchJob | BatchFailure, outcome: Outcome | BatchFailure | JobState) -> None:
        """Record the outcome of an entry of the plan."""
        if isinstance(outcome, JobState):
            assert isinstance(entry, BatchJob)
            self.console.report_skipped(entry)
            self._show_earlier(entry)
        elif isinstance(outcome, BatchFailure):
            self.console.report_failure(outcome)
            if self.report is not None:
                self.report.add_failure(outcome)
        else:
            self._record_outcome(outcome)

    def close(self) -> None:
        """Write the sheets, close the report and print the summary."""
        if self.contact_sheet is not None and self.contact_sheet.cells:
            self.contact_sheet.write()
        if self.comparison is not None:
            self.comparison.close()
        if self.report is not None:
            self.report.close()
        self.console.print_summary()

    def _record_outcome(self, outcome: Outcome) -> None:
        if self.report is not None:
            self.report.add(outcome)
        if outcome.error is not None:
            self.console.report_failure(BatchFailure(outcome.job.name, outcome.error), outcome.job)
        else:
            assert outcome.result is not None
            self.console.report_result(outcome.job, outcome.result, outcome.seconds, outcome.broken_rules)
        for add in (*(sink.add for sink in self.sinks), self._link_for_review):
            try:
                add(outcome)
            except MatteboxError as error:  # the picture cannot be shown; the others are done
                self.console.report_failure(BatchFailure(outcome.job.name, error), outcome.job)

    def _show_earlier(self, job: BatchJob) -> None:
        """Show a result of an earlier run on the contact sheet, which would lack it otherwise."""
        row = None if self.report is None else self.report.find_row(job)
        if self.contact_sheet is None or row is None:
            return
        try:
            self.contact_sheet.add_earlier(job, float(row["confidence"]) if row.get("confidence") else None)
        except MatteboxError as error:
            self.console.report_failure(BatchFailure(job.name, error), job)

    def _link_for_review(self, outcome: Outcome) -> None:
        """Link (or copy where links are not possible) a doubtful result, or one that its marketplace would reject."""
        result, target = outcome.result, outcome.job.target_file
        if self.review_folder is None or target is None or result is None or result.matte is None:
            return
        confidence = result.matte.confidence
        if not is_doubtful(result.matte, self.review_confidence) and not outcome.broken_rules:
            return
        make_folder(self.review_folder)
        link = self.review_folder / _limit_name(f"{confidence:.2f}-{target.name}")
        destination = os.path.relpath(target, self.review_folder)
        if link.is_symlink() and os.readlink(link) != destination:  # of the same name, from another folder
            link = link.with_name(_limit_name(f"{confidence:.2f}-{'-'.join(target.parts[target.is_absolute() :])}"))
        try:
            _replace_link(link, destination, target)
        except OSError as error:
            raise output_error(error, link) from error


def _limit_name(name: str) -> str:
    """The name, its stem cut to MAX_NAME_BYTES in all."""
    stem, suffix = os.path.splitext(name)
    while len(os.fsencode(stem + suffix)) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem + suffix


def _replace_link(link: Path, destination: str, target: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        link.unlink()
    try:
        link.symlink_to(destination)
    except OSError:
        shutil.copyfile(target, link)


def _open_report(recipe: Recipe, model: str, options: BatchOptions, jobs: list[BatchJob]) -> BatchReport | None:
    if not options.report:
        return None
    report = BatchReport(
        Path(options.report), recipe, model, resume=options.resume, review_confidence=options.review_under
    )
    if options.resume:
        remove_temporary_files(job.target.parent for job in jobs if isinstance(job.target, Path))
        outdated = sum(map(report.is_outdated, jobs))
        if outdated:
            was = "1 photograph was" if outdated == 1 else f"{outdated} photographs were"
            echo_stderr(f"{was} done with other settings or another model by {report.path}, and will be done again")
    return report
