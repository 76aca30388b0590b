"""The studio's web application: its routes."""

from __future__ import annotations

import logging
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ddsp_edge.studio.guard import COOKIE, StudioGuard
from ddsp_edge.studio.handlers import StudioHandlers
from ddsp_edge.web.application import application
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
    remedy = "this is a bug; the terminal in which the studio runs has more"
    app = application(routes, studio.lifespan, lambda status: "reload the page", remedy, log)
    guard = StudioGuard(app, key, ["localhost", *names])
    return guard
