"""Reduced pictures for the pages and sheets that a batch writes: resizing, WebP data URLs, and the HTML around them."""

from __future__ import annotations

import base64

from mattebox.batch.plan import BatchJob
from mattebox.io import output_profile
from mattebox.io.encoding import encode
from mattebox.io.reader import read
from mattebox.io.sources import read_item
from mattebox.pipeline.restoration import resize_picture
from mattebox.types import ImageShape, Picture


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


def read_photograph(job: BatchJob) -> Picture:
    """The photograph of a job, read again. InputError."""
    return read(read_item(job.source, job.member, job.url), name=job.name)


def render_page(title: str, style: str, body: str) -> str:
    """An HTML document that loads nothing from elsewhere; `title` and `body` are HTML."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{style}</style>{body}</html>\n"
    )
