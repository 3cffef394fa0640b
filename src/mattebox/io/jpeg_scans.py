"""The number of scans of a JPEG: each is a pass of the decoder over the whole picture, however few bytes it has.

Source: ITU-T T.81, B.1.1 and B.2.
"""

from __future__ import annotations

import struct

import numpy as np

from mattebox.errors import InputUnreadable
from mattebox.io.parsing_budget import ParsingBudget
from mattebox.types import Mask

MAX_SCANS = 100  # encoders write about 10; libjpeg-turbo calls 500 unreasonable, which take minutes
SEARCHED_BYTES = 1 << 20  # at a time
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = 0xD8, 0xD9, 0xDA
FIRST_MARKER, RESTART_MARKERS, FILL_BYTE = 0x02, (0xD0, 0xD7), 0xFF  # those that stand within a scan, and before marks
SEQUENTIAL_FRAMES, FRAMES = (0xC0, 0xC1, 0xC9), (0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB)


def check_scan_count(data: bytes, name: str = "the picture") -> None:
    """InputUnreadable for a JPEG with more than MAX_SCANS scans, or with more segments than a `ParsingBudget` allows.
    One that is cut off is left to its decoder."""
    try:
        count = count_scans(data)
    except (struct.error, IndexError):
        return
    except ValueError as error:
        problem = f"{name} is a JPEG whose structure cannot be read: {error}"
        raise InputUnreadable(problem, "export or download it again") from error
    if count > MAX_SCANS:
        raise InputUnreadable(
            f"{name} is a JPEG with more than {MAX_SCANS} scans, where photographs have about ten",
            "export it again as a plain (baseline) JPEG",
        )


def count_scans(data: bytes) -> int:
    """The scans of a JPEG, or of the part that is there, up to one more than MAX_SCANS.

    Raises
    ------
    struct.error, IndexError
        A segment is cut off.
    ValueError
        There are more segments than a `ParsingBudget` allows.
    """
    budget, search, at, frame, components, scans = ParsingBudget(), MarkerSearch(data), 2, 0, 0, 0
    while scans <= MAX_SCANS and (found := search.find(at)) is not None:
        budget.spend_parts()
        marker, at = data[found + 1], found + 2
        if marker == END_OF_IMAGE:
            break
        if marker == START_OF_IMAGE:
            continue
        if marker in FRAMES:
            frame, components = marker, data[at + 7]
        elif marker == START_OF_SCAN:
            scans += 1
            if frame in SEQUENTIAL_FRAMES and data[at + 2] == components:
                break  # the only one
        at += int(struct.unpack_from(">H", data, at)[0])
    return scans


class MarkerSearch:
    """The markers of a JPEG but those within scans, looked for from its start to its end.

    All of a stretch are found at once, as files of fill bytes or restart markers cost a search byte by byte a quarter
    of a second.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._start, self._is_marker = 0, b""  # of the stretch that was searched last: 1 for each byte that starts one

    def find(self, start: int) -> int | None:
        """The position of the next marker that is followed by a segment, or ends the picture; from a position that is
        not before the last one."""
        while start < len(self._data):
            if start >= self._start + len(self._is_marker):
                self._start, self._is_marker = start, _mark_markers(self._data, start)
            if not self._is_marker:
                break
            found = self._is_marker.find(1, start - self._start)
            if found >= 0:
                return self._start + found
            start = self._start + len(self._is_marker)
        return None


def _mark_markers(data: bytes, start: int) -> bytes:
    """For each byte of a stretch, but the last one of the file, 1 where a marker starts, or 0."""
    values = np.frombuffer(data, np.uint8, min(SEARCHED_BYTES + 1, len(data) - start), start)
    codes, (first_restart, last_restart) = values[1:], RESTART_MARKERS
    is_marker: Mask = (values[:-1] == FILL_BYTE) & (codes >= FIRST_MARKER) & (codes != FILL_BYTE)
    is_marker &= (codes < first_restart) | (codes > last_restart)
    return bytes(is_marker)
