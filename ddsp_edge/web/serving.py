"""The web server of panel and studio: a listening socket, and uvicorn that ends by a signal."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from ddsp_edge.errors import UserError


class SignalServer(uvicorn.Server):
    """A server that returns after a signal; uvicorn's own raises the signal again at the end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop, signals = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
        ours = threading.current_thread() is threading.main_thread()
        for number in signals if ours else ():
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals if ours else ():
                loop.remove_signal_handler(number)


def make_server(app: ASGIApp, **limits: Any) -> SignalServer:
    """Return the server of ``app``, not yet started; ``limits`` are further uvicorn settings."""
    return SignalServer(
        uvicorn.Config(
            app,
            timeout_graceful_shutdown=2,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="warning",
            **limits,
        )
    )


def reachable(host: str) -> str:
    """Return the host under which this machine reaches what listens on ``host``."""
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host


def address(host: str, port: int) -> str:
    """Return the address that a browser on this machine opens, with a slash at its end."""
    shown = reachable(host)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"


def listen(host: str, port: int, what: str, remedy: str) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises UserError.

    ``what`` is served there and ``remedy`` is for an address that is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=64)
    except (OSError, UnicodeError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"{host}:{port}: {what} cannot be served there ({reason}); {remedy}"
        ) from None
    listener.setblocking(False)
    return listener
