"""The web socket /ws: connects browsers to the engine's control socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from ddsp_edge.api.protocol import (
    VERSION,
    RequestError,
    answer,
    checked_id,
    decode_object,
    encode,
    failure,
    is_version,
)
from ddsp_edge.api.verbs import check_request
from firmware_py.panel.access import Device, Devices
from firmware_py.panel.engine_link import EVENT_RATE_HZ, EngineLink
from firmware_py.panel.paths import refuse_paths
from firmware_py.panel.rates import Bucket

log = logging.getLogger(__name__)

MAX_BROWSERS = 8
MAX_STRANGERS = 8  #: that have not said their token yet
HELLO_S = 5.0
SEND_S = 15.0  #: a browser that takes nothing for so long has gone
MAX_UNSENT = 256  #: events and answers that wait for a browser; with more it is dropped
MAX_WAITING = 8  #: requests of one browser that are being carried out
REQUESTS_HZ, REQUESTS_AT_ONCE = 50.0, 100.0  #: of one browser; what is more waits
NO_TOKEN, TOO_MANY, TOO_SLOW = 4401, 4429, 4408  #: why a browser's socket is closed


class Browser:
    """A connected browser. It gets the newest meters, and everything else in order."""

    def __init__(self, socket: WebSocket, device: Device) -> None:
        self.socket, self.device = socket, device
        self.rate_hz: float | None = EVENT_RATE_HZ  #: of meters; None: no events
        self.waiting = 0
        self.close_code: int | None = None
        self._next_meters_s = 0.0
        self._lines: deque[str] = deque()
        self._meters: str | None = None
        self._something = asyncio.Event()

    def post(self, line: str) -> None:
        """Queue a line for the browser; dismiss one that takes none any more."""
        if len(self._lines) >= MAX_UNSENT:
            self.dismiss(TOO_SLOW)
            return
        self._lines.append(line)
        self._something.set()

    def meters(self, line: str, now_s: float) -> None:
        """Queue meters, unless it is too soon; newer ones replace those that wait."""
        if not self.rate_hz:
            return
        if self.rate_hz < EVENT_RATE_HZ:
            if now_s < self._next_meters_s:
                return
            self._next_meters_s = max(now_s, self._next_meters_s + 1.0 / self.rate_hz)
        self._meters = line
        self._something.set()

    def dismiss(self, code: int) -> None:
        """Close the socket with this code, without sending what waits."""
        self.close_code = code
        self._something.set()

    async def send_all(self) -> None:
        """Send until the browser is dismissed. Raises TimeoutError where it accepts nothing."""
        while self.close_code is None:
            await self._something.wait()
            self._something.clear()
            while self.close_code is None and (line := self._next()) is not None:
                async with asyncio.timeout(SEND_S):
                    await self.socket.send_text(line)

    def _next(self) -> str | None:
        if self._lines:
            return self._lines.popleft()
        line, self._meters = self._meters, None
        return line


class WebSocketProxy:
    """All browsers, and the connection to the engine that they share. One event loop.

    ``on_event`` gets every event of the engine, also while no browser listens.
    """

    def __init__(
        self,
        engine_socket: Path,
        devices: Devices,
        on_event: Callable[[dict[str, Any]], None] = lambda event: None,
    ) -> None:
        self._on_event = on_event
        self.link = EngineLink(engine_socket, self._event, self._up)
        self._devices = devices
        self._browsers: set[Browser] = set()
        self._strangers: dict[asyncio.Task[Device | None], None] = {}  #: oldest first
        self._state: str | None = None  #: the last event that says it
        self._jobs: set[asyncio.Task[None]] = set()

    # ---- from the engine

    def _up(self, up: bool) -> None:
        self._state = None
        for browser in self._browsers:
            browser.post(_engine_line(up))

    def _event(self, message: dict[str, Any], line: str) -> None:
        kind, now_s = message["event"], time.monotonic()
        self._on_event(message)
        if kind == "state":
            self._state = line
        for browser in self._browsers:
            if kind == "meters":
                browser.meters(line, now_s)
            elif browser.rate_hz is not None:
                browser.post(line)

    # ---- browsers

    async def serve(self, socket: WebSocket) -> None:
        """Serve one browser from its first message to its last."""
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, TimeoutError, RuntimeError, OSError):
            if len(self._browsers) >= MAX_BROWSERS:
                await socket.close(TOO_MANY, f"{MAX_BROWSERS} browsers are connected")
                return
            device = await self._met(socket)
            if device is None:
                await socket.close(NO_TOKEN, "this browser is not paired")
                return
            if len(self._browsers) >= MAX_BROWSERS:  # others were quicker
                await socket.close(TOO_MANY, f"{MAX_BROWSERS} browsers are connected")
                return
            await self._stay(Browser(socket, device))

    async def _met(self, socket: WebSocket) -> Device | None:
        """Who it is. Raises TimeoutError where it was silent and others want its place.

        A phone says its token at once; those that keep silent cannot keep it out.
        """
        meeting = asyncio.create_task(self._let_in(socket))
        self._strangers[meeting] = None
        if len(self._strangers) > MAX_STRANGERS:
            next(iter(self._strangers)).cancel()
        try:
            await asyncio.wait({meeting})
        finally:
            self._strangers.pop(meeting, None)
            meeting.cancel()
        if meeting.cancelled():
            await socket.close(TOO_MANY, "others wait; say the token at once")
            raise TimeoutError
        return meeting.result()

    async def _let_in(self, socket: WebSocket) -> Device | None:
        try:
            async with asyncio.timeout(HELLO_S):
                said = decode_object((await _text(socket)).encode())
        except (TimeoutError, RequestError):
            return None
        token = said.get("token")
        return self._devices.find(token) if isinstance(token, str) else None

    async def _stay(self, browser: Browser) -> None:
        self._browsers.add(browser)
        browser.post(_engine_line(self.link.up))
        if self._state is not None:
            browser.post(self._state)
        sending = asyncio.create_task(browser.send_all())
        hearing = asyncio.create_task(self._hear(browser))
        try:
            await self._listen()
            await asyncio.wait((sending, hearing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._browsers.discard(browser)
            sending.cancel()
            hearing.cancel()
            self._spawn(self._listen())
        results = await asyncio.gather(sending, hearing, return_exceptions=True)
        if any(isinstance(result, TimeoutError) for result in results):
            browser.close_code = TOO_SLOW
        if browser.close_code == TOO_SLOW:
            log.info("%s reads nothing any more; it is disconnected", browser.device.name)
        if browser.close_code is not None:
            async with asyncio.timeout(SEND_S):
                await browser.socket.close(browser.close_code)

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)  # the loop alone would let go of it
        task.add_done_callback(self._jobs.discard)

    async def _listen(self) -> None:
        await self.link.listen(any(b.rate_hz is not None for b in self._browsers))

    async def _hear(self, browser: Browser) -> None:
        allowance = Bucket(REQUESTS_HZ, REQUESTS_AT_ONCE)
        while True:
            text = await _text(browser.socket)
            self._spawn(self._carry_out(browser, text))
            await allowance.wait()  # a flood waits in the browser's own socket

    def tell(self, event: dict[str, Any]) -> None:
        """Send an event to all browsers that listen to events."""
        line = json.dumps(event, separators=(",", ":"))
        for browser in self._browsers:
            if browser.rate_hz is not None:
                browser.post(line)

    def send_away(self) -> None:
        """Dismiss the browsers whose tokens were revoked."""
        known = {device.id for device in self._devices}
        for browser in self._browsers:
            if browser.device.id not in known:
                browser.dismiss(NO_TOKEN)

    async def _carry_out(self, browser: Browser, text: str) -> None:
        request_id: Any = None
        browser.waiting += 1
        try:
            message = decode_object(text.encode("utf-8", "surrogatepass"))
            request_id = checked_id(message.get("id"))
            if not is_version(message.get("v", VERSION)):
                raise RequestError("request", "another version of the protocol", "reload the page")
            verb, arguments = check_request(message)
            if browser.waiting > MAX_WAITING:
                raise RequestError("busy", f"{MAX_WAITING} requests are being carried out", "wait")
            told = answer(request_id, await self._ask(browser, verb, arguments))
        except RequestError as error:
            told = failure(request_id, error)
        finally:
            browser.waiting -= 1
        browser.post(encode(told).decode().rstrip("\n"))

    async def _ask(self, browser: Browser, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if verb in ("subscribe", "unsubscribe"):  # of this browser; the link has its own
            rate_hz = arguments.get("rate_hz", EVENT_RATE_HZ) if verb == "subscribe" else None
            if rate_hz is not None and rate_hz < 0.0:
                raise RequestError("argument", "subscribe: rate_hz is negative", "give 0 to 30")
            browser.rate_hz = None if rate_hz is None else min(rate_hz, EVENT_RATE_HZ)
            if browser.rate_hz is not None and self._state is not None:
                browser.post(self._state)
            await self._listen()
            return {} if rate_hz is None else {"rate_hz": browser.rate_hz}
        refuse_paths(verb, arguments)
        if verb == "audio_choose":
            await self._known_cards(arguments)
        return await self.link.call(verb, arguments)

    async def _known_cards(self, arguments: dict[str, Any]) -> None:
        """A card's name is one of the box's list. Raises RequestError.

        ALSA takes more than names: one with arguments can write files and start programs.
        """
        asked = {arguments[key] for key in ("card", "capture") if arguments.get(key)}
        if not asked:
            return
        found = await self.link.call("audio_devices")
        known = {card["stable_id"] for card in found["cards"]} | set(found["others"])
        if not asked <= known:
            raise RequestError("refused", "the box lists no such card", "ask audio_devices")


async def _text(socket: WebSocket) -> str:
    """Return the next message as text. Raises WebSocketDisconnect."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    return text if isinstance(text, str) else "\0"  # bytes are no line of JSON


def _engine_line(up: bool) -> str:
    return json.dumps({"event": "engine", "up": up}, separators=(",", ":"))
