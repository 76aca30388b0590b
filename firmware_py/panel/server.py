"""The panel's web application: its routes and their handlers (docs/panel.md)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from ddsp_edge.api.protocol import RequestError
from ddsp_edge.bundles.bundle import MAX_FILE_BYTES
from ddsp_edge.update.inbox import MOST_UPDATE_BYTES
from ddsp_edge.web.answers import (
    ApiError,
    answer,
    file_answer,
    packed_answer,
)
from ddsp_edge.web.application import application
from ddsp_edge.web.pages import Pages
from ddsp_edge.web.request_checks import own_names
from firmware_py.panel import backup, backup_routes, update_routes
from firmware_py.panel.access import Devices, Pairing
from firmware_py.panel.backup_routes import BackupRoutes
from firmware_py.panel.collection_routes import CollectionRoutes
from firmware_py.panel.guard import Guard, device_of
from firmware_py.panel.intake import chosen, only, pair_request, switch, title_and_tags, uploaded
from firmware_py.panel.models import Models
from firmware_py.panel.network_routes import NetworkRoutes
from firmware_py.panel.openapi import description
from firmware_py.panel.power import WAYS, Power
from firmware_py.panel.preset_files import PresetFiles
from firmware_py.panel.rates import network_of
from firmware_py.panel.routing import attachment, by_method
from firmware_py.panel.system import Logs, System
from firmware_py.panel.tags import Tags
from firmware_py.panel.update_routes import UpdateRoutes
from firmware_py.panel.ws_proxy import WebSocketProxy

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
MODELS = "/api/models"
#: A form has a few lines around the file.
FORM_BYTES = 16 * 1024
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + FORM_BYTES
THREADS = 3  #: for what blocks
HOUSEKEEPING_S = 2.0


class Panel:
    """The handlers of all routes; each raises ApiError or UserError for what is refused."""

    def __init__(
        self, devices: Devices, pairing: Pairing, engine_socket: Path, models_folder: Path
    ) -> None:
        self._devices, self._pairing = devices, pairing
        self.proxy = WebSocketProxy(engine_socket, devices, self._engine_event)
        self._models, self._system = Models(models_folder), System(models_folder)
        self._logs, self._power, self._uploading = Logs(), Power(), asyncio.Lock()
        self._tags = Tags(devices.path.with_name("tags.json"))

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Runs the connection to the engine and the housekeeping while the panel is served."""
        import anyio.to_thread

        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        tasks = [asyncio.create_task(self.proxy.link.run()), asyncio.create_task(self._keep())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._pairing.close()

    def file_routes(self) -> list[BaseRoute]:
        """Return the routes of what is downloaded and uploaded, models aside."""
        link = self.proxy.link
        everything = BackupRoutes(link, self._models, self._tags, self._uploading, self._reload)
        hosted = CollectionRoutes(self._models, self._tags, self._uploading, self._reload)
        return [*PresetFiles(link).routes(), *everything.routes(), *hosted.routes()]

    async def _keep(self) -> None:
        while True:
            if not self._pairing.due_s():
                self._pairing.renew()
            self.proxy.send_away()
            await asyncio.sleep(HOUSEKEEPING_S)

    def _engine_event(self, event: dict[str, Any]) -> None:
        if event["event"] == "pairing_unlock":
            self._pairing.unlock()
            self._tell_asked()

    # ---- access

    async def pair(self, request: Request) -> Response:
        code, name = pair_request(await request.body(), request.headers.get("content-type", ""))
        token = self._pairing.pair(code, name, _address(request))
        self._tell_asked()  # the code that tuners show was used: the next one takes its place
        return answer({"token": token})

    async def ask_pair(self, request: Request) -> Response:
        if self._pairing.ask():
            self._tell_asked()
        return Response(None, 204)

    def _tell_asked(self) -> None:
        """Have the tuners of paired browsers show the code, where a browser asks for it."""
        if left_s := self._pairing.asked_left_s():
            self.proxy.tell({"event": "pairing", "for_s": round(left_s)})

    async def show_code(self, request: Request) -> Response:
        code, left_s = self._pairing.shown()
        asked_s = round(self._pairing.asked_left_s())
        return answer({"code": code, "for_s": round(left_s), "asked_s": asked_s})

    async def unpair(self, request: Request) -> Response:
        self._devices.remove(device_of(request.scope).id)
        self.proxy.send_away()
        return Response(None, 204)

    async def devices(self, request: Request) -> Response:
        own = device_of(request.scope).id
        rows = [
            {"id": each.id, "name": each.name, "paired": each.paired, "this": each.id == own}
            for each in self._devices
        ]
        return answer({"devices": rows})

    async def remove_device(self, request: Request) -> Response:
        self._devices.remove(request.path_params["id"])
        self.proxy.send_away()
        return Response(None, 204)

    # ---- models

    async def list_models(self, request: Request) -> Response:
        rows, tags = await run_in_threadpool(self._models.list), self._tags.all()
        models = [row | {"tags": tags.get(row["name"], [])} for row in rows]
        free_bytes = await run_in_threadpool(self._models.free_bytes)
        return packed_answer(request, {"models": models, "free_bytes": free_bytes})

    async def model_file(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = await run_in_threadpool(self._models.file, name)
        return Response(data, 200, attachment("model.zip"), "application/octet-stream")

    async def change_model(self, request: Request) -> Response:
        """Change a model's title, its tags, or both."""
        name = request.path_params["name"]
        title, tags = title_and_tags(await request.body())
        await run_in_threadpool(self._models.row, name)  # 404 where there is none
        if title is not None:
            await run_in_threadpool(self._models.rename, name, title)
            await self._reload()
        if tags is not None:
            await run_in_threadpool(self._tags.update, {name: tags})
        row = await run_in_threadpool(self._models.row, name)
        return answer(row | {"tags": self._tags.all().get(name, [])})

    async def preview(self, request: Request) -> Response:
        data, kind = await run_in_threadpool(self._models.preview, request.path_params["name"])
        return file_answer(request, data, kind)

    async def picture(self, request: Request) -> Response:
        data = await run_in_threadpool(self._models.picture, request.path_params["name"])
        return file_answer(request, data, "image/png")

    async def upload(self, request: Request) -> Response:
        only(request, "allow_downgrade")
        downgrade = switch(request, "allow_downgrade")
        if self._uploading.locked():
            raise ApiError(409, "another model is being uploaded", "try again in a moment")
        async with self._uploading, uploaded(request) as stream:
            size = await run_in_threadpool(stream.seek, 0, 2)
            if not size:
                raise ApiError(400, "the upload is empty", "send the file of a model")
            result = await run_in_threadpool(self._models.install, stream, size, downgrade)
        result["playing"] = await self._reload()
        return answer(result, 201 if result["news"] else 200)

    async def remove_model(self, request: Request) -> Response:
        name = request.path_params["name"]
        with contextlib.suppress(RequestError):  # no engine: nothing plays
            status = await self.proxy.link.call("status")
            if status.get("model") == name:
                raise ApiError(409, f"{name} plays now", "play another model first")
        await run_in_threadpool(self._models.remove, name)
        return Response(None, 204)

    async def rollback(self, request: Request) -> Response:
        row = await run_in_threadpool(self._models.rollback, request.path_params["name"])
        return answer({"model": row, "playing": await self._reload()})

    async def _reload(self) -> dict[str, Any] | None:
        """Load what plays anew where its file has changed; return None without an engine."""
        try:
            return await self.proxy.link.call("reload")
        except RequestError as error:
            log.info("reload: %s", error)
            return None

    # ---- the box

    async def system(self, request: Request) -> Response:
        return answer(await run_in_threadpool(self._system.as_json))

    async def logs(self, request: Request) -> Response:
        only(request, "lines", "unit")
        query = request.query_params
        return answer(
            await run_in_threadpool(self._logs.read, query.get("lines"), query.get("unit"))
        )

    async def show_power(self, request: Request) -> Response:
        return answer(await run_in_threadpool(self._power.possible))

    async def power(self, request: Request) -> Response:
        wanted = chosen(await request.body(), "do", WAYS)
        log.info("%s: asked for by %s", wanted, device_of(request.scope).name)
        await run_in_threadpool(self._power.carry_out, wanted)
        return Response(None, 204)

    async def openapi(self, request: Request) -> Response:
        return answer(description())


def make_app(
    devices: Devices,
    pairing: Pairing,
    engine_socket: Path,
    models_folder: Path,
    hosts: tuple[str, ...] = (),
) -> ASGIApp:
    """The whole application; ``hosts``: names it is reached by, besides the machine's own."""
    panel, pages = Panel(devices, pairing, engine_socket, models_folder), Pages(STATIC)
    routes = [
        Route("/", pages.index),
        Route("/static/{file}", pages.file),
        Route("/api/openapi.json", panel.openapi),
        by_method("/api/pair", GET=panel.show_code, POST=panel.pair, DELETE=panel.unpair),
        Route("/api/pair/ask", panel.ask_pair, methods=["POST"]),
        Route("/api/devices", panel.devices),
        Route("/api/devices/{id}", panel.remove_device, methods=["DELETE"]),
        by_method(MODELS, GET=panel.list_models, POST=panel.upload),
        by_method(MODELS + "/{name}", PATCH=panel.change_model, DELETE=panel.remove_model),
        Route(MODELS + "/{name}/file", panel.model_file),
        Route(MODELS + "/{name}/preview", panel.preview),
        Route(MODELS + "/{name}/picture", panel.picture),
        Route(MODELS + "/{name}/rollback", panel.rollback, methods=["POST"]),
        Route("/api/system", panel.system),
        Route("/api/logs", panel.logs),
        by_method("/api/power", GET=panel.show_power, POST=panel.power),
        *NetworkRoutes().routes(),
        *UpdateRoutes().routes(),
        *panel.file_routes(),
        WebSocketRoute("/ws", panel.proxy.serve),
    ]
    remedy = "this is a bug; the log has more: journalctl -u ddsp-edge-panel"
    app = application(routes, panel.lifespan, _http_remedy, remedy, log)
    uploads = {
        MODELS: MAX_UPLOAD_BYTES,
        backup_routes.PATH: backup.MAX_BYTES + FORM_BYTES,
        update_routes.PATH: MOST_UPDATE_BYTES,
    }
    return Guard(app, devices, [*own_names(), *hosts], uploads)


def _address(request: Request) -> str:
    """Return the network that the address of a request is counted under."""
    return network_of(request.client.host if request.client else "")


# ---- what goes wrong


def _http_remedy(status: int) -> str:
    remedies = {404: "GET /api/openapi.json lists what is here", 405: "see the Allow header"}
    return remedies.get(status, "see GET /api/openapi.json")
