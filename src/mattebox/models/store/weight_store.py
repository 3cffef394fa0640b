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

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.runtime.onnx_external_data import external_files
from mattebox.models.store import conversion, environment
from mattebox.models.store.file_lock import held

if TYPE_CHECKING:
    from mattebox.models.store.download import Report

Hashes = dict[str, str]


def path_of(card: Card) -> Path:
    """Where the weights lie or would lie: beside the card, or in the store when they are pulled."""
    return environment.weights_folder() / card.weights if card.url else Path(card.folder, card.weights)


def is_here(card: Card) -> bool:
    """Are all files of the model here?"""
    return all(_has(file) for file in files_of(card))


def require(card: Card) -> None:
    """ModelError, with the command that mends it, when a file of the model is not here; what is here is not read."""
    for file in files_of(card):
        if not _has(file):
            read(file)  # says what is missing


def files_of(card: Card) -> list[Card]:
    """The card, and that of its decoder's file if it has one: each file is pulled, verified and read by itself."""
    second = card.second()
    return [card] if second is None else [card, second]


def _has(card: Card) -> bool:
    path = path_of(card)
    if card.shape or not path.is_file():
        return False
    return not card.converter or conversion.known_hash(path, card.sha256) is not None


def read(card: Card) -> bytes:
    """The bytes of the weights, verified, and not a graph that reads further files than the card names. ModelError."""
    path, wanted = _present(card), expected(card)
    if card.converter:
        known = conversion.known_hash(path, card.sha256)
        if known is None:
            raise ModelError(f"model {base_name(card)} is not converted", f"mattebox models pull {base_name(card)}")
        path, wanted = conversion.graph_of(path), {"sha256": known}
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(card, path, error) from error
    _compare(card, path, wanted, {kind: hashlib.new(kind, content).hexdigest() for kind in wanted})
    strangers = external_files(content) - set(card.parts)
    if strangers:
        raise ModelError(
            f"model {card.name}: {path} wants to read {sorted(strangers)[0]!r}, which its card does not name",
            "save the network with its weights inside; nothing was loaded",
        )
    _verify_parts(card)
    return content


def verify(card: Card) -> Hashes:
    """Hash the weights where they lie and compare; the hashes found, of the first file where there are two. A first
    sha256 is recorded. ModelError."""
    first, *_ = (_verified(file) for file in files_of(card))
    return first


def _verified(card: Card) -> Hashes:
    path, wanted = _present(card), expected(card)
    found = _hashes(card, path, {"sha256", *wanted})
    _compare(card, path, wanted, found)
    _verify_parts(card)
    if card.converter:
        read(card)
    if card.url and not record_of(path).exists():
        _record(card, path, found)
    return found


def pull(card: Card, report: Report = lambda done, whole: None, *, accepted: bool = False) -> Path:
    """Bring the weights here from the card's address, or the mirror's; at once when they are here and good.

    Goes on where an interrupted pull ended. Of two processes at it, one works and the other waits. `accepted`: the
    user has agreed to the licence, where that must be asked. Raises ModelError.
    """
    if not card.url:
        verify(card)
        return path_of(card)
    first, *_ = (_pulled(file, report, accepted) for file in files_of(card))
    return first


def _pulled(card: Card, report: Report, accepted: bool) -> Path:
    """Bring one file."""
    target = path_of(card)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with held(target.with_name(f"{target.name}.lock")):
            if not _good(card, target):
                _allow(card, target, accepted)
                _bring(card, target, report)
            if card.converter:
                conversion.ensure(target, card.sha256, card.converter, base_name(card))
    except OSError as error:
        raise ModelError(
            f"{error.filename or target}: cannot be written ({error.strerror or error})",
            "free some space, or choose another folder with MATTEBOX_HOME; what came is kept",
        ) from error
    return target


def expected(card: Card) -> Hashes:
    """What the weights must hash to: all the card says, and the recorded sha256 where it gives none."""
    wanted = {kind: value for kind, value in (("sha256", card.sha256), ("md5", card.md5)) if value}
    if "sha256" not in wanted and card.url and (known := _recorded(card)):
        wanted["sha256"] = known
    return wanted


def address_of(card: Card) -> str:
    """Where the weights are pulled from: the mirror's file of that name if one is set, else the official address."""
    mirror = environment.mirror()
    return f"{mirror.rstrip('/')}/{card.weights}" if mirror else card.url


def part_of(target: Path) -> Path:
    """The unfinished pull of a file."""
    return target.with_name(f"{target.name}.part")


def record_of(target: Path) -> Path:
    """What was found when the file was verified first."""
    return target.with_name(f"{target.name}.json")


def _allow(card: Card, target: Path, accepted: bool) -> None:
    """ModelError when the network is forbidden, or the licence not accepted."""
    licence = card.licence
    if environment.offline():
        raise ModelError(
            f"model {base_name(card)} is not here and the network is switched off (--offline, MATTEBOX_OFFLINE)",
            f"pull it while online, or copy the file to {target}",
        )
    if licence.must_be_accepted and not accepted:
        limits = "" if licence.commercial else ", not for commercial use"
        raise ModelError(
            f"the weights of {base_name(card)} are under the licence {licence.name}{limits} ({licence.url})",
            "read it and, if you agree, pull again with --accept-licence",
        )


def _bring(card: Card, target: Path, report: Report) -> None:
    """Fetch, verify, give the name. What an earlier attempt left may be bad: then once more from the start."""
    from mattebox.models.store.download import fetch  # and with it the library of the network, which nothing else needs

    address, part, wanted = address_of(card), part_of(target), expected(card)
    for last in (False, True) if part.exists() else (True,):
        fetch(address, part, card.bytes, report)
        found = _hashes(card, part, {"sha256", *wanted})
        bad = _first_difference(wanted, found)
        if not bad:
            os.replace(part, target)
            _record(card, target, found)
            return
        part.unlink()
        if last:
            raise ModelError(
                f"{address}: not the file the card of {card.name} describes ({bad})",
                "nothing was kept; try again, or another mirror",
            )


def _good(card: Card, target: Path) -> bool:
    """Is the file here, and what it should be? A bad one is deleted, to be fetched again."""
    if not target.is_file():
        return False
    wanted = expected(card)
    found = _hashes(card, target, {"sha256", *wanted})
    if _first_difference(wanted, found):
        target.unlink()
        return False
    if not record_of(target).exists():
        _record(card, target, found)
    return True


def _record(card: Card, target: Path, found: Hashes) -> None:
    """Write down what was verified, whole or not at all."""
    facts = {"model": card.name, "url": address_of(card), "bytes": target.stat().st_size, **found}
    temporary = record_of(target).with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(facts, indent=2) + "\n")
    os.replace(temporary, record_of(target))


def _recorded(card: Card) -> str | None:
    """The sha256 of the first verified pull; None when there is no record, or one of another file."""
    try:
        facts = json.loads(record_of(path_of(card)).read_bytes())
        return str(facts["sha256"]) if facts.get("md5") == card.md5 else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def _present(card: Card) -> Path:
    path = path_of(card)
    if card.url and not path.is_file():
        raise ModelError(f"model {base_name(card)} is not here", f"mattebox models pull {base_name(card)}")
    return path


def _verify_parts(card: Card) -> None:
    for name, sha256 in card.parts.items():
        path = path_of(card).with_name(name)
        _compare(card, path, {"sha256": sha256}, _hashes(card, path, ["sha256"]))


def _hashes(card: Card, path: Path, kinds: Iterable[str]) -> Hashes:
    """Several hashes of one file in one reading."""
    sums = {kind: hashlib.new(kind) for kind in kinds}
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                for one in sums.values():
                    one.update(block)
    except OSError as error:
        raise _unreadable(card, path, error) from error
    return {kind: one.hexdigest() for kind, one in sums.items()}


def _compare(card: Card, path: Path, wanted: Hashes, found: Hashes) -> None:
    if bad := _first_difference(wanted, found):
        mend = (
            f"mattebox models pull {base_name(card)}" if card.url else "restore the original file or correct the card"
        )
        raise ModelError(
            f"model {card.name}: {path} is not the file its card describes ({bad})", f"{mend}; nothing was loaded"
        )


def _first_difference(wanted: Hashes, found: Hashes) -> str:
    """In words; empty when all agree."""
    bad = next((kind for kind in wanted if found[kind] != wanted[kind]), None)
    return f"{bad} {found[bad][:12]}..., expected {wanted[bad][:12]}..." if bad else ""


def _unreadable(card: Card, path: Path, error: OSError) -> ModelError:
    mend = f"mattebox models pull {base_name(card)}" if card.url else "put the weights beside the card"
    return ModelError(f"model {card.name}: {path} cannot be read ({error.strerror})", mend)


def base_name(card: Card) -> str:
    """The card's name without its variant: what one pulls."""
    return card.name.partition("@")[0]
