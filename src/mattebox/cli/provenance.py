"""`mattebox provenance`: make or bring along the key that signs results, and show who trusts it."""

from __future__ import annotations

import getpass
import socket
from datetime import UTC, datetime
from pathlib import Path

import click

from mattebox.cli.command_group import SuggestingGroup
from mattebox.cli.console import CONTEXT_SETTINGS, echo_stderr
from mattebox.errors import UsageError

EXAMPLES = """
\b
Examples:
  mattebox provenance init --name "Studio Example"          makes a private authority and a key, for 20 years
  mattebox provenance init --chain chain.pem --key key.pem  uses your own; MATTEBOX_SIGNING_PASSPHRASE opens the key
  mattebox cut photo.jpg --sign
  mattebox verify photo-cut.png

\b
They are kept in MATTEBOX_HOME/signing. Others see "valid, signer unknown" until they trust your authority:
mattebox verify photo-cut.png --anchors anchors.pem
"""


@click.group("provenance", cls=SuggestingGroup, epilog=EXAMPLES, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Make or import the key that signs results (Content Credentials, C2PA)."""


@command.command("init", context_settings=CONTEXT_SETTINGS)
@click.option("--name", help="Whom the certificate names.  [default: this user]")
@click.option("--chain", type=click.Path(path_type=Path), help="Your own certificates (PEM), the leaf first.")
@click.option("--key", type=click.Path(path_type=Path), help="Its private key (PEM), with a passphrase or without.")
@click.option(
    "--anchors", type=click.Path(path_type=Path), help="Authorities to trust (PEM).  [default: the last of the chain]"
)
@click.option("--overwrite", is_flag=True, help="Replace the key that is kept.")
def init(name: str | None, chain: Path | None, key: Path | None, anchors: Path | None, overwrite: bool) -> int:
    """Make a private authority and a long-lived key, or import your own. Nothing is sent anywhere."""
    from mattebox.pipeline import signing_keys

    now = datetime.now(UTC)
    if (chain is None) != (key is None):
        raise UsageError("--chain and --key belong together", "give both, or neither to make new ones")
    if chain is not None and key is not None:
        trusted = None if anchors is None else _read_file(anchors)
        kept = signing_keys.import_identity(
            _read_file(chain), _read_file(key), now, anchors=trusted, overwrite=overwrite
        )
    else:
        kept = signing_keys.create_identity(name or _default_name(), now, overwrite=overwrite)
    echo_stderr(f"the key is in {kept.parent}, readable by you alone; keep a copy of it in a safe place")
    echo_stderr(f"whoever is to trust your signatures needs {kept}: `mattebox verify FILE --anchors {kept.name}`")
    return 0


def _default_name() -> str:
    try:
        return f"{getpass.getuser()} on {socket.gethostname()}"
    except (OSError, KeyError):
        return "mattebox user"


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "check the path and its permissions") from error
