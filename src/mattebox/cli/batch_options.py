"""Options of all commands that turn photographs into files, and their values as one typed object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Literal, TypeVar

import click

from mattebox.cli import environment
from mattebox.cli.console import json_option, recursive_option
from mattebox.cli.value_completion import complete_files, complete_folders, complete_presets
from mattebox.core.limits import MAX_INPUT_PIXELS

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class BatchOptions:
    """Values of the options below, by the names that they declare."""

    inputs: tuple[str, ...]
    output: str | None
    save_recipe: str | None
    overwrite: bool
    recursive: bool
    keep_hidden: bool
    metadata: Literal["safe", "all", "none"]
    max_pixels: int
    device: str
    threads: int | None
    compare: str | None
    fetch: bool
    concurrency: int | None
    manifest: str | None
    name_template: str | None
    report: str | None
    resume: bool
    review: str | None
    review_under: float
    sheet: str | None
    watch: bool
    share: bool
    lease: float
    cluster: str | None
    server: str | None
    as_json: bool
    explain: str | None = None  # of `cut` only

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> BatchOptions:
        """From the parameters of a command, which has others, too."""
        return cls(**{f.name: parameters[f.name] for f in fields(cls) if f.name in parameters})


DEFAULT_BATCH_OPTIONS = BatchOptions(
    inputs=(), output=None, save_recipe=None, overwrite=False, recursive=False, keep_hidden=False, metadata="safe",
    max_pixels=MAX_INPUT_PIXELS, device="auto", threads=None, compare=None, fetch=False, concurrency=None,
    manifest=None, name_template=None, report=None, resume=False, review=None, review_under=0.6, sheet=None,
    watch=False, share=False, lease=60.0, cluster=None, server=None, as_json=False,
)  # fmt: skip
"""The options of a command that has none of these."""


def needs_hashes(options: BatchOptions) -> bool:
    """Whether a report or the audit log asks for the hashes of what is read and written."""
    return bool(options.report) or environment.audit_log() is not None


class BatchOption(click.Option):
    """An option that the help lists under a heading for many photographs."""


class PixelCountType(click.ParamType[int]):
    """A number of pixels: 100000000, 100M or 100MP."""

    name = "pixels"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(k|m|mp|g|gp)?", value.strip().lower())
        if match is None or float(match[1]) <= 0:
            self.fail(f"{value!r} is not a number of pixels such as 100M", param, ctx)
        return int(float(match[1]) * {"k": 1e3, "m": 1e6, "g": 1e9}.get((match[2] or " ")[0], 1))


batch_option = partial(click.option, cls=BatchOption)

INPUT_OPTIONS: list[Callable[[Any], Any]] = [
    click.argument("inputs", nargs=-1, metavar="IN...", shell_complete=complete_files),
    click.option(
        "-o",
        "--output",
        metavar="OUT|DIR",
        shell_complete=complete_files,
        help="A file, a folder, s3://, gs://, az:// or https:// with a prefix, or - for standard output.",
    ),
]
COMMON_OPTIONS: list[Callable[[Any], Any]] = [
    click.option("--preset", metavar="NAME", shell_complete=complete_presets,
                 help="A built-in recipe, such as product; `mattebox recipes` lists them."),
    click.option("--recipe", "recipe_file", metavar="FILE", shell_complete=complete_files,
                 help="Your own recipe (.toml, .json); other options override it."),
    click.option("--save-recipe", metavar="FILE", shell_complete=complete_files,
                 help="Save these options as a recipe (.toml) for later."),
    click.option("--overwrite", is_flag=True, help="Replace existing results; inputs are never overwritten."),
    recursive_option,
    click.option("--keep-hidden", is_flag=True, help="Keep the colours of fully transparent pixels in the file."),
    click.option("--metadata", type=click.Choice(["safe", "all", "none"]), default="safe", show_default=True,
                 help="safe removes locations, serial numbers and thumbnails; the colour profile is always kept."),
    click.option("--max-pixels", type=PixelCountType(), default=MAX_INPUT_PIXELS,
                 help=f"Refuse larger pictures.  [default: {MAX_INPUT_PIXELS // 1_000_000}M]"),
    click.option("--device", default="auto", show_default=True,
                 help="cpu, cuda, cuda:1, coreml, ...; auto is the fastest available."),
    click.option("--threads", type=click.IntRange(1), help="CPU threads of the network.  [default: all processors]"),
    click.option("--compare", metavar="FILE", shell_complete=complete_files,
                 help="Before and after in one page with a slider (.html), or side by side in a picture."),
    batch_option("--fetch", is_flag=True, help="Download photographs from public http and https addresses."),
    batch_option("--jobs", "concurrency", type=click.IntRange(1),
                 help="Photographs at a time.  [default: one for each processor, more on a GPU]"),
    batch_option("--manifest", metavar="FILE", shell_complete=complete_files,
                 help="A CSV file, or object in a store, with the column input and, optionally, output; columns named "
                      "like options (--background, --size) hold for their rows."),
    batch_option("--name", "name_template", metavar="TEMPLATE",
                 help="Names of the results, from {stem}, {folder}, {index}, {format} and {suffix}."),
    batch_option("--report", metavar="FILE", shell_complete=complete_files,
                 help="Write a line per picture (.jsonl, .csv or .tsv): verdict, confidence, error, hashes."),
    batch_option("--resume", is_flag=True, help="Continue the batch of --report: skip what is done and unchanged."),
    batch_option("--review", metavar="DIR", shell_complete=complete_folders,
                 help="Link results that a person should check into this folder."),
    batch_option("--review-under", type=click.FloatRange(0, 1), default=0.6, show_default=True,
                 help="The confidence below which a person should check."),
    batch_option("--sheet", metavar="FILE", shell_complete=complete_files,
                 help="A contact sheet (HTML) of all results, the least confident first."),
    batch_option("--watch", is_flag=True, help="Keep running, and process photographs as they arrive in folder IN."),
    batch_option("--share", is_flag=True,
                 help="Share the batch with all processes that run the same command: each picture is done by one."),
    batch_option("--lease", type=click.FloatRange(1), default=60.0, show_default=True, metavar="SECONDS",
                 help="With --share: the pictures of a process that was killed are free again after this time."),
    batch_option("--on", "cluster", metavar="ray|ray://HOST:PORT",
                 help="Process them on a Ray cluster, or with Ray on this machine; --jobs is the number of workers."),
    click.option("--server", metavar="URL", help="Process them on a `mattebox serve` server; its key in MATTEBOX_KEY."),
    environment.commercial_option,
    environment.no_cache_option,
    json_option,
    click.option("--debug", is_flag=True, hidden=True),
]  # fmt: skip
