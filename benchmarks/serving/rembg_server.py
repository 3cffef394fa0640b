"""Our server beside rembg's with the same network: pictures a second, and peak memory under parallel large uploads.

    python -m benchmarks.serving.rembg_server --u2netp FILE [--count 24] [--parallel 4] [--rounds 3]

1 MP JPEGs in, transparent PNGs out, by so many clients at a time, by turns; medians of the rounds. No photograph is
sent to a server twice, since ours keeps mattes. Then eight 12 MP JPEGs at once: the most that the whole tree of each
held. Ours are shown plain, as rembg's are, and refined; and with our own network.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.batch import BENCHMARKS_FOLDER, write_photographs
from benchmarks.serving.server_process import ServerProcess, running_server

PLAIN_CUTOUT_QUERY = "&edges=none&colours=source"


def build_multipart(image: bytes) -> tuple[bytes, str]:
    model = b'--mark\r\nContent-Disposition: form-data; name="model"\r\n\r\nu2netp\r\n'
    head = (
        b'--mark\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    return model + head + image + b"\r\n--mark--\r\n", "multipart/form-data; boundary=mark"


class ServerEndpoint:
    """One of the two: where its pictures go."""

    def __init__(self, server: ServerProcess, path: str, is_form: bool) -> None:
        self.server, self.path, self.is_form = server, path, is_form

    def send_picture(self, image: bytes) -> None:
        body, kind = build_multipart(image) if self.is_form else (image, "image/jpeg")
        while True:
            status, headers, made = self.server.send_request("POST", self.path, body, timeout=300, Content_Type=kind)
            if status in (429, 503):
                time.sleep(float(headers["retry-after"]))
                continue
            if status != 200 or made[:4] != b"\x89PNG":
                raise SystemExit(f"{self.path}: {status} {made[:300]!r}")
            return

    def measure_seconds(self, images: list[bytes], client_count: int) -> float:
        begun = time.perf_counter()
        with ThreadPoolExecutor(client_count) as pool:
            list(pool.map(self.send_picture, images))
        return time.perf_counter() - begun

    def measure_peak_megabytes(self, images: list[bytes]) -> float:
        """Megabytes, while they are all sent at once."""
        found, stop = [self.server.resident_megabytes()], threading.Event()

        def weigh() -> None:
            while not stop.wait(0.05):
                found.append(self.server.resident_megabytes())

        thread = threading.Thread(target=weigh)
        thread.start()
        self.measure_seconds(images, len(images))
        stop.set()
        thread.join()
        return max(found)


def run(network_path: Path, count: int, client_count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        for who in ("ours", "peer", "default"):
            (folder / who).mkdir(parents=True)
        write_photographs(folder / "small", 1 + 4 * count * rounds, (1200, 900))
        write_photographs(folder / "large", 8, (4000, 3000))
        small, large = ([p.read_bytes() for p in sorted((folder / w).iterdir())] for w in ("small", "large"))
        shutil.copyfile(network_path, folder / "u2netp.onnx")
        shutil.copyfile(BENCHMARKS_FOLDER / "u2netp.toml", folder / "u2netp.toml")
        ours = stack.enter_context(running_server(folder / "ours", MATTEBOX_SERVER_MODEL=str(folder / "u2netp.toml")))
        default = stack.enter_context(running_server(folder / "default"))
        command = [
            str(Path(sys.executable).with_name("rembg")),
            "s",
            "--host",
            "127.0.0.1",
            "--port",
            "PORT",
            "--no-ui",
        ]
        peer = stack.enter_context(running_server(folder / "peer", command, "/api", U2NET_HOME=name, OMP_NUM_THREADS="2",
                                           MODEL_CHECKSUM_DISABLED="1"))  # fmt: skip
        path = "/v1/cutouts?empty=keep"
        sides = {
            "rembg s": ServerEndpoint(peer, "/api/remove", is_form=True),
            "mattebox serve, plain": ServerEndpoint(ours, path + PLAIN_CUTOUT_QUERY, is_form=False),
            "mattebox serve": ServerEndpoint(ours, path, is_form=False),
            "mattebox serve, our network": ServerEndpoint(default, path, is_form=False),
        }
        for side in sides.values():
            side.send_picture(small[-1])
        took: dict[str, list[float]] = {what: [] for what in sides}
        for turn in range(rounds):
            for place, (what, side) in enumerate(sides.items(), len(sides) * turn):
                took[what].append(side.measure_seconds(small[place * count : (place + 1) * count], client_count))
        most = {what: side.measure_peak_megabytes(large) for what, side in sides.items()}
    print(
        f"{count} JPEGs of 1 MP by {client_count} clients at a time, medians of {rounds}; peak under 8 of 12 MP at once"
    )
    print("| | pictures a second | times | peak memory |\n|---|---|---|---|")
    for what, times in took.items():
        ratio = median(a / b for a, b in zip(took["rembg s"], times, strict=True))
        print(f"| {what} | {count / median(times):.1f} | {ratio:.1f}x | {most[what]:.0f} MB |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--u2netp", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    run(args.u2netp, args.count, args.parallel, args.rounds)


if __name__ == "__main__":
    main()
