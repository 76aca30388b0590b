"""Opens the sound card, watches it, and takes it back after it was unplugged."""

from __future__ import annotations

import logging
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import asdict, replace
from typing import Any

from ddsp_edge.cards.pcm_names import PcmName, best, named
from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.errors import UserError
from ddsp_edge.live.control_thread import ControlThread
from native.rig import Rig
from native.stream import State, Stream, StreamConfig, StreamError, StreamInfo, StreamStats

_LOG = logging.getLogger(__name__)
WATCH_S = 0.1
#: The mixer's fade before a card is left.
MUTE_S = 0.02
STILL_S = 0.5  #: without a period for so long there is no sound
RETRY_S = 0.5  #: a card that is plugged in is back within this and a little
#: Counters of the stream by the name in stats(); the heartbeat is every period it has played.
COUNTERS = {
    "heartbeat": "periods",
    "xruns": "xruns",
    "suspends": "suspends",
    "recoveries": "recoveries",
    "silences": "silences",
}


class CardSupervisor:
    """Only the thread of :meth:`start` and then the card's own thread touch the stream."""

    def __init__(
        self,
        settings: CardSettings,
        listens: bool,
        control: ControlThread,
        needs_input: bool = True,
    ) -> None:
        """``listens``: a card with an input is preferred; ``needs_input``: one without is refused
        (unless ``settings.capture`` is "none")."""
        self._settings, self._listens, self._control = settings, listens, control
        self._needs_input = listens and needs_input
        self._playback: PcmName | None = None
        self._capture: PcmName | None = None
        self._stream: Stream | None = None
        self._info: StreamInfo | None = None
        self._stats: StreamStats | None = None
        self._past: dict[str, int] = {}  # counters of streams that are closed
        self._moved_s = time.monotonic()  # when the audio thread was last seen to play a period
        self._name, self._detail, self._state = "", "", "stopped"
        self.reopened = 0
        self._requests: queue.SimpleQueue[tuple[CardSettings, Future[None]]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="ddsp-card", daemon=True)

    # ---- life ---------------------------------------------------------------------------

    def start(self, wait: bool) -> None:
        """Open the card. Raises UserError where it cannot be had, unless it is to ``wait``."""
        try:
            self._open()
        except UserError as error:
            if not wait:
                raise
            self._say("waiting", str(error))
        self._thread.start()

    def stop(self) -> None:
        """Give the card back; what it still has to play is cut off."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._close()
        self._state = "stopped"

    def change(self, settings: CardSettings) -> Future[None]:
        """Another card, or the same one otherwise; any thread.

        The future fails with UserError where it cannot be had; then what was there plays on.
        """
        future: Future[None] = Future()
        self._requests.put((settings, future))
        return future

    def _change(self, settings: CardSettings) -> None:
        """Open the card that is wanted; else go back to the one before and raise UserError."""
        before = self._settings, self._playback, self._capture
        if replace(settings, input=self._settings.input) != self._settings:
            self._leave()
            self._settings, self._playback, self._capture = settings, None, None
            try:
                self._open()
            except UserError:
                self._settings, self._playback, self._capture = before
                self._return()
                raise
            finally:
                self._control.post(self._control.mixer.hush, False)
        self._settings = settings
        self._control.post(self._control.mixer.listen_to, settings.input)

    def _leave(self) -> None:
        """Fade the output out and close the card."""
        if self._stream is not None:
            self._control.post(self._control.mixer.hush, True)
            time.sleep(MUTE_S + self.latency_s)
        self._close()

    def _return(self) -> None:
        """To the card before; where it has gone by now, it is waited for."""
        try:
            self._open()
        except UserError as error:
            self._say("waiting", str(error))

    def _find(self) -> tuple[str, str | None]:
        """The PCMs' names at this moment. Raises UserError."""
        wanted, other = self._settings.playback, self._settings.capture
        if self._playback is None:
            if wanted is None:
                self._playback, reason = self._best()
                _LOG.info("card: %s: %s", self._playback.card, reason)
            else:
                self._playback = named(wanted)
            if other == "none":
                self._capture = None
            else:
                self._capture = self._playback if other is None else named(other)
        playback = _there(self._playback, "playback")
        if self._capture is None:
            return playback, None
        if self._may_be_deaf:
            return playback, self._capture.now("capture")
        return playback, _there(self._capture, "capture")

    def _best(self) -> tuple[PcmName, str]:
        """The card to play on, and why. Raises UserError where there is none that will do."""
        try:
            return best(self._listens)
        except UserError:
            if self._needs_input or not self._listens:
                raise
            return best(False)

    @property
    def _may_be_deaf(self) -> bool:
        """A sound module hears where its card can, for the pedal's presets that may come."""
        return self._settings.capture is None and not self._needs_input

    def _open(self) -> None:
        """Open the card and start the stream. Raises UserError where none can be opened."""
        playback, capture = self._find()
        try:
            stream = self._made(playback, capture)
        except UserError:
            if capture is None or not self._may_be_deaf:
                raise
            stream = self._made(playback, None)
        rig = self._fitting_rig(stream.rate, stream.period)
        self._take_rig()
        try:
            runs = self._control.probe or rig
            stream.start(runs.process_address, runs.user_address, keep=runs)
        except StreamError as error:
            stream.close()
            self._control.post(self._control.rest, True)
            raise UserError(str(error)) from None
        self._stream, self._name = stream, playback
        self._info, self._stats, self._moved_s = stream.info(), stream.read(), time.monotonic()
        self._control.post(self._control.flow, True)
        self._say("running", f"{playback}, {stream.rate} Hz, {stream.periods} x {stream.period}")

    def _made(self, playback: str, capture: str | None) -> Stream:
        """Return a stream on these devices. Raises UserError where they cannot be opened."""
        settings = self._settings
        try:
            return Stream(
                StreamConfig(
                    playback,
                    capture,
                    settings.rate,
                    settings.period,
                    settings.periods,
                    priority=settings.priority,
                    cpu=settings.cpu,
                )
            )
        except StreamError as error:
            raise UserError(str(error)) from None

    def _take_rig(self) -> None:
        """The control thread runs it no more."""
        taken = threading.Event()
        self._control.post(self._control.rest, False, taken.set)
        taken.wait()

    def _fitting_rig(self, rate: int, period: int) -> Rig:
        """The rig for what the card gave."""
        rig = self._control.rig
        if (rate, period) != (rig.sample_rate, rig.period):
            fits = threading.Event()
            self._control.post(self._control.refit, rate, period, fits.set)
            fits.wait()
        return self._control.rig

    def _close(self) -> None:
        self._control.post(self._control.flow, False)
        if self._stream is not None:
            stats = self._stream.read()
            for name, field in COUNTERS.items():
                self._past[name] = self._past.get(name, 0) + getattr(stats, field)
            self._stream.close()
            self._control.post(self._control.rest, True)
        self._stream, self._stats = None, None

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_S if self._stream else RETRY_S):
            try:
                self._look()
            except Exception:  # whatever it was, the next look may find the card
                _LOG.exception("while watching the card")

    def _look(self) -> None:
        while not self._requests.empty():
            settings, future = self._requests.get()
            try:
                self._change(settings)
            except Exception as error:
                self._control.events.later(future.set_exception, error)
            else:
                self._control.events.later(future.set_result, None)
        if self._stream is not None:
            before, self._stats = self._stats, (stats := self._stream.read())
            if before is None or stats.periods != before.periods:
                self._moved_s = time.monotonic()
            if stats.state is State.LOST:
                self._close()
                self._say("lost", f"{self._name} is gone; waiting for it")
            return
        try:
            self._open()
        except UserError as error:
            if str(error) != self._detail:
                self._say("waiting", str(error))
        else:
            self.reopened += 1

    def _say(self, state: str, detail: str) -> None:
        self._state, self._detail = state, detail
        self._control.events.publish("card", state=state, card=self._name, detail=detail)

    # ---- what there is to know; any thread ------------------------------------------------

    @property
    def running(self) -> bool:
        return self._state == "running"

    @property
    def latency_s(self) -> float:
        """From the rig to the jack: what is in the card's buffer, at most."""
        info = self._info
        return info.buffer / info.rate if info else 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was asked for and not got, each with its remedy."""
        return self._info.warnings if self._info else ()

    def status(self) -> dict[str, Any]:
        """``state`` "running", "waiting", "lost" or "stopped", and how it runs."""
        info = self._info
        facts: dict[str, Any] = {"state": self._state, "card": self._name, "detail": self._detail}
        facts["no_sound_s"] = self._no_sound_s()
        if info is not None:
            facts |= {
                "rate_hz": info.rate,
                "period": info.period,
                "periods": info.periods,
                "buffer_ms": round(1000 * self.latency_s, 2),
                "capture": info.capture_channels > 0,
                "real_time": info.priority > 0,
                "memory_locked": info.locked,
            }
        return facts

    def _no_sound_s(self) -> float:
        """For how long the card has taken no period though it runs, in seconds; 0.0 where it plays.

        The driver or the sound server behind it has stopped then.
        """
        still_s = time.monotonic() - self._moved_s
        return round(still_s, 1) if self.running and still_s >= STILL_S else 0.0

    @property
    def periods(self) -> int:
        """Periods that the audio thread has played since the start, of every stream."""
        stats = self._stats
        return self._past.get("heartbeat", 0) + (stats.periods if stats else 0)

    def stream_stats(self) -> dict[str, Any]:
        """The audio thread's counters since the start, of every time that it was open."""
        stats, info = self._stats, self._info
        facts: dict[str, Any] = asdict(info) if info else {}
        facts |= {name: self._past.get(name, 0) for name in COUNTERS}
        if stats is not None:
            for name, field in COUNTERS.items():
                facts[name] += getattr(stats, field)
            facts |= {
                "delay": stats.delay,
                "jitter_max_ns": stats.jitter_max_ns,
                "jitter_ns": list(stats.jitter_ns),
            }
        return facts


def _there(name: PcmName, direction: str) -> str:
    """Return the PCM's present name. Raises UserError where the card is not plugged in."""
    found = name.now(direction)
    if found is None:
        raise UserError(f"card {name.card} is not there or has no {direction}; plug it in")
    return found
