"""All files of the page by their paths: those made of its folder, and the network for the browser.

What a visit needs lies in folders whose names change with their contents, so that browsers keep it: in one the modules,
bundled by the scripts that start with them, styles and pictures, in the other the network.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mattebox.server.page_files.bundle import bundle_modules
from mattebox.server.page_files.network import DIGEST_CHARACTERS, NetworkFiles, describe_network

PAGE_FOLDER = Path(__file__).parents[1] / "page"
MEDIA_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
}
INDEX, SERVICE_WORKER, SITE = "index.html", "sw.js", "site.js"
TOP_LEVEL = (INDEX, SERVICE_WORKER, "mattebox.webmanifest")  # they say "page/" for the folder of the others
SCRIPT = "app.js"
ENTRIES = (SCRIPT, "cutout_worker.js", "lens_worker.js", "composition_worker.js")  # the script, and its workers'
LATER_ENTRIES = ("clips.js",)  # what the script imports when it is needed
COMPRESSED = (".html", ".js", ".css", ".svg", ".webmanifest")
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)


@dataclass(frozen=True)
class PageFile:
    """A file of the page.

    Attributes
    ----------
    content
        Its bytes; compressed with gzip where `is_compressed`.
    media_type
        Its media type.
    is_permanent
        Whether its path changes with its content, so that browsers need not ask again.
    """

    content: bytes
    media_type: str
    is_compressed: bool = False
    is_permanent: bool = False


def list_page_files(network: NetworkFiles | None, has_server: bool) -> dict[str, PageFile]:
    """All files of the page.

    Parameters
    ----------
    network
        The network for the browser, if there is one.
    has_server
        Whether a mattebox server is at the page's address; without one, all is done in the browser.

    Returns
    -------
    dict
        Files by their paths below the page's address, with "/" between folders.
    """
    sources = {f.name: f.read_bytes() for f in sorted(PAGE_FOLDER.iterdir()) if f.suffix in MEDIA_TYPES}
    network_files, description = _network_files(network)
    site = json.dumps({"hasServer": has_server, "network": description}, indent=1)
    sources[SITE] = f"// Made by mattebox: what there is at this address.\nexport const site = {site};\n".encode()
    folder, files = _bundled_files(sources)
    for name in (n for n in TOP_LEVEL if n != SERVICE_WORKER):
        files[name] = _page_file(name, sources[name].replace(b'"page/', f'"{folder}/'.encode()))
    files |= network_files
    files[SERVICE_WORKER] = _page_file(SERVICE_WORKER, _service_worker_facts(files) + sources[SERVICE_WORKER])
    return files


def _bundled_files(sources: dict[str, bytes]) -> tuple[str, dict[str, PageFile]]:
    """The folder that is named by its contents, and its files: bundles of the modules, and what is no module."""
    modules = {name: content.decode() for name, content in sources.items() if name.endswith(".js")}
    contents = {name: bundle_modules(name, modules).encode() for name in ENTRIES}
    contents |= {name: bundle_modules(name, modules, base=SCRIPT).encode() for name in LATER_ENTRIES}
    contents |= {name: c for name, c in sources.items() if name not in modules and name not in TOP_LEVEL}
    folder = f"page/{_digest(contents.values())}"
    return folder, {f"{folder}/{n}": _page_file(n, content, is_permanent=True) for n, content in contents.items()}


def _page_file(name: str, content: bytes, *, is_permanent: bool = False) -> PageFile:
    suffix = Path(name).suffix
    if suffix not in COMPRESSED:
        return PageFile(content, MEDIA_TYPES[suffix], is_permanent=is_permanent)
    return PageFile(gzip.compress(content, mtime=0), MEDIA_TYPES[suffix], is_compressed=True, is_permanent=is_permanent)


def _digest(contents: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(c).digest() for c in contents)).hexdigest()[:DIGEST_CHARACTERS]


def _network_files(network: NetworkFiles | None) -> tuple[dict[str, PageFile], dict[str, object] | None]:
    """The network's files, below a folder that is named by their contents, and what the page must know of them."""
    if network is None:
        return {}, None
    folder = f"network-{network.digest}"
    contents = {"weights.onnx": network.weights} | {f"{n}.onnx": c for n, c in network.kernel_by_name.items()}
    files = {n: PageFile(c, MEDIA_TYPES[".onnx"], is_permanent=True) for n, c in contents.items()}
    files |= {
        name: PageFile(content, MEDIA_TYPES[Path(name).suffix], is_compressed=True, is_permanent=True)
        for name, content in network.compressed_by_name.items()
    }
    return {f"page/{folder}/{name}": file for name, file in files.items()}, describe_network(network, f"../{folder}")


def _service_worker_facts(files: dict[str, PageFile]) -> bytes:
    """The lines before the service worker's own: what it keeps for when there is no network, and its version."""
    digest = _digest(file.content for file in files.values())
    changing = ["./", *(path for path, file in files.items() if not file.is_permanent and path != INDEX)]
    permanent = [path for path, file in files.items() if file.is_permanent and "jspi" not in path]
    return (
        f"const VERSION = {json.dumps(digest)};\nconst CHANGING = {json.dumps(changing)};\n"
        f"const PERMANENT = {json.dumps(permanent)};\n"
    ).encode()
