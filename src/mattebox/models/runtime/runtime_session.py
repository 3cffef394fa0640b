"""Runtime sessions that survive a fork: a forked child abandons those of its parent and starts its own on demand.

The threads of a runtime do not exist in a forked child. There its sessions cannot be destroyed, and the destructors of
ONNX Runtime's library wait at exit for ever, for threads that it starts when it is imported. So the child keeps a
reference to each session that it never gives up, and leaves without the destructors of native libraries.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from mattebox.core import fork
from mattebox.models.runtime.interruption import interruption


class RuntimeSession:
    """A session of a runtime. Threads may share it.

    Parameters
    ----------
    start : callable
        Starts the session of ONNX Runtime or OpenVINO; called now, and again in a forked child that runs it.
    """

    def __init__(self, start: Callable[[], Any]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._session = start()
        fork.reset_in_forked_children(self)

    def get_inputs(self) -> Sequence[Any]:
        """Name, type and shape of each input."""
        inputs: Sequence[Any] = self._started_session().get_inputs()
        return inputs

    def get_outputs(self) -> Sequence[Any]:
        """Name, type and shape of each output."""
        outputs: Sequence[Any] = self._started_session().get_outputs()
        return outputs

    def get_providers(self) -> list[str]:
        """Names of the execution providers, the one in use first."""
        providers: list[str] = self._started_session().get_providers()
        return providers

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Run the graph; returns the named outputs, or all. RunInterrupted where another thread ends it."""
        with interruption.run_options() as options:
            outputs: list[NDArray[Any]] = self._started_session().run(output_names, input_feed, options)
        return outputs

    def reset_after_fork(self) -> None:
        """Abandon the parent's session, without destroying it."""
        _prevent_destruction(self._session)
        self._session, self._lock = None, threading.Lock()

    def _started_session(self) -> Any:
        session = self._session
        if session is None:
            with self._lock:
                if self._session is None:
                    self._session = self._start()
                session = self._session
        return session


def _skip_native_destructors() -> None:
    """In a forked child: end without the destructors of native libraries; the exit code stays, files are flushed."""
    if "onnxruntime" not in sys.modules or not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if not hasattr(library, "on_exit"):  # musl
        return
    # Run in reverse order and before the parent's handlers: C's files are flushed, then the process ends with its code.
    library.on_exit(ctypes.cast(library._exit, ctypes.c_void_p), None)
    library.__cxa_atexit(ctypes.cast(library.fflush, ctypes.c_void_p), None, None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_skip_native_destructors)


def _prevent_destruction(session: Any) -> None:
    """Add a reference that is never given up to a session and its native object."""
    for instance in (session, getattr(session, "_sess", None)):
        if instance is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(instance))
