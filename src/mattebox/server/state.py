"""What the routes share: settings, workers, callers and counters; and the one way to have a picture done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.requests import Request

from mattebox.io import header_check
from mattebox.io.url_fetch import fetch
from mattebox.server.api_keys import PICTURES
from mattebox.server.auth import Access
from mattebox.server.http.problems import Problem
from mattebox.server.http.upload_limits import Intake
from mattebox.server.job_service import Office
from mattebox.server.logging import Log
from mattebox.server.metrics import Counters
from mattebox.server.settings import Settings
from mattebox.server.tracing import Traces
from mattebox.server.usage import Usage
from mattebox.server.workers.worker_pool import Crew


@dataclass
class House:
    """The server's state. `ready` while pictures are taken; `leaving` from the first sign that it is to stop."""

    settings: Settings
    crew: Crew
    access: Access
    office: Office
    usage: Usage
    traces: Traces
    log: Log
    intake: Intake
    counters: Counters = field(default_factory=Counters)
    ready: bool = False
    leaving: bool = False
    in_hand: int = 0  # requests that are being answered, but for those that only look

    @classmethod
    def of(cls, settings: Settings) -> House:
        traces = Traces.from_environment()
        crew = Crew(settings, traces)
        access = Access.from_file(settings.keys)
        usage = Usage(settings.data_folder() / f"usage-{settings.machine}.sqlite" if access.asked_for else None)
        office, intake = Office(settings, crew, usage), Intake(settings.uploads)
        return cls(settings, crew, access, office, usage, traces, Log(settings.log), intake)

    def check_staying(self) -> None:
        """Problem 503 when the server is about to stop."""
        if self.leaving:
            raise Problem(503, "leaving", "the server is about to stop", "try again in a while", {"Retry-After": "5"})

    async def fetched(self, url: str) -> bytes:
        """The bytes behind an address, where that is allowed. MatteboxError, Problem."""
        if not self.settings.urls:
            raise Problem(422, "urls_off", "addresses of pictures are off on this server", "send the picture itself")
        return await asyncio.to_thread(fetch, url, self.settings.rules())

    def caller(self, request: Request, scope: str = PICTURES) -> str:
        """Who calls. Problem 401 when nobody known does, 403 when it is beyond the key."""
        name = self.access.caller(request.headers.get("x-api-key"))
        if name is None:
            raise Problem(401, "key_unknown", "the API key is missing or unknown", "send it as X-API-Key")
        if not self.access.may(name, scope):
            raise Problem(403, "scope_missing", f"the API key is not for {scope}", "ask for one with that scope")
        return name

    def left(self, caller: str) -> int | None:
        """Pictures that a caller has left this month; None for no end."""
        quota = self.access.quota(caller)
        return max(0, quota - self.usage.month(caller).pictures) if quota else None

    def counted(self, caller: str, source: bytes) -> dict[str, str]:
        """Count a picture by its header, before any work; the headers that tell the limit. Problem 429 at its end;
        InputTooLarge, not counted, when it is refused anyway."""
        if self.left(caller) == 0:
            raise Problem(
                429, "quota_used_up", "the key's pictures of this month are used up", "wait for the next month"
            )
        fine, told = self.access.spend(caller, self.pixels_of(source))
        if not fine:
            raise Problem(
                429, "too_many_pixels", "more megapixels in a minute than are allowed", "wait, then go on", told
            )
        return told

    def pixels_of(self, source: bytes) -> int:
        """From the header alone; nothing for what is no picture, which is refused later."""
        if header_check.identify(source) is None:
            return 0
        found = header_check.sniff(source)
        header_check.check_size(found, self.settings.max_pixels, "the picture")
        return found.width * found.height


def house_of(request: Request) -> House:
    house: House = request.app.state.house
    return house
