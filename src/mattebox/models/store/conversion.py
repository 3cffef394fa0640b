"""Weights that are published in another form than ONNX: converted once, where they lie, by whoever can.

Converters are entry points in the group `mattebox.converters`: functions from a file's bytes to an ONNX graph's. The
graph has a record of its own hash and of the file it was made from. Knows nothing of what converters do.
"""

from __future__ import annotations

import hashlib
import json
import os
from importlib.metadata import entry_points
from pathlib import Path

from mattebox.errors import ModelError

CONVERTER_EXTRAS = {"adain": "train", "esrgan": "train", "spandrel": "convert"}  # what installs our own converters


def onnx_path(source: Path) -> Path:
    """Where the graph made of a file lies."""
    return source.with_name(f"{source.name}.onnx")


def recorded_hash(source: Path, source_sha256: str) -> str | None:
    """The sha256 of the graph that was made of the file whose sha256 is `source_sha256`; None when there is none."""
    try:
        facts = json.loads(_record_path(source).read_bytes())
        return str(facts["sha256"]) if facts["from"] == source_sha256 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def convert_once(source: Path, source_sha256: str, converter: str, model: str) -> None:
    """Make the graph, unless it is there and good. The record comes first, so that a graph is never without."""
    graph, known = onnx_path(source), recorded_hash(source, source_sha256)
    if known and graph.is_file() and hashlib.sha256(graph.read_bytes()).hexdigest() == known:
        return
    made = convert_to_onnx(source.read_bytes(), converter, model)
    facts = {"model": model, "from": source_sha256, "sha256": hashlib.sha256(made).hexdigest()}
    for path, content in ((_record_path(source), json.dumps(facts, indent=2).encode()), (graph, made)):
        aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        aside.write_bytes(content)
        os.replace(aside, path)


def convert_to_onnx(content: bytes, converter: str, model: str) -> bytes:
    """The bytes of an ONNX graph. ModelError when nobody can convert, or the file cannot be."""
    found = tuple(entry_points(group="mattebox.converters", name=converter))
    try:
        work = found[0].load()
    except (IndexError, ImportError) as error:
        raise ModelError(
            f"model {model} must be converted to ONNX once, and what does that is not installed ({converter})",
            f'pip install "mattebox[{CONVERTER_EXTRAS.get(converter, "train")}]", then: mattebox models pull {model}; '
            "what was pulled is kept",
        ) from error
    made: bytes = work(content)
    return made


def _record_path(source: Path) -> Path:
    return source.with_name(f"{source.name}.onnx.json")
