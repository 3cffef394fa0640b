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
        self._header: ImageHeader | InputUnreadable
        try:
            self._header = header_check.read_header(content.read(), name)
        except InputUnreadable as error:
            self._header = error.with_traceback(None)

    def __len__(self) -> int:
        return len(self.content)

    @property
    def header(self) -> ImageHeader:
        """Format and size. InputUnreadable for what is no picture."""
        if isinstance(self._header, InputUnreadable):
            raise type(self._header)(self._header.problem, self._header.remedy)
        return self._header

    def count_pixels(self, max_pixels: int, name: str = "the picture") -> int:
        """Width x height. InputUnreadable for what is no picture, InputTooLarge above the limit."""
        header = self.header
        header_check.check_pixel_limit(header, max_pixels, name)
        return header.width * header.height
