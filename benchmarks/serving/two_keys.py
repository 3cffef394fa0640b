"""Two keys, one of which takes all it can get: how much later the other one's pictures come.

    python -m benchmarks.serving.two_keys [--seconds 20] [--greedy-clients 16] [--rounds 2]

A good client sends photographs of 1 MP one after another, in turn alone and while clients with the other key send
photographs and upscalings without a pause. All photographs differ, as mattes are cached. Prints the percentiles of the
good client and the ratio of the 95th; ends with status 1 when it is above 2, or when a good request fails.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.common import argument_parser, jpeg_photographs
from benchmarks.serving.server_process import CUTOUT_PATH, JPEG_HEADERS, ServerProcess, percentile, running_server

GOOD_KEY, GREEDY_KEY = "good", "greedy"
PHOTOGRAPH_COUNT = 60  # of the good client; later ones are doubtful, and looked at closer for several seconds
MAX_P95_RATIO = 2.0
UPSCALING_PATH = "/v1/enhancements?upscale=2x"
UPSCALING_INTERVAL = 4  # every so manyth request of the greedy key


def send_picture(server: ServerProcess, key: str, path: str, image: bytes) -> int:
    """The status of the response."""
    return server.send_request("POST", path, image, JPEG_HEADERS | {"X-API-Key": key}, 300).status


def measure_good_client(server: ServerProcess, images: Iterator[bytes], seconds: float) -> list[float]:
    """Seconds of each of its pictures. SystemExit when one fails."""
    end, durations = time.monotonic() + seconds, list[float]()
    while time.monotonic() < end:
        image, start = next(images), time.perf_counter()
        status = send_picture(server, GOOD_KEY, CUTOUT_PATH, image)
        if status != 200:
            raise SystemExit(f"the good client got a {status}")
        durations.append(time.perf_counter() - start)
    return durations


@contextlib.contextmanager
def greedy_clients(server: ServerProcess, images: list[bytes], count: int) -> Iterator[Counter[int]]:
    """Clients with the other key while the context is open; their answers by status."""
    stop, answers, numbers = threading.Event(), Counter[int](), itertools.count()

    def send_all() -> None:
        while not stop.is_set():
            number = next(numbers)
            path = UPSCALING_PATH if number % UPSCALING_INTERVAL == 0 else CUTOUT_PATH
            with contextlib.suppress(OSError):
                answers[send_picture(server, GREEDY_KEY, path, images[number % len(images)])] += 1

    threads = [threading.Thread(target=send_all) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def run(seconds: float, client_count: int, rounds: int) -> bool:
    """Measure and print; whether the good client's 95th percentile at most doubled."""
    images = itertools.cycle(list(jpeg_photographs(PHOTOGRAPH_COUNT, (1200, 900))))
    greedy_images = list(jpeg_photographs(32, (1100, 900)))
    alone, among = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as name:
        keys = Path(name) / "keys"
        keys.write_text(f"{GOOD_KEY}\n{GREEDY_KEY}\n")
        settings = {"MATTEBOX_SERVER_KEYS": str(keys), "MATTEBOX_SERVER_WORKERS": "2"}
        with running_server(Path(name), settings=settings) as server:
            measure_good_client(server, images, 3)  # both workers start
            for _ in range(rounds):
                alone += measure_good_client(server, images, seconds)
                with greedy_clients(server, greedy_images, client_count) as answers:
                    time.sleep(1)
                    among += measure_good_client(server, images, seconds)
    for label, values in (("alone", alone), ("beside the greedy key", among)):
        parts = (f"{share:.0%} {1000 * percentile(values, share):.0f}" for share in (0.5, 0.95, 0.99))
        print(f"good client {label}, ms: {', '.join(parts)} ({len(values)} pictures)")
    ratio = percentile(among, 0.95) / percentile(alone, 0.95)
    print(f"95th percentile: {ratio:.2f} times; answers of the greedy key's last round: {dict(answers)}")
    return ratio <= MAX_P95_RATIO


def main() -> None:
    args = argument_parser(__doc__, seconds=20.0, greedy_clients=16, rounds=2).parse_args()
    sys.exit(0 if run(args.seconds, args.greedy_clients, args.rounds) else 1)


if __name__ == "__main__":
    main()
