"""The checkout's virtual environment, built from a hash-locked list of packages and rebuilt when that list changes.

The other scripts call `prepare`, `tool_path` and `run`. Only the standard library is used, and the syntax is old enough
for an old Python to reach the message that it is too old.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

MIN_PYTHON = (3, 11)
LOCK_NAMES = ("demo", "dev")  # each contains all packages of the one before, at the same versions
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PAGE_NETWORK = ROOT / "mattebox-page"
IS_WINDOWS = os.name == "nt"


def tool_path(name):
    """The path of a program inside the environment."""
    return str(VENV / ("Scripts" if IS_WINDOWS else "bin") / (name + (".exe" if IS_WINDOWS else "")))


def run(*command):
    """Run a command to its end and return its exit code; Ctrl-C ends both without a traceback."""
    try:
        return subprocess.call(command)
    except KeyboardInterrupt:
        return 130


def prepare(lock_name):
    """Install requirements/LOCK_NAME.lock and the project, unless the environment is up to date."""
    if any(_is_current(name) for name in LOCK_NAMES[LOCK_NAMES.index(lock_name) :]):
        return
    _check_python_version()
    print(f"setting up {VENV} from requirements/{lock_name}.lock (once; this can take a minute) ...", file=sys.stderr)
    _create_venv()
    for name in LOCK_NAMES:
        if _stamp_path(name).is_file():
            _stamp_path(name).unlink()
    _install("--require-hashes", "-r", str(_lock_path(lock_name)))
    _install("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    if lock_name == "dev":
        _install_page_network()
    _stamp_path(lock_name).write_text(_digest(lock_name))


def _is_current(lock_name):
    stamp = _stamp_path(lock_name)
    return stamp.is_file() and stamp.read_text() == _digest(lock_name)


def _check_python_version():
    if sys.version_info < MIN_PYTHON:
        version = ".".join(map(str, sys.version_info[:2]))
        _fail(
            f"mattebox needs Python 3.11 or newer and this is {version}; start the script with a newer one, "
            f"for example: python3.12 {sys.argv[0]}"
        )


def _create_venv():
    python = tool_path("python")
    if not os.path.exists(python):
        try:
            import ensurepip  # noqa: F401
        except ImportError:
            _fail(
                "this Python cannot create virtual environments; install its venv module, "
                "for example: apt install python3-venv"
            )
        _run_or_fail("the virtual environment could not be created", sys.executable, "-m", "venv", str(VENV))
    elif subprocess.call([python, "-c", "import pip"], stderr=subprocess.DEVNULL):
        _run_or_fail("pip could not be added to .venv; remove that folder and try again", python, "-m", "ensurepip")


def _install(*arguments):
    _run_or_fail("the packages could not be installed; is the package index reachable?", *_pip_command(*arguments))


def _install_page_network():
    """The page's network for the browser, whose build fetches from the npm registry; its tests are skipped without."""
    install = _pip_command("--no-deps", "--no-build-isolation", "-e", str(PAGE_NETWORK))
    if subprocess.call(install, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        print(
            "mattebox-page could not be built (is the npm registry reachable?): the tests that need it will be "
            "skipped; again by: .venv/bin/pip install --no-deps --no-build-isolation -e mattebox-page",
            file=sys.stderr,
        )


def _pip_command(*arguments):
    pip = (tool_path("python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "-qq", "install")
    return (*pip, *arguments)


def _run_or_fail(message, *command):
    code = run(*command)
    if code:
        _fail(message, code)


def _fail(message, code=1):
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    sys.exit(code)


def _lock_path(name):
    return ROOT / "requirements" / (name + ".lock")


def _stamp_path(name):
    return VENV / (name + ".stamp")


def _digest(lock_name):
    """Hash of all that the environment depends on: the lock, the project, the Python, and the checkout's path."""
    digest = hashlib.sha256(str(ROOT).encode())
    for file in (
        _lock_path(lock_name),
        ROOT / "pyproject.toml",
        ROOT / "src/mattebox/_version.py",
        PAGE_NETWORK / "pyproject.toml",
        PAGE_NETWORK / "runtime_archive.py",
        VENV / "pyvenv.cfg",
    ):
        digest.update(file.read_bytes())
    return digest.hexdigest()
