"""How often the network is asked: once for a chord, and not at all when nothing sounds."""

from __future__ import annotations

import mido
import numpy as np
import pytest
from row_decoder import row_bundle
from tiny_decoder import tiny_bundle

from ddsp_edge.live.instrument import Instrument, Place
from ddsp_edge.live.instruments import SETTLED_S, EffectInstrument, SynthInstrument
from ddsp_edge.live.timing import Gauges
from ddsp_edge.settings import Settings

RATE, PERIOD = 48_000, 128


@pytest.fixture
def place() -> Place:
    return Place(RATE, PERIOD, Gauges())


class Played:
    """An instrument, a tick every hop; the position goes on by itself."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument, self.tick = instrument, 0

    def invocations(self, seconds: float, loudness_db: float = -80.0) -> int:
        """Of the network during so many seconds."""
        decoder = self.instrument._morph.decoder
        before, hop = decoder.invocations, self.instrument.info.hop_s
        for _ in range(round(seconds / hop)):
            position = round(self.tick * hop * RATE)
            self.instrument.answer_tick((position, 0, 220.0, 1.0, loudness_db))
            self.tick += 1
        return decoder.invocations - before

    def note(self, kind: str, *notes: int) -> None:
        seconds = self.tick * self.instrument.info.hop_s
        for note in notes:
            self.instrument.receive(mido.Message(kind, note=note, velocity=90), seconds)
        self.instrument.sound()


def test_an_effect_asks_nothing_of_the_model_in_a_long_silence(place: Place) -> None:
    played = Played(EffectInstrument(tiny_bundle(), Settings(), place))
    assert played.invocations(1.0, -20.0) == 200
    assert 0 < played.invocations(SETTLED_S + 0.1) <= 200 * SETTLED_S + 1
    assert played.invocations(1.0) == 0
    assert played.invocations(0.1, -20.0) == 20


def test_a_synth_asks_nothing_of_the_model_until_it_is_played(place: Place) -> None:
    played = Played(SynthInstrument(tiny_bundle(), Settings(), place))
    assert played.invocations(1.0) == 0
    played.note("note_on", 60)
    assert played.invocations(0.5) == 99  # the tick at once after the onset says nothing new
    played.note("note_off", 60)
    assert played.invocations(4.0) < 4.0 * 200
    assert played.invocations(1.0) == 0
    played.note("note_on", 62)
    assert played.invocations(0.1) == 19


def test_a_chord_costs_one_invocation_a_tick(place: Place) -> None:
    instrument = SynthInstrument(row_bundle(), Settings(voices=8), place)
    assert instrument._morph.decoder.rows == (1, 4, 16)
    played = Played(instrument)
    before = instrument._morph.decoder.invocations
    played.note("note_on", 60, 64, 67, 72)
    assert instrument._morph.decoder.invocations - before == 1
    played.invocations(0.05)
    assert played.invocations(0.5) == 100


def test_a_chord_sounds_as_its_notes_one_by_one(place: Place) -> None:
    """What is sent to each voice does not depend on who else sounds."""

    def sent(*notes: int) -> list[tuple[float, np.ndarray]]:
        instrument = SynthInstrument(row_bundle(), Settings(voices=8), place)
        played = Played(instrument)
        rows: dict[int, list[tuple[float, np.ndarray]]] = {}
        real = instrument.part.send_frame

        def send(voice: int, position: int, f0_hz: float, *rest: object) -> None:
            harmonics = rest[1]
            assert isinstance(harmonics, np.ndarray)
            rows.setdefault(voice, []).append((f0_hz, harmonics.copy()))
            real(voice, position, f0_hz, *rest)  # type: ignore[arg-type]

        instrument.part.send_frame = send  # type: ignore[method-assign]
        played.note("note_on", *notes)
        played.invocations(0.1)
        found = [row for row in rows.values() if abs(row[-1][0] / 440.0 - 1.0) < 1e-6]
        assert len(found) == 1
        return found[0]

    alone, together = sent(69), sent(69, 62, 74, 77, 81)
    assert len(alone) == len(together) > 10
    for (hz, harmonics), (other_hz, others) in zip(alone, together, strict=True):
        assert hz == other_hz
        np.testing.assert_allclose(others, harmonics, rtol=1e-4)
