"""ONNX Runtime Web from the npm registry: pinned, checked by its hashes, and stored compressed in the package.

    python mattebox-page/runtime_archive.py        fetches what is not there yet

`npm_config_registry` names another registry, as it does for npm. Only the standard library is used.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
ARCHIVE_SHA512 = (
    "ab4cbe26baedba45d2cec05610c71c55fa97db92d19a8b171c5f8269126683ca"
    "590a5cdc57bb2f35ce2b298de32f4d956fb42644c0ecd528a0a91e025c07ca61"
)
SHA256_BY_FILE = {  # of what is taken, as it is in the archive's folder `package/dist`
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
    "ort.jspi.bundle.min.mjs": "07ec090355e11b342c95436db54da2d0c2bd5b1d319745bfd3337e6bdcf170ac",
    "ort-wasm-simd-threaded.jspi.wasm": "a54c76f86b0f0d9572380cf1c6292a7b3903716ffcbcd6b0e5c7050bf430eb93",
}
FOLDER = Path(__file__).parent / "src" / "mattebox_page" / "runtime"
DEFAULT_REGISTRY = "https://registry.npmjs.org/"
TIMEOUT_SECONDS = 120


def fetch_files() -> None:
    """Fetch the archive and store its files as FOLDER/NAME.gz, unless they are all there.

    Raises
    ------
    OSError
        The registry cannot be reached.
    ValueError
        What came is not what is pinned here.
    """
    if has_files():
        return
    archive = download_archive()
    check_hash(f"{PACKAGE} {VERSION}", hashlib.sha512(archive).hexdigest(), ARCHIVE_SHA512)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for name, expected in SHA256_BY_FILE.items():
            member = files.extractfile(f"package/dist/{name}")
            data = member.read() if member else b""
            check_hash(name, hashlib.sha256(data).hexdigest(), expected)
            (FOLDER / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))


def has_files() -> bool:
    """Whether all files are there, with the right contents."""
    paths = {name: FOLDER / f"{name}.gz" for name in SHA256_BY_FILE}
    return all(path.is_file() for path in paths.values()) and all(
        hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest() == SHA256_BY_FILE[name]
        for name, path in paths.items()
    )


def download_archive() -> bytes:
    """The package's archive: by npm where it is installed, which knows its registry and proxies, else directly."""
    if npm := shutil.which("npm"):
        with tempfile.TemporaryDirectory() as folder:
            command = [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}", "--pack-destination", folder]
            if not subprocess.run(command, stdout=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=False).returncode:
                return next(Path(folder).glob("*.tgz")).read_bytes()
    registry = os.environ.get("npm_config_registry", DEFAULT_REGISTRY)  # noqa: SIM112  as npm spells it
    address = f"{registry.rstrip('/')}/{PACKAGE}/-/{PACKAGE}-{VERSION}.tgz"
    with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:
        data: bytes = answer.read()
    return data


def check_hash(name: str, actual: str, expected: str) -> None:
    """Raise ValueError where a hash is not the expected one."""
    if actual != expected:
        raise ValueError(f"{name} is not what {Path(__file__).name} has pinned: {actual}, not {expected}")


if __name__ == "__main__":
    try:
        fetch_files()
    except (OSError, ValueError) as error:
        sys.exit(f"{PACKAGE} {VERSION} could not be fetched: {error}")
