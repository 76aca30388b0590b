"""Every setting of the instrument, in one table: the CLI, MIDI, presets and the panel read it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields

from ddsp_edge.errors import UserError


@dataclass(frozen=True, slots=True)
class Setting:
    """One knob: its range is inclusive."""

    unit: str
    minimum: float
    maximum: float
    default: float
    doc: str


#: DDSP-VST's knobs, with units and ranges.
SETTINGS: dict[str, Setting] = {
    "pitch_shift": Setting("semitones", -24, 24, 0, "transpose the instrument"),
    "input_pitch": Setting("semitones", -24, 24, 0, "offset of the pitch that the model is shown"),
    "input_gain": Setting("dB", -40, 40, 0, "offset of the loudness that the model is shown"),
    "harmonic_gain": Setting("dB", -60, 12, 0, "level of the harmonics"),
    "noise_gain": Setting("dB", -60, 12, 0, "level of the noise (bow, breath)"),
    "output_gain": Setting("dB", -60, 24, 0, "level of the output"),
    "reverb_size": Setting("", 0, 1, 0.5, "size of the room"),
    "reverb_damping": Setting("", 0, 1, 0.5, "how fast the room swallows high frequencies"),
    "reverb_wet": Setting("", 0, 1, 0.15, "how much of the room is heard"),
    "attack": Setting("s", 0.001, 5, 0.01, "MIDI: time to full level"),
    "decay": Setting("s", 0.001, 5, 0.1, "MIDI: time from full to sustain level"),
    "sustain": Setting("", 0, 1, 0.9, "MIDI: level while a note is held, 1 is full"),
    "release": Setting("s", 0.001, 5, 0.15, "MIDI: time to silence after note-off"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """A value for each entry of :data:`SETTINGS`."""

    pitch_shift: float = SETTINGS["pitch_shift"].default
    input_pitch: float = SETTINGS["input_pitch"].default
    input_gain: float = SETTINGS["input_gain"].default
    harmonic_gain: float = SETTINGS["harmonic_gain"].default
    noise_gain: float = SETTINGS["noise_gain"].default
    output_gain: float = SETTINGS["output_gain"].default
    reverb_size: float = SETTINGS["reverb_size"].default
    reverb_damping: float = SETTINGS["reverb_damping"].default
    reverb_wet: float = SETTINGS["reverb_wet"].default
    attack: float = SETTINGS["attack"].default
    decay: float = SETTINGS["decay"].default
    sustain: float = SETTINGS["sustain"].default
    release: float = SETTINGS["release"].default

    def __post_init__(self) -> None:
        for item in fields(self):
            entry, value = SETTINGS[item.name], getattr(self, item.name)
            if not entry.minimum <= value <= entry.maximum:  # also refuses NaN
                raise UserError(
                    f"setting {item.name}={value:g} is outside {entry.minimum:g} to "
                    f"{entry.maximum:g} {entry.unit}".rstrip()
                )


def parse_settings(assignments: Iterable[str]) -> Settings:
    """``["reverb_wet=0.3", …]`` to Settings; a later assignment wins. Raises UserError."""
    values: dict[str, float] = {}
    for text in assignments:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals:
            raise UserError(f"--set {text!r}: write it as KEY=VALUE, for instance reverb_wet=0.3")
        if key not in SETTINGS:
            close = difflib.get_close_matches(key, SETTINGS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(SETTINGS)}"
            raise UserError(f"--set {text!r}: no setting is called {key!r}; {hint}")
        try:
            values[key] = float(value)
        except ValueError:
            raise UserError(f"--set {text!r}: {value!r} is not a number") from None
    return Settings(**values)
