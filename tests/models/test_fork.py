"""Forked child processes: they cut out with networks of their own, and end; sessions travel to process pools."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from mattebox.core.lru_cache import LruCache
from mattebox.errors import ModelError
from mattebox.models.matte_session import Session
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Picture

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

PARENT = """
import os, sys
import mattebox as mb
import numpy as np
from mattebox.models import result_cache
picture = np.zeros((120, 160, 3), np.uint8)
picture[30:90, 40:120] = (220, 60, 20)
mb.cut(picture, edges="network")
def end_child(action):
    pid = os.fork()
    if pid == 0:
        action()
        sys.exit(7)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
def cut_in_child():
    result_cache.shared_cache = result_cache.ResultCache()
    print("cut", mb.cut(picture, edges="network").picture.shape, end=" ")
end_child(lambda: None)
end_child(cut_in_child)
"""


@needs_fork
def test_a_forked_child_ends_and_can_cut() -> None:
    done = subprocess.run([sys.executable, "-c", PARENT], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["7", "cut (120, 160) 7"]


@needs_fork
def test_a_lock_of_another_thread_is_open_in_the_child() -> None:
    cache: LruCache[int] = LruCache(2)
    gate = threading.Event()
    thread = threading.Thread(target=lambda: cache.get_or_create("slow", lambda: int(gate.wait())))
    thread.start()
    while not cache._lock.locked():
        pass
    pid = os.fork()
    if pid == 0:
        os._exit(cache.get_or_create("quick", lambda: 5))
    gate.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5


@needs_fork
def test_a_kernel_starts_again_in_the_child() -> None:
    name = sorted(path.stem for path in onnx_runtime.KERNELS_FOLDER.glob("*.onnx"))[0]
    session = onnx_runtime.kernel_session(name, 1)
    names = [i.name for i in session.get_inputs()]
    pid = os.fork()
    if pid == 0:
        os._exit(5 if session._session is None and [i.name for i in session.get_inputs()] == names else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    assert session._session is not None


def test_a_pickled_session_gives_the_same_matte(astronaut: Picture) -> None:
    session = Session.open("fast", "cpu", 1)
    content = pickle.dumps(session)
    assert len(content) < 20_000  # the card, not the weights
    first, second = pickle.loads(content), pickle.loads(content)
    assert first._network is second._network  # started once
    assert first.card == session.card
    np.testing.assert_array_equal(first.predict_alpha(astronaut), session.predict_alpha(astronaut))


def test_a_session_goes_to_a_process_pool(astronaut: Picture) -> None:
    session = Session.open_lazily("fast", "cpu", 1).with_input_scale(0.5)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        alpha = pool.submit(session.predict_alpha, astronaut).result(timeout=50)
    np.testing.assert_array_equal(alpha, session.predict_alpha(astronaut))


def test_a_pickled_session_keeps_to_its_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    import msgspec

    card = Session.open_lazily("fast", "cpu").card
    licence = msgspec.structs.replace(card.licence, commercial=False)
    content = pickle.dumps(Session.open_lazily(msgspec.structs.replace(card, licence=licence), "cpu"))
    monkeypatch.setenv("MATTEBOX_COMMERCIAL", "1")
    with pytest.raises(ModelError, match="commercially"):
        pickle.loads(content)
