"""The responses of panel and studio: JSON, and errors as {"error", "remedy"}."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ddsp_edge.api.protocol import RequestError
from ddsp_edge.errors import UserError

#: HTTP status of the control protocol's codes.
STATUS = {"engine": 503, "busy": 503, "internal": 502, "refused": 409}


class ApiError(UserError):
    """Raised for a request that is not carried out; it has an HTTP status."""

    def __init__(
        self, status: int, error: str, remedy: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{error}; {remedy}" if remedy else error)
        self.status, self.error, self.remedy = status, error, remedy
        self.headers = headers or {}


def from_user_error(error: UserError, status: int = 409) -> ApiError:
    """Make an error of a UserError, whose text is `what; remedy`."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, RequestError):
        return ApiError(STATUS.get(error.code, 400), error.error, error.remedy)
    what, _, remedy = " ".join(str(error).split()).partition("; ")
    return ApiError(status, what, remedy)


def answer(
    data: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Return a JSON response that no cache may store."""
    body = json.dumps(data, allow_nan=False, separators=(",", ":")).encode()
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(body, status, kept, "application/json")


def packed_answer(request: Request, data: dict[str, Any]) -> Response:
    """Return a JSON response like :func:`answer`, compressed where the browser accepts gzip."""
    plain = answer(data)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return plain
    headers = {"Cache-Control": "no-store", "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    body = gzip.compress(bytes(plain.body), 6, mtime=0)
    return Response(body, 200, headers, "application/json")


def file_answer(request: Request, data: bytes, kind: str) -> Response:
    """Return a file that the browser caches but revalidates each time: mostly 304."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
    headers = {"Cache-Control": "private, no-cache", "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    return Response(data, 200, headers, kind)


def refusal(error: ApiError) -> Response:
    """Return the response to a request that is not carried out."""
    return answer({"error": error.error, "remedy": error.remedy}, error.status, error.headers)
