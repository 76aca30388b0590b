"""The mixer around the instruments: settings to the rig's controls, and its meters."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from ddsp_edge.cards.settings import INPUTS
from ddsp_edge.effect.mix import mix_gains
from ddsp_edge.settings import Settings
from ddsp_edge.units import FULL_SCALE, SILENCE_DB, db_to_gain, pan_gains
from native.rig import Rig, RigControl, RigStats

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

    @property
    def clips(self) -> bool:
        """A sample at full scale; a 16-bit card's largest is 0.99997."""
        return self.peak >= FULL_SCALE


class MixerControls:
    """Control thread only; any thread may read the flags and meters."""

    def __init__(self, rig: Rig, settings: Settings, input: str = "both") -> None:
        self._rig, self._settings, self._listens, self._input = rig, settings, False, input
        self._player_pan = 0.0  # MIDI's CC10, on top of the setting
        self.bypassed = self.muted = self.tuning = self._hushed = self._hung = False
        self.input, self.output = Meter(), Meter()
        self.input_sides, self.output_sides = (Meter(), Meter()), (Meter(), Meter())
        self.input_clipped_s = self.output_clipped_s = -math.inf  #: when last, time.monotonic
        self.stats = rig.read()
        self.listen_to(input)
        self.apply(settings, listens=True)

    def on(self, rig: Rig) -> MixerControls:
        """Return the same controls before another rig."""
        mixer = MixerControls(rig, self._settings, self._input)
        mixer.apply(self._settings, self._listens)
        mixer.player_pan(self._player_pan)
        mixer.bypass(self.bypassed)
        mixer.mute(self.muted)
        mixer.tune(self.tuning)
        mixer.hush(self._hushed)
        return mixer

    def listen_to(self, input: str) -> None:
        """One of INPUTS: the side that is heard."""
        self._input = input
        self._rig.set(RigControl.INPUT, INPUTS.index(input))

    def apply(self, settings: Settings, listens: bool) -> None:
        """Every control, on its ramp; a source without ears has no dry sound to mix."""
        self._settings, self._listens = settings, listens
        put = self._rig.set
        put(RigControl.TRIM, db_to_gain(settings.input_trim))
        dry, wet = mix_gains(settings.mix if listens else 1.0)
        put(RigControl.DRY, dry)
        put(RigControl.WET, wet)
        put(RigControl.REVERB_SIZE, settings.reverb_size)
        put(RigControl.REVERB_DAMPING, settings.reverb_damping)
        put(RigControl.REVERB_WET, settings.reverb_wet)
        put(RigControl.BODY, settings.body)
        self._put_gains()

    def player_pan(self, pan: float) -> None:
        """-1..1, what the player's controller adds."""
        if pan != self._player_pan:
            self._player_pan = pan
            self._put_gains()

    def _put_gains(self) -> None:
        gain = db_to_gain(self._settings.output_gain)
        left, right = pan_gains(self._settings.pan + self._player_pan)
        self._rig.set(RigControl.GAIN_LEFT, gain * left)
        self._rig.set(RigControl.GAIN_RIGHT, gain * right)

    def bypass(self, on: bool) -> None:
        self.bypassed = on
        self._rig.set(RigControl.BYPASS, float(on))

    def mute(self, on: bool) -> None:
        self.muted = on
        self._put_mute()

    def tune(self, on: bool) -> None:
        """A tuner is used between songs: nobody in the hall wants to hear it."""
        self.tuning = on
        self._put_mute()

    def hush(self, on: bool) -> None:
        """Mute the output while the card is changed."""
        self._hushed = on
        self._put_mute()

    def mute_hung(self, on: bool) -> None:
        """For a panic while the control thread hangs; a bypassed input is still heard. Any
        thread."""
        self._hung = on and not self.bypassed
        self._put_mute()

    def _put_mute(self) -> None:
        self._rig.set(
            RigControl.MUTE, float(self.muted or self.tuning or self._hushed or self._hung)
        )

    @property
    def input_warning(self) -> str | None:
        """What a player should know of an input whose mean is not what is heard; else None."""
        heard = INPUTS[self.stats.input_side]
        if self._input != "both" or heard == "both" or not self._listens:
            return None
        return (
            f"input: only the {heard} channel is heard, since the mean of both is far below it "
            "(one is silent, or they cancel: check the cable's polarity)"
        )

    def read(self) -> RigStats:
        """The rig's counters now, kept in ``stats``; the peaks go into the meters."""
        stats, now_s = self._rig.read(), time.monotonic()
        self.input.hear(stats.input_peak, now_s)
        self.output.hear(stats.output_peak, now_s)
        for side in (0, 1):
            self.input_sides[side].hear(stats.input_sides[side], now_s)
            self.output_sides[side].hear(stats.output_sides[side], now_s)
        if stats.input_clips != self.stats.input_clips:
            self.input_clipped_s = now_s
        if stats.output_clips != self.stats.output_clips:
            self.output_clipped_s = now_s
        self.stats = stats
        return stats
