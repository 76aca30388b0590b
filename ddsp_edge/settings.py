"""Every setting of the instrument, in one table: the CLI, MIDI, presets and the panel read it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ddsp_edge.errors import UserError

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True, slots=True)
class Setting:
    """One knob: its range is inclusive. Python type of its values: float, or int if whole."""

    unit: str
    minimum: float
    maximum: float
    default: float
    doc: str
    whole: bool = False

    def parse(self, name: str, value: Any) -> float | int:
        """A number or its text to a value. Raises UserError."""
        try:
            if isinstance(value, bool):
                raise ValueError
            number = float(value)
        except (TypeError, ValueError):
            raise UserError(f"setting {name}: {value!r} is not a number") from None
        if not self.minimum <= number <= self.maximum:  # also refuses NaN
            raise UserError(
                f"setting {name}={number:g} is outside {self.minimum:g} to {self.maximum:g} "
                f"{self.unit}".rstrip()
            )
        if not self.whole:
            return number
        if number != int(number):
            raise UserError(f"setting {name}={number:g}: choose a whole number")
        return int(number)

    @property
    def range(self) -> str:
        """For people: ``-24 to 24 semitones``."""
        return f"{self.minimum:g} to {self.maximum:g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Choice:
    """One switch: its values are texts."""

    choices: tuple[str, ...]
    default: str
    doc: str

    def parse(self, name: str, value: Any) -> str:
        """A text, whatever its case, to one of ``choices``. Raises UserError."""
        for choice in self.choices:
            if isinstance(value, str) and value.lower() == choice.lower():
                return choice
        raise UserError(f"setting {name}={value}: choose one of {self.range}")

    @property
    def range(self) -> str:
        """For people: ``off, soft, hard``."""
        return ", ".join(self.choices)


#: DDSP-VST's knobs first, then the pedal's (EFFECT), then the MIDI instrument's (MIDI).
SETTINGS: dict[str, Setting | Choice] = {
    "pitch_shift": Setting("semitones", -24, 24, 0, "transpose the instrument"),
    "input_pitch": Setting("semitones", -24, 24, 0, "offset of the pitch that the model is shown"),
    "input_gain": Setting("dB", -40, 40, 0, "offset of the loudness that the model is shown"),
    "harmonic_gain": Setting("dB", -60, 12, 0, "level of the harmonics"),
    "noise_gain": Setting("dB", -60, 12, 0, "level of the noise (bow, breath)"),
    "output_gain": Setting("dB", -60, 24, 0, "level of the output"),
    "pan": Setting("", -1, 1, 0, "-1 is left, 1 is right"),
    "morph": Setting("", 0, 1, 0, "from the model (0) to the one it is morphed with (1)"),
    "reverb_size": Setting("", 0, 1, 0.5, "size of the room"),
    "reverb_damping": Setting("", 0, 1, 0.5, "how fast the room swallows high frequencies"),
    "reverb_wet": Setting("", 0, 1, 0.15, "how much of the room is heard"),
    "input_trim": Setting("dB", -24, 24, 0, "EFFECT: level of the input before everything"),
    "mix": Setting("", 0, 1, 1, "EFFECT: 0 is the input alone, 1 the instrument alone"),
    "gate": Setting("dB", -80, -10, -80, "EFFECT: softer input is silence; -80 is no gate"),
    "gate_hysteresis": Setting("dB", 0, 24, 6, "EFFECT: how far below the gate it closes again"),
    "unpitched": Setting(
        "", 0, 1, 1, "EFFECT: what has no pitch (consonants, breath) is 0 the last note, 1 noise"
    ),
    "snap": Choice(("off", "soft", "hard"), "off", "EFFECT: pull the pitch to the scale"),
    "snap_key": Choice(NOTE_NAMES, "C", "EFFECT: key note of the scale"),
    "snap_scale": Choice(
        ("chromatic", "major", "minor", "harmonic minor", "pentatonic", "blues"),
        "chromatic",
        "EFFECT: the scale",
    ),
    "attack": Setting("s", 0.001, 5, 0.01, "MIDI: time to full level"),
    "decay": Setting("s", 0.001, 5, 0.1, "MIDI: time from full to sustain level"),
    "sustain": Setting("", 0, 1, 0.9, "MIDI: level while a note is held, 1 is full"),
    "release": Setting("s", 0.001, 5, 0.15, "MIDI: time to silence after note-off"),
    "voices": Setting("", 1, 16, 1, "MIDI: how many notes sound at once; 1 plays legato", True),
    "priority": Choice(("last", "high", "low"), "last", "MIDI: the note that one voice plays"),
    "portamento": Setting("s", 0, 5, 0.1, "MIDI: time of a glide while CC65 is on"),
    "vibrato_rate": Setting("Hz", 0.1, 12, 5.5, "MIDI: speed of the mod wheel's vibrato"),
    "vibrato_depth": Setting("semitones", 0, 2, 0.5, "MIDI: depth at full mod wheel"),
    "bend_range": Setting("semitones", 0, 48, 2, "MIDI: full pitch bend, until RPN 0 changes it"),
    "velocity_range": Setting("dB", 0, 60, 30, "MIDI: from the softest to the loudest stroke"),
    "channel": Setting("", 0, 16, 0, "MIDI: the channel that is heard; 0 hears all", True),
    "mpe": Choice(("off", "on"), "off", "MIDI: a bend, pressure and timbre for each note"),
    "tuning": Setting("Hz", 415, 466, 440, "A4: of MIDI notes, of the scale snap and of the tuner"),
}


def _default(name: str) -> Any:
    return SETTINGS[name].default


@dataclass(frozen=True, slots=True)
class Settings:
    """A value for each entry of :data:`SETTINGS`."""

    pitch_shift: float = _default("pitch_shift")
    input_pitch: float = _default("input_pitch")
    input_gain: float = _default("input_gain")
    harmonic_gain: float = _default("harmonic_gain")
    noise_gain: float = _default("noise_gain")
    output_gain: float = _default("output_gain")
    pan: float = _default("pan")
    morph: float = _default("morph")
    reverb_size: float = _default("reverb_size")
    reverb_damping: float = _default("reverb_damping")
    reverb_wet: float = _default("reverb_wet")
    input_trim: float = _default("input_trim")
    mix: float = _default("mix")
    gate: float = _default("gate")
    gate_hysteresis: float = _default("gate_hysteresis")
    unpitched: float = _default("unpitched")
    snap: str = _default("snap")
    snap_key: str = _default("snap_key")
    snap_scale: str = _default("snap_scale")
    attack: float = _default("attack")
    decay: float = _default("decay")
    sustain: float = _default("sustain")
    release: float = _default("release")
    voices: int = _default("voices")
    priority: str = _default("priority")
    portamento: float = _default("portamento")
    vibrato_rate: float = _default("vibrato_rate")
    vibrato_depth: float = _default("vibrato_depth")
    bend_range: float = _default("bend_range")
    velocity_range: float = _default("velocity_range")
    channel: int = _default("channel")
    mpe: str = _default("mpe")
    tuning: float = _default("tuning")

    def __post_init__(self) -> None:
        for item in fields(self):
            value = SETTINGS[item.name].parse(item.name, getattr(self, item.name))
            object.__setattr__(self, item.name, value)

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """These settings with new values (numbers or their texts). Raises UserError."""
        return Settings(**{**asdict(self), **{known(name): v for name, v in values.items()}})


def known(name: str) -> str:
    """``name`` where it is a setting. Raises UserError."""
    if name not in SETTINGS:
        close = difflib.get_close_matches(name, SETTINGS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(SETTINGS)}"
        raise UserError(f"no setting is called {name!r}; {hint}")
    return name


def parse_settings(assignments: Iterable[str]) -> Settings:
    """``["reverb_wet=0.3", …]`` to Settings; a later assignment wins. Raises UserError."""
    values: dict[str, str] = {}
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--set {text!r}: write it as KEY=VALUE, for instance reverb_wet=0.3")
        try:
            values[known(key.strip())] = value.strip()
        except UserError as error:
            raise UserError(f"--set {text!r}: {error}") from None
    return Settings().changed(values)
