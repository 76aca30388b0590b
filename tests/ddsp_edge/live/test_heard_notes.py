"""The live engine sends what it hears, once, whatever happens to the model meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from live_pump import RATE, Pump, pumped
from tiny_decoder import tiny_bundle

from ddsp_edge.effect.pitch_to_midi import Message
from ddsp_edge.settings import Settings


def tone(seconds: float, note: int) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * 440 * 2 ** ((note - 69) / 12) * t
    return np.float32(0.1) * sum(np.sin(k * phase) / k for k in range(1, 9)).astype(np.float32)


@pytest.fixture
def sent() -> list[Message]:
    return []


def listening(pump: Pump, sent: list[Message]) -> None:
    def send(messages: Sequence[Message]) -> None:
        sent.extend(messages)

    pump.engine.send_heard(send)


def notes(sent: list[Message]) -> list[tuple[int, int]]:
    return [(m[0] & 0xF0, m[1]) for m in sent if m[0] & 0xF0 in (0x80, 0x90)]


ON = Settings(midi_out="on")


def test_a_tone_is_a_note_and_silence_ends_it(sent) -> None:
    with pumped(tiny_bundle(), settings=ON) as pump:
        listening(pump, sent)
        pump.run(tone(0.5, 57))
        assert notes(sent) == [(0x90, 57)]
        pump.run(0.5)
        assert notes(sent) == [(0x90, 57), (0x80, 57)]


def test_it_is_off_until_it_is_turned_on_and_ends_when_it_is_turned_off(sent) -> None:
    with pumped(tiny_bundle()) as pump:
        listening(pump, sent)
        pump.run(tone(0.3, 57))
        assert sent == []
        pump.engine.set({"midi_out": "on", "midi_out_channel": 5})
        pump.run(tone(0.3, 57))
        assert notes(sent) == [(0x90, 57)] and {m[0] & 15 for m in sent} == {4}
        pump.engine.set({"midi_out": "off"})
        pump.engine.catch_up()
        assert notes(sent) == [(0x90, 57), (0x80, 57)]


def test_another_model_neither_ends_nor_doubles_the_note(sent) -> None:
    with pumped(tiny_bundle(), settings=ON) as pump:
        listening(pump, sent)
        sound = tone(1.0, 57)
        pump.run(sound[: RATE // 2])
        pump.play(tiny_bundle())
        pump.run(sound[RATE // 2 :])
        assert notes(sent) == [(0x90, 57)]


def test_panic_another_source_and_the_end_leave_no_note(sent) -> None:
    with pumped(tiny_bundle(), settings=ON) as pump:
        listening(pump, sent)
        for how in ("panic", "synth"):
            sent.clear()
            pump.run(tone(0.3, 57))
            if how == "panic":
                pump.engine.panic()
                pump.engine.catch_up()
                assert notes(sent)[:2] == [(0x90, 57), (0x80, 57)]
                pump.run(0.3)
            else:
                pump.play(tiny_bundle(), source="synth")
                pump.run(0.05)
                assert notes(sent) == [(0x90, 57), (0x80, 57)]
        pump.play(tiny_bundle(), source="effect")
        sent.clear()
        pump.run(tone(0.5, 60))
        assert notes(sent)[-1] == (0x90, 60)
    assert notes(sent)[-1] == (0x80, 60)
