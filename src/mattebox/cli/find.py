"""`mattebox find`: the subjects of photographs, with boxes, shares and scores, to choose from with `cut --pick`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from mattebox.cli import policy
from mattebox.errors import InputMissing, MatteboxError

if TYPE_CHECKING:
    from mattebox.io.sources import Item
    from mattebox.matte.instances import Instance
    from mattebox.types import Picture
    from mattebox.zoo.parts import Part
    from mattebox.zoo.session import Session


@click.command("find", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option("--model", default="balanced", show_default=True, help="fast, balanced, best, or a card's name or path.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, ... or the best there is.")
@click.option("--threads", type=click.IntRange(1), help="For the network.  [default: all processors]")
@click.option("--recursive", is_flag=True, help="Take the folders inside folders, too.")
@policy.commercial
@policy.no_cache
@click.option("--json", "as_json", is_flag=True, help="One JSON object per picture on standard output.")
def command(
    inputs: tuple[str, ...], model: str, device: str, threads: int | None, recursive: bool, as_json: bool, **_: Any
) -> int:
    """List the subjects of photographs: number by size, box, share of the picture, score; and what they are, where the
    model tells classes.

    \b
      mattebox find table.jpg
      mattebox find street.jpg --model maskrcnn      then: mattebox cut street.jpg --model maskrcnn --pick person
      mattebox cut table.jpg --pick 2                the second largest
      mattebox cut table.jpg --pick "40%,60%"        the one under that point
    """
    from mattebox.io.sources import expand
    from mattebox.zoo.session import open_session

    session = open_session(model, device, threads)
    codes = [_one(item, session, as_json) for item in expand(inputs, recursive=recursive)]
    return next((c for c in codes if c), 0)


def _one(item: Item | InputMissing, session: Session, as_json: bool) -> int:
    """List the subjects of one picture, and return its exit code."""
    from mattebox.io.read import read
    from mattebox.io.sources import read_bytes, read_member

    try:
        if isinstance(item, InputMissing):
            raise item
        name = "/".join(str(p) for p in (item.path or "-", item.member) if p)
        data = read_member(item.path, item.member) if item.path and item.member else read_bytes(item.path or "-")
        picture = read(data, name=name)
        told, rows = _told(picture, session)
    except MatteboxError as error:
        click.echo(f"mattebox: {error}", err=True)
        return error.exit_code
    if as_json:
        size = {"input": name, "width": picture.size[1], "height": picture.size[0]}
        click.echo(json.dumps(size | told | {"subjects": rows}))
    else:
        _say(name, rows)
    return 0


def _told(picture: Picture, session: Session) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What is known of the picture as a whole, and of each subject."""
    from mattebox.matte.instances import instances
    from mattebox.matte.segment import on_white, segment

    if session.card.output.labelled:
        parts = session.parts(on_white(picture))
        return {"found": bool(parts)}, [{"label": p.label} | _row(p) for p in parts]
    matte = segment(picture, session)
    found = instances(matte, picture.size) if matte.found else []
    return {"found": matte.found, "confidence": round(matte.confidence, 4)}, [_row(i) for i in found]


def _row(one: Instance | Part) -> dict[str, Any]:
    return {"box": one.box, "share": round(one.share, 4), "score": round(one.score, 4)}


def _say(name: str, rows: list[dict[str, Any]]) -> None:
    click.echo(f"{name}: {len(rows) or 'no'} subject{'s' if len(rows) != 1 else ''}")
    for number, row in enumerate(rows, start=1):
        left, top, right, bottom = row["box"]
        place = f"{left},{top} to {right},{bottom}"
        told = f"{place:<28}  {row['share']:6.1%} of the picture  score {row['score']:.2f}  {row.get('label', '')}"
        click.echo(f"  {number:>3}  {told}".rstrip())
