"""The C receiver against the Python one: the same messages make the same events."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native._kernel import ffi, lib
from tiny_decoder import INFO

from ddsp_edge.bundles.families import FAMILIES
from ddsp_edge.midi.beat import Beat
from ddsp_edge.settings import Settings
from ddsp_edge.synth.midi_map import CONTROLLERS, MESSAGES, RPNS
from ddsp_edge.synth.notes import synth_settings
from ddsp_edge.synth.performer import Performer, middle_note
from ddsp_edge.synth.receiver import Receiver
from native.expression import QUANTITIES, SWELLS
from native.player import Synth

HOP_S = 0.005
MODEL = (HOP_S, -60.0, -10.0)
VOICE = replace(INFO, name="Voice")  # slides and scoops often
SEED = 5
#: What an event of a kind says; the rest of the struct is left over from others.
NOTES = (lib.DDSP_EVENT_START, lib.DDSP_EVENT_RETARGET)
NOTE_FIELDS = [name for name, _ in ffi.typeof("ddsp_note").fields if name != "expression"]
EXPRESSION_FIELDS = [name for name, _ in ffi.typeof("ddsp_note_expression").fields]
TOUCH_FIELDS = [name for name, _ in ffi.typeof("ddsp_touch").fields]
SYNTH_FIELDS = [name for name, _ in ffi.typeof("ddsp_synth_settings").fields]


def said(event: Any) -> tuple[Any, ...]:
    parts = [event.kind, event.voice]
    if event.voice >= 0:
        parts.append(event.serial)
    if event.kind in NOTES:
        parts += [getattr(event.note, name) for name in NOTE_FIELDS]
        parts += [getattr(event.note.expression, name) for name in EXPRESSION_FIELDS]
    if event.kind in (*NOTES, lib.DDSP_EVENT_TOUCH):
        parts += [getattr(event.touch, name) for name in TOUCH_FIELDS]
    if event.kind == lib.DDSP_EVENT_BEAT and event.beat.hz > 0:
        parts += [event.beat.at_s, event.beat.beats, event.beat.hz]
    if event.kind == lib.DDSP_EVENT_SYNTH:
        parts += [getattr(event.synth, name) for name in SYNTH_FIELDS]
    return tuple(parts)


class Recorded(Synth):
    """A player that remembers what it was sent."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        super().__init__(*MODEL)

    def _send(self, time_s: float) -> None:
        self.events.append(said(self._event))
        super()._send(time_s)


def c_settings(s: Settings) -> Any:
    return ffi.new(
        "ddsp_receiver_settings *",
        {
            "synth": dict(zip(SYNTH_FIELDS, synth_settings(s), strict=True)),
            "portamento_s": s.portamento,
            "bend_range": s.bend_range,
            "voices": s.voices,
            "priority": ("last", "high", "low").index(s.priority),
            "channel": s.channel,
            "mpe": ("off", "on", "upper", "both").index(s.mpe),
            "swells": SWELLS[s.swell_sync],
        },
    )


def c_expression() -> Any:
    """How a voice is played, for C."""
    tendencies = FAMILIES["voice"].tendencies
    fields = [
        (1, t.mean, t.deviation, t.pitch, t.velocity, t.length)
        for t in (tendencies[name] for name in QUANTITIES)
    ]
    return ffi.new("ddsp_expression *", (middle_note(VOICE), fields))


class InC:
    """The C receiver before a C player."""

    def __init__(self, s: Settings) -> None:
        self.receiver = ffi.gc(lib.ddsp_receiver_new(c_settings(s)), lib.ddsp_receiver_free)
        self.synth = ffi.gc(lib.ddsp_synth_new(*MODEL), lib.ddsp_synth_free)
        self.out = ffi.new("ddsp_event[]", lib.DDSP_RECEIVER_EVENTS)
        self.states = ffi.new("ddsp_voice_state[]", lib.DDSP_MAX_VOICES)
        self.frames = ffi.new("ddsp_voice_frame[]", lib.DDSP_MAX_VOICES)
        self.events: list[tuple[Any, ...]] = []
        self.now_s = 0.0
        lib.ddsp_receiver_perform(self.receiver, c_expression(), SEED)
        self.set(s)

    def _send(self, n: int) -> None:
        for event in self.out[0:n]:
            self.events.append(said(event))
            lib.ddsp_synth_event(self.synth, ffi.addressof(event), self.now_s)
        lib.ddsp_synth_states(self.synth, self.states)
        lib.ddsp_receiver_states(self.receiver, self.states)

    def set(self, s: Settings) -> None:
        self._send(lib.ddsp_receiver_set(self.receiver, c_settings(s), self.out))

    def receive(self, time_s: float, data: bytes) -> None:
        self.now_s = max(self.now_s, time_s)
        self._send(lib.ddsp_receiver_take(self.receiver, time_s, data, len(data), self.out))

    def tell(self) -> None:
        self._send(lib.ddsp_receiver_tell(self.receiver, self.out))

    def follow(self, beat: Beat | None) -> None:
        told = (beat.at_s, beat.beats, beat.hz) if beat else (0.0, 0.0, 0.0)
        lines = (beat.bar, beat.bar_from) if beat else (4.0, 0.0)
        bars = ffi.new("ddsp_bars *", (told, *lines))
        self._send(lib.ddsp_receiver_follow(self.receiver, bars, self.out))

    def panic(self, time_s: float) -> None:
        self._send(lib.ddsp_receiver_panic(self.receiver, time_s, self.out))

    def tick(self, time_s: float) -> None:
        self.now_s = max(self.now_s, time_s)
        self._send(lib.ddsp_receiver_pass_time(self.receiver, time_s, self.out))
        self.tell()
        lib.ddsp_synth_onsets(self.synth, time_s, self.frames)
        lib.ddsp_synth_frames(self.synth, time_s, self.frames)
        lib.ddsp_synth_states(self.synth, self.states)
        lib.ddsp_receiver_states(self.receiver, self.states)


class InPython:
    """The same of ddsp_edge/synth, as a live instrument is driven."""

    def __init__(self, s: Settings) -> None:
        self.synth = Recorded()
        self.receiver = Receiver(s, self.synth, Performer(VOICE, SEED))

    @property
    def events(self) -> list[tuple[Any, ...]]:
        return self.synth.events

    def set(self, s: Settings) -> None:
        self.receiver.set(s)

    def receive(self, time_s: float, data: bytes) -> None:
        self.receiver.receive(time_s, mido.Message.from_bytes(data))

    def tell(self) -> None:
        self.receiver.tell()

    def follow(self, beat: Beat | None) -> None:
        self.receiver.follow(beat)

    def panic(self, time_s: float) -> None:
        self.receiver.panic(time_s)

    def tick(self, time_s: float) -> None:
        self.receiver.pass_time(time_s)
        self.receiver.tell()
        self.synth.onsets(time_s)
        self.synth.frames(time_s)


Step = bytes | int | str | Settings | Beat | None


def play(steps: Sequence[Step], s: Settings) -> None:
    """Numbers are ticks that pass; every event must be the same, in the same order."""
    mine, reference = InC(s), InPython(s)
    now_s = 0.0
    for step in steps:
        if isinstance(step, int):
            for _ in range(step):
                now_s += HOP_S
                mine.tick(now_s)
                reference.tick(now_s)
        elif isinstance(step, Settings):
            mine.set(step)
            reference.set(step)
        elif step is None or isinstance(step, Beat):
            mine.follow(step)
            reference.follow(step)
        elif step == "panic":
            mine.panic(now_s)
            reference.panic(now_s)
        elif isinstance(step, bytes):
            now_s += 0.0003
            mine.receive(now_s, step)
            reference.receive(now_s, step)
            if step[0] & 1:  # sometimes several come together
                mine.tell()
                reference.tell()
        assert mine.events == reference.events, step
        mine.events.clear()
        reference.events.clear()
    pan = lib.ddsp_receiver_pan(mine.receiver)
    assert pan == pytest.approx(reference.receiver.pan)


BYTES = st.integers(0, 127)
#: Few keys, so that they meet; few channels, with the drums'.
KEYS = st.sampled_from([40, 60, 64, 67])
CHANNELS = st.sampled_from([0, 0, 0, 1, 2, 5, 9, 15])
CONTROLLER = st.sampled_from([*CONTROLLERS, 3, 64, 66])
VALUES = st.sampled_from([0, 1, 2, 6, 12, 63, 64, 100, 127])


def message(kind: int, first: Any, second: Any = None) -> Any:
    parts = [CHANNELS.map(lambda channel: kind << 4 | channel), first]
    return st.tuples(*parts, *([] if second is None else [second])).map(bytes)


STEPS = st.one_of(
    message(0x9, KEYS, st.sampled_from([0, 1, 64, 127])),
    message(0x9, KEYS, st.sampled_from([64, 127])),
    message(0x8, KEYS, BYTES),
    message(0xA, KEYS, VALUES),
    message(0xB, CONTROLLER, VALUES),
    message(0xB, st.sampled_from([100, 101, 6, 38]), st.sampled_from([0, 1, 2, 6, 15, 127])),
    message(0xC, BYTES),
    message(0xD, BYTES),
    message(0xE, VALUES, BYTES),
    st.sampled_from([b"\xfe", b"\xff", b"\xf8"]),
    st.sampled_from([1, 2, 10, 61, 200]),
    st.just("panic"),
    st.sampled_from([None, Beat(0.0, 0.0, 2.0), Beat(1.3, 7.0, 3.1, bar=3.0, bar_from=1.5)]),
    st.builds(
        Settings,
        voices=st.sampled_from([1, 2, 4, 16]),
        priority=st.sampled_from(["last", "high", "low"]),
        mpe=st.sampled_from(["off", "on", "upper", "both"]),
        channel=st.sampled_from([0, 1, 3]),
        portamento=st.sampled_from([0.0, 0.1]),
        bend_range=st.sampled_from([2.0, 2.5, 48.0]),
        swell_sync=st.sampled_from(["off", "beat", "bar"]),
        vibrato_sync=st.sampled_from(["off", "nearest", "1/8T"]),
    ),
)
STARTS = st.builds(
    Settings,
    voices=st.sampled_from([1, 3]),
    priority=st.sampled_from(["last", "high", "low"]),
    mpe=st.sampled_from(["off", "on", "upper", "both"]),
    swell_sync=st.sampled_from(["off", "beat", "bar"]),
)


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=60), STARTS)
def test_the_same_events(steps: list[Step], start: Settings) -> None:
    play(steps, start)


@pytest.mark.parametrize("voices", [1, 2, 8])
@pytest.mark.parametrize("mpe", ["off", "on", "upper", "both"])
def test_the_same_events_over_a_long_performance(voices: int, mpe: str) -> None:
    rng = random.Random(voices)
    steps: list[Step] = []
    for _ in range(3000):
        channel = rng.choice([0, 0, 0, 3] if mpe == "off" else [0, 1, 2, 13, 14, 15])
        kind = rng.choice([0x8, 0x8, 0x9, 0x9, 0x9, 0xA, 0xB, 0xD, 0xE])
        first = rng.randrange(48, 60) if kind < 0xB else rng.randrange(128)
        if kind == 0xB:
            # All but those that end everything, which would make it a short one.
            first = rng.choice([n for n in CONTROLLERS if n < 120])
        steps += [
            bytes([kind << 4 | channel, first, rng.randrange(128)][: 2 if kind == 0xD else 3])
        ]
        if rng.random() < 0.3:
            steps.append(rng.randrange(1, 8))
    play(steps, Settings(voices=voices, mpe=mpe))


def test_every_row_of_the_table_is_played() -> None:
    """Each controller and RPN by itself, before, under and after a held note."""
    note_on, note_off = b"\x90\x3c\x64", b"\x80\x3c\x40"
    bytes_of = {
        "note_on": note_on,
        "note_off": note_off,
        "pitchwheel": b"\xe0\x00\x20",
        "aftertouch": b"\xd0\x40",
        "polytouch": b"\xa0\x3c\x40",
        "program_change": b"\xc0\x05",
        "active_sensing": b"\xfe",
        "reset": b"\xff",
    }
    rows = [[bytes_of[name]] for name in MESSAGES if name != "control_change"]
    rows += [[bytes([0xB0, number, value])] for number in CONTROLLERS for value in (0, 64, 100)]
    rows += [
        [bytes([0xB0, 101, a]), bytes([0xB0, 100, b]), b"\xb0\x06\x03", b"\xb0\x26\x20"]
        for a, b in RPNS
    ]
    for voices in (1, 2):
        for row in rows:
            again = [note_on, 3, b"\x90\x40\x50", 2, note_off, 2, b"\x80\x40\x40", 70]
            play([*row, 1, *again, note_on, 2, *row, 1, *again, *row], Settings(voices=voices))


def test_each_note_is_played_as_the_expression_says_until_a_reset() -> None:
    mine = InC(Settings(expression=1))
    mine.events.clear()
    seed = 2 + 1 + len(NOTE_FIELDS)  # kind, voice, serial, the note's fields, then the expression
    for i in range(3):
        mine.receive(float(i), b"\x90\x3c\x64")
        mine.receive(i + 0.5, b"\x80\x3c\x00")
    starts = [event for event in mine.events if event[0] == lib.DDSP_EVENT_START]
    assert len({event[seed] for event in starts}) == 3 and all(event[seed + 1] for event in starts)
    lib.ddsp_receiver_perform(mine.receiver, c_expression(), SEED)
    mine.events.clear()
    mine.receive(4.0, b"\x90\x3c\x64")
    assert mine.events[0][seed:] == starts[0][seed:]  # the strokes are counted anew
    lib.ddsp_receiver_perform(mine.receiver, ffi.NULL, 0)
    mine.events.clear()
    mine.receive(5.0, b"\x90\x3e\x64")
    expression = mine.events[0][seed : seed + len(EXPRESSION_FIELDS)]
    assert expression == (0,) * len(EXPRESSION_FIELDS)
    lib.ddsp_receiver_perform(mine.receiver, c_expression(), SEED)
    lib.ddsp_receiver_reset(mine.receiver, c_settings(Settings()))
    mine.events.clear()
    mine.receive(6.0, b"\x90\x3c\x64")
    assert mine.events[0][seed : seed + len(EXPRESSION_FIELDS)] == (0,) * len(EXPRESSION_FIELDS)


def test_half_messages_and_wrong_bytes_do_nothing() -> None:
    mine = InC(Settings())
    mine.events.clear()
    for data in (
        b"",
        b"\x90",
        b"\x90\x40",
        b"\x90\x40\xff",
        b"\x90\xc0\x40",
        b"\x40\x40\x40",
        b"\xf0",
    ):
        mine.receive(0.0, data)
    mine.tick(0.005)
    assert mine.events == []


def test_a_full_keyboard_of_every_channel_is_held_and_let_go() -> None:
    """2048 keys: the most that there can be."""
    mine = InC(Settings(voices=16))
    for channel in range(16):
        for note in range(128):
            mine.receive(0.0, bytes([0x90 | channel, note, 100]))
    mine.events.clear()
    mine.receive(0.0, b"\xb0\x7e\x00")  # mono: let go of all
    assert [event[0] for event in mine.events] == [lib.DDSP_EVENT_RELEASE] * 16


def test_settings_beyond_their_range_are_mended() -> None:
    wild = c_settings(Settings())
    wild.voices, wild.priority, wild.channel = 99, -4, 77
    wild.portamento_s, wild.bend_range = float("nan"), float("inf")
    receiver = ffi.gc(lib.ddsp_receiver_new(wild), lib.ddsp_receiver_free)
    out = ffi.new("ddsp_event[]", lib.DDSP_RECEIVER_EVENTS)
    assert lib.ddsp_receiver_take(receiver, 0.0, b"\x9f\x40\x40", 3, out) == 1
    lib.ddsp_receiver_take(receiver, 0.0, b"\xef\x00\x00", 3, out)
    assert lib.ddsp_receiver_tell(receiver, out) == 1
    assert out[0].touch.bend == -96.0
