"""What is heard becomes notes, bends and pressure."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.effect.pitch_to_midi import CENTRE, Message, PitchToMidi
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import Settings

HOP_S = 0.005


def hz(note: float) -> float:
    return 440.0 * 2 ** ((note - 69) / 12)


def frames(*parts: tuple[float, float, float], pitched: float = 1.0) -> list[FeatureFrame]:
    """Frames of parts (seconds, note, level in dB) that follow one another."""
    found: list[FeatureFrame] = []
    for seconds, note, level_db in parts:
        for _ in range(round(seconds / HOP_S)):
            at = len(found) * HOP_S
            found.append(FeatureFrame(at, hz(note), level_db, pitched=pitched))
    return found


def sent(
    heard: list[FeatureFrame], converter: PitchToMidi | None = None, **settings: float | str
) -> list[tuple[float, Message]]:
    converter = converter or PitchToMidi(Settings(**settings))
    found = [(each.time_s, message) for each in heard for message in converter.hear(each)]
    return [*found, *((heard[-1].time_s, message) for message in converter.end())]


def notes(messages: list[tuple[float, Message]]) -> list[tuple[str, int]]:
    """Notes that begin and end, in their order."""
    names = {0x90: "on", 0x80: "off"}
    return [(names[m[0] & 0xF0], m[1]) for _, m in messages if m[0] & 0xF0 in names]


def bends(messages: list[tuple[float, Message]], range_semitones: float = 2.0) -> list[float]:
    """Every bend that was sent, in semitones."""
    found = [m[1] + 128 * m[2] - CENTRE for _, m in messages if m[0] & 0xF0 == 0xE0]
    return [range_semitones * value / 8191 for value in found]


def test_a_note_begins_soon_at_its_pitch_and_ends_with_the_sound() -> None:
    messages = sent(frames((0.1, 60, -80), (0.5, 60.3, -20), (0.2, 60.3, -80)))
    assert notes(messages) == [("on", 60), ("off", 60)]
    began = next(time_s for time_s, m in messages if m[0] == 0x90)
    ended = next(time_s for time_s, m in messages if m[0] == 0x80)
    assert 0.1 < began <= 0.13 and ended == pytest.approx(0.6)
    first = [m[0] & 0xF0 for _, m in messages].index(0x90)
    assert bends(messages[:first]) == pytest.approx([0.3], abs=0.001)  # before the note
    assert messages[-1][1] == (0xE0, 0, 64)  # and back at rest


def test_the_receiver_is_told_the_bend_range_once() -> None:
    twice = frames((0.2, 60, -20), (0.2, 60, -80), (0.2, 62, -20), (0.1, 60, -80))
    messages = [m for _, m in sent(twice, midi_out_bend=12, midi_out_channel=3)]
    told = [(m[1], m[2]) for m in messages if m[0] == 0xB2]
    assert told == [(101, 0), (100, 0), (6, 12), (38, 0), (101, 127), (100, 127)]
    assert messages.index((0xB2, 6, 12)) < [m[0] for m in messages].index(0x92)
    assert {m[0] & 0x0F for m in messages} == {2}


def test_velocity_follows_the_level_over_the_velocity_range() -> None:
    def velocity(level_db: float) -> int:
        return next(m[2] for _, m in sent(frames((0.2, 60, level_db))) if m[0] == 0x90)

    assert velocity(-5) == velocity(-10) == 127
    assert velocity(-25) == 64 and velocity(-40) == 1
    assert sent(frames((0.2, 60, -45))) == []  # softer than the softest stroke is none
    assert notes(sent(frames((0.2, 60, -45)), velocity_range=60)) == [("on", 60), ("off", 60)]


def test_a_swell_is_pressure() -> None:
    levels = [(0.01, 60.0, -30.0 + 0.1 * i) for i in range(150)]
    pressure = [m[1] for _, m in sent(frames(*levels)) if m[0] == 0xD0]
    assert pressure[:-1] == sorted(pressure[:-1]) and pressure[-2] > pressure[0] + 50
    assert pressure[-1] == 0


def test_a_wide_vibrato_is_one_note_with_bends() -> None:
    wave = [(HOP_S, 60 + 0.8 * math.sin(2 * math.pi * 5.5 * i * HOP_S), -20.0) for i in range(400)]
    messages = sent(frames(*wave))
    assert notes(messages) == [("on", 60), ("off", 60)]
    assert max(bends(messages)) == pytest.approx(0.8, abs=0.03)
    assert min(bends(messages)) == pytest.approx(-0.8, abs=0.03)


def test_a_slur_is_legato() -> None:
    slide = [(HOP_S, 60 + 2 * i / 12, -20.0) for i in range(12)]
    messages = sent(frames((0.3, 60, -20), *slide, (0.3, 62, -20)))
    assert notes(messages) == [("on", 60), ("on", 62), ("off", 60), ("off", 62)]
    # The bend had gone along; with the new note it is back at the middle.
    at = [m[:2] for _, m in messages].index((0x90, 62))
    assert max(bends(messages[:at])) == pytest.approx(2.0, abs=0.01)
    assert bends(messages[:at])[-1] == pytest.approx(0.0, abs=0.01)


def test_without_bends_only_notes_and_pressure_are_sent() -> None:
    messages = sent(frames((0.3, 60.4, -20), (0.3, 63, -20)), midi_out_bend=0)
    assert {m[0] & 0xF0 for _, m in messages} == {0x90, 0x80, 0xD0}
    assert notes(messages) == [("on", 60), ("on", 63), ("off", 60), ("off", 63)]


def test_the_same_note_struck_again_is_another_note() -> None:
    dies = [(HOP_S, 60.0, -20.0 - 0.2 * i) for i in range(60)]
    messages = sent(frames(*dies, (0.3, 60, -20)))
    assert notes(messages) == [("on", 60), ("off", 60), ("on", 60), ("off", 60)]


def test_a_consonant_in_between_is_bridged_and_a_rest_is_not() -> None:
    def with_gap(gap_s: float) -> list[FeatureFrame]:
        found = frames((0.3 + gap_s + 0.3, 60, -20))
        for each in found:
            each.pitched = 0.0 if 0.3 <= each.time_s < 0.3 + gap_s else 1.0
        return found

    assert notes(sent(with_gap(0.04))) == [("on", 60), ("off", 60)]
    assert notes(sent(with_gap(0.15))) == 2 * [("on", 60), ("off", 60)]


def test_noise_and_a_pitch_that_only_flashes_by_are_no_notes() -> None:
    assert sent(frames((0.5, 60, -20), pitched=0.2)) == []
    assert notes(sent(frames((0.01, 60, -20), (0.01, 67, -20), (0.1, 60, -80)))) == []


def test_another_channel_ends_the_note_on_the_old_one() -> None:
    converter = PitchToMidi(Settings())
    for each in frames((0.2, 60, -20)):
        converter.hear(each)
    ended = converter.set(Settings(midi_out_channel=9))
    assert (0x80, 60, 64) in ended
    later = sent(frames((0.2, 60, -20)), converter)
    assert notes(later) == [("on", 60), ("off", 60)] and {m[0] & 15 for _, m in later} == {8}


anything = st.tuples(
    st.floats(allow_nan=True, allow_infinity=True) | st.floats(20, 8000),
    st.floats(-80, 0),
    st.floats(0, 1),
)


@given(
    st.lists(anything, min_size=1, max_size=80),
    st.floats(0, 48),
    st.integers(1, 16),
    st.sampled_from([0.0, 30.0, 60.0]),
)
def test_whatever_is_heard_every_note_ends_and_every_byte_is_midi(heard, bend, channel, range_db):
    settings = Settings(midi_out_bend=bend, midi_out_channel=channel, velocity_range=range_db)
    converter = PitchToMidi(settings)
    held: list[int] = []
    messages = [
        message
        for i, (f0_hz, level_db, pitched) in enumerate(heard)
        for message in converter.hear(FeatureFrame(i * 0.01, f0_hz, level_db, pitched=pitched))
    ]
    for message in [*messages, *converter.end()]:
        assert message[0] & 0x0F == channel - 1
        assert all(0 <= value <= 127 for value in message[1:])
        if message[0] & 0xF0 == 0x90:
            held.append(message[1])
            assert message[2] > 0 and len(held) <= 2
        elif message[0] & 0xF0 == 0x80:
            held.remove(message[1])
    assert held == []
