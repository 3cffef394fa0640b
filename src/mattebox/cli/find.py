"""`mattebox find`: list the subjects of photographs, for `cut --pick`, and write label maps of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mattebox.cli import environment
from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes, json_option, recursive_option, report_error
from mattebox.cli.subject_cryptomatte import write_subject_cryptomatte
from mattebox.cli.value_completion import COMPLETER_BY_PARAMETER, complete_files
from mattebox.errors import InputMissing, MatteboxError, UsageError

if TYPE_CHECKING:
    from mattebox.batch.plan import BatchFailure, BatchJob
    from mattebox.matting.label_map import LabelledAlpha
    from mattebox.models.instance_masks import Instance
    from mattebox.models.matte_session import Session
    from mattebox.types import Picture


class ListingOptions(NamedTuple):
    """Where a label map goes, if one is written, and what it holds; whether the listing is JSON."""

    map_output: str | None
    is_class_map: bool
    overwrite: bool
    as_json: bool
    cryptomatte: str | None = None


@click.command("find", context_settings=CONTEXT_SETTINGS)
@click.argument("inputs", nargs=-1, required=True, metavar="IN...", shell_complete=complete_files)
@click.option(
    "--model",
    default="balanced",
    shell_complete=COMPLETER_BY_PARAMETER["model"],
    show_default=True,
    help="fast, balanced, best, or a card's name or path.",
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, ...; auto is the fastest available.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the network.  [default: all processors]")
@recursive_option
@click.option(
    "--map",
    "map_output",
    metavar="OUT",
    shell_complete=complete_files,
    help="Write which subject each pixel belongs to: a PNG, or a folder.",
)
@click.option("--values", type=click.Choice(["number", "class"]), default="number", show_default=True,
              help="Of a map: the subject's number as listed (0 = none), or its class (255 = none).")  # fmt: skip
@click.option(
    "--cryptomatte",
    metavar="OUT.exr",
    shell_complete=complete_files,
    help="Write the mattes of all subjects of one picture as Cryptomatte, for Nuke, Fusion or Blender.",
)
@click.option("--overwrite", is_flag=True, help="Replace maps that exist; never an input.")
@environment.commercial_option
@environment.no_cache_option
@json_option
def command(
    inputs: tuple[str, ...],
    model: str,
    device: str,
    threads: int | None,
    recursive: bool,
    map_output: str | None,
    values: str,
    cryptomatte: str | None,
    overwrite: bool,
    as_json: bool,
    **_: Any,
) -> int:
    """List the subjects of photographs, for `mattebox cut --pick`.

    Each with its number by size, box, share of the picture and score; and what it is, where the model knows classes.
    Other models know only what is subject and what is not: then its separate pieces are listed; those that touch are
    told apart by shape and colour, which may err: a piece may hold several subjects.
    With --map, draw which of them each pixel belongs to.

    \b
      mattebox find table.jpg
      mattebox find street.jpg --model maskrcnn      then: mattebox cut street.jpg --model maskrcnn --pick person
      mattebox cut table.jpg --pick 2                the second largest
      mattebox cut table.jpg --pick "40%,60%"        the one under that point
      mattebox find table.jpg --cryptomatte table.exr   all subjects as mattes in one OpenEXR file
      mattebox find photos/ --map maps/              numbers as listed, in colours
      mattebox find room.jpg --model segformer-ade --map room.png --values class
    """
    from mattebox.models.matte_session import open_session

    session = open_session(model, device, threads)
    if values == "class" and not session.card.output.has_classes:
        raise UsageError(f"model {session.card.name} knows no classes", "choose one that does (mattebox models list)")
    if map_output == "-" and as_json:
        raise UsageError("a map and JSON cannot both go to standard output", "give the map a name")
    options = ListingOptions(map_output, values == "class", overwrite, as_json, cryptomatte)
    jobs = _plan_jobs(inputs, recursive, options)
    if cryptomatte is not None and len(jobs) > 1:
        raise UsageError("--cryptomatte takes the subjects of one picture", "give one picture, or leave it out")
    return combine_exit_codes(_list_subjects(job, session, options) for job in jobs)


def _plan_jobs(inputs: tuple[str, ...], recursive: bool, options: ListingOptions) -> list[BatchJob | BatchFailure]:
    """The pictures to read, and where their maps go, if any are written."""
    from mattebox.batch.own_results import leave_out_results
    from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming, make_plan
    from mattebox.io.input_items import expand_inputs
    from mattebox.io.store_address import is_output_address

    if is_output_address(options.map_output):
        raise UsageError("--map cannot be written to a store", "give a local path")
    items = expand_inputs(inputs, recursive=recursive)
    if options.map_output is not None:
        naming = OutputNaming(options.map_output, overwrite=options.overwrite)
        selection = leave_out_results(items, naming)
        return make_plan(selection.entries, naming, selection.unmarked)
    return [
        BatchFailure(i.problem, i)
        if isinstance(i, InputMissing)
        else BatchJob(i.path, None, member=i.member, url=i.url)
        for i in items
    ]


def _list_subjects(job: BatchJob | BatchFailure, session: Session, options: ListingOptions) -> int:
    """List the subjects of one picture, write its map, and return its exit code."""
    from mattebox.batch.plan import BatchFailure

    try:
        if isinstance(job, BatchFailure):
            raise job.error
        picture = _read_picture(job)
        summary, rows, labelled, instances = _describe_subjects(picture, session, options)
        if options.cryptomatte is not None:
            sources = [Path(job.source)] if isinstance(job.source, str | Path) else []
            write_subject_cryptomatte(
                Path(options.cryptomatte), picture, instances, overwrite=options.overwrite, inputs=sources
            )
        if options.map_output is not None:
            _write_label_map(labelled, picture, options, None if job.target is None else Path(str(job.target)))
    except MatteboxError as error:
        return report_error(error)
    if options.as_json:
        size = {"input": job.name, "width": picture.shape[1], "height": picture.shape[0]}
        label_map = {"map": str(job.target)} if job.target is not None else {}
        click.echo(json.dumps(size | summary | label_map | {"subjects": rows}))
    elif options.map_output != "-":
        _print_subjects(job.name, summary, rows)
    return 0


def _read_picture(job: BatchJob) -> Picture:
    from mattebox.io.reader import read
    from mattebox.io.sources import read_item

    return read(read_item(job.source, job.member, job.url), name=job.name)


def _describe_subjects(
    picture: Picture, session: Session, options: ListingOptions
) -> tuple[dict[str, Any], list[dict[str, Any]], list[LabelledAlpha], list[Instance]]:
    """Fields of the picture, fields of each subject, their alphas with labels for a map, and the subjects."""
    from mattebox.matting.label_map import LabelledAlpha
    from mattebox.matting.subject_list import list_subjects

    output = session.card.output
    instances, matte, backdrop = list_subjects(picture, session)
    summary: dict[str, Any] = {"found": bool(instances), "recognised": True}
    if matte is not None:
        summary = {"found": matte.found, "confidence": round(matte.confidence, 4), "recognised": False}
    if backdrop is not None:
        summary["artwork"] = backdrop.hex
    rows, labelled = [], []
    for number, instance in enumerate(instances, start=1):
        class_index = output.class_index(instance.label) if output.has_classes else None
        label = {} if class_index is None else {"label": instance.label, "class": class_index}
        rows.append(label | _subject_fields(instance))
        score = instance.score if output.has_classes else 1.0
        value = class_index if options.is_class_map and class_index is not None else number
        labelled.append(LabelledAlpha(value, score, instance.alpha))
    return summary, rows, labelled, instances


def _write_label_map(
    labelled: list[LabelledAlpha], picture: Picture, options: ListingOptions, target: Path | None
) -> None:
    """Write the map as a PNG, or to standard output."""
    from mattebox.io import atomic_write
    from mattebox.io.palette_png import encode_palette_png
    from mattebox.matting.label_map import BACKGROUND_LABEL, VOID_LABEL, draw_label_map

    empty = VOID_LABEL if options.is_class_map else BACKGROUND_LABEL
    content = encode_palette_png(draw_label_map(labelled, picture.shape, empty), empty)
    if target is None:
        sys.stdout.buffer.write(content)
        return
    atomic_write.make_folder(target.parent)
    atomic_write.write_bytes(target, content, overwrite=options.overwrite)


def _subject_fields(instance: Instance) -> dict[str, Any]:
    return {"box": instance.box, "share": round(instance.area_share, 4), "score": round(instance.score, 4)}


def _print_subjects(name: str, summary: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """The subjects, or, of a network that recognises none, the separate pieces of its matte."""
    noun = "subject" if summary["recognised"] or not rows else "separate piece"
    artwork = f" of flat artwork on {summary['artwork']}" if "artwork" in summary else ""
    several = "" if noun == "subject" or artwork else " (each may hold several subjects that touch)"
    doubt = "" if summary["found"] or not rows else ", but it is not clear what the subject is"
    click.echo(f"{name}: {len(rows) or 'no'} {noun}{'s' if len(rows) != 1 else ''}{several}{artwork}{doubt}")
    for number, row in enumerate(rows, start=1):
        left, top, right, bottom = row["box"]
        box = f"{left},{top} to {right},{bottom}"
        text = f"{box:<28}  {row['share']:6.1%} of the picture  score {row['score']:.2f}  {row.get('label', '')}"
        click.echo(f"  {number:>3}  {text}".rstrip())
