"""Weights at rest: where a card's files lie, reading and verifying them, pulling them from their publisher.

A file gets its name only when it hashes to what its card says, so whatever has the name is whole. Beside it lies a
record with the sha256 found at the first verified pull, for publishers who give less. Knows nothing of runtimes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mattebox.core.file_lock import hold_lock
from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.runtime.onnx_external_data import list_external_files
from mattebox.models.store import conversion, settings

if TYPE_CHECKING:
    from mattebox.models.store.download import DownloadProgressCallback

Hashes = dict[str, str]


def weights_path(card: Card) -> Path:
    """Where the weights lie or would lie: beside the card, or in the store when they are pulled."""
    return settings.weights_folder() / card.weights if card.url else Path(card.folder, card.weights)


def is_installed(card: Card) -> bool:
    """Are all files of the model here?"""
    return all(_is_file_installed(file) for file in file_cards(card))


def require_installed(card: Card) -> None:
    """ModelError, with the command that mends it, when a file of the model is not here; what is here is not read."""
    for file in file_cards(card):
        if not _is_file_installed(file):
            read_weights(file)  # says what is missing


def file_cards(card: Card) -> list[Card]:
    """The card, and that of its decoder's file if it has one: each file is pulled, verified and read by itself."""
    second = card.decoder_card()
    return [card] if second is None else [card, second]


def _is_file_installed(card: Card) -> bool:
    path = weights_path(card)
    if card.is_template or not path.is_file():
        return False
    return not card.converter or conversion.recorded_hash(path, card.sha256) is not None


def read_weights(card: Card) -> bytes:
    """The bytes of the weights, verified, and not a graph that reads further files than the card names. ModelError."""
    path, wanted = _require_file(card), expected_hashes(card)
    if card.converter:
        known = conversion.recorded_hash(path, card.sha256)
        if known is None:
            raise ModelError(
                f"model {base_model_name(card)} is not converted", f"mattebox models pull {base_model_name(card)}"
            )
        path, wanted = conversion.onnx_path(path), {"sha256": known}
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable_error(card, path, error) from error
    _check_hashes(card, path, wanted, {kind: hashlib.new(kind, content).hexdigest() for kind in wanted})
    strangers = list_external_files(content) - set(card.parts)
    if strangers:
        raise ModelError(
            f"model {card.name}: {path} wants to read {sorted(strangers)[0]!r}, which its card does not name",
            "save the network with its weights inside; nothing was loaded",
        )
    _verify_external_data(card)
    return content


def verify_weights(card: Card) -> Hashes:
    """Hash the weights where they lie and compare; the hashes found, of the first file where there are two. A first
    sha256 is recorded. ModelError."""
    first, *_ = (_verify_file(file) for file in file_cards(card))
    return first


def _verify_file(card: Card) -> Hashes:
    path, wanted = _require_file(card), expected_hashes(card)
    found = _hash_file(card, path, {"sha256", *wanted})
    _check_hashes(card, path, wanted, found)
    _verify_external_data(card)
    if card.converter:
        read_weights(card)
    if card.url and not record_path(path).exists():
        _write_record(card, path, found)
    return found


def pull_weights(
    card: Card, on_progress: DownloadProgressCallback = lambda done, whole: None, *, is_licence_accepted: bool = False
) -> Path:
    """Bring the weights here from the card's address, or the mirror's; at once when they are here and good.

    Goes on where an interrupted pull ended. Of two processes at it, one works and the other waits. `is_licence_accepted`: the
    user has agreed to the licence, where that must be asked. Raises ModelError.
    """
    if not card.url:
        verify_weights(card)
        return weights_path(card)
    first, *_ = (_pull_file(file, on_progress, is_licence_accepted) for file in file_cards(card))
    return first


def _pull_file(card: Card, on_progress: DownloadProgressCallback, is_licence_accepted: bool) -> Path:
    """Bring one file."""
    target = weights_path(card)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with hold_lock(target.with_name(f"{target.name}.lock")):
            if not _verify_or_delete(card, target):
                _check_download_allowed(card, target, is_licence_accepted)
                _download_verified(card, target, on_progress)
            if card.converter:
                conversion.convert_once(target, card.sha256, card.converter, base_model_name(card))
    except OSError as error:
        raise ModelError(
            f"{error.filename or target}: cannot be written ({error.strerror or error})",
            "free some space, or choose another folder with MATTEBOX_HOME; what came is kept",
        ) from error
    return target


def expected_hashes(card: Card) -> Hashes:
    """What the weights must hash to: all the card says, and the recorded sha256 where it gives none."""
    wanted = {kind: value for kind, value in (("sha256", card.sha256), ("md5", card.md5)) if value}
    if "sha256" not in wanted and card.url and (known := _recorded_sha256(card)):
        wanted["sha256"] = known
    return wanted


def download_url(card: Card) -> str:
    """Where the weights are pulled from: the mirror's file of that name if one is set, else the official address."""
    mirror = settings.mirror_url()
    return f"{mirror.rstrip('/')}/{card.weights}" if mirror else card.url


def partial_path(target: Path) -> Path:
    """The unfinished pull of a file."""
    return target.with_name(f"{target.name}.part")


def record_path(target: Path) -> Path:
    """What was found when the file was verified first."""
    return target.with_name(f"{target.name}.json")


def _check_download_allowed(card: Card, target: Path, is_licence_accepted: bool) -> None:
    """ModelError when the network is forbidden, or the licence not accepted."""
    licence = card.licence
    if settings.is_offline():
        raise ModelError(
            f"model {base_model_name(card)} is not here and the network is switched off (--offline, MATTEBOX_OFFLINE)",
            f"pull it while online, or copy the file to {target}",
        )
    if licence.must_be_accepted and not is_licence_accepted:
        limits = "" if licence.commercial else ", not for commercial use"
        raise ModelError(
            f"the weights of {base_model_name(card)} are under the licence {licence.name}{limits} ({licence.url})",
            "read it and, if you agree, pull again with --accept-licence",
        )


def _download_verified(card: Card, target: Path, on_progress: DownloadProgressCallback) -> None:
    """Fetch, verify, give the name. What an earlier attempt left may be bad: then once more from the start."""
    from mattebox.models.store.download import (
        download_file,  # and with it the library of the network, which nothing else needs
    )

    address, part, wanted = download_url(card), partial_path(target), expected_hashes(card)
    for last in (False, True) if part.exists() else (True,):
        download_file(address, part, card.bytes, on_progress)
        found = _hash_file(card, part, {"sha256", *wanted})
        bad = _describe_mismatch(wanted, found)
        if not bad:
            os.replace(part, target)
            _write_record(card, target, found)
            return
        part.unlink()
        if last:
            raise ModelError(
                f"{address}: not the file the card of {card.name} describes ({bad})",
                "nothing was kept; try again, or another mirror",
            )


def _verify_or_delete(card: Card, target: Path) -> bool:
    """Is the file here, and what it should be? A bad one is deleted, to be fetched again."""
    if not target.is_file():
        return False
    wanted = expected_hashes(card)
    found = _hash_file(card, target, {"sha256", *wanted})
    if _describe_mismatch(wanted, found):
        target.unlink()
        return False
    if not record_path(target).exists():
        _write_record(card, target, found)
    return True


def _write_record(card: Card, target: Path, hashes: Hashes) -> None:
    """Write down what was verified, whole or not at all."""
    facts = {"model": card.name, "url": download_url(card), "bytes": target.stat().st_size, **hashes}
    temporary = record_path(target).with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(facts, indent=2) + "\n")
    os.replace(temporary, record_path(target))


def _recorded_sha256(card: Card) -> str | None:
    """The sha256 of the first verified pull; None when there is no record, or one of another file."""
    try:
        facts = json.loads(record_path(weights_path(card)).read_bytes())
        return str(facts["sha256"]) if facts.get("md5") == card.md5 else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def _require_file(card: Card) -> Path:
    path = weights_path(card)
    if card.url and not path.is_file():
        raise ModelError(f"model {base_model_name(card)} is not here", f"mattebox models pull {base_model_name(card)}")
    return path


def _verify_external_data(card: Card) -> None:
    for name, sha256 in card.parts.items():
        path = weights_path(card).with_name(name)
        _check_hashes(card, path, {"sha256": sha256}, _hash_file(card, path, ["sha256"]))


def _hash_file(card: Card, path: Path, kinds: Iterable[str]) -> Hashes:
    """Several hashes of one file in one reading."""
    sums = {kind: hashlib.new(kind) for kind in kinds}
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                for one in sums.values():
                    one.update(block)
    except OSError as error:
        raise _unreadable_error(card, path, error) from error
    return {kind: one.hexdigest() for kind, one in sums.items()}


def _check_hashes(card: Card, path: Path, expected: Hashes, actual: Hashes) -> None:
    if bad := _describe_mismatch(expected, actual):
        mend = (
            f"mattebox models pull {base_model_name(card)}"
            if card.url
            else "restore the original file or correct the card"
        )
        raise ModelError(
            f"model {card.name}: {path} is not the file its card describes ({bad})", f"{mend}; nothing was loaded"
        )


def _describe_mismatch(expected: Hashes, actual: Hashes) -> str:
    """In words; empty when all agree."""
    bad = next((kind for kind in expected if actual[kind] != expected[kind]), None)
    return f"{bad} {actual[bad][:12]}..., expected {expected[bad][:12]}..." if bad else ""


def _unreadable_error(card: Card, path: Path, error: OSError) -> ModelError:
    mend = f"mattebox models pull {base_model_name(card)}" if card.url else "put the weights beside the card"
    return ModelError(f"model {card.name}: {path} cannot be read ({error.strerror})", mend)


def base_model_name(card: Card) -> str:
    """The card's name without its variant: what one pulls."""
    return card.name.partition("@")[0]
