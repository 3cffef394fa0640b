"""`mattebox find`: the subjects of photographs, with boxes, shares and scores, to choose from with `cut --pick`; and
maps of which subject, or class, each pixel belongs to."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mattebox.cli import environment
from mattebox.errors import InputMissing, MatteboxError, UsageError

if TYPE_CHECKING:
    from mattebox.batch.plan import BatchFailure, BatchJob
    from mattebox.matting.label_map import LabelledAlpha
    from mattebox.models.instance_masks import Instance
    from mattebox.models.matte_session import Session
    from mattebox.types import Picture


class ListingOptions(NamedTuple):
    """What else is wanted of a listing: a map (`map_output`), of classes instead of numbers, over what is there; JSON."""

    map_output: str | None
    is_class_map: bool
    overwrite: bool
    as_json: bool


@click.command("find", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option("--model", default="balanced", show_default=True, help="fast, balanced, best, or a card's name or path.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, ... or the best there is.")
@click.option("--threads", type=click.IntRange(1), help="For the network.  [default: all processors]")
@click.option("--recursive", is_flag=True, help="Take the folders inside folders, too.")
@click.option("--map", "out", metavar="OUT", help="Write which subject each pixel belongs to: a PNG, or a folder.")
@click.option("--values", type=click.Choice(["number", "class"]), default="number", show_default=True,
              help="Of a map: the subject's number as listed (0 = none), or its class (255 = none).")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace maps that exist; never an input.")
@environment.commercial_option
@environment.no_cache_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per picture on standard output.")
def command(
    inputs: tuple[str, ...],
    model: str,
    device: str,
    threads: int | None,
    recursive: bool,
    out: str | None,
    values: str,
    overwrite: bool,
    as_json: bool,
    **_: Any,
) -> int:
    """List the subjects of photographs: number by size, box, share of the picture, score; and what they are, where the
    model tells classes. With --map, draw which of them each pixel belongs to.

    \b
      mattebox find table.jpg
      mattebox find street.jpg --model maskrcnn      then: mattebox cut street.jpg --model maskrcnn --pick person
      mattebox cut table.jpg --pick 2                the second largest
      mattebox cut table.jpg --pick "40%,60%"        the one under that point
      mattebox find photos/ --map maps/              numbers as listed, in colours
      mattebox find room.jpg --model segformer-ade --map room.png --values class
    """
    from mattebox.models.matte_session import open_session

    session = open_session(model, device, threads)
    if values == "class" and not session.card.output.has_classes:
        raise UsageError(f"model {session.card.name} knows no classes", "choose one that does (mattebox models list)")
    if out == "-" and as_json:
        raise UsageError("a map and JSON cannot both go to standard output", "give the map a name")
    wish = ListingOptions(out, values == "class", overwrite, as_json)
    codes = [_list_subjects(job, session, wish) for job in _plan_jobs(inputs, recursive, wish)]
    return next((c for c in codes if c), 0)


def _plan_jobs(inputs: tuple[str, ...], recursive: bool, options: ListingOptions) -> list[BatchJob | BatchFailure]:
    """What is to be read, and where its map goes, if one is wanted."""
    from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming, make_plan
    from mattebox.io.sources import expand_inputs

    found = expand_inputs(inputs, recursive=recursive)
    if options.map_output is not None:
        return make_plan(found, OutputNaming(options.map_output, overwrite=options.overwrite))
    return [
        BatchFailure(i.problem, i) if isinstance(i, InputMissing) else BatchJob(i.path, None, member=i.member)
        for i in found
    ]


def _list_subjects(job: BatchJob | BatchFailure, session: Session, options: ListingOptions) -> int:
    """List the subjects of one picture, draw its map, and return its exit code."""
    from mattebox.batch.plan import BatchFailure

    try:
        if isinstance(job, BatchFailure):
            raise job.error
        picture = _read_picture(job)
        told, rows, claims = _describe_subjects(picture, session, options)
        if options.map_output is not None:
            _write_label_map(claims, picture, options, job.target)
    except MatteboxError as error:
        click.echo(f"mattebox: {error}", err=True)
        return error.exit_code
    if options.as_json:
        size = {"input": job.name, "width": picture.shape[1], "height": picture.shape[0]}
        drawn = {"map": str(job.target)} if job.target is not None else {}
        click.echo(json.dumps(size | told | drawn | {"subjects": rows}))
    elif options.map_output != "-":
        _print_subjects(job.name, rows)
    return 0


def _read_picture(job: BatchJob) -> Picture:
    from mattebox.io.reader import read
    from mattebox.io.sources import read_item

    return read(read_item(job.source, job.member), name=job.name)


def _describe_subjects(
    picture: Picture, session: Session, options: ListingOptions
) -> tuple[dict[str, Any], list[dict[str, Any]], list[LabelledAlpha]]:
    """What is known of the picture as a whole, of each subject, and what each claims of a map that is wanted."""
    from mattebox.matting.label_map import LabelledAlpha
    from mattebox.matting.subject_list import list_subjects

    output = session.card.output
    parts, matte = list_subjects(picture, session)
    classes = [{"label": p.label, "class": output.class_index(p.label)} if output.has_classes else {} for p in parts]
    rows = [known | _subject_fields(p) for known, p in zip(classes, parts, strict=True)]
    values = [output.class_index(p.label) if options.is_class_map else n for n, p in enumerate(parts, 1)]
    claims = [
        LabelledAlpha(v, p.score if output.has_classes else 1.0, p.alpha) for v, p in zip(values, parts, strict=True)
    ]
    whole = (
        {"found": bool(parts)} if matte is None else {"found": matte.found, "confidence": round(matte.confidence, 4)}
    )
    return whole, rows, claims


def _write_label_map(
    claims: list[LabelledAlpha], picture: Picture, options: ListingOptions, target: Path | None
) -> None:
    """The map as a file, or on standard output."""
    from mattebox.io import atomic_write
    from mattebox.io.palette_png import encode_palette_png
    from mattebox.matting.label_map import BACKGROUND_LABEL, VOID_LABEL, draw_label_map

    empty = VOID_LABEL if options.is_class_map else BACKGROUND_LABEL
    content = encode_palette_png(draw_label_map(claims, picture.shape, empty), empty)
    if target is None:
        sys.stdout.buffer.write(content)
        return
    atomic_write.make_folder(target.parent)
    atomic_write.write_bytes(target, content, overwrite=options.overwrite)


def _subject_fields(instance: Instance) -> dict[str, Any]:
    return {"box": instance.box, "share": round(instance.area_share, 4), "score": round(instance.score, 4)}


def _print_subjects(name: str, rows: list[dict[str, Any]]) -> None:
    click.echo(f"{name}: {len(rows) or 'no'} subject{'s' if len(rows) != 1 else ''}")
    for number, row in enumerate(rows, start=1):
        left, top, right, bottom = row["box"]
        place = f"{left},{top} to {right},{bottom}"
        told = f"{place:<28}  {row['share']:6.1%} of the picture  score {row['score']:.2f}  {row.get('label', '')}"
        click.echo(f"  {number:>3}  {told}".rstrip())
