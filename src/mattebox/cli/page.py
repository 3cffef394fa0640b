"""`mattebox page`: write the page as static files."""

from __future__ import annotations

from pathlib import Path

import click

from mattebox.cli.console import CONTEXT_SETTINGS, echo_stderr
from mattebox.cli.value_completion import complete_folders


@click.command("page", context_settings=CONTEXT_SETTINGS)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, shell_complete=complete_folders,
    metavar="FOLDER", help="Where the files go.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
def command(out: Path, overwrite: bool) -> int:
    """Write the page as static files, for any web server: photographs are cut out in the visitor's browser, by a small
    network, and none is uploaded. It needs mattebox-page.

    \b
      mattebox page --out site/
      python -m http.server --directory site/           then open http://127.0.0.1:8000
    """
    from mattebox.server.page_files.static_site import write_site

    paths = write_site(out, overwrite=overwrite)
    size = sum(path.stat().st_size for path in paths)
    echo_stderr(f"{len(paths)} files, {size / 1e6:.0f} MB, in {out}")
    return 0
