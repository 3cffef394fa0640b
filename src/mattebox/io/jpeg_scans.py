"""The number of scans of a JPEG: each is a pass of the decoder over the whole picture, however few bytes it has.

Source: ITU-T T.81, B.1.1 and B.2.
"""

from __future__ import annotations

import re
import struct

from mattebox.errors import InputUnreadable
from mattebox.io.parsing_budget import ParsingBudget

MAX_SCANS = 100  # encoders write about 10; libjpeg-turbo calls 500 unreasonable, which take minutes
MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")  # but those that stand within a scan, and fill bytes
SEARCHED_BYTES = 1 << 20  # at a time: other threads wait for a search
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = 0xD8, 0xD9, 0xDA
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
    budget, at, frame, components, scans = ParsingBudget(), 2, 0, 0, 0
    while scans <= MAX_SCANS and (found := _find_marker(data, at)) is not None:
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


def _find_marker(data: bytes, start: int) -> int | None:
    """The position of the next marker that is followed by a segment, or ends the picture."""
    while start < len(data):
        found = MARKER.search(data, start, start + SEARCHED_BYTES + 1)
        if found is not None:
            return found.start()
        start += SEARCHED_BYTES
    return None
