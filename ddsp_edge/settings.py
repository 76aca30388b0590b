"""Every setting of the instrument with its unit, range, default and description.

The command line, MIDI, presets and the panel all read :data:`SETTINGS`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ddsp_edge.errors import UserError

#: Note value of a wave of a vibrato that follows the beat to waves in a quarter note; "nearest" is
#: the common one that is nearest to the vibrato's own rate.
WAVES_IN_BEAT = {
    "nearest": -1.0,
    "1/4": 1.0,
    "1/8": 2.0,
    "1/8T": 3.0,
    "1/16": 4.0,
    "1/16T": 6.0,
    "1/32": 8.0,
}
NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True, slots=True)
class Setting:
    """A numeric setting; its range is inclusive. Its values are floats, or ints if ``whole``."""

    unit: str
    minimum: float
    maximum: float
    default: float
    doc: str
    whole: bool = False

    def parse(self, name: str, value: Any) -> float | int:
        """Convert a number or its text to a value in range. Raises UserError."""
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
        """The range in words, for instance ``-24 to 24 semitones``."""
        return f"{self.minimum:g} to {self.maximum:g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting whose value is one of a few texts."""

    choices: tuple[str, ...]
    default: str
    doc: str

    def parse(self, name: str, value: Any) -> str:
        """Return the entry of ``choices`` that ``value`` names in any case. Raises UserError."""
        for choice in self.choices:
            if isinstance(value, str) and value.lower() == choice.lower():
                return choice
        raise UserError(f"setting {name}={value}: choose one of {self.range}")

    @property
    def range(self) -> str:
        """The choices in words, for instance ``off, soft, hard``."""
        return ", ".join(self.choices)


def _number(unit: str, minimum: float, maximum: float, default: float, doc: str) -> Any:
    """A field of :class:`Settings` whose values are floats; see :class:`Setting`."""
    return _field(Setting(unit, minimum, maximum, default, doc))


def _whole(unit: str, minimum: int, maximum: int, default: int, doc: str) -> Any:
    """A field of :class:`Settings` whose values are ints; see :class:`Setting`."""
    return _field(Setting(unit, minimum, maximum, default, doc, whole=True))


def _choice(choices: tuple[str, ...], default: str, doc: str) -> Any:
    """A field of :class:`Settings` whose values are texts; see :class:`Choice`."""
    return _field(Choice(choices, default, doc))


def _field(entry: Setting | Choice) -> Any:
    return field(default=entry.default, metadata={"setting": entry})


@dataclass(frozen=True, slots=True)
class Settings:
    """A value for every setting; the only place in which a setting is declared.

    Each field carries its unit, range, default and description; :data:`SETTINGS` is read from
    them. DDSP-VST's settings come first, then the pedal's (EFFECT), then the MIDI instrument's
    (MIDI). Values are checked and converted when the object is made. Raises UserError.
    """

    pitch_shift: float = _number("semitones", -24, 24, 0, "transpose the instrument")
    input_pitch: float = _number(
        "semitones", -24, 24, 0, "offset of the pitch that the model is shown"
    )
    input_gain: float = _number("dB", -40, 40, 0, "offset of the loudness that the model is shown")
    harmonic_gain: float = _number("dB", -60, 12, 0, "level of the harmonics")
    noise_gain: float = _number("dB", -60, 12, 0, "level of the noise (bow, breath)")
    output_gain: float = _number("dB", -60, 24, 0, "level of the output")
    pan: float = _number("", -1, 1, 0, "-1 is left, 1 is right")
    morph: float = _number("", 0, 1, 0, "from the model (0) to the one it is morphed with (1)")
    beyond_range: str = _choice(
        ("thin", "silent"), "thin", "notes that the instrument itself could not play"
    )
    reverb_size: float = _number("", 0, 1, 0.5, "size of the room")
    reverb_damping: float = _number("", 0, 1, 0.5, "how fast the room absorbs high frequencies")
    reverb_wet: float = _number("", 0, 1, 0.15, "how much of the room is heard")
    body: float = _number(
        "", 0, 1, 1, "how much of the model's own body and room is heard, where it has them"
    )
    input_trim: float = _number(
        "dB", -24, 24, 0, "EFFECT: level of the input, before everything else"
    )
    mix: float = _number("", 0, 1, 1, "EFFECT: 0 is the input alone, 1 the instrument alone")
    gate: float = _number("dB", -80, -10, -80, "EFFECT: softer input is silence; -80 is no gate")
    gate_hysteresis: float = _number(
        "dB", 0, 24, 6, "EFFECT: how far below the gate it closes again"
    )
    unpitched: float = _number(
        "",
        0,
        1,
        1,
        "EFFECT: noise in place of sounds without pitch (consonants); 0 keeps the last note",
    )
    snap: str = _choice(("off", "soft", "hard"), "off", "EFFECT: pull the pitch to the scale")
    snap_key: str = _choice(NOTE_NAMES, "C", "EFFECT: key note of the scale")
    snap_scale: str = _choice(
        ("chromatic", "major", "minor", "harmonic minor", "pentatonic", "blues"),
        "chromatic",
        "EFFECT: the scale",
    )
    midi_out: str = _choice(("off", "on"), "off", "EFFECT: send the notes that are heard as MIDI")
    midi_out_channel: int = _whole("", 1, 16, 1, "EFFECT: channel of the notes that are sent")
    midi_out_bend: float = _number(
        "semitones",
        0,
        48,
        2,
        "EFFECT: pitch bend range of whoever receives them; 0 sends notes without bends",
    )
    attack: float = _number("s", 0.001, 5, 0.01, "MIDI: time to full level")
    decay: float = _number("s", 0.001, 5, 0.1, "MIDI: time from full to sustain level")
    sustain: float = _number("", 0, 1, 0.9, "MIDI: level while a note is held, 1 is full")
    release: float = _number("s", 0.001, 5, 0.15, "MIDI: time to silence after note-off")
    voices: int = _whole("", 1, 16, 1, "MIDI: how many notes sound at once; 1 plays legato")
    priority: str = _choice(("last", "high", "low"), "last", "MIDI: the note that one voice plays")
    portamento: float = _number("s", 0, 5, 0.1, "MIDI: time of a glide while CC65 is on")
    vibrato_rate: float = _number("Hz", 0.1, 12, 5.5, "MIDI: speed of the mod wheel's vibrato")
    vibrato_depth: float = _number("semitones", 0, 2, 0.5, "MIDI: depth at full mod wheel")
    expression: float = _number(
        "", 0, 2, 1, "MIDI: what a player adds unasked: 0 nothing, 1 as in the recordings"
    )
    expression_vibrato: float = _number("", 0, 2, 1, "MIDI: of the expression, its vibrato")
    expression_pitch: float = _number(
        "", 0, 2, 1, "MIDI: of the expression, scoops, slides and intonation"
    )
    expression_dynamics: float = _number(
        "", 0, 2, 1, "MIDI: of the expression, swells, accents and motion of the timbre"
    )
    expression_attack: float = _number(
        "", 0, 2, 1, "MIDI: of the expression, how notes speak and end"
    )
    vibrato_sync: str = _choice(
        ("off", *WAVES_IN_BEAT),
        "off",
        "MIDI: note value of a wave of every vibrato, where there is a clock or tempo; "
        "nearest: to its own rate",
    )
    swell_sync: str = _choice(
        ("off", "beat", "bar"),
        "off",
        "MIDI: where swells arrive and end, where there is a clock or tempo",
    )
    bend_range: float = _number(
        "semitones", 0, 48, 2, "MIDI: full pitch bend, until RPN 0 changes it"
    )
    velocity_range: float = _number("dB", 0, 60, 30, "MIDI: from the softest to the loudest stroke")
    channel: int = _whole("", 0, 16, 0, "MIDI: the channel that is heard; 0 hears all")
    mpe: str = _choice(
        ("off", "on", "upper", "both"),
        "off",
        "MIDI: a bend, pressure and timbre for each note; on is the lower zone",
    )
    tuning: float = _number(
        "Hz", 415, 466, 440, "A4: of MIDI notes, of the scale snap and of the tuner"
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value = SETTINGS[item.name].parse(item.name, getattr(self, item.name))
            object.__setattr__(self, item.name, value)

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """Return a copy with ``values`` (numbers or their texts) replaced. Raises UserError."""
        return Settings(**{**asdict(self), **{known(name): v for name, v in values.items()}})


#: Name to entry, in the order of :class:`Settings`: the CLI, MIDI, presets and the panel read it.
SETTINGS: dict[str, Setting | Choice] = {
    item.name: item.metadata["setting"] for item in fields(Settings)
}


def known(name: str) -> str:
    """Return ``name`` if a setting has that name. Raises UserError with a near match otherwise."""
    if name not in SETTINGS:
        close = difflib.get_close_matches(name, SETTINGS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(SETTINGS)}"
        raise UserError(f"no setting is called {name!r}; {hint}")
    return name


def parse_settings(assignments: Iterable[str]) -> Settings:
    """Read ``["reverb_wet=0.3", …]`` into Settings; a later assignment wins. Raises UserError."""
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
