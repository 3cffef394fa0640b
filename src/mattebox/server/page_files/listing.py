"""All files of the page by their paths: those of its folder, those made of them, and the network for the browser."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from mattebox.server.page_files.network import NetworkFiles, describe_network

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
INDEX, SERVICE_WORKER, SITE = "index.html", "sw.js", "page/site.js"
TOP_LEVEL = (INDEX, SERVICE_WORKER, "mattebox.webmanifest")  # the others lie in the folder "page"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
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
    files = {(n if n in TOP_LEVEL else f"page/{n}"): _page_file(n, content) for n, content in sources.items()}
    network_files, description = _network_files(network)
    site = json.dumps({"hasServer": has_server, "network": description}, indent=1)
    source = f"// Made by mattebox: what there is at this address.\nexport const site = {site};\n"
    files[SITE] = _page_file(SITE, source.encode())
    files |= network_files
    worker = files.pop(SERVICE_WORKER).content
    files[SERVICE_WORKER] = _page_file(SERVICE_WORKER, _service_worker_facts(files) + worker)
    return files


def _page_file(path: str, content: bytes) -> PageFile:
    return PageFile(content, MEDIA_TYPES[Path(path).suffix])


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
    return {f"page/{folder}/{name}": file for name, file in files.items()}, describe_network(network, folder)


def _service_worker_facts(files: dict[str, PageFile]) -> bytes:
    """The lines before the service worker's own: what it keeps for when there is no network, and its version."""
    digest = hashlib.sha256(b"".join(hashlib.sha256(file.content).digest() for file in files.values())).hexdigest()
    changing = ["./", *(path for path, file in files.items() if not file.is_permanent and path != INDEX)]
    permanent = [path for path, file in files.items() if file.is_permanent and "jspi" not in path]
    return (
        f"const VERSION = {json.dumps(digest[:16])};\nconst CHANGING = {json.dumps(changing)};\n"
        f"const PERMANENT = {json.dumps(permanent)};\n"
    ).encode()
