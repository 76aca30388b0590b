"""The control thread: woken once a hop and by every message, it decodes and sends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import mido

from ddsp_edge.live.collector import Collector
from ddsp_edge.live.desk import Desk
from ddsp_edge.live.events import Events
from ddsp_edge.live.gauges import Gauges
from ddsp_edge.live.inbox import Inbox
from ddsp_edge.live.instrument import Instrument
from ddsp_edge.live.listening import Listening
from ddsp_edge.live.program import Programs
from ddsp_edge.live.stage import Stage
from ddsp_edge.settings import Settings
from native.rig import Rig

_LOG = logging.getLogger(__name__)
#: Without ticks (no card) it still looks around this often; with them, chores are this rare.
CHORES_S = 0.05
#: So many posts in a row, then the ticks have their turn: a flood must not hold the sound.
MOST_POSTS = 32


class Control:
    """One thread owns the rig's control side, the desk and the stage. ``post`` is for others."""

    def __init__(self, rate: int, period: int, settings: Settings) -> None:
        self.inbox, self.events, self.gauges = Inbox(), Events(), Gauges()
        self.rate, self.settings = rate, settings
        self.rig = Rig(rate, period, self.inbox.fd)
        self.desk, self.stage = Desk(self.rig, settings), Stage(self.rig)
        self.listening = Listening()
        self.frozen = False
        self._programs = Programs()
        self._collector = Collector(self.gauges.collect_ns)
        self._waiting: tuple[Instrument, Callable[[], None]] | None = None
        self._next_chores_s, self._told_faults = 0.0, 0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ddsp-control", daemon=True)

    # ---- any thread ---------------------------------------------------------------------

    def start(self) -> None:
        self._collector.hold()
        self.events.start()
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the rig is nobody's then."""
        self._stopping = True
        if self._thread.is_alive():
            self.post(lambda: None)
            self._thread.join()
        self.events.stop()
        self._collector.release()

    def post(self, call: Callable[..., None], *arguments: Any) -> None:
        """``call(*arguments)`` in the control thread, soon."""
        self.inbox.post(call, *arguments)

    def midi(self, message: mido.Message) -> None:
        """A message arrives now."""
        self.inbox.post(self._receive, message, self.gauges.clock())

    # ---- control thread -----------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            self.inbox.wait(round(CHORES_S * 1000))
            begun = self.gauges.clock()
            self._do(self._turn)
            self.gauges.turn_ns.add(self.gauges.clock() - begun)

    def _do(self, call: Callable[..., None], *arguments: Any) -> None:
        """A bug in one thing must not end all: it is counted, logged and told."""
        try:
            call(*arguments)
        except Exception as error:
            self.gauges.errors += 1
            _LOG.exception("in the control thread")
            self.events.publish(
                "fault", what="control", count=self.gauges.errors, detail=repr(error)
            )

    def _turn(self) -> None:
        for _ in range(MOST_POSTS):
            post = self.inbox.take()
            if post is None:
                break
            self._do(post[0], *post[1])
        else:
            self.inbox.again()
        self.stage.answer()
        now_s = self.gauges.clock() * 1e-9
        if now_s >= self._next_chores_s:
            self._next_chores_s = now_s + CHORES_S
            self._chores(now_s)

    def _chores(self, now_s: float) -> None:
        self.desk.read_meters(now_s)
        self.stage.drop_retired()
        self._enter_waiting()
        faults = self.stage.faults
        if faults != self._told_faults:
            self._told_faults = faults
            self.events.publish(
                "fault", what="model", count=faults, detail="the model gave no numbers"
            )
        current = self.stage.current
        self._collector.idle(now_s, quiet=current is None or current.quiet)

    def _receive(self, message: mido.Message, arrived_ns: int) -> None:
        program = self._programs.receive(message, self.settings.channel)
        if program is not None:
            self.events.publish("program", bank=program[0], program=program[1])
        # The next block begins here: what is sent now sounds from there.
        self.stage.receive(message, self.rig.position / self.rate)
        if self.stage.current is not None:
            self.desk.player_pan(self.stage.current.pan)
        self.gauges.midi_ns.add(self.gauges.clock() - arrived_ns)

    def enter(self, instrument: Instrument, settings: Settings, entered: Callable[[], None]) -> None:
        """Cross-fade to a new instrument as soon as there is room, then ``entered()``."""
        self._waiting = (instrument, settings, entered)
        self._enter_waiting()

    def _enter_waiting(self) -> None:
        if self._waiting is None or self.stage.full:
            return
        instrument, settings, entered = self._waiting
        if not self.stage.enter(instrument):
            return
        self._waiting = None
        self.apply(settings)
        if self.frozen:
            instrument.freeze(True)
        self.desk.player_pan(instrument.pan)
        self.events.later(entered)

    def apply(self, settings: Settings) -> None:
        """New settings for everything that plays."""
        self.settings = settings
        self.stage.set(settings)
        current = self.stage.current
        self.desk.apply(settings, listens=current is not None and current.listens)

    def panic(self) -> None:
        self.frozen = False
        self.stage.panic()
