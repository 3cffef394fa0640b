"""The exceptions that mattebox raises, and the exit codes of the command line.

    MatteboxError                1   any of them
    ├── UsageError               2   a parameter, option or recipe is invalid (ValueError)
    │   └── AmbiguousWords       8   a request in words can mean several things
    ├── InputError               3   a picture cannot be used
    │   ├── InputMissing         3   does not exist, or a folder without pictures (FileNotFoundError)
    │   ├── InputUnreadable      3   not a picture, broken, or of an unsupported kind (OSError and ValueError)
    │   └── InputTooLarge        3   more pixels than the limit allows (ValueError)
    ├── NoSubject                4   no subject was found in the photograph (LookupError)
    ├── OutputError              5   the result cannot be written: read-only, disk full, unknown suffix (OSError)
    │   └── OutputExists         5   there is a file of that name already (FileExistsError)
    ├── ModelError               6   a model is unknown, or its weights do not match its card (LookupError)
    └── DeviceError              7   the requested device is not available (RuntimeError)

Each is also the built-in kind in parentheses, so that code which catches those catches it.
Each has a `problem` and a `remedy`; `str()` joins them into one line.
"""

from __future__ import annotations

import errno
from typing import Any, ClassVar


class MatteboxError(Exception):
    """Base class of all errors that mattebox raises on purpose.

    Attributes
    ----------
    problem : str
        What is wrong, with the file or value.
    remedy : str
        What to do about it.
    exit_code : int
        Of the command line.
    """

    exit_code = 1
    code = "internal"  # stable name of the error in HTTP responses
    system_error_number: ClassVar[int | None] = None  # `errno` of those that are an OSError

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy
        error: Any = self
        if isinstance(error, OSError):  # it has taken the two for a number and its text
            error.errno, error.strerror = self.system_error_number, problem

    def __str__(self) -> str:
        return " ".join(f"{self.problem}; {self.remedy}".split())


class UsageError(MatteboxError, ValueError):
    """A parameter, option or recipe is invalid."""

    exit_code = 2
    code = "invalid_parameter"


class InputError(MatteboxError):
    """A picture cannot be used."""

    exit_code = 3


class InputMissing(InputError, FileNotFoundError):
    """A picture does not exist, or a folder holds none."""

    code = "image_missing"
    system_error_number = errno.ENOENT


class InputUnreadable(InputError, OSError, ValueError):
    """A file is not a picture, broken, or of an unsupported kind."""

    code = "image_unreadable"


class InputTooLarge(InputError, ValueError):
    """A picture has more pixels than the limit allows."""

    code = "image_too_large"


class NoSubject(MatteboxError, LookupError):
    """No subject was found in the photograph."""

    exit_code = 4
    code = "no_subject"


class OutputError(MatteboxError, OSError):
    """The result cannot be written."""

    exit_code = 5
    code = "format_cannot_hold_result"


class OutputExists(OutputError, FileExistsError):
    """There is a file of that name already."""

    system_error_number = errno.EEXIST


class ModelError(MatteboxError, LookupError):
    """A model is unknown, or its weights do not match its card."""

    exit_code = 6
    code = "model_unknown"


class DeviceError(MatteboxError, RuntimeError):
    """The requested device is not available."""

    exit_code = 7
    code = "device_missing"
