"""The web server around the application: uvicorn, with the limits of a small box."""

from __future__ import annotations

import asyncio
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ddsp_edge.api.protocol import MAX_LINE_BYTES
from ddsp_edge.midi.announcement import Announcement
from ddsp_edge.remote.discovery import SERVICE
from ddsp_edge.system.atomic_files import remove_partial_files
from ddsp_edge.web import serving
from firmware_py.config import Config
from firmware_py.panel.access import Devices, Pairing
from firmware_py.panel.rates import network_of
from firmware_py.panel.server import make_app

MAX_CONNECTIONS = 100
MAX_OF_ONE = 24  #: connections from one address; a browser opens six, and its WebSocket
REQUEST_S = 10.0  #: for the first request on a connection to arrive


class _Impatient(H11Protocol):
    """A connection that is closed where no request arrives, or where there are too many."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._of_mine() > MAX_OF_ONE:
            transport.close()
            return
        self.loop.call_later(REQUEST_S, self._give_up)

    def _of_mine(self) -> int:
        """Return how many connections the client has; the box itself may have all (ssh -L)."""
        mine = network_of(self.client[0]) if self.client else ""
        if not mine or is_own(mine):
            return 0
        clients = (getattr(each, "client", None) for each in self.connections)
        return sum(network_of(each[0]) == mine for each in clients if each)

    def _give_up(self) -> None:
        ours = self.transport.get_protocol() is self  # else it is a WebSocket's by now
        if ours and self.cycle is None and not self.transport.is_closing():
            self.transport.close()


def is_own(network: str) -> bool:
    """Return whether a network is the box itself."""
    return network.startswith("127.") or network == network_of("::1")


async def serve(config: Config, code_file: Path, host: str, port: int) -> None:
    """Serve the panel until SIGTERM or SIGINT. Raises UserError where the address is taken."""
    listener = serving.listen(host, port, "the panel", "choose another [panel] host or port")
    devices_file = config.state_folder / "panel" / "devices.json"
    # The address is ours: no other panel writes there.
    remove_partial_files(devices_file.parent, code_file.parent)
    devices = Devices(devices_file)
    app = make_app(
        devices,
        Pairing(devices, code_file),
        config.socket_path,
        config.models_folder,
        (host, *config.panel.allowed_hosts),
    )
    shown = serving.reachable(host)
    print(f"the panel: {serving.address(host, port)}", flush=True)
    announced = (
        None
        if is_own(network_of(shown)) and shown == host
        else Announcement("ddsp-edge", port, SERVICE)
    )
    try:
        await make_server(app).serve([listener])
    finally:
        if announced is not None:
            announced.stop()


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Return the web server of the application, not yet started."""
    return serving.make_server(
        app,
        http=_Impatient,
        ws="websockets-sansio",
        ws_max_size=MAX_LINE_BYTES,
        ws_per_message_deflate=False,  # small lines: it would cost more than it saves
        ws_ping_interval=10.0,
        ws_ping_timeout=10.0,
        limit_concurrency=MAX_CONNECTIONS,
    )
