"""Every error mattebox raises, and the exit code the command line gives for it.

    MatteboxError                1   anything of ours
    ├── UsageError               2   a parameter, option or recipe does not make sense
    ├── InputError               3   a picture cannot be used
    │   ├── InputMissing         3   not there, or no picture in the folder
    │   ├── InputUnreadable      3   not a picture, broken, or of a kind we do not read
    │   └── InputTooLarge        3   more pixels than the limit allows
    ├── NoSubject                4   the photograph shows nothing to cut out
    ├── OutputError              5   the result cannot be written (exists, read-only, disk full, unknown suffix)
    ├── ModelError               6   a model is unknown, or its weights are not what its card says
    └── DeviceError              7   the device asked for is not there

Each carries the problem and the remedy apart; `str()` joins them into one line. This file imports nothing.
"""

from __future__ import annotations


class MatteboxError(Exception):
    """Base of all errors raised on purpose. `problem` names the file or value; `remedy` says what mends it."""

    exit_code = 1
    code = "internal"  # stable name of the error in HTTP responses

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return " ".join(f"{self.problem}; {self.remedy}".split())


class UsageError(MatteboxError):
    """A parameter, option or recipe does not make sense."""

    exit_code = 2
    code = "invalid_parameter"


class InputError(MatteboxError):
    """A picture cannot be used."""

    exit_code = 3


class InputMissing(InputError):
    """A picture is not there, or a folder holds none."""

    code = "image_missing"


class InputUnreadable(InputError):
    """Not a picture, a broken one, or of a kind we do not read."""

    code = "image_unreadable"


class InputTooLarge(InputError):
    """More pixels than the limit allows."""

    code = "image_too_large"


class NoSubject(MatteboxError):
    """The photograph shows nothing to cut out."""

    exit_code = 4
    code = "no_subject"


class OutputError(MatteboxError):
    """The result cannot be written."""

    exit_code = 5
    code = "format_cannot_hold_result"


class ModelError(MatteboxError):
    """A model is unknown, or its weights are not what its card says."""

    exit_code = 6
    code = "model_unknown"


class DeviceError(MatteboxError):
    """The device asked for is not there."""

    exit_code = 7
    code = "device_missing"
