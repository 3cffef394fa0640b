"""A contact sheet: all results of a batch in one HTML file, smallest confidence first on request, nothing fetched.

Knows results and the report's lines, not how they came about.
"""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass, field
from pathlib import Path

from mattebox.batch.job import Outcome
from mattebox.io import output_profile, resampling
from mattebox.io.atomic_write import write_bytes
from mattebox.io.encoding import encode
from mattebox.types import Picture

MAX_THUMBNAIL_SIDE_PIXELS = 240  # longer side of a thumbnail

PAGE_CSS = """
:root{--g:#faf9f7;--c:#fff;--k:#e6e3dd;--i:#22252a;--s:#5c6169;--b:#a3312a}
@media(prefers-color-scheme:dark){:root{--g:#17191c;--c:#202327;--k:#2c3035;--i:#eceae6;--s:#a7acb3;--b:#ff9d94}}
body{margin:0;padding:1rem;background:var(--g);color:var(--i);font:15px/1.4 system-ui,sans-serif}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.8rem}
figure{margin:0;background:var(--c);border-radius:.6rem;overflow:hidden}
figure div{height:11rem;background:repeating-conic-gradient(var(--k) 0 25%,var(--c) 0 50%) 0 0/20px 20px}
img{width:100%;height:100%;object-fit:contain;display:block}
figcaption{padding:.4rem .6rem;overflow-wrap:anywhere}small{color:var(--s);display:block}.bad small{color:var(--b)}
"""


@dataclass
class ContactSheet:
    """Gathers thumbnails as results come, and writes the page."""

    path: Path
    cells: list[tuple[float, str]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Keep what is needed of an outcome: a thumbnail of a few kilobytes."""
        name = html.escape(outcome.job.name)
        if outcome.result is None:
            told = html.escape(str(outcome.error))
            self.cells.append(
                (-1.0, f'<figure class="bad"><div></div><figcaption>{name}<small>{told}</small></figcaption></figure>')
            )
            return
        matte = outcome.result.matte
        sure = 1.0 if matte is None else matte.confidence
        told = (
            f"{outcome.seconds:.1f} s" if matte is None else f"confidence {100 * sure:.0f} %, {outcome.seconds:.1f} s"
        )
        source = "data:image/webp;base64," + base64.b64encode(encode_thumbnail(outcome.result.picture)).decode()
        image = f'<div><img loading="lazy" alt="" src="{source}"></div>'
        self.cells.append((sure, f"<figure>{image}<figcaption>{name}<small>{told}</small></figcaption></figure>"))

    def write(self) -> None:
        """The page, those to look at first. OutputError."""
        cells = "".join(cell for _, cell in sorted(self.cells, key=lambda c: c[0]))
        failed = sum(sure < 0 for sure, _ in self.cells)
        head = f"{len(self.cells)} photographs, {failed} failed; the least sure come first"
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{head}</title><style>{PAGE_CSS}</style><h1>mattebox</h1><p>{head}</p><main>{cells}</main></html>\n"
        )
        write_bytes(self.path, page.encode(), overwrite=True)


def encode_thumbnail(picture: Picture) -> bytes:
    """A small WebP in sRGB, with alpha if there is any."""
    height, width = picture.shape
    scale = min(1.0, MAX_THUMBNAIL_SIDE_PIXELS / max(height, width))
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    small = picture.with_pixels(*resampling.crop_and_resize(picture.rgb, picture.alpha, (0, 0, width, height), size))
    return encode(output_profile.convert_for_output(small, srgb=True, eight_bit=True), "webp", quality=75)
