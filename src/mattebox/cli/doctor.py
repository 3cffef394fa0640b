"""`mattebox doctor`: find faults of this installation, each with the command that fixes it."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from mattebox.cli.console import CONTEXT_SETTINGS


@click.command("doctor", context_settings=CONTEXT_SETTINGS)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per finding.")
def command(as_json: bool) -> int:
    """Check this installation for common problems: packages, devices, memory, folders, model weights.

    The exit code is 1 when something will fail, else 0.
    """
    from mattebox.models.diagnostics import run_checks

    has_failure = False
    for finding in run_checks():
        has_failure |= finding.level == "bad"
        if as_json:
            click.echo(json.dumps(asdict(finding)))
            continue
        click.echo(f"{finding.level:4}  {finding.check}: {finding.says}")
        if finding.mend:
            click.echo(f"      fix: {finding.mend}")
    return 1 if has_failure else 0
