"""Errors of the operating system on model files, as ModelError with a remedy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mattebox.errors import MatteboxError, ModelError, OutputError

WRITE_REMEDY = "free some space, or choose another folder with MATTEBOX_HOME"


def read_bytes(path: Path, remedy: str, label: str = "") -> bytes:
    """Read a file. ModelError with the remedy where it cannot be read; `label` says what the file is."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise read_error(path, error, remedy, label) from error


def read_error(path: Path, error: OSError, remedy: str, label: str = "") -> ModelError:
    """The error for a file that cannot be read."""
    return ModelError(f"{label}{path}: cannot be read ({error.strerror})", remedy)


@contextlib.contextmanager
def convert_write_errors(path: Path, remedy: str = WRITE_REMEDY) -> Iterator[None]:
    """Raise errors of writing as ModelError; `path` is named where the error names no file."""
    try:
        yield
    except OutputError as error:
        raise ModelError(error.problem, remedy) from error
    except MatteboxError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(f"{error.filename or path}: cannot be written ({reason})", remedy) from error
