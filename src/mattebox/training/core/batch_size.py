"""When memory runs out: find the largest batch that fits and name it in the error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from mattebox.errors import MatteboxError, UsageError

OUT_OF_MEMORY_PHRASES = ("out of memory", "can't allocate memory", "not enough memory")


@contextmanager
def suggest_fitting_batch(batch_size: int, try_batch: Callable[[int], None], min_batch_size: int = 1) -> Iterator[None]:
    """Turn running out of memory into an error that names the largest halving of `batch_size` that works.

    Parameters
    ----------
    batch_size : int
        The batch that the enclosed code uses.
    try_batch : callable
        Takes a batch size; returns, or runs out of memory itself.
    min_batch_size : int
        The smallest batch that is tried.

    Raises
    ------
    UsageError
        If the enclosed code runs out of memory.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        failure = error.with_traceback(None)  # the traceback would hold the step's tensors
    else:
        return
    raise _batch_size_error(batch_size, try_batch, min_batch_size) from failure


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory, of the machine or of the accelerator, ran out."""
    return isinstance(error, MemoryError) or any(phrase in str(error).lower() for phrase in OUT_OF_MEMORY_PHRASES)


def _batch_size_error(batch_size: int, try_batch: Callable[[int], None], min_batch_size: int) -> MatteboxError:
    smaller = batch_size // 2
    while smaller >= min_batch_size:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            try_batch(smaller)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            smaller //= 2
        else:
            return UsageError(
                f"memory does not hold a batch of {batch_size}", f"set batch = {smaller} in the recipe: that fits"
            )
    return UsageError(
        f"memory holds no batch of {min_batch_size}", "set a smaller side (sides, pool_side) in the recipe"
    )
