"""`mattebox recipes`: list the presets, print one as a file to begin with, or the JSON Schema of recipes."""

from __future__ import annotations

import click

from mattebox.cli.console import CONTEXT_SETTINGS
from mattebox.cli.value_completion import complete_presets


@click.command("recipes", context_settings=CONTEXT_SETTINGS)
@click.argument("name", required=False, shell_complete=complete_presets)
@click.option("--schema", is_flag=True, help="The JSON Schema of recipes: every step, field, default and limit.")
def command(name: str | None, schema: bool) -> int:
    """List the built-in recipes; with NAME, print one, as a start for your own.

    \b
      mattebox recipes amazon > mine.toml
      mattebox run mine.toml photos/ -o listing/
    """
    from mattebox.recipe import presets
    from mattebox.recipe.serialization import recipe_json_schema

    if schema:
        click.echo(recipe_json_schema())
    elif name:
        click.echo(presets.find_preset(name).to_toml(), nl=False)
    else:
        titles = presets.preset_titles()
        width = max(map(len, titles))
        for preset, title in titles.items():
            click.echo(f"{preset.ljust(width)}  {title}")
    return 0
