"""The process for words as the server sees it: started with the first call, killed when it takes too long, replaced
when it has ended."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Any

import msgspec

from mattebox.errors import MatteboxError
from mattebox.server.event_log import EventLog
from mattebox.server.fair_turns import FairTurns
from mattebox.server.http.problems import Problem
from mattebox.server.words.messages import WordsAnswer, WordsCall
from mattebox.server.workers.child_exit import wait_for_exit

COMMAND = (sys.executable, "-m", "mattebox.server.words.words_worker")
START_SECONDS = 120.0  # that it may take to build a lexicon
MAX_LINE_BYTES = 1 << 25
RETRY_SECONDS = 5
ATTEMPTS = 2  # at a call by which the process dies: it may be innocent


class WordsTimeout(MatteboxError):
    """Words were not read in time."""

    code = "took_too_long"
    retry_after = RETRY_SECONDS


class WordsProcessLost(MatteboxError):
    """The process died, twice, or did not start."""

    code = "worker_lost"
    retry_after = RETRY_SECONDS


class WordsProcess:
    """One process, which callers use by turns.

    Parameters
    ----------
    max_seconds
        That it may take to read one request.
    log
        Where faults in the process are logged.
    """

    def __init__(self, max_seconds: float, log: EventLog) -> None:
        self._max_seconds, self._log, self._turns = max_seconds, log, FairTurns()
        self._process: asyncio.subprocess.Process | None = None
        self._is_closed = False

    async def run(self, caller: str, call: WordsCall) -> Any:
        """The result of a call, when its caller's turn comes.

        Raises
        ------
        Problem
            The process refuses it: the words are not understood, or can mean several things.
        WordsTimeout, WordsProcessLost
            It takes too long, or the process dies of it.
        """
        answer = await self._turns.run(caller, lambda: self._exchange(msgspec.json.encode(call) + b"\n"))
        if answer.error is None:
            return answer.result
        if "trace" in answer.error:
            fields = {"kind": answer.error["kind"], "trace": answer.error["trace"]}
            self._log.log_event("internal error", "error", process="words", **fields)
        raise Problem.from_worker(answer.error)

    async def close(self) -> None:
        """Kill the process; no other one is started."""
        self._is_closed = True
        await self._kill()

    async def _exchange(self, line: bytes) -> WordsAnswer:
        """Send a call and receive its answer, from a second process where the first one has died."""
        for _ in range(ATTEMPTS):
            process = await self._running_process()
            assert process.stdin is not None
            try:
                async with asyncio.timeout(self._max_seconds):
                    process.stdin.write(line)
                    await process.stdin.drain()
                    return await self._receive(process)
            except TimeoutError:
                await self._kill()
                problem = f"the words took more than {self._max_seconds:g} s to read"
                raise WordsTimeout(problem, "say it in fewer words, or with fields") from None
            except (EOFError, OSError):
                ended = await wait_for_exit(process)
                await self._kill()
                self._log.log_event("process lost", "error", process="words", reason=ended.event, remedy=ended.remedy)
        raise WordsProcessLost("the words were too much for the process that reads them", "say it in fewer words")

    async def _running_process(self) -> asyncio.subprocess.Process:
        """The process, started if there is none. WordsProcessLost."""
        problem, remedy = "the process that reads words does not start", f"try again in {RETRY_SECONDS} s"
        if self._process is not None and self._process.returncode is not None:
            await self._kill()
        if self._is_closed:
            raise WordsProcessLost(problem, remedy)
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=MAX_LINE_BYTES
            )
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._receive(self._process)
            except TimeoutError:
                await self._kill()
                raise WordsProcessLost(problem, remedy) from None
            except (EOFError, OSError):
                ended = await wait_for_exit(self._process)
                await self._kill()
                self._log.log_event("process lost", "error", process="words", reason=ended.event, remedy=ended.remedy)
                raise WordsProcessLost(f"{problem}: it {ended.event}", remedy) from None
        return self._process

    async def _receive(self, process: asyncio.subprocess.Process) -> WordsAnswer:
        assert process.stdout is not None
        return msgspec.json.decode(await process.stdout.readuntil(), type=WordsAnswer)

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
