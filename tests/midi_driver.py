"""Drives a SynthPlayer through time as a caller does, and keeps what it says."""

from __future__ import annotations

import math
from typing import Any

import mido
from tiny_decoder import INFO

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.synth.player import SynthPlayer
from ddsp_edge.synth.programs import Programs


def on(note: int, velocity: int = 100, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", note=note, velocity=velocity, channel=channel)


def off(note: int, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=note, channel=channel)


def control(number: int, value: int, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", control=number, value=value, channel=channel)


def wheel(value: int, channel: int = 0) -> mido.Message:
    return mido.Message("pitchwheel", pitch=value, channel=channel)


def pressure(value: int, channel: int = 0) -> mido.Message:
    return mido.Message("aftertouch", value=value, channel=channel)


def rpn(number: int, high: int, low: int | None = None, channel: int = 0) -> list[mido.Message]:
    """Choose a registered parameter and set it."""
    found = [control(101, 0, channel), control(100, number, channel), control(6, high, channel)]
    return found if low is None else [*found, control(38, low, channel)]


class Driver:
    """Ticks come every hop from 0 on; messages come when :meth:`play` is called."""

    def __init__(self, info: ModelInfo = INFO, **settings: Any) -> None:
        # Levels that stand still, unless a test says otherwise.
        plain = {"attack": 0.001, "decay": 0.001, "sustain": 1, "release": 0.05, "expression": 0}
        settings = {**plain, **settings}
        self.programs: list[tuple[int, int]] = []
        self.player = SynthPlayer(info, Settings(**settings))
        self._programs = Programs()
        self.now, self.ticks, self.hop_s = 0.0, 0, info.hop_s
        self.frames: list[FeatureFrame] = []

    def play(self, *messages: mido.Message, port: str = "") -> Driver:
        """All at once, now."""
        for message in messages:
            program = self._programs.receive(message, self.player.settings.channel)
            if program is not None:
                self.programs.append(program)
            self.player.receive(self.now, message, port)
        return self.onsets()

    def onsets(self) -> Driver:
        self.frames += self.player.onsets(self.now)
        return self

    def change(self, **settings: Any) -> Driver:
        self.player.set(self.player.settings.changed(settings))
        return self.onsets()

    def run(self, seconds: float = 0.02) -> Driver:
        """Let time pass, up to and with its end."""
        end = self.now + seconds
        while True:
            tick, onset = self.ticks * self.hop_s, self.player.next_onset_s
            if min(tick, onset) > end + 1e-9:
                break
            self.now = max(self.now, min(tick, onset))
            if onset <= tick:
                self.frames += self.player.onsets(onset)
            else:
                self.ticks += 1
                self.frames += self.player.frames(tick)
        self.now = end
        return self

    def last(self, voice: int = 0) -> FeatureFrame:
        """What a voice was told last, when it has been told everything."""
        self.run()
        return [frame for frame in self.frames if frame.voice == voice][-1]

    def pitch(self, voice: int = 0) -> float:
        """MIDI note that is played."""
        return 69.0 + 12.0 * math.log2(self.last(voice).f0_hz / 440.0)

    def sounding_notes(self) -> list[int]:
        """The pitches of the voices that are held or not yet silent, in order."""
        self.run()
        return sorted(round(self.pitch(voice)) for voice in self.player.sounding)
