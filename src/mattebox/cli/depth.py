"""`mattebox depth`: how near each point of a photograph is, as a picture or an array."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from mattebox.cli import environment
from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes, json_option, recursive_option, report_error
from mattebox.cli.value_completion import COMPLETER_BY_PARAMETER, complete_files
from mattebox.errors import MatteboxError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mattebox.batch.plan import BatchFailure, BatchJob
    from mattebox.io.store_address import StoreAddress
    from mattebox.types import DepthMap


ORIGINS = {
    "file": "the depth that the file holds",
    "stereo": "from the two views of a stereo pair",
    "network": "estimated by a network",
    "layers": "assumed: the subject before a floor",
}


class DepthOptions(NamedTuple):
    """Whether the map is drawn in colours, files may be replaced, and the result is told as JSON."""

    is_coloured: bool
    overwrite: bool
    as_json: bool


@click.command("depth", context_settings=CONTEXT_SETTINGS)
@click.argument("inputs", nargs=-1, required=True, metavar="IN...", shell_complete=complete_files)
@click.option(
    "-o", "--output", metavar="OUT", shell_complete=complete_files,
    help="A .png (16 bits), .npy or .exr file, a folder, either in a store (s3://, ...), or - for standard output.  "
         "[default: NAME-depth.png]",
)  # fmt: skip
@click.option("--stereo", is_flag=True, help="The two inputs are what the left and the right eye see.")
@click.option("--colour", is_flag=True, help="Draw it in colours, to look at.")
@click.option("--model", default="balanced", shell_complete=COMPLETER_BY_PARAMETER["depth_model"], show_default=True,
              help="Where the file holds no depth: a depth network (midas-small), or one that finds the subject: fast, "
                   "balanced, best, or a card.")  # fmt: skip
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, ...; auto is the fastest available.")
@recursive_option
@click.option("--overwrite", is_flag=True, help="Replace files that exist; never an input.")
@environment.commercial_option
@environment.no_cache_option
@json_option
def command(
    inputs: tuple[str, ...], output: str | None, stereo: bool, colour: bool, model: str, device: str, recursive: bool,
    overwrite: bool, as_json: bool, **_: object,
) -> int:  # fmt: skip
    """Write how near each point of a photograph is: light is near, dark is far.

    The depth that a phone wrote into the file counts, then what both views of a stereo pair tell: of an MPO or a
    spatial HEIC, or two files. Where there is none, a depth network tells it, if --model names one; else it is an
    assumption, and said to be one: the subject stands in one plane, before a floor that recedes to the horizon.

    \b
      mattebox depth photo.jpg                       photo-depth.png, 16 bits
      mattebox depth photo.jpg -o depth.npy          inverse depth in float32
      mattebox depth photos/ -o maps/ --colour
      mattebox depth --stereo left.jpg right.jpg     left-depth.png
      mattebox portrait photo.jpg --bokeh-depth photo-depth.png
      mattebox models pull midas-small               then: mattebox depth photo.jpg --model midas-small
    """
    from mattebox.api.photograph_depth import depth as tell_depth

    if output == "-" and as_json:
        raise UsageError("a map and JSON cannot both go to standard output", "give the map a name")
    options = DepthOptions(colour, overwrite, as_json)
    right = None
    if stereo:
        if len(inputs) != 2:
            raise UsageError("--stereo takes two files", "give what the left eye sees, then what the right eye sees")
        left, right = inputs
        inputs = (left,)

    def write(job: BatchJob | BatchFailure) -> int:
        from mattebox.batch.plan import BatchFailure
        from mattebox.batch.store_output import check_absent
        from mattebox.io.reader import read
        from mattebox.io.sources import read_item
        from mattebox.io.store_address import StoreAddress
        from mattebox.pipeline.stereo import measured_depth

        try:
            if isinstance(job, BatchFailure):
                raise job.error
            if isinstance(job.target, StoreAddress) and not overwrite:
                check_absent(job.target)
            content = read_item(job.source, job.member, job.url)
            picture = read(content, name=job.name)
            measured = None if right else measured_depth(picture, content, job.name)
            depth = measured or tell_depth(picture, right=right, model=model, device=device)
            _write_depth(depth, job.target, options)
        except MatteboxError as error:
            return report_error(error)
        _report(job, depth, options)
        return 0

    return combine_exit_codes(write(job) for job in _plan_jobs(inputs, output, recursive, overwrite))


def _plan_jobs(
    inputs: tuple[str, ...], output: str | None, recursive: bool, overwrite: bool
) -> Iterable[BatchJob | BatchFailure]:
    from mattebox.batch.own_results import leave_out_results
    from mattebox.batch.plan import OutputNaming, make_plan
    from mattebox.batch.store_plan import plan_lazily
    from mattebox.io.depth_file import DEPTH_SUFFIXES
    from mattebox.io.input_items import expand_inputs
    from mattebox.io.store_address import is_output_address, is_store_address, parse_store_address

    is_stored = is_output_address(output)
    environment.require_network_for_stores((*inputs, output))
    suffix = (parse_store_address(output or "") if is_stored else Path(output or "")).suffix.lower()
    if suffix and suffix not in DEPTH_SUFFIXES:
        raise OutputError(
            f"{output}: depth is not written as {suffix}",
            f"choose {', '.join(DEPTH_SUFFIXES[:-1])} or {DEPTH_SUFFIXES[-1]}",
        )
    naming = OutputNaming(output, suffix or ".png", overwrite=overwrite, stem_suffix="depth")
    entries = expand_inputs(inputs, recursive=recursive)
    if is_stored or any(map(is_store_address, inputs)):
        return plan_lazily(entries, naming, has_one_input=len(inputs) == 1)
    selection = leave_out_results(entries, naming)
    return make_plan(selection.entries, naming, selection.unmarked)


def _write_depth(depth: DepthMap, target: Path | StoreAddress | None, options: DepthOptions) -> None:
    from mattebox.io import atomic_write
    from mattebox.io.depth_file import colour_depth, encode_depth
    from mattebox.io.object_store import write_object
    from mattebox.io.png_encoder import encode_png

    if options.is_coloured and target is not None and target.suffix.lower() != ".png":
        raise OutputError(f"{target.name}: the map in colours is a PNG", "give it a name that ends in .png")
    if options.is_coloured:
        content = encode_png(colour_depth(depth).rgb)
    else:
        content = encode_depth(depth, "png" if target is None else target.suffix.lstrip(".").lower())
    if target is None:
        sys.stdout.buffer.write(content)
    elif isinstance(target, Path):
        atomic_write.make_folder(target.parent)
        atomic_write.write_bytes(target, content, overwrite=options.overwrite)
    else:
        write_object(target, content, overwrite=options.overwrite)


def _report(job: BatchJob, depth: DepthMap, options: DepthOptions) -> None:
    far, near = depth.limits()
    if options.as_json:
        fields = {"source": depth.source, "unit": depth.unit, "inverse_depth_far": far, "inverse_depth_near": near}
        click.echo(json.dumps({"input": job.name, "depth": str(job.target)} | fields))
    elif job.target is not None:
        click.echo(f"{job.name} -> {job.target}  ({ORIGINS[depth.source]})", err=True)
