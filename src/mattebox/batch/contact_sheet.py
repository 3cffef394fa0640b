"""Contact sheet: thumbnails of all results of a batch in one HTML file, failures and low confidence first."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path

from mattebox.batch.job import Outcome
from mattebox.batch.plan import BatchJob
from mattebox.io.atomic_write import write_bytes
from mattebox.io.reader import read
from mattebox.pipeline.html_preview import (
    SHEET_CSS,
    limited_shape,
    render_page,
    webp_data_url,
)
from mattebox.types import Picture

MAX_THUMBNAIL_SIDE_PIXELS = 240  # longer side
THUMBNAIL_QUALITY = 75  # of WebP


@dataclass
class ContactSheet:
    """Collects thumbnails as results come, and writes the page. A cell is sorted by its confidence; -1 is a failure."""

    path: Path
    side_pixels: int = MAX_THUMBNAIL_SIDE_PIXELS  # longer side of the pictures
    cells: list[tuple[float, str]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Add the thumbnail of a result, or the message of a failure."""
        name = html.escape(outcome.job.name)
        if outcome.result is None:
            message = html.escape(str(outcome.error))
            self.cells.append(
                (
                    -1.0,
                    f'<figure class="bad"><div></div><figcaption>{name}<small>{message}</small></figcaption></figure>',
                )
            )
            return
        matte = outcome.result.matte
        remark = "please check it, " if matte is not None and not matte.found else ""
        confidence = None if matte is None else matte.confidence
        self._add_picture(name, outcome.result.picture, confidence, f"{remark}{outcome.seconds:.1f} s")

    def add_earlier(self, job: BatchJob, confidence: float | None) -> None:
        """Add the thumbnail of a result that an earlier run has written to a file. Raises InputError."""
        if job.target_file is not None:
            self._add_picture(html.escape(job.name), read(job.target_file), confidence, "done before")

    def _add_picture(self, name: str, picture: Picture, confidence: float | None, remark: str) -> None:
        """Add a cell; its name is escaped."""
        caption = remark if confidence is None else f"confidence {100 * confidence:.0f} %, {remark}"
        source = webp_data_url(picture, limited_shape(picture.shape, self.side_pixels), THUMBNAIL_QUALITY)
        image = f'<div><img loading="lazy" alt="" src="{source}"></div>'
        cell = f"<figure>{image}<figcaption>{name}<small>{caption}</small></figcaption></figure>"
        self.cells.append((1.0 if confidence is None else confidence, cell))

    def write(self) -> None:
        """Write the page, sorted by confidence. OutputError."""
        cells = "".join(cell for _, cell in sorted(self.cells, key=lambda c: c[0]))
        failed = sum(confidence < 0 for confidence, _ in self.cells)
        count = "1 photograph" if len(self.cells) == 1 else f"{len(self.cells)} photographs"
        title = f"{count}, {failed} failed; the least confident come first"
        page = render_page(title, SHEET_CSS, f"<h1>mattebox</h1><p>{title}</p><main>{cells}</main>")
        write_bytes(self.path, page.encode(errors="replace"), overwrite=True)
