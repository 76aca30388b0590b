"""The controls' own thread: turns pins, USB keys and MIDI controllers into actions and settings."""

from __future__ import annotations

import logging
import os
import queue
import selectors
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ddsp_edge.errors import UserError
from ddsp_edge.presets.actions import Action
from ddsp_edge.presets.mapping import (
    PRESSES,
    Bindings,
    Change,
    ControlGesture,
    ControlMapping,
    Gesture,
)
from ddsp_edge.settings import Settings
from firmware_py.controls.board import Board
from firmware_py.controls.bypass_relay import BypassRelay
from firmware_py.controls.config import SHOWS, ControlsConfig, KeyConfig
from firmware_py.controls.expression import RATE_HZ, PedalPosition
from firmware_py.controls.gestures import HOLD_S, Press
from firmware_py.controls.keys import Keyboards
from firmware_py.controls.packages import MissingPackage

if TYPE_CHECKING:
    import mido

_LOG = logging.getLogger(__name__)
#: USB pedals are looked for this often, in seconds.
LOOK_S = 2.0
#: From this value on, a MIDI controller that is a switch is down.
CC_DOWN = 64
#: (kind, name, "move" | "turn" | "down", position 0..1 or clicks)
Learn = Callable[[str, str, Gesture, float], bool]


class ControlDispatcher:
    """Everything at the feet. Raises UserError where the config cannot be had; where a package is
    not installed (lgpio, gpiozero, evdev), what needs it is left out and a warning logged.

    ``act`` carries out an action, ``change`` sets settings, ``settings`` says the present ones;
    they are called in the controls' thread (those of a MIDI pedal's move in the caller's) and
    should return soon. What they raise is logged: a foot must not end the show. ``learn`` is told
    first of whatever is touched, on the same threads; where it returns True nothing else is done.

    start, stop, midi, show and use may be called from any thread.
    """

    def __init__(
        self,
        config: ControlsConfig,
        act: Callable[[Action], None],
        change: Callable[[dict[str, Any]], None],
        settings: Callable[[], Settings],
        pin_factory: Any | None = None,
        learn: Learn = lambda kind, name, gesture, value: False,
    ) -> None:
        self._config, self._learn = config, learn
        self._act, self._change, self._settings = act, change, settings
        self._bindings = Bindings(config.mappings)
        self._posts: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_out, selectors.EVENT_READ, self._woken)
        hold = {("switch", key.name): key.hold_s for key in config.keys}
        hold |= {("switch", switch.name): switch.hold_s for switch in config.switches}
        hold |= {("encoder", e.name): e.hold_s for e in config.encoders}
        self._presses = {control: Press(hold_s) for control, hold_s in hold.items()}
        self._pedals = {pedal.name: PedalPosition(pedal) for pedal in config.expressions}
        self._pedal_failed: set[str] = set()
        self._next_look_s = self._next_read_s = 0.0
        self._shown: dict[str, bool] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ddsp-controls", daemon=True)
        self._board: Board | None = None
        self._relay: BypassRelay | None = None
        try:
            self._keyboards = self._open_keyboards(config.keys)
            if config.uses_gpio:
                self._board = self._open_board(config, pin_factory)
        except UserError:
            self._close_loop()
            raise
        if self._board is not None and self._board.has_relay:
            self._relay = BypassRelay(self._board.energise, self._board.mute, config.relay.settle_s)

    def _open_keyboards(self, keys: tuple[KeyConfig, ...]) -> Keyboards:
        """Open the configured keyboards; without the package evdev, log that there are none."""
        callbacks = self._watch, self._unwatch, self._key_edge, self._gone
        try:
            return Keyboards(keys, *callbacks)
        except MissingPackage as error:
            _LOG.warning("%s. No USB key is heard", error)
            return Keyboards((), *callbacks)

    def _open_board(self, config: ControlsConfig, pin_factory: Any | None) -> Board | None:
        """Open the pins; without gpiozero or lgpio, log the reason and return None."""
        try:
            return Board(config, self, pin_factory)
        except MissingPackage as error:
            _LOG.warning("%s. Nothing at the pins works", error)
            self._pedals.clear()
            return None

    def start(self) -> None:
        """Start the thread that reads the controls and acts on them."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread, switch the relay to bypass, release pins and keyboards."""
        self._stopping = True
        if self._thread.is_alive():
            self._post(lambda: None)
            self._thread.join()
        if self._relay is not None:
            self._relay.release()
        if self._board is not None:
            self._board.close()
        self._keyboards.close()
        self._close_loop()

    def _close_loop(self) -> None:
        self._selector.close()
        for fd in (self._wake_out, self._wake_in):
            os.close(fd)

    def use(
        self, mappings: tuple[ControlMapping, ...], learned: tuple[ControlMapping, ...] = ()
    ) -> None:
        """The mappings of the preset that plays; where it has none those that were learned hold,
        then the config's.

        The expression pedals' positions hold for it at once."""
        self._bindings.use(mappings, learned)
        self._post(self._again)

    def _again(self) -> None:
        for pedal in self._pedals.values():
            pedal.again()

    def show(self, states: Mapping[str, bool]) -> None:
        """Set what lights show, by keys of SHOWS; others stay. ``active`` moves the relay."""
        self._post(lambda: self._show(dict(states)))

    def midi(self, message: mido.Message) -> bool:
        """A MIDI message arrives. True where it is mapped: then it is a control, and no
        instrument should hear it."""
        if message.type in ("note_on", "note_off"):
            return self._note(str(message.note), message.type == "note_on" and message.velocity > 0)
        if message.type != "control_change":
            return False
        name = str(message.control)
        if self._learn("cc", name, "move", message.value / 127):
            return True
        known = self._bindings.knows("cc", name)
        if "move" in known:
            self._gesture("cc", name, "move", message.value / 127)
        if known & set(PRESSES):
            self.edge("cc", name, message.value >= CC_DOWN)
        return bool(known)

    def _note(self, name: str, down: bool) -> bool:
        if down and self._learn("note", name, "down", 1.0):
            return True
        known = bool(self._bindings.knows("note", name))
        if known:
            self.edge("note", name, down)
        return known

    # ---- from other threads (gpiozero's, MIDI's) ----------------------------------------

    def edge(self, kind: str, name: str, down: bool) -> None:
        """Take a press (``down``) or release of a switch. Any thread may call it."""
        now_s = time.monotonic()
        self._post(lambda: self._pressed(kind, name, down, now_s))

    def click(self, kind: str, name: str) -> None:
        """Take a change of a latching switch as a press without duration.

        Any thread may call it.
        """
        self.edge(kind, name, True)
        self.edge(kind, name, False)

    def turn(self, name: str, clicks: int) -> None:
        """An encoder was turned by this many clicks, negative ones to the left."""
        self._post(lambda: self._turned(name, clicks))

    def _post(self, call: Callable[[], None]) -> None:
        self._posts.put(call)
        try:
            os.write(self._wake_in, b"\0")
        except (BlockingIOError, OSError):  # full: it is awake; closed: it has ended
            return

    # ---- the controls' thread -----------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(self._timeout_s()):
                self._do(key.data)
            self._do(self._timed)

    def _do(self, call: Callable[[], None]) -> None:
        try:
            call()
        except UserError as error:
            _LOG.warning("%s", error)
        except Exception:
            _LOG.exception("in the controls' thread")

    def _woken(self) -> None:
        try:
            os.read(self._wake_out, 4096)
        except BlockingIOError:
            return
        while True:
            try:
                post = self._posts.get_nowait()
            except queue.Empty:
                return
            self._do(post)

    def _timeout_s(self) -> float | None:
        """Return the seconds until something is due, or None where nothing is."""
        due = [press.due_s for press in self._presses.values()]
        if self._relay is not None:
            due.append(self._relay.due_s)
        if self._config.keys:
            due.append(self._next_look_s)
        if self._pedals:
            due.append(self._next_read_s)
        times = [each for each in due if each is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _timed(self) -> None:
        now_s = time.monotonic()
        for (kind, name), press in list(self._presses.items()):
            for gesture in press.poll(now_s):
                self._gesture(kind, name, gesture, 0.0)
        if self._relay is not None:
            self._relay.poll(now_s)
        if self._config.keys and now_s >= self._next_look_s:
            self._next_look_s = now_s + LOOK_S
            self._keyboards.look()
        if self._pedals and now_s >= self._next_read_s:
            self._next_read_s = now_s + 1.0 / RATE_HZ
            self._read_pedals()

    def _read_pedals(self) -> None:
        assert self._board is not None
        for name, pedal in self._pedals.items():
            try:
                position = pedal.read(self._board.position(name))
            except Exception as error:
                if name not in self._pedal_failed:  # once, not a hundred times a second
                    _LOG.warning("expression %s cannot be read (%s)", name, error)
                self._pedal_failed.add(name)
                continue
            self._pedal_failed.discard(name)
            if position is None or self._learn("expression", name, "move", position):
                continue
            self._gesture("expression", name, "move", position)

    def _turned(self, name: str, clicks: int) -> None:
        if not self._learn("encoder", name, "turn", clicks):
            self._gesture("encoder", name, "turn", clicks)

    def _pressed(self, kind: str, name: str, down: bool, now_s: float) -> None:
        # A controller and a note have been shown already, by whoever brought them.
        shown = kind in ("cc", "note")
        if down and not shown and self._learn(kind, name, "down", 1.0):
            return
        press = self._presses.setdefault((kind, name), Press(HOLD_S))
        for gesture in press.edge(down, now_s, self._bindings.knows(kind, name)):
            self._gesture(kind, name, gesture, 0.0)

    def _key_edge(self, name: str, down: bool) -> None:
        self._pressed("switch", name, down, time.monotonic())

    def _gone(self, name: str) -> None:
        self._presses["switch", name].cancel()

    def _gesture(self, kind: str, name: str, gesture: Gesture, value: float) -> None:
        """Carry out what is mapped to a gesture, in the order of the mappings."""
        changes: dict[str, Any] = {}
        for answer in self._bindings.answer(
            ControlGesture(kind, name, gesture), value, self._settings()
        ):
            if isinstance(answer, Change):
                changes[answer.setting] = answer.value
            else:
                self._do(lambda action=answer: self._act(action))  # type: ignore[misc]
        if changes:
            self._do(lambda: self._change(changes))

    def _show(self, states: dict[str, bool]) -> None:
        for name, on in states.items():
            if name not in SHOWS or self._shown.get(name) == on:
                continue
            self._shown[name] = on
            if self._board is not None:
                self._board.light(name, on)
            if name == "active" and self._relay is not None:
                self._relay.want(on, time.monotonic())

    # ---- the loop's descriptors, for the keyboards --------------------------------------

    def _watch(self, fd: int, ready: Callable[[], None]) -> None:
        self._selector.register(fd, selectors.EVENT_READ, ready)

    def _unwatch(self, fd: int) -> None:
        self._selector.unregister(fd)
