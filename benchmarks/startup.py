"""Import and start-up: ours against rembg, paired whole processes.

python -m benchmarks.startup [--repeats 7]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from statistics import median

REMBG_HELP_CODE = "import sys; sys.argv = ['rembg', '--help']; import rembg.cli as c; c.main()"
COMMAND_PAIRS = {
    "import": (["-c", "import mattebox"], ["-c", "import rembg"]),
    "import and name the cut function": (["-c", "from mattebox import cut"], ["-c", "from rembg import remove"]),
    "--help": (["-m", "mattebox", "--help"], ["-c", REMBG_HELP_CODE]),
    "an empty process": (["-c", ""], ["-c", ""]),
}  # fmt: skip


def measure_seconds(arguments: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    print("| what | ours ms | theirs ms | faster |\n|---|---|---|---|")
    for what, (ours, theirs) in COMMAND_PAIRS.items():
        measure_seconds(ours), measure_seconds(theirs)  # warm the file cache and compiled code
        rounds = [(measure_seconds(ours), measure_seconds(theirs)) for _ in range(repeats)]
        cells = [f"{median(r[i] for r in rounds) * 1000:.0f}" for i in (0, 1)]
        print(f"| {what} | {cells[0]} | {cells[1]} | {median(b / a for a, b in rounds):.1f}x |", flush=True)


if __name__ == "__main__":
    main()
