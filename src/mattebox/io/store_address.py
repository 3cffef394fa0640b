"""Addresses of objects in stores: s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY, and http(s)://HOST/KEY."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from mattebox.errors import UsageError

BUCKET_SCHEMES = ("s3", "gs", "az")
HTTP_SCHEMES = ("http", "https")


@dataclass(frozen=True)
class StoreAddress:
    """An object in a store, or with an empty key or a slash at its end, all objects below a prefix.

    Attributes
    ----------
    root : str
        The store, such as ``s3://bucket``.
    key : str
        The object's key, without a slash in front; not percent-encoded.
    """

    root: str
    key: str

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rstrip("/").rpartition("/")[2]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def is_prefix(self) -> bool:
        """Whether it names what lies below it: its key is empty, ends in a slash, or has no suffix."""
        return not self.key or self.key.endswith("/") or not self.suffix

    @property
    def is_http(self) -> bool:
        """Whether it lies on a web server, which cannot list, nor create an object only where there is none."""
        return self.root.partition("://")[0] in HTTP_SCHEMES

    def child(self, relative_key: str) -> StoreAddress:
        """What lies below this prefix."""
        base = f"{self.key.rstrip('/')}/" if self.key.strip("/") else ""
        return replace(self, key=base + relative_key)

    def with_suffix(self, suffix: str) -> StoreAddress:
        """The object beside it with another suffix."""
        return replace(self, key=self.key.removesuffix(self.suffix) + suffix)

    def contains(self, other: StoreAddress) -> bool:
        """Whether the other lies below this prefix, or is it."""
        base = self.key.rstrip("/")
        is_below = not base or other.key == base or other.key.startswith(f"{base}/")
        return self.root == other.root and is_below

    def __str__(self) -> str:
        return f"{self.root}/{quote(self.key) if self.is_http else self.key}"


def is_store_address(text: str | os.PathLike[str] | None) -> bool:
    """Whether a command-line word names a bucket or what lies in one."""
    return isinstance(text, str) and text.partition("://")[0].lower() in BUCKET_SCHEMES and "://" in text


def is_output_address(text: str | os.PathLike[str] | None) -> bool:
    """Whether a command-line word names a place in a store to write to: a bucket, or a web server."""
    if not isinstance(text, str) or "://" not in text:
        return False
    return is_store_address(text) or text.partition("://")[0].lower() in HTTP_SCHEMES


def parse_store_address(text: str) -> StoreAddress:
    """The address of an object or prefix. UsageError where it names no bucket or host."""
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    host, _, key = rest.partition("/")
    if scheme not in (*BUCKET_SCHEMES, *HTTP_SCHEMES) or not host or any(c in host for c in "?#@ "):
        raise UsageError(f"{text}: names no store", "write s3://BUCKET/FOLDER/, gs://, az://, or https://HOST/FOLDER/")
    if scheme in HTTP_SCHEMES:
        key = unquote(key)
    if not is_plain_key(key):
        raise UsageError(f"{text}: has empty parts, . or .. in its key", "write the key as the store lists it")
    return StoreAddress(f"{scheme}://{host}", key)


def is_plain_key(key: str) -> bool:
    """Whether a key has no part that is empty, . or .., so that it names what lies below its prefix."""
    return not (any(part in (".", "..") for part in key.split("/")) or "//" in key or key.startswith("/"))


def parse_location(text: str) -> StoreAddress:
    """The prefix that a store's address or the absolute path of a folder names. UsageError."""
    if "://" in text:
        return parse_store_address(text)
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise UsageError(f"{text}: is neither a store's address nor an absolute path", "write s3://BUCKET/ or /FOLDER")
    return StoreAddress(path.as_uri(), "")
