"""`mattebox cache`: show or clear the cache of networks' results on this machine."""

from __future__ import annotations

import json

import click

from mattebox.cli.console import CONTEXT_SETTINGS


@click.command("cache", context_settings=CONTEXT_SETTINGS)
@click.option("--clear", is_flag=True, help="Delete all entries.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(clear: bool, as_json: bool) -> int:
    """Show or clear the cache of network results, which saves running a network twice on the same photograph.

    It holds mattes and embeddings under hashes of the networks' input, never photographs or their names.
    MATTEBOX_CACHE limits its size (500MB unless it is set, 0 for nothing); the least recently used go first. From
    Python and on a server nothing is kept on disk unless it is set.
    """
    from mattebox.models import result_cache
    from mattebox.models.store import settings

    if clear:
        result_cache.evict_least_recent(0)
    sizes = [entry.size for entry in result_cache.list_entries()]
    folder = str(settings.cache_folder())
    if as_json:
        click.echo(json.dumps({"folder": folder, "entries": len(sizes), "bytes": sum(sizes)}))
    else:
        click.echo(f"{folder}: {len(sizes)} answers, {sum(sizes) / 1e6:.1f} MB")
    return 0
