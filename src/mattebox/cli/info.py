"""`mattebox info`: what is inside a photograph's file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes, json_option, recursive_option, report_error
from mattebox.cli.value_completion import complete_files
from mattebox.errors import InputMissing, MatteboxError

if TYPE_CHECKING:
    from mattebox.io.file_summary import FileSummary
    from mattebox.io.input_items import InputItem


@click.command("info", context_settings=CONTEXT_SETTINGS)
@click.argument("inputs", nargs=-1, required=True, metavar="IN...", shell_complete=complete_files)
@recursive_option
@json_option
def command(inputs: tuple[str, ...], recursive: bool, as_json: bool) -> int:
    """Say what is inside a photograph's file; nothing is written.

    Size, colour space and orientation; depth, mattes, gain map, both views of a stereo pair, the clip of a motion
    photo; and which metadata results keep, and which they drop.

    \b
      mattebox info photo.heic
      mattebox info photos/ --json
    """
    from mattebox.io.input_items import expand_inputs

    return combine_exit_codes(_summarise_input(item, as_json) for item in expand_inputs(inputs, recursive=recursive))


def _summarise_input(item: InputItem | InputMissing, as_json: bool) -> int:
    """Report on one file, and return its exit code."""
    from mattebox.io.file_summary import summarise_file
    from mattebox.io.sources import read_item

    try:
        if isinstance(item, InputMissing):
            raise item
        summary = summarise_file(read_item(item.path, item.member, item.url), item.name)
    except MatteboxError as error:
        return report_error(error)
    click.echo(json.dumps({"input": item.name, **_fields(summary)}) if as_json else _format_summary(item.name, summary))
    return 0


def _fields(summary: FileSummary) -> dict[str, object]:
    fields = {name: getattr(summary, name) for name in summary.__dataclass_fields__ if name != "depth"}
    depth = summary.depth
    if depth is None:
        return fields | {"depth": None}
    far, near = depth.limits()
    height, width = depth.inverse_depth.shape
    limits = {"inverse_depth_far": far, "inverse_depth_near": near}
    return fields | {"depth": {"width": width, "height": height, "unit": depth.unit} | limits}


def _format_summary(name: str, summary: FileSummary) -> str:
    lines = [
        f"{name}: {summary.format.upper()}, {summary.width} x {summary.height}, {summary.bits_per_channel} bits",
        f"  colour space   {summary.profile}",
    ]
    if summary.orientation != 1:
        lines.append(f"  orientation    {summary.orientation} (results are upright)")
    if summary.frames > 1:
        lines.append(f"  frames         {summary.frames}, of which the first is read")
    lines += [f"  {label:<14} {text}" for label, text in _parts(summary)]
    lines += [f"  metadata kept  {', '.join(summary.metadata_kept)}"] if summary.metadata_kept else []
    lines += [f"  and dropped    {', '.join(summary.metadata_dropped)}"] if summary.metadata_dropped else []
    return "\n".join(lines)


def _parts(summary: FileSummary) -> list[tuple[str, str]]:
    """What lies beside the picture: a label and a remark."""
    parts = []
    if (depth := summary.depth) is not None:
        size = "{1} x {0}".format(*depth.inverse_depth.shape)
        far, near = depth.limits()
        metres = f", {1 / near:.2f} to {1 / max(far, 1e-3):.2f} m" if depth.unit == "1/m" and near > 0 else ""
        parts.append(("depth", f"{size}{metres}; portrait and depth use it"))
    if summary.mattes:
        parts.append(("mattes", f"{', '.join(summary.mattes)}; cut uses them"))
    if summary.has_gain_map:
        parts.append(("gain map", "high dynamic range; kept in results in JPEG"))
    if summary.is_stereo_pair:
        parts.append(("stereo pair", "two views; depth uses them"))
    if summary.video_bytes:
        parts.append(("clip", f"{summary.video_bytes / 1e6:.1f} MB of a motion photo; not kept in results"))
    if summary.has_credentials:
        parts.append(("credentials", "Content Credentials (C2PA); see mattebox verify"))
    return parts
