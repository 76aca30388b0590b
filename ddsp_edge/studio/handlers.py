"""The handlers of the studio's requests (docs/studio.md); errors are ApiError or UserError."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from ddsp_edge.remote.discovery import find_boxes
from ddsp_edge.studio import boxes, listening, project, recordings
from ddsp_edge.studio.fields import json_body, options_of
from ddsp_edge.studio.project import Project
from ddsp_edge.studio.work import Work
from ddsp_edge.system.audio_kinds import AUDIO_SUFFIXES
from ddsp_edge.training.data.advice import advice
from ddsp_edge.web.answers import ApiError, answer

UPLOAD_S = 1800.0  #: for a whole recording
NO_STORE = {"Cache-Control": "no-store"}


class StudioHandlers:
    """Answers the requests about the instruments in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.work = folder.resolve(), Work()
        self._changing = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Stop what still runs when the studio is closed; a training keeps its step."""
        try:
            yield
        finally:
            await run_in_threadpool(self.work.close)

    def _project(self, request: Request) -> Project:
        return project.find(self._folder, request.path_params["key"])

    # ---- instruments

    async def list(self, request: Request) -> Response:
        found = [
            {
                "key": each.key,
                "name": _name(each),
                "done": each.bundle is not None,
            }
            for each in project.all_projects(self._folder)
        ]
        return answer({"instruments": found, "folder": str(self._folder)})

    async def create(self, request: Request) -> Response:
        options = options_of(await _json(request))
        async with self._changing:
            made = await run_in_threadpool(project.create, self._folder, options)
        return answer({"key": made.key}, 201)

    async def show(self, request: Request) -> Response:
        return answer(await run_in_threadpool(self._shown, self._project(request)))

    def _shown(self, found: Project) -> dict[str, Any]:
        options = found.options
        bundle = found.bundle
        return {
            "key": found.key,
            "name": _name(found),
            "options": options,
            "own": found.is_own,
            "folder": str(found.recordings),
            "picture": found.picture is not None,
            "recordings": recordings.listing(found),
            "report": _report(found),
            "training": self.work.state(found),
            "bundle": None if bundle is None else {"bytes": bundle.stat().st_size},
        }

    async def change(self, request: Request) -> Response:
        found, data = self._project(request), await _json(request)
        if "name" in data:
            raise ApiError(400, "an instrument keeps its name", "begin another one")
        async with self._changing:
            options = options_of(data, found.options)
            await run_in_threadpool(found.change, options)
        return Response(None, 204)

    async def picture(self, request: Request) -> Response:
        await run_in_threadpool(self._project(request).set_picture, await request.body())
        return Response(None, 204)

    async def show_picture(self, request: Request) -> Response:
        path = self._project(request).picture
        if path is None:
            raise ApiError(404, "there is no picture", "choose one")
        return FileResponse(path, headers=NO_STORE)

    # ---- recordings

    async def add_recording(self, request: Request) -> Response:
        found, name = self._project(request), request.path_params["name"]
        recordings.file_name(name)  # refused before anything is sent
        with recordings.incoming(found) as stream:
            await _receive(request, stream)
            async with self._changing:
                kept = await run_in_threadpool(recordings.keep, found, stream, name)
        return answer(kept, 201)

    async def recording(self, request: Request) -> Response:
        path = recordings.find_recording(self._project(request), request.path_params["name"])
        return FileResponse(path, headers=NO_STORE)

    async def remove_recording(self, request: Request) -> Response:
        found, name = self._project(request), request.path_params["name"]
        await run_in_threadpool(recordings.remove, found, name)
        return Response(None, 204)

    # ---- training

    async def report(self, request: Request) -> Response:
        await run_in_threadpool(self.work.train, self._project(request), True)
        return Response(None, 204)

    async def train(self, request: Request) -> Response:
        await run_in_threadpool(self.work.train, self._project(request))
        return Response(None, 204)

    async def pause(self, request: Request) -> Response:
        await run_in_threadpool(self.work.pause, self._project(request))
        return Response(None, 204)

    async def file(self, request: Request) -> Response:
        path = self._project(request).file(request.path_params["name"])
        return FileResponse(path, headers=NO_STORE)

    # ---- the finished instrument

    async def phrase(self, request: Request) -> Response:
        found, given = self._project(request), request.query_params.get("of", "")
        if given in listening.PHRASES:
            place = listening.PHRASES[given]
            name = await run_in_threadpool(listening.play_phrase, found, place, given)
            return answer({"file": name})
        suffix = f".{given.rsplit('.', 1)[-1].lower()}"
        if suffix not in AUDIO_SUFFIXES | {".mid"}:
            raise ApiError(400, "the phrase is no recording", "give a WAV file")
        with tempfile.NamedTemporaryFile(prefix="ddsp-edge-", suffix=suffix) as stream:
            await _receive(request, stream)
            stream.flush()
            path = Path(stream.name)
            name = await run_in_threadpool(listening.play_phrase, found, path, "yours")
        return answer({"file": name})

    async def bundle(self, request: Request) -> Response:
        path = (await run_in_threadpool(self._project(request).finished)).path
        assert path is not None
        return FileResponse(
            path, media_type="application/zip", filename=path.name, headers=NO_STORE
        )

    async def live(self, request: Request) -> Response:
        source = (await _json(request)).get("source")
        if source not in ("effect", "synth"):
            raise ApiError(400, "source is wrong", "give effect or synth")
        await run_in_threadpool(self.work.play, self._project(request), source)
        return Response(None, 204)

    async def silence(self, request: Request) -> Response:
        await run_in_threadpool(self.work.silence)
        return Response(None, 204)

    async def boxes(self, request: Request) -> Response:
        found = await run_in_threadpool(find_boxes)
        return answer({"boxes": [{"host": box.host, "name": box.name} for box in found]})

    async def send(self, request: Request) -> Response:
        host = (await _json(request)).get("host")
        if not isinstance(host, str) or not 0 < len(host.strip()) <= 255:
            raise ApiError(400, "the box is missing", "give its name, for instance pi@pedal.local")
        return answer(await run_in_threadpool(boxes.send, self._project(request), host.strip()))


def _name(found: Project) -> str:
    options = found.options
    return str(options.get("name") or options.get("recipe") or found.key)


def _report(found: Project) -> dict[str, Any] | None:
    """The report on the recordings with advice on each warning; None before it is made."""
    try:
        report = json.loads((found.run_folder / "report.json").read_text(encoding="utf-8"))
        files = [
            {"file": item["file"], "warnings": _advised(item["warnings"])}
            for item in report["files"]
            if item["warnings"]
        ]
        files += [
            {"file": item["file"], "warnings": _advised([item["reason"]]), "left_out": True}
            for item in report["left_out"]
        ]
        keys = ("material_minutes", "usable_minutes", "lowest_hz", "highest_hz", "quietest_db")
        picture = (found.run_folder / "report.png").is_file()
        return {
            **{key: report[key] for key in (*keys, "loudest_db")},
            "warnings": _advised(report["warnings"]),
            "files": files[:200],
            "picture": picture,
            "made": (found.run_folder / "report.json").stat().st_mtime,
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _advised(warnings: list[str]) -> list[dict[str, str]]:
    return [{"text": text, "advice": advice(text)} for text in map(str, warnings)]


async def _json(request: Request) -> dict[str, Any]:
    return json_body(await request.body(), request.headers.get("content-type", ""))


async def _receive(request: Request, stream: Any) -> None:
    """Write the body into ``stream``; the guard has limited its size. Raises ApiError."""
    size = 0
    try:
        async with asyncio.timeout(UPLOAD_S):
            async for part in request.stream():
                size += len(part)
                await run_in_threadpool(stream.write, part)
    except TimeoutError:
        raise ApiError(408, "the upload takes too long", "send a smaller file") from None
    if not size:
        raise ApiError(400, "the upload is empty", "send the file")
