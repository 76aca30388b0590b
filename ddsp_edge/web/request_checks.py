"""Checks of a request that panel and studio share: Host, Origin, body size; security headers."""

from __future__ import annotations

import asyncio
import ipaddress

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Send

from ddsp_edge.network.local_name import given_name
from ddsp_edge.web.answers import ApiError

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=({microphone})",
}
#: Sounds are fetched with the token and played as blob:. ws: is named for older Safaris, which
#: do not count it as 'self'.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; "
    "connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def check_sender(
    headers: Headers, names: set[str], unknown_host: tuple[str, str], remedy: str
) -> None:
    """Raise ApiError where the request is not for this machine or comes from another site's page.

    ``names``: the machine's; ``unknown_host``: error and remedy for another Host; ``remedy``: that
    of a foreign Origin.
    """
    for name in ("host", "origin", "authorization"):
        if len(headers.getlist(name)) > 1:  # which one is meant, others may see otherwise
            status = 403 if name == "origin" else 400
            raise ApiError(status, f"more than one {name.title()} header", "send one")
    host = headers.get("host", "")
    if not known_host(host, names):
        raise ApiError(421, *unknown_host)
    origin = headers.get("origin")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        raise ApiError(403, "the request comes from another site's page", remedy)


def check_length(headers: Headers, most: int) -> None:
    """Raise ApiError where the announced body is longer than ``most`` bytes, or no number."""
    said = headers.get("content-length", "0")
    if not said.isdecimal() or int(said[:18]) > most:
        raise too_large(most)


def bounded(receive: Receive, most: int, body_s: float) -> Receive:
    """Return a receive function for at most ``most`` bytes of body.

    ``body_s`` is the longest time between two parts. Raises ApiError where either is exceeded.
    """
    got, complete = 0, False

    async def receiver() -> Message:
        nonlocal got, complete
        if complete:  # what comes now is that the client has gone
            return await receive()
        try:
            async with asyncio.timeout(body_s):
                message = await receive()
        except TimeoutError:
            raise ApiError(408, "the body did not arrive", "send it again") from None
        complete = not message.get("more_body", False)
        got += len(message.get("body", b""))
        if got > most:
            raise too_large(most)
        return message

    return receiver


def too_large(most: int) -> ApiError:
    """Return the error for a request body over the limit."""
    return ApiError(413, "the body is too large", f"at most {most} bytes are taken here")


def secured(send: Send, host: str, microphone: bool = False) -> Send:
    """Return a send function that adds the security headers to every response.

    ``host`` is the request's Host; ``microphone`` lets the page itself record.
    """
    allowed = "self" if microphone else ""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in SECURITY.items():
                headers[name] = value.replace("{microphone}", allowed)
            # An error's answer may go to a Host that is none.
            known = host if _PLAIN.issuperset(host) else ""
            headers["Content-Security-Policy"] = POLICY.format(host=known)
        await send(message)

    return sender


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
    name = given_name()
    return ["localhost", name, f"{name}.local", f"{name}.lan", f"{name}.home.arpa"]
