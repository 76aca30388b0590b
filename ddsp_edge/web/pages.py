"""The files of a page, looked up by name in its folder and in the shared one, never by path."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from ddsp_edge.web.answers import ApiError

#: What the panel and the studio share: the style, small helpers, the icon.
SHARED = Path(__file__).parent / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
}
SMALL = 512  #: bytes that are not worth compressing
#: Asked for each time and mostly answered with 304: after an update nobody has old files.
CACHE = "no-cache"


@dataclass(frozen=True, slots=True)
class _Page:
    type: str
    data: bytes
    zipped: bytes | None
    etag: str


class Pages:
    """The files, read at their first use and again when they have changed."""

    def __init__(self, *folders: Path) -> None:
        self._folders = (*folders, SHARED)
        self._pages: dict[str, tuple[int, _Page]] = {}

    def _page(self, name: str) -> _Page:
        """Return a static file, from memory where it has not changed. Raises ApiError."""
        kind = TYPES.get(Path(name).suffix)
        if kind is None or not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}", name):
            raise ApiError(404, "there is no such file", "GET / is the page")
        try:
            path = next((f / name for f in self._folders if (f / name).is_file()), None)
            if path is None:
                raise FileNotFoundError(name)
            changed = path.stat().st_mtime_ns
            known = self._pages.get(name)
            if known is not None and known[0] == changed:
                return known[1]
            page = _read(path, kind)
        except OSError:
            raise ApiError(404, "there is no such file", "GET / is the page") from None
        self._pages[name] = (changed, page)
        return page

    async def index(self, request: Request) -> Response:
        """Answer GET / with the page itself."""
        return self._answer(request, "index.html")

    async def file(self, request: Request) -> Response:
        """Answer GET /static/{file} with one of the files."""
        return self._answer(request, request.path_params["file"])

    def _answer(self, request: Request, name: str) -> Response:
        page = self._page(name)
        headers = {"Cache-Control": CACHE, "ETag": page.etag, "Vary": "Accept-Encoding"}
        if page.etag in request.headers.get("if-none-match", ""):
            return Response(None, 304, headers)
        data = page.data
        if page.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            data, headers["Content-Encoding"] = page.zipped, "gzip"
        return Response(data, 200, headers, page.type)


def _read(path: Path, kind: str) -> _Page:
    data = path.read_bytes()
    zipped = gzip.compress(data, 9, mtime=0) if len(data) >= SMALL else data
    etag = f'W/"{hashlib.sha256(data).hexdigest()[:20]}"'
    return _Page(kind, data, zipped if len(zipped) < len(data) else None, etag)
