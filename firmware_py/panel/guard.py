"""The checks of every request: rate, Host, Origin, size and token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ddsp_edge.network.local_name import LocalName
from ddsp_edge.web.answers import ApiError, refusal
from ddsp_edge.web.request_checks import bounded, check_length, check_sender, secured
from firmware_py.panel.access import Devices
from firmware_py.panel.rates import Buckets, network_of

#: Of one client: a page with everything that belongs to it, then what a person can ask for.
RATE_HZ, BURST = 20.0, 200.0
MAX_BODY_BYTES = 64 * 1024  #: of a request that is no upload
BODY_S = 20.0  #: for the next part of a body to arrive
#: What a browser without a token may ask.
OPEN = {
    ("POST", "/api/pair"),
    ("POST", "/api/pair/ask"),
    ("GET", "/api/pair/network"),
    ("HEAD", "/api/pair/network"),
    ("GET", "/api/openapi.json"),
    ("HEAD", "/api/openapi.json"),
}


class Guard:
    """Wraps the whole application. ``uploads``: bytes that the body at a path may have."""

    def __init__(
        self, app: ASGIApp, devices: Devices, names: Iterable[str], uploads: Mapping[str, int]
    ) -> None:
        self._app, self._devices = app, devices
        self._names = {name.lower().rstrip(".") for name in names}
        self._local, self._uploads = LocalName(), uploads
        self._buckets = Buckets(RATE_HZ, BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        sender = secured(send, headers.get("host", ""))
        try:
            await self._learn_name(headers.get("host", ""))
            self._check(scope, headers)
        except ApiError as error:
            if scope["type"] == "websocket":
                await receive()  # the request to connect
                await sender({"type": "websocket.close", "code": 1008, "reason": error.error})
            else:
                await refusal(error)(scope, receive, sender)
            return
        if scope["type"] == "http":
            receive = bounded(receive, self._most(scope), BODY_S)
        await self._app(scope, receive, sender)

    async def _learn_name(self, host: str) -> None:
        """Where another box has our name, mDNS gives us the next one, and it may do so any time."""
        name = host.partition(":")[0].lower().rstrip(".")
        if name.endswith(".local") and name not in self._names:
            self._names.add(f"{await run_in_threadpool(self._local.now)}.local".lower())

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Raise ApiError where the request's host, origin or token is not accepted."""
        client = (scope.get("client") or ("",))[0]
        if not self._buckets.take(network_of(client)):
            raise ApiError(429, "too many requests", "slow down", {"Retry-After": "1"})
        check_sender(
            headers,
            self._names,
            (
                "this box has another name",
                "use its address, or add the name to [panel] allowed_hosts",
            ),
            "open the panel",
        )
        if scope["type"] == "http":
            self._check_http(scope, headers)

    def _check_http(self, scope: Scope, headers: Headers) -> None:
        path, method = scope["path"], scope["method"]
        if path.startswith("/api/") and (method, path) not in OPEN:
            scheme, _, token = headers.get("authorization", "").partition(" ")
            device = self._devices.find(token.strip()) if scheme.lower() == "bearer" else None
            if device is None:
                raise ApiError(
                    401,
                    "the token of a paired browser is missing",
                    "pair this browser: POST /api/pair",
                    {"WWW-Authenticate": "Bearer"},
                )
            scope["device"] = device
        check_length(headers, self._most(scope))

    def _most(self, scope: Scope) -> int:
        return self._uploads.get(scope["path"], MAX_BODY_BYTES)


def device_of(scope: Scope) -> Any:
    """Return the paired device whose token came with the request."""
    return scope["device"]
