"""GET and POST /api/network: the box's networks, through the network service (docs/network.md)."""

from __future__ import annotations

import ipaddress
import logging
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ddsp_edge.errors import UserError
from ddsp_edge.network.client import ask
from ddsp_edge.network.wifi_code import qr_path, wifi_text
from ddsp_edge.web.answers import ApiError, answer, from_user_error
from firmware_py.panel.guard import device_of
from firmware_py.panel.intake import json_object
from firmware_py.panel.openapi_words import (
    MAYBE_OBJECT,
    NOTHING,
    OBJECT,
    TEXT,
    Json,
    answers,
    good,
    json_of,
    object_of,
    operation,
)
from firmware_py.panel.routing import by_method

log = logging.getLogger(__name__)

PATH, GUEST_PATH = "/api/network", "/api/pair/network"
#: What can be asked for, and what it takes; `join` has a password and may be hidden.
WAYS: dict[str, tuple[str, ...]] = {
    "join": ("name", "password", "hidden"),
    "forget": ("uuid",),
    "look": (),
    "set_mode": ("mode",),
}


class NetworkRoutes:
    """Handlers for the thread of the application."""

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the handlers."""
        return [
            by_method(PATH, GET=self.show, POST=self.change),
            Route(GUEST_PATH, self.for_guests),
        ]

    async def show(self, request: Request) -> Response:
        try:
            state = await run_in_threadpool(ask, "state")
        except UserError as error:
            told = from_user_error(error)
            return answer({"possible": False, "reason": told.error})
        return answer(await run_in_threadpool(_with_codes, state, request.url.port))

    async def change(self, request: Request) -> Response:
        verb, arguments = wanted(await request.body())
        log.info("network, %s: asked for by %s", verb, device_of(request.scope).name)
        try:
            await run_in_threadpool(lambda: ask(verb, **arguments))
        except UserError as error:
            raise from_user_error(error, 409) from None
        return Response(None, 204)

    async def for_guests(self, request: Request) -> Response:
        """The hotspot's code, without a token: only for who is in the hotspot and so knows it."""
        try:
            state = await run_in_threadpool(ask, "state")
        except UserError:
            return answer({"hotspot": None})
        hotspot = state["hotspot"]
        client = request.client.host if request.client else ""
        if not hotspot["open"] or not is_guest(client, hotspot["address"]):
            return answer({"hotspot": None})
        coded = await run_in_threadpool(_with_codes, state, request.url.port)
        return answer({"hotspot": coded["hotspot"], "page": coded["page"]})


def is_guest(client: str, own: str) -> bool:
    """Return whether an address is one that the hotspot has given to somebody else."""
    try:
        address = ipaddress.ip_address(client)
        network = ipaddress.ip_network(f"{own}/24", strict=False)
    except ValueError:
        return False
    return address in network and client != own


def wanted(body: bytes) -> tuple[str, dict[str, Any]]:
    """Return verb and arguments of a request's body. Raises ApiError."""
    example = 'give {"do": "join", "name": "Home", "password": "secret"}, or forget, look, want'
    data = json_object(body, example)
    verb = data.pop("do", None)
    if not isinstance(verb, str) or verb not in WAYS:
        raise ApiError(400, "do is wrong", f"one of {', '.join(WAYS)}")
    if verb == "join":
        data = {"password": "", "hidden": False, **data}
    if set(data) != set(WAYS[verb]):
        raise ApiError(400, "the body is wrong", example)
    for name, value in data.items():
        if name == "hidden":
            good = isinstance(value, bool)
        else:
            good = isinstance(value, str) and len(value) <= 200
        if not good:
            raise ApiError(400, f"{name} is wrong", example)
    return verb, data


def _with_codes(state: dict[str, Any], port: int | None) -> dict[str, Any]:
    """Add the QR codes: of the hotspot, and of the panel's address by the box's own name."""
    hotspot = state["hotspot"]
    page = f"http://{state['host']}.local" + (f":{port}/" if port not in (None, 80) else "/")
    coded = {"hotspot": {**hotspot, "code": None}, "page": {"address": page, "code": None}}
    try:
        text = wifi_text(hotspot["name"], hotspot["password"])
        coded["hotspot"]["code"] = qr_path(text)
        coded["page"]["code"] = qr_path(page)
    except UserError as error:  # a panel without the package still says the names
        log.info("%s", error)
    return {**state, **coded}


_CHANGE: Json = {
    "type": "object",
    "properties": {
        "do": {"enum": list(WAYS)},
        "name": {"type": "string", "maxLength": 200, "description": "join: of the network"},
        "password": {"type": "string", "maxLength": 200, "description": "join: empty for none"},
        "hidden": {"type": "boolean", "description": "join: the network does not say its name"},
        "uuid": {"type": "string", "maxLength": 200, "description": "forget: which"},
        "mode": {"enum": ["auto", "hotspot"], "description": "set_mode: when the hotspot is open"},
    },
    "required": ["do"],
    "additionalProperties": False,
}
PATHS: Json = {
    PATH: {
        "get": operation(
            "show_network",
            "Networks in reach, the one that is joined, the hotspot and its QR code",
            answers(
                good({**OBJECT, "required": ["possible", "reason"], "properties": {"reason": TEXT}})
            ),
        ),
        "post": operation(
            "change_network",
            "Join a network, forget one, look for some, or say when the hotspot is open",
            answers(NOTHING, 409),
            requestBody={"required": True, "content": json_of(_CHANGE)},
        ),
    },
    GUEST_PATH: {
        "get": operation(
            "guest_network",
            "The hotspot's QR code for another phone, for who is in the hotspot",
            answers(good(object_of({"hotspot": MAYBE_OBJECT})), token=False),
            security=[],
        )
    },
}
