"""Checksums of weights: expected by the card, computed of a file, and recorded at the first verification.

The record gives a sha256 to weights whose publisher states only an MD5.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from mattebox.core.interface import pull_models
from mattebox.errors import ModelError
from mattebox.io import atomic_write
from mattebox.models.cards.card import Card
from mattebox.models.store import weight_files
from mattebox.models.store.file_errors import read_error

Hashes = dict[str, str]
"""Name of a hash function -> hexadecimal digest."""

BLOCK_BYTES = 1 << 20


def expected_hashes(card: Card) -> Hashes:
    """The hashes that the weights must have: the card's, and the recorded sha256 where the card gives none."""
    expected = {kind: value for kind, value in (("sha256", card.sha256), ("md5", card.md5)) if value}
    if "sha256" not in expected and card.url and (recorded := _recorded_sha256(card)):
        expected["sha256"] = recorded
    return expected


def hash_file(card: Card, path: Path, kinds: Iterable[str]) -> Hashes:
    """Compute several hashes of a file in one pass. ModelError where it cannot be read."""
    digests = {kind: hashlib.new(kind) for kind in kinds}
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                for digest in digests.values():
                    digest.update(block)
    except OSError as error:
        raise read_error(path, error, unreadable_remedy(card), f"model {card.name}: ") from error
    return {kind: digest.hexdigest() for kind, digest in digests.items()}


def hash_weights(card: Card, path: Path) -> Hashes:
    """The sha256 of a file of weights, and the other hashes that its card gives."""
    return hash_file(card, path, {"sha256", *expected_hashes(card)})


def require_hashes(card: Card, path: Path, expected: Hashes, actual: Hashes) -> None:
    """ModelError where a file does not have the expected hashes."""
    if mismatch := describe_mismatch(expected, actual):
        pull = pull_models(weight_files.base_model_name(card))
        remedy = pull if card.url else "restore the original file or correct the card"
        raise ModelError(
            f"model {card.name}: {path} is not the file its card describes ({mismatch})",
            f"{remedy}; nothing was loaded",
        )


def describe_mismatch(expected: Hashes, actual: Hashes) -> str:
    """The first hash that differs, in words; empty where all agree."""
    kind = next((kind for kind in expected if actual[kind] != expected[kind]), None)
    return f"{kind} {actual[kind][:12]}..., expected {expected[kind][:12]}..." if kind else ""


def record_hashes(card: Card, target: Path, hashes: Hashes) -> None:
    """Write the record of a verified file. OutputError."""
    facts = {"model": card.name, "url": weight_files.download_url(card), "bytes": target.stat().st_size, **hashes}
    content = (json.dumps(facts, indent=2) + "\n").encode()
    atomic_write.write_bytes(weight_files.record_path(target), content, overwrite=True)


def record_once(card: Card, target: Path, hashes: Hashes) -> None:
    """Write the record of a verified file that has none yet. OutputError."""
    if not weight_files.record_path(target).exists():
        record_hashes(card, target, hashes)


def unreadable_remedy(card: Card) -> str:
    """What to do where the weights cannot be read."""
    if card.url:
        return pull_models(weight_files.base_model_name(card))
    return "put the weights beside the card"


def _recorded_sha256(card: Card) -> str | None:
    """The sha256 of the first verification; None without a record, or with one of another file."""
    try:
        facts = json.loads(weight_files.record_path(weight_files.weights_path(card)).read_bytes())
        return str(facts["sha256"]) if facts.get("md5") == card.md5 else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None
