"""`mattebox models`: list, pull, verify, add and remove models."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mattebox.cli import environment
from mattebox.cli.command_group import SuggestingGroup
from mattebox.cli.console import CONTEXT_SETTINGS, echo_stderr, report_error
from mattebox.cli.value_completion import complete_models
from mattebox.errors import ModelError

if TYPE_CHECKING:
    from mattebox.models.cards.card import Card
    from mattebox.models.store.download import DownloadProgressCallback

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per model.")
task_option = click.option(
    "--task",
    type=click.Choice(
        ["cutout", "refine", "upscale", "restore", "faces", "detect", "verify", "depth", "scene", "style"]
    ),
    help="Only models for that.",
)

EXAMPLES = """
\b
Examples:
  mattebox models                                   the list
  mattebox models show isnet-general-use
  mattebox models pull isnet-general-use            then: mattebox cut photo.jpg --model isnet-general-use
  mattebox models add my.onnx --like u2net

\b
Weights lie under MATTEBOX_HOME. MATTEBOX_MIRROR=ADDRESS pulls ADDRESS/NAME.onnx (or .pth) in place of the official
file; the hash stays the card's. HTTPS_PROXY is respected.
"""


@click.group(
    "models", cls=SuggestingGroup, invoke_without_command=True, epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS
)
@json_option
@task_option
@environment.commercial_option
@click.pass_context
def command(context: click.Context, as_json: bool, task: str | None) -> int | None:
    """List models, download published ones, and add your own."""
    return _print_models(as_json, task) if context.invoked_subcommand is None else None


@command.command("list", context_settings=CONTEXT_SETTINGS)
@json_option
@task_option
@environment.commercial_option
def list_(as_json: bool, task: str | None) -> int:
    """List the models: presets, licence, commercial use, and whether the weights are installed. Works offline."""
    return _print_models(as_json, task)


@command.command("show", context_settings=CONTEXT_SETTINGS)
@click.argument("name", shell_complete=complete_models)
@json_option
def show(name: str, as_json: bool) -> int:
    """Show all that a model's card says, and where its weights lie."""
    from mattebox.models.cards.registry import find_card
    from mattebox.models.store.weight_files import is_installed, weights_path

    card = find_card(name)
    card_fields = _card_fields(card) | {"here": is_installed(card), "path": str(weights_path(card))}
    if as_json:
        click.echo(json.dumps(card_fields))
        return 0
    for key, value in card_fields.items():
        for line in _format_field(key, value):
            click.echo(line)
    return 0


@command.command("pull", context_settings=CONTEXT_SETTINGS)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_models)
@click.option("--accept-licence", is_flag=True, help="You have read the licence of these weights and agree to it.")
@environment.offline_option
@environment.commercial_option
@json_option
def pull(names: tuple[str, ...], accept_licence: bool, as_json: bool) -> int:
    """Download published weights and verify them; an interrupted pull is continued."""
    from mattebox.models.cards.registry import find_card
    from mattebox.models.store.pull import pull_weights
    from mattebox.models.store.weight_files import is_installed

    for card in [find_card(name) for name in names]:
        was_installed = is_installed(card)
        path = pull_weights(card, _progress_printer(card), is_licence_accepted=accept_licence)
        if as_json:
            click.echo(json.dumps({"name": card.name, "path": str(path), "pulled": not was_installed}))
        else:
            click.echo(f"{card.name}: {'was here already' if was_installed else 'pulled'}, {path}")
    return 0


@command.command("verify", context_settings=CONTEXT_SETTINGS)
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_models)
@json_option
def verify(names: tuple[str, ...], as_json: bool) -> int:
    """Hash the weights that are here, or those named, and compare them with their cards."""
    from mattebox.models.cards.registry import all_cards, find_card
    from mattebox.models.store import weight_files, weight_store

    code = 0
    for card in map(find_card, names) if names else filter(weight_files.is_installed, all_cards().values()):
        try:
            row: dict[str, Any] = {"name": card.name, "good": True, **weight_store.verify_and_record(card)}
        except ModelError as error:
            row, code = {"name": card.name, "good": False, "error": str(error)}, report_error(error)
        if as_json:
            click.echo(json.dumps(row))
        elif row["good"]:
            click.echo(f"{card.name}: good, sha256 {row['sha256']}")
    return code


@command.command("remove", context_settings=CONTEXT_SETTINGS)
@click.argument("name", shell_complete=complete_models)
def remove(name: str) -> int:
    """Delete the weights of a pulled or added model."""
    from mattebox.models.cards.registry import find_card
    from mattebox.models.store import install

    freed_bytes = install.remove_model(find_card(name.partition("@")[0]))
    click.echo(f"{name}: removed, {_format_bytes(freed_bytes)} free again")
    return 0


@command.command("add", context_settings=CONTEXT_SETTINGS)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.onnx")
@click.option(
    "--like",
    required=True,
    metavar="MODEL",
    shell_complete=complete_models,
    help="The model whose input and output it has.",
)
@click.option(
    "--decoder",
    type=click.Path(path_type=Path),
    metavar="FILE.onnx",
    help="The second file of a model that is prompted by points, such as --like mobile-sam.",
)
@click.option("--name", help="What to call it.  [default: the file's name]")
@click.option("--licence", metavar="NAME", help="The licence of its weights.  [default: unstated]")
@click.option("--commercial-use", is_flag=True, help="Its licence allows commercial use.")
def add(
    file: Path, like: str, decoder: Path | None, name: str | None, licence: str | None, commercial_use: bool
) -> int:
    """Add an ONNX file of your own; it is copied, and tried once. `mattebox models shapes` lists what it can be like
    beside the models."""
    from mattebox.models.cards.card import Licence
    from mattebox.models.cards.registry import find_template_or_card
    from mattebox.models.store import install

    card_licence = Licence(licence or "unstated", commercial=commercial_use)
    card = install.add_model(file, find_template_or_card(like), name, card_licence, decoder)
    click.echo(f"{card.name}: added, use it with --model {card.name}")
    return 0


@command.command("shapes", context_settings=CONTEXT_SETTINGS)
@json_option
def shapes(as_json: bool) -> int:
    """List what an ONNX file of your own can be like, beside the models: families whose weights each one exports."""
    from mattebox.models.cards.registry import template_cards

    for card in template_cards().values():
        if as_json:
            click.echo(json.dumps(_card_fields(card)))
        else:
            click.echo(f"{card.name:<24}  {_input_label(card):<12}  {card.summary}")
    return 0


def _print_models(as_json: bool, task: str | None) -> int:
    from mattebox.models.cards.registry import MODEL_PRESETS, RESTORER_PRESETS, UPSCALER_PRESETS, all_cards
    from mattebox.models.store import settings, weight_files

    presets = {target: preset for preset, target in [*MODEL_PRESETS.items(), *RESTORER_PRESETS.items()]}
    presets |= {target: preset for preset, targets in UPSCALER_PRESETS.items() for target in targets}
    cards = [c for c in all_cards().values() if c.licence.commercial or not settings.is_commercial_only()]
    cards = [c for c in cards if task in (None, c.task)]
    variants = [c if v is None else c.variant(v) for c in cards for v in (None, *c.variants)]
    if as_json:
        for card in variants:
            state = {"preset": presets.get(card.name), "here": weight_files.is_installed(card)}
            click.echo(json.dumps(_card_fields(card) | state))
        return 0
    _print_table([_table_row(card, presets.get(card.name, "")) for card in variants])
    return 0


def _table_row(card: Card, preset: str) -> tuple[str, ...]:
    from mattebox.models.store.weight_files import is_installed

    commercial = "yes" if card.licence.commercial else "no"
    here = "yes" if is_installed(card) else f"pull {_download_size(card)}".rstrip()
    licence = card.licence.name
    return card.name, _task_label(card), preset, _input_label(card), licence, commercial, here, card.summary


def _print_table(rows: list[tuple[str, ...]]) -> None:
    table = [("MODEL", "TASK", "PRESET", "INPUT", "LICENCE", "COMMERCIAL", "HERE", "WHAT IT IS"), *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _card_fields(card: Card) -> dict[str, Any]:
    import msgspec

    card_fields: dict[str, Any] = msgspec.to_builtins(card)
    return card_fields | {"folder": None}


def _format_field(key: str, value: Any, indent: str = "") -> list[str]:
    """A card's field as lines of text, none where it is empty."""
    if isinstance(value, dict):
        lines = [line for k, v in value.items() for line in _format_field(k, v, indent + "  ")]
        return [f"{indent}{key}:", *lines] if lines else []
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        return [
            f"{indent}{key}:",
            *(f"{indent}  {', '.join(_format_value(x) for x in v.values() if x)}" for v in value),
        ]
    if isinstance(value, list | tuple) and any(" " in str(v) for v in value):
        return [f"{indent}{key}:", *(f"{indent}  {v}" for v in value)]
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    elif isinstance(value, bool):
        value = "yes" if value else "no"
    return [] if value in (None, "") else [f"{indent}{key}: {value}"]


def _format_value(value: Any) -> str:
    """A value as text; whole numbers with thousands separators."""
    return f"{value:,.0f}" if isinstance(value, float) and value.is_integer() else str(value)


def _task_label(card: Card) -> str:
    return f"upscale x{card.tiles.scale}" if card.task == "upscale" and card.tiles else card.task


def _input_label(card: Card) -> str:
    if card.task != "cutout":
        return "any size"
    spec = card.input
    size = f"{spec.width} x {spec.height} px" if spec.width and spec.height else f"{spec.side} px"
    return size + (f", {spec.looks} looks" if spec.looks > 1 else "")


def _download_size(card: Card) -> str:
    """The size of a download; "" where the publisher does not state it."""
    sizes = [card.bytes, *([card.decoder.bytes] if card.decoder else [])]
    return _format_bytes(sum(sizes)) if all(sizes) else ""


def _format_bytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def _progress_printer(card: Card) -> DownloadProgressCallback:
    """A callback that prints the licence once, and on a terminal the progress, ten times a second at most."""
    last_update: float | None = None

    def report(done_bytes: int, total_bytes: int | None) -> None:
        nonlocal last_update
        if last_update is None:
            echo_stderr(f"{card.name}: licence {card.licence.name}, {card.licence.url}")
            last_update = 0.0
        is_complete = done_bytes == total_bytes
        if not sys.stderr.isatty() or not (is_complete or time.monotonic() - last_update > 0.1):
            return
        last_update = time.monotonic()
        share = f"{100 * done_bytes // total_bytes:3d} %  " if total_bytes else ""
        click.echo(f"\r{card.name}: {share}{done_bytes / 1e6:,.1f} MB", nl=is_complete, err=True)

    return report
