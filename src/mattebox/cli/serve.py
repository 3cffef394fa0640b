"""`mattebox serve`: serve the HTTP API and the page."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

import click

from mattebox.cli.console import CONTEXT_SETTINGS, echo_stderr
from mattebox.cli.value_completion import COMPLETER_BY_PARAMETER, complete_files, complete_folders
from mattebox.core.interface import Interface, use_interface
from mattebox.errors import UsageError

MAX_CONNECTIONS = 500  # beyond them the answer is 503
MAX_PORT = 65535
MAX_HEADER_BYTES = 64 * 1024


@click.command("serve", context_settings=CONTEXT_SETTINGS)
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, MAX_PORT), help="The port.  [default: 7100]")
@click.option("--workers", type=click.IntRange(1), help="Worker processes.  [default: by processors]")
@click.option(
    "--model",
    shell_complete=COMPLETER_BY_PARAMETER["model"],
    help="The model used where a request names none.  [default: balanced]",
)
@click.option(
    "--keys",
    metavar="FILE",
    shell_complete=complete_files,
    help="API keys, one a line; needed to listen beyond loopback.",
)
@click.option(
    "--data",
    metavar="FOLDER",
    shell_complete=complete_folders,
    help="Where jobs are stored until they are deleted.  [default: mattebox's own folder]",
)
@click.option(
    "--folder",
    "agent_folders",
    multiple=True,
    metavar="DIR",
    shell_complete=complete_folders,
    help="A folder that agents may read and write by MCP at /mcp; may be given several times.  [default: none]",
)
@click.option("--settings", "show_settings", is_flag=True, help="Print all settings (environment variables) and exit.")
def command(show_settings: bool, agent_folders: tuple[str, ...], **options: Any) -> int:
    """Serve the API and the page: drop a photograph, see the cutout. Only this machine can connect unless
    --host says otherwise.

    \b
      mattebox serve                                        then open http://127.0.0.1:7100
      curl -F image=@photo.jpg http://127.0.0.1:7100/v1/cutouts -o cut.png
      mattebox serve --folder ~/Pictures                    agents: http://127.0.0.1:7100/mcp
      curl -F image_file=@photo.jpg -F size=full http://127.0.0.1:7100/v1.0/removebg -o cut.png
    """
    from mattebox.core.malloc import keep_malloc_small
    from mattebox.server.settings import load_settings, settings_table

    if show_settings:
        click.echo(settings_table(), nl=False)
        return 0
    settings = load_settings(**options, folders=os.pathsep.join(agent_folders) or None)
    try:
        import uvicorn
        from uvicorn.config import LOGGING_CONFIG

        from mattebox.server.app import create_app
        from mattebox.server.http.timeout_protocol import TimeoutProtocol
        from mattebox.server.shutdown import CONNECTION_CLOSE_SECONDS, CONNECTIONS_PER_TURN, GracefulServer
    except ImportError as error:
        raise UsageError("the server needs extra packages", "pip install 'mattebox[server]'") from error
    host, port = settings.host, settings.port
    listener = bind_address(host, port)
    keep_malloc_small()
    app = create_app(settings)
    log = app.state.mattebox.log
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=CONNECTION_CLOSE_SECONDS, limit_concurrency=MAX_CONNECTIONS, http=TimeoutProtocol,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES, backlog=CONNECTIONS_PER_TURN,
        log_config=None if log.is_enabled else LOGGING_CONFIG,
    )  # fmt: skip
    log.capture_library_logs()

    def announce_address() -> None:
        if log.is_enabled:
            log.log_event("listening", address=f"http://{host}:{port}")
        else:
            echo_stderr(f"http://{host}:{port}  (Ctrl-C stops it)")

    with use_interface(Interface.HTTP):
        GracefulServer(config, app.state.mattebox, announce_address).run(sockets=[listener])
    return 0


def bind_address(host: str, port: int) -> socket.socket:
    """A socket bound to an address, so that a port in use is an error before anything starts. UsageError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise UsageError(f"the address {host} is unknown", "give --host an address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere the option lets two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _bind_error(error, host, port) from error
    return listener


def _bind_error(error: OSError, host: str, port: int) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < MAX_PORT else port - 1
        return UsageError(
            f"port {port} of {host} is in use already", f"stop the other program, or choose another: --port {other}"
        )
    if error.errno == errno.EACCES:
        return UsageError(f"port {port} needs an administrator's rights", "choose one above 1023 with --port")
    return UsageError(f"cannot listen on {host}:{port} ({error.strerror})", "choose another --host or --port")
