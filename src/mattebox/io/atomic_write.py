"""Atomic file writes: write a temporary file beside the target, sync it, rename it, sync the folder.

A crash or `kill -9` at any moment leaves the target absent, old or new, never partial; at worst a hidden temporary file
is left over. A file that is replaced passes on its permissions. Pipes and devices are written to, never replaced.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from mattebox.core.interface import name_parameter
from mattebox.errors import MatteboxError, OutputError, OutputExists

TEMPORARY_SUFFIX = ".mattebox-part"
MAX_READER_WAIT_SECONDS = 10.0  # until a process opens a named pipe to read it
READER_POLL_SECONDS = 0.05
STREAM_FOLDERS = ("/dev/fd/", "/proc/self/fd/")

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
    """Write `content` to `path` atomically; a pipe or device is written to.

    Parameters
    ----------
    path, content
        The file and its bytes.
    overwrite
        Replace an existing file. Without it, of two processes that write at once, one gets the error.
    private
        Only the current user may read the file. Otherwise it has the permissions of the file that it replaces, or
        those of a new file.
    durable
        Wait until the file is on the disk; without it, a power cut may lose the file.

    Raises
    ------
    OutputError
        The file exists, or the system refuses; the target is unchanged.
    """
    if is_stream(path):
        _write_stream(path, content)
        return
    with replacement_file(path, overwrite=overwrite, private=private, durable=durable) as temporary_path:
        temporary_path.write_bytes(content)


@contextlib.contextmanager
def replacement_file(path: Path, *, overwrite: bool, private: bool = False, durable: bool = True) -> Iterator[Path]:
    """A temporary file to write to, which becomes `path` after the block, completely; after an exception it is removed.

    For files that are written piece by piece, such as videos. Parameters and errors as for `write_bytes`.
    """
    if os.path.lexists(path) and not overwrite:
        raise _already_exists_error(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=TEMPORARY_SUFFIX, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise output_error(error, path) from error
    try:
        yield Path(name)
        if durable:
            _sync_file(name)
        if not private:  # as mkstemp leaves it
            _copy_permissions(path, name)
        _move_into_place(name, path, overwrite)
        if durable:
            _sync_folder(path.parent)
    except MatteboxError:
        raise
    except OSError as error:
        raise output_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a named pipe, a device, a socket or a descriptor of this process, and not a file or folder."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    is_descriptor = os.fspath(path).startswith(STREAM_FOLDERS) or os.fspath(path) in ("/dev/stdout", "/dev/stderr")
    return is_descriptor or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def make_folder(folder: Path) -> None:
    """Create a folder and its parents where they do not exist. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"{folder}: is not a folder", "nothing was changed; choose a folder to write into") from error
    except OSError as error:
        raise output_error(error, folder) from error


def remove_temporary_files(folders: Iterable[Path]) -> int:
    """Remove the temporary files that killed processes left in these folders, and return their number."""
    count = 0
    for folder in set(folders):
        for path in folder.glob(f".*{TEMPORARY_SUFFIX}") if os.path.isdir(folder) else ():
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


def _already_exists_error(path: Path) -> OutputExists:
    return OutputExists(
        f"{path}: already exists", f"choose another name, or replace it with {name_parameter('overwrite', True)}"
    )


def _write_stream(path: Path, content: bytes | memoryview) -> None:
    """Write to a pipe or device. OutputError; BrokenPipeError where its reader closes it."""
    try:
        with os.fdopen(_open_stream(path), "wb") as file:
            file.write(content)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OutputError(f"{path}: no process reads this pipe", "start its reader first") from error
        raise output_error(error, path) from error


def _open_stream(path: Path) -> int:
    """A descriptor to write to; waits a while for the reader of a named pipe. OSError."""
    end = time.monotonic() + MAX_READER_WAIT_SECONDS
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > end:
                raise
            time.sleep(READER_POLL_SECONDS)
        else:
            os.set_blocking(handle, True)
            return handle


def _copy_permissions(path: Path, temporary_path: str) -> None:
    """Give the temporary file the owner and permissions of the file that it replaces, or those of a new file."""
    try:
        status = os.stat(path)
    except OSError:
        os.chmod(temporary_path, 0o666 & ~_umask())
        return
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):  # only the system's administrator may
            os.chown(temporary_path, status.st_uid, status.st_gid)
    os.chmod(temporary_path, status.st_mode & 0o777)


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


def _sync_file(name: str) -> None:
    """Wait until a file's content is on the disk."""
    with open(name, "rb+") as file:
        os.fsync(file.fileno())


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
