"""What an instrument asks of its model: nothing in Python where C decodes; else one invocation of
the network for a chord, and none when nothing sounds."""

from __future__ import annotations

import mido
import numpy as np
import pytest
from row_decoder import row_bundle
from tiny_decoder import tiny_bundle

from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.instrument import Instrument, PlaybackContext
from ddsp_edge.live.instruments import EffectInstrument, SynthInstrument
from ddsp_edge.live.timing import Gauges
from ddsp_edge.settings import Settings
from native.rig import Rig

RATE, PERIOD = 48_000, 120  # a period is half a hop of the tiny model
SETTLED_S = 2.0  #: after so much silence a model is not asked any more (performer.c)


@pytest.fixture
def context() -> PlaybackContext:
    return PlaybackContext(RATE, PERIOD, Gauges())


class Played:
    """An instrument in a rig of its own, answered after each block."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument, self.position = instrument, 0
        self.rig = Rig(RATE, PERIOD)
        assert self.rig.play(instrument.part, fade_s=0.0)

    def run(self, seconds: float, amplitude: float = 0.0) -> np.ndarray:
        """The output while it hears a tone of 220 Hz."""
        blocks = round(seconds * RATE / PERIOD)
        t = (self.position + np.arange(blocks * PERIOD)) / RATE
        tone = (amplitude * np.sin(2 * np.pi * 220.0 * t)).astype(np.float32)
        heard, played = np.repeat(tone[:, None], 2, axis=1), np.zeros((len(t), 2), np.float32)
        for at in range(0, len(t), PERIOD):
            self.rig.process(heard[at : at + PERIOD], played[at : at + PERIOD])
            self.instrument.answer()
        self.position += len(t)
        return played

    def invocations(self, seconds: float, amplitude: float = 0.0) -> int:
        """Of the network during so many seconds."""
        assert self.instrument.decoder is not None
        decoder = self.instrument.decoder.decoders[0]
        before = decoder.invocations
        self.run(seconds, amplitude)
        return decoder.invocations - before

    def note(self, kind: str, *notes: int) -> None:
        for note in notes:
            message = mido.Message(kind, note=note, velocity=90)
            self.instrument.receive(message, self.position / RATE)
        self.instrument.sound()


def test_what_c_knows_is_played_without_an_answer(context: PlaybackContext) -> None:
    violin = find_model("violin")
    synth, effect = (
        kind(violin, Settings(), context) for kind in (SynthInstrument, EffectInstrument)
    )
    assert synth.decoder is None and effect.decoder is None
    played = Played(synth)
    played.note("note_on", 69)
    assert np.abs(played.run(0.2)[-PERIOD:]).max() > 0.01
    assert not len(synth.part.read_ticks())  # nobody need be told
    assert not synth.quiet and synth.notes == [69]
    played.note("note_off", 69)
    played.run(2.0)
    assert synth.quiet and synth.notes == []
    assert np.abs(Played(effect).run(0.5, 0.3)[-PERIOD:]).max() > 0.01
    assert effect.heard is not None and effect.heard.f0_hz == pytest.approx(220.0, rel=1e-3)
    assert effect.reading is not None and effect.reading.name == "A3"
    assert synth.faults == effect.faults == 0


def test_whoever_asks_for_a_runtime_gets_it() -> None:
    context = PlaybackContext(RATE, PERIOD, Gauges(), runtime="litert")
    assert SynthInstrument(find_model("violin"), Settings(), context).decoder is not None


def test_an_effect_asks_nothing_of_the_model_in_a_long_silence(context: PlaybackContext) -> None:
    played = Played(EffectInstrument(tiny_bundle(), Settings(), context))
    assert played.invocations(1.0, 0.1) == pytest.approx(200, abs=2)
    assert 0 < played.invocations(SETTLED_S + 0.3) <= 200 * (SETTLED_S + 0.3)
    assert played.invocations(1.0) == 0
    assert played.invocations(0.2, 0.1) == pytest.approx(40, abs=2)


def test_a_synth_asks_nothing_of_the_model_until_it_is_played(context: PlaybackContext) -> None:
    played = Played(SynthInstrument(tiny_bundle(), Settings(), context))
    assert played.invocations(1.0) == 0
    played.note("note_on", 60)
    assert played.invocations(0.5) == pytest.approx(100, abs=1)
    played.note("note_off", 60)
    assert played.invocations(4.0) < 4.0 * 200
    assert played.invocations(1.0) == 0
    played.note("note_on", 62)
    assert played.invocations(0.1) == pytest.approx(20, abs=1)


def test_a_chord_costs_one_invocation_a_tick(context: PlaybackContext) -> None:
    instrument = SynthInstrument(row_bundle(), Settings(voices=8), context)
    assert instrument.decoder is not None and instrument.decoder.decoders[0].rows == (1, 4, 16)
    played = Played(instrument)
    played.note("note_on", 60, 64, 67, 72)
    assert played.invocations(PERIOD / RATE) == 1  # all four onsets
    played.invocations(0.05)
    assert played.invocations(0.5) == 100


def test_a_chord_sounds_as_its_notes_one_by_one(context: PlaybackContext) -> None:
    """What is sent to each voice does not depend on who else sounds."""

    def sent(*notes: int) -> list[tuple[float, np.ndarray]]:
        instrument = SynthInstrument(row_bundle(), Settings(voices=8, expression=0), context)
        rows: dict[int, list[tuple[float, np.ndarray]]] = {}
        real = instrument.part.send_frame

        def send(voice: int, position: int, f0_hz: float, *rest: object, onset: bool) -> None:
            harmonics = rest[1]
            assert isinstance(harmonics, np.ndarray)
            rows.setdefault(voice, []).append((f0_hz, harmonics.copy()))
            real(voice, position, f0_hz, *rest, onset=onset)  # type: ignore[arg-type]

        instrument.part.send_frame = send  # type: ignore[method-assign, assignment]
        played = Played(instrument)
        played.note("note_on", *notes)
        played.run(0.1)
        found = [row for row in rows.values() if abs(row[-1][0] / 440.0 - 1.0) < 1e-6]
        assert len(found) == 1
        return found[0]

    alone, together = sent(69), sent(69, 62, 74, 77, 81)
    assert len(alone) == len(together) > 10
    for (hz, harmonics), (other_hz, others) in zip(alone, together, strict=True):
        assert hz == other_hz
        np.testing.assert_allclose(others, harmonics, rtol=1e-4)
