"""State of the application, shared by routes and middleware."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from mattebox.errors import MatteboxError
from mattebox.server.auditing import Auditor
from mattebox.server.auth import AccessControl
from mattebox.server.caller_streams import CallerStreams
from mattebox.server.content_buffer import ContentBuffer
from mattebox.server.event_log import EventLog
from mattebox.server.fair_thread import FairThread
from mattebox.server.http.problems import Problem
from mattebox.server.http.upload_limiter import UploadLimiter
from mattebox.server.job_service import JobService
from mattebox.server.metrics import RequestMetrics
from mattebox.server.photograph_store import PhotographStore
from mattebox.server.quota import PictureQuota
from mattebox.server.settings import Settings
from mattebox.server.thread_pool import ThreadPool
from mattebox.server.tracing import Tracer
from mattebox.server.usage import UsageStore
from mattebox.server.words.words_process import WordsProcess
from mattebox.server.workers.worker_pool import WorkerPool

FETCH_THREADS, JOB_THREADS = 16, 8


@dataclass
class AppState:
    """Settings and services of a server. `is_ready` between start and stop, `is_stopping` from the first signal;
    `startup_error` says why it does not start."""

    settings: Settings
    buffer: ContentBuffer
    photographs: PhotographStore
    worker_pool: WorkerPool
    access: AccessControl
    quota: PictureQuota
    usage: UsageStore
    job_service: JobService
    tracer: Tracer
    log: EventLog
    auditor: Auditor
    upload_limiter: UploadLimiter
    fetch_threads: ThreadPool
    job_threads: ThreadPool
    parsing_thread: FairThread
    words: WordsProcess
    streams: CallerStreams = field(default_factory=CallerStreams)
    metrics: RequestMetrics = field(default_factory=RequestMetrics)
    is_ready: bool = False
    is_stopping: bool = False
    startup_error: MatteboxError | None = None
    requests_in_flight: int = 0  # other than GET and HEAD

    @classmethod
    def from_settings(cls, settings: Settings) -> AppState:
        """Create all services. UsageError for an unreadable key file or data key, or missing packages."""
        tracer = Tracer.from_environment()
        access = AccessControl.from_file(settings.keys)
        usage = UsageStore(settings.data_folder() / f"usage-{settings.machine}.sqlite" if access.requires_key else None)
        buffer, log = ContentBuffer(settings.buffer_folder(), settings.buffer_bytes), EventLog(settings.log)
        worker_pool = WorkerPool(settings, buffer, tracer, log)
        auditor = Auditor(settings, access)
        job_service = JobService(settings, worker_pool, usage, auditor)
        return cls(
            settings=settings,
            buffer=buffer,
            photographs=PhotographStore(settings.keep_photographs, settings.buffer_bytes // 2),
            worker_pool=worker_pool,
            access=access,
            quota=PictureQuota(access, usage, job_service.uncounted_count),
            usage=usage,
            job_service=job_service,
            tracer=tracer,
            log=log,
            auditor=auditor,
            upload_limiter=UploadLimiter(settings.uploads, buffer),
            fetch_threads=ThreadPool("downloads", FETCH_THREADS, FETCH_THREADS // 2),
            job_threads=ThreadPool("questions about jobs", JOB_THREADS, JOB_THREADS // 2),
            parsing_thread=FairThread("request-parsing"),
            words=WordsProcess(settings.timeout, log),
        )

    def check_not_stopping(self) -> None:
        """Problem 503 when the server is about to stop."""
        if self.is_stopping:
            raise Problem(503, "leaving", "the server is about to stop", "try again in a while", {"Retry-After": "5"})


def get_state(request: Request) -> AppState:
    """The state of the application that serves a request."""
    state: AppState = request.app.state.mattebox
    return state
