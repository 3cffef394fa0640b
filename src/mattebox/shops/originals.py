"""Copies of a shop's pictures on this machine, as they were before anything was changed."""

from __future__ import annotations

import hashlib
import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from mattebox.io.atomic_write import make_folder, write_bytes
from mattebox.io.url_fetch import FetchPolicy, fetch_url
from mattebox.shops.product_image import ProductImage

MAX_PICTURE_BYTES = 64 << 20
TIMEOUT_SECONDS = 60.0
LOOPBACK_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def fetch_policy(site: str) -> FetchPolicy:
    """Which addresses pictures of a shop are fetched from: public ones, and this machine's where the shop is there."""
    parts = urlsplit(site)
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return FetchPolicy(max_bytes=MAX_PICTURE_BYTES, timeout_seconds=TIMEOUT_SECONDS)
    ports = frozenset([parts.port or 80])
    return FetchPolicy(MAX_PICTURE_BYTES, TIMEOUT_SECONDS, allowed_networks=LOOPBACK_NETWORKS, allowed_ports=ports)


def save_original(image: ProductImage, folder: Path, policy: FetchPolicy) -> tuple[str, str]:
    """Fetch a picture and keep it; its name in the folder, and the SHA-256 of its bytes. InputError, OutputError."""
    content = fetch_url(image.url, policy)
    name = f"originals/{file_stem(image)}{image.suffix or '.img'}"
    make_folder((folder / name).parent)
    write_bytes(folder / name, content, overwrite=True)
    return name, hashlib.sha256(content).hexdigest()


def file_stem(image: ProductImage) -> str:
    """A name for a picture's files: its product's handle and its number in the shop."""
    handle = "".join(c if c.isalnum() or c in "-_" else "-" for c in image.handle)[:60] or "product"
    return f"{handle}-{image.id.rpartition('/')[2]}"
