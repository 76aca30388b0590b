"""Collections of models: the panel reads an index by its address and installs from it."""

from __future__ import annotations

import asyncio
import io
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ddsp_edge.errors import UserError
from ddsp_edge.library import collection
from ddsp_edge.library.collection import Listed, ModelCollection
from ddsp_edge.remote.signing import MAX_SIGNATURE_BYTES
from ddsp_edge.web.answers import ApiError, answer, file_answer, from_user_error, packed_answer
from firmware_py.panel.intake import only, texts
from firmware_py.panel.models import AUDIO, Models
from firmware_py.panel.tags import Tags

PATH = "/api/collection"
MOST_KEPT, KEPT_S = 4, 600.0  #: indexes that are remembered, and for how long


class CollectionRoutes:
    """Handlers for the thread of the application. ``lock``: of whatever installs models."""

    def __init__(
        self,
        models: Models,
        tags: Tags,
        lock: asyncio.Lock,
        reload: Callable[[], Awaitable[Any]],
    ) -> None:
        self._models, self._tags, self._lock, self._reload = models, tags, lock, reload
        self._kept: OrderedDict[str, tuple[float, ModelCollection]] = OrderedDict()
        self._reading = asyncio.Lock()  # one download at a time

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the handlers."""
        return [
            Route(PATH, self.read, methods=["POST"]),
            Route(f"{PATH}/preview", self.preview, methods=["POST"]),
            Route(f"{PATH}/install", self.install, methods=["POST"]),
        ]

    async def read(self, request: Request) -> Response:
        """The index at an address, read anew."""
        only(request)
        (address,) = texts(await request.body(), "address")
        self._kept.pop(address, None)
        found = await self._index(address)
        return packed_answer(request, {"name": found.name, "models": _rows(found)})

    async def preview(self, request: Request) -> Response:
        only(request)
        address, name = texts(await request.body(), "address", "name")
        listed = await self._listed(address, name)
        data, kind = await self._fetch(collection.fetch_preview, address, listed)
        return file_answer(request, data, AUDIO[kind])

    async def install(self, request: Request) -> Response:
        """Install a model whose file is the one of the index; its tags come with it."""
        only(request)
        address, name = texts(await request.body(), "address", "name")
        listed = await self._listed(address, name)
        if self._lock.locked():
            raise ApiError(409, "another model is being installed", "try again in a moment")
        async with self._lock:
            data = await self._fetch(collection.fetch_model, address, listed)
            signature = await self._fetch(
                collection.fetch_signature, address, listed, MAX_SIGNATURE_BYTES
            )
            result = await run_in_threadpool(
                self._models.install, io.BytesIO(data), len(data), False, signature=signature
            )
        if listed.tags:
            tags = {result["model"]["name"]: listed.tags}
            await run_in_threadpool(self._tags.update, tags)
        result["playing"] = await self._reload()
        return answer(result, 201 if result["news"] else 200)

    async def _index(self, address: str) -> ModelCollection:
        known = self._kept.get(address)
        if known is not None and time.monotonic() - known[0] < KEPT_S:
            return known[1]
        found: ModelCollection = await self._fetch(collection.fetch_index, address)
        self._kept[address] = (time.monotonic(), found)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return found

    async def _listed(self, address: str, name: str) -> Listed:
        try:
            return (await self._index(address)).find(name)
        except ApiError:
            raise
        except UserError as error:
            raise from_user_error(error, 404) from None

    async def _fetch(self, fetch: Callable[..., Any], *arguments: Any) -> Any:
        async with self._reading:
            try:
                return await run_in_threadpool(fetch, *arguments)
            except UserError as error:
                raise from_user_error(error, 422) from None


def _rows(found: ModelCollection) -> list[dict[str, Any]]:
    """Return what a browser needs of the models; addresses stay here."""
    shown = ("name", "title", "size", "licence", "author", "family", "tags", "sha256")
    return [
        {key: row[key] for key in shown}
        | {"has_preview": bool(row["preview"]), "signed": bool(row["signature"])}
        for row in map(asdict, found.models)
    ]
