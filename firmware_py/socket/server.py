"""The control socket: JSON lines in, answers and events out, in a thread of its own.

It never blocks: a client that is slow, silent, hostile or gone costs the others nothing.
What takes long is carried out elsewhere (a verb's method returns a Future).
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from ddsp_edge.api.protocol import (
    MAX_LINE_BYTES,
    RequestError,
    answer,
    checked_id,
    decode,
    encode,
    failure,
)
from ddsp_edge.api.verbs import MAX_EVENT_RATE_HZ, check_request
from firmware_py.socket.peer import Peer, PeerGone
from firmware_py.socket.socket_file import listen

log = logging.getLogger(__name__)

MAX_CLIENTS = 16
MAX_WAITING = 8  #: requests that one client may have being carried out
IDLE_S = 10.0  #: when all places are taken, who was silent so long makes room
REQUESTS_PER_S = 200.0  #: of all clients together, in equal shares
LINES_AT_ONCE = 4  #: before the next client has its turn
EVENT_RATE_HZ = 20.0
NICE = 5  #: this thread gives way to the control thread


class VerbHandler(Protocol):
    """Carries out requests: one method for each verb, of its name, except (un)subscribe.

    A method returns the answer's result or a Future of it, and may raise UserError. It is
    called in the server's thread and must not block.
    """

    def watch(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The status in two halves: meters, which change all the time, and the rest, which is sent
        when it has changed."""


class ControlServer:
    """The socket is there once constructed, answered from :meth:`start` until :meth:`stop`.

    Raises UserError where the socket cannot be made.
    """

    def __init__(
        self, path: Path, commands: VerbHandler, *, mode: int = 0o660, group: str = ""
    ) -> None:
        self.path, self._commands = path, commands
        self._listener = listen(path, mode, group)
        self._inode = os.stat(path).st_ino
        self._peers: set[Peer] = set()
        self._posted: deque[Callable[[], None]] = deque()  # from other threads
        # Not an eventfd: its number may be another file's when a late thread writes to it.
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._running = True
        self._thread = threading.Thread(target=self._run, name="control-socket", daemon=True)

    def start(self) -> None:
        """Start the thread that accepts clients and answers them."""
        self._thread.start()

    def stop(self) -> None:
        """Close all connections and remove the socket's file. Any thread, once."""
        self._post(self._finish)
        if self._thread.ident is not None:
            self._thread.join()
        else:
            self._close()

    def publish(self, event: Mapping[str, Any]) -> None:
        """Send an event to every subscriber. Any thread; returns at once."""
        line = encode(dict(event))
        self._post(lambda: self._to_subscribers(line))

    # -- the thread

    def _post(self, action: Callable[[], None]) -> None:
        self._posted.append(action)
        with contextlib.suppress(OSError):  # full: it wakes anyway; closed: it has stopped
            self._wake.send(b"\0")

    def _finish(self) -> None:
        self._running = False

    def _run(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while self._running:
            now = time.monotonic()
            for key, mask in self._selector.select(self._timeout(now)):
                self._ready(key, mask)
            while self._posted:
                self._posted.popleft()()
            now = time.monotonic()
            for peer in tuple(self._peers):
                self._guarded(peer, self._serve, now)
            self._meters(now)
        self._close()

    def _ready(self, key: selectors.SelectorKey, mask: int) -> None:
        if key.fileobj is self._listener:
            self._accept()
        elif key.fileobj is self._woken:
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(4096)
        elif mask & selectors.EVENT_READ:
            self._guarded(key.data, Peer.receive, time.monotonic())

    def _timeout(self, now: float) -> float | None:
        due = [resumes for peer in self._peers if (resumes := peer.resumes_s()) is not None]
        due += [peer.next_event_s for peer in self._peers if peer.rate_hz]
        return max(0.0, min(due) - now) if due else None

    def _guarded(self, peer: Peer, action: Callable[..., None], *arguments: Any) -> None:
        """Call ``action(peer, *arguments)``; a client that has gone is forgotten."""
        try:
            action(peer, *arguments)
        except PeerGone:
            self._forget(peer)

    def _forget(self, peer: Peer) -> None:
        if peer in self._peers:
            self._peers.discard(peer)
            self._watch(peer, 0)
            peer.close()

    def _watch(self, peer: Peer, mask: int) -> None:
        """Wait for a client to send, or to make room, or (0) for neither."""
        if mask == peer.watched:
            return
        if not mask:
            self._selector.unregister(peer.socket)
        elif not peer.watched:
            self._selector.register(peer.socket, mask, peer)
        else:
            self._selector.modify(peer.socket, mask, peer)
        peer.watched = mask

    # -- clients

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                time.sleep(0.05)  # it would be offered again at once
            return
        now = time.monotonic()
        peer = Peer(connection, now)
        self._peers.add(peer)
        self._watch(peer, selectors.EVENT_READ)
        if len(self._peers) <= MAX_CLIENTS:
            return
        silent = [p for p in self._peers if p.rate_hz is None and not p.waiting]
        oldest = min(silent, key=lambda p: p.heard_s)
        leaving = oldest if now - oldest.heard_s > IDLE_S else peer
        busy = RequestError("busy", f"{MAX_CLIENTS} clients are connected", "close one of them")
        with contextlib.suppress(PeerGone):
            leaving.send(encode(failure(None, busy)))
        self._forget(leaving)

    def _serve(self, peer: Peer, now: float) -> None:
        """Answer the lines that are here; then wait for more, or for room to send."""
        share = REQUESTS_PER_S / len(self._peers)
        for _ in range(LINES_AT_ONCE):
            line = peer.next_line(now, share)
            if line is None:
                break
            self._answer(peer, line)
        peer.flush()
        mask = selectors.EVENT_READ if peer.wants_to_read else 0
        mask |= selectors.EVENT_WRITE if peer.unsent else 0
        self._watch(peer, mask)

    def _answer(self, peer: Peer, line: bytes) -> None:
        request_id: Any = None
        try:
            if not line:
                limit = f"a line has {MAX_LINE_BYTES} bytes at most"
                raise RequestError("request", "empty line or too long", limit)
            message = decode(line)
            request_id = checked_id(message.get("id"))
            verb, arguments = check_request(message)
            result = self._carry_out(peer, verb, arguments)
        except Exception as error:  # whatever went wrong is the answer
            peer.send(encode(_reported(request_id, error)))
            return
        if isinstance(result, Future):
            peer.waiting += 1
            result.add_done_callback(
                lambda done: self._post(lambda: self._guarded(peer, self._done, request_id, done))
            )
        else:
            peer.send(encode(answer(request_id, result)))

    def _carry_out(self, peer: Peer, verb: str, arguments: dict[str, Any]) -> Any:
        if verb == "subscribe":
            rate_hz = arguments.get("rate_hz", EVENT_RATE_HZ)
            if not 0.0 <= rate_hz <= MAX_EVENT_RATE_HZ:
                limit = f"give 0 to {MAX_EVENT_RATE_HZ:g}"
                raise RequestError("argument", f"subscribe: rate_hz is {rate_hz:g}", limit)
            peer.rate_hz, peer.next_event_s, peer.shown = rate_hz, time.monotonic(), {}
            return {"rate_hz": rate_hz}
        if verb == "unsubscribe":
            peer.rate_hz = None
            return {}
        if peer.waiting >= MAX_WAITING:
            limit = "wait for an answer"
            raise RequestError("busy", f"{MAX_WAITING} requests are being carried out", limit)
        return getattr(self._commands, verb)(**arguments)

    def _done(self, peer: Peer, request_id: Any, done: Future[Any]) -> None:
        peer.waiting -= 1
        if peer not in self._peers:
            return
        error = None if done.cancelled() else done.exception()
        if done.cancelled():
            error = RequestError("refused", "not carried out", "the engine is stopping")
        if isinstance(error, Exception):
            peer.send(encode(_reported(request_id, error)))
        else:
            peer.send(encode(answer(request_id, done.result())))

    # -- events

    def _to_subscribers(self, line: bytes) -> None:
        for peer in tuple(self._peers):
            if peer.rate_hz is not None:
                self._guarded(peer, Peer.send, line)

    def _meters(self, now: float) -> None:
        """Send meters to the clients that are due. One that is slow to read misses some."""
        due = [p for p in self._peers if p.rate_hz and p.next_event_s <= now]
        if not due:
            return
        try:
            now_meters, now_state = self._commands.watch()
            meters, state = encode({"event": "meters", **now_meters}), dict(now_state)
        except Exception:  # a bug must not end this thread
            log.exception("no meters")
            meters, state = b"", {}
        for peer in due:
            assert peer.rate_hz
            step = 1.0 / peer.rate_hz
            on_time = peer.next_event_s + step
            peer.next_event_s = on_time if on_time > now else now + step
            if peer.unsent:
                continue
            if peer.shown != state:
                peer.shown = state
                self._guarded(peer, Peer.send, encode({"event": "state", **state}))
            self._guarded(peer, Peer.send, meters)

    def _close(self) -> None:
        for peer in self._peers:
            with contextlib.suppress(PeerGone):
                peer.flush()
            peer.close()
        self._peers.clear()
        self._selector.close()
        for each in (self._listener, self._woken, self._wake):
            each.close()
        with contextlib.suppress(OSError):  # unless a newer engine has taken the place
            if os.stat(self.path).st_ino == self._inode:
                os.unlink(self.path)


def _reported(request_id: Any, error: BaseException) -> dict[str, Any]:
    told = failure(request_id, error if isinstance(error, Exception) else RuntimeError(repr(error)))
    if told["code"] == "internal":
        log.error("a request failed", exc_info=error)
    return told
