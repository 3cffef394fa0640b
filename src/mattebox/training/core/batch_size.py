"""When memory runs out: find the batch that fits and say it.

Knows nothing of networks: it is handed a trial that takes a batch size and either works or runs out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from mattebox.errors import MatteboxError, UsageError

SIGNS = ("out of memory", "can't allocate memory", "not enough memory")
LEAST = 4  # one sample of each kind


@contextmanager
def batch_that_fits(batch: int, trial: Callable[[int], None]) -> Iterator[None]:
    """Turn running out of memory within into an error that names the largest halving of `batch` that works."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        failure = error.with_traceback(None)  # the traceback would hold the step's tensors
    else:
        return
    raise _advice(batch, trial) from failure


def ran_out(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in SIGNS)


def _advice(batch: int, trial: Callable[[int], None]) -> MatteboxError:
    fits = batch // 2
    while fits >= LEAST:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            trial(fits)
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error):
                raise
            fits //= 2
        else:
            return UsageError(f"memory does not hold a batch of {batch}", f"set batch = {fits}: that fits")
    return UsageError(f"memory holds no batch of {LEAST}", "set smaller sides or a smaller pool_side in the recipe")
