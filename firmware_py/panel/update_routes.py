"""GET and POST /api/update: another version of the whole system (docs/update.md)."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from ddsp_edge.errors import UserError
from ddsp_edge.update.inbox import UpdateInbox
from ddsp_edge.web.answers import ApiError, answer, from_user_error
from firmware_py.panel.guard import device_of
from firmware_py.panel.intake import only
from firmware_py.panel.openapi_words import (
    BOOL,
    FILE,
    TEXT,
    Json,
    answers,
    good,
    object_of,
    operation,
)
from firmware_py.panel.routing import by_method

log = logging.getLogger(__name__)

PATH = "/api/update"
#: Bytes that are kept in memory until they are written.
PIECE = 1024 * 1024
#: For a whole update over a slow network.
UPLOAD_S = 1800.0
#: What an update begins with: it is a squashfs with its signature behind it.
MARK = b"hsqs"
NOT_ONE = "this file is no update; give the .raucb file that `make update` makes"


class UpdateRoutes:
    """Handlers for the thread of the application. One upload at a time."""

    def __init__(self) -> None:
        self._inbox, self._lock = UpdateInbox(), asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the handlers."""
        return [by_method(PATH, GET=self.show, POST=self.install)]

    async def show(self, request: Request) -> Response:
        """What runs, and how an update goes."""
        return answer(await run_in_threadpool(self._inbox.box.state))

    async def install(self, request: Request) -> Response:
        """Take the file, and have root's installer look at it; the engine plays on."""
        only(request)
        size = request.headers.get("content-length", "")
        if not (size.isascii() and size.isdecimal()):
            raise ApiError(411, "the request does not say how long the update is", NOT_ONE)
        if self._lock.locked():
            raise ApiError(409, "another update is being uploaded", "try again in a moment")
        async with self._lock:
            try:
                await self._take(request, int(size))
            except UserError as error:
                log.warning("update refused: %s", error)
                raise from_user_error(error) from None
            except TimeoutError:
                limit = f"it must be here within {UPLOAD_S / 60:g} minutes"
                raise ApiError(408, "the upload takes too long", limit) from None
        log.info("update: asked for by %s", device_of(request.scope).name)
        return answer(await run_in_threadpool(self._inbox.box.state), 202)

    async def _take(self, request: Request, size: int) -> None:
        """Write the body straight to where it is needed: it does not fit into memory."""
        key = await run_in_threadpool(self._inbox.begin_unnamed, size)
        have, piece = 0, bytearray()

        async def write() -> int:
            if not have and not piece.startswith(MARK):
                raise from_user_error(UserError(NOT_ONE), 422)
            source = io.BytesIO(bytes(piece))
            piece.clear()
            return await run_in_threadpool(self._inbox.append, source, have, size, key)

        try:
            async with asyncio.timeout(UPLOAD_S):
                async for part in request.stream():
                    piece += part
                    if len(piece) >= PIECE:
                        have = await write()
            have = await write()
            await run_in_threadpool(self._inbox.finish_unnamed, size, key)
            await run_in_threadpool(self._inbox.ask, "install")
        except BaseException:  # also when the browser has gone
            self._inbox.forget(key)
            raise


_STATE: dict[str, Any] = object_of(
    {
        "offered": {**BOOL, "description": "false: this box has no second slot"},
        "version": {**TEXT, "description": "that runs"},
        "slot": TEXT,
        "stage": {"enum": ["idle", "checking", "writing", "installed", "refused", "restarting"]},
        "percent": {"type": "integer"},
        "text": {**TEXT, "description": "one sentence, or nothing to say"},
        "trial": {**BOOL, "description": "what runs has yet to prove itself"},
        "waiting": {**TEXT, "description": "the version that the next start tries"},
        "failed": {**TEXT, "description": "the version that did not play and was left"},
    }
)
PATHS: Json = {
    PATH: {
        "get": operation(
            "show_update",
            "The version of the system that runs, and how an update goes",
            answers(good(_STATE)),
        ),
        "post": operation(
            "update",
            "Install another version of the system beside the one that runs; a restart tries it",
            answers(good(_STATE, 202, "it is being checked and written"), 409, 411, 422),
            requestBody={
                "required": True,
                "content": {"application/octet-stream": {"schema": FILE}},
            },
        ),
    },
}
