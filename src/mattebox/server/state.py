"""What the routes share: settings, workers, callers and counters; and the one way to have a picture done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.requests import Request

from mattebox.io import header_check
from mattebox.io.url_fetch import fetch_url
from mattebox.server.api_keys import PICTURES_SCOPE
from mattebox.server.auth import AccessControl
from mattebox.server.http.problems import Problem
from mattebox.server.http.upload_limits import UploadLimiter
from mattebox.server.job_service import JobService
from mattebox.server.logging import EventLog
from mattebox.server.metrics import RequestMetrics
from mattebox.server.settings import Settings
from mattebox.server.tracing import Tracer
from mattebox.server.usage import UsageStore
from mattebox.server.workers.worker_pool import WorkerPool


@dataclass
class AppState:
    """The server's state. `is_ready` while pictures are taken; `is_stopping` from the first sign that it is to stop."""

    settings: Settings
    worker_pool: WorkerPool
    access: AccessControl
    job_service: JobService
    usage: UsageStore
    tracer: Tracer
    log: EventLog
    upload_limiter: UploadLimiter
    metrics: RequestMetrics = field(default_factory=RequestMetrics)
    is_ready: bool = False
    is_stopping: bool = False
    requests_in_flight: int = 0  # requests that are being answered, but for those that only look

    @classmethod
    def from_settings(cls, settings: Settings) -> AppState:
        traces = Tracer.from_environment()
        crew = WorkerPool(settings, traces)
        access = AccessControl.from_file(settings.keys)
        usage = UsageStore(settings.data_folder() / f"usage-{settings.machine}.sqlite" if access.requires_key else None)
        office, intake = JobService(settings, crew, usage), UploadLimiter(settings.uploads)
        return cls(settings, crew, access, office, usage, traces, EventLog(settings.log), intake)

    def check_not_stopping(self) -> None:
        """Problem 503 when the server is about to stop."""
        if self.is_stopping:
            raise Problem(503, "leaving", "the server is about to stop", "try again in a while", {"Retry-After": "5"})

    async def fetch_url(self, url: str) -> bytes:
        """The bytes behind an address, where that is allowed. MatteboxError, Problem."""
        if not self.settings.urls:
            raise Problem(422, "urls_off", "addresses of pictures are off on this server", "send the picture itself")
        return await asyncio.to_thread(fetch_url, url, self.settings.fetch_rules())

    def require_caller(self, request: Request, scope: str = PICTURES_SCOPE) -> str:
        """Who calls. Problem 401 when nobody known does, 403 when it is beyond the key."""
        name = self.access.authenticate(request.headers.get("x-api-key"))
        if name is None:
            raise Problem(401, "key_unknown", "the API key is missing or unknown", "send it as X-API-Key")
        if not self.access.has_scope(name, scope):
            raise Problem(403, "scope_missing", f"the API key is not for {scope}", "ask for one with that scope")
        return name

    def pictures_left(self, caller: str) -> int | None:
        """Pictures that a caller has left this month; None for no end."""
        quota = self.access.monthly_quota(caller)
        return max(0, quota - self.usage.caller_month(caller).pictures) if quota else None

    def count_picture(self, caller: str, source: bytes) -> dict[str, str]:
        """Count a picture by its header, before any work; the headers that tell the limit. Problem 429 at its end;
        InputTooLarge, not counted, when it is refused anyway."""
        if self.pictures_left(caller) == 0:
            raise Problem(
                429, "quota_used_up", "the key's pictures of this month are used up", "wait for the next month"
            )
        fine, told = self.access.consume_rate_limit(caller, self.pixel_count(source))
        if not fine:
            raise Problem(
                429, "too_many_pixels", "more megapixels in a minute than are allowed", "wait, then go on", told
            )
        return told

    def pixel_count(self, source: bytes) -> int:
        """From the header alone; nothing for what is no picture, which is refused later."""
        if header_check.identify_format(source) is None:
            return 0
        found = header_check.read_header(source)
        header_check.check_pixel_limit(found, self.settings.max_pixels, "the picture")
        return found.width * found.height


def get_state(request: Request) -> AppState:
    house: AppState = request.app.state.house
    return house
