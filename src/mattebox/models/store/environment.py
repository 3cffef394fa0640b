"""What the environment says about models: where they lie, whence they come, and what is forbidden.

MATTEBOX_HOME is the folder of pulled weights and added cards, MATTEBOX_MIRROR an address to pull from in place of the
official ones, MATTEBOX_OFFLINE=1 forbids the network, MATTEBOX_COMMERCIAL=1 forbids weights that may not earn money,
MATTEBOX_CACHE is how much of what networks said is kept on disk: 500MB, or 0 for nothing, as where it is not set.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from mattebox.errors import UsageError

HOME, MIRROR, OFFLINE, COMMERCIAL = (f"MATTEBOX_{name}" for name in ("HOME", "MIRROR", "OFFLINE", "COMMERCIAL"))
CACHE = "MATTEBOX_CACHE"
CHANGES = (MIRROR, OFFLINE, COMMERCIAL, CACHE)
YES, NO = {"1", "yes", "true", "on"}, {"", "0", "no", "false", "off"}


def home() -> Path:
    """The folder of everything pulled or added; it may not exist yet."""
    given = os.environ.get(HOME)
    return Path(given).expanduser().absolute() if given else _data_folder() / "mattebox"


def weights_folder() -> Path:
    return home() / "weights"


def added_folder() -> Path:
    """One folder for each model of the user's own, with its card and weights."""
    return home() / "added"


def mirror() -> str | None:
    """The address whose files stand in for the official ones: the mirror's `address/NAME.onnx`. None: official ones."""
    return os.environ.get(MIRROR) or None


def offline() -> bool:
    return _switch(OFFLINE)


def commercial_only() -> bool:
    return _switch(COMMERCIAL)


def cache_bytes() -> int:
    """Bytes of answers that may be kept on disk; 0 for none. UsageError when it is no size."""
    value = os.environ.get(CACHE, "").strip()
    if value.lower() in NO:
        return 0
    found = re.fullmatch(r"(\d+)\s*([kMG]?)B?", value)
    if not found:
        raise UsageError(f"{CACHE}={value}", "set it to a size such as 500MB, or to 0")
    return int(found[1]) * {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}[found[2]]


def cache_folder() -> Path:
    """Where answers are kept; it may not exist yet."""
    return home() / "cache" if os.environ.get(HOME) else _cache_folder() / "mattebox"


def _switch(name: str) -> bool:
    """Is it on? UsageError when it says neither yes nor no, for a misspelt prohibition must not be none."""
    value = os.environ.get(name, "").strip().lower()
    if value not in YES | NO:
        raise UsageError(f"{name}={value}", "set it to 1 or 0")
    return value in YES


def _data_folder() -> Path:
    """Where this platform's programs keep a user's data."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


def _cache_folder() -> Path:
    """Where this platform's programs keep what they can do without."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
