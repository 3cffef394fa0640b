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
    from mattebox.batch.plan import Failure, Job
    from mattebox.matting.label_map import Claim
    from mattebox.models.instance_masks import Part
    from mattebox.models.matte_session import Session
    from mattebox.types import Picture


class Wish(NamedTuple):
    """What else is wanted of a listing: a map (`out`), of classes instead of numbers, over what is there; JSON."""

    out: str | None
    classes: bool
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
@environment.commercial
@environment.no_cache
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
    if values == "class" and not session.card.output.labelled:
        raise UsageError(f"model {session.card.name} tells no classes", "choose one that does (mattebox models list)")
    if out == "-" and as_json:
        raise UsageError("a map and JSON cannot both go to standard output", "give the map a name")
    wish = Wish(out, values == "class", overwrite, as_json)
    codes = [_one(job, session, wish) for job in _jobs(inputs, recursive, wish)]
    return next((c for c in codes if c), 0)


def _jobs(inputs: tuple[str, ...], recursive: bool, wish: Wish) -> list[Job | Failure]:
    """What is to be read, and where its map goes, if one is wanted."""
    from mattebox.batch.plan import Failure, Job, Naming, make_plan
    from mattebox.io.sources import expand

    found = expand(inputs, recursive=recursive)
    if wish.out is not None:
        return make_plan(found, Naming(wish.out, overwrite=wish.overwrite))
    return [Failure(i.problem, i) if isinstance(i, InputMissing) else Job(i.path, None, member=i.member) for i in found]


def _one(job: Job | Failure, session: Session, wish: Wish) -> int:
    """List the subjects of one picture, draw its map, and return its exit code."""
    from mattebox.batch.plan import Failure

    try:
        if isinstance(job, Failure):
            raise job.error
        picture = _read(job)
        told, rows, claims = _told(picture, session, wish)
        if wish.out is not None:
            _draw(claims, picture, wish, job.target)
    except MatteboxError as error:
        click.echo(f"mattebox: {error}", err=True)
        return error.exit_code
    if wish.as_json:
        size = {"input": job.name, "width": picture.size[1], "height": picture.size[0]}
        drawn = {"map": str(job.target)} if job.target is not None else {}
        click.echo(json.dumps(size | told | drawn | {"subjects": rows}))
    elif wish.out != "-":
        _say(job.name, rows)
    return 0


def _read(job: Job) -> Picture:
    from mattebox.io.reader import read
    from mattebox.io.sources import read_item

    return read(read_item(job.source, job.member), name=job.name)


def _told(picture: Picture, session: Session, wish: Wish) -> tuple[dict[str, Any], list[dict[str, Any]], list[Claim]]:
    """What is known of the picture as a whole, of each subject, and what each claims of a map that is wanted."""
    from mattebox.matting.label_map import Claim
    from mattebox.matting.subject_list import find

    output = session.card.output
    parts, matte = find(picture, session)
    classes = [{"label": p.label, "class": output.number(p.label)} if output.labelled else {} for p in parts]
    rows = [known | _row(p) for known, p in zip(classes, parts, strict=True)]
    values = [output.number(p.label) if wish.classes else n for n, p in enumerate(parts, 1)]
    claims = [Claim(v, p.score if output.labelled else 1.0, p.alpha) for v, p in zip(values, parts, strict=True)]
    whole = (
        {"found": bool(parts)} if matte is None else {"found": matte.found, "confidence": round(matte.confidence, 4)}
    )
    return whole, rows, claims


def _draw(claims: list[Claim], picture: Picture, wish: Wish, target: Path | None) -> None:
    """The map as a file, or on standard output."""
    from mattebox.io import atomic_write
    from mattebox.io.palette_png import encode_indexed
    from mattebox.matting.label_map import NOTHING, VOID, drawn

    empty = VOID if wish.classes else NOTHING
    content = encode_indexed(drawn(claims, picture.size, empty), empty)
    if target is None:
        sys.stdout.buffer.write(content)
        return
    atomic_write.make_folder(target.parent)
    atomic_write.write_bytes(target, content, overwrite=wish.overwrite)


def _row(one: Part) -> dict[str, Any]:
    return {"box": one.box, "share": round(one.share, 4), "score": round(one.score, 4)}


def _say(name: str, rows: list[dict[str, Any]]) -> None:
    click.echo(f"{name}: {len(rows) or 'no'} subject{'s' if len(rows) != 1 else ''}")
    for number, row in enumerate(rows, start=1):
        left, top, right, bottom = row["box"]
        place = f"{left},{top} to {right},{bottom}"
        told = f"{place:<28}  {row['share']:6.1%} of the picture  score {row['score']:.2f}  {row.get('label', '')}"
        click.echo(f"  {number:>3}  {told}".rstrip())
