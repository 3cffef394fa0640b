"""Installation of the user's own models from ONNX files, and removal of added or pulled ones.

A model is added only after it has run once on this machine as its card says. Pickled files are never opened.
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
from mattebox.models.depth_network import DepthNetwork
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.models.matte_session import Session
from mattebox.models.runtime.onnx_external_data import list_external_files
from mattebox.models.store import conversion, settings, weight_files
from mattebox.models.store.file_errors import convert_write_errors, read_bytes
from mattebox.types import Picture

UNSTATED_LICENCE = Licence("unstated", commercial=False, notes="Not stated when the model was added.")
PICKLE_MAGIC_BYTES = (
    b"PK\x03\x04",
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
)  # torch's zip, protocols 2 to 5


def add_model(
    file: Path,
    template: Card,
    name: str | None = None,
    licence: Licence = UNSTATED_LICENCE,
    decoder: Path | None = None,
) -> Card:
    """Add a model of the user's own: copy its files to the home folder under a new card.

    Parameters
    ----------
    file : Path
        An ONNX file, or one that the template's converter converts. Its external data must be beside it.
    template : Card
        Card of a model or template with the same input and output.
    name : str, optional
        Name of the new model; by default the file's.
    licence : Licence
        Of the weights.
    decoder : Path, optional
        The decoder of a promptable model, an ONNX file without external data.

    Returns
    -------
    Card
        The new model's.

    Raises
    ------
    ModelError
        The name is not free, a file cannot be read or written, or the model does not run as its card says.
    """
    name = name or file.stem
    _require_new_name(name)
    decoder_spec, decoder_files = _prepare_decoder(template, name, decoder)
    template_name = weight_files.base_model_name(template)
    if template.converter and file.suffix.lower() != ".onnx":
        content = conversion.convert_to_onnx(_read_model(file), template.converter, template_name)
    else:
        content = _read_onnx(file)
    parts = {location: _read_external_data(file, location) for location in list_external_files(content)}
    card = msgspec.structs.replace(
        template, name=name, summary=f"added from {file.name}, prepared like {template_name}", licence=licence,
        weights=f"{name}.onnx", sha256=hashlib.sha256(content).hexdigest(), md5="", bytes=len(content), url="",
        source="", parts={location: hashlib.sha256(data).hexdigest() for location, data in parts.items()},
        variants={}, data=(), recipe="", notes="", converter="", figures=(), failures=(), folder="",
        decoder=decoder_spec,
    )  # fmt: skip
    with convert_write_errors(settings.home_folder()):
        return _install_files(card, {card.weights: content, **parts, **decoder_files})


def remove_model(card: Card) -> int:
    """Delete the files of a pulled or added model.

    Returns
    -------
    int
        Bytes freed.

    Raises
    ------
    ModelError
        The model is neither pulled nor added.
    """
    if card.url:
        targets = map(weight_files.weights_path, weight_files.file_cards(card))
        paths = [path for target in targets for path in _pulled_paths(target) if path.exists()]
        if not paths:
            raise ModelError(f"model {card.name} is not here", "there is nothing to remove")
    elif Path(card.folder).parent == settings.added_folder().resolve():
        paths = [path for path in Path(card.folder).iterdir() if path.is_file()]
    else:
        raise ModelError(f"model {card.name} was neither pulled nor added", "what is part of the program stays")
    freed = sum(path.stat().st_size for path in paths)
    for path in paths:
        path.unlink()
    if not card.url:
        Path(card.folder).rmdir()
    return freed


def _prepare_decoder(template: Card, name: str, file: Path | None) -> tuple[Decoder | None, dict[str, bytes]]:
    """The new card's decoder, and its file by name. ModelError unless the file is given where the template has one."""
    if (template.decoder is None) != (file is None):
        problem = "needs the file of its decoder" if file is None else "has no decoder"
        remedy = "give it with --decoder" if file is None else "leave out --decoder"
        raise ModelError(f"a model like {weight_files.base_model_name(template)} {problem}", remedy)
    if template.decoder is None or file is None:
        return None, {}
    content, file_name = _read_onnx(file), f"{name}.decoder.onnx"
    if external_files := list_external_files(content):
        raise ModelError(f"{file} refers to {min(external_files)!r}", "save the decoder with its weights inside")
    sha256 = hashlib.sha256(content).hexdigest()
    changes = {"weights": file_name, "sha256": sha256, "md5": "", "bytes": len(content), "url": ""}
    return msgspec.structs.replace(template.decoder, **changes), {file_name: content}


def _pulled_paths(target: Path) -> tuple[Path, ...]:
    """All files that a pull of `target` leaves, except the lock."""
    record, partial_file = weight_files.record_path(target), weight_files.partial_path(target)
    graph = conversion.onnx_path(target)
    return target, record, partial_file, graph, weight_files.record_path(graph)


def _install_files(card: Card, files: dict[str, bytes]) -> Card:
    """Write the files to a temporary folder, run the network once, then rename the folder."""
    settings.added_folder().mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".adding-", dir=settings.home_folder()))
    try:
        for name, data in files.items():
            (temporary / name).write_bytes(data)
        _run_once(msgspec.structs.replace(card, folder=str(temporary)))
        (temporary / "card.json").write_bytes(msgspec.json.format(msgspec.json.encode(card)))
        final = settings.added_folder() / card.name
        os.replace(temporary, final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return msgspec.structs.replace(card, folder=str(final.resolve()))


def _run_once(card: Card) -> None:
    """Run the network once, on a grey picture. ModelError where it does not fit its card."""
    grey = Picture(np.full((256, 256, 3), 128, np.uint8))
    try:
        if card.task == "depth":
            DepthNetwork.open(card, "cpu").estimate(grey)
        elif card.tiles is not None:
            ImageToImageNetwork.open(card, "cpu").run(np.full((1, 3, 64, 64), 0.5, np.float32))
        else:
            Session.open(card, "cpu").validate_outputs(grey)
    except ModelError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"model {card.name} does not run as its card says ({reason})",
            "choose with --like a model of the same geometry (mattebox models list)",
        ) from error


def _require_new_name(name: str) -> None:
    """ModelError where the name cannot be a model's, or is one already."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name) or name.endswith((".json", ".toml")):
        raise ModelError(f"{name!r} cannot be a model's name", "choose letters, digits, - and _ with --name")
    if name in MODEL_PRESETS or name in all_cards():
        raise ModelError(f"there is a model {name} already", "choose another name with --name, or remove that one")


def _read_model(file: Path) -> bytes:
    return read_bytes(file, "check the path of the model")


def _read_onnx(file: Path) -> bytes:
    """Read an ONNX file. ModelError where it is a pickle."""
    content = _read_model(file)
    if content.startswith(PICKLE_MAGIC_BYTES):
        raise ModelError(
            f"{file}: pickled weights can run any program and are never opened", "export the network to ONNX"
        )
    return content


def _read_external_data(file: Path, location: str) -> bytes:
    """Read a file of external data, which must be beside the graph. ModelError."""
    path = file.parent / location
    if Path(location).name != location or not path.resolve().is_relative_to(file.parent.resolve()):
        raise ModelError(f"{file} refers to {location!r}, outside its own folder", "save the weights in or beside it")
    return read_bytes(path, f"put it beside {file.name}")
