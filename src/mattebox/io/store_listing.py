"""Pictures in object stores: expands an address, a prefix or a pattern to the pictures there, lazily."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from fnmatch import translate
from typing import NamedTuple

from mattebox.errors import InputMissing, MatteboxError
from mattebox.io.object_store import find_object, list_objects
from mattebox.io.store_address import StoreAddress, parse_store_address

OWN_FOLDER = ".mattebox"  # below an output prefix: claims of processes that share a batch


class StoredPicture(NamedTuple):
    """A picture in a store, and its key below the prefix that was given."""

    address: StoreAddress
    relative_key: str


def expand_store_argument(
    argument: str, recursive: bool, suffixes: tuple[str, ...]
) -> Iterator[StoredPicture | InputMissing]:
    """The pictures that an address names: one object, those below a prefix, or those that a pattern matches.

    Pictures are what has one of the suffixes. Without `recursive`, a prefix gives the objects directly below it.
    Objects whose name, or a folder of whose key, starts with a dot are left out, as hidden files are. Failures to list
    are yielded, and end the listing.
    """
    try:
        yield from _expand(parse_store_address(argument), recursive, suffixes)
    except InputMissing as error:
        yield error
    except MatteboxError as error:
        yield InputMissing(error.problem, error.remedy)


def _expand(
    address: StoreAddress, recursive: bool, suffixes: tuple[str, ...]
) -> Iterator[StoredPicture | InputMissing]:
    if glob.has_magic(address.key):
        fixed = re.split(r"[*?\[]", address.key)[0].rpartition("/")[0]
        pattern = re.compile(translate(address.key))
        levels = None if "**" in address.key else address.key.count("/")
        yield from _list_pictures(StoreAddress(address.root, fixed), pattern, levels, suffixes)
    elif address.key and not address.key.endswith("/") and address.suffix.lower() in suffixes:
        if find_object(address) is None:
            yield InputMissing(f"{address}: no such object", "check its spelling")
        else:
            yield _item(address, StoreAddress(address.root, address.key.rpartition("/")[0]))
    else:
        base = address.key.rstrip("/")
        levels = None if recursive else (base.count("/") + 1 if base else 0)
        yield from _list_pictures(StoreAddress(address.root, base), None, levels, suffixes)


def _list_pictures(
    prefix: StoreAddress, pattern: re.Pattern[str] | None, levels: int | None, suffixes: tuple[str, ...]
) -> Iterator[StoredPicture | InputMissing]:
    """The pictures below a prefix whose keys match and have this number of slashes."""
    is_empty = True
    for found in list_objects(prefix):
        address = found.address
        below = address.key.removeprefix(prefix.key).lstrip("/")
        if not address.name.lower().endswith(suffixes) or any(p.startswith(".") for p in below.split("/")):
            continue
        if levels is not None and address.key.count("/") != levels:
            continue
        if pattern is None or pattern.match(address.key):
            is_empty = False
            yield _item(address, prefix)
    if is_empty:
        more = "" if levels is None else ", or look deeper with --recursive"
        yield InputMissing(f"no pictures in {prefix}", f"check its spelling{more}")


def _item(address: StoreAddress, prefix: StoreAddress) -> StoredPicture:
    return StoredPicture(address, address.key.removeprefix(prefix.key).lstrip("/"))
