"""What is wrong with this installation, and the command that mends each: packages, libraries, devices, memory, home,
weights. Every check is a function that yields findings; nothing is changed. Stands on nothing that may be missing,
and knows nothing of how findings are shown.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Literal

from mattebox.errors import MatteboxError
from mattebox.models.runtime.devices import INSTALL_HINTS, PROVIDERS, device_name
from mattebox.models.runtime.devices import select_provider as best
from mattebox.models.store import settings

RUNTIME_PACKAGE_PATTERN = re.compile(r"onnxruntime(-(gpu|directml|openvino|silicon|training|qnn|rocm|migraphx|azure))?")
IMPORT_NAMES = {"pillow": "PIL"}  # where the package and its module differ in name
MIN_FREE_MEMORY_BYTES = 400_000_000  # bytes that a photograph of 12 megapixels may need
MIN_FREE_DISK_BYTES = 1_000_000_000  # bytes that a large model needs


@dataclass(frozen=True)
class Diagnostic:
    """`level`: good, note (worth knowing) or bad (something will fail). `mend`: the command or deed that ends it."""

    check: str
    level: Literal["good", "note", "bad"]
    says: str
    mend: str = ""


def run_checks() -> Iterator[Diagnostic]:
    """All findings, one after another. A check that breaks is itself a finding."""
    for check in CHECKS:
        try:
            yield from check()
        except MatteboxError as error:
            yield Diagnostic(check.__name__.removeprefix("check_"), "bad", error.problem, error.remedy)
        except ImportError as error:
            yield Diagnostic(
                check.__name__.removeprefix("check_"),
                "bad",
                f"cannot be examined ({error})",
                "mend the libraries first",
            )


def check_packages() -> Iterator[Diagnostic]:
    """One build of onnxruntime: two of them overwrite each other's files, and the slower may win."""
    names = {d.metadata["Name"].lower() for d in metadata.distributions() if d.metadata["Name"]}
    builds = sorted(name for name in names if RUNTIME_PACKAGE_PATTERN.fullmatch(name))
    if len(builds) > 1:
        wanted = next(name for name in reversed(builds) if name != "onnxruntime")
        yield Diagnostic(
            "packages", "bad", f"{' and '.join(builds)} are installed over each other",
            f"pip uninstall -y {' '.join(builds)} && pip install {wanted}",
        )  # fmt: skip
    elif builds:
        yield Diagnostic("packages", "good", f"{builds[0]} {metadata.version(builds[0])}, and no other build of it")
    else:
        yield Diagnostic("packages", "bad", "onnxruntime is not installed", "pip install onnxruntime")


def check_libraries() -> Iterator[Diagnostic]:
    """Everything we need can be loaded, with the system's libraries that it needs in turn."""
    loaded = []
    for name in required_packages():
        try:
            import_module(IMPORT_NAMES.get(name, name))
        except Exception as error:  # noqa: BLE001  a broken package may raise anything
            reason = " ".join(str(error).split())[:200]
            yield Diagnostic("libraries", "bad", f"{name} cannot be loaded ({reason})", _library_remedy(name, reason))
        else:
            loaded.append(name)
    yield Diagnostic("libraries", "good", f"{', '.join(loaded)} load")


def check_devices() -> Iterator[Diagnostic]:
    """Each device that the runtime lists really starts; a graphics card that it does not list is worth a note."""
    import onnxruntime

    from mattebox.models.runtime import onnx_runtime

    there = onnxruntime.get_available_providers()
    probe = (onnx_runtime.KERNELS_FOLDER / "decide.onnx").read_bytes()
    for name, provider in PROVIDERS.items():
        if provider not in there:
            continue
        try:
            onnx_runtime.create_session(probe, "the probe", name, 1)
        except MatteboxError as error:
            yield Diagnostic(
                "devices", "bad", f"{name} is listed and does not start: {error.problem}", INSTALL_HINTS[name]
            )
        else:
            yield Diagnostic("devices", "good", f"{name} starts")
    yield Diagnostic("devices", "good", f"--device auto takes {device_name(best('auto')[0])}")
    if PROVIDERS["cuda"] not in there and has_nvidia_driver():
        yield Diagnostic(
            "devices", "note", "there is an NVIDIA card, and the onnxruntime installed cannot use it",
            "pip uninstall -y onnxruntime && pip install onnxruntime-gpu",
        )  # fmt: skip


def check_memory() -> Iterator[Diagnostic]:
    free = free_memory_bytes()
    if free is None:
        yield Diagnostic("memory", "note", "this system does not say how much memory is free")
    elif free < MIN_FREE_MEMORY_BYTES:
        yield Diagnostic(
            "memory", "bad", f"{free / 1e6:.0f} MB of memory are free; a large photograph may need {MIN_FREE_MEMORY_BYTES / 1e6:.0f}",
            "close other programs, or raise the container's limit",
        )  # fmt: skip
    else:
        yield Diagnostic("memory", "good", f"{free / 1e9:.1f} GB of memory are free")


def check_home() -> Iterator[Diagnostic]:
    """Models can be kept: the home, or the folder it will be made in, can be written to."""
    folder = settings.home_folder()
    there = next(p for p in (folder, *folder.parents) if p.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        yield Diagnostic(
            "home",
            "bad",
            f"{there}: models cannot be kept there",
            f"set {settings.HOME_VARIABLE} to a folder you may write to",
        )
        return
    space = shutil.disk_usage(there).free
    if space < MIN_FREE_DISK_BYTES:
        yield Diagnostic(
            "home", "note", f"{folder}: only {space / 1e6:.0f} MB are free, and large models need {MIN_FREE_DISK_BYTES / 1e6:.0f}",
            f"free some space, or set {settings.HOME_VARIABLE} to a folder on another disk",
        )  # fmt: skip
    else:
        yield Diagnostic("home", "good", f"{folder} can be written to, {space / 1e9:.0f} GB free")


def check_environment() -> Iterator[Diagnostic]:
    """What the environment forbids or redirects, and whether it can be understood."""
    settings.is_offline()
    settings.is_commercial_only()
    settings.max_cache_bytes()
    said = [f"{name}={os.environ[name]}" for name in settings.REPORTED_VARIABLES if os.environ.get(name)]
    if said:
        yield Diagnostic("environment", "note", f"in force: {', '.join(said)}")


def check_weights() -> Iterator[Diagnostic]:
    """All weights that are here are what their cards say; pulls that did not end are named."""
    from mattebox.models.cards import registry
    from mattebox.models.store import weight_store

    good = 0
    for card in registry.all_cards().values():
        if weight_store.partial_path(weight_store.weights_path(card)).exists():
            yield Diagnostic(
                "weights", "note", f"the pull of {card.name} is unfinished", f"mattebox models pull {card.name}"
            )
        if not weight_store.is_installed(card):
            continue
        try:
            weight_store.verify_weights(card)
        except MatteboxError as error:
            yield Diagnostic("weights", "bad", error.problem, error.remedy)
        else:
            good += 1
    yield Diagnostic("weights", "good", f"{good} model{'s' * (good != 1)} verified")


CHECKS: tuple[Callable[[], Iterator[Diagnostic]], ...] = (
    check_packages, check_libraries, check_devices, check_memory, check_home, check_environment, check_weights,
)  # fmt: skip


def required_packages() -> list[str]:
    """The packages that the base install needs, as our own metadata says."""
    said = metadata.requires("mattebox") or []
    return [re.split(r"[^\w.-]", line)[0].lower() for line in said if "extra ==" not in line]


def has_nvidia_driver() -> bool:
    """Is there a card whose driver is loaded?"""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def free_memory_bytes() -> int | None:
    """Bytes that may still be taken, by this machine and by this container; None where nobody says."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        machine = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = (group / "memory.max").read_text().strip(), int((group / "memory.current").read_text())
    except (OSError, ValueError):
        return machine
    return machine if limit == "max" else min(machine, max(0, int(limit) - used))


def _library_remedy(name: str, reason: str) -> str:
    """A missing library of the system is the system's to install; all else is pip's."""
    missing = re.search(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object", reason)
    if missing:
        return f"install the system's package that holds {missing[1]} (apt-file search {missing[1]})"
    return f"pip install --force-reinstall {name}"
