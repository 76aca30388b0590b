"""The control thread: woken once a hop and by every message, it decodes and sends."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.errors import UserError
from ddsp_edge.live.clock_follower import ClockFollower
from ddsp_edge.live.crossfade import ActiveInstruments, Superseded
from ddsp_edge.live.events import Events
from ddsp_edge.live.gc_control import Collector
from ddsp_edge.live.heard_notes import HeardNotes, Send
from ddsp_edge.live.instrument import Band, Instrument, PlaybackContext
from ddsp_edge.live.mailbox import Mailbox
from ddsp_edge.live.mixer_controls import MixerControls
from ddsp_edge.live.requests import ModelRequest, Requests
from ddsp_edge.live.test_tone import Tester, TestSignal
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.synth.programs import Programs
from native.probe import Probe
from native.rig import Rig

if TYPE_CHECKING:
    import mido

    from ddsp_edge.effect.autofit import AutoFit

_LOG = logging.getLogger(__name__)
#: Without ticks (no card) it still looks around this often; with them, chores are this rare.
CHORES_S = 0.05
#: So often the end of the thread looks whether it is still that one which has to end.
JOIN_S = 0.1
#: So many posts in a row, then the ticks have their turn: a flood must not hold the sound.
MOST_POSTS = 32
#: Longer than any lead and cross-fade of an instrument.
UNHEARD_S = 0.25
Fitting = tuple[Instrument, "AutoFit", float, "Future[dict[str, float]]", Callable[[Any], Any]]


class ControlThread:
    """One thread owns the control side of the rig, the mixer's controls and the instruments.

    The methods of the second half run in it alone: others :meth:`post` them. ``reload(bundle,
    other, band)`` is called in it when another rate or period took the instruments away, and has to
    load this model again.
    """

    def __init__(
        self,
        context: PlaybackContext,
        requests: Requests,
        input: str,
        reload: Callable[[Bundle, Bundle | None, Band], None],
        priority: int = 0,
    ) -> None:
        self.mailbox, self.events, self.gauges = Mailbox(), Events(), context.gauges
        self.context, self.requests = context, requests
        self.rig = Rig(context.rate, context.period, self.mailbox.fd)
        self.mixer, self.active = (
            MixerControls(self.rig, requests.settings, input),
            ActiveInstruments(self.rig),
        )
        self.tester = Tester(self.rig)
        self.probe: Probe | None = None  #: where latency is measured: it runs the rig
        self.frozen = False
        self._priority, self.real_time = priority, False
        #: Whether somebody runs the rig: without a card nothing is decoded.
        self.flows = True
        #: Whether nobody may run the rig but this thread: there is no card, or none yet.
        self.idle = False
        self._reload = reload
        self._programs = Programs()
        self.clock = ClockFollower()
        self._heard_notes = HeardNotes(requests.settings)
        self._collector = Collector(self.gauges.collect_ns)
        self._waiting: list[tuple[Instrument, ModelRequest, Callable[[bool], None]]] = []
        self._next_chores_s, self._told_faults = 0.0, 0
        self._fit: Fitting | None = None
        self._arrived: list[int] = []  # when the messages of this turn came
        self._received_s = 0.0
        self._stopping = False
        self.turns = 0  #: that have begun
        self.turn_began_s: float | None = None  #: time.monotonic of the present one; None: asleep
        self._thread = threading.Thread(target=self._run, name="ddsp-control", daemon=True)

    def start(self) -> None:
        self._collector.hold()
        self.events.start()
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the audio thread must have ended.

        One that hangs in a model is left alone as soon as the watch has replaced it.
        """
        self._stopping = True
        while (thread := self._thread).is_alive():
            self.mailbox.again()
            thread.join(JOIN_S)
        self._heard_notes.end()
        self.events.stop()
        self._collector.release()

    def post(self, call: Callable[..., None], *arguments: Any) -> None:
        """``call(*arguments)`` in the control thread, soon. Any thread."""
        self.mailbox.post(call, *arguments)

    def midi(self, message: mido.Message) -> None:
        """A message arrives now. Any thread."""
        self.mailbox.post(self._receive, message, self.gauges.clock())

    # ---- in the control thread ----------------------------------------------------------

    def replace_thread(self) -> None:
        """Let another thread go on without the instrument that this one hangs in.

        For the thread that watches. The old thread ends as soon as its model returns, if ever.
        """
        hung = self.active.asked
        self.active.superseded = True
        self._thread = threading.Thread(
            target=self._run, args=(hung,), name="ddsp-control", daemon=True
        )
        self._thread.start()

    def _drop(self, hung: Instrument) -> None:
        self.events.publish(
            "fault", what="hang", model=hung.info.name, detail="did not answer; it was dropped"
        )

    def _run(self, hung: Instrument | None = None) -> None:
        try:
            if self.active.superseded:
                self.active = self.active.without(hung)
                self._arrived.clear()
                if hung is not None:
                    self._drop(hung)
            self._work()
        except Superseded:
            _LOG.warning("a model has returned after all; its thread ends")

    def _work(self) -> None:
        clock = self.gauges.clock
        if self._priority:
            self.real_time = _prioritise(self._priority)
        while not self._stopping:
            self.mailbox.wait(round(CHORES_S * 1000))
            begun = clock()
            self.turns += 1
            self.turn_began_s = begun * 1e-9
            self._do(self._turn)
            self.turn_began_s = None
            self.gauges.turn_ns.add(clock() - begun)

    def _do(self, call: Callable[..., None], *arguments: Any) -> None:
        """A bug in one thing must not end all: it is counted, logged and told."""
        try:
            call(*arguments)
        except Exception as error:
            self._check_owner()
            self.gauges.errors += 1
            _LOG.exception("in the control thread")
            self.events.publish(
                "fault", what="control", count=self.gauges.errors, detail=repr(error)
            )

        self._check_owner()

    def _check_owner(self) -> None:
        """Raise Superseded in a thread that was replaced while it was in a call."""
        if threading.current_thread() is not self._thread:
            raise Superseded

    def _turn(self) -> None:
        for _ in range(MOST_POSTS):
            post = self.mailbox.take()
            if post is None:
                break
            self._do(post[0], *post[1])
        else:
            self.mailbox.again()
        if self._arrived:
            self._do(self._sound)
        self._answer()
        now_s = self.gauges.clock() * 1e-9
        if now_s >= self._next_chores_s:
            self._next_chores_s = now_s + CHORES_S
            self._do(self._chores, now_s)

    def _answer(self) -> None:
        """Answer the ticks of the instruments, and pass on the notes that were heard."""
        self.active.answer()
        self._heard_notes.hear(self.active.current)

    def _chores(self, now_s: float) -> None:
        rig_s = self.mixer.read().position / self.context.rate
        self.active.pass_time(rig_s)
        self._follow_clock(now_s, rig_s)
        self.tester.poll()
        self.active.drop_retired()
        self._enter_waiting()
        self._check_fit()
        faults = self.active.faults
        if faults != self._told_faults:
            self._told_faults = faults
            self.events.publish("fault", what="model", count=faults, detail="gave no numbers")
        current = self.active.current
        self._collector.idle(now_s, quiet=current is None or current.quiet)

    def _follow_clock(self, now_s: float, rig_s: float) -> None:
        if self.clock.news(now_s, rig_s):
            self.active.follow(self.clock.told)

    def _receive(self, message: mido.Message, arrived_ns: int) -> None:
        if self.clock.receive(message, arrived_ns * 1e-9):
            rig_s = self.mixer.read().position / self.context.rate
            self._follow_clock(arrived_ns * 1e-9, rig_s)
            return
        current = self.active.current
        # The parts of a band hear channels of their own.
        channel = 0 if current is not None and current.band else self.requests.settings.channel
        program = self._programs.receive(message, channel)
        if program is not None:
            bank, number = program
            self.events.publish("program", bank=bank, program=number, channel=message.channel + 1)
        if not self._arrived:
            # The next block begins at the rig's position: what is sent now sounds from there.
            self._received_s = self.mixer.read().position / self.context.rate
        self._arrived.append(arrived_ns)
        self.active.receive(message, self._received_s)

    def _sound(self) -> None:
        """What the messages of this turn started; a chord's together."""
        if self.flows:
            self.active.sound()
        if self.active.current is not None:
            self.mixer.player_pan(self.active.current.pan)
        now = self.gauges.clock()
        for arrived_ns in self._arrived:
            self.gauges.midi_ns.add(now - arrived_ns)
        self._arrived.clear()

    def enter(
        self, instrument: Instrument, request: ModelRequest, entered: Callable[[bool], None]
    ) -> None:
        """Cross-fade to a new instrument as soon as there is room; then ``entered(True)``.

        ``entered(False)`` where it was made for another rate or period than the card's now.
        """
        if (instrument.rate, instrument.period) != (self.context.rate, self.context.period):
            entered(False)
            return
        self._waiting.append((instrument, request, entered))
        self._enter_waiting()

    def _enter_waiting(self) -> None:
        if self._waiting and self.idle and self.active.full:
            self._run_unheard()
        if not self._waiting or not self.active.enter(self._waiting[0][0]):
            return
        instrument, request, entered = self._waiting.pop(0)
        self.requests.begin(request, instrument.source)
        self.apply()
        if not isinstance(request.pitches, str):  # KEEP
            self.context.key_pitches = request.pitches
        instrument.tune(self.context.key_pitches)
        if self.frozen:
            instrument.freeze(True)
        self.mixer.player_pan(instrument.pan)
        instrument.follow(self.clock.told)
        other = instrument.other
        self.events.publish(
            "model",
            model=instrument.info.name,
            source=instrument.source,
            morph_model=other.info.name if other else None,
        )
        self.events.later(request.future.set_result, instrument.info)
        entered(True)

    def _run_unheard(self) -> None:
        """No audio thread: the old instruments fade out here, so that they make room."""
        played = np.zeros((self.rig.period, 2), np.float32)
        for _ in range(round(UNHEARD_S * self.context.rate / self.rig.period)):
            self.rig.process(None, played)
        self.active.drop_retired()

    def flow(self, on: bool) -> None:
        """Set whether somebody runs the rig (``flows``)."""
        self.flows = on

    def rest(self, on: bool, done: Callable[[], None] = lambda: None) -> None:
        """See ``idle``; the card's thread waits for ``done`` before it lets a card run the rig."""
        self.idle = on
        done()

    def refit(self, rate: int, period: int, done: Callable[[], None]) -> None:
        """Another rate or period, while nobody runs the rig: everything is made anew."""
        current, waiting = self.active.current, self._waiting
        self._waiting = []
        self.context.rate, self.context.period = rate, period
        self.rig = Rig(self.context.rate, period, self.mailbox.fd)
        self.probe = Probe(self.rig) if self.probe else None
        self.active, self.mixer = ActiveInstruments(self.rig), self.mixer.on(self.rig)
        self.clock.told = None  # in another rig's seconds
        self._heard_notes.end()  # its times too
        self.tester.give_up()
        self.tester = Tester(self.rig)
        for _, _, entered in waiting:
            entered(False)
        if current is not None and not waiting:
            self._reload(current.bundle, current.other, current.band)
        done()

    def catch_up(self, done: Callable[[], None]) -> None:
        """Answer what there is, then ``done()``."""
        if self._arrived:
            self._sound()
        self._answer()
        self._chores(self.gauges.clock() * 1e-9)
        done()

    def apply(self) -> None:
        """The settings that hold, to everything that plays."""
        settings, current = self.requests.settings, self.active.current
        self.active.set(settings)
        self.mixer.apply(settings, listens=current is None or current.listens)
        self._heard_notes.set(settings)

    def send_heard(self, send: Send | None) -> None:
        """Give the notes that are heard to ``send`` while ``midi_out`` is on; None: to nobody."""
        self._heard_notes.give_to(send)

    def tune(self, pitches: KeyPitches | None) -> None:
        """Tune the keys, also of the models that come."""
        self.context.key_pitches = pitches
        if self.active.current is not None:
            self.active.current.tune(pitches)
            if self.flows:
                self.active.sound()

    def change_parts(self, parts: Sequence[BandPart]) -> None:
        """Other levels, places and keys of the parts of the band that plays."""
        self.active.change_parts(parts)
        if self.flows:
            self.active.sound()

    def test(self, wanted: TestSignal) -> None:
        """Play a signal over everything, once somebody runs the rig."""
        if self.idle:
            self.events.later(wanted.future.set_exception, UserError("test: no sound card runs"))
        else:
            self.tester.play(wanted)

    def end_test(self) -> None:
        """Fade out the test signal that plays."""
        self.tester.end()

    def leave(self, fade_s: float) -> None:
        """Fade all instruments out, in ``fade_s`` seconds."""
        self.active.leave(fade_s)

    def freeze(self, on: bool) -> None:
        """Freeze the sound, or let it go; holds for models that come later too."""
        self.frozen = on
        self.active.freeze(on)

    def panic(self) -> None:
        """Silence everything at once and let go of all notes."""
        self.frozen = False
        self.active.panic()
        self._heard_notes.end()

    def autofit(
        self, seconds: float, future: Future[dict[str, float]], use: Callable[[Any], Any]
    ) -> None:
        """Listen to the player for that long; then ``use`` what :class:`AutoFit` found."""
        current = self.active.current
        try:
            if current is None:
                raise UserError("auto-fit needs a model that plays")
            self._fit = (current, current.listen(), seconds, future, use)
        except UserError as error:
            self.events.later(future.set_exception, error)

    @property
    def fitting_s(self) -> float | None:
        """How long auto-fit has listened; None when it does not."""
        fit = self._fit
        return fit[1].heard_s if fit else None

    def _check_fit(self) -> None:
        if self._fit is None:
            return
        instrument, fit, seconds, future, use = self._fit
        if self.active.current is not instrument:
            self._fit = None
            self.events.later(
                future.set_exception, UserError("auto-fit was given up: the model was changed")
            )
        elif fit.heard_s >= seconds:
            self._fit = None
            # NumPy's percentiles take their time: not here.
            self.events.later(_conclude, fit, instrument.info, future, use)


def _prioritise(priority: int) -> bool:
    """SCHED_FIFO for the thread that calls, where that is allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError:  # the audio thread was refused too, and its warning names the remedy
        return False
    return True


def _conclude(
    fit: AutoFit, info: ModelInfo, future: Future[dict[str, float]], use: Callable[[Any], Any]
) -> None:
    """Compute the settings and answer the future. Runs in the events' thread."""
    try:
        found = fit.fit(info).settings
        use(found)
    except UserError as error:
        future.set_exception(error)
    else:
        future.set_result(found)
