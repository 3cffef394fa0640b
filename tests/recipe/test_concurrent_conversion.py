"""Recipes are decoded by several threads of a server at once, the first ones too."""

import subprocess
import sys

import pytest

THREADS_THAT_MEET = """
import sys, threading
from mattebox.recipe.serialization import parse_recipe
sys.setswitchinterval(1e-6)
meeting, recipes = threading.Barrier(8), []
def parse():
    meeting.wait()
    recipes.append(parse_recipe({"steps": [{"step": "cut"}]}))
threads = [threading.Thread(target=parse) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(set(map(repr, recipes))) == 1 and len(recipes) == 8
"""


@pytest.mark.parametrize("_", range(2))
def test_first_recipes_of_a_process_by_eight_threads(_: int) -> None:
    """msgspec builds the information of a type on first use; two threads in it at once crashed the process."""
    done = subprocess.run([sys.executable, "-c", THREADS_THAT_MEET], capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
