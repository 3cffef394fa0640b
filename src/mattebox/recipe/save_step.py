"""The step that says how the file is written."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta

from mattebox.errors import UsageError
from mattebox.recipe.field_types import Percent, switch
from mattebox.recipe.step import Step


class Save(Step, frozen=True):
    """How the file is written."""

    format: Annotated[
        str,
        Meta(
            description="png, jpg, webp, avif, tiff, bmp, psd, exr or exr-straight (layers), zip (colour and alpha); "
            "auto goes by the suffix, else PNG"
        ),
    ] = "auto"
    quality: Annotated[
        Percent,
        Meta(description="1 to 100 for JPEG, AVIF and WebP, where 100 is lossless; 0 is the format's own"),
    ] = 0
    file_limit: Annotated[
        str, Meta(description="the largest file, such as 5MB or 200kB; quality is lowered until it fits")
    ] = "none"
    profile: Annotated[
        Literal["keep", "srgb"], Meta(description="keep the photograph's colour profile, or convert to sRGB")
    ] = "keep"
    bit_depth: Annotated[
        Literal["keep", "8"], Meta(description="keep 16 bits where the photograph has them, or 8 for all")
    ] = "keep"
    check_for: Annotated[
        str, Meta(description="the marketplace whose rules the written file is held against, such as amazon, or none")
    ] = "none"

    sign: Annotated[
        Literal["no", "yes"],
        Meta(description="yes signs the file: Content Credentials (C2PA) say what was done, and by whom"),
        switch("sign", "yes", "sign the file: Content Credentials (C2PA) say what was done, and by whom"),
    ] = "no"
    mark_source: Annotated[
        Literal["auto", "yes", "no"],
        Meta(
            description="yes states in the file's XMP how it was made (IPTC digital source type, history); auto only "
            "where a generative network drew something, or the photograph states its own"
        ),
        switch(
            "mark_source",
            "yes",
            "state in the file's XMP how it was made (IPTC digital source type, history); without, only where a "
            "generative network drew something, or the photograph states its own",
        ),
    ] = "auto"

    watermark: Annotated[
        str,
        Meta(
            description="an invisible mark in opaque pixels, which compression and scaling leave readable: up to eight "
            "hexadecimal digits, or none"
        ),
    ] = "none"

    @property
    def watermark_id(self) -> int | None:
        """The watermark's identifier, or None for none. UsageError when it is no number of 32 bits."""
        if self.watermark == "none":
            return None
        if not re.fullmatch(r"[0-9a-fA-F]{1,8}", self.watermark):
            raise UsageError(f"{self.watermark!r} is no watermark", "give up to eight hexadecimal digits, or none")
        return int(self.watermark, 16)

    @property
    def max_bytes(self) -> int | None:
        """The file limit in bytes, or None for none. UsageError when it is not a size."""
        if self.file_limit == "none":
            return None
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kM]?)B", self.file_limit)
        if not match or not float(match[1]):
            raise UsageError(f"{self.file_limit!r} is not the size of a file", "give 5MB, 200kB, or none")
        return int(float(match[1]) * {"": 1, "k": 1e3, "M": 1e6}[match[2]])
