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

HOME_VARIABLE, MIRROR_VARIABLE, OFFLINE_VARIABLE, COMMERCIAL_VARIABLE = (
    f"MATTEBOX_{name}" for name in ("HOME", "MIRROR", "OFFLINE", "COMMERCIAL")
)
CACHE_VARIABLE = "MATTEBOX_CACHE"
REPORTED_VARIABLES = (MIRROR_VARIABLE, OFFLINE_VARIABLE, COMMERCIAL_VARIABLE, CACHE_VARIABLE)
TRUE_WORDS, FALSE_WORDS = {"1", "yes", "true", "on"}, {"", "0", "no", "false", "off"}


def home_folder() -> Path:
    """The folder of everything pulled or added; it may not exist yet."""
    given = os.environ.get(HOME_VARIABLE)
    return Path(given).expanduser().absolute() if given else _platform_data_folder() / "mattebox"


def weights_folder() -> Path:
    return home_folder() / "weights"


def added_folder() -> Path:
    """One folder for each model of the user's own, with its card and weights."""
    return home_folder() / "added"


def mirror_url() -> str | None:
    """The address whose files stand in for the official ones: the mirror's `address/NAME.onnx`. None: official ones."""
    return os.environ.get(MIRROR_VARIABLE) or None


def is_offline() -> bool:
    return _read_switch(OFFLINE_VARIABLE)


def is_commercial_only() -> bool:
    return _read_switch(COMMERCIAL_VARIABLE)


def max_cache_bytes() -> int:
    """Bytes of answers that may be kept on disk; 0 for none. UsageError when it is no size."""
    value = os.environ.get(CACHE_VARIABLE, "").strip()
    if value.lower() in FALSE_WORDS:
        return 0
    found = re.fullmatch(r"(\d+)\s*([kMG]?)B?", value)
    if not found:
        raise UsageError(f"{CACHE_VARIABLE}={value}", "set it to a size such as 500MB, or to 0")
    return int(found[1]) * {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}[found[2]]


def cache_folder() -> Path:
    """Where answers are kept; it may not exist yet."""
    return home_folder() / "cache" if os.environ.get(HOME_VARIABLE) else _platform_cache_folder() / "mattebox"


def _read_switch(name: str) -> bool:
    """Is it on? UsageError when it says neither yes nor no, for a misspelt prohibition must not be none."""
    value = os.environ.get(name, "").strip().lower()
    if value not in TRUE_WORDS | FALSE_WORDS:
        raise UsageError(f"{name}={value}", "set it to 1 or 0")
    return value in TRUE_WORDS


def _platform_data_folder() -> Path:
    """Where this platform's programs keep a user's data."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


def _platform_cache_folder() -> Path:
    """Where this platform's programs keep what they can do without."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
