"""Names of key frames in a request: the number of a frame, or a time at which it is on show."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from mattebox.errors import UsageError
from mattebox.video.time_text import format_time, parse_time

ROUNDING_SECONDS = Fraction(1, 1000)  # by which a time may lie before its frame: WebM counts milliseconds
MAX_LATE_SECONDS = 1  # after the last frame's beginning


def parse_key_name(name: str) -> int | Fraction:
    """A frame's number ("40", from 0), or seconds from the clip's beginning ("1.6s", "0:01.6"). UsageError."""
    return int(name) if name.isdecimal() else parse_time(name)


def find_key_numbers(names: Iterable[str], frame_times: Callable[[], Sequence[Fraction]]) -> dict[str, int]:
    """The numbers of the frames that keys belong to.

    Parameters
    ----------
    names
        Of the keys; see `parse_key_name`.
    frame_times
        Returns the times of the clip's frames in seconds; called only where a name is a time.

    Returns
    -------
    dict
        Numbers by the keys' names.

    Raises
    ------
    UsageError
        A time lies behind the clip's end, or two keys belong to the same frame.
    """
    parsed = {name: parse_key_name(name) for name in names}
    times = frame_times() if any(isinstance(key, Fraction) for key in parsed.values()) else ()
    numbers: dict[str, int] = {}
    for name, key in parsed.items():
        number = key if isinstance(key, int) else _frame_at(key, times)
        if number in numbers.values():
            raise UsageError(f"two keys belong to frame {number}", "leave one of them out")
        numbers[name] = number
    return numbers


def _frame_at(time: Fraction, times: Sequence[Fraction]) -> int:
    """The number of the frame that is on show at a time. UsageError."""
    if not times or time > times[-1] + MAX_LATE_SECONDS:
        raise UsageError(f"the key at {format_time(time)} lies behind the last frame", "choose a time within the clip")
    return max(0, bisect_right(times, time + ROUNDING_SECONDS) - 1)
