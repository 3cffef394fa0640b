"""Locations of jobs: prefixes of object stores, and folders, that the operator lets jobs read from or write to.

Each has a name, and a client names LOCATION/KEY: it never gives an address, and no answer tells one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mattebox.errors import (
    InputError,
    InputMissing,
    InputTooLarge,
    InputUnreadable,
    OutputError,
    OutputExists,
    UsageError,
)
from mattebox.io import object_store
from mattebox.io.store_address import StoreAddress, is_plain_key
from mattebox.server.http.problems import Problem
from mattebox.server.settings import Settings

MAX_NAME_CHARACTERS = 1024
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True)
class Locations:
    """The prefixes that jobs may read from, and those that they may write to, by the names of the locations."""

    inputs: Mapping[str, StoreAddress]
    outputs: Mapping[str, StoreAddress]

    @classmethod
    def from_settings(cls, settings: Settings) -> Locations:
        """The locations that the operator configured, opened. UsageError for one that is no store or folder."""
        locations = cls(settings.input_locations(), settings.output_locations())
        for prefix in (*locations.inputs.values(), *locations.outputs.values()):
            object_store.open_store(prefix.root)
        return locations

    def check_input(self, name: str) -> None:
        """Problem 422 for an object that is in no location to read from."""
        _resolve(name, self.inputs, "read from")

    def check_output(self, name: str, format: str, suffixes: tuple[str, ...]) -> None:
        """Problem 422 for an object in no location to write to, or whose suffix is not of the result's format."""
        _resolve(name, self.outputs, "write to")
        if not name.lower().endswith(suffixes):
            raise Problem(
                422,
                "invalid_parameter",
                f"output_object: the result is {format}, which its name does not say",
                f"end it in {suffixes[0]}, or send another `format`",
            )

    def read_chunks(self, name: str, max_bytes: int) -> Iterator[bytes]:
        """The bytes of an object in chunks. InputMissing, InputUnreadable, InputTooLarge; Problem 422 as for
        `check_input`."""
        address = _resolve(name, self.inputs, "read from")
        try:
            yield from object_store.read_object_chunks(address, max_bytes)
        except InputMissing:
            raise InputMissing(f"{name}: there is no such object", "check its spelling") from None
        except InputTooLarge:
            raise InputTooLarge(f"{name}: has more than {max_bytes} bytes", "make it smaller") from None
        except (InputError, UsageError):
            raise InputUnreadable(f"{name}: the location cannot be read", "tell the server's operator") from None

    def write(self, name: str, content: bytes, *, overwrite: bool) -> None:
        """Write an object, whole or not at all. Without `overwrite`, one of the same bytes may be there already: an
        earlier attempt of the same job wrote it. Problem 409 for other bytes, 503 where it cannot be written."""
        address = _resolve(name, self.outputs, "write to")
        try:
            object_store.write_object(address, content, overwrite=overwrite)
        except OutputExists:
            if not self._holds(address, content):
                raise Problem(
                    409, "object_exists", f"{name}: is there already", "choose another name, or send overwrite=true"
                ) from None
        except (OutputError, UsageError):
            raise Problem(
                503, "location_unavailable", f"{name}: the location cannot be written", "tell the server's operator"
            ) from None

    @staticmethod
    def _holds(address: StoreAddress, content: bytes) -> bool:
        try:
            return object_store.read_object(address, len(content))[0] == content
        except InputError:
            return False


def _resolve(name: str, prefixes: Mapping[str, StoreAddress], purpose: str) -> StoreAddress:
    """The address of LOCATION/KEY. Problem 422."""
    location, _, key = name.partition("/")
    is_plain = len(name) <= MAX_NAME_CHARACTERS and is_plain_key(key) and not CONTROL_CHARACTERS.search(key)
    if not is_plain or not key or key.endswith("/"):
        raise Problem(
            422, "invalid_parameter", "the object's name is not LOCATION/KEY", "send such as photos/mugs/blue.jpg"
        )
    if location not in prefixes:
        known = f"choose from {', '.join(sorted(prefixes))}" if prefixes else "this server has none"
        raise Problem(422, "location_unknown", f"there is no location {location[:40]!r} to {purpose}", known)
    return prefixes[location].child(key)
