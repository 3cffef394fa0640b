"""Files of a model: where its weights and their records are, and whether they are installed."""

from __future__ import annotations

from pathlib import Path

from mattebox.models.cards.card import Card
from mattebox.models.store import conversion, settings


def weights_path(card: Card) -> Path:
    """Where the weights are or would be: beside the card or, where they are pulled, in the store."""
    return settings.weights_folder() / card.weights if card.url else Path(card.folder, card.weights)


def download_url(card: Card) -> str:
    """Where the weights are pulled from: the mirror's file of that name where a mirror is set, else the card's URL."""
    mirror = settings.mirror_url()
    return f"{mirror.rstrip('/')}/{card.weights}" if mirror else card.url


def partial_path(target: Path) -> Path:
    """The unfinished download of a file."""
    return target.with_name(f"{target.name}.part")


def lock_path(target: Path) -> Path:
    """The lock that a process holds while it pulls a file."""
    return target.with_name(f"{target.name}.lock")


def record_path(target: Path) -> Path:
    """The record of a file's hashes at its first verification."""
    return target.with_name(f"{target.name}.json")


def file_cards(card: Card) -> list[Card]:
    """One card for each file of weights: the card itself, and its decoder's where it has one."""
    decoder_card = card.decoder_card()
    return [card] if decoder_card is None else [card, decoder_card]


def is_installed(card: Card) -> bool:
    """Whether all files of a model are here, and converted where they must be. They are not verified."""
    return all(is_file_installed(file) for file in file_cards(card))


def is_file_installed(card: Card) -> bool:
    """Whether the one file of a `file_cards` card is here."""
    path = weights_path(card)
    if card.is_template or not path.is_file():
        return False
    return not card.converter or conversion.recorded_hash(path, card.sha256) is not None


def base_model_name(card: Card) -> str:
    """The card's name without its variant: what `mattebox models pull` takes."""
    return card.name.partition("@")[0]
