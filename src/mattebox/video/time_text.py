"""Times in a clip as text: 75, 1:15, 1:15.5 or 0:01:15.500."""

from __future__ import annotations

import re
from fractions import Fraction

from mattebox.errors import UsageError

TIME_PATTERN = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)s?")
NTSC_RATES = (24, 30, 48, 60, 120)
MAX_ROUNDED_RATE = Fraction(1, 100)  # from 24000/1001 and the like, below which that is meant


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


def parse_rate(value: str | float | Fraction) -> Fraction:
    """Frames per second: 24, 23.976 (which means 24000/1001) or 24000/1001. UsageError."""
    try:
        rate = Fraction(str(value)).limit_denominator(1_000_000)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{value!r} is no rate of frames", "give one such as 24, 25 or 24000/1001") from None
    for whole in NTSC_RATES:
        if abs(rate - Fraction(whole * 1000, 1001)) < MAX_ROUNDED_RATE:
            return Fraction(whole * 1000, 1001)
    return rate


def format_time(seconds: Fraction | float) -> str:
    """Minutes, seconds and milliseconds, with hours where there are any: 0:01.480, 1:02:03.000."""
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    text = f"{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
    return f"{hours}:{text}" if hours else text.removeprefix("0")


def advance_timecode(timecode: str, frames: int, rate: Fraction) -> str | None:
    """The time code ("HH:MM:SS:FF") so many frames later; None for drop-frame codes, which count otherwise."""
    match = re.fullmatch(r"(\d+):(\d+):(\d+):(\d+)", timecode)
    if match is None:
        return None
    per_second = max(round(rate), 1)
    hours, minutes, seconds, part = (int(number) for number in match.groups())
    total = ((hours * 60 + minutes) * 60 + seconds) * per_second + part + frames
    seconds, part = divmod(total, per_second)
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{part:02}"
