"""`mattebox keys`: make, list and revoke API keys for `mattebox serve`, and what each has used."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mattebox.cli.command_group import SuggestingGroup
from mattebox.cli.console import CONTEXT_SETTINGS, echo_stderr

SECONDS_PER_HOUR = 3600

file_option = click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False), envvar="MATTEBOX_SERVER_KEYS", required=True,
    help="The file of keys.  [env: MATTEBOX_SERVER_KEYS]",
)  # fmt: skip

EXAMPLES = """
\b
Examples:
  mattebox keys create shop --file keys --quota 1000       prints the key, this once
  mattebox keys list --file keys
  mattebox keys revoke shop --file keys                    a running server refuses it within a second
  mattebox serve --host 0.0.0.0 --keys keys
  mattebox keys usage --file keys --price 0.04             what each has used and, at 4 cents an hour of a worker, cost
"""


@click.group("keys", cls=SuggestingGroup, epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Make, list and revoke API keys for `mattebox serve`. The file holds their hashes only."""


@command.command("create", context_settings=CONTEXT_SETTINGS)
@click.argument("name")
@file_option
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="What it may do: pictures, jobs, usage, locations.  [default: pictures, jobs]",
)
@click.option("--rate", type=click.IntRange(1), default=500, show_default=True, help="Megapixels a minute.")
@click.option("--quota", type=click.IntRange(0), default=0, help="Pictures a month.  [default: no end]")
def create(name: str, file: Path, scopes: tuple[str, ...], rate: int, quota: int) -> int:
    """Make a key and print it on standard output. It is shown this once."""
    from mattebox.server import api_keys

    key, secret = api_keys.create_key(file, name, scopes or (api_keys.PICTURES_SCOPE, api_keys.JOBS_SCOPE), rate, quota)
    click.echo(secret)
    echo_stderr(f"key {key.id} for {name!r} added to {file}; it is shown this once")
    return 0


@command.command("list", context_settings=CONTEXT_SETTINGS)
@file_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per key.")
def list_(file: Path, as_json: bool) -> int:
    """List the keys: id, name, scopes, limits, and whether they are revoked."""
    from mattebox.server import api_keys

    for key in api_keys.read_keys(file):
        row = {"id": key.id, "name": key.name, "scopes": list(key.scopes), "rate": key.rate, "quota": key.quota,
                 "created": key.created, "revoked": key.revoked}  # fmt: skip
        if as_json:
            click.echo(json.dumps(row))
            continue
        quota = f"{key.quota} a month" if key.quota else "no quota"
        state = f"revoked {key.revoked}" if key.revoked else "in use"
        click.echo(f"{key.id}  {key.name or '-':16}  {','.join(key.scopes):20}  {key.rate} MP/min  {quota}  {state}")
    return 0


@command.command("revoke", context_settings=CONTEXT_SETTINGS)
@click.argument("which")
@file_option
def revoke(which: str, file: Path) -> int:
    """Revoke a key, by its id or its name."""
    from mattebox.server import api_keys

    key = api_keys.revoke_key(file, which)
    echo_stderr(f"key {key.id} ({key.name or 'no name'}) is revoked")
    return 0


@command.command("usage", context_settings=CONTEXT_SETTINGS)
@file_option
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), envvar="MATTEBOX_SERVER_DATA",
    help="The server's folder of data.  [env: MATTEBOX_SERVER_DATA; default: MATTEBOX_HOME/server]",
)  # fmt: skip
@click.option("--month", help="Only this one, as YYYY-MM.")
@click.option("--price", type=click.FloatRange(0), help="Of an hour of a worker process; its cost is shown, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per key and month.")
def usage(file: Path, data: Path | None, month: str | None, price: float | None, as_json: bool) -> int:
    """Show what each key has used by month: pictures, megapixels, seconds of a worker, and what they cost."""
    from mattebox.server import api_keys
    from mattebox.server.settings import Settings
    from mattebox.server.usage import read_usage

    names = {key.hash: key.name or key.id for key in api_keys.read_keys(file)}
    for row in read_usage(Settings(data=str(data or "")).data_folder()):
        if month and row.month != month:
            continue
        cost = None if price is None else row.seconds / SECONDS_PER_HOUR * price
        name = names.get(row.caller, f"{row.caller[:8]} (not in {file.name})")
        if as_json:
            counts = {"pictures": row.pictures, "megapixels": row.megapixels, "seconds": row.seconds}
            facts = {"month": row.month, "key": name, **counts}
            click.echo(json.dumps(facts if cost is None else {**facts, "cost": round(cost, 6)}))
            continue
        counted = f"{row.pictures:8} pictures {row.megapixels:10.1f} MP {row.seconds:10.1f} s"
        click.echo(f"{row.month}  {name:16}  {counted}{'' if cost is None else f'  {cost:10.4f}'}")
    return 0
