"""A page of all pictures before and after, to look at before they are sent; it shows the files beside it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from urllib.parse import quote

from mattebox.shops.ledger import LedgerEntry
from mattebox.shops.replacement import replaces_content

PAGE_CSS = """
:root{--g:#faf9f7;--c:#fff;--k:#e6e3dd;--i:#22252a;--s:#5c6169;--b:#a3312a}
@media(prefers-color-scheme:dark){:root{--g:#17191c;--c:#202327;--k:#2c3035;--i:#eceae6;--s:#a7acb3;--b:#ff9d94}}
body{margin:0;padding:1rem;background:var(--g);color:var(--i);font:15px/1.4 system-ui,sans-serif}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(22rem,1fr));gap:.8rem}
figure{margin:0;background:var(--c);border-radius:.6rem;overflow:hidden}
figure div{display:grid;grid-template-columns:1fr 1fr;height:11rem}
img{width:100%;height:11rem;object-fit:contain;
background:repeating-conic-gradient(var(--k) 0 25%,var(--c) 0 50%) 0 0/20px 20px}
figcaption{padding:.4rem .6rem;overflow-wrap:anywhere}small{color:var(--s);display:block}.bad small{color:var(--b)}
"""


def render_sheet(shop: str, entries: Sequence[LedgerEntry]) -> str:
    """The page, as HTML; pictures that need a look come first."""
    ordered = sorted(entries, key=lambda entry: (not entry.error, not entry.broken, entry.confidence))
    title = f"{shop}: {len(entries)} pictures"
    cells = "".join(map(_render_cell, ordered))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{PAGE_CSS}</style><h1>{html.escape(title)}</h1>"
        f"<p>Left as it is in the shop, right as it would be.</p><main>{cells}</main></html>\n"
    )


def _render_cell(entry: LedgerEntry) -> str:
    image = entry.image
    lines = [f"{image.filename}, picture {image.position + 1}"]
    if entry.confidence < 1:
        lines[0] += f", confidence {entry.confidence:.0%}"
    if entry.error:
        lines.append(entry.error)
    elif not replaces_content(entry):
        lines.append("becomes a new picture in its place: it is another kind of file")
    lines += [f"does not pass: {rule}" for rule in entry.broken]
    after = f'<img loading="lazy" alt="after" src="{quote(entry.result)}">' if entry.result else "<span></span>"
    pictures = f'<img loading="lazy" alt="before" src="{quote(entry.original)}">{after}'
    text = "".join(f"<small>{html.escape(line)}</small>" for line in lines)
    kind = ' class="bad"' if entry.error or entry.broken else ""
    return f"<figure{kind}><div>{pictures}</div><figcaption>{html.escape(image.title)}{text}</figcaption></figure>"
