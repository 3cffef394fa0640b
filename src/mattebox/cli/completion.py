"""`mattebox completion SHELL`: print the completion script for a shell."""

from __future__ import annotations

import click

from mattebox.cli.console import CONTEXT_SETTINGS

INSTALL = """
\b
Install it with one line:
  bash:  mattebox completion bash > ~/.local/share/bash-completion/completions/mattebox
  zsh:   mattebox completion zsh > ~/.zfunc/_mattebox      (with fpath+=~/.zfunc before compinit)
  fish:  mattebox completion fish > ~/.config/fish/completions/mattebox.fish
"""


@click.command("completion", epilog=INSTALL, context_settings=CONTEXT_SETTINGS)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script for a shell."""
    from click.shell_completion import get_completion_class

    import mattebox.cli.shell_completion  # noqa: F401  registers itself
    from mattebox.cli.main import COMPLETION_VARIABLE, cli

    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(cli, {}, "mattebox", COMPLETION_VARIABLE).source())
    return 0
