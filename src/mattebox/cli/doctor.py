"""`mattebox doctor`: what is wrong with this installation, and the command that mends each."""

from __future__ import annotations

import json
from dataclasses import asdict

import click


@click.command("doctor", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="One JSON object per finding.")
def command(as_json: bool) -> int:
    """Look for the usual mistakes: packages, libraries, devices, memory, folders, weights.

    The exit code is 1 when something will fail, else 0.
    """
    from mattebox.models.diagnostics import run_checks

    bad = 0
    for finding in run_checks():
        bad += finding.level == "bad"
        if as_json:
            click.echo(json.dumps(asdict(finding)))
            continue
        click.echo(f"{finding.level:4}  {finding.check}: {finding.says}")
        if finding.mend:
            click.echo(f"      mend: {finding.mend}")
    return 1 if bad else 0
