"""A file from an http or https address: bounded in bytes, time and redirects."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from email.message import Message
from typing import IO
from urllib.parse import urlsplit

from ddsp_edge.errors import UserError

LONGEST_ADDRESS = 1000
MOST_REDIRECTS = 4
STALL_S = 15.0  #: without a byte
CHUNK = 64 * 1024


def check_address(address: str) -> str:
    """Return an address that may be fetched. Raises UserError."""
    remedy = "give one that begins with https:// or http://"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UserError(f"{address[:80]!r} is not an address; {remedy}") from None
    plain = address.isascii() and address.isprintable() and " " not in address
    if not plain or len(address) > LONGEST_ADDRESS or parts.scheme not in ("http", "https"):
        raise UserError(f"{address[:80]!r} is not an address; {remedy}")
    if not host or parts.username is not None or parts.password is not None:
        raise UserError(f"{address[:80]!r} names no host, or a user; {remedy}")
    return address


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows few redirects, to http and https alone, and none from https to http."""

    max_redirections = MOST_REDIRECTS
    max_repeats = 2

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage | Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        check_address(newurl)
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            raise UserError(f"{req.full_url}: is redirected from https to http")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _opener() -> urllib.request.OpenerDirector:
    """An opener for http and https; the usual one also opens files and ftp."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def download(address: str, most: int, within_s: float) -> bytes:
    """Return what is at an address, at most ``most`` bytes. Blocks; any thread may call it.

    Raises UserError, one line, where it cannot be had in ``within_s`` seconds.
    """
    ends = time.monotonic() + within_s
    request = urllib.request.Request(check_address(address), headers={"User-Agent": "ddsp-edge"})
    remedy = "check the address, and whether this machine has internet"
    try:
        with _opener().open(request, timeout=min(STALL_S, within_s)) as answer:
            parts, size = [], 0
            while part := answer.read1(min(CHUNK, most + 1 - size)):
                parts.append(part)
                size += len(part)
                if size > most:
                    raise UserError(f"{address}: is larger than {most} bytes")
                if time.monotonic() > ends:
                    raise UserError(f"{address}: did not arrive within {within_s:g} s")
            said = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        error.close()
        raise UserError(f"{address}: the server answers {error.code}; {remedy}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        text = " ".join(str(reason).split())[:100] or type(error).__name__
        raise UserError(f"{address}: cannot be read ({text}); {remedy}") from None
    if said is not None and said.isdecimal() and int(said[:18]) != size:
        raise UserError(f"{address}: was cut off after {size} bytes; try again")
    return b"".join(parts)
