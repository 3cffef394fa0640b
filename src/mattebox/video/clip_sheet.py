"""Contact sheet of a clip: its least confident frames in one HTML file, the worst first.

Of each second the least confident frame is taken, so that one bad moment does not fill the sheet.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from pathlib import Path

import msgspec

from mattebox.io.atomic_write import write_bytes
from mattebox.pipeline.html_preview import SHEET_CSS, encode_webp, limited_shape, render_page
from mattebox.video.frame_cutout import CutFrame
from mattebox.video.report import FrameRow
from mattebox.video.time_text import format_time

MAX_CELLS = 48
MAX_THUMBNAIL_SIDE_PIXELS = 320
THUMBNAIL_QUALITY = 75  # of WebP


class SheetCell(msgspec.Struct, frozen=True):
    """A frame of the sheet: its row, and its cutout as WebP."""

    row: FrameRow
    image: bytes


class LeastConfidentFrames:
    """The frames of a clip that are to be looked at, in constant memory."""

    def __init__(self) -> None:
        self._cells: dict[int, SheetCell] = {}

    @property
    def cells(self) -> list[SheetCell]:
        """The frames, least confident first."""
        return sorted(self._cells.values(), key=lambda cell: (cell.row.confidence, cell.row.frame))

    def offer(self, row: FrameRow, frame: CutFrame) -> None:
        """Take a frame, if it is among the least confident ones."""
        if self._is_wanted(row):
            picture = frame.picture
            image = encode_webp(picture, limited_shape(picture.shape, MAX_THUMBNAIL_SIDE_PIXELS), THUMBNAIL_QUALITY)
            self._keep(SheetCell(row, image))

    def merge(self, cells: Iterable[SheetCell]) -> None:
        """Take frames of another part of the clip."""
        for cell in cells:
            if self._is_wanted(cell.row):
                self._keep(cell)

    def write(self, path: Path, name: str) -> None:
        """Write the page. OutputError."""
        cells = "".join(map(_render_cell, self.cells))
        count = len(self._cells)
        title = (
            f"{html.escape(name)}: the {count} least confident frame{'s' if count != 1 else ''}, one a second at most"
        )
        page = render_page(title, SHEET_CSS, f"<h1>mattebox</h1><p>{title}</p><main>{cells}</main>")
        write_bytes(path, page.encode(errors="replace"), overwrite=True)

    def _is_wanted(self, row: FrameRow) -> bool:
        same_second = self._cells.get(int(row.time))
        if same_second is not None:
            return row.confidence < same_second.row.confidence
        return len(self._cells) < MAX_CELLS or row.confidence < max(c.row.confidence for c in self._cells.values())

    def _keep(self, cell: SheetCell) -> None:
        self._cells[int(cell.row.time)] = cell
        if len(self._cells) > MAX_CELLS:
            del self._cells[max(self._cells, key=lambda second: self._cells[second].row.confidence)]


def _render_cell(cell: SheetCell) -> str:
    row = cell.row
    place = f"frame {row.frame if row.number is None else row.number}, {row.timecode or format_time(row.time)}"
    caption = f"confidence {100 * row.confidence:.0f} %" + ("" if row.found else ", please check it")
    source = "data:image/webp;base64," + base64.b64encode(cell.image).decode()
    kind = "" if row.found else ' class="bad"'
    return (
        f'<figure{kind}><div><img loading="lazy" alt="" src="{source}"></div>'
        f"<figcaption>{place}<small>{caption}</small></figcaption></figure>"
    )
