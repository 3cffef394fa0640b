"""The page as static files, for any web server: all is done in the visitor's browser, and nothing is uploaded."""

from __future__ import annotations

from pathlib import Path

from mattebox.errors import UsageError
from mattebox.io.atomic_write import make_folder, write_bytes
from mattebox.server.page_files.listing import INDEX, POLICY, list_page_files
from mattebox.server.page_files.network import NetworkFiles, decompress, load_network

HEAD = "<head>\n"
POLICY_TAG = f'  <meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
HOST_HEADERS = "_headers"  # a file that several static hosts read
HEADERS = (
    "/*\n  Cross-Origin-Opener-Policy: same-origin\n  Cross-Origin-Embedder-Policy: require-corp\n"
    "/page/*\n  Cache-Control: public, max-age=31536000, immutable\n"
)


def write_site(folder: Path, *, overwrite: bool) -> list[Path]:
    """Write the page into a folder, to be served at any address, also below another path.

    Parameters
    ----------
    folder
        Where the files go; it is made where it does not exist.
    overwrite
        Replace files that are there.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    UsageError
        mattebox-page is not installed.
    OutputError
        A file exists, or the system refuses.
    """
    paths = []
    for name, content in site_contents(require_network()).items():
        path = folder / name
        make_folder(path.parent)
        write_bytes(path, content, overwrite=overwrite, durable=False)
        paths.append(path)
    return paths


def site_contents(network: NetworkFiles) -> dict[str, bytes]:
    """The files of the site by their paths; its policy stands in the page, where no server sends it."""
    files = list_page_files(network, has_server=False)
    contents = {path: decompress(f.content) if f.is_compressed else f.content for path, f in files.items()}
    contents[INDEX] = contents[INDEX].decode().replace(HEAD, HEAD + POLICY_TAG, 1).encode()
    return contents | {HOST_HEADERS: HEADERS.encode()}


def require_network() -> NetworkFiles:
    """The network for the browser. Raises UsageError where it is not there."""
    network = load_network()
    if network is None:
        raise UsageError("the page cannot cut out by itself without mattebox-page", "pip install 'mattebox[page]'")
    return network
