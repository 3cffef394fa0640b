"""`mattebox verify`: who signed a file, whether it was changed since, and what was done to it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from mattebox.cli.console import CONTEXT_SETTINGS, combine_exit_codes, json_option, report_error
from mattebox.cli.value_completion import complete_files
from mattebox.errors import MatteboxError, UsageError

EXIT_NOT_VERIFIED = 1
ACCEPTED_STATES = {
    "nothing": ("trusted", "valid", "none"),
    "signed": ("trusted", "valid"),
    "trusted": ("trusted",),
}


@click.command("verify", context_settings=CONTEXT_SETTINGS)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete_files)
@click.option(
    "--anchors",
    type=click.Path(path_type=Path),
    metavar="FILE",
    shell_complete=complete_files,
    help="Certificates (PEM) of authorities to trust, besides your own.",
)
@click.option(
    "--require",
    type=click.Choice(tuple(ACCEPTED_STATES)),
    default="nothing",
    show_default=True,
    help="What a file needs to pass; an altered one never does.",
)
@json_option
def command(files: tuple[str, ...], anchors: Path | None, require: str, as_json: bool) -> int:
    """Show who signed files, whether they were changed since, and their history. Exit code 1 when one does not pass.

    \b
      mattebox verify photo-cut.png
      mattebox verify *.jpg --require trusted --anchors partner.pem --json

    \b
    trusted   signed by somebody whom you trust, and unchanged since
    valid     unchanged since it was signed, by somebody unknown
    altered   not what was signed
    none      without Content Credentials (C2PA); most pictures are
    """
    certificates = b"" if anchors is None else _read_anchors(anchors)
    return combine_exit_codes([_verify(name, certificates, require, as_json) for name in files])


def _verify(name: str, anchors: bytes, require: str, as_json: bool) -> int:
    """Verify one file, print what is found, and return its exit code."""
    from mattebox.pipeline.file_verification import verify_file
    from mattebox.provenance.wording import describe_report

    try:
        report = verify_file(name, anchors)
    except MatteboxError as error:
        return report_error(error)
    if as_json:
        click.echo(json.dumps({"input": name} | dataclasses.asdict(report), ensure_ascii=False))
    else:
        first, *rest = describe_report(report)
        click.echo("\n".join([f"{name}: {first}", *rest]))
    return 0 if report.state in ACCEPTED_STATES[require] else EXIT_NOT_VERIFIED


def _read_anchors(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "give a file of certificates (PEM)") from error
