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

from mattebox.batch.plan import Failure, Job, Naming, from_manifest, is_folder, make_plan
from mattebox.core import cpu_threads
from mattebox.core.malloc import give_back, hold
from mattebox.errors import UsageError
from mattebox.io.sources import expand
from mattebox.models.store.environment import offline
from mattebox.recipe.recipe import Recipe

if TYPE_CHECKING:
    from mattebox.batch.comparison_page import Compare
    from mattebox.batch.contact_sheet import Sheet
    from mattebox.batch.job import Outcome
    from mattebox.batch.report import Ledger
    from mattebox.batch.saliency_sheet import Explain
    from mattebox.cli.output import Report

    Work = Callable[[Job], Outcome]

F = TypeVar("F", bound=Callable[..., Any])

LARGE = 40_000_000  # pixels of a result after which memory is given back
MOST = 8  # pictures at a time unless told otherwise: memory goes by them

OPTIONS: list[Callable[[Any], Any]] = [
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

NAMES = ("fetch", "jobs", "manifest", "template", "report", "resume", "review", "review_under", "sheet", "watch")


def many_options(command: F) -> F:
    """Give a click command the options above."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def naming(out: str | None, suffix: str, word: str, options: dict[str, Any]) -> Naming:
    """UsageError when the options do not go together."""
    if options["resume"] and not options["report"]:
        raise UsageError("--resume needs to know what was done", "give --report FILE, the same as before")
    return Naming(out, suffix, options["template"], options["overwrite"], options["resume"], word)


def planned(inputs: tuple[str, ...], names: Naming, options: dict[str, Any]) -> list[Job | Failure]:
    """What is to be done."""
    if options["manifest"]:
        if inputs:
            raise UsageError("photographs and a --manifest are both given", "choose one")
        return from_manifest(Path(options["manifest"]), names)
    if not inputs:
        raise click.UsageError("give at least one photograph, folder or pattern, or a --manifest")
    if options["fetch"] and offline():
        raise UsageError("--fetch needs the network, and it is forbidden", "leave out --fetch, or --offline")
    return make_plan(expand(inputs, recursive=options["recursive"], addresses=options["fetch"]), names)


def done(plan: list[Job | Failure], recipe: Recipe, options: dict[str, Any], as_json: bool) -> int:
    """Do it all, tell it, and return the exit code."""
    from mattebox.batch.runner import each
    from mattebox.cli.output import Report

    jobs = [entry for entry in plan if isinstance(entry, Job)]
    beside = options["jobs"] or min(max(len(jobs), 1), _hands(recipe, options))
    report = Report(len(plan), as_json)
    if len(jobs) > 1:
        hold()
    with _ready(recipe, options, beside, jobs, report) as (work, keep):

        def attempt(entry: Job | Failure) -> Outcome | Failure | None:
            if isinstance(entry, Failure):
                return entry
            return None if keep.finished(entry) else work(entry)

        large = False
        for entry, outcome in zip(plan, each(attempt, plan, beside, report.working), strict=True):
            keep.told(entry, outcome)
            if large:  # was the one before, which nobody holds any more
                give_back()
            large = _large(outcome)
    return report.exit_code


def _large(outcome: Outcome | Failure | None) -> bool:
    result = getattr(outcome, "result", None)
    return result is not None and result.size[0] * result.size[1] > LARGE


def _hands(recipe: Recipe, options: dict[str, Any]) -> int:
    """Photographs at a time: one for each processor, and more where an accelerator wants whole batches."""
    from mattebox.cli import remote_server
    from mattebox.models.runtime import device as devices

    if options["server"]:
        return remote_server.AT_ONCE
    batches = recipe.cut and recipe.cut.network and devices.gains_by_batches(devices.provider(options["device"])[0])
    return MOST if batches else min(cpu_threads.allowed(), MOST)


def watched(inputs: tuple[str, ...], recipe: Recipe, names: Naming, options: dict[str, Any], as_json: bool) -> int:
    """Do photographs as they come, until interrupted or terminated; then exit code 0."""
    from mattebox.batch.watch_folder import settled
    from mattebox.cli.output import Report

    if len(inputs) != 1 or not Path(inputs[0]).is_dir() or names.out is None or not is_folder(names.out):
        raise UsageError("--watch needs one folder, and one for the results", "mattebox cut IN/ -o OUT/ --watch")
    folder, out = Path(inputs[0]), Path(names.out).resolve()
    names = replace(names, resume=True)  # a photograph that has changed replaces its result
    report = Report(0, as_json)
    with _stopping() as stop, _ready(recipe, options, 1, [], report) as (work, keep):
        arriving = settled(folder, recursive=options["recursive"], stop=stop, skip=lambda p: out in p.resolve().parents)
        for item in arriving:
            (entry,) = make_plan([item], names)
            if isinstance(entry, Job) and _up_to_date(entry):
                continue
            if isinstance(entry, Job) and not keep.finished(entry):
                keep.told(entry, work(entry))
            elif isinstance(entry, Failure):
                keep.told(entry, entry)
    return 0


def _up_to_date(job: Job) -> bool:
    """Whether an earlier watch has done it: its result is newer than the photograph."""
    if job.source is None or job.target is None or not job.target.exists():
        return False
    return job.target.stat().st_mtime_ns >= job.source.stat().st_mtime_ns


class Keep:
    """Everything that is kept of outcomes: told to the user, and written to report, sheet and review folder."""

    def __init__(
        self,
        report: Report,
        ledger: Ledger | None,
        sheet: Sheet | None,
        compare: Compare | None,
        explain: Explain | None,
        review: Path | None,
        under: float,
    ) -> None:
        self.report, self.ledger, self.sheet, self.compare, self.explain = report, ledger, sheet, compare, explain
        self.review, self.under = review, under

    def finished(self, job: Job) -> bool:
        return self.ledger is not None and self.ledger.finished(job)

    def told(self, entry: Job | Failure, outcome: Outcome | Failure | None) -> None:
        if outcome is None:
            assert isinstance(entry, Job)
            self.report.skipped(entry)
            return
        if isinstance(outcome, Failure):
            self.report.failed(outcome)
            if self.ledger is not None:
                self.ledger.missed(outcome)
            return
        if self.ledger is not None:
            self.ledger.add(outcome)
        if outcome.error is not None:
            self.report.failed(Failure(outcome.job.name, outcome.error), outcome.job)
        else:
            assert outcome.result is not None
            self.report.finished(outcome.job, outcome.result, outcome.seconds, outcome.broken)
        if self.sheet is not None:
            self.sheet.add(outcome)
        if self.compare is not None:
            self.compare.add(outcome)
        if self.explain is not None:
            self.explain.add(outcome)
        self._review(outcome)

    def _review(self, outcome: Outcome) -> None:
        """A link (or a copy where there are none) to what is doubtful, or what its marketplace would reject."""
        result, target = outcome.result, outcome.job.target
        if self.review is None or target is None or result is None or result.matte is None:
            return
        if result.matte.confidence >= self.under and not outcome.broken:
            return
        from mattebox.io.atomic_write import make_folder, ours

        make_folder(self.review)
        link, goal = self.review / f"{result.matte.confidence:.2f}-{target.name}", os.path.relpath(target, self.review)
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
            raise ours(error, link) from error


@contextlib.contextmanager
def _ready(
    recipe: Recipe, options: dict[str, Any], beside: int, jobs: Iterable[Job], report: Report
) -> Iterator[tuple[Work, Keep]]:
    """Who does the pictures, and what is kept of them, opened."""
    from mattebox.batch.comparison_page import Compare
    from mattebox.batch.contact_sheet import Sheet
    from mattebox.batch.report import Ledger
    from mattebox.batch.saliency_sheet import Explain
    from mattebox.cli import remote_server
    from mattebox.io.atomic_write import clear_leftovers

    work, model = remote_server.work(recipe, options) if options["server"] else _here(recipe, options, beside, report)
    ledger = None
    if options["report"]:
        under = options["review_under"]
        ledger = Ledger(Path(options["report"]), recipe, model, resume=options["resume"], doubtful=under)
        clear_leftovers(j.target.parent for j in jobs if j.target and options["resume"])
    sheet = Sheet(Path(options["sheet"])) if options["sheet"] else None
    compare = Compare(Path(options["compare"])) if options["compare"] else None
    if compare is not None:
        compare.check(list(jobs))
    explain = Explain(Path(options["explain"]), getattr(work, "session", None)) if options.get("explain") else None
    if explain is not None:
        explain.check(list(jobs))
    review = Path(options["review"]) if options["review"] else None
    try:
        yield work, Keep(report, ledger, sheet, compare, explain, review, options["review_under"])
    finally:
        if sheet is not None and sheet.cells:
            sheet.write()
        if compare is not None:
            compare.close()
        if ledger is not None:
            ledger.close()
        report.closed()


def _here(recipe: Recipe, options: dict[str, Any], beside: int, report: Report) -> tuple[Work, str]:
    """Work on this machine, and the hashes of its weights. A missing device is said before any picture is read; for
    more than one the network starts now."""
    from mattebox.batch.job import Work
    from mattebox.models.matte_session import open_session
    from mattebox.pipeline import restoration

    threads = options["threads"] or max(1, cpu_threads.allowed() // beside)
    network = recipe.cut.network if recipe.cut else None
    session = open_session(network, options["device"], threads) if network else None
    if session is not None and report.total != 1:
        session.start()
    model = "+".join([*([session.card.sha256] if session else []), *restoration.weights(recipe)])
    hidden: Literal["keep", "zero"] = "keep" if options["keep_hidden"] else "zero"
    return Work(
        recipe, session, options["max_pixels"], options["metadata"], options["overwrite"], hidden, beside,
        bool(options["report"]), report.part,
    ), model  # fmt: skip


@contextlib.contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C and SIGTERM are asked about instead of interrupting: the picture in hand is finished."""
    asked: list[int] = []
    before = {s: signal.signal(s, lambda number, _: asked.append(number)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
