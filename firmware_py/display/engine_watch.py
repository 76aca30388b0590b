"""The display's connection to the engine: what it says, and requests, in two threads."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ddsp_edge.api.client import ControlClient, NoEngine
from ddsp_edge.api.protocol import RequestError
from ddsp_edge.api.verbs import VERBS
from ddsp_edge.errors import UserError
from ddsp_edge.system.power import power_off
from firmware_py.display.menu import SHUT_DOWN, Request

log = logging.getLogger(__name__)

RATE_HZ = 5.0  #: of the meters
STATS_S = 2.0  #: between looks at the counters
QUIET_S = 5.0  #: without the meters that were asked for: the engine hangs
ANSWER_S, WAITS_S = 10.0, 90.0  #: for a verb's answer, and for one that waits
RETRY_S = 1.0
MAX_PENDING = 16

Heard = Callable[[Mapping[str, Any]], None]


class EngineWatch:
    """Connects, and again whenever the engine is lost. The callbacks run in its threads and must
    return at once: ``heard(event)`` for meters, state and other events, ``counted(stats)``,
    ``lost()``, ``answered(request, result)`` and ``failed(request, reason)``.

    ``shut_down`` carries out the request SHUT_DOWN, which needs no engine.
    """

    def __init__(
        self,
        path: Path,
        *,
        heard: Heard,
        counted: Heard,
        lost: Callable[[], None],
        answered: Callable[[Request, Mapping[str, Any]], None],
        failed: Callable[[Request, str], None],
        shut_down: Callable[[], None] = power_off,
    ) -> None:
        self._path, self._heard, self._counted, self._lost = path, heard, counted, lost
        self._answered, self._failed, self._shut_down = answered, failed, shut_down
        self._requests: queue.Queue[Request | None] = queue.Queue(MAX_PENDING)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, name="display-watch", daemon=True),
            threading.Thread(target=self._carry_out, name="display-asks", daemon=True),
        ]

    def start(self) -> None:
        """Start the two threads, which connect by themselves."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask both threads to end; they are daemons, which a silent engine may hold for QUIET_S."""
        self._stopping.set()
        try:
            self._requests.put_nowait(None)
        except queue.Full:  # it looks at the flag before the next one
            return

    def ask(self, request: Request) -> None:
        """Have a request carried out, after those before it. Any thread; returns at once."""
        try:
            self._requests.put_nowait(request)
        except queue.Full:
            self._failed(request, "the engine is busy")

    # ---- the thread that listens

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                with ControlClient(self._path, timeout_s=ANSWER_S) as engine:
                    self._listen(engine)
            except (NoEngine, RequestError) as error:
                log.debug("%s", error)
            self._lost()
            self._stopping.wait(RETRY_S)

    def _listen(self, engine: ControlClient) -> None:
        """Pass events on until there are none any more. Raises NoEngine."""
        engine.call("subscribe", rate_hz=RATE_HZ)
        look_s = time.monotonic()
        for event in engine.events(timeout_s=QUIET_S):
            if self._stopping.is_set():
                return
            self._heard(event)
            if time.monotonic() >= look_s:
                look_s = time.monotonic() + STATS_S
                self._counted(engine.call("stats"))

    # ---- the thread that asks

    def _carry_out(self) -> None:
        while (request := self._requests.get()) is not None and not self._stopping.is_set():
            try:
                self._answered(request, self._call(request))
            except RequestError as error:
                self._failed(request, error.error)
            except NoEngine:
                self._failed(request, "the engine does not answer")
            except UserError as error:
                self._failed(request, str(error))

    def _call(self, request: Request) -> Mapping[str, Any]:
        if request.verb == SHUT_DOWN:
            self._shut_down()
            return {}
        timeout_s = WAITS_S if VERBS[request.verb].waits else ANSWER_S
        # A connection for each: one that is kept would be an earlier engine's after a restart.
        with ControlClient(self._path, timeout_s=ANSWER_S) as engine:
            return engine.call(request.verb, timeout_s=timeout_s, **request.arguments)
