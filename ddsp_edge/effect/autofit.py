"""Auto-fit: ten seconds of playing tell where the player is, settings move that to the model.

The quietest moment tells how loud the room is (hum, hiss, a fan), and the noise gate is set above
it, since a mains hum alone would play the instrument.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.effect.player import KNEE_DB, is_pitch
from ddsp_edge.errors import UserError
from ddsp_edge.settings import SETTINGS, Setting
from ddsp_edge.units import SILENCE_DB

#: How long a player is listened to, in seconds.
LISTEN_S = 10.0
#: Longest that is remembered, in seconds; more would be somebody who forgot to stop.
LONGEST_S = 120.0
#: Least of clear pitch, in seconds, from which a range may be told.
LEAST_S = 1.5
CONFIDENT = 0.85  #: of a pitch that counts
#: What is so far below the loud end is a room or a dying string, in dB.
SOFTEST_DB = 30.0
#: The player's range is between these percentiles: slips and squeaks do not count.
LOW, HIGH = 5.0, 95.0
#: Out of the model's range by so few semitones on average is not worth a larger shift.
TOLERANCE = 0.1
#: Gains are told in steps of this many dB.
GAIN_STEP_DB = 0.5

#: The room is what is heard in the quietest stretch of so many seconds ...
ROOM_S = 0.6
#: ... at this percentile of it, so that no click in it counts.
ROOM = 90.0
#: It is only taken for the room where the player's loud end is so much louder, in dB: else there
#: was no pause.
ROOM_BELOW_DB = 15.0
#: The gate stays shut for a room that gets so much louder, in dB ...
ROOM_MARGIN_DB = 3.0
#: ... and opens for a note that is so much softer than the player's softest.
NOTE_MARGIN_DB = 3.0
#: Between the gate's opening and closing, in dB: the usual one, and the least that is tried.
HYSTERESES_DB = (6.0, 3.0)

Unit = Literal["octaves", "semitones"]


@dataclass(frozen=True, slots=True)
class PlayerRange:
    """What was heard: MIDI notes and dB, LOW to HIGH percentile of the clear part."""

    low_note: float
    high_note: float
    soft_db: float
    loud_db: float
    clear_s: float  #: seconds of clear pitch
    heard_s: float  #: seconds in all


@dataclass(frozen=True, slots=True)
class Fit:
    """The settings, and what was heard. ``settings``: names to values, for Settings.changed."""

    settings: dict[str, float]
    player: PlayerRange
    inside: float  #: share of the clear pitch that is then in the model's range, 0..1
    room_db: float | None  #: how loud the room is; None where the player made no pause


class AutoFit:
    """Hears ticks of the analyser (after ``input_trim``), then fits. Control thread.

    ``hop_s`` seconds between ticks; all memory is taken here.
    """

    def __init__(self, hop_s: float) -> None:
        self._hop_s = hop_s
        self._heard = np.zeros((max(1, int(LONGEST_S / hop_s)), 2))
        self._levels = np.zeros(len(self._heard))
        self._n = self._ticks = 0

    def hear(self, f0_hz: float, confidence: float, loudness_db: float) -> None:
        """Take one tick; without a clear pitch, or in silence, it only counts as time."""
        if self._ticks < len(self._levels):
            self._levels[self._ticks] = loudness_db if loudness_db > SILENCE_DB else SILENCE_DB
        self._ticks += 1
        clear = confidence >= CONFIDENT and is_pitch(f0_hz) and loudness_db > KNEE_DB
        if clear and self._n < len(self._heard):
            self._heard[self._n] = (69.0 + 12.0 * math.log2(f0_hz / 440.0), loudness_db)
            self._n += 1

    @property
    def heard_s(self) -> float:
        """Seconds of input since the start."""
        return self._ticks * self._hop_s

    @property
    def clear_s(self) -> float:
        """Seconds of clear pitch since the start: the progress that a display may show."""
        return self._n * self._hop_s

    def fit(self, info: ModelInfo, unit: Unit = "octaves", keep_pitch: bool = False) -> Fit:
        """Settings that move the player into the model's range.

        The sound is transposed (``pitch_shift``) by octaves or semitones; ``keep_pitch``
        instead moves only what the model is shown (``input_pitch``). ``input_gain`` moves the
        loudness. ``gate`` and ``gate_hysteresis`` are among the settings where the room is loud
        enough to be played and softer than the player. Raises UserError, with the reason, where
        too little was heard.
        """
        room_db = self._room()
        notes, player = self._player(room_db)
        shift = _best_shift(notes, info, 12 if unit == "octaves" else 1)
        low, high = info.min_pitch_note, info.max_pitch_note
        inside = float(np.mean((notes + shift >= low) & (notes + shift <= high)))
        middle = 0.5 * (player.soft_db + player.loud_db)
        wanted = 0.5 * (info.min_loudness_db + info.max_loudness_db) - middle
        gain = _limited("input_gain", GAIN_STEP_DB * round(wanted / GAIN_STEP_DB))
        pitch = "input_pitch" if keep_pitch else "pitch_shift"
        other = "pitch_shift" if keep_pitch else "input_pitch"
        settings = {pitch: float(shift), other: 0.0, "input_gain": gain}
        settings.update(_gate(room_db, player.soft_db))
        return Fit(settings, player, inside, room_db)

    def _room(self) -> float | None:
        """Return the level of the room in dB; None where the player never paused."""
        levels = self._levels[: self._ticks]
        length = max(1, round(ROOM_S / self._hop_s))
        if len(levels) < 2 * length:
            return None
        stretches = np.lib.stride_tricks.sliding_window_view(levels, length)[:: max(1, length // 6)]
        room = float(np.percentile(stretches, ROOM, axis=1).min())
        return room if room <= np.percentile(levels, HIGH) - ROOM_BELOW_DB else None

    def _player(self, room_db: float | None) -> tuple[np.ndarray, PlayerRange]:
        """Return the notes that count and their range. Raises UserError."""
        heard = self._heard[: self._n]
        if room_db is not None:  # a hum has a clear pitch too
            heard = heard[heard[:, 1] > room_db + 2.0 * ROOM_MARGIN_DB]
        if len(heard):
            loud = np.percentile(heard[:, 1], HIGH)
            heard = heard[heard[:, 1] >= loud - SOFTEST_DB]
        clear_s = len(heard) * self._hop_s
        if clear_s < LEAST_S:
            raise UserError(
                f"auto-fit heard {clear_s:.1f} s of clear pitch in {self.heard_s:.1f} s, it needs "
                f"{LEAST_S:g}; play single notes, low and high, soft and loud, louder than "
                f"{KNEE_DB:g} dB (input_trim)"
            )
        (low, soft), (high, loud) = np.percentile(heard, [LOW, HIGH], axis=0)
        return heard[:, 0], PlayerRange(
            float(low), float(high), float(soft), float(loud), clear_s, self.heard_s
        )


def _gate(room_db: float | None, soft_db: float) -> dict[str, float]:
    """Return the gate's settings that keep the room out and the softest notes in; {} for none."""
    if room_db is None or room_db <= KNEE_DB:  # a silent room plays nothing
        return {}
    for hysteresis in HYSTERESES_DB:
        gate = GAIN_STEP_DB * math.ceil((room_db + ROOM_MARGIN_DB + hysteresis) / GAIN_STEP_DB)
        if gate <= soft_db - NOTE_MARGIN_DB:
            return {"gate": _limited("gate", gate), "gate_hysteresis": hysteresis}
    return {}


def _best_shift(notes: np.ndarray, info: ModelInfo, step: int) -> int:
    """Return the multiple of ``step`` semitones that leaves least outside (the smallest)."""
    limit = SETTINGS["pitch_shift"]
    assert isinstance(limit, Setting)
    candidates = range(-int(limit.maximum) // step * step, int(limit.maximum) + 1, step)
    # Slips count less than what is played: nothing is taken further than an octave.
    costs = {}
    for shift in candidates:
        moved = notes + shift
        outside = np.maximum(info.min_pitch_note - moved, moved - info.max_pitch_note)
        costs[shift] = float(np.clip(outside, 0.0, 12.0).mean())
    least = min(costs.values())
    if least >= 12.0:  # all is far outside with any shift: at least towards it
        centre = 0.5 * (info.min_pitch_note + info.max_pitch_note)
        return min(candidates, key=lambda shift: abs(float(np.median(notes)) + shift - centre))
    good = [shift for shift, cost in costs.items() if cost <= least + TOLERANCE]
    return min(good, key=lambda shift: (abs(shift), costs[shift]))


def _limited(name: str, value: float) -> float:
    setting = SETTINGS[name]
    assert isinstance(setting, Setting)
    return min(max(value, setting.minimum), setting.maximum)


def learn(features: np.ndarray, hop_s: float) -> AutoFit:
    """Learn from all rows of the analyser (``FEATURE_DTYPE``), as :meth:`AutoFit.hear` would."""
    fit = AutoFit(hop_s)
    columns = (features[name].tolist() for name in ("f0_hz", "confidence", "loudness_db"))
    for f0_hz, confidence, loudness_db in zip(*columns, strict=True):
        fit.hear(f0_hz, confidence, loudness_db)
    return fit
