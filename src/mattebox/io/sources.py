"""Where pictures come from: the bytes behind a path, a stream or standard input, and the files behind the command
line's words (files, folders, globs, "-"). Turns the system's errors into ours. Knows nothing of pictures but suffixes.
"""

from __future__ import annotations

import glob
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from mattebox.errors import InputMissing, InputTooLarge, InputUnreadable, UsageError

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".tif", ".tiff"),
    *(".bmp", ".dib", ".gif", ".avif", ".heic", ".heif", ".hif"),
)

MAX_BYTES = 1 << 30
"""The most that is read from one file, stream or pipe: 1 GiB."""


@dataclass(frozen=True)
class Item:
    """One picture to read: its `path` (None = standard input), where it lies below the folder that was named, so that
    a tree of results can mirror the tree of photographs, and in a ZIP archive its `member`. A picture to be fetched has
    its `address`, and a name as if it lay in this folder."""

    path: Path | None
    relative: Path
    member: str | None = None
    address: str | None = None

    @property
    def name(self) -> str:
        return called(self.path, self.member, self.address)


def called(path: Path | None, member: str | None = None, address: str | None = None) -> str:
    """What reports and messages call a picture that lies there."""
    if address is not None:
        return address
    if path is None:
        return "standard input"
    return str(path) if member is None else f"{path}/{member}"


def expand(
    words: Iterable[str | os.PathLike[str]], *, recursive: bool = False, addresses: bool = False
) -> Iterator[Item | InputMissing]:
    """The pictures behind files, folders, globs and "-", and http(s) addresses where they are allowed, lazily, each
    once; an InputMissing in place of what is not there, so that one wrong word does not stop the rest.

    Folders give the files with one of SUFFIXES in natural order (2 before 10), hidden ones left out, and with
    `recursive` their subfolders' too. A file that is named is taken whatever its suffix.
    """
    seen: set[str] = set()
    for word in words:
        for item in _expand(os.fspath(word), recursive, addresses):
            if isinstance(item, Item):
                path = "-" if item.path is None else os.path.realpath(item.path)
                key = item.address or f"{path}\0{item.member or ''}"
                if key in seen:
                    continue
                seen.add(key)
            yield item


def read_bytes(source: Any, *, name: str | None = None, limit: int = MAX_BYTES) -> bytes:
    """All bytes of a path, "-" (standard input), bytes-like object or binary file object, up to `limit` of them.

    InputMissing, InputUnreadable (a folder, no permission), InputTooLarge; UsageError for any other kind of source.
    """
    label = name or name_of(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return source if isinstance(source, bytes) else bytes(source)
    try:
        if isinstance(source, str) and source == "-":
            return _drain(sys.stdin.buffer, label, limit)
        if isinstance(source, str | os.PathLike):
            with open(source, "rb") as file:
                return _drain(file, label, limit)
    except OSError as error:
        raise _ours(error, label) from error
    except ValueError as error:  # a path with a null character
        raise InputMissing(f"{label!r} is no possible path ({error})", "check its spelling") from error
    return _stream(source, label, limit)


def read_item(path: Path | None, member: str | None = None) -> bytes:
    """The bytes of a file, of a picture in a ZIP archive, or (None) of standard input. InputMissing, InputUnreadable,
    InputTooLarge."""
    if path is None:
        return read_bytes("-")
    return read_bytes(path) if member is None else _read_member(path, member, MAX_BYTES)


def _read_member(path: Path, member: str, limit: int) -> bytes:
    label = f"{path}/{member}"
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            content = file.read(limit + 1)
    except KeyError as error:
        raise InputMissing(f"{label}: no such picture in the archive", "check its spelling") from error
    except OSError as error:
        raise _ours(error, str(path)) from error
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise InputUnreadable(f"{label} cannot be unpacked ({error})", "pack it anew, without a password") from error
    if len(content) > limit:
        raise _too_large(label, limit)
    return content


def name_of(source: Any) -> str:
    """How error messages call a source."""
    if isinstance(source, str | os.PathLike):
        return "standard input" if source == "-" else os.fsdecode(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "the picture"


def natural(name: str) -> list[tuple[int, int, str]]:
    """A sorting key by which img2 comes before img10, whatever the case."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", name.casefold())
    return [(0, int(digits), "") if digits else (1, 0, text) for digits, text in parts]


def _expand(word: str, recursive: bool, addresses: bool) -> Iterator[Item | InputMissing]:
    if word == "-":
        yield Item(None, Path("stdin"))
    elif word.lower().startswith(("http://", "https://")) and not os.path.lexists(word):
        if addresses:
            name = _name_at(word)
            yield Item(name, name, address=word)
        else:
            yield InputMissing(f"{word}: addresses are not fetched", "allow it with --fetch")
    elif os.path.isdir(word):
        yield from _folder(Path(word), recursive)
    elif word.lower().endswith(".zip") and os.path.isfile(word):
        yield from _archive(Path(word))
    elif os.path.lexists(word):
        yield Item(Path(word), Path(os.path.basename(word)))
    elif glob.has_magic(word):
        yield from _glob(word, recursive)
    else:
        yield InputMissing(f"{word}: no such file or folder", "check its spelling")


def _name_at(address: str) -> Path:
    """A file's name for what lies at an address."""
    last = re.sub(r"[?#].*", "", address).rpartition("/")[2]
    name = re.sub(r"[^\w.-]", "_", unquote(last)).lstrip(".")[-100:]
    return Path(name or "picture")


def _folder(root: Path, recursive: bool) -> Iterator[Item | InputMissing]:
    empty = True
    for path in _walk(root, recursive):
        empty = False
        yield path if isinstance(path, InputMissing) else Item(path, path.relative_to(root))
    if empty:
        where = f"{root} or below it" if recursive else str(root)
        more = "" if recursive else ", or look into its subfolders with --recursive"
        yield InputMissing(f"no pictures in {where}", f"give a folder with {_listed()}{more}")


def _archive(path: Path) -> Iterator[Item | InputMissing]:
    """The pictures of a ZIP archive, in natural order; names that would lead out of a folder are passed over."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [i.filename for i in archive.infolist() if not i.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield InputMissing(f"{path}: cannot be opened as an archive ({error})", "pack it anew")
        return
    pictures = [n for n in names if n.lower().endswith(SUFFIXES) and not Path(n).name.startswith(".")]
    safe = [n for n in pictures if not Path(n).is_absolute() and ".." not in Path(n).parts and "\\" not in n]
    for name in sorted(safe, key=lambda n: (natural(n), n)):
        yield Item(path, Path(path.stem) / name, name)
    if not safe:
        yield InputMissing(f"no pictures in {path}", f"give an archive with {_listed()}")


def _walk(folder: Path, recursive: bool) -> Iterator[Path | InputMissing]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: (natural(entry.name), entry.name))
    except OSError as error:
        yield InputMissing(f"{folder}: cannot be listed ({error.strerror})", "check its permissions")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if recursive:
                yield from _walk(folder / entry.name, recursive)
        elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
            yield folder / entry.name


def _glob(pattern: str, recursive: bool) -> Iterator[Item | InputMissing]:
    """Files with one of SUFFIXES, and folders, that match; `**` goes through all levels."""
    root = _fixed_part(pattern)
    empty = True
    for match in sorted(glob.glob(pattern, recursive=True), key=lambda match: (natural(match), match)):
        path = Path(match)
        if path.is_dir() and "**" not in pattern:
            found = [p for p in _walk(path, recursive) if isinstance(p, Path)]
        else:
            found = [path] if match.lower().endswith(SUFFIXES) and path.is_file() else []
        for each in found:
            empty = False
            yield Item(each, each.relative_to(root))
    if empty:
        yield InputMissing(f"{pattern}: matches no pictures", f"check the pattern; accepted are {_listed()}")


def _fixed_part(pattern: str) -> Path:
    """The folder above the first part of a pattern that has a wildcard."""
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:fixed])


def _listed() -> str:
    return ", ".join(SUFFIXES)


def _stream(source: Any, label: str, limit: int) -> bytes:
    if not hasattr(source, "read"):
        raise UsageError(
            f"a photograph cannot be read from {type(source).__name__}", "give a path, bytes or a binary file object"
        )
    try:
        return _drain(source, label, limit)
    except (OSError, ValueError) as error:  # ValueError: the file is closed
        raise InputUnreadable(f"{label} cannot be read ({error})", "give an open file") from error


def _drain(file: BinaryIO, label: str, limit: int) -> bytes:
    """All of it, at most one byte over the limit: pipes and devices may never end."""
    size = _size(file)
    if size is not None and size > limit:
        raise _too_large(label, limit)
    if size is not None:
        content = file.read()
    else:
        parts: list[bytes] = []
        while sum(map(len, parts)) <= limit and (part := file.read(1 << 20)):
            parts.append(part)
        content = b"".join(parts) if all(isinstance(part, bytes) for part in parts) else None  # type: ignore[assignment]
    if not isinstance(content, bytes):
        raise UsageError(f"{label} is open as text", 'open it in binary mode, "rb"')
    if len(content) > limit:
        raise _too_large(label, limit)
    return content


def _size(file: BinaryIO) -> int | None:
    """The size of a regular file; None for pipes, devices and whatever else has a `read`."""
    try:
        status = os.fstat(file.fileno())
    except (OSError, AttributeError, TypeError, ValueError):
        return None
    return status.st_size if status.st_mode & 0o170000 == 0o100000 else None


def _too_large(label: str, limit: int) -> InputTooLarge:
    return InputTooLarge(f"{label} is larger than {limit >> 20} MiB", "make it smaller, or give a compressed format")


def _ours(error: OSError, label: str) -> InputMissing | InputUnreadable:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InputMissing(f"{label}: no such file", "check its spelling")
    if isinstance(error, IsADirectoryError):
        return InputUnreadable(f"{label} is a folder", "give a file, or the command line a folder of pictures")
    if isinstance(error, PermissionError):
        return InputUnreadable(f"{label} may not be read (permission denied)", "change its permissions")
    return InputUnreadable(f"{label} cannot be read ({error.strerror or error})", "check the file and its disk")
