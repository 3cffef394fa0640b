"""`mattebox audit`: verify an audit log, and find what was done to a picture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import click

from mattebox.cli.command_group import SuggestingGroup
from mattebox.cli.console import CONTEXT_SETTINGS, json_option
from mattebox.cli.value_completion import complete_files
from mattebox.errors import InputMissing

EXIT_NOT_VERIFIED = 1
EXAMPLES = """
\b
Examples:
  MATTEBOX_AUDIT=audit.jsonl mattebox anonymise photos/ -o safe/
  mattebox audit verify audit.jsonl
  mattebox audit verify audit.jsonl --head 5be1...     and nothing was cut off since that hash was noted
  mattebox audit search audit.jsonl photo.jpg          what was done to this picture, or made it

\b
A server writes one where MATTEBOX_SERVER_AUDIT names it. docs/privacy.md says what a line holds.
"""

log_argument = click.argument("log", type=click.Path(path_type=Path), shell_complete=complete_files)


@click.group("audit", cls=SuggestingGroup, epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Verify audit logs: who did what when, by key and by hash, without pictures and names."""


@command.command("verify", context_settings=CONTEXT_SETTINGS)
@log_argument
@click.option("--head", default="", metavar="HASH", help="A line's hash, noted earlier, that must still be there.")
@json_option
def verify(log: Path, head: str, as_json: bool) -> int:
    """Verify that no line of a log was changed, taken out or put in. Exit code 1 where one was."""
    from mattebox.io.audit_log import verify_log

    verdict = verify_log(log, head.lower())
    if as_json:
        click.echo(json.dumps({"input": str(log)} | vars(verdict)))
    elif verdict.fault:
        click.echo(f"{log}: altered: {verdict.fault}; {verdict.entries} entries before it are in order")
    else:
        click.echo(f"{log}: {verdict.entries} entries, unaltered; the last hash is {verdict.head}")
    return EXIT_NOT_VERIFIED if verdict.fault else 0


@command.command("search", context_settings=CONTEXT_SETTINGS)
@log_argument
@click.argument("pictures", nargs=-1, type=click.Path(path_type=Path), shell_complete=complete_files)
@click.option("--actor", default="", help="Only what this key or user did, such as key:1f3a or user:ada.")
@json_option
def search(log: Path, pictures: tuple[Path, ...], actor: str, as_json: bool) -> int:
    """Find the entries about pictures: what was done to these very files, or made them."""
    from mattebox.io.audit_log import read_entries

    digests = {_hash_file(path) for path in pictures}
    for entry in read_entries(log):
        if (not digests or digests & {entry["input"], entry["output"]}) and actor in ("", entry["actor"]):
            click.echo(json.dumps(entry, ensure_ascii=False) if as_json else _describe_entry(entry))
    return 0


def _hash_file(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputMissing(f"{path}: cannot be read ({error.strerror})", "check the path") from error


def _describe_entry(entry: dict[str, Any]) -> str:
    contents = " -> ".join(digest[:12] for digest in (entry["input"], entry["output"]) if digest)
    words = [f"{entry['number']:>6}", entry["time"], entry["actor"], entry["action"], entry["outcome"], contents]
    return "  ".join(words).rstrip()
