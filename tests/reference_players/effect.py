"""The effect player of native/src/player in plain Python: what the C one is compared with."""

from __future__ import annotations

import copy
import math

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.units import SILENCE_DB
from reference_players.gate import Gate, knee
from reference_players.snap import Snap
from reference_players.voicing import Voicing

#: What is taken for a pitch, in Hz; everything else holds the last one.
LOWEST_HZ, HIGHEST_HZ = 20.0, 8000.0
#: From this confidence on the analyser's pitch is a new one, not the last one held.
VOICED = 0.6
#: Freezing and letting go take so long, in seconds.
FREEZE_S = 0.06
#: Freeze holds the loudness of about the last so many seconds, not of one moment.
LEVEL_S = 0.08
#: Ticks that come later than this, in seconds, count as this late.
LONGEST_S = 0.1


def is_pitch(f0_hz: float) -> bool:
    """Whether a number may be taken for a pitch; NaN may not."""
    return LOWEST_HZ <= f0_hz <= HIGHEST_HZ


class ReferenceEffect:
    """Gate, knee, pitch that holds, note or noise, scale snap, freeze. One control thread's.

    A tick costs a few microseconds; whatever comes in, what goes out is finite: ``f0_hz`` is 0
    (before the first pitch) or LOWEST_HZ to HIGHEST_HZ, ``loudness_db`` is SILENCE_DB to 0.
    The analyser hears the input after ``input_trim``.
    """

    def __init__(self, info: ModelInfo, settings: Settings) -> None:
        self._hop_s = info.hop_s
        self._gate, self._snap, self._voicing = Gate(), Snap(), Voicing()
        self.set(settings)
        self.reset()

    def for_model(self, info: ModelInfo) -> ReferenceEffect:
        """A player of another model that goes on with what this one hears and holds frozen."""
        other = copy.deepcopy(self)
        other._hop_s = info.hop_s
        return other

    def set(self, settings: Settings) -> None:
        """New settings while it plays: what is heard glides there."""
        self._gate.set(settings.gate, settings.gate_hysteresis)
        # The scale is that of what sounds: a transposition by whole semitones is taken into
        # account (a fifth above stays in the key), a detuning is left as it is.
        tuned = 12.0 * math.log2(settings.tuning / 440.0)
        self._shift = float(round(settings.pitch_shift))
        self._snap.set(settings.snap, settings.snap_key, settings.snap_scale, tuned)

    def reset(self) -> None:
        """As new: nothing heard, nothing frozen."""
        self._gate.reset()
        self._snap.reset()
        self._voicing.reset()
        self._time_s = -math.inf
        self._heard = 0.0  # MIDI note of the last pitch; 0 where there was none yet
        self._begins = True  # no pitch yet since the last silence
        self._level = SILENCE_DB
        self.frozen = False
        self._hold = 0.0  # 0: what is played, 1: what is frozen
        self._held_note, self._held_db = 0.0, SILENCE_DB

    def freeze(self, on: bool) -> None:
        """Hold the present sound until released; again while frozen: nothing changes."""
        if on and not self.frozen:
            self._held_note = self._snap.centre - self._shift if self._heard else 0.0
            self._held_db = self._level
        self.frozen = on

    def frame(
        self,
        f0_hz: float,
        confidence: float,
        loudness_db: float,
        time_s: float,
        treble_db: float = 0.0,
    ) -> FeatureFrame:
        """One tick of the analyser: ``time_s`` seconds since the start, in their order.

        ``f0_hz`` is the last one known where ``confidence`` is low (as the analyser gives it),
        0 where there was none.
        """
        dt_s = self._passed(time_s)
        if not loudness_db > SILENCE_DB:  # also NaN
            loudness_db = SILENCE_DB
        elif loudness_db > 0.0:
            loudness_db = 0.0
        cut_db = self._gate.step(loudness_db, dt_s)
        level = max(SILENCE_DB, knee(loudness_db) + cut_db)
        # Behind a closed gate is noise: no note of ours.
        if is_pitch(f0_hz) and self._gate.open:
            self._heard = 69.0 + 12.0 * math.log2(f0_hz / 440.0)
        if self._heard:
            note = self._snap.step(self._heard + self._shift, dt_s, self._begins) - self._shift
        else:
            note = 0.0
        if level <= SILENCE_DB:
            self._begins = True
        elif confidence >= VOICED:
            self._begins = False
        self._follow(level, dt_s)
        pitched = self._voicing.step(confidence >= VOICED, dt_s)
        out = self._mixed(note, confidence, level, pitched, time_s, dt_s)
        # NaN counts as 0, as in C.
        out.treble_db = min(0.0, max(SILENCE_DB, treble_db)) if treble_db == treble_db else 0.0
        return out

    def _passed(self, time_s: float) -> float:
        """Seconds since the last tick; a hop where that makes no sense."""
        dt_s = time_s - self._time_s
        self._time_s = time_s
        return min(dt_s, LONGEST_S) if 0.0 < dt_s < math.inf else self._hop_s

    def _follow(self, level: float, dt_s: float) -> None:
        """What freeze would hold: the loudness of the last moment, not less where it fades."""
        if level <= SILENCE_DB or self._level <= SILENCE_DB:
            self._level = level
        else:
            self._level += (level - self._level) * (1.0 - math.exp(-dt_s / LEVEL_S))

    def _mixed(
        self,
        note: float,
        confidence: float,
        level: float,
        pitched: float,
        time_s: float,
        dt_s: float,
    ) -> FeatureFrame:
        """What is played and what is frozen, one fading into the other."""
        step = dt_s / FREEZE_S
        self._hold = min(1.0, self._hold + step) if self.frozen else max(0.0, self._hold - step)
        hold, held = self._hold, self._held_note
        if hold > 0.0:
            silent = level <= SILENCE_DB
            level += hold * (self._held_db - level)
            confidence += hold * (1.0 - confidence)
            pitched += hold * (1.0 - pitched)
            if held and (silent or not note):
                note = held  # let go into silence: the drone fades, it does not slide
            elif held:
                note += hold * (held - note)
        hz = 0.0
        if note:
            hz = min(max(440.0 * 2.0 ** ((note - 69.0) / 12.0), LOWEST_HZ), HIGHEST_HZ)
        confidence = min(1.0, max(0.0, confidence)) if confidence == confidence else 0.0
        return FeatureFrame(time_s, hz, level, confidence, pitched=pitched)
