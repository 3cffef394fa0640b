"""The checkout's own virtual environment, made and kept in step with a hash-locked list of packages.

The other scripts call `run` and `tool`. Needs nothing but the standard library and the package index; written so that
an old Python can read it as far as the message that it is too old. Knows nothing of what the scripts do.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
LOCKS = ("demo", "dev")  # each holds all of the one before, at the same versions
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"


def tool(name):
    """The path of a program inside the environment."""
    return str(VENV / ("Scripts" if WINDOWS else "bin") / (name + (".exe" if WINDOWS else "")))


def run(*command):
    """Run a command to its end and give its exit code; Ctrl-C ends both without a traceback."""
    try:
        return subprocess.call(command)
    except KeyboardInterrupt:
        return 130


def prepare(lock):
    """Make the environment hold requirements/LOCK.lock and the project, unless it does already."""
    if any(_stamp(name).is_file() and _stamp(name).read_text() == _digest(name) for name in LOCKS[LOCKS.index(lock) :]):
        return
    _refuse_old_python()
    print(f"setting up {VENV} from requirements/{lock}.lock (once; this can take a minute) ...", file=sys.stderr)
    _make()
    for name in LOCKS:
        if _stamp(name).is_file():
            _stamp(name).unlink()
    _install("--require-hashes", "-r", str(_lock(lock)))
    _install("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    _stamp(lock).write_text(_digest(lock))


def _refuse_old_python():
    if sys.version_info < OLDEST:
        have = ".".join(map(str, sys.version_info[:2]))
        _fail(
            f"mattebox needs Python 3.11 or newer and this is {have}; start the script with a newer one, "
            f"for example: python3.12 {sys.argv[0]}"
        )


def _make():
    if not os.path.exists(tool("python")):
        try:
            import ensurepip  # noqa: F401
        except ImportError:
            _fail(
                "this Python cannot make virtual environments; install its venv module, "
                "for example: apt install python3-venv"
            )
        _must("the virtual environment could not be made", sys.executable, "-m", "venv", str(VENV))
    elif subprocess.call([tool("python"), "-c", "import pip"], stderr=subprocess.DEVNULL):
        _must("pip could not be added to .venv; remove that folder and try again", tool("python"), "-m", "ensurepip")


def _install(*what):
    pip = (tool("python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "-qq", "install")
    _must("the packages could not be installed; is the package index within reach?", *pip, *what)


def _must(problem, *command):
    code = run(*command)
    if code:
        _fail(problem, code)


def _fail(message, code=1):
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    sys.exit(code)


def _lock(name):
    return ROOT / "requirements" / (name + ".lock")


def _stamp(name):
    return VENV / (name + ".stamp")


def _digest(lock):
    """What the environment was made from: the lock, the project, the Python, and where all that stands."""
    told = hashlib.sha256(str(ROOT).encode())
    for file in (_lock(lock), ROOT / "pyproject.toml", ROOT / "src/mattebox/_version.py", VENV / "pyvenv.cfg"):
        told.update(file.read_bytes())
    return told.hexdigest()
