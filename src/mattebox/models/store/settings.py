"""Settings of the models in environment variables: where weights are kept and pulled from, and what is forbidden.

MATTEBOX_HOME is the folder of pulled weights and added models. MATTEBOX_MIRROR is an address to pull from instead of
the official ones. MATTEBOX_OFFLINE=1 forbids the network, MATTEBOX_COMMERCIAL=1 weights that may not be used
commercially. MATTEBOX_CACHE is the size of the cache of network results on disk, such as 500MB; 0, or unset, for none.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from mattebox.core.user_folders import HOME_VARIABLE as HOME_VARIABLE
from mattebox.core.user_folders import cache_folder as cache_folder
from mattebox.core.user_folders import home_folder as home_folder
from mattebox.errors import UsageError

MIRROR_VARIABLE, OFFLINE_VARIABLE, COMMERCIAL_VARIABLE = (
    f"MATTEBOX_{name}" for name in ("MIRROR", "OFFLINE", "COMMERCIAL")
)
CACHE_VARIABLE = "MATTEBOX_CACHE"
REPORTED_VARIABLES = (MIRROR_VARIABLE, OFFLINE_VARIABLE, COMMERCIAL_VARIABLE, CACHE_VARIABLE)
TRUE_WORDS, FALSE_WORDS = {"1", "yes", "true", "on"}, {"", "0", "no", "false", "off"}
SIZE_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


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


def _read_switch(name: str) -> bool:
    """A yes or no; anything else is a UsageError, for a misspelt prohibition must not count as none."""
    value = os.environ.get(name, "").strip().lower()
    if value not in TRUE_WORDS | FALSE_WORDS:
        raise UsageError(f"{name}={value}", "set it to 1 or 0")
    return value in TRUE_WORDS
