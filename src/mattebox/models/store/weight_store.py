"""Verified reading of model weights: no byte is used that does not hash to what its card says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from mattebox.core.interface import pull_models
from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.runtime.onnx_external_data import list_external_files
from mattebox.models.store import checksums, conversion, weight_files
from mattebox.models.store.checksums import Hashes
from mattebox.models.store.file_errors import read_bytes
from mattebox.models.store.weight_files import base_model_name


def require_installed(card: Card) -> None:
    """ModelError, with the command to run, where a file of the model is missing. No file is read."""
    for file in weight_files.file_cards(card):
        if not weight_files.is_file_installed(file):
            _graph_file(file)  # where it can be pulled, its error says so
            raise ModelError(
                f"model {file.name}: {weight_files.weights_path(file)} is missing", checksums.unreadable_remedy(file)
            )


def read_weights(card: Card) -> bytes:
    """Read and verify a model's ONNX graph.

    Parameters
    ----------
    card : Card
        For a model with a decoder, one of its `file_cards`.

    Returns
    -------
    bytes
        The ONNX file; for weights of another format the graph converted from them.

    Raises
    ------
    ModelError
        The file is missing or has another hash, or refers to files that the card does not name.
    """
    path, expected = _graph_file(card)
    content = read_bytes(path, checksums.unreadable_remedy(card), f"model {card.name}: ")
    actual = {kind: hashlib.new(kind, content).hexdigest() for kind in expected}
    checksums.require_hashes(card, path, expected, actual)
    unnamed_files = list_external_files(content) - set(card.parts)
    if unnamed_files:
        raise ModelError(
            f"model {card.name}: {path} refers to {min(unnamed_files)!r}, which its card does not name",
            "save the network with its weights inside; nothing was loaded",
        )
    _verify_external_data(card)
    return content


def verify_weights(card: Card) -> Hashes:
    """Verify all files of a model without changing anything.

    Returns
    -------
    dict
        Hashes of the first file: its sha256, and the others that the card gives.

    Raises
    ------
    ModelError
        A file is missing, or is not what the card says.
    """
    first, *_ = (_verify_file(file) for file in weight_files.file_cards(card))
    return first


def verify_and_record(card: Card) -> Hashes:
    """Verify all files of a model as `verify_weights`, and record the hashes of pulled ones that have no record yet."""
    first, *_ = (_verify_and_record_file(file) for file in weight_files.file_cards(card))
    return first


def require_all_installed(cards: Iterable[Card]) -> None:
    """Raise one ModelError that names all models that are not here, and the command that pulls them."""
    names = list(dict.fromkeys(base_model_name(card) for card in cards if not weight_files.is_installed(card)))
    if len(names) > 1:
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        raise ModelError(f"the models {listed} are not installed", pull_models(*names))


def _verify_and_record_file(card: Card) -> Hashes:
    hashes = _verify_file(card)
    if card.url:
        checksums.record_once(card, weight_files.weights_path(card), hashes)
    return hashes


def _require_pulled(card: Card) -> Path:
    """Path of the file as published. ModelError where it was not pulled."""
    path, name = weight_files.weights_path(card), base_model_name(card)
    if card.url and not path.is_file():
        raise ModelError(f"model {name} is not installed", pull_models(name))
    return path


def _graph_file(card: Card) -> tuple[Path, Hashes]:
    """Path and expected hashes of the graph to run. ModelError where it was not pulled, or not converted."""
    path = _require_pulled(card)
    if not card.converter:
        return path, checksums.expected_hashes(card)
    sha256 = conversion.recorded_hash(path, card.sha256)
    if sha256 is None:
        name = base_model_name(card)
        raise ModelError(f"model {name} is not converted", pull_models(name))
    return conversion.onnx_path(path), {"sha256": sha256}


def _verify_file(card: Card) -> Hashes:
    """Verify the file as published, its external data, and the graph converted from it."""
    path = _require_pulled(card)
    actual = checksums.hash_weights(card, path)
    checksums.require_hashes(card, path, checksums.expected_hashes(card), actual)
    _verify_external_data(card)
    if card.converter:
        read_weights(card)
    return actual


def _verify_external_data(card: Card) -> None:
    for name, sha256 in card.parts.items():
        path = weight_files.weights_path(card).with_name(name)
        checksums.require_hashes(card, path, {"sha256": sha256}, checksums.hash_file(card, path, ["sha256"]))
