"""The short form of the chaos suite: errors, memory and finished jobs among attackers; times are printed only."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from benchmarks.serving import hostile_files
from benchmarks.serving.chaos import run_chaos

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is read from /proc")


@pytest.mark.timeout(900)
def test_nothing_happens_among_attackers_that_must_not_happen() -> None:
    report = run_chaos(seconds=8, intensity=0.25, file_bytes=8_000_000, kill_seconds=0, model="fast")
    sys.stdout.write("\n".join(report.lines()))
    assert report.violations() == []


@pytest.mark.parametrize("make", hostile_files.HOSTILE_FILES)
def test_hostile_files_have_about_the_size_that_was_asked_for(make: hostile_files.MakeFile) -> None:
    assert len(make(random.Random(0), 50_000)) < 51_200 + 13_000


def test_mutations_are_the_same_for_the_same_seed_and_differ_from_the_file() -> None:
    files = [hostile_files.mutate(random.Random(seed), bytes(range(200))) for seed in (1, 1, 2)]
    assert files[0] == files[1]
    assert len({*files, bytes(range(200))}) == 3
