"""The live engine: what the terminal, the service and the tests play through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.errors import UserError
from ddsp_edge.live import status_report
from ddsp_edge.live.card_supervisor import CardSupervisor
from ddsp_edge.live.control_thread import ControlThread
from ddsp_edge.live.events import Event, Listener
from ddsp_edge.live.hang_watch import HangWatch
from ddsp_edge.live.heard_notes import Send
from ddsp_edge.live.instrument import Band, PlaybackContext
from ddsp_edge.live.instruments import SOURCES
from ddsp_edge.live.loader import Loader
from ddsp_edge.live.requests import KEEP, ModelRequest, Pitches, Requests
from ddsp_edge.live.test_tone import TestSignal
from ddsp_edge.live.timing import Gauges
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings
from native.probe import Probe
from native.rig import Rig

if TYPE_CHECKING:
    import mido

FADE_S = 0.05


class LiveEngine:
    """One instrument, live. Every method may be called from any thread; all but start and stop
    return at once.

    The audio thread is C. One control thread, woken once a hop and by every MIDI message,
    decodes. A loader thread warms models, a card thread takes an unplugged card back, an
    events thread calls listeners and futures' callbacks.

    ``card`` None: no card; whoever made the engine calls ``engine.rig.process(in, out)`` (tests,
    measuring) at ``rate`` Hz in blocks of ``period`` samples. Else the card's rate and period
    hold. ``source`` "auto" begins as "effect", and where no card has an input one without is
    taken: the caller changes to "synth" then (``status()["card"]["capture"]`` is False).
    ``voices`` is how many sound at once in all parts together; None: as many as are asked for.
    Raises UserError for a source that is not there.
    """

    def __init__(
        self,
        card: CardSettings | None = None,
        source: str = "effect",
        settings: Settings | None = None,
        runtime: str | None = None,
        rate: int = 48_000,
        period: int = 128,
        seed: int = 1,
        voices: int | None = None,
    ) -> None:
        if prefer_input := source == "auto":
            source = "effect"
        _check_source(source)
        self.card = card
        if card is not None:
            rate, period = card.rate, card.period
        self._requests = Requests(source, settings or Settings())
        context = PlaybackContext(rate, period, Gauges(), runtime, seed, voice_budget=voices)
        self._control = ControlThread(
            context,
            self._requests,
            card.input if card else "both",
            self._reload,
            # Below the audio thread, which never waits for this one.
            max(1, card.priority - 30) if card and card.priority else 0,
        )
        self._loader = Loader(self._control, self._requests, context)
        self._supervisor: CardSupervisor | None = None
        if card is not None:
            self._control.flows, self._control.idle = False, True
            self._supervisor = CardSupervisor(
                card, source == "effect", self._control, not prefer_input
            )
        self._watch = HangWatch(self._control)
        self._started = self._stopped = False

    def _reload(self, bundle: Bundle, other: Bundle | None, band: Band) -> None:
        """Load a model again, with the settings that hold. Control thread."""
        self._loader.ask(ModelRequest(bundle, None, None, other, band))

    # ---- life ---------------------------------------------------------------------------

    def start(self, wait_for_card: bool = False) -> None:
        """Start the threads and open the card. Once.

        Without the card: UserError, one line that says what there is. With ``wait_for_card``
        an event "card" of state "waiting" instead, and the card is taken when it comes.
        What keeps the sound from being real-time is in ``status()["warnings"]``.
        """
        if self._started:
            raise RuntimeError("a LiveEngine starts once")
        self._started = True
        self._control.start()
        self._watch.start()
        self._loader.start()
        if self._supervisor is not None:
            try:
                self._supervisor.start(wait_for_card)
            except BaseException:
                self.stop(0.0)
                raise

    def stop(self, fade_s: float = FADE_S) -> None:
        """Fade out, end the threads, give the card back. Waits for that; again does nothing."""
        if self._stopped or not self._started:
            return
        self._stopped = True
        self._loader.stop()
        if self._supervisor is not None and self._supervisor.running and fade_s > 0.0:
            self._control.post(self._control.leave, fade_s)
            # Two periods more are in the card's buffer.
            time.sleep(fade_s + self._supervisor.latency_s)
        if self._supervisor is not None:
            self._supervisor.stop()
        self._control.stop()  # before the watch: what hangs in a model would never end
        self._watch.stop()

    def __enter__(self) -> LiveEngine:
        if not self._started:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def catch_up(self) -> None:
        """Wait until every message and tick so far is answered: for whoever pumps the rig."""
        done = threading.Event()
        self._control.post(self._control.catch_up, done.set)
        if not done.wait(10.0):
            raise RuntimeError("the control thread does not answer")

    @property
    def rig(self) -> Rig:
        """Its process(in, out) is for whoever pumps where there is no card."""
        return self._control.rig

    def add_probe(self) -> None:
        """Before the start: measure latency to the sample, see ``probe``."""
        self._control.probe = Probe(self._control.rig)

    @property
    def probe(self) -> Probe | None:
        """``native.probe.Probe``, where :meth:`add_probe` was called. It runs the rig."""
        return self._control.probe

    # ---- what is played -----------------------------------------------------------------

    def play(
        self,
        bundle: Bundle,
        source: str | None = None,
        settings: Settings | None = None,
        other: Bundle | None = None,
        band: Band = (),
        pitches: Pitches = KEEP,
    ) -> Future[ModelInfo]:
        """Change to a model (and source "effect" or "synth", and settings): warmed beside the
        one that plays, then cross-faded over 50 ms. Held notes go on in the new one. ``other`` is
        the model that the setting ``morph`` leads to; None: none. ``band``: the parts that play,
        where the source is "synth", instead of ``bundle`` alone. ``pitches``: the tuning that
        holds from then on, None equal temperament; held notes glide there.

        The future's result comes when the new model plays (its cross-fade begins within 80 ms).
        It fails with UserError where the model cannot be used, and the old one plays on; it
        is cancelled where a later call overtook it. Raises UserError for an unknown source.
        """
        if source is not None:
            _check_source(source)
        request = ModelRequest(bundle, source, settings, other, band, pitches)
        self._loader.ask(request)
        return request.future

    @property
    def settings(self) -> Settings:
        """The settings that are in effect now."""
        return self._requests.settings

    def set(self, values: Mapping[str, Any]) -> Settings:
        """Change some settings, each on its ramp; also of a model that is being loaded.

        Raises UserError; then nothing has changed.
        """
        settings = self._requests.change(values)
        self._control.post(self._control.apply)
        return settings

    def tune(self, pitches: KeyPitches | None) -> None:
        """Tune the keys of every model; held notes glide there. None: equal temperament."""
        self._control.post(self._control.tune, pitches)

    def send_heard(self, send: Send | None) -> None:
        """Give the notes that an effect hears to ``send``, in bursts of messages, each the bytes of
        one, while the setting ``midi_out`` is on. It is called in the control thread and must
        return at once. None: nobody wants them."""
        self._control.post(self._control.send_heard, send)

    def change_parts(self, parts: Sequence[BandPart]) -> None:
        """Other levels, places and keys of the band that plays, each level on its ramp; the models
        stay. Nothing happens where as many parts do not play."""
        self._control.post(self._control.change_parts, tuple(parts))

    def midi(self, message: mido.Message) -> None:
        """A message from any port; its note sounds with the next period, whatever the hop.

        Program change and bank select are not acted on but published as an event "program".
        """
        self._control.midi(message)

    def panic(self) -> None:
        """Silence at once: every note forgotten, the room emptied, freeze off; also while a model
        hangs in the control thread."""
        self._control.post(self._control.panic)
        self._watch.panic()

    def bypass(self, on: bool) -> None:
        """The output is the input, bit for bit; after a fade of 10 ms."""
        self._control.post(self._control.mixer.bypass, bool(on))

    def mute(self, on: bool) -> None:
        """Nothing at the output, bypassed or not; after a fade of 10 ms."""
        self._control.post(self._control.mixer.mute, bool(on))

    def change_card(self, card: CardSettings) -> Future[None]:
        """Another card (or rate, period, input ...) while it runs, with a short silence.

        The future fails with UserError where it cannot be had; then the old one plays on.
        Held notes end where rate or period are others. Raises UserError in an engine without.
        """
        if self._supervisor is None:
            raise UserError("this engine has no sound card; start it with one")
        return self._supervisor.change(card)

    def test(
        self,
        signal: np.ndarray,
        sides: tuple[float, float] = (1.0, 1.0),
        heard: np.ndarray | None = None,
    ) -> Future[None]:
        """Play a signal ((n,) float32, at ``rate``) over everything, muted or not.

        ``heard``, (n, 2) float32, takes what comes in meanwhile. The future ends with the signal;
        cancelled where another one overtook it or the card went; UserError where there is none.
        """
        wanted = TestSignal(signal, sides, heard)
        self._control.post(self._control.test, wanted)
        return wanted.future

    def end_test(self) -> None:
        """Fade the test signal out, in 10 ms."""
        self._control.post(self._control.end_test)

    @property
    def rate(self) -> int:
        """The card's sample rate, in Hz."""
        return self._control.context.rate

    def freeze(self, on: bool) -> None:
        """effect: the sound of this moment stays. synth: notes stay held, as by the pedal."""
        self._control.post(self._control.freeze, bool(on))

    def tuner(self, on: bool) -> None:
        """Muted for tuning: ``status()`` shows note and cents of the input all the time."""
        self._control.post(self._control.mixer.tune, bool(on))

    def autofit(self, seconds: float = 10.0) -> Future[dict[str, float]]:
        """effect: listen to the player for that long, then move pitch and loudness into the
        model's range.

        The future's result are the settings that this set. UserError where too little was
        heard, nobody listens (synth, no model) or the model was changed meanwhile.
        """
        future: Future[dict[str, float]] = Future()
        self._control.post(self._control.autofit, seconds, future, self.set)
        return future

    # ---- what there is to know ----------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """For people and displays: plain JSON values, at most 50 ms old (live/status_report.py)."""
        return status_report.status(self._control, self._loader, self._supervisor)

    def stats(self) -> dict[str, Any]:
        """For engineers: counters and histograms since the start (live/status_report.py)."""
        return status_report.stats(self._control, self._loader, self._supervisor)

    def progress(self) -> tuple[int, int]:
        """(periods that the audio thread has played, turns of the control thread) since the start.

        Two counters, for a watchdog that looks ten times a second: :meth:`stats` sums histograms.
        """
        periods = self._supervisor.periods if self._supervisor else 0
        return periods, self._control.gauges.turn_ns.count

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """``listener(event)`` for every event, a dict; call what is returned to end that.

        ``event["event"]`` and what else is in it:
        "program": bank, program (both from 0), channel (1 to 16)
        "model": model, source, morph_model (None: there is none)
        "card": state ("waiting", "running", "lost"), card, detail
        "fault": what ("model", "load", "control", "hang"), detail; count or model
        and those of the parts around the engine, see :meth:`publish`. In the events' thread,
        in their order: a slow listener keeps other listeners waiting, but no sound.
        """
        return self._control.events.subscribe(listener)

    def publish(self, event: Event) -> None:
        """An event of a part around the engine (MIDI ports, footswitches) to all listeners."""
        self._control.events.tell(event)


def _check_source(source: str) -> None:
    if source not in SOURCES:
        raise UserError(f"source {source!r}: choose one of {', '.join(SOURCES)}")
