"""Diagnosis of an installation: packages, libraries, devices, memory, home folder, settings and weights.

Each check is a function that yields findings and changes nothing. Imports at the top are of the standard library and of
this package only, so that it runs where a dependency is missing.
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
from mattebox.models.runtime.devices import INSTALL_HINTS, PROVIDERS, device_name, select_provider
from mattebox.models.store import settings

RUNTIME_PACKAGE_PATTERN = re.compile(r"onnxruntime(-(gpu|directml|openvino|silicon|training|qnn|rocm|migraphx|azure))?")
IMPORT_NAMES = {"pillow": "PIL"}  # package -> module, where they differ
MIN_FREE_MEMORY_BYTES = 400_000_000  # for a photograph of 12 megapixels
MIN_FREE_DISK_BYTES = 1_000_000_000  # for a large model
PROBE_KERNEL = "decide"  # the pixel kernel that each device is tried with


@dataclass(frozen=True)
class Diagnostic:
    """One finding.

    Attributes
    ----------
    check : str
        Name of the check.
    level : str
        good, note (worth knowing) or bad (something will fail).
    says : str
        What was found.
    mend : str
        The command, or what else to do, that fixes it.
    """

    check: str
    level: Literal["good", "note", "bad"]
    says: str
    mend: str = ""


def run_checks() -> Iterator[Diagnostic]:
    """Run all checks; yields their findings one after another. A check that fails is itself a finding."""
    for check in CHECKS:
        name = check.__name__.removeprefix("check_")
        try:
            yield from check()
        except MatteboxError as error:
            yield Diagnostic(name, "bad", error.problem, error.remedy)
        except ImportError as error:
            yield Diagnostic(name, "bad", f"cannot be examined ({error})", "fix the libraries first")


def check_packages() -> Iterator[Diagnostic]:
    """Just one build of onnxruntime is installed: several overwrite each other's files, and the slower may win."""
    names = {d.metadata["Name"].lower() for d in metadata.distributions() if d.metadata["Name"]}
    builds = sorted(name for name in names if RUNTIME_PACKAGE_PATTERN.fullmatch(name))
    if len(builds) > 1:
        preferred = next(name for name in reversed(builds) if name != "onnxruntime")
        yield Diagnostic(
            "packages", "bad", f"{' and '.join(builds)} are installed over each other",
            f"pip uninstall -y {' '.join(builds)} && pip install {preferred}",
        )  # fmt: skip
    elif builds:
        yield Diagnostic("packages", "good", f"{builds[0]} {metadata.version(builds[0])}, and no other build of it")
    else:
        yield Diagnostic("packages", "bad", "onnxruntime is not installed", "pip install onnxruntime")


def check_libraries() -> Iterator[Diagnostic]:
    """All required packages can be imported, with the system libraries that they need."""
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
    """Each device that the runtime lists really starts; an NVIDIA card that it cannot use is worth a note."""
    import onnxruntime

    from mattebox.models.runtime import onnx_runtime

    available = onnxruntime.get_available_providers()
    probe = (onnx_runtime.KERNELS_FOLDER / f"{PROBE_KERNEL}.onnx").read_bytes()
    for name, provider in PROVIDERS.items():
        if provider not in available:
            continue
        try:
            onnx_runtime.create_session(probe, "the probe", name, 1)
        except MatteboxError as error:
            yield Diagnostic(
                "devices", "bad", f"{name} is listed and does not start: {error.problem}", INSTALL_HINTS[name]
            )
        else:
            yield Diagnostic("devices", "good", f"{name} starts")
    yield Diagnostic("devices", "good", f"--device auto takes {device_name(select_provider('auto')[0])}")
    if PROVIDERS["cuda"] not in available and has_nvidia_driver():
        yield Diagnostic(
            "devices", "note", "there is an NVIDIA card, and the onnxruntime installed cannot use it",
            "pip uninstall -y onnxruntime && pip install onnxruntime-gpu",
        )  # fmt: skip


def check_memory() -> Iterator[Diagnostic]:
    """Enough memory is free for a large photograph."""
    free = free_memory_bytes()
    if free is None:
        yield Diagnostic("memory", "note", "this system does not say how much memory is free")
    elif free < MIN_FREE_MEMORY_BYTES:
        yield Diagnostic(
            "memory", "bad",
            f"{free / 1e6:.0f} MB of memory are free; a large photograph may need {MIN_FREE_MEMORY_BYTES / 1e6:.0f}",
            "close other programs, or raise the container's limit",
        )  # fmt: skip
    else:
        yield Diagnostic("memory", "good", f"{free / 1e9:.1f} GB of memory are free")


def check_home() -> Iterator[Diagnostic]:
    """Models can be stored: the home folder, or the one it will be created in, can be written to."""
    folder = settings.home_folder()
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
        yield Diagnostic(
            "home", "bad", f"{existing}: models cannot be stored there",
            f"set {settings.HOME_VARIABLE} to a folder you may write to",
        )  # fmt: skip
        return
    space = shutil.disk_usage(existing).free
    if space < MIN_FREE_DISK_BYTES:
        yield Diagnostic(
            "home", "note",
            f"{folder}: only {space / 1e6:.0f} MB are free, and large models need {MIN_FREE_DISK_BYTES / 1e6:.0f}",
            f"free some space, or set {settings.HOME_VARIABLE} to a folder on another disk",
        )  # fmt: skip
    else:
        yield Diagnostic("home", "good", f"{folder} can be written to, {space / 1e9:.0f} GB free")


def check_environment() -> Iterator[Diagnostic]:
    """The environment variables are understood; those that are set are worth a note."""
    settings.is_offline()
    settings.is_commercial_only()
    settings.max_cache_bytes()
    variables = [f"{name}={os.environ[name]}" for name in settings.REPORTED_VARIABLES if os.environ.get(name)]
    if variables:
        yield Diagnostic("environment", "note", f"in force: {', '.join(variables)}")


def check_weights() -> Iterator[Diagnostic]:
    """All installed weights are what their cards say; unfinished downloads are worth a note."""
    from mattebox.models.cards import registry
    from mattebox.models.store import weight_files, weight_store

    verified_count = 0
    for card in registry.all_cards().values():
        if weight_files.partial_path(weight_files.weights_path(card)).exists():
            yield Diagnostic(
                "weights", "note", f"the pull of {card.name} is unfinished", f"mattebox models pull {card.name}"
            )
        if not weight_files.is_installed(card):
            continue
        try:
            weight_store.verify_weights(card)
        except MatteboxError as error:
            yield Diagnostic("weights", "bad", error.problem, error.remedy)
        else:
            verified_count += 1
    yield Diagnostic("weights", "good", f"{verified_count} model{'s' * (verified_count != 1)} verified")


CHECKS: tuple[Callable[[], Iterator[Diagnostic]], ...] = (
    check_packages, check_libraries, check_devices, check_memory, check_home, check_environment, check_weights,
)  # fmt: skip


def required_packages() -> list[str]:
    """Names of the packages that the base install requires."""
    requirements = metadata.requires("mattebox") or []
    return [re.split(r"[^\w.-]", line)[0].lower() for line in requirements if "extra ==" not in line]


def has_nvidia_driver() -> bool:
    """Whether the driver of an NVIDIA card is here."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def free_memory_bytes() -> int | None:
    """Free memory of the machine and within the container's limit; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        machine_bytes = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None
    cgroup = Path("/sys/fs/cgroup")
    try:
        limit, used = (cgroup / "memory.max").read_text().strip(), int((cgroup / "memory.current").read_text())
    except (OSError, ValueError):
        return machine_bytes
    return machine_bytes if limit == "max" else min(machine_bytes, max(0, int(limit) - used))


def _library_remedy(name: str, reason: str) -> str:
    """For a missing system library the package that has it, for all else a reinstallation by pip."""
    missing = re.search(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object", reason)
    if missing:
        return f"install the system's package that holds {missing[1]} (apt-file search {missing[1]})"
    return f"pip install --force-reinstall {name}"
