"""The engine at a terminal: start, one line that says how it goes, a clean end."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any, TextIO

from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model, installed
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.live.events import Event
from ddsp_edge.midi.output import MidiOutput
from ddsp_edge.midi.ports import MidiPorts
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings

EVERY_S = 0.1
START_S = 30.0  #: a model that is not ready by then never will be


def perform(
    model: str,
    source: str,
    settings: Settings,
    card: CardSettings,
    midi: str,
    midi_network: str | None,
    runtime: str | None,
    seconds: float | None,
    midi_out: Sequence[str] = (),
    out: TextIO | None = None,
    pitches: KeyPitches | None = None,
) -> None:
    """Play until Ctrl-C, SIGTERM or for ``seconds``; fades out. Raises UserError.

    ``pitches``: those of a Scala tuning; None: equal temperament.

    Program changes choose among the installed models, in the order of `ddsp-edge models list`.
    """
    out = out or sys.stdout
    bundle = find_model(model)
    engine = LiveEngine(card, source, settings, runtime)
    engine.tune(pitches)
    screen = _Screen(out)
    ports = MidiPorts(engine.midi, engine.publish, api=midi, network=midi_network)
    output = MidiOutput(midi, midi_out, on_problem=screen.warn)
    engine.send_heard(output.send)
    stop = threading.Event()
    before = [(s, signal.signal(s, lambda *_: stop.set())) for s in (signal.SIGINT, signal.SIGTERM)]
    try:
        engine.subscribe(lambda event: _on_event(event, engine, screen))
        engine.start()
        engine.play(bundle).result(START_S)
        _start_midi(ports, midi, source, screen)
        for warning in engine.status()["warnings"]:
            screen.say(f"warning: {warning}")
        screen.say(_first_line(engine.status()))
        left_s = float("inf") if seconds is None else seconds
        while left_s > 0.0 and not stop.wait(min(EVERY_S, left_s)):
            left_s -= EVERY_S
            screen.update(_line(engine.status(), engine.stats()))
        screen.say(_last_line(engine.stats()))
    finally:
        ports.stop()
        engine.stop()
        output.stop()
        for number, handler in before:
            signal.signal(number, handler)


def _start_midi(ports: MidiPorts, midi: str, source: str, screen: _Screen) -> None:
    """Without MIDI a sound module is of no use, but a pedal is."""
    try:
        ports.start()
    except UserError as error:
        if source == "synth":
            raise
        screen.say(f"warning: no MIDI: {error}")


def _on_event(event: Event, engine: LiveEngine, screen: _Screen) -> None:
    """Act on an event of the engine. Runs in the events' thread."""
    kind = event["event"]
    if kind == "program":
        models = installed()
        number = event["bank"] * 128 + event["program"]
        if number < len(models):
            engine.play(find_model(models[number].name))
        else:
            screen.say(f"program {number + 1}: only {len(models)} models are installed")
    elif kind == "model":
        screen.say(f"model: {event['model']} ({event['source']})")
    elif kind == "card":
        screen.say(f"card {event['state']}: {event['detail']}")
    elif kind == "midi" and event["port"]:
        screen.say(f"MIDI {event['state']}: {event['port']}")
    elif kind == "fault":
        screen.say(f"fault ({event['what']}): {event['detail']}")


class _Screen:
    """Lines for all; the one that changes only where somebody can see it change."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._tty = out, out.isatty()
        self._lock = threading.Lock()
        self._shown = 0

    def say(self, line: str) -> None:
        with self._lock:
            self._clear()
            print(line, file=self._out, flush=True)

    def warn(self, problem: str) -> None:
        """Say what is wrong; "" (it is over) says nothing."""
        if problem:
            self.say(f"warning: {problem}")

    def update(self, line: str) -> None:
        if self._tty:
            with self._lock:
                self._clear()
                self._out.write(line)
                self._out.flush()
                self._shown = len(line)

    def _clear(self) -> None:
        if self._shown:
            self._out.write("\r" + " " * self._shown + "\r")
            self._shown = 0


def _first_line(status: dict[str, Any]) -> str:
    card = status["card"]
    return (
        f"{status['model']} ({status['source']}) on {card['card']}: {card['rate_hz']} Hz, "
        f"{card['periods']} x {card['period']} samples; Ctrl-C ends"
    )


def _line(status: dict[str, Any], stats: dict[str, Any]) -> str:
    note = f"{status['note']}{status['cents']:+5.0f} c" if status["note"] else "-"
    if status["source"] == "synth":
        note = " ".join(str(key) for key in status["notes"][:6]) or "-"
    clip = " CLIP" if status["input_clip"] or status["output_clip"] else ""
    stream = stats["stream"] or {}
    return (
        f"{note:<10} in {status['input_dbfs']:6.1f}  out {status['output_dbfs']:6.1f} dBFS{clip}  "
        f"load {100 * stats['rig']['load']:3.0f} %  xruns {stream.get('xruns', 0)}  "
        f"late {stats['rig']['late_frames']}"
    )


def _last_line(stats: dict[str, Any]) -> str:
    stream, rig = stats["stream"] or {}, stats["rig"]
    return (
        f"played {rig['position_s']:.1f} s: {stream.get('xruns', 0)} xruns, "
        f"{rig['late_frames']} late frames, {stats['faults']} faults"
    )
