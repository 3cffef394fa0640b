"""Folders that agents may use: each path of a tool is resolved, links followed, and must lie in one of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mattebox.errors import InputMissing, OutputExists, UsageError
from mattebox.types import Picture


class AllowedFolders:
    """The folders that may be read and written.

    Parameters
    ----------
    folders
        Existing folders; relative paths are taken from the first.

    Raises
    ------
    UsageError
        There are none, or one is no folder.
    """

    def __init__(self, folders: Iterable[str | Path]) -> None:
        self.folders = tuple(Path(folder).resolve() for folder in folders)
        for folder in self.folders:
            if not folder.is_dir():
                raise UsageError(f"{folder} is not a folder", "give an existing one")
        if not self.folders:
            raise UsageError("no folder is allowed", "give at least one")

    def resolve_input(self, path: str) -> Path:
        """An existing file. UsageError outside of the folders, InputMissing where there is none."""
        resolved = self._resolve(path)
        if not resolved.is_file():
            raise InputMissing(f"{path} is not a file", "give the path of a picture in the allowed folders")
        return resolved

    def resolve_output(self, path: str) -> Path:
        """A file to be written. UsageError outside of the folders, OutputExists where there is one already."""
        resolved = self._resolve(path)
        if resolved.exists():
            raise OutputExists(f"{path} exists already", "choose another output; nothing is overwritten")
        if not resolved.parent.is_dir():
            raise UsageError(f"the folder of {path} does not exist", "choose an existing one")
        return resolved

    def open_image(self, path: str) -> Picture:
        """Read a picture that a recipe names."""
        from mattebox.io.reader import read_cached

        return read_cached(str(self.resolve_input(path)))

    def shorten(self, path: Path) -> str:
        """A path as it is told to the agent: relative to the first folder where it lies there."""
        return str(path.relative_to(self.folders[0])) if path.is_relative_to(self.folders[0]) else str(path)

    def _resolve(self, path: str) -> Path:
        if "\0" in path:
            raise UsageError("the path has a zero byte", "give a plain path")
        resolved = (self.folders[0] / path).resolve()
        if not any(resolved.is_relative_to(folder) for folder in self.folders):
            allowed = ", ".join(map(str, self.folders))
            raise UsageError(f"{path} is outside of the allowed folders", f"use a path within {allowed}")
        return resolved
