"""Models of the user's own, and the end of any: add an ONNX file under a card like another's, remove what was brought.

A file is added only after it has run once on this machine as its card says. No pickle is ever opened.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

import msgspec
import numpy as np

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card, Decoder, Licence
from mattebox.models.cards.registry import PRESETS, cards
from mattebox.models.image_to_image import Imager
from mattebox.models.matte_session import Session
from mattebox.models.runtime.onnx_external_data import external_files
from mattebox.models.store import conversion, environment, weight_store
from mattebox.types import Picture

UNSTATED = Licence("unstated", commercial=False, notes="Stated by nobody when the model was added.")
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # torch's zip, and the protocols


def add(
    file: Path, like: Card, name: str | None = None, licence: Licence = UNSTATED, decoder: Path | None = None
) -> Card:
    """Copy an ONNX file, and the files beside it that hold its numbers, into the home; its card. ModelError.

    A file that is not ONNX is converted, when the card it is to be like has a converter. Models that are asked by
    points have a `decoder`, whole in one file.
    """
    name = _free(name or file.stem)
    second, files = _second(like, name, decoder)
    if like.converter and file.suffix.lower() != ".onnx":
        content = conversion.converted(_bytes(file), like.converter, weight_store.base_name(like))
    else:
        content = _onnx(file)
    parts = {place: _part(file, place) for place in external_files(content)}
    card = msgspec.structs.replace(
        like, name=name, summary=f"added from {file.name}, prepared like {weight_store.base_name(like)}", licence=licence,
        weights=f"{name}.onnx", sha256=hashlib.sha256(content).hexdigest(), md5="", bytes=len(content), url="",
        source="", parts={place: hashlib.sha256(data).hexdigest() for place, data in parts.items()},
        variants={}, data=(), recipe="", notes="", converter="", figures=(), failures=(), folder="", decoder=second,
    )  # fmt: skip
    try:
        return _installed(card, {card.weights: content, **parts, **files})
    except OSError as error:
        raise ModelError(
            f"{error.filename or environment.home()}: cannot be written ({error.strerror})",
            "free some space, or choose another folder with MATTEBOX_HOME",
        ) from error


def remove(card: Card) -> int:
    """Delete the files of a pulled or added model; the bytes set free. ModelError when there is nothing of ours."""
    if card.url:
        there = [p for file in weight_store.files_of(card) for p in _pulled(weight_store.path_of(file)) if p.exists()]
        if not there:
            raise ModelError(f"model {card.name} is not here", "there is nothing to remove")
    elif Path(card.folder).parent == environment.added_folder().resolve():
        there = [p for p in Path(card.folder).iterdir() if p.is_file()]
    else:
        raise ModelError(f"model {card.name} was neither pulled nor added", "what is part of the program stays")
    freed = sum(p.stat().st_size for p in there)
    for path in there:
        path.unlink()
    if not card.url:
        Path(card.folder).rmdir()
    return freed


def _second(like: Card, name: str, file: Path | None) -> tuple[Decoder | None, dict[str, bytes]]:
    """The decoder of the new model, and its file. ModelError unless there is one just where there must be."""
    if (like.decoder is None) != (file is None):
        problem = "needs the file of its decoder" if file is None else "has no decoder"
        remedy = "give it with --decoder" if file is None else "leave out --decoder"
        raise ModelError(f"a model like {weight_store.base_name(like)} {problem}", remedy)
    if like.decoder is None or file is None:
        return None, {}
    content, place = _onnx(file), f"{name}.decoder.onnx"
    if strangers := external_files(content):
        raise ModelError(f"{file} wants to read {min(strangers)!r}", "save the decoder with its weights inside")
    digest = hashlib.sha256(content).hexdigest()
    changes = {"weights": place, "sha256": digest, "md5": "", "bytes": len(content), "url": ""}
    return msgspec.structs.replace(like.decoder, **changes), {place: content}


def _pulled(target: Path) -> tuple[Path, ...]:
    """Everything that a pull leaves, but the lock."""
    graph = conversion.graph_of(target)
    return target, weight_store.record_of(target), weight_store.part_of(target), graph, weight_store.record_of(graph)


def _installed(card: Card, files: dict[str, bytes]) -> Card:
    """Write the files aside, try the network, then give the folder its name."""
    environment.added_folder().mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".adding-", dir=environment.home()))
    try:
        for name, data in files.items():
            (aside / name).write_bytes(data)
        _try(msgspec.structs.replace(card, folder=str(aside)))
        (aside / "card.json").write_bytes(msgspec.json.format(msgspec.json.encode(card)))
        final = environment.added_folder() / card.name
        os.replace(aside, final)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return msgspec.structs.replace(card, folder=str(final.resolve()))


def _try(card: Card) -> None:
    """Run it once, on grey. ModelError when it does not fit its card."""
    network = Session.open(card, "cpu") if card.tiles is None else Imager.open(card, "cpu")
    try:
        if isinstance(network, Imager):
            network.run(np.full((1, 3, 64, 64), 0.5, np.float32))
        else:
            network.tried(Picture(np.full((256, 256, 3), 128, np.uint8)))
    except ModelError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"model {card.name} does not run as its card says ({reason})",
            "choose with --like a model of the same geometry (mattebox models list)",
        ) from error


def _free(name: str) -> str:
    """The name, when it can be one and is nobody's."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name) or name.endswith((".json", ".toml")):
        raise ModelError(f"{name!r} cannot be a model's name", "choose letters, digits, - and _ with --name")
    if name in PRESETS or name in cards():
        raise ModelError(f"there is a model {name} already", "choose another name with --name, or remove that one")
    return name


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})", "check the path of the model") from error


def _onnx(file: Path) -> bytes:
    """The content of the file; refused unopened when it is a pickle."""
    content = _bytes(file)
    if content.startswith(PICKLES):
        raise ModelError(
            f"{file}: pickled weights can run any program and are never opened", "export the network to ONNX"
        )
    return content


def _part(file: Path, place: str) -> bytes:
    """The content of a file that the graph reads, which must lie beside it."""
    path = file.parent / place
    if Path(place).name != place or not path.resolve().is_relative_to(file.parent.resolve()):
        raise ModelError(f"{file} wants to read {place!r}, outside its own folder", "save the weights in or beside it")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})", f"put it beside {file.name}") from error
