"""Atomic file writes: write a temporary file beside the target, sync it, rename it, sync the folder.

A crash or `kill -9` at any moment leaves the target absent, old or new, never partial; at worst a hidden temporary file
is left over.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mattebox.errors import OutputError

TEMPORARY_SUFFIX = ".mattebox-part"

REMEDIES_BY_ERRNO = {
    errno.ENOENT: "create the folder first",
    errno.ENOTDIR: "choose a folder, not a file, to write into",
    errno.EACCES: "choose another folder or change its permissions",
    errno.EPERM: "choose another folder or change its permissions",
    errno.EROFS: "choose a place that can be written to",
    errno.ENOSPC: "free some space or choose another disk",
    errno.EDQUOT: "free some space or choose another disk",
    errno.EFBIG: "free some space or raise the limit on file sizes",
    errno.EISDIR: "give the name of a file",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def write_bytes(
    path: Path, content: bytes | memoryview, *, overwrite: bool, private: bool = False, durable: bool = True
) -> None:
    """Write `content` to `path` atomically.

    Parameters
    ----------
    path, content
        The file and its bytes.
    overwrite
        Replace an existing file. Without it, of two processes that write at once, one gets the error.
    private
        Only the current user may read the file.
    durable
        Wait until the file is on the disk; without it, a power cut may lose the file.

    Raises
    ------
    OutputError
        The file exists, or the system refuses; the target is unchanged.
    """
    try:
        if path.exists() and not overwrite:
            raise _already_exists_error(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=TEMPORARY_SUFFIX, dir=path.parent)
    except OSError as error:
        raise output_error(error, path) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if not private:  # as mkstemp leaves it
            os.chmod(name, 0o666 & ~_umask())
        _move_into_place(name, path, overwrite)
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise output_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents where they do not exist. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error, folder) from error


def remove_temporary_files(folders: Iterable[Path]) -> int:
    """Remove the temporary files that killed processes left in these folders, and return their number."""
    count = 0
    for folder in set(folders):
        for path in folder.glob(f".*{TEMPORARY_SUFFIX}") if folder.is_dir() else ():
            with contextlib.suppress(OSError):
                path.unlink()
                count += 1
    return count


def output_error(error: OSError, path: Path) -> OutputError:
    """Translate an OSError into an OutputError with its remedy."""
    if error.errno == errno.EEXIST:
        return _already_exists_error(path)
    reason = (error.strerror or str(error)).lower()
    remedy = REMEDIES_BY_ERRNO.get(error.errno or 0, "check the path and the disk")
    return OutputError(f"{path}: cannot be written ({reason})", f"nothing was changed; {remedy}")


def _already_exists_error(path: Path) -> OutputError:
    return OutputError(
        f"{path}: already exists", "choose another name, or replace it with --overwrite (overwrite=True)"
    )


def _move_into_place(temporary_path: str, path: Path, overwrite: bool) -> None:
    """Give the finished file its name, replacing an existing file only with `overwrite`."""
    if overwrite:
        os.replace(temporary_path, path)
        return
    try:
        os.link(temporary_path, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(errno.EEXIST, "exists", str(path)) from None
        os.replace(temporary_path, path)


def _sync_folder(folder: Path) -> None:
    """Sync the folder, so that the new name survives a power cut."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse
            os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    """The process's umask, read once on import because reading it means setting it."""
    return _UMASK


_UMASK = os.umask(0)
os.umask(_UMASK)
