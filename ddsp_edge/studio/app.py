"""The studio's web application: its routes, and what goes wrong in them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ddsp_edge.errors import UserError
from ddsp_edge.studio.guard import COOKIE, StudioGuard
from ddsp_edge.studio.handlers import StudioHandlers
from ddsp_edge.web.answers import ApiError, from_user_error, refusal
from ddsp_edge.web.pages import Pages

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "static"
ONE = "/api/instruments/{key}"


def make_studio(folder: Path, key: str, names: tuple[str, ...] = ()) -> ASGIApp:
    """The whole application for the instruments in ``folder``.

    ``key`` is what a request has to bring; ``names`` are those of the machine besides localhost
    and its addresses.
    """
    studio, pages = StudioHandlers(folder), Pages(STATIC)

    async def index(request: Request) -> Response:
        given = request.query_params.get("key")
        if given is None:
            return await pages.index(request)
        answer = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
        if guard.knows(given):
            answer.set_cookie(COOKIE, key, httponly=True, samesite="strict")
        return answer

    routes = [
        Route("/", index),
        Route("/static/{file}", pages.file),
        Route("/api/instruments", studio.list, methods=["GET"]),
        Route("/api/instruments", studio.create, methods=["POST"]),
        Route(ONE, studio.show, methods=["GET"]),
        Route(ONE, studio.change, methods=["PATCH"]),
        Route(f"{ONE}/picture", studio.show_picture, methods=["GET"]),
        Route(f"{ONE}/picture", studio.picture, methods=["PUT"]),
        Route(f"{ONE}/recordings/{{name}}", studio.recording, methods=["GET"]),
        Route(f"{ONE}/recordings/{{name}}", studio.add_recording, methods=["PUT"]),
        Route(f"{ONE}/recordings/{{name}}", studio.remove_recording, methods=["DELETE"]),
        Route(f"{ONE}/report", studio.report, methods=["POST"]),
        Route(f"{ONE}/train", studio.train, methods=["POST"]),
        Route(f"{ONE}/pause", studio.pause, methods=["POST"]),
        Route(f"{ONE}/files/{{name:path}}", studio.file, methods=["GET"]),
        Route(f"{ONE}/phrase", studio.phrase, methods=["POST"]),
        Route(f"{ONE}/bundle", studio.bundle, methods=["GET"]),
        Route(f"{ONE}/live", studio.live, methods=["POST"]),
        Route("/api/live", studio.silence, methods=["DELETE"]),
        Route("/api/boxes", studio.boxes, methods=["GET"]),
        Route(f"{ONE}/send", studio.send, methods=["POST"]),
    ]
    handlers: dict[Any, Any] = {
        UserError: _user_error,
        HTTPException: _http_error,
        ClientDisconnect: _gone,
        Exception: _bug,
    }
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=studio.lifespan)
    app.router.redirect_slashes = False
    guard = StudioGuard(app, key, ["localhost", *names])
    return guard


async def _user_error(request: Request, error: Exception) -> Response:
    return refusal(from_user_error(cast(UserError, error)))


async def _http_error(request: Request, error: Exception) -> Response:
    known = cast(HTTPException, error)
    headers = dict(known.headers or {})
    return refusal(ApiError(known.status_code, known.detail, "reload the page", headers))


async def _gone(request: Request, error: Exception) -> Response:
    return refusal(ApiError(400, "the body did not arrive", "send it again"))


async def _bug(request: Request, error: Exception) -> Response:
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    remedy = "this is a bug; the terminal in which the studio runs has more"
    return refusal(ApiError(500, f"internal error ({type(error).__name__})", remedy))
