"""The mixing desk around the instruments: settings to the rig's controls, and its meters."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ddsp_edge.scaling import SILENCE_DB, pan_gains
from ddsp_edge.settings import Settings
from native.rig import Rig

#: A peak is shown this long, a clip too: displays look ten times a second or less.
HOLD_S = 1.0


@dataclass(slots=True)
class Meter:
    """The highest peak of the last HOLD_S, linear."""

    peak: float = 0.0
    until_s: float = 0.0

    def hear(self, peak: float, now_s: float) -> None:
        if peak >= self.peak or now_s > self.until_s:
            self.peak, self.until_s = peak, now_s + HOLD_S

    @property
    def dbfs(self) -> float:
        """dB re full scale, not below silence."""
        return max(SILENCE_DB, 20.0 * math.log10(self.peak)) if self.peak > 0.0 else SILENCE_DB


class Desk:
    """Control thread only; any thread may read the flags and meters."""

    def __init__(self, rig: Rig, settings: Settings) -> None:
        self._rig, self._settings, self._listens = rig, settings, False
        self._player_pan = 0.0  # MIDI's CC10, on top of the setting
        self.bypassed = self.muted = self.tuning = False
        self.input, self.output = Meter(), Meter()
        self._clips, self.clipped_until_s = 0, 0.0
        self.apply(settings, listens=False)

    def apply(self, settings: Settings, listens: bool) -> None:
        """Every control, on its ramp; a source without ears has no dry sound to mix."""
        self._settings, self._listens = settings, listens
        put = self._rig.set
        put("trim", _gain(settings.input_trim))
        # Equal power: the two are different sounds, their powers add.
        turn = 0.5 * math.pi * (settings.mix if listens else 1.0)
        put("dry", math.cos(turn) if turn < 0.5 * math.pi else 0.0)
        put("wet", math.sin(turn))
        put("reverb_size", settings.reverb_size)
        put("reverb_damping", settings.reverb_damping)
        put("reverb_wet", settings.reverb_wet)
        self._put_gains()

    def player_pan(self, pan: float) -> None:
        """-1..1, what the player's controller adds."""
        if pan != self._player_pan:
            self._player_pan = pan
            self._put_gains()

    def _put_gains(self) -> None:
        gain = _gain(self._settings.output_gain)
        left, right = pan_gains(self._settings.pan + self._player_pan)
        self._rig.set("gain_left", gain * left)
        self._rig.set("gain_right", gain * right)

    def bypass(self, on: bool) -> None:
        self.bypassed = on
        self._rig.set("bypass", float(on))

    def mute(self, on: bool) -> None:
        self.muted = on
        self._rig.set("mute", float(on or self.tuning))

    def tune(self, on: bool) -> None:
        """A tuner is used between songs: nobody in the hall wants to hear it."""
        self.tuning = on
        self._rig.set("mute", float(on or self.muted))

    def read_meters(self, now_s: float) -> None:
        """Some twenty times a second."""
        stats = self._rig.read()
        self.input.hear(stats.input_peak, now_s)
        self.output.hear(stats.output_peak, now_s)
        clips = stats.input_clips + stats.output_clips
        if clips != self._clips:
            self._clips, self.clipped_until_s = clips, now_s + HOLD_S


def _gain(db: float) -> float:
    return 10.0 ** (db / 20.0)
