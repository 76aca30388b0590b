"""A MIDI clock that comes through a real port (JACK's) sets the rate of the vibrato that sounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import mido
import numpy as np
import pytest
from jack_server import JackServer, Unavailable
from live_pump import PERIOD, RATE
from midi_ear import until

from ddsp_edge.evaluation.pitch import cents, track_f0
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.live.events import Event
from ddsp_edge.midi.ports import MidiPorts
from ddsp_edge.settings import Settings

rtmidi = pytest.importorskip("rtmidi", reason="MIDI ports need the extra `live`")

BPM = 105.0
#: Two waves a beat; a violin's own vibrato has five waves a second or more.
WAVES_HZ = 2 * BPM / 60
LISTEN_S, PATIENCE_S = 2.5, 30.0


class Clock:
    """A sequencer at a port of its own: 24 messages a beat, by a schedule that does not drift."""

    def __init__(self) -> None:
        self._out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="sequencer")
        self._out.open_virtual_port("clock")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def start(self) -> None:
        self._thread.start()

    def _send(self) -> None:
        self._out.send_message([0xFA])
        due_s = time.monotonic()
        while not self._ended.wait(max(0.0, due_s - time.monotonic())):
            self._out.send_message([0xF8])
            due_s += 60 / BPM / 24

    def stop(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._out.delete()


class Paced:
    """Runs an engine's rig by the machine's clock, as a card would, and keeps what it plays."""

    def __init__(self, engine: LiveEngine) -> None:
        self._engine, self._began_s, self._blocks = engine, time.monotonic(), 0

    def listen(self, seconds: float) -> np.ndarray:
        silence, heard = np.zeros((PERIOD, 2), np.float32), []
        while len(heard) * PERIOD < seconds * RATE:
            if self._blocks * PERIOD > (time.monotonic() - self._began_s) * RATE:
                time.sleep(0.002)
                continue
            played = np.empty_like(silence)
            self._engine.rig.process(silence, played)
            self._engine.catch_up()
            self._blocks += 1
            heard.append(played[:, 0].copy())
        return np.concatenate(heard)

    def vibrato_hz(self) -> float:
        """The strongest rate at which the pitch moves."""
        f0 = track_f0(self.listen(LISTEN_S)[::4], RATE / 4, 200.0, 900.0, 0.01).f0_hz
        f0 = f0[f0 > 0]
        moved = cents(f0, float(np.median(f0)))
        moved = moved - np.polyval(np.polyfit(np.arange(len(f0)), moved, 2), np.arange(len(f0)))
        power = np.abs(np.fft.rfft(moved * np.hanning(len(f0)), 2048))
        hz = np.fft.rfftfreq(2048, 0.01)
        return float(hz[hz > 2.0][np.argmax(power[hz > 2.0])])


@pytest.fixture
def at_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = JackServer(tmp_path)
    try:
        server.start()
    except Unavailable as error:
        pytest.skip(str(error))
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    yield
    server.stop()


@pytest.mark.usefixtures("at_a_server")
def test_the_vibrato_takes_the_rate_of_a_clock_at_a_port() -> None:
    events: list[Event] = []
    steady = {"expression_pitch": 0, "expression_dynamics": 0, "expression_vibrato": 2}
    settings = Settings(reverb_wet=0, vibrato_sync="1/8", **steady)
    with LiveEngine(None, "synth", settings) as engine:
        engine.play(find_model("violin")).result(60)
        ports = MidiPorts(engine.midi, events.append, api="jack")
        ports.start()
        clock = Clock()
        try:
            assert until(lambda: any(each["port"] == "sequencer:clock" for each in events))
            card = Paced(engine)
            engine.midi(mido.Message("note_on", note=69, velocity=100))
            card.listen(0.5)
            own_hz = card.vibrato_hz()
            assert own_hz > WAVES_HZ + 1.0
            clock.start()
            # A machine that is busy elsewhere may hold messages up: then it is heard later.
            end_s, found_hz = time.monotonic() + PATIENCE_S, own_hz
            while abs(found_hz - WAVES_HZ) > 0.2 and time.monotonic() < end_s:
                found_hz = card.vibrato_hz()
            assert found_hz == pytest.approx(WAVES_HZ, abs=0.2)
        finally:
            clock.stop()
            ports.stop()
