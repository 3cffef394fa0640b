"""What was freed is gone once the C library is asked, and is used again where it is held."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import numpy as np
from mattebox.core.malloc import release_free_memory

def resident():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1]) // 1024

begun = resident()
for _ in range(3):
    kept = [np.ones(2_000_000 + i, np.uint8) for i in range(120)]
    holes = kept[::2]
    small = [bytes(3000) for _ in range(50)]
    del kept, holes
    ends = small
if not release_free_memory():
    raise SystemExit(77)
print(resident() - begun)
"""


AGAIN = """
import resource
import numpy as np
from mattebox.core.malloc import is_malloc_tuned, tune_malloc

def cleared():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(60_000_000, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

anew = [cleared() for _ in range(3)]
assert not is_malloc_tuned()
if not tune_malloc():
    raise SystemExit(77)
assert is_malloc_tuned()
print(min(anew), [cleared() for _ in range(3)][-1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_nothing_stays_behind() -> None:
    assert int(_said(SCRIPT)) < 10


def test_large_blocks_are_used_again() -> None:
    anew, held = map(int, _said(AGAIN).split())
    assert anew > 100  # pages
    assert held < anew / 10


def _said(script: str) -> str:
    try:
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    except subprocess.CalledProcessError as error:
        if error.returncode == 77:
            pytest.skip("the C library cannot be told")
        raise
