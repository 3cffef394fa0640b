"""Throughput and peak memory of our server and of rembg's, with the same network.

    python -m benchmarks.serving.rembg_server --u2netp FILE [--count 24] [--parallel 4] [--rounds 3]

1 MP JPEGs in, transparent PNGs out, from several clients at a time, the servers in turn; medians of the rounds. No
photograph is sent to a server twice, since ours caches mattes. The processor time of a picture, of the server's whole
process tree, says the same on a machine that has other work. Then eight 12 MP JPEGs at once: the peak memory of each
server's process tree. Ours runs without refinement, as rembg's does, with it, and with our own network.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.common import (
    argument_parser,
    copy_u2netp,
    jpeg_photographs,
    median_ratio,
    rembg_environment,
    rembg_program,
    run_rounds,
    sample_periodically,
)
from benchmarks.serving.server_process import CUTOUT_PATH, JPEG_HEADERS, ServerProcess, running_server

PLAIN_CUTOUT_PATH = CUTOUT_PATH + "&edges=none&colours=source"


class Seconds(NamedTuple):
    """How long something took, and how much processor time the server spent on it."""

    wall: float
    processor: float


@dataclass
class ServerEndpoint:
    """A server, the path that cuts, and whether it takes a form instead of the picture alone."""

    server: ServerProcess
    path: str
    takes_form: bool = False

    def cut(self, image: bytes) -> None:
        """Send a picture, again and again while the server refuses it as busy."""
        body, headers = build_form(image) if self.takes_form else (image, JPEG_HEADERS)
        while (response := self.server.send_request("POST", self.path, body, headers, 300)).status in (429, 503):
            time.sleep(float(response.headers["retry-after"]))
        if response.status != 200 or not response.body.startswith(b"\x89PNG"):
            raise SystemExit(f"{self.path}: {response.status} {response.body[:300]!r}")

    def measure_seconds(self, images: list[bytes], client_count: int) -> Seconds:
        processor, start = self.server.processor_seconds(), time.perf_counter()
        with ThreadPoolExecutor(client_count) as pool:
            list(pool.map(self.cut, images))
        return Seconds(time.perf_counter() - start, self.server.processor_seconds() - processor)

    def measure_peak_megabytes(self, images: list[bytes]) -> float:
        """Peak memory of the process tree while all pictures are sent at once."""
        with sample_periodically(self.server.resident_megabytes, 0.05) as samples:
            self.measure_seconds(images, len(images))
        return max(samples)


def build_form(image: bytes) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request to rembg's server."""
    part = b"--mark\r\nContent-Disposition: form-data; name="
    model = part + b'"model"\r\n\r\nu2netp\r\n'
    file = part + b'"file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' + image + b"\r\n"
    return model + file + b"--mark--\r\n", {"Content-Type": "multipart/form-data; boundary=mark"}


def start_endpoints(network_path: Path, folder: Path, stack: ExitStack) -> dict[str, ServerEndpoint]:
    """rembg's server, ours with the same network, and ours with its own."""
    for name in ("rembg", "same", "default"):
        (folder / name).mkdir()
    card = copy_u2netp(network_path, folder)
    command = [rembg_program(), "s", "--host", "127.0.0.1", "--port", "PORT", "--no-ui"]
    settings = rembg_environment(folder) | {"OMP_NUM_THREADS": "2"}
    rembg = stack.enter_context(running_server(folder / "rembg", command, "/api", settings))
    same = stack.enter_context(running_server(folder / "same", settings={"MATTEBOX_SERVER_MODEL": str(card)}))
    default = stack.enter_context(running_server(folder / "default"))
    return {
        "rembg s": ServerEndpoint(rembg, "/api/remove", takes_form=True),
        "mattebox serve, plain": ServerEndpoint(same, PLAIN_CUTOUT_PATH),
        "mattebox serve": ServerEndpoint(same, CUTOUT_PATH),
        "mattebox serve, our network": ServerEndpoint(default, CUTOUT_PATH),
    }


def measure_next(endpoint: ServerEndpoint, images: Iterator[bytes], count: int, client_count: int) -> Seconds:
    """Seconds for the next `count` pictures."""
    return endpoint.measure_seconds(list(islice(images, count)), client_count)


def run(network_path: Path, count: int, client_count: int, rounds: int) -> None:
    small_images = jpeg_photographs(1 + 4 * count * rounds, (1200, 900))
    large_images = list(jpeg_photographs(8, (4000, 3000)))
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        endpoints = start_endpoints(network_path, Path(name), stack)
        warm_up_image = next(small_images)
        for endpoint in endpoints.values():  # all of its workers
            endpoint.measure_seconds([warm_up_image] * client_count, client_count)
        functions = {
            label: partial(measure_next, endpoint, small_images, count, client_count)
            for label, endpoint in endpoints.items()
        }
        seconds = run_rounds(functions, rounds)
        peaks = {label: endpoint.measure_peak_megabytes(large_images) for label, endpoint in endpoints.items()}
    print(f"{count} JPEGs of 1 MP from {client_count} clients at a time, medians of {rounds}; "
          "peak memory under 8 of 12 MP at once")  # fmt: skip
    print("| | pictures a second | times | processor time | times less | peak memory |\n|---|---|---|---|---|---|")
    rembg_wall, rembg_processor = zip(*seconds["rembg s"], strict=True)
    for label, values in seconds.items():
        wall, processor = zip(*values, strict=True)
        ratio, processor_ratio = median_ratio(rembg_wall, wall), median_ratio(rembg_processor, processor)
        cells = f"{count / median(wall):.1f}", f"{ratio:.2f}", f"{1000 * median(processor) / count:.0f} ms"
        print(f"| {label} | {' | '.join(cells)} | {processor_ratio:.2f} | {peaks[label]:.0f} MB |")


def main() -> None:
    parser = argument_parser(__doc__, count=24, parallel=4, rounds=3)
    parser.add_argument("--u2netp", type=Path, required=True, help="rembg's u2netp.onnx")
    args = parser.parse_args()
    run(args.u2netp, args.count, args.parallel, args.rounds)


if __name__ == "__main__":
    main()
