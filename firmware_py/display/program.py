"""The display's own loop: what the engine and the knob say in, screens out.

One thread owns state, menu, display and knob; everything else hands it calls through a queue.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from typing import Any

from ddsp_edge.api.pairing_code import asked_code
from ddsp_edge.errors import UserError
from ddsp_edge.network.client import open_hotspot
from ddsp_edge.network.local_name import local_name
from ddsp_edge.system.addresses import addresses
from firmware_py.config import Config
from firmware_py.controls.packages import MissingPackage
from firmware_py.display.box_state import BoxState
from firmware_py.display.devices import Display, open_display
from firmware_py.display.engine_watch import EngineWatch
from firmware_py.display.knob import Knob
from firmware_py.display.menu import Menu
from firmware_py.display.screens import MessageScreen, PlayScreen, Screen

log = logging.getLogger(__name__)

FRAME_S = 0.1  #: at least, between two pictures: a picture takes 0.1 s of a bus at 100 kHz
LOOK_S = 1.0  #: between looks at the pairing code and the network
HOTSPOT_S = 5.0  #: between questions to the network service
AGAIN_S = 3.0  #: the same picture is sent again: so a display that was pulled out is noticed
DIM_S = 600.0  #: of silence without a hand at the knob: an OLED is dimmed, which wears it less
RETRY_S = 3.0  #: a display or knob that is not there is tried again


class DisplayProgram:
    """Runs until :meth:`stop`. ``bus`` and ``factory`` are the hardware's (tests give theirs)."""

    def __init__(
        self, config: Config, bus: Any | None = None, factory: Any | None = None, **link: Any
    ) -> None:
        self._config, self._bus, self._factory = config, bus, factory
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.state = BoxState()
        self._link = EngineWatch(
            config.socket_path,
            heard=lambda event: self.post(lambda: self.state.hear(event, time.monotonic())),
            counted=lambda stats: self.post(lambda: self.state.count(stats, time.monotonic())),
            lost=lambda: self.post(self.state.lose),
            answered=lambda request, result: self.post(
                lambda: self.menu.answered(request, result, time.monotonic())
            ),
            failed=lambda request, reason: self.post(
                lambda: self.menu.failed(request, reason, time.monotonic())
            ),
            **link,
        )
        self.menu = Menu(self._link.ask, lambda: self.state.status, self._network)
        self._display: Display | None = None
        self._knob: Knob | None = None
        self._shown: Screen | None = None
        self._drawn_s = self._look_s = self._display_s = self._knob_s = float("-inf")
        self._hotspot_s = float("-inf")
        self._own: tuple[str, str] | None = (
            None  #: name and password of the hotspot while it is open
        )
        self._busy_s, self._dimmed = time.monotonic(), False
        self._said: dict[str, str] = {}
        self._stopping = False

    def post(self, call: Callable[[], None]) -> None:
        """Run a call in the loop's thread. Any thread; returns at once."""
        self._calls.put(call)

    def stop(self) -> None:
        """End the loop; a signal handler or any thread may call it."""
        self.post(self._end)

    def _end(self) -> None:
        self._stopping = True

    def run(self) -> None:
        """Show and answer until :meth:`stop`. Raises UserError where a package is missing."""
        self._link.start()
        try:
            while not self._stopping:
                self._step()
        finally:
            self._link.stop()
            if self._knob is not None:
                self._knob.close()
            if self._display is not None:  # at a shutdown the last words stay
                self._display.close(keep=self.menu.leaving)

    def _step(self) -> None:
        try:
            call = self._calls.get(timeout=self._timeout_s(time.monotonic()))
            while True:
                call()
                call = self._calls.get_nowait()
        except queue.Empty:
            pass
        now_s = time.monotonic()
        if now_s >= self._look_s + LOOK_S:
            self._look_s = now_s
            self._look()
        self._open(now_s)
        if self._knob is not None:
            self._knob.poll(now_s)
        self.menu.pass_time(now_s)
        self._draw(now_s)

    def _timeout_s(self, now_s: float) -> float:
        due = [self._look_s + LOOK_S]
        if self._knob is not None and self._knob.due_s is not None:
            due.append(self._knob.due_s)
        if self._display is not None and self.screen(now_s) != self._shown:
            due.append(self._drawn_s + FRAME_S)
        return max(0.0, min(due) - now_s)

    # ---- what is shown

    def screen(self, now_s: float) -> Screen:
        """The menu where it is open, else the face."""
        return self.menu.screen() or self.state.screen(now_s)

    def _draw(self, now_s: float) -> None:
        if self._display is None or now_s < self._drawn_s + FRAME_S:
            return
        screen = self.screen(now_s)
        if not isinstance(screen, PlayScreen | MessageScreen) or _sounds(screen):
            self._busy_s = now_s
        dim = now_s >= self._busy_s + DIM_S
        if screen == self._shown and dim == self._dimmed and now_s < self._drawn_s + AGAIN_S:
            return
        try:
            if dim != self._dimmed:
                self._display.dim(dim)
                self._dimmed = dim
            self._display.show(screen)
        except UserError as error:
            self._say("display", str(error))
            self._display.close()
            self._display, self._shown, self._dimmed = None, None, False
            return
        self._shown, self._drawn_s = screen, now_s

    def _touched(self, act: Callable[..., None]) -> Callable[..., None]:
        """What the knob does; a hand at it wakes a dimmed display."""

        def and_wake(*arguments: Any) -> None:
            self._busy_s = time.monotonic()
            act(*arguments)

        return and_wake

    def _look(self) -> None:
        self.state.code = asked_code() or ""
        found = addresses()
        address = found[0][1] if found else ""
        now_s = time.monotonic()
        if now_s >= self._hotspot_s + HOTSPOT_S:
            self._hotspot_s, self._own = now_s, open_hotspot()
        # Who stands before it needs the name of the network first.
        self.state.address = f"{self._own[0]} {address}" if self._own else address

    def _network(self) -> tuple[str, ...]:
        """What the menu's page Network shows."""
        rows = [f"{name} {address}" for name, address in addresses()] or ["no network"]
        if own := open_hotspot():
            rows = [f"Wi-Fi {own[0]}", f"password {own[1]}", *rows]
        panel = self._config.panel
        reach = "panel: this box only" if panel.host == "127.0.0.1" else f"panel: port {panel.port}"
        return (f"{local_name()}.local", *rows, reach)

    # ---- the hardware

    def _open(self, now_s: float) -> None:
        """Open what is not open, every RETRY_S."""
        config = self._config.display
        if self._display is None and now_s >= self._display_s + RETRY_S:
            self._display_s = now_s
            try:
                self._display = open_display(config, self._bus)
                self._say("display", "")
            except MissingPackage:
                raise
            except UserError as error:
                self._say("display", str(error))
        if config.pins() and self._knob is None and now_s >= self._knob_s + RETRY_S:
            self._knob_s = now_s
            try:
                self._knob = Knob(
                    config,
                    post=self.post,
                    turned=self._touched(self.menu.turn),
                    pushed=self._touched(self.menu.push),
                    held=self._touched(self.menu.hold),
                    factory=self._factory,
                )
                self._say("knob", "")
            except UserError as error:
                self._say("knob", str(error))
                if isinstance(error, MissingPackage):  # which does not come while we run
                    self._knob_s = float("inf")

    def _say(self, what: str, problem: str) -> None:
        """Log a problem once, and that it is gone."""
        if self._said.get(what, "") != problem:
            log.warning("%s", problem) if problem else log.info("%s: there", what)
        self._said[what] = problem


def _sounds(screen: Screen) -> bool:
    return isinstance(screen, PlayScreen) and screen.output > 0.0
