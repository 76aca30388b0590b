"""A web server of plain files on this machine, for tests; it may also answer anything else."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar


class _Handler(http.server.SimpleHTTPRequestHandler):
    special: ClassVar[dict[str, Callable[[http.server.SimpleHTTPRequestHandler], None]]] = {}

    def do_GET(self) -> None:
        action = self.special.get(self.path)
        if action is None:
            super().do_GET()
        else:
            with contextlib.suppress(OSError):  # the client has had enough
                action(self)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def serving(
    folder: Path, **special: Callable[[http.server.SimpleHTTPRequestHandler], None]
) -> Iterator[str]:
    """The address of ``folder``; ``special``: what happens for a name in it instead."""
    handler = type("Handler", (_Handler,), {"special": {f"/{k}": v for k, v in special.items()}})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def redirect(to: str) -> Callable[[http.server.SimpleHTTPRequestHandler], None]:
    """An answer that sends the client elsewhere."""

    def act(handler: http.server.SimpleHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return act


def endless(handler: http.server.SimpleHTTPRequestHandler) -> None:
    """An answer without an end."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(1 << 16))


def cut(handler: http.server.SimpleHTTPRequestHandler) -> None:
    """An answer that is shorter than it says."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(bytes(10))
