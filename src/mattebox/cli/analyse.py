"""`mattebox analyse`: measure a photograph's faults, and suggest the recipe that would correct them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes, json_option, recursive_option, report_error
from mattebox.cli.value_completion import complete_files
from mattebox.errors import InputMissing, MatteboxError

if TYPE_CHECKING:
    from mattebox.enhancement.photo_report import PhotoReport
    from mattebox.io.input_items import InputItem


@click.command("analyse", context_settings=CONTEXT_SETTINGS)
@click.argument("inputs", nargs=-1, required=True, metavar="IN...", shell_complete=complete_files)
@recursive_option
@json_option
def command(inputs: tuple[str, ...], recursive: bool, as_json: bool) -> int:
    """Measure photographs, and suggest what would improve them.

    Measured are clipping, exposure, contrast, colour cast, noise, blur and JPEG blocks.

    \b
      mattebox analyse photo.jpg
      mattebox analyse photos/ --json
    """
    from mattebox.io.input_items import expand_inputs

    return combine_exit_codes(_analyse_input(item, as_json) for item in expand_inputs(inputs, recursive=recursive))


def _analyse_input(item: InputItem | InputMissing, as_json: bool) -> int:
    """Report on one picture, and return its exit code."""
    from mattebox.io.reader import read
    from mattebox.io.sources import read_item
    from mattebox.pipeline.photo_analysis import analyse_picture

    try:
        if isinstance(item, InputMissing):
            raise item
        report = analyse_picture(read(read_item(item.path, item.member, item.url), name=item.name))
    except MatteboxError as error:
        return report_error(error)
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
    statistics = report.statistics
    ends = (" ".join(f"{share:.1%}" for share in shares) for shares in (statistics.black, statistics.white))
    numbers = {
        "black (r g b)": next(ends),
        "burnt out (r g b)": next(ends),
        "light": f"median {statistics.median:.2f}, key {statistics.key:.2f}",
        "contrast": f"{statistics.contrast:.2f}, range {statistics.range:.2f}",
        "cast": report.cast_direction
        if report.cast_direction == "none"
        else f"{report.cast_direction}, {report.cast_degrees:.0f} degrees",
        "noise": f"{statistics.noise * 255:.1f} in 255",
        "sharpness": f"{statistics.sharpness:.2f}",
        "blocks of JPEG": f"{statistics.blocks:.2f}",
    }
    width = max(map(len, numbers))
    lines = [f"{name}: {'; '.join(report.findings) or 'nothing to correct'}"]
    lines += [f"  {label.ljust(width)}  {value}" for label, value in numbers.items()]
    recipe = report.recipe
    if recipe is not None:
        lines += ["  suggested recipe:"] + [f"    {line}" for line in recipe.to_toml().splitlines() if line]
    return "\n".join(lines)
