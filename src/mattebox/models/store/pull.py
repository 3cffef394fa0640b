"""Pulling of weights from their publisher or a mirror: licence check, download, verification, conversion.

A file gets its final name only after its hashes have been verified, so a file under that name is complete.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mattebox.core.file_lock import hold_lock
from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.store import checksums, conversion, settings, weight_files, weight_store
from mattebox.models.store.file_errors import WRITE_REMEDY, convert_write_errors
from mattebox.models.store.weight_files import base_model_name

if TYPE_CHECKING:
    from mattebox.models.store.download import DownloadProgressCallback


def pull_weights(
    card: Card,
    on_progress: DownloadProgressCallback = lambda done_bytes, total_bytes: None,
    *,
    is_licence_accepted: bool = False,
) -> Path:
    """Download and verify the weights of a model; files that are here and good are not downloaded again.

    An interrupted download is resumed. Of two processes that pull one file, one downloads and the other waits.

    Parameters
    ----------
    card : Card
    on_progress : callable
        Called with the bytes that are here and the bytes in all (None where the server does not say).
    is_licence_accepted : bool
        Whether the user has agreed to the licence; only licences that must be accepted need it.

    Returns
    -------
    Path
        The first file.

    Raises
    ------
    ModelError
        The network is forbidden or fails, the licence is not accepted, the file is not what the card says, or it
        cannot be written or converted.
    """
    if not card.url:
        weight_store.verify_weights(card)
        return weight_files.weights_path(card)
    first, *_ = (_pull_file(file, on_progress, is_licence_accepted) for file in weight_files.file_cards(card))
    return first


def _pull_file(card: Card, on_progress: DownloadProgressCallback, is_licence_accepted: bool) -> Path:
    target = weight_files.weights_path(card)
    with convert_write_errors(target, f"{WRITE_REMEDY}; what was downloaded is kept"):
        target.parent.mkdir(parents=True, exist_ok=True)
        with hold_lock(weight_files.lock_path(target)):
            if not _verify_or_delete(card, target):
                _check_download_allowed(card, target, is_licence_accepted)
                _download_verified(card, target, on_progress)
            if card.converter:
                conversion.convert_once(target, card.sha256, card.converter, base_model_name(card))
    return target


def _verify_or_delete(card: Card, target: Path) -> bool:
    """Whether the file is here and good; it is recorded if so, and deleted if it is bad."""
    if not target.is_file():
        return False
    actual = checksums.hash_weights(card, target)
    if checksums.describe_mismatch(checksums.expected_hashes(card), actual):
        target.unlink()
        return False
    checksums.record_once(card, target, actual)
    return True


def _check_download_allowed(card: Card, target: Path, is_licence_accepted: bool) -> None:
    """ModelError where the network is forbidden, or the licence must be accepted and is not."""
    licence = card.licence
    if settings.is_offline():
        raise ModelError(
            f"model {base_model_name(card)} is not installed, and downloads are off (--offline, MATTEBOX_OFFLINE)",
            f"pull it while online, or copy the file to {target}",
        )
    if licence.must_be_accepted and not is_licence_accepted:
        limits = "" if licence.commercial else ", not for commercial use"
        raise ModelError(
            f"the weights of {base_model_name(card)} are under the licence {licence.name}{limits} ({licence.url})",
            "read it and, if you agree, pull again with --accept-licence",
        )


def _download_verified(card: Card, target: Path, on_progress: DownloadProgressCallback) -> None:
    """Download, verify and rename a file. Where the start came from an earlier attempt, a bad file is tried anew."""
    from mattebox.models.store.download import download_file  # imports the HTTP client, which nothing else needs

    url, partial_file = weight_files.download_url(card), weight_files.partial_path(target)
    for is_last in (False, True) if partial_file.exists() else (True,):
        download_file(url, partial_file, card.bytes, on_progress)
        actual = checksums.hash_weights(card, partial_file)
        mismatch = checksums.describe_mismatch(checksums.expected_hashes(card), actual)
        if not mismatch:
            os.replace(partial_file, target)
            checksums.record_hashes(card, target, actual)
            return
        partial_file.unlink()
        if is_last:
            raise ModelError(
                f"{url}: not the file the card of {card.name} describes ({mismatch})",
                "nothing was kept; try again, or another mirror",
            )
