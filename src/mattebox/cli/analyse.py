"""`mattebox analyse`: what a photograph measures, in words and numbers, and the recipe that would mend it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mattebox.errors import InputMissing, MatteboxError

if TYPE_CHECKING:
    from mattebox.enhancement.photo_report import PhotoReport
    from mattebox.io.sources import InputItem


@click.command("analyse", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option("--recursive", is_flag=True, help="Take the folders inside folders, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per picture on standard output.")
def command(inputs: tuple[str, ...], recursive: bool, as_json: bool) -> int:
    """Say what photographs measure (clipping, exposure, contrast, cast, noise, blur, JPEG's blocks), and what would
    mend them.

    \b
      mattebox analyse photo.jpg
      mattebox analyse photos/ --json
    """
    from mattebox.io.sources import expand_inputs

    codes = [_analyse_input(item, as_json) for item in expand_inputs(inputs, recursive=recursive)]
    return next((c for c in codes if c), 0)


def _analyse_input(item: InputItem | InputMissing, as_json: bool) -> int:
    """Report on one picture, and return its exit code."""
    from mattebox.enhancement.photo_report import analyse_photo
    from mattebox.io.reader import read
    from mattebox.io.sources import read_item

    try:
        if isinstance(item, InputMissing):
            raise item
        report = analyse_photo(read(read_item(item.path, item.member), name=item.name))
    except MatteboxError as error:
        click.echo(f"mattebox: {error}", err=True)
        return error.exit_code
    click.echo(
        json.dumps({"input": item.name, **_report_fields(report)}) if as_json else _format_report(item.name, report)
    )
    return 0


def _report_fields(report: PhotoReport) -> dict[str, object]:
    import msgspec

    recipe = report.recipe
    return {
        "statistics": msgspec.to_builtins(report.statistics),
        "cast": {"degrees": round(report.cast_degrees, 1), "direction": report.cast_direction},
        "findings": list(report.findings),
        "recipe": None if recipe is None else msgspec.to_builtins(recipe),
    }


def _format_report(name: str, report: PhotoReport) -> str:
    found = report.statistics
    ends = (" ".join(f"{share:.1%}" for share in shares) for shares in (found.black, found.white))
    numbers = {
        "black (r g b)": next(ends),
        "burnt out (r g b)": next(ends),
        "light": f"median {found.median:.2f}, key {found.key:.2f}",
        "contrast": f"{found.contrast:.2f}, range {found.range:.2f}",
        "cast": report.cast_direction
        if report.cast_direction == "none"
        else f"{report.cast_direction}, {report.cast_degrees:.0f} degrees",
        "noise": f"{found.noise * 255:.1f} in 255",
        "sharpness": f"{found.sharpness:.2f}",
        "blocks of JPEG": f"{found.blocks:.2f}",
    }
    width = max(map(len, numbers))
    lines = [f"{name}: {'; '.join(report.findings) or 'nothing to mend'}"]
    lines += [f"  {what.ljust(width)}  {value}" for what, value in numbers.items()]
    recipe = report.recipe
    if recipe is not None:
        lines += ["  suggested recipe:"] + [f"    {line}" for line in recipe.to_toml().splitlines() if line]
    return "\n".join(lines)
