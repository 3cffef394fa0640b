"""The page in a real browser over a slow line: bytes up and down, and how long people wait for what they do.

    python -m benchmarks.page --megapixels 12 --megabits 10
    python -m benchmarks.page --megapixels 12 --photographs 30     # memory of the browser, over a line without a limit

A photograph is enlarged to so many megapixels and cut out; then a stroke is brushed, undone, and settings are changed.
Times of what the page does by itself run from the event to the first frame whose pixels differ, within the page; beside
them the processor time of its main thread until then. Needs Playwright and Chromium.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.common import argument_parser, jpeg_photographs
from mattebox.server.page_files.network import RUNTIME_FILES, load_network
from tests.server.page_visit import CHROMIUM, CHROMIUM_FLAGS, DONE, Visit, start_browser
from tests.serving import start_server

LATENCY_MS = 20
WAIT_MS = 600_000  # on a busy machine
ROUNDS = 5
SAMPLING_MS = 500
SETTLING_MS = 10_000
ERASING_MS = 1500  # of a photograph in the browser's storage
CHOOSING_MS = 3000  # that people take to choose a photograph, while runtime and weights are loaded
FIRST_CUTOUT = """() => loadModule("items.js").then(({ items }) => new Promise((resolve) => {
  const image = document.querySelector("#after");
  const look = () => (items[0]?.firstCutout && image.src === items[0].firstCutout.url && image.complete)
    || items[0]?.results.size ? resolve(Boolean(items[0].firstCutout)) : requestAnimationFrame(look);
  look();
}))"""
FINER_CUTOUT = """() => loadModule("items.js").then(({ items }) => new Promise((resolve) => {
  const quick = items[0]?.firstCutout;
  const isThere = () => items[0]?.firstCutout !== quick || items[0]?.results.size;
  const look = () => (isThere() ? resolve() : requestAnimationFrame(look));
  look();
}))"""
HOLD_UPLOADS = """() => {
  const { send } = XMLHttpRequest.prototype, held = [];
  XMLHttpRequest.prototype.send = function (body) { held.push(() => send.call(this, body)); };
  window.release = () => { XMLHttpRequest.prototype.send = send; held.forEach((sendNow) => sendNow()); };
}"""
WATCH = """([event, point, change]) => new Promise((resolve) => {
  const canvas = document.querySelector("#composed"), behind = document.querySelector("#behind");
  const readPixel = () => canvas.getContext("2d").getImageData(point[0] * canvas.width, point[1] * canvas.height, 1, 1);
  const readRow = () => canvas.getContext("2d").getImageData(0, canvas.height >> 1, canvas.width, 1).data.join();
  const read = () => change === "row" ? `${canvas.width} ${canvas.height} ${readRow()}`
    : change === "behind" ? behind.style.background : String(readPixel().data);
  const before = read();
  addEventListener(event, () => {
    const startedAt = performance.now();
    const look = () => read() === before ? requestAnimationFrame(look) : resolve(performance.now() - startedAt);
    look();
  }, { capture: true, once: true });
})"""


class Traffic:
    """Bytes of a page's requests and responses on the line."""

    def __init__(self, visit: Visit, megabits: float) -> None:
        self.received, self._visit = 0, visit
        line = visit.context.new_cdp_session(visit.page)
        line.send("Network.enable")
        bytes_per_second = megabits * 1e6 / 8
        limits = {"downloadThroughput": bytes_per_second, "uploadThroughput": bytes_per_second}
        line.send("Network.emulateNetworkConditions", limits | {"offline": False, "latency": LATENCY_MS})
        line.on("Network.loadingFinished", self._add_response)

    def _add_response(self, event: dict[str, Any]) -> None:
        self.received += int(event["encodedDataLength"])

    def totals(self) -> tuple[int, int]:
        """Bytes up and down so far."""
        return sum(self._visit.sent_bytes()), self.received


class Report:
    """Rows of a Markdown table, with the traffic of each."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic, self._last = traffic, traffic.totals()
        print("| what is done | time | bytes up | bytes down |\n|---|---|---|---|")

    def add_row(self, name: str, duration: str) -> None:
        now = self._traffic.totals()
        up, down = (f"{count - before:,}" for count, before in zip(now, self._last, strict=True))
        self._last = now
        print(f"| {name} | {duration} | {up} | {down} |", flush=True)


class ProcessorTime:
    """Processor time of all of a browser's processes."""

    def __init__(self, browser: Any) -> None:
        self._session = browser.new_browser_cdp_session()

    def seconds(self) -> float:
        """Of all processes that run now, since they began."""
        processes: list[dict[str, Any]] = self._session.send("SystemInfo.getProcessInfo")["processInfo"]
        return float(sum(process["cpuTime"] for process in processes))


class MainThread:
    """Processor time of a page's main thread, which hardly depends on what else the machine does."""

    def __init__(self, visit: Visit) -> None:
        self._line = visit.context.new_cdp_session(visit.page)
        self._line.send("Performance.enable", {"timeDomain": "threadTicks"})

    def milliseconds(self) -> float:
        """Of all tasks so far."""
        metrics = self._line.send("Performance.getMetrics")["metrics"]
        return float(next(1000 * metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


class ProfileBrowser:
    """A browser with a profile on the disk, as people have one; contexts of other browsers keep all files in memory."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self._type, self._folder = browser.browser_type, folder

    def new_context(self, **options: Any) -> Any:
        return self._type.launch_persistent_context(
            self._folder, executable_path=CHROMIUM, args=CHROMIUM_FLAGS, **options
        )

    def megabytes(self) -> dict[str, float]:
        """Proportional set size by kind of process, in MB (Linux)."""
        total: dict[str, float] = defaultdict(float)
        pids, children = [int(os.readlink(self._folder / "SingletonLock").rpartition("-")[2])], _child_processes()
        for pid in pids:
            pids.extend(children.get(pid, []))
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                kind = re.search(r"--type=([\w-]+)", Path(f"/proc/{pid}/cmdline").read_text())
            except OSError:  # it has ended
                continue
            name = kind[1] if kind else "browser"
            total[name] += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
        return total


def _child_processes() -> dict[int, list[int]]:
    children = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            children[int((folder / "stat").read_text().rpartition(")")[2].split()[1])].append(int(folder.name))
    return children


def measure_many(browser: Any, url: str, photograph: Path, count: int) -> None:
    """Drop many photographs: when the first can be used, and what memory the browser takes meanwhile."""
    own = ProfileBrowser(browser, photograph.with_name("profile"))
    with Visit(own, url, reduced_motion="reduce") as visit:
        page = visit.page
        page.set_default_timeout(WAIT_MS)
        rest = own.megabytes()
        copies = [photograph.with_name(f"{number}.jpg") for number in range(count)]
        for copy in copies:
            copy.write_bytes(photograph.read_bytes())
        started_at = time.perf_counter()
        page.set_input_files("#files", copies)
        page.locator(DONE).first.wait_for()
        first = time.perf_counter() - started_at
        done_by_then, samples = page.locator(DONE).count(), [own.megabytes()]
        while (done := page.locator(DONE).count()) < count:
            samples.append(own.megabytes())
            page.wait_for_timeout(SAMPLING_MS)
            assert time.perf_counter() - started_at < WAIT_MS / 1000, f"{done} of {count} are done"
        seconds = time.perf_counter() - started_at
        page.wait_for_timeout(SETTLING_MS)
        end = own.megabytes()
        half = len(samples) // 2
        print(
            f"{count} photographs of {photograph.stat().st_size:,} bytes: first usable after {first:.1f} s "
            f"({done_by_then} done by then), all after {seconds:.1f} s"
        )
        for name, sample in (
            ("at rest", rest),
            ("at most, first half", max(samples[:half] or samples, key=lambda kinds: sum(kinds.values()))),
            ("at most, second half", max(samples[half:], key=lambda kinds: sum(kinds.values()))),
            ("in the end", end),
        ):
            kinds = ", ".join(f"{kind} {size:.0f}" for kind, size in sorted(sample.items()))
            print(f"browser {name}: {sum(sample.values()):.0f} MB ({kinds})")


def write_photograph(path: Path, megapixels: float) -> None:
    """A JPEG of so many megapixels, 4:3."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    path.write_bytes(next(jpeg_photographs(1, (height * 4 // 3, height))))


def watch(visit: Visit, event: str, change: str, point: tuple[float, float] = (0.5, 0.6)) -> None:
    """Begin to measure from the next `event` to a change: the "pixel" at a point, the middle "row", or "behind"."""
    visit.page.evaluate(f"(args) => {{ window.measured = ({WATCH})(args); }}", [event, list(point), change])


def measured_ms(visit: Visit) -> float:
    """What the last watch has measured."""
    duration: float = visit.page.evaluate("window.measured")
    return duration


class Durations:
    """Times to a change, and what they took of the main thread."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._thread = visit, MainThread(visit)
        self._times: list[float] = []
        self._work: list[float] = []

    def measure(
        self, act: Callable[[], object], event: str, change: str, point: tuple[float, float] = (0.5, 0.6)
    ) -> None:
        """Do something, and wait until its change and all that follows are there."""
        watch(self._visit, event, change, point)
        before = self._thread.milliseconds()
        act()
        self._times.append(measured_ms(self._visit))
        self._work.append(self._thread.milliseconds() - before)
        self._visit.settle()

    def __str__(self) -> str:
        times, work = (f"{min(values):.0f} to {max(values):.0f}" for values in (self._times, self._work))
        return f"{times} ms (processor {work})"


def measure_marks(visit: Visit, report: Report) -> None:
    """Strokes and undo, from the event to the change; and the server's answer to a click."""
    page, strokes, undos = visit.page, Durations(visit), Durations(visit)
    page.get_by_role("button", name="Remove", exact=True).first.click()
    page.get_by_role("button", name="Brush").click()
    page.locator("#composed").wait_for()
    report.add_row("brush taken up", "")
    for number in range(ROUNDS):
        point = (0.4 + 0.04 * number, 0.6)
        strokes.measure(partial(visit.draw, point, (0.6, 0.8)), "pointerdown", "pixel", point)
        undos.measure(page.get_by_role("button", name="Undo").click, "click", "pixel", point)
    report.add_row(f"{ROUNDS} strokes, to the change", str(strokes))
    report.add_row(f"{ROUNDS} times undo, to the change", str(undos))
    page.get_by_role("button", name="Smart select").click()
    started_at = time.perf_counter()
    visit.draw((0.5, 0.7))
    visit.settle()
    report.add_row("a click, to the server's answer", f"{time.perf_counter() - started_at:.1f} s")
    page.get_by_role("button", name="Compare", exact=True).click()


def measure_settings(visit: Visit, report: Report) -> None:
    """Changes that the page composes, and their undo, from the event to the change."""
    page = visit.page
    for name, field, values, change in (
        ("background", "", ("Mint", "White", "Slate"), "behind"),
        ("crop", "margin", ("10", "20", "30"), "row"),
        ("background of a crop", "", ("Sky", "White", "Evening"), "behind"),
        ("outline and crop", "outline", ("10", "20", "30"), "row"),
        ("rotation, outline and crop", "rotate", ("10", "20", "30"), "row"),
    ):
        changes, undos = Durations(visit), Durations(visit)
        for value in values:
            choose = partial(visit.choose, f"[name={field}]", value) if field else partial(visit.paint, value)
            changes.measure(choose, "input", change)
            page.locator("#controls").dispatch_event("change")  # the next one is a step of its own
        for _ in values[1:]:
            undos.measure(page.get_by_role("button", name="Undo").click, "click", change)
        report.add_row(f"{name}, to the change", str(changes))
        report.add_row(f"{name}, undo", str(undos))
        if name == "background":
            page.locator("[name=crop]").evaluate("e => e.click()")
            page.locator("#composed").wait_for()
            visit.settle()


def measure_first_cutouts(visit: Visit, report: Report, photograph: Path, megabits: float) -> None:
    """The browser's own cutout, with and without runtime and weights in its cache.

    The upload is held until it is there, because the server, which is another computer then, has the same processors
    here. What the worker fetches on a first visit is not counted: it is reported beside.
    """
    page, processes = visit.page, ProcessorTime(visit.context.browser)
    if not page.evaluate("loadModule('device_network.js').then((module) => module.canCutHere())"):
        print("| the browser's own cutout: mattebox-page is not installed | | | |")
        return
    page.evaluate("localStorage.setItem('mattebox-device', 'first')")
    network = load_network()
    assert network is not None
    fetched = len(network.weights) + sum(len(network.compressed_by_name[name]) for name in RUNTIME_FILES["wasm"])
    print(f"| runtime and weights on a first visit: at this rate {8e-6 * fetched / megabits:.1f} s | | | {fetched:,} |")
    for name in ("on a first visit", "with runtime and weights in the cache"):
        page.reload()
        visit.choose("select[name=model]", "fast")
        page.evaluate("loadModule('device_network.js').then((module) => void module.warmUp())")  # as "Choose" does
        page.wait_for_timeout(CHOOSING_MS)
        page.evaluate(HOLD_UPLOADS)
        started_at = time.perf_counter()
        work_before = processes.seconds()
        page.set_input_files("#files", photograph)
        page.evaluate(FIRST_CUTOUT)
        seconds, work = time.perf_counter() - started_at, processes.seconds() - work_before
        page.evaluate(FINER_CUTOUT)
        finer = time.perf_counter() - started_at
        page.evaluate("release()")
        page.locator(DONE).wait_for()
        times = f"{seconds:.2f} s ({work:.2f} of a processor), the finer one {finer:.1f} s"
        report.add_row(f"the browser's own cutout, {name}; bytes with the server's", times)
        page.locator("#strip .face").press("Delete")
        page.wait_for_timeout(ERASING_MS)
    page.evaluate("localStorage.removeItem('mattebox-device')")
    page.reload()
    visit.choose("select[name=model]", "fast")


def main() -> None:
    options = argument_parser(__doc__, megapixels=12.0, megabits=10.0, photographs=1).parse_args()
    with tempfile.TemporaryDirectory() as folder, start_browser() as browser:
        photograph = Path(folder) / "photograph.jpg"
        write_photograph(photograph, options.megapixels)
        size = photograph.stat().st_size
        if options.photographs > 1:
            with start_server(Path(folder)) as url:
                measure_many(browser, f"{url}/", photograph, options.photographs)
            return
        print(f"{options.megapixels:g} MP, {size:,} bytes, {options.megabits:g} Mbit/s, {LATENCY_MS} ms latency\n")
        with start_server(Path(folder)) as url, Visit(browser, f"{url}/", reduced_motion="reduce") as visit:
            visit.page.set_default_timeout(WAIT_MS)
            report = Report(Traffic(visit, options.megabits))
            measure_first_cutouts(visit, report, photograph, options.megabits)
            started_at = time.perf_counter()
            visit.page.set_input_files("#files", photograph)
            visit.page.locator(DONE).wait_for()
            report.add_row("first cutout", f"{time.perf_counter() - started_at:.1f} s")
            measure_marks(visit, report)
            measure_settings(visit, report)
            for name in (
                "margin",
                "outline",
                "rotate",
            ):  # what surrounds 12 megapixels would be more than the server makes
                visit.choose(f"[name={name}]", "0")
            visit.settle()
            started_at = time.perf_counter()
            visit.downloaded()
            report.add_row("download in full size", f"{time.perf_counter() - started_at:.1f} s")


if __name__ == "__main__":
    main()
