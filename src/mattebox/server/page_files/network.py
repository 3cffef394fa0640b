"""The network that the page runs in the browser, with its runtime, from the distribution mattebox-page.

The page refines the network's matte by the same pixel kernels as mattebox does.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import msgspec

from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card
from mattebox.models.runtime.onnx_runtime import KERNELS_FOLDER
from mattebox.models.store import weight_store

DISTRIBUTION = "mattebox_page"
RUNTIME_FILES = {  # what the page's worker imports, and the WebAssembly that this fetches
    "wasm": ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    "webgpu": ("ort.jspi.bundle.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"),
}
KERNELS = ("robust_models", "robust_models_half", "decide", "fuse", "unmix")
DIGEST_CHARACTERS = 16


@dataclass(frozen=True)
class NetworkFiles:
    """The files of the network in the browser.

    Attributes
    ----------
    card
        The network's card.
    weights
        Its ONNX file, verified.
    compressed_by_name
        Contents of the runtime's files, compressed with gzip.
    kernel_by_name
        The pixel kernels' ONNX graphs.
    """

    card: Card
    weights: bytes
    compressed_by_name: dict[str, bytes]
    kernel_by_name: dict[str, bytes]

    @property
    def digest(self) -> str:
        """A name of these very contents, in hexadecimal."""
        contents = [self.weights, *self.compressed_by_name.values(), *self.kernel_by_name.values()]
        return hashlib.sha256(b"".join(hashlib.sha256(c).digest() for c in contents)).hexdigest()[:DIGEST_CHARACTERS]


@lru_cache(maxsize=1)
def load_network() -> NetworkFiles | None:
    """The network for the browser; None where mattebox-page is not installed, or its runtime was not fetched.

    Raises
    ------
    ModelError
        The weights do not match their card.
    """
    if find_spec(DISTRIBUTION) is None:
        return None
    package = import_module(DISTRIBUTION)
    names = [name for pair in RUNTIME_FILES.values() for name in pair]
    runtime, cards = Path(package.RUNTIME_FOLDER), sorted(Path(package.WEIGHTS_FOLDER).glob("*.json"))
    if not cards or not all((runtime / f"{name}.gz").is_file() for name in names):
        return None
    card = find_card(str(cards[0]))
    return NetworkFiles(
        card,
        weight_store.read_weights(card),
        {name: (runtime / f"{name}.gz").read_bytes() for name in names},
        {name: (KERNELS_FOLDER / f"{name}.onnx").read_bytes() for name in KERNELS},
    )


def describe_network(network: NetworkFiles, folder: str) -> dict[str, object]:
    """What the page needs to know of the network, as JSON: its files (below `folder`) and the facts of its card."""
    card = network.card
    return {
        "name": card.name,
        "runtimes": {
            kind: {"module": f"{folder}/{module}", "wasm": f"{folder}/{wasm}"}
            for kind, (module, wasm) in RUNTIME_FILES.items()
        },
        "weights": f"{folder}/weights.onnx",
        "kernels": {name: f"{folder}/{name}.onnx" for name in network.kernel_by_name},
        "input": msgspec.to_builtins(card.input),
        "output": msgspec.to_builtins(card.output),
        "calibration": msgspec.to_builtins(card.calibration),
    }


def decompress(content: bytes) -> bytes:
    """A runtime's file as it is."""
    return gzip.decompress(content)
