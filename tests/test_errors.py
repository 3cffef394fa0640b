"""The error tree: every error has an exit code of its own kind, and its message is one line ending in the remedy."""

import errno
import inspect
import pickle

import pytest

from mattebox import errors


def tree() -> list[type[errors.MatteboxError]]:
    return [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.MatteboxError)]


@pytest.mark.parametrize("kind", tree())
def test_one_line_ending_in_the_remedy(kind: type[errors.MatteboxError]) -> None:
    error = kind("photo.jpg: is\nbroken", "send a whole one")
    assert str(error) == "photo.jpg: is broken; send a whole one"
    assert 1 <= kind.exit_code <= 7


def test_the_tree_in_the_docstring_is_complete() -> None:
    drawing = errors.__doc__ or ""
    for kind in tree():
        line = next(line for line in drawing.splitlines() if f" {kind.__name__} " in f" {line.strip(' ├└│─')} ")
        assert f" {kind.exit_code} " in line


def test_errors_survive_pickling() -> None:
    """Worker processes send them to their parent."""
    error = pickle.loads(pickle.dumps(errors.NoSubject("a", "b")))
    assert (type(error), error.problem, error.remedy) == (errors.NoSubject, "a", "b")


@pytest.mark.parametrize(
    ("kind", "built_in"),
    [
        (errors.UsageError, ValueError),
        (errors.InputMissing, FileNotFoundError),
        (errors.InputUnreadable, OSError),
        (errors.InputUnreadable, ValueError),
        (errors.InputTooLarge, ValueError),
        (errors.NoSubject, LookupError),
        (errors.OutputError, OSError),
        (errors.OutputExists, FileExistsError),
        (errors.ModelError, LookupError),
        (errors.DeviceError, RuntimeError),
    ],
)
def test_errors_are_the_built_in_kinds_too(kind: type[errors.MatteboxError], built_in: type[Exception]) -> None:
    error = kind("a is missing", "look for it")
    assert isinstance(error, built_in)
    assert (error.problem, error.remedy, str(error)) == ("a is missing", "look for it", "a is missing; look for it")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy)) == (kind, str(error))
    if isinstance(error, OSError):
        assert error.strerror == "a is missing"
        assert error.errno == kind.system_error_number


def test_system_errors_have_their_number() -> None:
    assert errors.InputMissing("a", "b").errno == errno.ENOENT
    assert errors.OutputExists("a", "b").errno == errno.EEXIST
