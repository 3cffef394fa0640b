"""The user's folders: MATTEBOX_HOME, or the platform's for data and for caches. None of them may exist yet."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HOME_VARIABLE = "MATTEBOX_HOME"


def home_folder() -> Path:
    """The folder of everything pulled or added; it may not exist yet."""
    folder = os.environ.get(HOME_VARIABLE)
    return Path(folder).expanduser().absolute() if folder else _platform_data_folder() / "mattebox"


def cache_folder() -> Path:
    """The folder of the cache; it may not exist yet."""
    return home_folder() / "cache" if os.environ.get(HOME_VARIABLE) else _platform_cache_folder() / "mattebox"


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
