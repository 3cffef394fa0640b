"""Settings of the server, each from an environment variable MATTEBOX_SERVER_*.

The table in docs/server.md is generated from this file.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mattebox.core import cpu_threads
from mattebox.errors import UsageError
from mattebox.io.ssrf_guard import parse_networks
from mattebox.io.store_address import StoreAddress, parse_location
from mattebox.io.url_fetch import FetchPolicy
from mattebox.mcp.folders import AllowedFolders
from mattebox.models.diagnostics import free_memory_bytes
from mattebox.models.store.settings import home_folder
from mattebox.server.booleans import parse_boolean
from mattebox.server.event_log import LOG_FORMATS

ENVIRONMENT_PREFIX = "MATTEBOX_SERVER_"
ROLES = ("all", "api", "worker")
LOCATION_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
SIGNING_MODES = ("never", "asked", "always")
FREE_BYTES_PER_WORKER = 2_000_000_000  # that a worker takes for the largest pictures


def setting(default: Any, description: str) -> Any:
    """A dataclass field with a default and a description."""
    return field(default=default, metadata={"help": description})


@dataclass(frozen=True)
class Settings:
    """All settings, with their defaults and descriptions."""

    host: str = setting("127.0.0.1", "the address to listen on; others than loopback need keys, or open=true")
    port: int = setting(7100, "the port")
    workers: int = setting(
        0,
        "worker processes; 0 for one per processor where memory allows. With two or more, no key can keep another's "
        "pictures waiting for long",
    )
    threads: int = setting(0, "threads of each worker's network; 0 divides the processors among the workers")
    device: str = setting("cpu", "where networks run: cpu, auto, cuda, cuda:1 ...; one that is missing is an error")
    model: str = setting("balanced", "the model used where a request names none")
    max_upload: int = setting(25_000_000, "bytes of a request at most")
    max_pixels: int = setting(50_000_000, "pixels x frames of a picture at most")
    max_video: int = setting(200_000_000, "bytes of a clip at most; 0 to take none")
    max_video_pixels: int = setting(9_000_000, "pixels of a clip's frame at most")
    max_video_seconds: int = setting(600, "seconds of a clip at most")
    video_timeout: int = setting(3600, "seconds that cutting a clip may take; then its worker is replaced")
    pixel_budget: int = setting(200_000_000, "pixels in progress at a time, and as many that may wait")
    queue: int = setting(64, "pictures that may wait for a worker; more are answered 503 with Retry-After")
    queue_wait: int = setting(20, "seconds a picture may wait for a worker; then it is answered 503 with Retry-After")
    uploads: int = setting(4, "large uploads received at a time; more are answered 503 with Retry-After")
    buffer: str = setting("", "the folder of uploads and results in hand, encrypted; empty for the jobs' folder")
    buffer_bytes: int = setting(
        2_000_000_000, "bytes of uploads and results in hand at a time; more uploads are answered 503 with Retry-After"
    )
    timeout: int = setting(60, "seconds a picture may take, waiting included; then its worker is replaced")
    worker_memory: int = setting(4_000_000_000, "bytes of address space of a worker; 0 for no limit")
    drain: int = setting(25, "seconds that pictures in progress get to finish on shutdown")
    keys: str = setting(
        "", "a file of API keys, of `mattebox keys` or plain ones, one a line; empty for none on loopback"
    )
    open: bool = setting(False, "listen beyond loopback without keys")
    origins: str = setting("", "origins that may call from a browser (CORS), comma-separated; empty for none")
    hosts: str = setting(
        "",
        "names of the server, comma-separated, besides localhost and its own addresses: `cut.example.com`, "
        "`*.example.com`, or `*` for any. Checked where no key is needed, and where it is set",
    )
    page: bool = setting(True, "serve the page")
    data: str = setting("", "the folder of jobs; empty for `server` in mattebox's own")
    data_key: str = setting("", "32 bytes in base64 or hexadecimal that encrypt the jobs' folder")
    data_key_file: str = setting("", "a file that holds the data key")
    database: str = setting("", "postgresql:// address of the jobs' queue, for several machines; empty for SQLite")
    machine: str = setting(
        "local", "this machine's name among several on one queue, the same after a restart; `hostname` for its host's"
    )
    role: str = setting(
        "all", "all; api to take requests and leave jobs to others; worker for jobs alone (both with a database)"
    )
    inputs: str = setting(
        "",
        "locations that jobs may read pictures from, as NAME=ADDRESS, comma-separated, such as "
        "`photos=s3://shop/photos/,scans=/srv/scans`; empty for none",
    )
    outputs: str = setting("", "locations that jobs may write results to, in the same way; empty for none")
    shopify_secret: str = setting(
        "",
        "client secret of a Shopify app: the pictures of new products, which it announces at /hooks/shopify, become "
        "jobs; empty for no such route",
    )
    woocommerce_secret: str = setting("", "secret of a WooCommerce web hook, likewise, at /hooks/woocommerce")
    shop_recipe: str = setting("shopify", "what is done with pictures of new products: a preset, or a recipe file")
    shop_key: str = setting("", "id or name of the API key whose jobs they are; needed where keys are")
    shop_output: str = setting(
        "", "location, or LOCATION/FOLDER, that their results are written to; empty to keep them with the jobs"
    )
    keep: int = setting(3600, "seconds a finished job is kept before it is erased")
    keep_photographs: int = setting(
        900,
        "seconds after its last use for which a photograph that was sent once is kept, in the buffer, of which they "
        "take half at most; 0 to keep none",
    )
    jobs: int = setting(1000, "unfinished jobs of a key at a time; more are answered 503. 0 for no jobs at all")
    job_pixels: int = setting(0, "pictures of more pixels become jobs unasked; 0 for none")
    sign: str = setting(
        "never",
        "sign results (Content Credentials) with the key of `mattebox provenance init`: never, asked (where a request "
        "says `sign`), or always",
    )
    hook_secret: str = setting("", "the secret that signs web hooks; empty for no web hooks")
    audit: str = setting(
        "", "a file of an audit log: who did what when, by key and by hash, without pictures and names; empty for none"
    )
    folders: str = setting(
        "",
        "folders that language-model agents may read and write (MCP, at /mcp), separated by `:` (on Windows `;`); "
        "empty for no such route",
    )
    log: str = setting("none", "none, or json: a line on standard error for each request, without names or pictures")
    urls: bool = setting(False, "fetch pictures from the addresses that requests give")
    url_networks: str = setting("", "networks that fetching and web hooks may reach besides public ones")
    url_ports: str = setting("", "ports that they may reach besides 80 for http and 443 for https")

    def worker_count(self) -> int:
        """Number of worker processes."""
        return self.workers or _default_worker_count()

    def threads_per_worker(self) -> int:
        """Threads of each worker's network."""
        return self.threads or max(1, cpu_threads.thread_cpu_count() // self.worker_count())

    def data_folder(self) -> Path:
        """Folder of jobs and usage."""
        return Path(self.data).expanduser().absolute() if self.data else home_folder() / "server"

    def buffer_folder(self) -> Path:
        """Folder of uploads and results in hand."""
        return Path(self.buffer).expanduser().absolute() if self.buffer else self.data_folder()

    def agent_folders(self) -> AllowedFolders | None:
        """Folders that agents may use; None for no agents. UsageError for one that is no folder."""
        folders = [folder for folder in self.folders.split(os.pathsep) if folder]
        return AllowedFolders(folders) if folders else None

    def input_locations(self) -> dict[str, StoreAddress]:
        """Prefixes that jobs may read from, by name. UsageError for one that is no address."""
        return _parse_locations("INPUTS", self.inputs)

    def output_locations(self) -> dict[str, StoreAddress]:
        """Prefixes that jobs may write to, by name. UsageError for one that is no address."""
        return _parse_locations("OUTPUTS", self.outputs)

    def fetch_policy(self) -> FetchPolicy:
        """Which addresses downloads and web hooks may reach. UsageError for malformed settings."""
        ports = split_list(self.url_ports)
        if not all(p.isdecimal() and 0 < int(p) < 65536 for p in ports):
            raise UsageError(
                f"{ENVIRONMENT_PREFIX}URL_PORTS={self.url_ports} is not a list of ports", "give e.g. 8080,8443"
            )
        return FetchPolicy(
            self.max_upload,
            allowed_networks=parse_networks(self.url_networks),
            allowed_ports=frozenset(map(int, ports)),
        )


def split_list(text: str) -> list[str]:
    """The items of a comma-separated setting."""
    return [item.strip() for item in text.split(",") if item.strip()]


def _parse_locations(setting_name: str, text: str) -> dict[str, StoreAddress]:
    locations = {}
    for item in split_list(text):
        name, _, address = item.partition("=")
        if not LOCATION_NAME.fullmatch(name) or not address:
            raise UsageError(
                f"{ENVIRONMENT_PREFIX}{setting_name}: {item!r} is not NAME=ADDRESS",
                "give such as photos=s3://shop/photos/",
            )
        locations[name] = parse_location(address)
    return locations


@functools.cache  # free memory changes as workers start
def _default_worker_count() -> int:
    """One per processor, if there is memory for so many."""
    processors, free_bytes = cpu_threads.thread_cpu_count(), free_memory_bytes()
    return processors if free_bytes is None else max(1, min(processors, free_bytes // FREE_BYTES_PER_WORKER))


def load_settings(environment: Mapping[str, str] = os.environ, **changes: Any) -> Settings:
    """Settings from MATTEBOX_SERVER_* variables, overridden by `changes` that are not None.

    Raises
    ------
    UsageError
        For an unknown variable or an invalid value.
    """
    fields = {f.name: f for f in dataclasses.fields(Settings)}
    values: dict[str, Any] = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if name not in fields:
            raise UsageError(
                f"{variable} is not a setting",
                f"choose from {', '.join(ENVIRONMENT_PREFIX + n.upper() for n in fields)}",
            )
        values[name] = _parse_value(variable, text, type(fields[name].default))
    if values.get("machine") == "hostname":
        values["machine"] = re.sub(r"[^A-Za-z0-9_.]", "_", socket.gethostname())[:64]
    settings = Settings(**values | {k: v for k, v in changes.items() if v is not None})
    _check_settings(settings)
    return settings


def settings_table() -> str:
    """All settings as a Markdown table, for docs/server.md."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for f in dataclasses.fields(Settings):
        default = str(f.default).lower() if isinstance(f.default, bool) else f.default
        default_cell = f"`{default}`" if default != "" else ""
        rows.append(f"| `{ENVIRONMENT_PREFIX}{f.name.upper()}` | {default_cell} | {f.metadata['help']} |")
    return "\n".join(rows) + "\n"


def _parse_value(variable: str, text: str, value_type: type) -> Any:
    if value_type is bool:
        value = parse_boolean(text)
        if value is None:
            raise UsageError(f"{variable}={text} must be true or false", "give true or false")
        return value
    if value_type is int:
        if not text.isdecimal():
            raise UsageError(f"{variable}={text} is not a whole number", "give digits only")
        return int(text)
    return text


def _check_settings(settings: Settings) -> None:
    if settings.host not in ("127.0.0.1", "::1", "localhost") and not settings.keys and not settings.open:
        raise UsageError(
            f"listening on {settings.host} without keys would let anyone in",
            f"give {ENVIRONMENT_PREFIX}KEYS, or {ENVIRONMENT_PREFIX}OPEN=true if that is wanted",
        )
    if not 0 < settings.port < 65536:
        raise UsageError(f"{settings.port} is not a port", "give 1 to 65535")
    if settings.database and not settings.database.startswith(("postgresql://", "postgres://")):
        raise UsageError(
            f"{ENVIRONMENT_PREFIX}DATABASE is not a Postgres address", "give postgresql://user:password@host/name"
        )
    if not re.fullmatch(r"[A-Za-z0-9_.]{1,64}", settings.machine):
        raise UsageError(
            f"{ENVIRONMENT_PREFIX}MACHINE={settings.machine} is not a valid name", "give letters, digits, _ and ."
        )
    if settings.role not in ROLES:
        raise UsageError(f"{ENVIRONMENT_PREFIX}ROLE={settings.role} is not a role", f"give {', '.join(ROLES)}")
    if settings.role != "all" and not settings.database:
        raise UsageError(
            f"{ENVIRONMENT_PREFIX}ROLE={settings.role} needs jobs that machines share",
            f"give {ENVIRONMENT_PREFIX}DATABASE",
        )
    if settings.sign not in SIGNING_MODES:
        raise UsageError(f"{ENVIRONMENT_PREFIX}SIGN={settings.sign} is unclear", f"give {', '.join(SIGNING_MODES)}")
    if settings.log not in LOG_FORMATS:
        raise UsageError(
            f"{ENVIRONMENT_PREFIX}LOG={settings.log} is not a log format", f"give {' or '.join(LOG_FORMATS)}"
        )
    settings.fetch_policy()
    settings.agent_folders()
    settings.input_locations()
    outputs = settings.output_locations()
    if settings.shop_output and settings.shop_output.partition("/")[0] not in outputs:
        raise UsageError(
            f"{ENVIRONMENT_PREFIX}SHOP_OUTPUT={settings.shop_output} is in no location to write to",
            f"name one of {ENVIRONMENT_PREFIX}OUTPUTS",
        )
