"""`mattebox recipes`: the presets, one of them as a file to begin with, or the schema of all recipes."""

from __future__ import annotations

import click


@click.command("recipes", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", required=False)
@click.option("--schema", is_flag=True, help="The JSON Schema of recipes: every step, field, default and limit.")
def command(name: str | None, schema: bool) -> int:
    """List the recipes that come along; with NAME, print one, to change and keep.

    \b
      mattebox recipes amazon > mine.toml
      mattebox run mine.toml photos/ -o listing/
    """
    from mattebox.recipe import presets
    from mattebox.recipe.serialization import recipe_json_schema as recipe_schema

    if schema:
        click.echo(recipe_schema())
    elif name:
        click.echo(presets.find_preset(name).to_toml(), nl=False)
    else:
        width = max(len(n) for n in presets.preset_names())
        for known in presets.preset_names():
            click.echo(f"{known.ljust(width)}  {presets.find_preset(known).title}")
    return 0
