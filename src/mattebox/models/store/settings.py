"""Settings of the models in environment variables: where weights are kept and pulled from, and what is forbidden.

MATTEBOX_HOME is the folder of pulled weights and added models. MATTEBOX_MIRROR is an address to pull from instead of
the official ones. MATTEBOX_OFFLINE=1 forbids the network, MATTEBOX_COMMERCIAL=1 weights that may not be used
commercially. MATTEBOX_CACHE is the size of the cache of network results on disk, such as 500MB; 0, or unset, for none.
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
SIZE_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


def home_folder() -> Path:
    """The folder of everything pulled or added; it may not exist yet."""
    folder = os.environ.get(HOME_VARIABLE)
    return Path(folder).expanduser().absolute() if folder else _platform_data_folder() / "mattebox"


def weights_folder() -> Path:
    """The folder of pulled weights."""
    return home_folder() / "weights"


def added_folder() -> Path:
    """The folder of the user's own models: in it one folder for each, with its card and weights."""
    return home_folder() / "added"


def mirror_url() -> str | None:
    """The address that replaces the official ones, as ADDRESS/NAME.onnx; None where they are used."""
    return os.environ.get(MIRROR_VARIABLE) or None


def is_offline() -> bool:
    """Whether the network is forbidden. UsageError where the setting is unclear."""
    return _read_switch(OFFLINE_VARIABLE)


def is_commercial_only() -> bool:
    """Whether weights that may not be used commercially are forbidden. UsageError where the setting is unclear."""
    return _read_switch(COMMERCIAL_VARIABLE)


def max_cache_bytes() -> int:
    """Size of the cache on disk in bytes, 0 for none. UsageError where the setting is no size."""
    value = os.environ.get(CACHE_VARIABLE, "").strip()
    if value.lower() in FALSE_WORDS:
        return 0
    match = re.fullmatch(r"(\d+)\s*([kMG]?)B?", value)
    if not match:
        raise UsageError(f"{CACHE_VARIABLE}={value}", "set it to a size such as 500MB, or to 0")
    return int(match[1]) * SIZE_UNITS[match[2]]


def cache_folder() -> Path:
    """The folder of the cache; it may not exist yet."""
    return home_folder() / "cache" if os.environ.get(HOME_VARIABLE) else _platform_cache_folder() / "mattebox"


def _read_switch(name: str) -> bool:
    """A yes or no; anything else is a UsageError, for a misspelt prohibition must not count as none."""
    value = os.environ.get(name, "").strip().lower()
    if value not in TRUE_WORDS | FALSE_WORDS:
        raise UsageError(f"{name}={value}", "set it to 1 or 0")
    return value in TRUE_WORDS


def _platform_data_folder() -> Path:
    """The platform's folder for a user's data."""
    if sys.platform == "win32":
        return _windows_data_folder()
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


def _platform_cache_folder() -> Path:
    """The platform's folder for caches."""
    if sys.platform == "win32":
        return _windows_data_folder() / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _windows_data_folder() -> Path:
    return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
