"""The panel's one connection to the engine: requests, events, and reconnecting.

One for all browsers, so that the engine meets one client with one share of its attention.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ddsp_edge.api.client import MAX_ANSWER_BYTES
from ddsp_edge.api.protocol import RequestError, encode
from ddsp_edge.api.verbs import VERBS

log = logging.getLogger(__name__)

EVENT_RATE_HZ = 25.0
MAX_PENDING = 32  #: requests on their way, of all browsers
ANSWER_S, WAITS_S = 10.0, 90.0  #: for a verb's answer, and for that of one that waits
#: Without the meters that were asked for: the engine hangs, unless it does what takes long (a
#: sound card may stop everything while it is opened).
QUIET_S = 3.0
RETRY_S = (0.1, 2.0)  #: pauses between attempts to connect, growing


class EngineLink:
    """Connects to the engine. ``on_event(message, line)`` and ``on_up(up)`` run in its loop."""

    def __init__(
        self,
        path: Path,
        on_event: Callable[[dict[str, Any], str], None],
        on_up: Callable[[bool], None],
    ) -> None:
        self.path, self._on_event, self._on_up = path, on_event, on_up
        self.up = False
        self._writer: asyncio.StreamWriter | None = None
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._long: set[int] = set()  #: of those that are pending, the verbs that wait
        self._last_id = 0
        self._listening = False

    async def call(self, verb: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of a verb.

        Raises RequestError, with code ``engine`` where none answers.
        """
        if self._writer is None:
            raise RequestError("engine", "the engine is not running", _START)
        if len(self._pending) >= MAX_PENDING:
            raise RequestError("busy", f"{MAX_PENDING} requests wait for the engine", "wait")
        return await self._ask(self._writer, verb, arguments or {})

    async def _ask(
        self, writer: asyncio.StreamWriter, verb: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        self._last_id += 1
        request_id = self._last_id
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = future
        if VERBS[verb].waits:
            self._long.add(request_id)
        try:
            writer.write(encode({"id": request_id, "do": verb, **arguments}))
            async with asyncio.timeout(WAITS_S if VERBS[verb].waits else ANSWER_S):
                message = await future
        except TimeoutError:
            if not VERBS[verb].waits:
                writer.close()  # it hangs: begin anew
            raise RequestError("engine", "the engine did not answer in time", _START) from None
        finally:
            self._pending.pop(request_id, None)
            self._long.discard(request_id)
        if message.get("ok") is True:
            return dict(message["result"])
        raise RequestError(
            str(message.get("code")), str(message.get("error")), str(message.get("remedy", ""))
        )

    async def listen(self, wanted: bool) -> None:
        """Receive meters and state from now on, or only the other events; also after a restart of
        the engine."""
        if wanted == self._listening:
            return
        self._listening = wanted
        with contextlib.suppress(RequestError):
            await self._subscribe()

    async def _subscribe(self) -> None:
        if self._writer is None:
            return
        rate_hz = EVENT_RATE_HZ if self._listening else 0.0
        await self._ask(self._writer, "subscribe", {"rate_hz": rate_hz})

    # ---- the connection

    async def run(self) -> None:
        """Connect to the engine, and again whenever it is lost, until cancelled."""
        pause_s = RETRY_S[0]
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(
                    self.path, limit=MAX_ANSWER_BYTES
                )
            except OSError:
                await asyncio.sleep(pause_s)
                pause_s = min(RETRY_S[1], pause_s * 2.0)
                continue
            if await self._stay(reader, writer):
                pause_s = RETRY_S[0]
            await asyncio.sleep(pause_s)

    async def _stay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one connection until it ends; returns whether the engine answered."""
        reading = asyncio.create_task(self._read(reader))
        was_up = False
        try:
            greeting = asyncio.create_task(self._ask(writer, "hello", {}))
            await asyncio.wait((reading, greeting), return_when=asyncio.FIRST_COMPLETED)
            if not greeting.done():
                greeting.cancel()
                return False
            greeting.result()
            self._writer, was_up = writer, True
            self._set_up(True)
            await self._subscribe()
            await reading
        except (RequestError, OSError, ValueError, EOFError, TimeoutError) as error:
            log.info("engine: %s", error)
        finally:
            reading.cancel()
            with contextlib.suppress(BaseException):
                await reading
            self._writer = None
            writer.close()
            gone = RequestError("engine", "the connection to the engine is lost", _START)
            for future in tuple(self._pending.values()):
                if not future.done():
                    future.set_exception(gone)
            self._set_up(False)
        return was_up

    def _set_up(self, up: bool) -> None:
        if up != self.up:
            self.up = up
            log.info("engine: %s", "there" if up else "gone")
            self._on_up(up)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Raises OSError, ValueError, EOFError, TimeoutError where no more can be read."""
        while True:
            try:
                async with asyncio.timeout(QUIET_S if self._listening and self.up else None):
                    line = await reader.readline()
            except TimeoutError:
                if self._long:
                    continue
                raise TimeoutError(f"nothing came for {QUIET_S:g} s") from None
            if not line:
                raise EOFError("it has hung up")
            message = json.loads(line)
            if "event" in message:
                self._on_event(message, line.decode().rstrip("\n"))
            elif (future := self._pending.get(message.get("id"))) is not None:
                if not future.done():
                    future.set_result(message)
            elif message.get("id") is None:  # all its places are taken
                raise EOFError(str(message.get("error")))


_START = "it starts again by itself; where it does not, switch the box off and on"
