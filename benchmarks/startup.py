"""Import and start-up times of mattebox and rembg, in whole processes that take turns.

python -m benchmarks.startup [--repeats 7]

rembg must be installed in the same environment (requirements/bench.lock), for its `--help` as `rembg[cli]`.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from statistics import median

from benchmarks.common import argument_parser, median_ratio, time_rounds

REMBG_HELP_CODE = "import sys; sys.argv = ['rembg', '--help']; import rembg.cli as c; c.main()"
COMMAND_PAIRS = {
    "import": (["-c", "import mattebox"], ["-c", "import rembg"]),
    "import and name the cut function": (["-c", "from mattebox import cut"], ["-c", "from rembg import remove"]),
    "--help": (["-m", "mattebox", "--help"], ["-c", REMBG_HELP_CODE]),
    "an empty process": (["-c", ""], ["-c", ""]),
}


def run_python(arguments: list[str]) -> None:
    result = subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"python {' '.join(arguments)} failed:\n{result.stderr[-2000:]}")


def main() -> None:
    repeats = argument_parser(__doc__, repeats=7).parse_args().repeats
    print("| what | mattebox ms | rembg ms | faster |\n|---|---|---|---|")
    for label, pair in COMMAND_PAIRS.items():
        functions = {name: partial(run_python, code) for name, code in zip(("mattebox", "rembg"), pair, strict=True)}
        time_rounds(functions, 1)  # warm the file cache and the compiled code
        seconds = time_rounds(functions, repeats)
        cells = [f"{median(seconds[name]) * 1000:.0f}" for name in functions]
        print(
            f"| {label} | {cells[0]} | {cells[1]} | {median_ratio(seconds['rembg'], seconds['mattebox']):.1f}x |",
            flush=True,
        )


if __name__ == "__main__":
    main()
