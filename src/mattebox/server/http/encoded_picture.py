"""Encoded pictures of a request, each with its header, which is read once and off the event loop."""

from __future__ import annotations

from mattebox.errors import InputUnreadable
from mattebox.io import header_check
from mattebox.io.header_check import ImageHeader
from mattebox.server.content_buffer import Content


class EncodedPicture:
    """The bytes of a file that was sent as a picture, and what its header says.

    Reads all of it, hence not to be created on the event loop.
    """

    def __init__(self, content: Content, name: str = "the picture") -> None:
        self.content = content
        self._header: ImageHeader | None = None
        self._refusal: tuple[type[InputUnreadable], str, str] | None = None
        try:
            self._header = header_check.read_header(content.read(), name)
        except InputUnreadable as error:  # the error itself would keep the bytes: its traceback refers to them
            self._refusal = type(error), error.problem, error.remedy

    def __len__(self) -> int:
        return len(self.content)

    @property
    def header(self) -> ImageHeader:
        """Format and size. InputUnreadable for what is no picture."""
        if self._header is None:
            assert self._refusal is not None
            error_type, problem, remedy = self._refusal
            raise error_type(problem, remedy)
        return self._header

    def count_pixels(self, max_pixels: int, name: str = "the picture") -> int:
        """Width x height. InputUnreadable for what is no picture, InputTooLarge above the limit."""
        header = self.header
        header_check.check_pixel_limit(header, max_pixels, name)
        return header.width * header.height
