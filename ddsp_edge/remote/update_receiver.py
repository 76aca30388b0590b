"""The receiving device's verbs for updates of its whole system (docs/update.md)."""

from __future__ import annotations

from collections.abc import Callable
from io import RawIOBase
from typing import Any, BinaryIO

from ddsp_edge.errors import UserError
from ddsp_edge.library.store import read_some
from ddsp_edge.remote.policy import Policy
from ddsp_edge.update.inbox import UpdateInbox

Answer = dict[str, Any]
#: Bytes of an update that one request carries at most.
MOST_PIECE = 8 * 1024 * 1024


class UpdateReceiver:
    """Takes an update over one connection; ``verbs`` are its requests. Each raises UserError."""

    def __init__(self, policy: Policy, source: BinaryIO | RawIOBase) -> None:
        self._policy, self._source = policy, source
        self._inbox = UpdateInbox()
        self.verbs: dict[str, Callable[[Answer], Answer]] = {
            "update_state": self._state,
            "update_begin": self._begin,
            "update_data": self._data,
            "update_install": self._install,
            "update_back": self._back,
        }

    def _state(self, _: Answer) -> Answer:
        return self._inbox.box.state()

    def _begin(self, request: Answer) -> Answer:
        return {"have": self._inbox.begin(*_named(request))}

    def _data(self, request: Answer) -> Answer:
        size, sha256 = _named(request)
        offset, length = _whole(request, "offset"), _whole(request, "length")
        if not 0 < length <= MOST_PIECE:
            raise UserError(f"a piece of an update has 1 to {MOST_PIECE} bytes")
        if offset + length > size:
            raise UserError("the piece goes beyond the update's end")
        source = _Piece(self._source, length)
        have = self._inbox.append(source, offset, offset + length, sha256)
        if source.left:
            raise UserError(f"the upload was cut off after {have} bytes")
        return {"have": have}

    def _install(self, request: Answer) -> Answer:
        self._inbox.finish(*_named(request))
        self._inbox.ask(
            "install",
            restart=request.get("restart") is True,
            allow_downgrade=request.get("allow_downgrade") is True and self._policy.allow_downgrade,
        )
        return {}

    def _back(self, request: Answer) -> Answer:
        self._inbox.ask("back", restart=request.get("restart") is True)
        return {}


class _Piece:
    """The next ``left`` bytes of a connection; given up after a silence."""

    def __init__(self, source: BinaryIO | RawIOBase, left: int) -> None:
        self._source, self.left = source, left

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes. Raises UserError where none come for long."""
        data = read_some(self._source, min(size, self.left)) if self.left else b""
        self.left -= len(data)
        return data


def _whole(request: Answer, name: str) -> int:
    value = request.get(name)
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise UserError(f"the request names no {name}")
    return value


def _named(request: Answer) -> tuple[int, str]:
    """Return size and SHA-256 of the update that a request is about."""
    return _whole(request, "size"), str(request.get("sha256"))
