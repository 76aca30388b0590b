"""The checks of every request to the studio: Host, Origin, the key of this session, and size."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ddsp_edge.studio.listening import MAX_PHRASE_BYTES
from ddsp_edge.studio.recordings import MAX_BYTES
from ddsp_edge.web.answers import ApiError, refusal
from ddsp_edge.web.request_checks import bounded, check_length, check_sender, secured

COOKIE = "ddsp-edge-studio"
MAX_BODY_BYTES = 512 * 1024  #: of what is neither a recording nor a phrase
BODY_S = 30.0  #: for the next part of a body to arrive


class StudioGuard:
    """Wraps the whole application; without ``key`` nothing but the page's own files is answered.

    The key comes as a cookie, which the address that the terminal shows has set, or as
    ``Authorization: Bearer``.
    """

    def __init__(self, app: ASGIApp, key: str, names: Iterable[str]) -> None:
        self._app, self._key = app, key
        self._names = {name.lower().rstrip(".") for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        sender = secured(send, headers.get("host", ""), microphone=True)
        most = _most(scope)
        try:
            self._check(scope, headers, most)
        except ApiError as error:
            await refusal(error)(scope, receive, sender)
            return
        await self._app(scope, bounded(receive, most, BODY_S), sender)

    def _check(self, scope: Scope, headers: Headers, most: int) -> None:
        """Raise ApiError where host, origin, key or size are not accepted."""
        check_sender(
            headers,
            self._names,
            ("this studio has another name", "open the address that the terminal shows"),
            "open the studio's own page",
        )
        if scope["path"].startswith("/api/") and not self.knows(_key_of(headers)):
            raise ApiError(
                401, "the key of this session is missing", "open the address in the terminal"
            )
        check_length(headers, most)

    def knows(self, key: str) -> bool:
        """Whether ``key`` is that of this session."""
        return hmac.compare_digest(key.encode("utf-8", "surrogatepass"), self._key.encode())


def _key_of(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        found = None
    return found.value if found else ""


def _most(scope: Scope) -> int:
    parts = scope["path"].split("/")
    if scope["method"] == "PUT" and parts[-2:-1] == ["recordings"]:
        return MAX_BYTES
    if scope["method"] == "POST" and parts[-1] == "phrase":
        return MAX_PHRASE_BYTES
    return MAX_BODY_BYTES
