"""GET and POST /api/backup: everything of the box as one file, and back."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from ddsp_edge.api.protocol import RequestError
from ddsp_edge.errors import UserError
from ddsp_edge.web.answers import ApiError, answer, from_user_error
from firmware_py.panel import backup
from firmware_py.panel.engine_link import EngineLink
from firmware_py.panel.intake import only, uploaded
from firmware_py.panel.models import Models
from firmware_py.panel.routing import attachment, by_method
from firmware_py.panel.tags import Tags

PATH = "/api/backup"
MOST_PROBLEMS = 100  #: that are told; a hostile file has as many as it likes


class BackupRoutes:
    """Handlers for the thread of the application. ``lock``: of whatever installs models."""

    def __init__(
        self,
        link: EngineLink,
        models: Models,
        tags: Tags,
        lock: asyncio.Lock,
        reload: Callable[[], Awaitable[Any]],
    ) -> None:
        self._link, self._models, self._tags = link, models, tags
        self._lock, self._reload = lock, reload

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the handlers."""
        return [by_method(PATH, GET=self.download, POST=self.restore)]

    async def download(self, request: Request) -> Response:
        try:
            contents = await backup.read_box(self._link, self._tags.all())
            data = await run_in_threadpool(
                lambda: backup.pack(contents, self._models.uploaded(backup.MAX_BYTES))
            )
        except UserError as error:
            raise from_user_error(error) from None
        return Response(data, 200, attachment("ddsp-edge-box.zip"), "application/zip")

    async def restore(self, request: Request) -> Response:
        only(request)
        if self._lock.locked():
            raise ApiError(409, "another file is being uploaded", "try again in a moment")
        async with self._lock:
            async with uploaded(request) as stream:
                await run_in_threadpool(stream.seek, 0)
                data = await run_in_threadpool(stream.read)
            try:
                contents, models = await run_in_threadpool(backup.unpack, data)
            except UserError as error:
                raise from_user_error(error, 422) from None
            del data
            return answer(await self._put(contents, models))

    async def _put(self, contents: backup.Contents, models: dict[str, bytes]) -> dict[str, Any]:
        """Install the models, so that presets find them, then everything else."""
        installed, problems = [], []
        for name, file in models.items():
            try:
                stream = io.BytesIO(file)
                row = await run_in_threadpool(
                    self._models.install, stream, len(file), True, name=name
                )
                installed.append(row["model"]["name"])
            except UserError as error:
                problems.append(f"model {name[:80]}: {error}")
        await run_in_threadpool(self._tags.update, contents.tags)
        restoring = backup.Restoring(self._link)
        try:
            await restoring.put(contents)
        except RequestError as error:
            raise from_user_error(error) from None
        problems += restoring.problems
        told = problems[:MOST_PROBLEMS]
        if len(problems) > len(told):
            told.append(f"{len(problems) - len(told)} more")
        result: dict[str, Any] = {"models": installed, "presets": restoring.presets}
        return result | {"problems": told, "playing": await self._reload()}
