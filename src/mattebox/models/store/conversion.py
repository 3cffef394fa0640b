"""Conversion of weights that are published in another format than ONNX: once, at the pull.

Converters are entry points in the group `mattebox.converters`: functions from the bytes of a file to those of an ONNX
graph. A record beside the graph has its hash and that of the file it was made from.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import entry_points
from pathlib import Path

from mattebox.core.interface import install_extra, pull_models
from mattebox.errors import ModelError
from mattebox.io import atomic_write

CONVERTER_EXTRAS = {"adain": "train", "esrgan": "train", "spandrel": "convert"}  # converter -> extra that installs it


def onnx_path(source: Path) -> Path:
    """Path of the graph made from a file."""
    return source.with_name(f"{source.name}.onnx")


def recorded_hash(source: Path, source_sha256: str) -> str | None:
    """The recorded sha256 of the graph made from the file that hashes to `source_sha256`; None where there is none."""
    try:
        facts = json.loads(_record_path(source).read_bytes())
        return str(facts["sha256"]) if facts["from"] == source_sha256 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def convert_once(source: Path, source_sha256: str, converter: str, model: str) -> None:
    """Convert a file, unless its graph is here and good. Raises ModelError, OSError, OutputError.

    The record is written first, so that a graph never lacks one.
    """
    graph_path, sha256 = onnx_path(source), recorded_hash(source, source_sha256)
    if sha256 and graph_path.is_file() and hashlib.sha256(graph_path.read_bytes()).hexdigest() == sha256:
        return
    graph = convert_to_onnx(source.read_bytes(), converter, model)
    record = {"model": model, "from": source_sha256, "sha256": hashlib.sha256(graph).hexdigest()}
    atomic_write.write_bytes(_record_path(source), json.dumps(record, indent=2).encode(), overwrite=True)
    atomic_write.write_bytes(graph_path, graph, overwrite=True)


def convert_to_onnx(content: bytes, converter: str, model: str) -> bytes:
    """Convert the bytes of a file to an ONNX graph.

    Parameters
    ----------
    content : bytes
        The published file.
    converter : str
        Name of an entry point.
    model : str
        Name of the model, for error messages.

    Raises
    ------
    ModelError
        The converter is not installed, or cannot convert the file.
    """
    converters = tuple(entry_points(group="mattebox.converters", name=converter))
    try:
        convert = converters[0].load()
    except (IndexError, ImportError) as error:
        raise ModelError(
            f"model {model} must be converted to ONNX once, and what does that is not installed ({converter})",
            f"{install_extra(CONVERTER_EXTRAS.get(converter, 'train'))}, then {pull_models(model)}; "
            "what was pulled is kept",
        ) from error
    graph: bytes = convert(content)
    return graph


def _record_path(source: Path) -> Path:
    return source.with_name(f"{source.name}.onnx.json")
