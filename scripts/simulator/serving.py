"""A web application, served over real HTTP on this machine alone."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Final

from werkzeug.serving import WSGIRequestHandler, make_server

from scripts.simulator.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import WSGIApplication

HOST: Final = "127.0.0.1"
ANY_FREE_PORT: Final = 0
_POLL_SECONDS: Final = 0.02


class _SilentRequestHandler(WSGIRequestHandler):
    """Leaves the log lines to the application, which writes one for each request."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # its name there
        """Write nothing."""


@contextmanager
def served(
    app: WSGIApplication, port: int = ANY_FREE_PORT, *, or_any: bool = False
) -> Iterator[str]:
    """Serve the application while the block runs, at the address that is given.

    Args:
        app: The application.
        port: The port to serve it on.
        or_any: Whether any free port will do if that one is taken.

    Raises:
        SimulatorError: The port cannot be had.
    """
    with _listener(port, or_any=or_any) as listener:
        # Given the listener, since without one werkzeug itself ends the program at a taken port.
        server = make_server(
            HOST,
            listener.getsockname()[1],
            app,
            threaded=True,
            request_handler=_SilentRequestHandler,
            fd=listener.fileno(),
        )
        # The interval is how long the end may take; the default of half a second is felt.
        thread = Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}/"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _listener(port: int, *, or_any: bool) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        if or_any:
            return _listener(ANY_FREE_PORT, or_any=False)
        # The code alone: create_server puts the address into the text of the error.
        reason = os.strerror(error.errno) if error.errno else "unknown"
        raise SimulatorError(f"port {port} of {HOST} cannot be used ({reason})") from error
