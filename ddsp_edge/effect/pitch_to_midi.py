"""What an effect hears as MIDI: notes, pitch bend and channel pressure."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from ddsp_edge.effect.player import KNEE_DB, is_pitch
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import Settings

#: The bytes of one message.
Message = tuple[int, ...]

#: A sound is a note when its pitch has stayed within so many semitones ...
STEADY = 0.5
#: ... for so many seconds, and its level rises no more, or has had so many to rise in.
SETTLE_S, ATTACK_S = 0.009, 0.03
#: A level that rises by so many dB from one frame to the next still rises.
RISING_DB = 1.0
#: Further than this from the note, in semitones, for so many seconds, is another note: a vibrato
#: goes further, but not for so long.
CHANGE, CHANGE_S = 0.7, 0.05
#: A level that rises by so many dB within so many seconds is another stroke of the same note.
STROKE_DB, STROKE_S = 9.0, 0.06
#: A note that has just begun is not struck again yet, in seconds.
YOUNG_S = 0.1
#: Without a pitch for so long, in seconds, a note has ended: a consonant within a word does not.
GAP_S = 0.06
#: Velocity and pressure 127, in dB re full scale.
LOUDEST_DB = -10.0
#: After so many seconds without a note the receiver may be another one: it is told the range again.
REST_S = 10.0
#: Bends and pressures are at least so many seconds apart.
EVERY_S = 0.01
CENTRE, MOST_BEND = 8192, 8191


@dataclass(frozen=True, slots=True)
class MidiTarget:
    """Where the notes go: a channel (0 to 15) and the receiver's bend range, in semitones."""

    channel: int
    bend_range: float

    def range_messages(self) -> list[Message]:
        """Return RPN 0, which tells the receiver the bend range; none where nothing is bent."""
        if not self.bend_range:
            return []
        status = 0xB0 | self.channel
        whole = int(self.bend_range)
        cents = round(100 * (self.bend_range - whole))
        pairs = ((101, 0), (100, 0), (6, whole), (38, cents), (101, 127), (100, 127))
        return [(status, controller, value) for controller, value in pairs]


class PitchToMidi:
    """Takes the effect player's frames in their order and says what to send; one thread's.

    A note begins when its pitch is steady and its attack is over (10 to 30 ms), with the bend at
    which it sounds; legato, the next note begins before the one before ends. Snapped pitches and
    the gate count as they are played, ``pitch_shift`` does not: it is what was heard.
    """

    def __init__(self, settings: Settings) -> None:
        self._target = target_of(settings)
        self._announced = False
        self._pitched_s = 0.0  # of the last pitch, whether or not it was a note
        self._note: int | None = None
        self._tuning, self._range_db = settings.tuning, settings.velocity_range
        self._forget()

    def _forget(self) -> None:
        """Begin to listen anew, without a note."""
        self._note = None
        self._first_s = self._begun_s = self._sent_s = self._heard_s = -math.inf
        self._last_pitch = self._last_db = 0.0
        self._elsewhere: int | None = None  # the note that it may have become
        self._elsewhere_s = 0.0
        self._levels: deque[tuple[float, float]] = deque()
        self._bend, self._pressure = CENTRE, 0

    def set(self, settings: Settings) -> list[Message]:
        """Take new settings; the note ends where it would go elsewhere from now on."""
        self._tuning, self._range_db = settings.tuning, settings.velocity_range
        target = target_of(settings)
        if target == self._target:
            return []
        messages = self.end()
        self._target, self._announced = target, False
        return messages

    def end(self) -> list[Message]:
        """End the note that sounds, and leave bend and pressure at rest."""
        messages: list[Message] = []
        if self._note is not None:
            messages.append(self._off(self._note))
        if self._pressure:
            messages.append((0xD0 | self._target.channel, 0))
        if self._bend != CENTRE:
            messages.append(self._bend_message(CENTRE))
        self._forget()
        return messages

    def hear(self, frame: FeatureFrame) -> list[Message]:
        """Take one frame; return what to send now."""
        time_s, level_db = frame.time_s, frame.loudness_db
        if not is_pitch(frame.f0_hz) or not level_db > KNEE_DB or not frame.pitched >= 0.5:
            return self._without_pitch(time_s, level_db)
        pitch = 69.0 + 12.0 * math.log2(frame.f0_hz / self._tuning)
        if time_s - self._pitched_s > REST_S:
            self._announced = False
        self._heard_s = self._pitched_s = time_s
        messages: list[Message] = []
        if self._note is not None and self._struck_again(time_s, level_db):
            messages.append(self._off(self._note))
            self._note, self._first_s = None, -math.inf
        if self._note is None:
            messages += self._begin(time_s, pitch, level_db)
        else:
            messages += self._go_on(time_s, pitch, level_db)
        self._last_pitch, self._last_db = pitch, level_db
        return messages

    def _without_pitch(self, time_s: float, level_db: float) -> list[Message]:
        self._first_s = -math.inf
        if self._note is None:
            return []
        if level_db > KNEE_DB and time_s - self._heard_s < GAP_S:
            return []
        return self.end()

    def _begin(self, time_s: float, pitch: float, level_db: float) -> list[Message]:
        """Wait until the sound is a note; then say its first messages."""
        if self._first_s == -math.inf or abs(pitch - self._last_pitch) > STEADY:
            self._first_s = time_s
            return []
        lasted_s = time_s - self._first_s
        rises = level_db - self._last_db > RISING_DB
        if lasted_s < SETTLE_S or (rises and lasted_s < ATTACK_S):
            return []
        if not self._seven_bits(level_db):  # the end of a room, not a note
            return []
        return self._start(time_s, pitch, level_db)

    def _start(self, time_s: float, pitch: float, level_db: float) -> list[Message]:
        messages = [] if self._announced else self._target.range_messages()
        self._announced = True
        old, self._note = self._note, _note_of(pitch)
        messages += self._motion(time_s, pitch, level_db)
        velocity = max(1, self._seven_bits(level_db))
        messages.append((0x90 | self._target.channel, self._note, velocity))
        if old is not None:
            messages.append(self._off(old))
        self._begun_s, self._elsewhere = time_s, None
        self._levels.clear()
        return messages

    def _go_on(self, time_s: float, pitch: float, level_db: float) -> list[Message]:
        assert self._note is not None
        if abs(pitch - self._note) > CHANGE:
            note = _note_of(pitch)
            if note != self._elsewhere:
                self._elsewhere, self._elsewhere_s = note, time_s
            elif note != self._note and time_s - self._elsewhere_s >= CHANGE_S:
                return self._start(time_s, pitch, level_db)
        else:
            self._elsewhere = None
        if time_s - self._sent_s < EVERY_S:
            return []
        return self._motion(time_s, pitch, level_db)

    def _struck_again(self, time_s: float, level_db: float) -> bool:
        levels = self._levels
        levels.append((time_s, level_db))
        while levels[0][0] < time_s - STROKE_S:
            levels.popleft()
        softest = min(level for _, level in levels)
        return level_db - softest > STROKE_DB and time_s - self._begun_s > YOUNG_S

    def _motion(self, time_s: float, pitch: float, level_db: float) -> list[Message]:
        """Bend and pressure of this moment, where they have changed."""
        assert self._note is not None
        messages: list[Message] = []
        if self._target.bend_range:
            share = (pitch - self._note) / self._target.bend_range
            bend = CENTRE + round(MOST_BEND * max(-1.0, min(1.0, share)))
            if bend != self._bend:
                self._bend = bend
                messages.append(self._bend_message(bend))
        pressure = self._seven_bits(level_db)
        if pressure != self._pressure:
            self._pressure = pressure
            messages.append((0xD0 | self._target.channel, pressure))
        self._sent_s = time_s
        return messages

    def _seven_bits(self, level_db: float) -> int:
        """A level as velocity or pressure: ``velocity_range`` dB from 1 to 127; 0 below."""
        if self._range_db <= 0.0:
            return 127
        value = 127 + 126 * (level_db - LOUDEST_DB) / self._range_db
        return max(0, min(127, round(value)))

    def _off(self, note: int) -> Message:
        return (0x80 | self._target.channel, note, 64)

    def _bend_message(self, bend: int) -> Message:
        return (0xE0 | self._target.channel, bend & 0x7F, bend >> 7)


def target_of(settings: Settings) -> MidiTarget:
    """Return where the settings send the notes."""
    return MidiTarget(settings.midi_out_channel - 1, settings.midi_out_bend)


def _note_of(pitch: float) -> int:
    return max(0, min(127, round(pitch)))
