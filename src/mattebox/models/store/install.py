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
from mattebox.models.cards.registry import MODEL_PRESETS, all_cards
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.models.matte_session import Session
from mattebox.models.runtime.onnx_external_data import list_external_files
from mattebox.models.store import conversion, settings, weight_store
from mattebox.types import Picture

UNSTATED_LICENCE = Licence("unstated", commercial=False, notes="Stated by nobody when the model was added.")
PICKLE_MAGIC_BYTES = (
    b"PK\x03\x04",
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
)  # torch's zip, and the protocols


def add_model(
    file: Path,
    template: Card,
    name: str | None = None,
    licence: Licence = UNSTATED_LICENCE,
    decoder: Path | None = None,
) -> Card:
    """Copy an ONNX file, and the files beside it that hold its numbers, into the home; its card. ModelError.

    A file that is not ONNX is converted, when the card it is to be like has a converter. Models that are asked by
    points have a `decoder`, whole in one file.
    """
    name = _check_new_name(name or file.stem)
    second, files = _prepare_decoder(template, name, decoder)
    if template.converter and file.suffix.lower() != ".onnx":
        content = conversion.convert_to_onnx(
            _read_file(file), template.converter, weight_store.base_model_name(template)
        )
    else:
        content = _read_onnx(file)
    parts = {place: _read_external_data(file, place) for place in list_external_files(content)}
    card = msgspec.structs.replace(
        template, name=name, summary=f"added from {file.name}, prepared like {weight_store.base_model_name(template)}", licence=licence,
        weights=f"{name}.onnx", sha256=hashlib.sha256(content).hexdigest(), md5="", bytes=len(content), url="",
        source="", parts={place: hashlib.sha256(data).hexdigest() for place, data in parts.items()},
        variants={}, data=(), recipe="", notes="", converter="", figures=(), failures=(), folder="", decoder=second,
    )  # fmt: skip
    try:
        return _install_files(card, {card.weights: content, **parts, **files})
    except OSError as error:
        raise ModelError(
            f"{error.filename or settings.home_folder()}: cannot be written ({error.strerror})",
            "free some space, or choose another folder with MATTEBOX_HOME",
        ) from error


def remove_model(card: Card) -> int:
    """Delete the files of a pulled or added model; the bytes set free. ModelError when there is nothing of ours."""
    if card.url:
        there = [
            p
            for file in weight_store.file_cards(card)
            for p in _pulled_paths(weight_store.weights_path(file))
            if p.exists()
        ]
        if not there:
            raise ModelError(f"model {card.name} is not here", "there is nothing to remove")
    elif Path(card.folder).parent == settings.added_folder().resolve():
        there = [p for p in Path(card.folder).iterdir() if p.is_file()]
    else:
        raise ModelError(f"model {card.name} was neither pulled nor added", "what is part of the program stays")
    freed = sum(p.stat().st_size for p in there)
    for path in there:
        path.unlink()
    if not card.url:
        Path(card.folder).rmdir()
    return freed


def _prepare_decoder(template: Card, name: str, file: Path | None) -> tuple[Decoder | None, dict[str, bytes]]:
    """The decoder of the new model, and its file. ModelError unless there is one just where there must be."""
    if (template.decoder is None) != (file is None):
        problem = "needs the file of its decoder" if file is None else "has no decoder"
        remedy = "give it with --decoder" if file is None else "leave out --decoder"
        raise ModelError(f"a model like {weight_store.base_model_name(template)} {problem}", remedy)
    if template.decoder is None or file is None:
        return None, {}
    content, place = _read_onnx(file), f"{name}.decoder.onnx"
    if strangers := list_external_files(content):
        raise ModelError(f"{file} wants to read {min(strangers)!r}", "save the decoder with its weights inside")
    digest = hashlib.sha256(content).hexdigest()
    changes = {"weights": place, "sha256": digest, "md5": "", "bytes": len(content), "url": ""}
    return msgspec.structs.replace(template.decoder, **changes), {place: content}


def _pulled_paths(target: Path) -> tuple[Path, ...]:
    """Everything that a pull leaves, but the lock."""
    graph = conversion.onnx_path(target)
    return (
        target,
        weight_store.record_path(target),
        weight_store.partial_path(target),
        graph,
        weight_store.record_path(graph),
    )


def _install_files(card: Card, files: dict[str, bytes]) -> Card:
    """Write the files aside, try the network, then give the folder its name."""
    settings.added_folder().mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".adding-", dir=settings.home_folder()))
    try:
        for name, data in files.items():
            (aside / name).write_bytes(data)
        _run_once(msgspec.structs.replace(card, folder=str(aside)))
        (aside / "card.json").write_bytes(msgspec.json.format(msgspec.json.encode(card)))
        final = settings.added_folder() / card.name
        os.replace(aside, final)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return msgspec.structs.replace(card, folder=str(final.resolve()))


def _run_once(card: Card) -> None:
    """Run it once, on grey. ModelError when it does not fit its card."""
    network = Session.open(card, "cpu") if card.tiles is None else ImageToImageNetwork.open(card, "cpu")
    try:
        if isinstance(network, ImageToImageNetwork):
            network.run(np.full((1, 3, 64, 64), 0.5, np.float32))
        else:
            network.validate_outputs(Picture(np.full((256, 256, 3), 128, np.uint8)))
    except ModelError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"model {card.name} does not run as its card says ({reason})",
            "choose with --like a model of the same geometry (mattebox models list)",
        ) from error


def _check_new_name(name: str) -> str:
    """The name, when it can be one and is nobody's."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name) or name.endswith((".json", ".toml")):
        raise ModelError(f"{name!r} cannot be a model's name", "choose letters, digits, - and _ with --name")
    if name in MODEL_PRESETS or name in all_cards():
        raise ModelError(f"there is a model {name} already", "choose another name with --name, or remove that one")
    return name


def _read_file(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})", "check the path of the model") from error


def _read_onnx(file: Path) -> bytes:
    """The content of the file; refused unopened when it is a pickle."""
    content = _read_file(file)
    if content.startswith(PICKLE_MAGIC_BYTES):
        raise ModelError(
            f"{file}: pickled weights can run any program and are never opened", "export the network to ONNX"
        )
    return content


def _read_external_data(file: Path, location: str) -> bytes:
    """The content of a file that the graph reads, which must lie beside it."""
    path = file.parent / location
    if Path(location).name != location or not path.resolve().is_relative_to(file.parent.resolve()):
        raise ModelError(
            f"{file} wants to read {location!r}, outside its own folder", "save the weights in or beside it"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})", f"put it beside {file.name}") from error
