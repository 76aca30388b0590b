"""The Starlette application of panel and studio: routes, and every error as a JSON response."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from ddsp_edge.errors import UserError
from ddsp_edge.web.answers import ApiError, from_user_error, refusal


def application(
    routes: Sequence[BaseRoute],
    lifespan: Any,
    http_remedy: Callable[[int], str],
    bug_remedy: str,
    log: logging.Logger,
) -> Starlette:
    """Return the application, whose errors are ``{"error", "remedy"}``.

    ``http_remedy`` gives what helps for an HTTP status that no handler answered with (404, 405);
    ``bug_remedy`` stands beside an internal error, whose traceback goes to ``log``.
    """

    async def user_error(request: Request, error: Exception) -> Response:
        return refusal(from_user_error(cast(UserError, error)))

    async def http_error(request: Request, error: Exception) -> Response:
        known = cast(HTTPException, error)
        status, headers = known.status_code, dict(known.headers or {})
        return refusal(ApiError(status, known.detail, http_remedy(status), headers))

    async def gone(request: Request, error: Exception) -> Response:
        return refusal(ApiError(400, "the body did not arrive", "send it again"))

    async def bug(request: Request, error: Exception) -> Response:
        log.error("%s %s", request.method, request.url.path, exc_info=error)
        return refusal(ApiError(500, f"internal error ({type(error).__name__})", bug_remedy))

    handlers: dict[Any, Any] = {
        UserError: user_error,
        HTTPException: http_error,
        ClientDisconnect: gone,
        Exception: bug,
    }
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    app.router.redirect_slashes = False
    return app
