"""The synth player of native/src/player in plain Python: what the C one is compared with."""

from __future__ import annotations

import math

from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.synth.midi_map import BRIGHTNESS_DB, PRESSURE_DB
from ddsp_edge.units import SILENCE_DB
from native.player import ALL_VOICES, MAX_VOICES, Note, Touch
from reference_players.voice import CLOSE_S, NEVER, NoteVoice

ONSET_RAMP_S = 0.0015
HIGHEST_PITCH = 150.0


class ReferenceSynth:
    """Takes the calls of ``native.player.Synth``."""

    def __init__(self, hop_s: float, min_db: float, max_db: float, settings: Settings) -> None:
        self._hop_s, self._loudest, self._range_db = hop_s, max_db, max_db - min_db
        self._settings, self._touch = settings, Touch()
        self.voices = [NoteVoice(index, settings) for index in range(MAX_VOICES)]
        self._last: NoteVoice | None = None
        self._tick_s = self._turn_s = self._turn = 0.0

    def start(self, voice: int, note: Note, touch: Touch, time_s: float, legato: bool) -> None:
        start = note.pitch
        if note.glide_from >= 0.0:
            start = note.glide_from
        elif self._last is not None:
            start = self._last.pitch(time_s)
        self._last = self.voices[voice]
        self._last.touch = touch
        self._last.strike(note, start, time_s, legato)

    def release(self, voice: int, time_s: float) -> None:
        self.voices[voice].release(time_s)

    def stop(self, voice: int, time_s: float) -> None:
        self.voices[voice].stop(time_s)

    def touch(self, voice: int, touch: Touch, time_s: float) -> None:
        if voice == ALL_VOICES:
            self._touch = touch
        else:
            self.voices[voice].touch = touch

    def set(self, settings: Settings, time_s: float) -> None:
        self._turn, self._turn_s = self._phase(time_s), time_s
        self._settings = settings
        for voice in self.voices:
            voice.envelope.set(settings, time_s)

    @property
    def due_s(self) -> float:
        return min(voice.due_s for voice in self.voices)

    def onsets(self, time_s: float) -> list[FeatureFrame]:
        found = []
        for voice in self.voices:
            due_s = voice.due_s
            if due_s <= time_s and due_s < NEVER:
                voice.take_due()
                ahead_s = ONSET_RAMP_S
                if not voice.dips_at(due_s):
                    hops = max(1, math.ceil((due_s + CLOSE_S - self._tick_s) / self._hop_s))
                    ahead_s = max(ahead_s, self._tick_s + hops * self._hop_s - due_s)
                found.append(self._frame(voice, due_s, ahead_s, onset=True))
        return found

    def frames(self, time_s: float) -> list[FeatureFrame]:
        self._tick_s = time_s
        return [
            self._frame(voice, time_s, self._hop_s)
            for voice in self.voices
            if not (voice.skips(time_s) or (voice.index and voice.rests(time_s)))
        ]

    def rests(self, time_s: float) -> bool:
        return all(voice.rests(time_s) for voice in self.voices)

    def _frame(
        self, voice: NoteVoice, time_s: float, ahead_s: float, onset: bool = False
    ) -> FeatureFrame:
        reached_s = time_s + ahead_s
        level, note, all_ = voice.level(reached_s), voice.note, self._touch
        pitch = voice.pitch(reached_s) + all_.bend + voice.touch.bend
        pitch += self._vibrato(reached_s, voice.touch.vibrato)
        loudness = SILENCE_DB
        if level > 0.0 and note is not None:
            range_db = min(self._settings.velocity_range, self._range_db)
            loudness = self._loudest - range_db * (1 - note.velocity) + note.level_db
            loudness += all_.level_db + voice.touch.level_db
            loudness += PRESSURE_DB * max(all_.pressure, voice.touch.pressure)
            loudness += 20.0 * math.log10(level)
        brightness = all_.brightness + voice.touch.brightness
        return FeatureFrame(
            time_s,
            self._settings.tuning * 2.0 ** ((min(pitch, HIGHEST_PITCH) - 69.0) / 12.0),
            max(SILENCE_DB, min(loudness, 0.0)),
            onset=onset,
            voice=voice.index,
            brightness_db=BRIGHTNESS_DB * min(max(brightness, -1.0), 1.0),
        )

    def _phase(self, time_s: float) -> float:
        return self._turn + self._settings.vibrato_rate * (time_s - self._turn_s)

    def _vibrato(self, time_s: float, own: float) -> float:
        depth = self._settings.vibrato_depth * min(self._touch.vibrato + own, 1.0)
        return depth * math.sin(2 * math.pi * self._phase(time_s))
