"""`mattebox models`: what there is to choose from."""

from __future__ import annotations

import json

import click


@click.command("models", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="One JSON object per model.")
def command(as_json: bool) -> int:
    """List the models: presets, licence, and whether commercial use is allowed."""
    import msgspec

    from mattebox.zoo.card import Card
    from mattebox.zoo.registry import PRESETS, cards

    presets = {target: preset for preset, target in PRESETS.items()}

    def rows(card: Card) -> list[tuple[str, str, Card]]:
        names = [card.name, *(f"{card.name}@{v}" for v in card.variants)]
        return [
            (name, presets.get(name, ""), card if name == card.name else card.variant(name.split("@")[1]))
            for name in names
        ]

    listed = [row for card in cards().values() for row in rows(card)]
    if as_json:
        for name, preset, card in listed:
            click.echo(json.dumps(msgspec.to_builtins(card) | {"name": name, "preset": preset or None, "folder": None}))
        return 0
    table = [("MODEL", "PRESET", "INPUT", "LICENCE", "COMMERCIAL", "WHAT IT IS")]
    for name, preset, card in listed:
        commercial = "yes" if card.licence.commercial else "no"
        size = f"{card.input.side} px" + (", mirrored" if card.input.mirror else "")
        table.append((name, preset, size, card.licence.name, commercial, card.summary))
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0
