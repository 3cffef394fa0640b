"""Comparison of photographs and results: an HTML page with a slider over each pair, or one picture side by side."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mattebox.batch.job import Outcome
from mattebox.batch.photographs import read_photograph
from mattebox.batch.plan import BatchJob
from mattebox.errors import UsageError
from mattebox.io import output_profile
from mattebox.io.atomic_write import write_bytes
from mattebox.io.writer import output_format, write
from mattebox.pipeline.html_preview import limited_shape, render_page, scaled_shape, webp_data_url
from mattebox.pipeline.restoration import resize_picture
from mattebox.types import Picture

MAX_PAGE_SIDE_PIXELS = 1600  # longer side of the pictures in a page
PAGE_QUALITY = 90  # of their WebP
GAP_PIXELS = 16  # between the two halves of a picture

PAGE_CSS = """
:root{--g:#faf9f7;--k:#e6e3dd;--c:#fff;--i:#22252a;--s:#5c6169}
@media(prefers-color-scheme:dark){:root{--g:#17191c;--k:#2c3035;--c:#202327;--i:#eceae6;--s:#a7acb3}}
body{margin:0 auto;padding:1rem;max-width:75rem;background:var(--g);color:var(--i);font:16px/1.5 system-ui,sans-serif}
figure{margin:0 0 2rem}figcaption{color:var(--s);overflow-wrap:anywhere}
.pair{position:relative;display:grid;border-radius:.6rem;overflow:hidden;touch-action:pan-y;
background:repeating-conic-gradient(var(--k) 0 25%,var(--c) 0 50%) 0 0/24px 24px}
.pair>*{grid-area:1/1;width:100%;height:100%}img{object-fit:contain;display:block}
.pair{--at:50%}.after{clip-path:inset(0 0 0 var(--at))}.before{clip-path:inset(0 calc(100% - var(--at)) 0 0)}
.pair::after{content:"";position:absolute;inset:0 auto 0 calc(var(--at) - 1px);width:2px;background:#fff;
box-shadow:0 0 4px #0009;pointer-events:none}
input{margin:0;opacity:0;cursor:ew-resize}.pair:focus-within{outline:3px solid #4c8dff;outline-offset:2px}
"""
PAGE_SCRIPT = (
    "for(const i of document.querySelectorAll('input'))i.oninput=()=>i.parentNode.style.setProperty('--at',i.value+'%')"
)


@dataclass
class ComparisonWriter:
    """Collects pairs as results come; `close` writes the page. A picture of one pair is written at once."""

    path: Path
    figures: list[str] = field(default_factory=list)

    @property
    def is_page(self) -> bool:
        """Whether an HTML page is written, rather than a picture."""
        return self.path.suffix.lower() in (".html", ".htm")

    def check(self, jobs: list[BatchJob]) -> None:
        """Refuse jobs that cannot be compared. UsageError, OutputError."""
        if any(job.source is None for job in jobs):
            raise UsageError("--compare cannot read standard input a second time", "give the photograph as a file")
        if not self.is_page:
            output_format(self.path)
            if len(jobs) > 1:
                raise UsageError(f"--compare {self.path} is one picture and there are {len(jobs)}", "give a .html file")

    def add(self, outcome: Outcome) -> None:
        """Add the pair of a finished job. InputError when the photograph is gone; OutputError."""
        result, job = outcome.result, outcome.job
        if result is None or job.source is None:
            return
        before = read_photograph(job)
        if not self.is_page:
            self._write_side_by_side(before, result.picture)
            return
        shape = limited_shape(result.picture.shape, MAX_PAGE_SIDE_PIXELS)
        first = webp_data_url(before, scaled_shape(before.shape, max(shape)), PAGE_QUALITY)
        second = webp_data_url(result.picture, shape, PAGE_QUALITY)
        name = html.escape(job.name)
        sizes = "{1} x {0} to {3} x {2} pixels".format(*before.shape, *result.picture.shape)
        self.figures.append(
            f'<figure><div class="pair"><img class="before" alt="before" src="{first}">'
            f'<img class="after" alt="after" src="{second}">'
            f'<input type="range" min="0" max="100" step="0.5" value="50" aria-label="{name}: before on the left, '
            f'after on the right"></div><figcaption>{name}: {sizes}</figcaption></figure>'
        )

    def close(self) -> None:
        """Write the page, if it is one and has pairs. OutputError."""
        if not self.is_page or not self.figures:
            return
        body = (
            "<h1>Before and after</h1><p>Drag across a picture, or use the arrow keys.</p>"
            f"{''.join(self.figures)}<script>{PAGE_SCRIPT}</script>"
        )
        page = render_page("before and after", PAGE_CSS, body)
        write_bytes(self.path, page.encode(errors="replace"), overwrite=True)

    def _write_side_by_side(self, before: Picture, after: Picture) -> None:
        """Both in one picture, the first resized to the second's height."""
        height = after.shape[0]
        after = output_profile.convert_for_output(after, srgb=True, eight_bit=True)
        before = output_profile.convert_for_output(before, srgb=True, eight_bit=True)
        first = resize_picture(before, (height, max(1, round(before.shape[1] * height / before.shape[0]))))
        gap = np.full((height, GAP_PIXELS, 3), 255, np.uint8)
        rgb = np.concatenate([first.rgb, gap, after.rgb], 1)
        alphas = [np.full(p.shape, 255, np.uint8) if p.alpha is None else p.alpha for p in (first, after)]
        clear = np.zeros(gap.shape[:2], np.uint8)
        alpha = np.concatenate([alphas[0], clear, alphas[1]], 1) if min(a.min() for a in alphas) < 255 else None
        write(Picture(rgb, alpha), self.path, overwrite=True)
