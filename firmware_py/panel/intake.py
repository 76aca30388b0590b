"""Parsing of what comes with a request; nothing in it is trusted. Everything raises ApiError."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any, BinaryIO

from starlette.datastructures import UploadFile
from starlette.requests import Request

from ddsp_edge.errors import UserError
from ddsp_edge.system.toml_config import did_you_mean
from ddsp_edge.web.answers import ApiError, from_user_error
from firmware_py.panel.models import staging
from firmware_py.panel.tags import checked_tags

MAX_TEXT = 1024  #: characters of a text in a body
MAX_NAME = 60  #: characters of a device's name
UPLOAD_S = 300.0  #: for a whole model, over the slowest of networks


def pair_request(body: bytes, kind: str) -> tuple[str, str]:
    """Parse a pairing request into (code, the device's name)."""
    example = 'send {"code": "123456"} as application/json'
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "the body is not JSON", example)
    data = json_object(body, example)
    if set(data) - {"code", "name"}:
        raise ApiError(400, "the body is wrong", example)
    code, name = data.get("code"), data.get("name", "browser")
    if not isinstance(code, str) or len(code) > 100:
        raise ApiError(400, "code is wrong", example)
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise ApiError(400, "name is wrong", f"give 1 to {MAX_NAME} printable characters")
    return code.replace(" ", ""), name


def texts(body: bytes, *names: str) -> list[str]:
    """Parse a body that is a JSON object of exactly these texts; returns them in this order."""
    example = f"send an object with {' and '.join(names)}"
    data = json_object(body, example)
    found = [data.get(name) for name in names]
    if set(data) != set(names) or not all(isinstance(each, str) for each in found):
        raise ApiError(400, "the body is wrong", example)
    return [str(each)[:MAX_TEXT] for each in found]


def title_and_tags(body: bytes) -> tuple[str | None, list[str] | None]:
    """Parse a change of a model: its title, its tags, None for what is left out."""
    example = 'send {"title": "Viola"}, {"tags": ["bowed", "solo"]} or both'
    data = json_object(body, example)
    title, tags = data.get("title"), data.get("tags")
    if not data or set(data) - {"title", "tags"}:
        raise ApiError(400, "the body is wrong", example)
    if title is not None and not (isinstance(title, str) and 0 < len(title.strip()) <= 64):
        raise ApiError(400, "title is wrong", "give 1 to 64 characters")
    if tags is None:
        return title, None
    if not isinstance(tags, list):
        raise ApiError(400, "tags is wrong", example)
    try:
        return title, checked_tags(tags)
    except UserError as error:
        raise from_user_error(error, 400) from None


def json_object(body: bytes, example: str) -> dict[str, Any]:
    """Parse a body that is a JSON object; ``example`` is the remedy where it is none."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiError(400, "the body is not JSON", example) from None
    if not isinstance(data, dict):
        raise ApiError(400, "the body is no object", example)
    return data


def chosen(body: bytes, key: str, choices: Iterable[str]) -> str:
    """Return the choice that a body names under ``key``, alone. Raises ApiError."""
    known = tuple(choices)
    example = f'give {{"{key}": one of {", ".join(known)}}}'
    data = json_object(body, example)
    if set(data) != {key} or data[key] not in known:
        raise ApiError(400, f"{key} is wrong", example)
    return str(data[key])


def only(request: Request, *names: str) -> None:
    """Raise ApiError where the query has other parameters than these."""
    for name in request.query_params:
        if name not in names:
            raise ApiError(400, f"{name[:60]!r} is not known here", did_you_mean(name, names))


def switch(request: Request, name: str) -> bool:
    """Return a boolean parameter of the query, False where it is left out."""
    text = request.query_params.get(name, "false")
    if text not in ("true", "false"):
        raise ApiError(400, f"{name} is wrong", "give true or false")
    return text == "true"


@contextlib.asynccontextmanager
async def uploaded(request: Request) -> AsyncIterator[BinaryIO]:
    """Return the whole file in the body; the guard has limited its size."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    async with contextlib.AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(UPLOAD_S):
                if kind == "multipart/form-data":
                    stream = await _from_form(request, stack)
                else:
                    stream = stack.enter_context(staging())
                    async for part in request.stream():
                        stream.write(part)
        except TimeoutError:
            limit = f"it must be here within {UPLOAD_S:g} s"
            raise ApiError(408, "the upload takes too long", limit) from None
        yield stream


async def _from_form(request: Request, stack: contextlib.AsyncExitStack) -> BinaryIO:
    form = await stack.enter_async_context(request.form(max_files=1, max_fields=4))
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    if not files:
        raise ApiError(400, "the form holds no file", "send one file")
    return files[0].file
