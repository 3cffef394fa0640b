"""When memory runs out: find the batch that fits and say it.

Knows nothing of networks: it is handed a trial that takes a batch size and either works or runs out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from mattebox.errors import MatteboxError, UsageError

OUT_OF_MEMORY_PHRASES = ("out of memory", "can't allocate memory", "not enough memory")
MIN_BATCH_SIZE = 4  # one sample of each kind


@contextmanager
def suggest_fitting_batch(batch_size: int, try_batch: Callable[[int], None]) -> Iterator[None]:
    """Turn running out of memory within into an error that names the largest halving of `batch_size` that works."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        failure = error.with_traceback(None)  # the traceback would hold the step's tensors
    else:
        return
    raise _batch_size_error(batch_size, try_batch) from failure


def is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in OUT_OF_MEMORY_PHRASES)


def _batch_size_error(batch_size: int, try_batch: Callable[[int], None]) -> MatteboxError:
    fits = batch_size // 2
    while fits >= MIN_BATCH_SIZE:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            try_batch(fits)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            fits //= 2
        else:
            return UsageError(f"memory does not hold a batch of {batch_size}", f"set batch = {fits}: that fits")
    return UsageError(
        f"memory holds no batch of {MIN_BATCH_SIZE}", "set smaller sides or a smaller pool_side in the recipe"
    )
