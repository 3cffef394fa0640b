"""Object stores (S3, Google Cloud Storage, Azure, web servers) through obstore: read, write, list, and delete objects.

Credentials are found as each cloud's own programs find them: in the environment, and from the machine's identity.
Objects appear whole or not at all. System and network errors become InputMissing, InputUnreadable or OutputError.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattebox.errors import (
    InputError,
    InputMissing,
    InputTooLarge,
    InputUnreadable,
    MatteboxError,
    OutputError,
    OutputExists,
    UsageError,
)
from mattebox.io.store_address import StoreAddress

if TYPE_CHECKING:
    from obstore.store import ObjectStore

MULTIPART_BYTES = 16 << 20  # of an object that is replaced; larger ones are sent in parts of this size
READ_CHUNK_BYTES = 1 << 20
LISTED_OBJECTS_PER_CHUNK = 1000
MAX_RETRIES = 8
MAX_RETRY_SECONDS = 60
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT")
REMEDY = "check its name, the endpoint and the credentials in the environment"


@dataclass(frozen=True)
class ObjectInfo:
    """What a store says of an object: its address, size, and a text that changes whenever its content does."""

    address: StoreAddress
    size: int
    version: str


@functools.cache
def open_store(root: str) -> ObjectStore:
    """The store at a root such as ``s3://bucket``, or the folder ``file:///folder``, which is created if need be.
    UsageError where obstore is missing, or it is misconfigured."""
    try:
        from obstore.store import LocalStore, from_url
    except ImportError as error:
        raise UsageError(f"{root}: needs the package obstore", "pip install 'mattebox[store]'") from error
    options: dict[str, Any] = {
        "client_options": {"allow_http": _may_use_http(root)},
        "retry_config": {"max_retries": MAX_RETRIES, "retry_timeout": timedelta(seconds=MAX_RETRY_SECONDS)},
    }
    if root.startswith("s3://") and (provider := _profile_credentials()) is not None:
        options["credential_provider"] = provider
    try:
        is_folder = root.startswith("file://")
        store: ObjectStore = LocalStore.from_url(root, mkdir=True) if is_folder else from_url(root, **options)
    except Exception as error:
        raise UsageError(f"{root}: cannot be opened ({describe_error(error)})", REMEDY) from error
    return store


def read_object(address: StoreAddress, max_bytes: int) -> tuple[bytes, str]:
    """The bytes of an object, streamed up to a limit, and its version.

    Raises InputMissing, InputUnreadable, InputTooLarge.
    """
    import obstore

    store = open_store(address.root)
    with _report_input_errors(address):
        response = obstore.get(store, address.key)
        _check_size(address, response.meta["size"], max_bytes)
        return bytes(response.bytes()), _version_of(response.meta)


def read_object_chunks(address: StoreAddress, max_bytes: int) -> Iterator[bytes]:
    """The bytes of an object in chunks, so that a large one is never whole in memory. Errors as for `read_object`."""
    import obstore

    store = open_store(address.root)
    with _report_input_errors(address):
        response = obstore.get(store, address.key)
        _check_size(address, response.meta["size"], max_bytes)
        for chunk in response.stream(min_chunk_size=READ_CHUNK_BYTES):
            yield bytes(chunk)


def write_object(address: StoreAddress, content: bytes | memoryview, *, overwrite: bool) -> str:
    """Write an object, whole or not at all, and return its version.

    Without `overwrite`, of several processes that write it at once one succeeds and the others get OutputExists; a web
    server has no such operation, so there it is looked for first. With it, large objects are sent in parts.
    """
    import obstore

    store = open_store(address.root)
    data = bytes(content)
    try:
        if address.is_http:
            if not overwrite and find_object(address) is not None:
                raise _exists_error(address)
            result = obstore.put(store, address.key, data, use_multipart=False)
        elif overwrite:
            result = obstore.put(store, address.key, data, chunk_size=MULTIPART_BYTES)
        else:
            result = obstore.put(store, address.key, data, mode="create")
    except OutputError:
        raise
    except Exception as error:
        if is_already_there(error):
            raise _exists_error(address) from error
        raise OutputError(
            f"{address}: cannot be written ({describe_error(error)})", f"nothing was changed; {REMEDY}"
        ) from error
    return result["e_tag"] or ""


def write_file(address: StoreAddress, path: Path, *, overwrite: bool) -> None:
    """Write a file as an object, whole or not at all; a large one is read and sent in parts.

    Without `overwrite` an object that is there stays; of two processes that send large files at once the last one wins,
    because stores create objects of several parts unconditionally. OutputError, OutputExists.
    """
    import obstore

    try:
        if path.stat().st_size <= MULTIPART_BYTES:
            write_object(address, path.read_bytes(), overwrite=overwrite)
            return
        if not overwrite and find_object(address) is not None:
            raise _exists_error(address)
        obstore.put(open_store(address.root), address.key, path, chunk_size=MULTIPART_BYTES)
    except MatteboxError:
        raise
    except Exception as error:
        raise OutputError(
            f"{address}: cannot be written ({describe_error(error)})", f"nothing was changed; {REMEDY}"
        ) from error


def find_object(address: StoreAddress) -> ObjectInfo | None:
    """What the store says of an object; None where there is none. InputUnreadable where it cannot be asked."""
    import obstore

    try:
        meta = obstore.head(open_store(address.root), address.key)
    except FileNotFoundError:
        return None
    except UsageError:
        raise
    except Exception as error:
        raise _input_error(error, address) from error
    return ObjectInfo(address, meta["size"], _version_of(meta))


def list_objects(prefix: StoreAddress) -> Iterator[ObjectInfo]:
    """All objects below a prefix, lazily, in the store's order (by key, in nearly all). InputMissing."""
    import obstore

    try:
        store = open_store(prefix.root)
        for chunk in obstore.list(store, prefix.key.rstrip("/") or None, chunk_size=LISTED_OBJECTS_PER_CHUNK):
            for meta in chunk:
                yield ObjectInfo(StoreAddress(prefix.root, meta["path"]), meta["size"], _version_of(meta))
    except UsageError:
        raise
    except Exception as error:
        raise InputMissing(f"{prefix}: cannot be listed ({describe_error(error)})", REMEDY) from error


def is_already_there(error: Exception) -> bool:
    """Whether a store refused to create an object because there is one."""
    return type(error).__name__ in ("AlreadyExistsError", "PreconditionError")


def describe_error(error: Exception) -> str:
    """The first line of a store's error, which has a dump of its internals below."""
    lines = str(error).strip().splitlines()
    return " ".join(lines[0].split())[:200] if lines else type(error).__name__


def _version_of(meta: Any) -> str:
    return meta["e_tag"] or f"{meta['last_modified'].timestamp():.6f}-{meta['size']}"


def _check_size(address: StoreAddress, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise InputTooLarge(f"{address} is larger than {max_bytes >> 20} MiB", "make it smaller")


@contextmanager
def _report_input_errors(address: StoreAddress) -> Iterator[None]:
    """Raise a store's errors as InputMissing or InputUnreadable."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise _input_error(error, address) from error


def _input_error(error: Exception, address: StoreAddress) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputMissing(f"{address}: no such object", "check its spelling")
    return InputUnreadable(f"{address} cannot be read ({describe_error(error)})", REMEDY)


def _exists_error(address: StoreAddress) -> OutputExists:
    return OutputExists(f"{address}: already exists", "choose another name, or replace it with --overwrite")


def _may_use_http(root: str) -> bool:
    """Whether the operator named an unencrypted endpoint, by the address or the environment."""
    endpoints = [os.environ.get(name, "") for name in ENDPOINT_VARIABLES]
    return root.startswith("http://") or any(value.startswith("http://") for value in endpoints)


def _profile_credentials() -> Any:
    """The credentials of the profile that AWS_PROFILE or ~/.aws gives, through boto3; None for the environment's."""
    profile = os.environ.get("AWS_PROFILE")
    has_file = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", Path.home() / ".aws" / "credentials")).exists()
    if not (profile or (has_file and not os.environ.get("AWS_ACCESS_KEY_ID"))):
        return None
    if importlib.util.find_spec("boto3") is None:
        if not profile:
            return None
        raise UsageError(f"the profile {profile} of AWS_PROFILE needs the package boto3", "pip install boto3")
    from obstore.auth.boto3 import Boto3CredentialProvider

    return Boto3CredentialProvider()
