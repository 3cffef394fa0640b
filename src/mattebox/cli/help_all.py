"""`--help-all`: the complete help of a command whose `--help` shows what most people need."""

from __future__ import annotations

from typing import Any

import click

META_KEY = "mattebox.help_all"  # in a context's `meta`: whether the help is complete


class HelpAllMixin(click.Command):
    """Gives a command the option `--help-all`; `is_help_complete` says which of the two helps is being written."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx), _HELP_ALL_OPTION]


def is_help_complete(ctx: click.Context) -> bool:
    """Whether the help of this context shows everything."""
    return bool(ctx.meta.get(META_KEY))


def set_help_complete(ctx: click.Context) -> None:
    """Make the help of this context, and of those beneath it, show everything."""
    ctx.meta[META_KEY] = True


def _print_complete_help(ctx: click.Context, _: click.Parameter, is_set: bool) -> None:
    if is_set and not ctx.resilient_parsing:
        set_help_complete(ctx)
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


def _make_option(**settings: Any) -> click.Option:
    return click.Option(
        ["--help-all"], is_flag=True, is_eager=True, expose_value=False, callback=_print_complete_help,
        help="Show all options and exit.", **settings,
    )  # fmt: skip


_HELP_ALL_OPTION = _make_option()
