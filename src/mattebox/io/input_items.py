"""Expansion of arguments to the pictures that they name, lazily.

Arguments may be files, folders, globs, ZIP archives, addresses in object stores, URLs where allowed, and "-".
"""

from __future__ import annotations

import glob
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from mattebox.errors import InputMissing
from mattebox.io.store_address import is_store_address

PICTURE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".tif", ".tiff"),
    *(".bmp", ".dib", ".gif", ".avif", ".heic", ".heif", ".hif"),
    *(".jp2", ".j2k", ".jpx", ".tga", ".dds", ".qoi", ".exr", ".ppm", ".pgm", ".pbm", ".pnm", ".pam", ".pfm"),
)


@dataclass(frozen=True)
class InputItem:
    """One picture to read.

    `path` is None for standard input; `relative_path` is the place below the given folder, so that results can mirror
    the tree; `member` is the name in a ZIP archive; `url` is the address of a picture to fetch, or in an object store.
    """

    path: Path | None
    relative_path: Path
    member: str | None = None
    url: str | None = None

    @property
    def name(self) -> str:
        return item_display_name(self.path, self.member, self.url)


def item_display_name(path: Path | None, member: str | None = None, url: str | None = None) -> str:
    """What reports and messages call a picture."""
    if url is not None:
        return url
    if path is None:
        return "standard input"
    return str(path) if member is None else f"{path}/{member}"


def expand_inputs(
    arguments: Iterable[str | os.PathLike[str]], *, recursive: bool = False, allow_urls: bool = False
) -> Iterator[InputItem | InputMissing]:
    """Expand files, folders, globs, ZIP archives, stores, "-" and allowed URLs to pictures, lazily and each once.

    Missing inputs, folders that cannot be listed and links to nothing are yielded as InputMissing, so that one wrong
    argument does not stop the others. Folders give the files with one of PICTURE_SUFFIXES in natural order (2 before
    10), without hidden ones, and with `recursive` those of their subfolders, but not of links to folders. A file that
    is named is taken whatever its suffix; two links to one file are two pictures.
    """
    words = list(arguments)
    yielded: set[str] = set()
    for argument in words:
        if len(words) == 1 and is_store_address(argument):  # may be millions, each once already
            yield from _expand_argument(os.fspath(argument), recursive, allow_urls)
            return
        for item in _expand_argument(os.fspath(argument), recursive, allow_urls):
            if isinstance(item, InputItem):
                path = "-" if item.path is None else absolute_name(item.path)
                key = item.url or f"{path}\0{item.member or ''}"
                if key in yielded:
                    continue
                yielded.add(key)
            yield item


def absolute_name(path: str | os.PathLike[str]) -> str:
    """The absolute path of a directory entry: links are followed in the folders above it, not in the entry itself."""
    folder, name = os.path.split(os.path.normpath(os.fspath(path)))
    try:
        return os.path.join(os.path.realpath(folder), name)
    except (OSError, ValueError):  # ValueError: a null character
        return os.fspath(path)


def find_input_fault(path: Path) -> InputMissing | None:
    """Why a file is not there or cannot be reached; None where it can be."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            return InputMissing(
                f"{path}: is a link to a file that does not exist", "restore the file or remove the link"
            )
        return InputMissing(f"{path}: no such file", "check its spelling")
    except OSError as error:
        return InputMissing(
            f"{path}: cannot be reached ({error.strerror})", "check its name and the permissions above it"
        )
    except ValueError as error:  # a null character
        return InputMissing(f"{str(path)!r} is not a valid path ({error})", "check its spelling")
    return None


def natural_sort_key(name: str) -> list[tuple[int, int, str]]:
    """A case-insensitive sort key that puts img2 before img10."""
    parts = re.findall(r"0*([0-9]+)|([^0-9]+)", name.casefold())
    return [(0, len(digits), digits) if digits else (1, 0, text) for digits, text in parts]


def _expand_argument(argument: str, recursive: bool, allow_urls: bool) -> Iterator[InputItem | InputMissing]:
    if argument == "-":
        yield InputItem(None, Path("stdin"))
    elif is_store_address(argument):
        yield from _stored_items(argument, recursive)
    elif argument.lower().startswith(("http://", "https://")) and not os.path.lexists(argument):
        if allow_urls:
            name = _path_from_url(argument)
            yield InputItem(name, name, url=argument)
        else:
            yield InputMissing(f"{argument}: URLs are not fetched by default", "allow it with --fetch")
    elif os.path.isdir(argument):
        yield from _folder_items(Path(argument), recursive)
    elif argument.lower().endswith(".zip") and os.path.isfile(argument):
        yield from _archive_items(Path(argument))
    elif os.path.lexists(argument):
        path = Path(argument)
        yield find_input_fault(path) or InputItem(path, Path(os.path.basename(argument)))
    elif glob.has_magic(argument):
        yield from _glob_items(argument, recursive)
    else:
        fault = find_input_fault(Path(argument))
        unknown = InputMissing(f"{argument}: no such file or folder", "check its spelling")
        yield fault if fault is not None and "no such file" not in fault.problem else unknown


def _stored_items(argument: str, recursive: bool) -> Iterator[InputItem | InputMissing]:
    from mattebox.io.store_listing import expand_store_argument

    for found in expand_store_argument(argument, recursive, PICTURE_SUFFIXES):
        if isinstance(found, InputMissing):
            yield found
        else:
            yield InputItem(Path(found.address.name), Path(found.relative_key), url=str(found.address))


def _path_from_url(url: str) -> Path:
    """A file name for a URL."""
    last = re.sub(r"[?#].*", "", url).rpartition("/")[2]
    name = re.sub(r"[^\w.-]", "_", unquote(last)).lstrip(".")[-100:]
    return Path(name or "picture")


def _folder_items(root: Path, recursive: bool) -> Iterator[InputItem | InputMissing]:
    empty = True
    for path in _walk_folder(root, recursive):
        empty = False
        yield path if isinstance(path, InputMissing) else InputItem(path, path.relative_to(root))
    if empty:
        where = f"{root} or below it" if recursive else str(root)
        more = "" if recursive else ", or look into its subfolders with --recursive"
        yield InputMissing(f"no pictures in {where}", f"give a folder with {_suffix_list()}{more}")


def _archive_items(path: Path) -> Iterator[InputItem | InputMissing]:
    """The pictures of a ZIP archive, in natural order; names that point outside a folder are skipped."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [i.filename for i in archive.infolist() if not i.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield InputMissing(f"{path}: cannot be opened as an archive ({error})", "pack it again")
        return
    pictures = [n for n in names if n.lower().endswith(PICTURE_SUFFIXES) and not Path(n).name.startswith(".")]
    safe = [n for n in pictures if not Path(n).is_absolute() and ".." not in Path(n).parts and "\\" not in n]
    for name in sorted(safe, key=lambda n: (natural_sort_key(n), n)):
        yield InputItem(path, Path(path.stem) / name, name)
    if not safe:
        yield InputMissing(f"no pictures in {path}", f"give an archive with {_suffix_list()}")


def find_in_folder(folder: Path, recursive: bool, suffixes: tuple[str, ...]) -> list[Path]:
    """The files of a folder that end in one of these suffixes and can be read, in natural order."""
    return [path for path in _walk_folder(folder, recursive, suffixes) if isinstance(path, Path)]


def _walk_folder(
    folder: Path, recursive: bool, suffixes: tuple[str, ...] = PICTURE_SUFFIXES
) -> Iterator[Path | InputMissing]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: (natural_sort_key(entry.name), entry.name))
    except OSError as error:
        yield InputMissing(f"{folder}: cannot be listed ({error.strerror})", "check its permissions")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = folder / entry.name
        if _is_subfolder(entry):
            if recursive:
                yield from _walk_folder(path, recursive, suffixes)
        elif entry.name.lower().endswith(suffixes):
            fault = find_input_fault(path)
            if fault is not None or path.is_file():
                yield fault or path


def _is_subfolder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, and not a link to one."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _glob_items(pattern: str, recursive: bool) -> Iterator[InputItem | InputMissing]:
    """Files with one of SUFFIXES, and folders, that match; `**` goes through all levels."""
    root = _glob_root(pattern)
    empty = True
    for match in sorted(glob.glob(pattern, recursive=True), key=lambda match: (natural_sort_key(match), match)):
        for found in _match_items(Path(match), recursive, is_deep="**" in pattern):
            empty = False
            yield found if isinstance(found, InputMissing) else InputItem(found, found.relative_to(root))
    if empty:
        yield InputMissing(f"{pattern}: matches no pictures", f"check the pattern; accepted are {_suffix_list()}")


def _match_items(match: Path, recursive: bool, is_deep: bool) -> Iterator[Path | InputMissing]:
    """The pictures of one match of a pattern; `is_deep` where the pattern itself goes through all levels."""
    if os.path.isdir(match):
        if not is_deep:
            yield from _walk_folder(match, recursive)
        elif not os.access(match, os.R_OK | os.X_OK):
            yield InputMissing(f"{match}: cannot be listed (permission denied)", "check its permissions")
    elif match.name.lower().endswith(PICTURE_SUFFIXES):
        fault = find_input_fault(match)
        if fault is not None or match.is_file():
            yield fault or match


def _glob_root(pattern: str) -> Path:
    """The folder above the first part of a pattern that has a wildcard."""
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:fixed])


def _suffix_list() -> str:
    return ", ".join(PICTURE_SUFFIXES)
