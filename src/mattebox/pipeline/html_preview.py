"""Reduced pictures for pages and sheets of batches and clips: resizing, WebP data URLs, and the HTML around them."""

from __future__ import annotations

import base64

from mattebox.io import output_profile
from mattebox.io.encoding import encode
from mattebox.pipeline.restoration import resize_picture
from mattebox.types import ImageShape, Picture

SHEET_CSS = """
:root{--g:#faf9f7;--c:#fff;--k:#e6e3dd;--i:#22252a;--s:#5c6169;--b:#a3312a}
@media(prefers-color-scheme:dark){:root{--g:#17191c;--c:#202327;--k:#2c3035;--i:#eceae6;--s:#a7acb3;--b:#ff9d94}}
body{margin:0;padding:1rem;background:var(--g);color:var(--i);font:15px/1.4 system-ui,sans-serif}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.8rem}
figure{margin:0;background:var(--c);border-radius:.6rem;overflow:hidden}
figure div{height:11rem;background:repeating-conic-gradient(var(--k) 0 25%,var(--c) 0 50%) 0 0/20px 20px}
img{width:100%;height:100%;object-fit:contain;display:block}
figcaption{padding:.4rem .6rem;overflow-wrap:anywhere}small{color:var(--s);display:block}.bad small{color:var(--b)}
"""


def limited_shape(shape: ImageShape, max_side: int) -> ImageShape:
    """(height, width) with the longer side reduced to at most `max_side`."""
    return scaled_shape(shape, min(max_side, max(shape)))


def scaled_shape(shape: ImageShape, longer_side: int) -> ImageShape:
    """(height, width) of the same proportions with this longer side."""
    scale = longer_side / max(shape)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def encode_webp(picture: Picture, shape: ImageShape, quality: int) -> bytes:
    """The picture resized to (height, width), in sRGB, with alpha if it has any."""
    small = output_profile.convert_for_output(resize_picture(picture, shape), srgb=True, eight_bit=True)
    return encode(small, "webp", quality=quality)


def webp_data_url(picture: Picture, shape: ImageShape, quality: int) -> str:
    """The same as the address of an image in a page."""
    return "data:image/webp;base64," + base64.b64encode(encode_webp(picture, shape, quality)).decode()


def render_page(title: str, style: str, body: str) -> str:
    """An HTML document that loads nothing from elsewhere; `title` and `body` are HTML."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{style}</style>{body}</html>\n"
    )
