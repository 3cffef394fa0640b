"""`mattebox video parallax`: a photograph as a short clip in which the background moves behind the subject."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mattebox.cli import environment
from mattebox.cli.console import CONTEXT_SETTINGS, report_error
from mattebox.cli.stored_clips import refuse_stores
from mattebox.cli.value_completion import COMPLETER_BY_PARAMETER, complete_files
from mattebox.errors import MatteboxError
from mattebox.video.availability import require_video_extra

if TYPE_CHECKING:
    from mattebox.lens.parallax import ParallaxScene

EXAMPLES = """
\b
Examples:
  mattebox video parallax photo.jpg                   photo-parallax.mp4, 4 seconds that can be looped
  mattebox video parallax photo.heic -o wide.webm --amount 4 --seconds 6

\b
Depth is what the photograph's file holds, or what both views of a stereo pair tell, else an assumption: the subject
stands before a floor that recedes. What the subject hides is filled in smoothly: small amounts look best.
"""


@click.command("parallax", epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS)
@click.argument("photograph", metavar="IN", shell_complete=complete_files)
@click.option("-o", "--output", metavar="OUT", shell_complete=complete_files,
              help="A .mp4, .webm, .mov or .mkv file.  [default: NAME-parallax.mp4]")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(0.2, 60), default=4.0, show_default=True, help="Length of the clip.")
@click.option("--rate", type=click.IntRange(1, 120), default=25, show_default=True, help="Frames per second.")
@click.option("--amount", type=click.FloatRange(0.1, 20), default=2.0, show_default=True,
              help="How far near and far move against each other, in percent of the width.")  # fmt: skip
@click.option("--model", default="balanced", shell_complete=COMPLETER_BY_PARAMETER["model"], show_default=True,
              help="Finds the subject: fast, balanced, best, or a card.")  # fmt: skip
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, ...; auto is the fastest available.")
@click.option("--overwrite", is_flag=True, help="Replace a file that exists; never an input.")
@environment.commercial_option
@environment.no_cache_option
def command(
    photograph: str, output: str | None, seconds: float, rate: int, amount: float, model: str, device: str,
    overwrite: bool, **_: object,
) -> int:  # fmt: skip
    """Move the background of a photograph behind its subject, as from a camera on a small round way."""
    require_video_extra()
    refuse_stores(photograph, output)
    from mattebox.video.parallax_clip import write_parallax_clip

    source = Path(photograph)
    target = Path(output) if output else source.with_name(f"{source.stem}-parallax.mp4")
    try:
        scene = _read_scene(source, model, device)
        count = write_parallax_clip(
            scene, target, seconds=seconds, rate=Fraction(rate), amount=amount / 100, overwrite=overwrite
        )
    except MatteboxError as error:
        return report_error(error)
    height, width = scene.nearness.shape
    click.echo(f"{photograph} -> {target}  ({width} x {height}, {count} frames)", err=True)
    return 0


def _read_scene(source: Path, model: str, device: str) -> ParallaxScene:
    """The photograph in layers, by its depth."""
    from mattebox.io.reader import read
    from mattebox.io.sources import read_item
    from mattebox.models.matte_session import open_session
    from mattebox.pipeline.cutout import subject_matte
    from mattebox.pipeline.lens import prepare_parallax
    from mattebox.pipeline.stereo import measured_depth

    content = read_item(source, None, None)
    picture = read(content, name=str(source))
    measured = measured_depth(picture, content, str(source))
    return prepare_parallax(picture, measured, lambda: subject_matte(picture, open_session(model, device, None)))
