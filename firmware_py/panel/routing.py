"""Helpers for the routes of the panel's application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def by_method(path: str, **endpoints: Callable[[Request], Any]) -> Route:
    """Return a route whose handler depends on the method; HEAD is handled like GET."""

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return cast(Response, await endpoints[method](request))

    return Route(path, endpoint, methods=list(endpoints))


def attachment(name: str) -> dict[str, str]:
    """Return the header with which a browser saves what it gets; ``name`` is ASCII."""
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
