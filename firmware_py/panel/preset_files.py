"""Presets as files: each is downloaded and uploaded as the TOML that the engine stores."""

from __future__ import annotations

from typing import Any

import tomli_w
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from ddsp_edge.api.protocol import RequestError
from ddsp_edge.errors import UserError
from ddsp_edge.presets.preset import parse_preset, preset_tables
from ddsp_edge.web.answers import ApiError, answer, from_user_error
from firmware_py.panel.engine_link import EngineLink
from firmware_py.panel.intake import only, switch
from firmware_py.panel.paths import refuse_paths
from firmware_py.panel.routing import attachment, by_method


class PresetFiles:
    """Handlers for the files of presets. For the thread of the application."""

    def __init__(self, link: EngineLink) -> None:
        self._link = link

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the handlers."""
        return [by_method("/api/presets/{name}", GET=self.read, POST=self.write)]

    async def read(self, request: Request) -> Response:
        name = request.path_params["name"]
        try:
            told = await self._link.call("preset_read", {"name": name})
        except RequestError as error:
            status = 404 if error.error.startswith("no preset is called") else 409
            raise (
                from_user_error(error)
                if error.code == "engine"
                else ApiError(status, error.error, error.remedy)
            ) from None
        text = tomli_w.dumps(told["preset"]).encode()
        return Response(text, 200, attachment("preset.toml"), "application/toml")

    async def write(self, request: Request) -> Response:
        only(request, "replace")
        name, replace = request.path_params["name"], switch(request, "replace")
        try:
            tables = preset_tables(parse_preset(name, await request.body(), "the file"))
        except UserError as error:
            raise from_user_error(error, 422) from None
        return answer(await store(self._link, name, tables, replace), 201)


async def store(
    link: EngineLink, name: str, tables: dict[str, Any], replace: bool
) -> dict[str, Any]:
    """Have the engine store a preset; it may name no path. Raises ApiError."""
    arguments = {"name": name, "preset": tables, "replace": replace}
    try:
        refuse_paths("preset_write", arguments)
        return await link.call("preset_write", arguments)
    except RequestError as error:
        raise (
            from_user_error(error)
            if error.code == "engine"
            else ApiError(409, error.error, error.remedy)
        ) from None
