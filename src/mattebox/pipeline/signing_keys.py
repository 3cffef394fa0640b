"""The user's signing identity: certificates and key in MATTEBOX_HOME/signing, made once or brought along.

chain.pem      certificates, the leaf first
key.pem        the leaf's key, readable by its user only; with a passphrase if it came with one
anchors.pem    the authorities that `verify` trusts
"""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path

from mattebox.core.interface import choose_wording
from mattebox.errors import OutputExists, UsageError
from mattebox.io import atomic_write
from mattebox.models.store.settings import home_folder, is_offline
from mattebox.provenance import certificates
from mattebox.provenance.signing import SigningIdentity

PASSPHRASE_VARIABLE = "MATTEBOX_SIGNING_PASSPHRASE"
TIMESTAMP_VARIABLE = "MATTEBOX_TIMESTAMP_URL"
CHAIN_FILE, KEY_FILE, ANCHORS_FILE = "chain.pem", "key.pem", "anchors.pem"
FOLDER_MODE = 0o700


def signing_folder() -> Path:
    """The folder of the identity; it may not exist yet."""
    return home_folder() / "signing"


def create_identity(owner: str, now: datetime, *, overwrite: bool = False) -> Path:
    """Make a private authority and a key that it certifies, and keep them. OutputExists where there is one.

    Returns
    -------
    Path
        The authority's certificate, which others need to trust the signatures.
    """
    _check_new(overwrite)
    pair, authority = certificates.create_authority(owner, now)
    return _store(pair, authority)


def import_identity(
    chain: bytes, key: bytes, now: datetime, *, anchors: bytes | None = None, overwrite: bool = False
) -> Path:
    """Keep a user's own certificates and key (PEM), as they are. UsageError where they do not go together.

    `anchors` are the authorities to trust; without them the last certificate of the chain.
    """
    _check_new(overwrite)
    plain_key, _ = certificates.decrypt_key(key, _passphrase())
    certificates.check_chain(chain, plain_key, now)
    return _store(certificates.KeyPair(chain, key), anchors or certificates.last_certificate(chain))


def load_identity(now: datetime) -> SigningIdentity:
    """The identity that is kept. UsageError where there is none, its key cannot be read or its certificate is over."""
    folder = signing_folder()
    try:
        chain, key = (folder / CHAIN_FILE).read_bytes(), (folder / KEY_FILE).read_bytes()
    except FileNotFoundError as error:
        command = "mattebox provenance init"
        remedy = choose_wording(
            command_line=f"make one: {command}",
            python=f"run `{command}` in a terminal, or pass a SigningIdentity",
            http=f"ask the operator of this server to run `{command}`",
        )
        raise UsageError("there is no key to sign with", remedy) from error
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror})", "check its permissions") from error
    plain_key, algorithm = certificates.decrypt_key(key, _passphrase())
    certificates.check_chain(chain, plain_key, now)
    return SigningIdentity(chain, algorithm, plain_key, timestamp_url=_timestamp_url())


def trusted_anchors() -> bytes:
    """Certificates (PEM) of the authorities that are trusted; empty where there are none."""
    with contextlib.suppress(OSError):
        return (signing_folder() / ANCHORS_FILE).read_bytes()
    return b""


def _timestamp_url() -> str:
    """The address of the time-stamp server, or "". UsageError where the network is forbidden."""
    url = os.environ.get(TIMESTAMP_VARIABLE, "").strip()
    if url and is_offline():
        raise UsageError(
            f"{TIMESTAMP_VARIABLE} needs the network, and it is forbidden", "unset it, or allow the network"
        )
    return url


def _passphrase() -> bytes | None:
    text = os.environ.get(PASSPHRASE_VARIABLE)
    return text.encode() if text else None


def _check_new(overwrite: bool) -> None:
    path = signing_folder() / KEY_FILE
    if os.path.lexists(path) and not overwrite:
        raise OutputExists(
            f"{path}: there is a signing key already", "keep it, or replace it with --overwrite; old files stay valid"
        )


def _store(pair: certificates.KeyPair, anchors: bytes) -> Path:
    folder = signing_folder()
    atomic_write.make_folder(folder)
    with contextlib.suppress(OSError):  # a file system without permissions
        folder.chmod(FOLDER_MODE)
    for name, content in ((KEY_FILE, pair.key), (CHAIN_FILE, pair.chain), (ANCHORS_FILE, anchors)):
        atomic_write.write_bytes(folder / name, content, overwrite=True, private=True)
    return folder / ANCHORS_FILE
