"""The checks of every request: rate, Host, Origin, size and token."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firmware_py.panel.access import Devices
from firmware_py.panel.answers import ApiError, refusal
from firmware_py.panel.rates import Buckets, network_of

#: Of one client: a page with everything that belongs to it, then what a person can ask for.
RATE_HZ, BURST = 20.0, 200.0
MAX_BODY_BYTES = 64 * 1024  #: of a request that is no upload
BODY_S = 20.0  #: for the next part of a body to arrive
#: What a browser without a token may ask.
OPEN = {
    ("POST", "/api/pair"),
    ("POST", "/api/pair/ask"),
    ("GET", "/api/openapi.json"),
    ("HEAD", "/api/openapi.json"),
}

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: Sounds are fetched with the token and played as blob:. ws: is named for older Safaris, which
#: do not count it as 'self'.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; "
    "connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Guard:
    """Wraps the whole application. ``upload`` is the path whose body may have ``upload_bytes``."""

    def __init__(
        self, app: ASGIApp, devices: Devices, names: Iterable[str], upload: str, upload_bytes: int
    ) -> None:
        self._app, self._devices = app, devices
        self._names = {name.lower().rstrip(".") for name in names}
        self._upload, self._upload_bytes = upload, upload_bytes
        self._buckets = Buckets(RATE_HZ, BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        sender = _secured(send, headers.get("host", ""))
        try:
            self._check(scope, headers)
        except ApiError as error:
            if scope["type"] == "websocket":
                await receive()  # the request to connect
                await sender({"type": "websocket.close", "code": 1008, "reason": error.error})
            else:
                await refusal(error)(scope, receive, sender)
            return
        if scope["type"] == "http":
            receive = self._bounded(scope, receive)
        await self._app(scope, receive, sender)

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Raise ApiError where the request's host, origin or token is not accepted."""
        client = (scope.get("client") or ("",))[0]
        if not self._buckets.take(network_of(client)):
            raise ApiError(429, "too many requests", "slow down", {"Retry-After": "1"})
        for name in ("host", "origin", "authorization"):
            if len(headers.getlist(name)) > 1:  # which one is meant, others may see otherwise
                status = 403 if name == "origin" else 400
                raise ApiError(status, f"more than one {name.title()} header", "send one")
        host = headers.get("host", "")
        if not known_host(host, self._names):
            raise ApiError(
                421,
                "this box has another name",
                "use its address, or add the name to [panel] allowed_hosts",
            )
        origin = headers.get("origin")
        if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
            raise ApiError(403, "the request comes from another site's page", "open the panel")
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
        said = headers.get("content-length", "0")
        if not said.isdecimal() or int(said[:18]) > self._most(scope):
            raise too_large(self._most(scope))

    def _most(self, scope: Scope) -> int:
        return self._upload_bytes if scope["path"] == self._upload else MAX_BODY_BYTES

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """Return a receive function that limits the body's size and the time between its parts."""
        most, got, complete = self._most(scope), 0, False

        async def bounded() -> Message:
            nonlocal got, complete
            if complete:  # what comes now is that the client has gone
                return await receive()
            try:
                async with asyncio.timeout(BODY_S):
                    message = await receive()
            except TimeoutError:
                raise ApiError(408, "the body did not arrive", "send it again") from None
            complete = not message.get("more_body", False)
            got += len(message.get("body", b""))
            if got > most:
                raise too_large(most)
            return message

        return bounded


def too_large(most: int) -> ApiError:
    """Return the error for a request body over the limit."""
    return ApiError(413, "the body is too large", f"at most {most} bytes are taken here")


def _secured(send: Send, host: str) -> Send:
    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in SECURITY.items():
                headers[name] = value
            # An error's answer may go to a Host that is none.
            known = host if _PLAIN.issuperset(host) else ""
            headers["Content-Security-Policy"] = POLICY.format(host=known)
        await send(message)

    return secured


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")


def known_host(host: str, names: set[str]) -> bool:
    """Whether a request with this Host header is for this box.

    A page of another site can make its name point here (DNS rebinding), but not an address.
    """
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if host.count(":") > 1 and not host.startswith("["):
        return False
    name = name.lower().rstrip(".")
    if name in names:
        return True
    try:
        ipaddress.ip_address(name[1:-1] if name.startswith("[") else name)
    except ValueError:
        return False
    return True


def own_names() -> list[str]:
    """Return the names by which this machine can be reached on its networks."""
    name = socket.gethostname().split(".")[0]
    return ["localhost", name, f"{name}.local", f"{name}.lan", f"{name}.home.arpa"]


def device_of(scope: Scope) -> Any:
    """Return the paired device whose token came with the request."""
    return scope["device"]
