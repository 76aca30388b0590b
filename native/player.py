"""The players (``ddsp_effect_*``, ``ddsp_synth_*``) in Python's terms, for loops that drive them
frame by frame: offline rendering and tests. In a rig they run inside a part (``native/rig.py``).

The thread rules of ``ddsp_player.h`` hold: one thread calls everything of one object. Times are
seconds of the caller's clock.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from native._kernel import ffi, lib

MAX_VOICES: int = lib.DDSP_MAX_VOICES
#: ``voice`` of a touch that is the whole instrument's.
ALL_VOICES: int = lib.DDSP_ALL_VOICES
#: ``glide_from`` of a note that glides from where the voice struck last is now.
FROM_LAST = -1.0
#: ``vibrato_waves`` that come nearest to the vibrato's own rate.
NEAREST_WAVES = float(lib.DDSP_NEAREST_WAVES)
SNAP_MODES = {"off": lib.DDSP_SNAP_OFF, "soft": lib.DDSP_SNAP_SOFT, "hard": lib.DDSP_SNAP_HARD}


class EffectSettings(NamedTuple):
    """The settings of the effect player, in the order of the fields of ``ddsp_effect_settings``."""

    gate_db: float = -80.0
    gate_hysteresis_db: float = 0.0
    snap_offset: float = 0.0
    transpose: float = 0.0
    snap: int = lib.DDSP_SNAP_OFF
    snap_notes: int = 0


class SynthSettings(NamedTuple):
    """The settings of the synth player, in the order of the fields of ``ddsp_synth_settings``."""

    attack_s: float
    decay_s: float
    sustain: float
    release_s: float
    tuning_hz: float
    velocity_range_db: float
    vibrato_rate_hz: float
    vibrato_depth: float
    vibrato_amount: float = 0.0  #: 0..4, of the notes' expression, as are the next three
    pitch_amount: float = 0.0
    dynamics_amount: float = 0.0
    attack_amount: float = 0.0
    vibrato_waves: float = 0.0  #: in a beat; NEAREST_WAVES; 0: it does not follow the beat


class NoteExpression(NamedTuple):
    """``ddsp_note_expression``, field by field: how a player would play one note."""

    seed: int = 0
    vibrato_cents: float = 0.0
    vibrato_db: float = 0.0
    vibrato_hz: float = 0.0
    vibrato_delay_s: float = 0.0
    vibrato_rise_s: float = 0.0
    vibrato_wander: float = 0.0
    detune_cents: float = 0.0
    drift_cents: float = 0.0
    scoop_cents: float = 0.0
    scoop_s: float = 0.0
    accent_db: float = 0.0
    swell_db: float = 0.0
    swell_s: float = 0.0
    fade_db: float = 0.0
    fade_s: float = 0.0
    tremor_db: float = 0.0
    flicker_db: float = 0.0
    partials_db: float = 0.0
    attack_db: float = 0.0
    attack_s: float = 0.0
    attack_noise: float = 0.0
    release_stretch: float = 0.0
    release_cents: float = 0.0
    release_noise: float = 0.0


class Note(NamedTuple):
    """``ddsp_note`` without its version: what one note is played with."""

    pitch: float  #: MIDI note
    velocity: float  #: 0..1
    level_db: float = 0.0
    glide_s: float = 0.0
    glide_from: float = FROM_LAST  #: MIDI note
    expression: NoteExpression = NoteExpression()


class Touch(NamedTuple):
    """``ddsp_touch``, field by field: of a voice or of the whole instrument."""

    bend: float = 0.0  #: semitones
    pressure: float = 0.0  #: 0..1
    brightness: float = 0.0  #: -1..1
    level_db: float = 0.0
    vibrato: float = 0.0  #: 0..1


class Features(NamedTuple):
    """A ``ddsp_feature_frame`` with its time and voice; the header says units and ranges."""

    time_s: float
    f0_hz: float
    loudness_db: float
    confidence: float
    onset: bool
    voice: int
    brightness_db: float
    pitched: float
    treble_db: float
    partials_db: float = 0.0
    partials_at: float = 0.0


def features(time_s: float, voice: int, frame: Any) -> Features:
    """Return a copy of a C frame, with its time in seconds and its voice."""
    return Features(
        time_s,
        frame.f0_hz,
        frame.loudness_db,
        frame.confidence,
        bool(frame.onset),
        voice,
        frame.brightness_db,
        frame.pitched,
        frame.treble_db,
        frame.partials_db,
        frame.partials_at,
    )


class Effect:
    """The effect player (``ddsp_effect_*``); ``hop_s`` seconds between two frames."""

    def __init__(self, hop_s: float) -> None:
        self._effect = ffi.gc(lib.ddsp_effect_new(hop_s), lib.ddsp_effect_free)
        if self._effect == ffi.NULL:
            raise MemoryError("ddsp_effect_new")
        self._heard, self._out = ffi.new("ddsp_features *"), ffi.new("ddsp_feature_frame *")

    def reset(self) -> None:
        """Forget the input so far and let go of a frozen sound."""
        lib.ddsp_effect_reset(self._effect)

    def set(self, settings: EffectSettings) -> None:
        """Take new settings; they hold from the next frame on."""
        lib.ddsp_effect_set(self._effect, ffi.new("ddsp_effect_settings *", settings))

    def freeze(self, on: bool) -> None:
        """Hold the present pitch and loudness, or let them go again."""
        lib.ddsp_effect_freeze(self._effect, on)

    def adopt(self, other: Effect) -> None:
        """Continue with what another player has heard and holds, and with its settings."""
        lib.ddsp_effect_adopt(self._effect, other._effect)

    def frame(
        self,
        f0_hz: float,
        confidence: float,
        loudness_db: float,
        time_s: float,
        treble_db: float = 0.0,
    ) -> Features:
        """Take one frame of the analyser; return what the model is asked for."""
        heard = self._heard
        heard.f0_hz, heard.confidence, heard.loudness_db = f0_hz, confidence, loudness_db
        heard.treble_db = treble_db
        lib.ddsp_effect_frame(self._effect, heard, time_s, self._out)
        return features(time_s, 0, self._out)


class EventSender:
    """Builds the events of a synth player; what takes them is the subclass's ``_send``.

    ``time_s`` is when an event happens; a part in a rig takes it at its next block instead.
    """

    def __init__(self) -> None:
        self._event = ffi.new("ddsp_event *")
        self._serials = [0] * MAX_VOICES
        self._event.note.version = lib.DDSP_NOTE_VERSION

    def _send(self, time_s: float) -> None:
        """Hand ``_event`` over to the player, which takes it at ``time_s``, in seconds."""
        raise NotImplementedError

    def states(self) -> Any:
        """Return the array of the voices' ``ddsp_voice_state`` as C knows them now."""
        raise NotImplementedError

    def _of_voice(self, kind: int, voice: int, time_s: float) -> None:
        event = self._event
        event.kind, event.voice = kind, voice
        if voice >= 0:
            # A touch or another tuning makes nothing sound or be silent.
            if kind not in (lib.DDSP_EVENT_TOUCH, lib.DDSP_EVENT_TUNE):
                self._serials[voice] = (self._serials[voice] + 1) & 0xFFFFFFFF
            event.serial = self._serials[voice]
        self._send(time_s)

    def start(
        self, voice: int, note: Note, touch: Touch, time_s: float, legato: bool = False
    ) -> None:
        """Start a note on a voice; with ``legato`` the envelope of the last note goes on."""
        event = self._event
        event.note.pitch, event.note.velocity, event.note.level_db = note[:3]
        event.note.glide_s, event.note.glide_from = note[3:5]
        event.note.expression = note.expression  # a tuple in the order of the struct
        self._fill(touch)
        kind = lib.DDSP_EVENT_RETARGET if legato else lib.DDSP_EVENT_START
        self._of_voice(kind, voice, time_s)

    def release(self, voice: int, time_s: float, fade_ms: int = 0) -> None:
        """Release the note of a voice, which fades over its release time, in at most ``fade_ms``
        milliseconds where that is not 0."""
        self._event.value = fade_ms
        self._of_voice(lib.DDSP_EVENT_RELEASE, voice, time_s)

    def stop(self, voice: int, time_s: float) -> None:
        """Silence a voice at once, without its release."""
        self._of_voice(lib.DDSP_EVENT_STOP, voice, time_s)

    def touch(self, voice: int, touch: Touch, time_s: float) -> None:
        """Set bend, pressure, brightness, level and vibrato of a voice, or of ALL_VOICES."""
        self._fill(touch)
        self._of_voice(lib.DDSP_EVENT_TOUCH, voice, time_s)

    def tune(self, voice: int, pitch: float, glide_s: float, time_s: float) -> None:
        """Give the note of a voice another pitch (MIDI note), to which it glides in ``glide_s``."""
        self._event.note.pitch, self._event.note.glide_s = pitch, glide_s
        self._of_voice(lib.DDSP_EVENT_TUNE, voice, time_s)

    def set(self, settings: SynthSettings, time_s: float) -> None:
        """Send new settings, which hold for all voices from ``time_s`` on."""
        synth = self._event.synth
        for name, value in zip(SynthSettings._fields, settings, strict=True):
            setattr(synth, name, value)
        self._of_voice(lib.DDSP_EVENT_SYNTH, ALL_VOICES, time_s)

    def beat(self, hz: float, at_s: float, beats: float, time_s: float) -> None:
        """Say where the beat is: at ``beats`` at ``at_s`` of the player's clock, ``hz`` of them a
        second from then on; 0 where there is none."""
        beat = self._event.beat
        beat.hz, beat.at_s, beat.beats = hz, at_s, beats
        self._of_voice(lib.DDSP_EVENT_BEAT, ALL_VOICES, time_s)

    def _fill(self, touch: Touch) -> None:
        target = self._event.touch
        for name, value in zip(Touch._fields, touch, strict=True):
            setattr(target, name, value)

    def sounds(self, voice: int) -> bool:
        """Return whether the envelope of a voice has not ended, as far as C has processed it."""
        return bool(self.states()[voice].sounds)

    def loudness_db(self, voice: int) -> float:
        """Return the loudness in dB of a voice's last frame; minus infinity before the first."""
        return float(self.states()[voice].loudness_db)

    def adopt(self, other: EventSender) -> None:
        """Continue the notes of another sender of the same kind, whose voices sound."""
        self._serials = list(other._serials)


class Synth(EventSender):
    """The synth player (``ddsp_synth_*``), driven frame by frame.

    ``hop_s``: seconds between two ticks. The loudnesses are the model's usual softest and loudest
    note, dB. Raises ValueError for values that are not finite.
    """

    def __init__(self, hop_s: float, min_loudness_db: float, max_loudness_db: float) -> None:
        super().__init__()
        made = lib.ddsp_synth_new(hop_s, min_loudness_db, max_loudness_db)
        if made == ffi.NULL:
            raise ValueError(f"synth({hop_s}, {min_loudness_db}, {max_loudness_db})")
        self._synth = ffi.gc(made, lib.ddsp_synth_free)
        self._frames = ffi.new("ddsp_voice_frame[]", MAX_VOICES)
        self._states = ffi.new("ddsp_voice_state[]", MAX_VOICES)
        self._known = False  # _states is what C would say

    def _send(self, time_s: float) -> None:
        self._known = False
        lib.ddsp_synth_event(self._synth, self._event, time_s)

    def adopt(self, other: EventSender) -> None:
        if not isinstance(other, Synth):
            raise TypeError("a Synth goes on with a Synth")
        super().adopt(other)
        self._known = False
        lib.ddsp_synth_adopt(self._synth, other._synth)

    def states(self) -> Any:
        if not self._known:
            lib.ddsp_synth_states(self._synth, self._states)
            self._known = True
        return self._states

    @property
    def due_s(self) -> float:
        """When :meth:`onsets` is to be called next; infinity when nothing is due."""
        return float(lib.ddsp_synth_due(self._synth))

    def onsets(self, time_s: float) -> list[Features]:
        """Return the frames of notes that start between two ticks and are due by ``time_s``, in
        seconds.
        """
        if not math.isinf(self.due_s):
            self._known = False
        return self._taken(lib.ddsp_synth_onsets(self._synth, time_s, self._frames))

    def frames(self, time_s: float) -> list[Features]:
        """Return a frame of each voice that plays, for the tick at ``time_s``, in seconds."""
        self._known = False
        return self._taken(lib.ddsp_synth_frames(self._synth, time_s, self._frames))

    def rests(self, time_s: float) -> bool:
        """Return whether every voice has been silent for so long that no frame is needed."""
        return bool(lib.ddsp_synth_rests(self._synth, time_s))

    def _taken(self, n: int) -> list[Features]:
        return [features(f.time_s, f.voice, f.frame) for f in self._frames[0:n]]
