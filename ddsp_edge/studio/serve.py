"""Serves the studio until Ctrl-C, and opens it in the browser."""

from __future__ import annotations

import asyncio
import secrets
import webbrowser
from pathlib import Path

from ddsp_edge.studio.app import make_studio
from ddsp_edge.web.request_checks import own_names
from ddsp_edge.web.serving import address, listen, make_server

MAX_CONNECTIONS = 64


def serve_studio(folder: Path, host: str, port: int, open_browser: bool) -> None:
    """Serve the instruments in ``folder`` until SIGINT or SIGTERM.

    Prints the address, which holds the key of this session. Raises UserError where the address is
    taken.
    """
    listener = listen(host, port, "the studio", "choose another --port")
    key = secrets.token_urlsafe(24)
    app = make_studio(folder, key, (host, *own_names()))
    place = f"{address(host, listener.getsockname()[1])}?key={key}"
    print(f"the studio: {place}\nCtrl-C ends it; a training keeps its step.", flush=True)
    if open_browser:
        webbrowser.open(place)
    server = make_server(app, http="h11", ws="none", limit_concurrency=MAX_CONNECTIONS)
    asyncio.run(server.serve([listener]))
