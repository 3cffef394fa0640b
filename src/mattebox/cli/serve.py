"""`mattebox serve`: serve the HTTP API and the page."""

from __future__ import annotations

from typing import Any

import click

from mattebox.cli.console import CONTEXT_SETTINGS, echo_stderr
from mattebox.errors import UsageError

MAX_CONNECTIONS = 500  # beyond them the answer is 503
MAX_HEADER_BYTES = 64 * 1024


@click.command("serve", context_settings=CONTEXT_SETTINGS)
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="The port.  [default: 7100]")
@click.option("--workers", type=click.IntRange(1), help="Processes that do the pictures.  [default: by processors]")
@click.option("--model", help="The model used where a request names none.  [default: balanced]")
@click.option("--keys", metavar="FILE", help="API keys, one a line; needed to listen beyond loopback.")
@click.option("--data", metavar="FOLDER", help="Where jobs lie until they are erased.  [default: mattebox's own]")
@click.option("--settings", "show_settings", is_flag=True, help="Print all settings (environment variables) and exit.")
def command(show_settings: bool, **options: Any) -> int:
    """Serve the API and the page: drop a photograph, see the cutout. Only this machine can connect unless
    --host says otherwise.

    \b
      mattebox serve                                        then open http://127.0.0.1:7100
      curl -F image=@photo.jpg http://127.0.0.1:7100/v1/cutouts -o cut.png
      curl -F image_file=@photo.jpg -F size=full http://127.0.0.1:7100/v1.0/removebg -o cut.png
    """
    from mattebox.server.settings import load_settings, settings_table

    if show_settings:
        click.echo(settings_table(), nl=False)
        return 0
    settings = load_settings(**options)
    try:
        import uvicorn

        from mattebox.server.app import create_app
        from mattebox.server.http.timeout_protocol import TimeoutProtocol
        from mattebox.server.shutdown import CONNECTION_CLOSE_SECONDS, GracefulServer
    except ImportError as error:
        raise UsageError("the server needs packages more", "pip install mattebox[server]") from error
    app = create_app(settings)
    host, port = settings.host, settings.port
    echo_stderr(f"http://{host}:{port}  (Ctrl-C stops it)")
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=CONNECTION_CLOSE_SECONDS, limit_concurrency=MAX_CONNECTIONS, http=TimeoutProtocol,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
    )  # fmt: skip
    GracefulServer(config, app.state.mattebox).run()
    return 0
