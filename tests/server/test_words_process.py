"""The process for words: replaced when it dies, killed when it takes too long, and not a part of the server's own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mattebox.server.event_log import EventLog
from mattebox.server.http.problems import Problem, retry_headers
from mattebox.server.settings import Settings
from mattebox.server.words import words_process
from mattebox.server.words.messages import ListPhrases, ReadPlan
from mattebox.server.words.words_process import WordsProcess, WordsProcessLost, WordsTimeout
from mattebox.server.words.words_worker import answer_line
from tests.waiting import wait_until

WARMER = ReadPlan("warmer", None, "en")
DYING = "import sys; print('{}', flush=True); sys.stdin.readline()"
SILENT = "import sys, time; print('{}', flush=True); time.sleep(1000)"


@pytest.fixture(autouse=True, scope="module")
def lexicon_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Lexicons are built once for all processes of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MATTEBOX_CACHE", raising=False)
        patch.setenv("MATTEBOX_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def run(test: Callable[[WordsProcess], Awaitable[None]], max_seconds: float = 60.0) -> None:
    async def main() -> None:
        process = WordsProcess(max_seconds, EventLog("off"))
        try:
            await test(process)
        finally:
            await process.close()

    asyncio.run(main())


def test_a_process_that_has_died_is_replaced() -> None:
    async def test(words: WordsProcess) -> None:
        first = await words.run("me", WARMER)
        assert words._process is not None
        process_id = words._process.pid
        os.kill(process_id, signal.SIGKILL)
        assert await words.run("me", WARMER) == first
        assert words._process.pid != process_id

    run(test)


def test_words_that_kill_every_process_are_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_process, "COMMAND", (sys.executable, "-c", DYING))

    async def test(words: WordsProcess) -> None:
        with pytest.raises(WordsProcessLost, match="fewer words") as lost:
            await words.run("me", WARMER)
        assert retry_headers(lost.value) == {"Retry-After": "5"}
        assert words._process is None

    run(test)


def test_words_that_take_too_long_lose_their_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_process, "COMMAND", (sys.executable, "-c", SILENT))

    async def test(words: WordsProcess) -> None:
        with pytest.raises(WordsTimeout, match=r"more than 0\.1 s"):
            await words.run("me", WARMER)
        assert words._process is None

    run(test, max_seconds=0.1)


def test_a_process_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_process, "COMMAND", (sys.executable, "-c", ""))

    async def test(words: WordsProcess) -> None:
        with pytest.raises(WordsProcessLost, match="does not start: it ended with exit status 0"):
            await words.run("me", WARMER)

    run(test)


def test_a_caller_that_goes_does_not_take_another_ones_answer() -> None:
    async def test(words: WordsProcess) -> None:
        await words.run("me", WARMER)
        for turns in range(12):
            gone = asyncio.create_task(words.run("gone", ReadPlan("white background", None, "en")))
            for _ in range(turns):
                await asyncio.sleep(0)
            gone.cancel()
            answer = await words.run("me", WARMER)
            assert [reading["text"] for reading in answer["plan"]["readings"]] == ["warmer"]

    run(test)


def test_what_is_refused_is_a_problem_and_a_fault_of_ours_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    async def test(words: WordsProcess) -> None:
        words._log = EventLog("json")
        with pytest.raises(Problem) as refused:
            await words.run("me", ListPhrases("xx"))
        assert refused.value.status == 422
        with pytest.raises(Problem) as broken:
            await words.run("me", ReadPlan("warmer", {"steps": 3}, "en"))
        assert broken.value.status == 500

    run(test)
    assert "internal error" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell")
def test_the_memory_that_decides_on_its_end_is_the_processes_own() -> None:
    taken = bytearray(b"x") * 300_000_000
    code = "from mattebox.server.workers.child_process import peak_bytes; print(peak_bytes())"
    peak = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert 1_000_000 < peak < len(taken)


def test_lines_that_are_no_calls_are_answered() -> None:
    for line in (b"", b"{}", b'{"type":"ReadPlan"}', b'{"type":"ReadPlan","words":3,"base":null,"language":"en"}'):
        answer = answer_line(line)
        assert answer.error is not None
        assert answer.error["code"] == "internal"


def test_the_servers_own_process_loads_no_vocabulary() -> None:
    code = "import mattebox.server.app, sys; print([m for m in sys.modules if m.startswith('mattebox.language.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "vocabulary" in loaded  # the names of languages, for the API's document
    assert not {"plan", "lexicon", "lexicon_cache"} & {name.rpartition(".")[2] for name in eval(loaded)}


def test_the_process_ends_with_the_server(client: TestClient) -> None:
    from mattebox.server.app import create_app

    with TestClient(create_app(Settings(model="fast", workers=1))) as other:
        assert other.post("/v1/plans", json={"words": "warmer"}).status_code == 200
        process = other.app.state.mattebox.words._process  # type: ignore[attr-defined]
        assert Path(f"/proc/{process.pid}").exists() or sys.platform != "linux"
    wait_until(lambda: process.returncode is not None)
