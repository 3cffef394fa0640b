"""Times in a clip as text: 75, 1:15, 1:15.5 or 0:01:15.500."""

from __future__ import annotations

import re
from fractions import Fraction

from mattebox.errors import UsageError

TIME_PATTERN = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)s?")


def parse_time(value: str | float | Fraction) -> Fraction:
    """Seconds of a time that a user wrote. UsageError."""
    if not isinstance(value, str):
        seconds = Fraction(value).limit_denominator(1_000_000)
        if seconds < 0:
            raise UsageError(f"the time {value} is negative", "give seconds from the clip's beginning")
        return seconds
    match = TIME_PATTERN.fullmatch(value.strip())
    if match is None:
        raise UsageError(f"{value!r} is not a time", "give seconds or minutes and seconds, such as 75, 1:15 or 1:15.5")
    return int(match[1] or 0) * 3600 + int(match[2] or 0) * 60 + Fraction(match[3])


def format_time(seconds: Fraction | float) -> str:
    """Minutes, seconds and milliseconds, with hours where there are any: 0:01.480, 1:02:03.000."""
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    text = f"{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
    return f"{hours}:{text}" if hours else text.removeprefix("0")
